"""Slack, from its Web API and from exports."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.connectors.slack import SlackConnector
from ingest.connectors.slack.text import Names, words
from ingest.errors import ParseError, SourceError
from ingest.model import Access, Item, Listing, RawFile
from ingest.parsing.markdown import parse_markdown
from ingest.settings import AccessRule, SlackSettings
from tests.contracts.worlds.slack_export import USERS
from tests.ingest.connectors.slack_server import TOKEN, SlackServer

NOW = 1767700000.0
NAMES = Names(users={"U1": "Ana Silva"}, channels={"C1": "general"})


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    server = SlackServer()
    server.add_channel("C1", "general")
    yield server
    server.close()


class Waits(list[float]):
    """Remembers how long it was to sleep, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def source(
    slack: SlackServer, tmp_path: Path, *, now: float = NOW, waits: Waits | None = None, **settings: object
) -> SlackConnector:
    given: dict[str, object] = {"token": TOKEN, "base_url": slack.url, "timeout_s": 10.0}
    made = SlackSettings(name="chat", **(given | settings))  # type: ignore[arg-type]
    return SlackConnector(made, tmp_path / "cache", clock=lambda: now, sleep=Waits() if waits is None else waits)


def only(listing: Listing) -> Item:
    [item] = listing.items
    return item


def text(raw: RawFile) -> str:
    return raw.data.decode()


# --- the Web API ----------------------------------------------------------------------------------------------


def test_a_thread_is_one_document(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "When do we *launch*, <@U2>?")
    slack.post("C1", "1767600060.000200", "On May 4 &amp; not before.", "U2", thread_ts="1767600000.000100")
    slack.post("C1", "1767600120.000300", "Thanks", thread_ts="1767600000.000100", files=[{"title": "plan.pdf"}])
    connector = source(slack, tmp_path)
    item = only(connector.list())
    assert slack.counted("conversations.replies") == 0
    assert connector.location == "https://acme.slack.com/archives"
    assert item.uri == "https://acme.slack.com/archives/C1/p1767600000000100"
    assert item.name == "#general: When do we launch, @Bert Özil?.md"
    assert item.modified_at == "2026-01-05T08:02:00Z"
    assert item.metadata == {"channel": "general", "author": "Ana Silva", "date": "2026-01-05T08:00:00Z"}
    raw = connector.read(item)
    assert text(raw) == (
        "# #general: When do we launch, @Bert Özil?\n\n"
        "**Ana Silva**, 2026-01-05 08:00 UTC:\n\nWhen do we launch, @Bert Özil?\n\n"
        "**Bert Özil**, 2026-01-05 08:01 UTC:\n\nOn May 4 & not before.\n\n"
        "**Ana Silva**, 2026-01-05 08:02 UTC:\n\nThanks\n\nAttached file: plan.pdf\n"
    )
    assert parse_markdown(raw.name, text(raw)).title == "#general: When do we launch, @Bert Özil?"


def test_every_page_is_asked_for(slack: SlackServer, tmp_path: Path) -> None:
    for number in range(7):
        slack.add_channel(f"C{number}", f"c{number}")
        for minute in range(5):
            slack.post(f"C{number}", f"17676000{minute}0.000100", f"message {minute}")
    ts = slack.messages["C3"][0]["ts"]
    for reply in range(9):
        slack.post("C3", f"1767601000.00000{reply}", f"reply {reply}", thread_ts=ts)
    connector = source(slack, tmp_path)
    items = connector.list().items
    assert len({item.uri for item in items}) == 35
    [thread] = [item for item in items if item.uri.endswith(f"C3/p{ts.replace('.', '')}")]
    assert text(connector.read(thread)).count("reply ") == 9


def test_a_message_without_replies_is_read_from_what_was_listed(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "alone")
    connector = source(slack, tmp_path)
    item = only(connector.list())
    slack.calls.clear()
    spooled = text(connector.read(item))
    assert slack.calls == []
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(b"damaged")
    assert text(source(slack, tmp_path).read(item)) == spooled
    assert slack.counted("conversations.replies") == 1
    assert only(connector.list()) == item
    assert text(connector.read(item)) == spooled


