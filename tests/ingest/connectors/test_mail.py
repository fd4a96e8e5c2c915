"""Mail kept on this machine: mbox files, maildirs and trees of .eml files."""

from __future__ import annotations

import mailbox
import os
import socket
from pathlib import Path

import pytest

from ingest.connectors.mail import MailConnector
from ingest.errors import ParseError, SourceError
from ingest.model import Access, Item, Listing
from ingest.parsing.mail import parse_eml
from ingest.settings import AccessRule, MailSettings
from tests.contracts.worlds.mail import MailWorld, make_message

BOARD = Access(allow=("group:board",))


def source(path: Path, **settings: object) -> MailConnector:
    cache = path.parent / f"{path.name} cache"
    return MailConnector(MailSettings(name="mail", path=path, **settings), cache)  # type: ignore[arg-type]


def mail(number: int, *, body: str = "The budget grows.", **headers: str) -> bytes:
    lines = {"Subject": f"Budget {number}", "Message-ID": f"<{number}@firm.example>", "From": "ana@firm.example"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    return ("".join(f"{name}: {value}\n" for name, value in lines.items()) + f"\n{body}\n").encode()


def mbox(*messages: bytes, line: bytes = b"From ana@firm.example Mon Jan  5 09:00:00 2026\n") -> bytes:
    return b"".join(line + message + b"\n" for message in messages)


def names(listing: Listing) -> list[str]:
    return [item.name for item in listing.items]


def by_name(listing: Listing) -> dict[str, Item]:
    return {item.name: item for item in listing.items}


# --- mbox -----------------------------------------------------------------------------------------------------


def test_an_mbox_gives_one_document_a_message(tmp_path: Path) -> None:
    box = tmp_path / "archive.mbox"
    box.write_bytes(mbox(mail(1, Date="Mon, 5 Jan 2026 10:00:00 +0100", To="bert@firm.example"), mail(2)))
    connector = source(box)
    first, second = connector.list().items
    assert connector.location == box.as_uri()
    assert first.uri == f"{box.as_uri()}/1@firm.example"
    assert (first.name, second.name) == ("Budget 1.eml", "Budget 2.eml")
    assert first.modified_at == "2026-01-05T09:00:00Z"
    assert first.metadata == {
        "from": "ana@firm.example",
        "to": "bert@firm.example",
        "date": "2026-01-05T09:00:00Z",
        "message_id": "1@firm.example",
        "thread": "1@firm.example",
        "folder": "archive.mbox",
    }
    assert connector.read(second).data == mail(2)
    assert "The budget grows." in parse_eml(connector.read(first)).text


@pytest.mark.parametrize(
    "line",
    [
        b"From - Mon Jan  5 09:00:00 2026\r\n",
        b"From 12345@xxx Mon Jan 05 09:00:00 +0000 2026\n",
        b"From \n",
        b"From -\n",
    ],
)
def test_the_lines_between_messages_come_in_several_forms(tmp_path: Path, line: bytes) -> None:
    box = tmp_path / "Inbox"
    end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
    messages = [mail(1).replace(b"\n", end), mail(2).replace(b"\n", end)]
    box.write_bytes(b"".join(line + message + end for message in messages))
    connector = source(box)
    assert [connector.read(item).data for item in connector.list().items] == messages


def test_a_line_of_text_that_begins_with_from_parts_no_message(tmp_path: Path) -> None:
    body = "first\n\nFrom here on, all is new.\nNote: it holds.\n\n>From the start\n>>From older mail"
    (tmp_path / "box").write_bytes(mbox(mail(1, body=body), mail(2)))
    connector = source(tmp_path / "box")
    first, _ = connector.list().items
    assert connector.read(first).data.decode().endswith("holds.\n\nFrom the start\n>From older mail\n")


def test_what_other_programs_write_reads_back_message_by_message(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(50):
        box.add(mail(number, body="From the desk of Ana\n" * number))
    box.close()
    connector = source(tmp_path / "box")
    items = connector.list().items
    assert [connector.read(item).data for item in items] == [
        mail(number, body="From the desk of Ana\n" * number) for number in range(50)
    ]


def test_a_message_longer_than_the_blocks_that_are_read(tmp_path: Path) -> None:
    long = mail(1, body="x" * 70 + "\n" + "From \n\n" * 1_400_000)
    (tmp_path / "box").write_bytes(mbox(mail(0), long, mail(2)))
    connector = source(tmp_path / "box")
    items = connector.list().items
    assert len(items) == 3
    assert connector.read(items[1]).data == long


def test_deleting_or_appending_a_message_changes_that_one_alone(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail(1), mail(2), mail(3)))
    before = {item.uri: item.fingerprint for item in source(box).list().items}
    box.write_bytes(mbox(mail(2), mail(3), mail(4)))
    after = {item.uri: item.fingerprint for item in source(box).list().items}
    assert {uri.rsplit("/", 1)[1] for uri in before.keys() ^ after.keys()} == {"1@firm.example", "4@firm.example"}
    assert all(before[uri] == after[uri] for uri in before.keys() & after.keys())


def test_marking_a_message_as_read_changes_nothing_and_as_deleted_takes_it_out(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail(1), mail(2), mail(3)))
    before = source(box).list()
    read = [mail(1, Status="RO", X_Mozilla_Status="0001"), mail(2), mail(3, X_Keywords="  x\n y")]
    box.write_bytes(mbox(*read))
    after = source(box)
    assert [item.fingerprint for item in after.list().items] == [item.fingerprint for item in before.items]
    assert [after.read(item).data for item in before.items] == [mail(1), mail(2), mail(3)]
    box.write_bytes(mbox(mail(1, X_Status="D"), mail(2, X_Mozilla_Status="0009"), mail(3)))
    listing = source(box).list()
    assert (names(listing), listing.hidden) == (["Budget 3.eml"], 2)


