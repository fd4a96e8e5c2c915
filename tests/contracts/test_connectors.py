"""What every connector does. A new one joins with a module in `worlds`, a system whose content can be changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ingest.catalog import Catalog
from ingest.connectors.files import FilesConnector, path_of
from ingest.errors import ParseError, SourceError
from ingest.isolating import InlinePool
from ingest.model import Access, Item, SyncReport
from ingest.parsing import parse
from ingest.ports import Connector, Tokenizer
from ingest.settings import AccessRule, FilesSettings
from ingest.syncing import Synchronizer
from tests.contracts.worlds import World
from tests.fakes import EVERYONE, FakeSink

KINDS = sorted(path.stem for path in (Path(__file__).parent / "worlds").glob("*.py") if path.stem != "__init__")
NAMES = ("a.txt", "sub/b c.txt", "sub/deeper/ü.txt")


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made: World = import_module(f"tests.contracts.worlds.{request.param}").make(tmp_path)
    yield made
    made.close()


def words_of(connector: Connector, item: Item) -> str:
    """What the parser makes of an item, the white space folded."""
    return " ".join(parse(connector.read(item)).text.split())


def test_everything_is_listed_once_with_all_that_a_sync_needs(world: World) -> None:
    for name in NAMES:
        world.put(name, f"The words of {name}.")
    connector = world.connector()
    listing = connector.list()
    assert sorted(item.uri for item in listing.items) == sorted(world.uri(name) for name in NAMES)
    assert listing.unlisted == ()
    for item in listing.items:
        assert item.access == EVERYONE
        assert item.fingerprint
        assert item.name
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", item.modified_at)
        assert all(isinstance(value, str) for value in item.metadata.values())
        assert connector.scopes is None or item.uri.startswith(connector.scopes)
    assert connector.kind
    assert ":" in connector.location
    connector.close()


def test_what_is_read_says_what_was_put(world: World) -> None:
    for name in NAMES:
        world.put(name, f"Die Straße nach {name} ist 日本語.")
    connector = world.connector()
    read = {item.uri: words_of(connector, item) for item in connector.list().items}
    assert {uri: f"Die Straße nach {name} ist 日本語." in read[uri] for name in NAMES for uri in [world.uri(name)]} == {
        world.uri(name): True for name in NAMES
    }
    connector.close()


def test_a_new_process_lists_the_same(world: World) -> None:
    for name in NAMES:
        world.put(name, f"The words of {name}.")
    first = world.connector()
    listed = first.list()
    assert first.list() == listed
    first.close()
    second = world.connector()
    assert settled(second.list().items) == settled(listed.items)
    second.close()


def settled(items: tuple[Item, ...]) -> list[Item]:
    """Items in order, without the mark of a file that was written a moment ago."""
    return sorted(item._replace(fingerprint=item.fingerprint.rstrip("~")) for item in items)


def test_a_change_shows_in_one_fingerprint_and_in_no_uri(world: World) -> None:
    for name in NAMES:
        world.put(name, f"The words of {name}.")
    before = {item.uri: item.fingerprint for item in settled(world.connector().list().items)}
    world.put("a.txt", "Other words altogether, and more.")
    connector = world.connector()
    items = settled(connector.list().items)
    assert {item.uri for item in items} == set(before)
    assert [item.uri for item in items if item.fingerprint != before[item.uri]] == [world.uri("a.txt")]
    [changed] = [item for item in items if item.uri == world.uri("a.txt")]
    assert "Other words altogether" in words_of(connector, changed)
    connector.close()


def test_an_empty_source_lists_nothing(world: World) -> None:
    world.put("a.txt", "The words of a.")
    world.delete("a.txt")
    assert world.connector().list().items == ()


def test_what_is_gone_is_not_listed_and_cannot_be_read_as_something_else(world: World) -> None:
    for name in NAMES:
        world.put(name, f"The words of {name}.")
    connector = world.connector()
    [item] = [item for item in connector.list().items if item.uri == world.uri("a.txt")]
    world.delete("a.txt")
    # A connector may have taken hold of what it listed.
    found, problem = "The words of a.txt", None
    try:
        found = words_of(connector, item)
    except ParseError as error:
        problem = error.problem
    assert "The words of a.txt" in found
    assert problem is None or (problem.code == "vanished" and problem.mend)
    assert {item.uri for item in world.connector().list().items} == {world.uri(name) for name in NAMES[1:]}


def test_a_system_that_cannot_be_reached_is_an_error_and_never_an_empty_listing(world: World) -> None:
    world.put("a.txt", "The words of a.")
    world.connector().list()
    world.fail()
    with pytest.raises(SourceError) as caught:
        world.connector().list()
    assert "\n" not in str(caught.value)
    assert str(caught.value)


def test_a_second_sync_finds_nothing_to_do_and_a_third_finds_what_changed(
    world: World, tmp_path: Path, tokenizer: Tokenizer
) -> None:
    catalog, sink = Catalog(tmp_path / "catalog" / "c.sqlite"), FakeSink()
    synchronizer = Synchronizer(catalog, sink, InlinePool(parse, tokenizer))

    def sync() -> SyncReport:
        connector = world.connector()
        try:
            return replace(synchronizer.sync("s", connector), seconds=0.0, chunks=0, embedded=0)
        finally:
            connector.close()

    for name in NAMES:
        world.put(name, f"The words of {name}.")
    assert sync() == SyncReport(added=3)
    sink.calls.clear()
    assert sync() == SyncReport(unchanged=3)
    assert sink.calls == []
    world.put("a.txt", "Other words altogether, and more.")
    world.delete("sub/b c.txt")
    world.put("new.txt", "Brand new words.")
    assert sync() == SyncReport(added=1, updated=1, removed=1, unchanged=1)
    texts = [catalog.text(document.id) or "" for document in catalog.documents()]
    assert sum("Other words altogether" in text for text in texts) == 1
    assert not any("b c.txt" in text for text in texts)
    world.fail()
    with pytest.raises(SourceError):
        sync()
    assert catalog.counts()[0] == 3
    assert catalog.sources()[0].problem
    catalog.close()


# --- files alone ---------------------------------------------------------------------------------------------


def files(folder: Path, scope: Path | None = None, **settings: Any) -> FilesConnector:
    return FilesConnector(FilesSettings(name="files", path=folder, **settings), [scope] if scope else None)


def test_hidden_files_linked_folders_and_lock_files_are_left_out_and_counted(tmp_path: Path) -> None:
    for name in (".git/x", ".secret", "~$plan.docx", "kept.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    listing = files(tmp_path).list()
    assert [item.name for item in listing.items] == ["kept.txt"]
    assert listing.hidden == 4


def test_include_and_exclude_are_globs_below_the_root(tmp_path: Path) -> None:
    for name in ("a.md", "b.txt", "drafts/c.md", "x/drafts/d.md", "x/e.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    rules: dict[str, object] = {"include": ("**/*.md",), "exclude": ("**/drafts/**",)}
    assert sorted(item.name for item in files(tmp_path, **rules).list().items) == ["a.md", "e.md"]
    assert [item.name for item in files(tmp_path, tmp_path / "x", **rules).list().items] == ["e.md"]
    assert [item.name for item in files(tmp_path, tmp_path / "a.md", **rules).list().items] == ["a.md"]
    with pytest.raises(SourceError, match="left out"):
        files(tmp_path, tmp_path / "b.txt", **rules).list()


def test_rules_hold_within_a_scope_too(tmp_path: Path) -> None:
    board = Access(allow=("group:board",))
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "a.md").write_text("text")
    rules = (AccessRule(glob="board/**", access=board),)
    for scope in (None, tmp_path / "board", tmp_path / "board" / "a.md"):
        assert [item.access for item in files(tmp_path, scope, rules=rules).list().items] == [board]


@pytest.mark.parametrize("name", ["missing", "x" * 300, "null\0byte"])
def test_a_source_that_is_not_there_cannot_be_listed(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="no such"):
        files(Path(f"{tmp_path}/{name}")).list()


def test_pipes_and_dangling_links_are_problems_and_do_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    connector = files(tmp_path)
    codes = {}
    for item in connector.list().items:
        with pytest.raises(ParseError) as caught:
            connector.read(item)
        codes[item.name] = caught.value.problem.code
    assert codes == {"pipe": "not_a_file", "link": "vanished"}
    with pytest.raises(SourceError, match="neither"):
        files(tmp_path / "pipe").list()


def test_a_date_far_in_the_future_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    os.utime(tmp_path / "a.txt", (1e10, 1e10))
    os.utime(tmp_path / "a.txt", (4e11, 4e11))
    assert files(tmp_path).list().items[0].modified_at.endswith("Z")


@pytest.mark.parametrize("name", ["a b", "100%", "%41", "a#b?c;d", "日本", os.fsdecode(b"\xe9\xff")])
def test_a_uri_names_its_path(tmp_path: Path, name: str) -> None:
    assert path_of((tmp_path / name).as_uri()) == tmp_path / name