def test_a_deleted_message_leaves_nothing_in_the_cache(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "regrettable")
    source(slack, tmp_path).list()
    slack.messages["C1"].clear()
    assert source(slack, tmp_path).list().items == ()
    assert all(b"regrettable" not in path.read_bytes() for path in (tmp_path / "cache").iterdir())


def test_edits_and_replies_change_the_fingerprint_of_their_thread_alone(slack: SlackServer, tmp_path: Path) -> None:
    first = slack.post("C1", "1767000000.000100", "one")
    slack.post("C1", "1767000060.000100", "two")
    connector = source(slack, tmp_path)
    seen: list[dict[str, str]] = []

    def changed() -> set[str]:
        seen.append({item.uri[-17:]: item.fingerprint for item in connector.list().items})
        return {uri for uri, mark in seen[-1].items() if seen[-2].get(uri) != mark}

    seen.append({item.uri[-17:]: item.fingerprint for item in connector.list().items})
    assert changed() == set()
    first |= {"text": "one, edited", "edited": {"ts": "1767000100.000000"}}
    assert changed() == {"p1767000000000100"}
    reply = slack.post("C1", "1767000200.000100", "reply", thread_ts=first["ts"])
    assert changed() == {"p1767000000000100"}
    slack.messages["C1"].remove(reply)
    assert changed() == {"p1767000000000100"}
    slack.users[0]["profile"]["display_name"] = "Ana Souza"
    assert changed() == {"p1767000000000100", "p1767000060000100"}


def test_a_thread_is_read_again_daily_for_a_week_after_its_last_reply(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "question")
    slack.post("C1", "1767600060.000100", "answer", thread_ts="1767600000.000100")
    day = 24 * 3600
    marks = [only(source(slack, tmp_path, now=NOW + day * days).list()).fingerprint for days in (0, 0, 1, 8, 30)]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3
    assert marks[3] == marks[4]