def test_equal_message_ids_and_missing_ones_get_uris_of_their_own(tmp_path: Path) -> None:
    without = b"Subject: none\n\nbody\n"
    (tmp_path / "box").write_bytes(
        mbox(mail(1), mail(1, body="again"), without, without, mail(2, Message_ID="<%/;#é>"))
    )
    items = source(tmp_path / "box").list().items
    assert len({item.uri for item in items}) == 5
    assert items[1].uri == items[0].uri + ";2"
    assert all(item.uri.isascii() and "#" not in item.uri for item in items)
    assert source(tmp_path / "box").list().items == items


def test_a_message_that_moved_within_its_mbox_since_the_listing_is_found(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail(1), mail(2), mail(3)))
    connector = source(box)
    first, _, third = connector.list().items
    box.write_bytes(mbox(mail(2), mail(3)))
    assert connector.read(third).data == mail(3)
    with pytest.raises(ParseError) as caught:
        connector.read(first)
    assert caught.value.problem.code == "vanished"


def test_a_new_process_reads_what_an_earlier_one_listed(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(mail(1), mail(2)))
    items = source(tmp_path / "box").list().items
    assert source(tmp_path / "box").read(items[1]).data == mail(2)


def test_an_unchanged_mbox_is_not_read_again(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail(1), mail(2)))
    connector = source(box)
    listing = connector.list()
    opened: list[str] = []
    watched = Path.open

    def noting(self: Path, *arguments: object, **named: object) -> object:
        opened.append(self.name)
        return watched(self, *arguments, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", noting)
        assert connector.list() == listing
    assert opened == ["box"]  # A look at its first bytes, for what it is.


@pytest.mark.parametrize("damage", [b"", b"SQLite format 3\0 no more", b"\0" * 5000])
def test_a_damaged_cache_changes_nothing(tmp_path: Path, damage: bytes) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail(1), mail(2)))
    connector = source(box)
    listing = connector.list()
    connector.close()
    [kept] = (tmp_path / "box cache").iterdir()
    kept.write_bytes(damage)
    connector = source(box)
    assert connector.list() == listing
    assert connector.read(listing.items[0]).data == mail(1)
    assert connector.list() == listing


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(mail(1)))
    (tmp_path / "box cache").write_text("a file where a folder should be")
    connector = source(tmp_path / "box")
    assert connector.list() == connector.list()


