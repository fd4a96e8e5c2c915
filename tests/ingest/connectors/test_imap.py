"""Mail on an IMAP server, as dovecot speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.connectors.mail import MailConnector
from ingest.connectors.mail.names import chooses, decode_folder, encode_folder
from ingest.errors import ParseError, SourceError
from ingest.model import Access, Listing
from ingest.settings import AccessRule, MailSettings
from tests.contracts.worlds.mail import make_message
from tests.ingest.connectors.dovecot import PASSWORD, USER, Dovecot, Interruptions

HEADER_FETCH = b"BODY.PEEK[HEADER"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot()
    yield server
    server.close()


@pytest.fixture
def server(dovecot: Dovecot) -> Dovecot:
    """The one server, emptied."""
    with dovecot.session() as session:
        for line in session.list()[1]:
            name = line.decode().split(' "." ', 1)[1]  # type: ignore[union-attr]
            if name != "INBOX":
                session.delete(name)
        if session.select("INBOX")[1] != [b"0"]:
            session.store("1:*", "+FLAGS", "(\\Deleted)")
        session.expunge()
    return dovecot


def source(port: int, tmp_path: Path, **settings: object) -> MailConnector:
    given: dict[str, object] = {"user": USER, "password": PASSWORD, "security": "none", "timeout_s": 10.0}
    made = MailSettings(name="mail", host="127.0.0.1", port=port, **(given | settings))  # type: ignore[arg-type]
    return MailConnector(made, tmp_path / "cache")


def names(listing: Listing) -> list[str]:
    return [item.name for item in listing.items]


def test_messages_are_read_as_they_are_and_not_marked_as_read(server: Dovecot, tmp_path: Path) -> None:
    message = make_message("Büdget 🚀", "Straße\r\n" * 100).replace(b"\n", b"\r\n")
    server.append(message)
    connector = source(server.port, tmp_path)
    [item] = connector.list().items
    assert item.modified_at == "2026-01-05T09:00:00Z"
    assert item.metadata["folder"] == "INBOX"
    assert connector.read(item).data == message
    assert PASSWORD not in repr((connector.location, item))
    assert all(b"\\Seen" not in flags for flags in server.flags())


def test_a_second_sync_fetches_only_what_is_new(server: Dovecot, tmp_path: Path) -> None:
    for number in range(5):
        server.append(make_message(f"m{number}", "words"))
    gate = Interruptions(server.port, b"\0", 0)
    connector = source(gate.port, tmp_path)
    first = connector.list()
    assert gate.sent.count(HEADER_FETCH) == 1
    gate.sent.clear()
    assert source(gate.port, tmp_path).list() == first
    assert HEADER_FETCH not in gate.sent
    server.append(make_message("new", "words"))
    again = source(gate.port, tmp_path).list()
    assert [item.name for item in again.items] == [*names(first), "new.eml"]
    fetch = bytes(gate.sent[gate.sent.index(b"UID FETCH") :]).split(b"(")[0].split()
    assert fetch[-1] == again.items[-1].fingerprint.split("-")[1].encode()
    gate.close()


def test_deleted_and_expunged_messages_are_left_out(server: Dovecot, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        server.append(make_message(name, "words"))
    connector = source(server.port, tmp_path)
    before = connector.list()
    uids = [int(item.fingerprint.split("-")[1]) for item in before.items]
    server.mark(uids[0], "\\Deleted", expunge=True)
    server.mark(uids[1], "\\Deleted")
    for item in before.items[:2]:
        with pytest.raises(ParseError) as caught:
            connector.read(item)
        assert caught.value.problem.code == "vanished"
    after = connector.list()
    assert (names(after), after.hidden) == (["c.eml"], 1)
    assert after.items[0] == before.items[2]


def test_a_rebuilt_folder_keeps_its_uris(server: Dovecot, tmp_path: Path) -> None:
    for name in ("a", "b"):
        server.append(make_message(name, "words"), "Work")
    connector = source(server.port, tmp_path, folders=("Work",))
    before = connector.list()
    connector.close()
    with server.session() as session:
        session.delete("Work")
    for name in ("b", "a"):
        server.append(make_message(name, "words"), "Work")
    with pytest.raises(SourceError, match="rebuilt") as caught:
        connector.read(before.items[0])
    assert caught.value.retryable
    after = connector.list()
    assert {item.uri for item in after.items} == {item.uri for item in before.items}
    assert not {item.fingerprint for item in after.items} & {item.fingerprint for item in before.items}
    found = {item.name: item for item in after.items}
    assert b"a" in connector.read(found["a.eml"]).data.splitlines()[0]


def test_folders_are_chosen_by_name_or_glob(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("inbox", "words"))
    for name in ("Projects", "Projects.2026.Q1", encode_folder("Bücher & Co"), "Trash"):
        server.append(make_message(decode_folder(name), "words"), name)

    def found(*folders: str) -> dict[str, str]:
        listing = source(server.port, tmp_path, folders=folders).list()
        return {item.metadata["folder"]: item.uri.rsplit("/", 1)[1] for item in listing.items}

    assert sorted(found("*")) == ["Bücher & Co", "INBOX", "Projects", "Projects/2026/Q1"]
    assert sorted(found("inbox", "Projects/*")) == ["INBOX", "Projects/2026/Q1"]
    assert found("Bücher & Co") == {"Bücher & Co": "B%C3%BCcher%20%26%20Co;mid=B%25C3%25BCcher%2520%2526%2520Co"}
    assert sorted(found("Trash")) == ["Trash"]
    assert found("Nothing*") == {}
    with pytest.raises(SourceError, match=r"no folder Sent .*INBOX") as caught:
        found("Sent")
    assert not caught.value.retryable


@pytest.mark.parametrize("name", ['say "a b" 100% ;#?', "back\\slash", "🚀" * 20, "n" * 200, "INBOXES"])
def test_folders_of_any_name_are_read(server: Dovecot, tmp_path: Path, name: str) -> None:
    wire = encode_folder(name).replace("\\", "\\\\").replace('"', '\\"')
    server.append(make_message("a", "words"), wire)
    connector = source(server.port, tmp_path, folders=(name,))
    [item] = connector.list().items
    assert item.metadata["folder"] == name
    assert item.uri.isascii()
    assert connector.read(item).name == "a.eml"


def test_a_message_that_is_too_large_is_not_fetched(
    server: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.append(make_message("a", "words"))
    connector = source(server.port, tmp_path)
    [item] = connector.list().items
    monkeypatch.setattr("ingest.connectors.mail.imap.MAX_FILE_BYTES", 100)
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "too_large"


def test_rules_see_the_folder_and_the_subject(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("a", "words"), "Board.Minutes")
    server.append(make_message("b", "words"))
    board = Access(allow=("group:board",))
    rules = (AccessRule(glob="Board/**", access=board),)
    listing = source(server.port, tmp_path, folders=("*",), rules=rules, exclude=("INBOX/b.eml",)).list()
    assert [(item.name, item.access) for item in listing.items] == [("a.eml", board)]
    assert listing.hidden >= 1


def test_a_folder_that_may_not_be_opened_is_unlisted(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("a", "words"))
    server.append(make_message("b", "words"), "Closed")
    [folder] = server.maildir.glob(".Closed")
    connector = source(server.port, tmp_path, folders=("*",))
    [closed] = [item for item in connector.list().items if item.metadata["folder"] == "Closed"]
    connector.close()
    folder.chmod(0)
    try:
        listing = source(server.port, tmp_path, folders=("*",)).list()
    finally:
        folder.chmod(0o700)
    assert names(listing) == ["a.eml"]
    assert [closed.uri.startswith(place.prefix) for place in listing.unlisted] == [True]


def test_equal_and_missing_message_ids_get_uris_of_their_own(server: Dovecot, tmp_path: Path) -> None:
    for _ in range(2):
        server.append(make_message("a", "words"))
        server.append(b"Subject: none\r\n\r\nwords\r\n")
        server.append(b"\r\nno header at all\r\n")
    connector = source(server.port, tmp_path)
    items = connector.list().items
    assert len({item.uri for item in items}) == 6
    assert [connector.read(item).data.splitlines()[-1] for item in items] == [
        b"words",
        b"words",
        b"no header at all",
    ] * 2


def test_a_connection_that_breaks_once_is_made_anew(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("a", "words"))
    gate = Interruptions(server.port, b"(UID FLAGS)", 1)
    connector = source(gate.port, tmp_path)
    assert names(connector.list()) == ["a.eml"]
    assert gate.connections == 2
    gate.close()


@pytest.mark.parametrize("word", [b"LIST", b"EXAMINE", b"(UID FLAGS)", HEADER_FETCH])
def test_a_connection_that_breaks_again_is_no_shorter_listing(server: Dovecot, tmp_path: Path, word: bytes) -> None:
    server.append(make_message("a", "words"))
    gate = Interruptions(server.port, word, 2)
    connector = source(gate.port, tmp_path)
    with pytest.raises(SourceError, match="broke off") as caught:
        connector.list()
    assert caught.value.retryable
    assert names(connector.list()) == ["a.eml"]
    gate.close()


def test_a_connection_that_was_closed_between_listing_and_reading(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("a", "words"))
    connector = source(server.port, tmp_path)
    [item] = connector.list().items
    server.stop()
    with pytest.raises(SourceError, match="cannot be reached"):
        connector.read(item)
    server.start()
    assert connector.read(item).name == "a.eml"


def test_a_refused_login_says_so_without_the_password(server: Dovecot, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"refuses the login of {USER}") as caught:
        source(server.port, tmp_path, password="wrong-secret").list()
    assert not caught.value.retryable
    assert "wrong-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_is_not_there_may_be_asked_again(tmp_path: Path) -> None:
    gate = Interruptions(1, b"", 0)
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        source(gate.port, tmp_path).list()
    assert caught.value.retryable
    gate.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_certificates_are_verified(
    server: Dovecot, tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.append(make_message("a", "words"))
    port = server.tls_port if security == "tls" else server.port
    with pytest.raises(SourceError, match=r"certificate .* cannot be verified") as caught:
        source(port, tmp_path, security=security).list()
    assert not caught.value.retryable
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
    connector = source(port, tmp_path, security=security)
    [item] = connector.list().items
    assert connector.read(item).name == "a.eml"


def test_a_password_is_not_sent_in_the_clear(tmp_path: Path) -> None:
    far = MailSettings(name="mail", host="mail.firm.example", security="none")
    with pytest.raises(SourceError, match="in the clear") as caught:
        MailConnector(far, tmp_path).list()
    assert not caught.value.retryable
    odd = MailSettings(name="mail", host="mail.firm.example", security="ssl")
    with pytest.raises(SourceError, match="`security`"):
        MailConnector(odd, tmp_path).list()


def test_a_damaged_cache_is_rebuilt(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("a", "words"))
    connector = source(server.port, tmp_path)
    before = connector.list()
    connector.close()
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(b"\0" * 100)
    connector = source(server.port, tmp_path)
    assert connector.list() == before
    assert connector.read(before.items[0]).name == "a.eml"


def test_a_new_process_reads_what_an_earlier_one_listed(server: Dovecot, tmp_path: Path) -> None:
    server.append(make_message("a", "words"))
    [item] = source(server.port, tmp_path).list().items
    assert source(server.port, tmp_path).read(item).name == "a.eml"


@pytest.mark.parametrize(
    ("wire", "name"),
    [("Entw&APw-rfe", "Entwürfe"), ("&ZeVnLIqe-", "日本語"), ("A&-B", "A&B"), ("&2D3egA-", "🚀"), ("&bad", "&bad")],
)
def test_folder_names_are_modified_utf_7(wire: str, name: str) -> None:
    assert decode_folder(wire) == name
    assert name == "&bad" or encode_folder(name) == wire


def test_brackets_in_a_folder_name_are_letters() -> None:
    assert chooses("[Gmail]/*", "[Gmail]/All Mail")
    assert not chooses("[Gmail]", "G")