def test_housekeeping_and_what_programs_post_is_left_out_and_counted(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1.000001", "<@U1> joined", subtype="channel_join")
    slack.post("C1", "2.000001", "build passed", subtype="bot_message", username="ci", user="")
    slack.post("C1", "3.000001", "", files=[])
    slack.post("C1", "4.000001", "disk full", subtype="bot_message", username="alarm", user="")
    slack.post("C1", "4.000002", "I clean up", thread_ts="4.000001")
    slack.post("C1", "4.000003", "also sent", thread_ts="4.000001", subtype="thread_broadcast")
    connector = source(slack, tmp_path)
    listing = connector.list()
    assert listing.hidden == 3
    assert "**alarm**" in text(connector.read(only(listing)))
    assert text(connector.read(only(listing))).count("also sent") == 1


def test_channels_globs_and_rules(slack: SlackServer, tmp_path: Path) -> None:
    slack.add_channel("C2", "board-private", is_private=True)
    slack.add_channel("C3", "random")
    for key in slack.channels:
        slack.post(key, "1767600000.000100", "words")
    board = Access(allow=("group:board",))
    rules = (AccessRule(glob="board-*/**", access=board),)
    connector = source(slack, tmp_path, channels=("#general", "board-*"), rules=rules, exclude=("general/*",))
    listing = connector.list()
    item = only(listing)
    assert (item.access, item.metadata["private"], listing.hidden) == (board, "yes", 2)
    assert {item.access for item in source(slack, tmp_path).list().items} == {Access()}


@pytest.mark.parametrize("error", ["not_in_channel", "missing_scope", "channel_not_found"])
def test_a_channel_that_may_not_be_read_is_unlisted(slack: SlackServer, tmp_path: Path, error: str) -> None:
    slack.add_channel("C2", "secret")
    for key in slack.channels:
        slack.post(key, "1767600000.000100", "words")
    before = source(slack, tmp_path).list().items
    slack.refusals["conversations.history", "C2"] = {"error": error, "needed": "groups:history"}
    connector = source(slack, tmp_path)
    listing = connector.list()
    assert [place.prefix for place in listing.unlisted] == ["https://acme.slack.com/archives/C2/"]
    assert "secret" in listing.unlisted[0].problem.reason
    assert list(listing.items) == [item for item in before if "/C1/" in item.uri]


def test_a_channel_that_is_shut_when_a_thread_is_read_keeps_what_is_indexed(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "question")
    slack.post("C1", "1767600060.000100", "answer", thread_ts="1767600000.000100")
    connector = source(slack, tmp_path)
    item = only(connector.list())
    slack.refusals["conversations.replies", "C1"] = {"error": "not_in_channel"}
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "unreadable"
    slack.refusals.clear()
    slack.messages["C1"].clear()
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "vanished"


def test_short_waits_are_kept_and_long_ones_end_the_sync(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "words")
    told = iter(["2", "60", "0.5", None])

    def limit(method: str, parameters: dict[str, str]) -> Any:
        wait = next(told, "") if method == "conversations.history" else ""
        limited = {"ok": False, "error": "ratelimited"}
        return None if wait == "" else (429, {"Retry-After": wait} if wait else {}, limited)

    slack.interrupt = limit
    waits = Waits()
    assert len(source(slack, tmp_path, waits=waits).list().items) == 1
    assert waits == [2.0, 60.0, 0.5, 30.0]
    told = iter(["61"])
    with pytest.raises(SourceError, match="alone for 61 s") as caught:
        source(slack, tmp_path, waits=waits).list()
    assert (caught.value.retryable, caught.value.retry_after_s) == (True, 61.0)
    slack.interrupt = lambda method, parameters: (429, {"Retry-After": "1"}, {})
    with pytest.raises(SourceError, match="again and again"):
        source(slack, tmp_path).list()


@pytest.mark.parametrize(
    "broken",
    [
        (500, {}, b"oops"),
        (200, {}, {"ok": False, "error": "internal_error"}),
        (200, {}, {"ok": False, "error": "invalid_cursor"}),
        (200, {}, {"ok": True, "messages": [], "has_more": True}),
        (200, {}, {"ok": True, "messages": [], "has_more": True, "response_metadata": {"next_cursor": "2"}}),
    ],
)
def test_a_history_that_breaks_off_is_no_shorter_listing(slack: SlackServer, tmp_path: Path, broken: Any) -> None:
    for number in range(6):
        slack.post("C1", f"176760000{number}.000100", "words")
    before = source(slack, tmp_path).list()
    slack.interrupt = lambda method, parameters: broken if parameters.get("cursor") == "2" else None
    with pytest.raises(SourceError) as caught:
        source(slack, tmp_path).list()
    assert caught.value.retryable
    slack.interrupt = lambda method, parameters: None
    assert source(slack, tmp_path).read(before.items[0])


def test_a_passing_failure_is_asked_again(slack: SlackServer, tmp_path: Path) -> None:
    slack.post("C1", "1767600000.000100", "words")
    failures = iter([(503, {}, b"")])
    slack.interrupt = lambda method, parameters: next(failures, None) if method == "users.list" else None
    assert len(source(slack, tmp_path).list().items) == 1


@pytest.mark.parametrize("method", ["auth.test", "conversations.history"])
def test_a_refused_token_is_not_shown(slack: SlackServer, tmp_path: Path, method: str) -> None:
    connector = source(slack, tmp_path, token="xoxb-wrong")
    if method != "auth.test":
        connector = source(slack, tmp_path)
        slack.refusals[method, "C1"] = {"error": "token_revoked"}
    with pytest.raises(SourceError, match="refuses the token") as caught:
        connector.list()
    assert not caught.value.retryable
    assert "xoxb" not in str(caught.value)
    assert "xoxb" not in repr(connector.location)


def test_a_scope_that_the_whole_source_needs_is_named(slack: SlackServer, tmp_path: Path) -> None:
    slack.refusals["conversations.list", ""] = {"error": "missing_scope", "needed": "groups:read"}
    with pytest.raises(SourceError, match="scope groups:read") as caught:
        source(slack, tmp_path).list()
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"base_url": "http://slack.firm.example/api"}, "https://"),
        ({"token": "two\nlines"}, "control character"),
        ({"token": ""}, "either `path`"),
        ({"path": Path("export.zip")}, "either `path`"),
    ],
)
def test_wrong_settings_are_named(slack: SlackServer, tmp_path: Path, settings: dict[str, object], match: str) -> None:
    with pytest.raises(SourceError, match=match) as caught:
        source(slack, tmp_path, **settings).list()
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "answer", [(200, {}, b"<html>"), (302, {"Location": "http://127.0.0.1:1/"}, b""), (404, {}, {})]
)
def test_what_is_not_slack_is_told(slack: SlackServer, tmp_path: Path, answer: Any) -> None:
    slack.interrupt = lambda method, parameters: answer
    with pytest.raises(SourceError, match="check `base_url`"):
        source(slack, tmp_path).list()