# --- maildir --------------------------------------------------------------------------------------------------


def maildir(folder: Path) -> mailbox.Maildir:
    folder.parent.mkdir(exist_ok=True)
    return mailbox.Maildir(folder, create=True)


def test_a_maildir_is_listed_with_its_folders(tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir")
    box.add(mail(1))
    sent = box.add_folder("Projekte.B&APw-cher")
    sent.add(mail(2))
    box.close()
    connector = source(tmp_path / "Maildir")
    found = by_name(connector.list())
    assert found["Budget 1.eml"].metadata["folder"] == "INBOX"
    assert found["Budget 2.eml"].metadata["folder"] == "Projekte/Bücher"
    assert connector.read(found["Budget 2.eml"]).data == mail(2)


def test_reading_and_flagging_leave_a_maildirs_message_as_it_was(tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir")
    box.add(mail(1))
    connector = source(tmp_path / "Maildir")
    before = connector.list()
    [fresh] = (tmp_path / "Maildir" / "new").iterdir()
    fresh.rename(tmp_path / "Maildir" / "cur" / f"{fresh.name}:2,S")
    assert connector.read(before.items[0]).data == mail(1)
    assert connector.list() == before
    [seen] = (tmp_path / "Maildir" / "cur").iterdir()
    seen.rename(seen.with_name(f"{fresh.name}:2,ST"))
    after = connector.list()
    assert (after.items, after.hidden) == ((), 1)


# --- trees of files -------------------------------------------------------------------------------------------


def test_a_tree_may_hold_mail_files_mboxes_and_maildirs(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    (root / "ana").mkdir(parents=True)
    (root / "ana" / "one.eml").write_bytes(mail(1))
    (root / "ana" / "two.MSG").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not read here")
    (root / "ana" / "Inbox").write_bytes(mbox(mail(3)))
    (root / "ana" / "Inbox.msf").write_text("// index")
    (root / ".hidden").mkdir()
    maildir(root / "bert" / "Maildir").add(mail(4))
    (root / "loop").symlink_to(root, target_is_directory=True)
    connector = source(root)
    listing = connector.list()
    found = by_name(listing)
    assert sorted(found) == ["Budget 1.eml", "Budget 3.eml", "Budget 4.eml", "two.MSG"]
    assert found["Budget 1.eml"].uri == (root / "ana" / "one.eml").as_uri()
    assert {name: item.metadata["folder"] for name, item in found.items()} == {
        "Budget 1.eml": "ana",
        "two.MSG": "ana",
        "Budget 3.eml": "ana/Inbox",
        "Budget 4.eml": "bert/Maildir",
    }
    assert listing.hidden == 3
    assert all(item.uri.startswith(connector.location + "/") for item in listing.items)


def test_globs_and_rules_see_the_folder_and_the_subject(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    (root / "board").mkdir(parents=True)
    (root / "board" / "box").write_bytes(mbox(mail(1), mail(2, Subject="Newsletter")))
    (root / "board" / "one.eml").write_bytes(mail(3))
    rules = (AccessRule(glob="board/**", access=BOARD),)
    listing = source(root, rules=rules, exclude=("**/Newsletter.eml",)).list()
    assert sorted(names(listing)) == ["Budget 1.eml", "Budget 3.eml"]
    assert {item.access for item in listing.items} == {BOARD}
    assert listing.hidden == 1
    assert source(root).list().items[0].access == Access()


def test_a_subject_cannot_pass_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(mail(1, Subject="public/../x")))
    rules = (AccessRule(glob="**/public/**", access=BOARD),)
    [item] = source(tmp_path / "box", rules=rules).list().items
    assert (item.name, item.access) == ("public-..-x.eml", Access())


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("=?utf-8?q?B=C3=BCcher?= =?utf-8?b?8J+agA==?=", "Bücher🚀"),
        ("two\n lines", "two lines"),
        ("=?utf-8?q?two=0Alines=00?=", "two lines"),
        ("=?no-such-charset?q?x?=", "=?no-such-charset?q?x?="),
        ("", "no subject"),
        ("é" * 255, "é" * 100),
        ("..", "no subject"),
    ],
)
def test_subjects_become_printable_names(tmp_path: Path, subject: str, name: str) -> None:
    (tmp_path / "box").write_bytes(mbox(mail(1, Subject=subject)))
    assert names(source(tmp_path / "box").list()) == [f"{name}.eml"]


def test_a_thread_is_named_by_its_first_message(tmp_path: Path) -> None:
    answers = [
        mail(2, References="<root@x>\n <1@firm.example>", In_Reply_To="<1@firm.example>"),
        mail(3, In_Reply_To="<1@firm.example>"),
        mail(4, Date="no date at all"),
    ]
    (tmp_path / "box").write_bytes(mbox(*answers))
    found = source(tmp_path / "box").list().items
    assert [item.metadata["thread"] for item in found] == ["root@x", "1@firm.example", "4@firm.example"]
    assert "date" not in found[2].metadata
    assert found[2].modified_at.endswith("Z")


@pytest.mark.parametrize("name", ["a\nb.eml", "🚀.eml", "n" * 251 + ".eml", os.fsdecode(b"\xff.eml")])
def test_files_of_any_name_are_read(tmp_path: Path, name: str) -> None:
    root = tmp_path / "mail"
    root.mkdir()
    (root / name).write_bytes(mail(1))
    connector = source(root)
    [item] = connector.list().items
    assert item.uri == (root / name).as_uri()
    assert connector.read(item).data == mail(1)
    assert connector.list().items == (item,)


def test_pipes_and_files_that_are_gone_are_problems_of_those_items(tmp_path: Path) -> None:
    root = tmp_path / "mail"
    root.mkdir()
    os.mkfifo(root / "pipe.eml")
    (root / "gone.eml").write_bytes(mail(1))
    (root / "huge.eml").write_bytes(mail(2))
    connector = source(root)
    listing = connector.list()
    (root / "gone.eml").unlink()
    os.truncate(root / "huge.eml", 600 * 1024 * 1024)
    codes = []
    for item in listing.items:
        with pytest.raises(ParseError) as caught:
            connector.read(item)
        codes.append(caught.value.problem.code)
    assert sorted(codes) == ["too_large", "unreadable", "vanished"]


def test_a_mailbox_without_permission_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    world = MailWorld(tmp_path)
    world.put("sub/a", "one")
    world.put("b", "two")
    before = world.connector().list()
    can_open = Path.open

    def refuse(self: Path, *arguments: object, **named: object) -> object:  # The tests may run as root, who may all.
        if self.name == "sub.mbox":
            raise PermissionError(13, "Permission denied", str(self))
        return can_open(self, *arguments, **named)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        connector = world.connector()
        listing = connector.list()
        assert [place.prefix for place in listing.unlisted] == [world.uri("sub/a").rpartition("/")[0] + "/"]
        assert [item.uri for item in listing.items] == [world.uri("b")]
        with pytest.raises(SourceError, match="cannot be read: Permission denied"):
            source(tmp_path / "mail" / "sub.mbox").list()
    assert world.connector().list() == before


def test_a_source_that_is_no_mail_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("From here on\nall is text")
    with pytest.raises(SourceError, match="no mail") as caught:
        source(tmp_path / "notes.txt").list()
    assert not caught.value.retryable
    with pytest.raises(SourceError, match="no such file") as caught:
        source(tmp_path / "missing").list()
    assert caught.value.retryable
    both = MailConnector(MailSettings(name="mail", path=tmp_path, host="h"), tmp_path / "cache")
    with pytest.raises(SourceError, match="either `path` or `host`"):
        both.list()


def test_an_empty_mbox_holds_no_message_and_a_single_mail_file_one(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(b"")
    assert source(tmp_path / "box").list().items == ()
    (tmp_path / "a.eml").write_bytes(make_message("a", "words"))
    assert names(source(tmp_path / "a.eml").list()) == ["a.eml"]


def test_a_socket_in_a_tree_is_no_mail(tmp_path: Path) -> None:
    root = tmp_path / "m"
    root.mkdir()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(root / "s"))
        assert source(root).list().hidden == 1