def test_a_workspace_without_an_address_has_uris_of_slacks_own(slack: SlackServer, tmp_path: Path) -> None:
    slack.about = {"ok": True, "team_id": "T1"}
    slack.post("C1", "1767600000.000100", "question")
    slack.post("C1", "1767600060.000100", "answer", thread_ts="1767600000.000100")
    connector = source(slack, tmp_path)
    item = only(connector.list())
    assert item.uri == "slack://T1/C1/1767600000.000100"
    assert "answer" in text(connector.read(item))


# --- markup ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("<@U1> in <#C1|general> and <#C1>", "@Ana Silva in #general and #general"),
        ("<@U9|nina> <@U9> <!here> <!subteam^S1|@ops>", "@nina @U9 @here @ops"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("<https://x.example/a_b?c=1&amp;d=2>", "https://x.example/a_b?c=1&d=2"),
        ("<https://x.example|the plan>", "[the plan](https://x.example)"),
        ("<mailto:a@x.example|a@x.example> <http://x.example|x.example>", "a@x.example http://x.example"),
        ("*bold*, _slanted_, ~gone~, 2*3*4, snake_case_name", "bold, slanted, gone, 2*3*4, snake_case_name"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&lt;script&gt;", "\\<script>"),
        ("# of users\n#general", "\\# of users\n#general"),
        ("total\n---", "total\n\\---"),
        ("• one\n• two", "- one\n- two"),
        ("see `x *y* &lt;z&gt;`", "see `x *y* <z>`"),
        ("run ```a &amp;&amp; *b*```", "run \n```\na && *b*\n```"),
    ],
)
def test_slacks_markup_becomes_words(raw: str, plain: str) -> None:
    assert words(raw, NAMES) == plain


# --- exports --------------------------------------------------------------------------------------------------


def write_export(folder: Path, days: dict[str, list[dict[str, Any]]], **lists: list[dict[str, Any]]) -> Path:
    files = {"users": USERS, "channels": [{"id": "C1", "name": "general"}]} | lists
    for name, content in files.items():
        (folder / f"{name}.json").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(content))
    for day, messages in days.items():
        (folder / f"{day}.json").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{day}.json").write_text(json.dumps(messages))
    return folder


def pack(folder: Path, path: Path, top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.json")):
            archive.write(file, top + file.relative_to(folder).as_posix())
    return path


def message(ts: str, said: str, user: str = "U1", **more: Any) -> dict[str, Any]:
    return {"type": "message", "ts": ts, "user": user, "text": said, **more}


def export(path: Path, **settings: object) -> SlackConnector:
    return SlackConnector(SlackSettings(name="chat", path=path, **settings), path.parent / "cache")  # type: ignore[arg-type]


THREAD = {
    "general/2026-01-05": [message("1767600000.000100", "When?"), message("1767600001.000100", "alone")],
    "general/2026-01-09": [
        message("1767950000.000100", "On May 4.", "U2", thread_ts="1767600000.000100"),
        message("1767950001.000100", "<@U1> joined", subtype="channel_join"),
    ],
}


@pytest.mark.parametrize("form", ["folder", "archive", "archive with a folder"])
def test_an_export_gives_one_document_a_thread(tmp_path: Path, form: str) -> None:
    path = write_export(tmp_path / "export", THREAD)
    if form != "folder":
        path = pack(path, tmp_path / "export.zip", "Acme export/" if "with" in form else "")
    connector = export(path)
    listing = connector.list()
    assert [item.uri for item in listing.items] == [
        "slack://T1/C1/1767600000.000100",
        "slack://T1/C1/1767600001.000100",
    ]
    assert listing.hidden == 1
    assert text(connector.read(listing.items[0])) == (
        "# #general: When?\n\n**Ana Silva**, 2026-01-05 08:00 UTC:\n\nWhen?\n\n"
        "**Bert Özil**, 2026-01-09 09:13 UTC:\n\nOn May 4.\n"
    )
    assert export(path).list() == listing
    assert export(path).read(listing.items[1]).name == "#general: alone.md"


def test_a_newer_export_changes_only_what_changed(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "export", THREAD)
    connector = export(pack(folder, tmp_path / "export.zip"))
    before = connector.list()
    write_export(folder, {"general/2026-01-10": [message("1767960000.000100", "No.", thread_ts="1767600000.000100")]})
    pack(folder, tmp_path / "export.zip")
    after = connector.list()
    assert [item.uri for item in after.items] == [item.uri for item in before.items]
    assert after.items[0].fingerprint != before.items[0].fingerprint
    assert after.items[1] == before.items[1]
    assert "No." in text(connector.read(after.items[0]))


def test_edits_and_deletions_recorded_in_an_export_are_followed(tmp_path: Path) -> None:
    events = [
        message("1.000001", "old words"),
        message("2.000001", "regrettable"),
        message("3.000001", "answered"),
        message("3.000002", "bad answer", thread_ts="3.000001"),
        message("3.000003", "good answer", thread_ts="3.000001"),
        {"type": "message", "subtype": "message_changed", "ts": "9.1", "message": message("1.000001", "new words")},
        {"type": "message", "subtype": "message_deleted", "ts": "9.2", "original": message("2.000001", "regrettable")},
        {
            "type": "message",
            "subtype": "message_deleted",
            "ts": "9.3",
            "previous_message": message("3.000002", "bad answer", thread_ts="3.000001"),
        },
        message("4.000001", "This message was deleted.", "USLACKBOT", subtype="tombstone"),
    ]
    connector = export(write_export(tmp_path / "export", {"general/1970-01-01": events}))
    listing = connector.list()
    shown = [text(connector.read(item)) for item in listing.items]
    assert len(shown) == 2
    assert "new words" in shown[0]
    assert "old words" not in shown[0]
    assert "good answer" in shown[1]
    assert "bad answer" not in shown[1]


def test_direct_messages_are_listed_only_when_they_are_named(tmp_path: Path) -> None:
    days = {"D1/2026-01-05": [message("1.000001", "psst")], "team/2026-01-05": [message("2.000001", "plan")]}
    dms = [{"id": "D1", "members": ["U2", "U1"]}]
    path = write_export(tmp_path / "export", days, dms=dms, groups=[{"id": "G1", "name": "team"}])
    listing = export(path).list()
    assert [item.metadata["channel"] for item in listing.items] == ["team"]
    assert (only(listing).metadata["private"], listing.hidden) == ("yes", 1)
    [direct] = export(path, channels=("dm/*",)).list().items
    assert direct.metadata["channel"] == "dm/Ana Silva, Bert Özil"
    assert direct.name == "dm-Ana Silva, Bert Özil: psst.md"


def test_a_damaged_day_makes_its_channel_an_unlisted_place(tmp_path: Path) -> None:
    channels = [{"id": "C1", "name": "general"}, {"id": "C2", "name": "random"}]
    days = THREAD | {"random/2026-01-05": [message("1.000001", "words")]}
    path = write_export(tmp_path / "export", days, channels=channels)
    (path / "random" / "2026-01-06.json").write_text('[{"type": "mess')
    listing = export(path).list()
    assert [place.prefix for place in listing.unlisted] == ["slack://T1/C2/"]
    assert len(listing.items) == 2


def test_what_is_no_export_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        export(tmp_path / "missing.zip").list()
    (tmp_path / "half.zip").write_bytes(
        pack(write_export(tmp_path / "e", THREAD), tmp_path / "e.zip").read_bytes()[:200]
    )
    with pytest.raises(SourceError, match="no whole zip archive"):
        export(tmp_path / "half.zip").list()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no Slack export") as caught:
        export(tmp_path / "empty").list()
    assert not caught.value.retryable


def test_a_thread_gone_from_the_export_has_vanished(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export", THREAD)
    item = export(path).list().items[1]
    write_export(path, {"general/2026-01-05": THREAD["general/2026-01-05"][:1]})
    with pytest.raises(ParseError) as caught:
        export(path).read(item)
    assert caught.value.problem.code == "vanished"
