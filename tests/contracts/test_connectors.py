"""What every connector does. A new one joins by adding a `World` that can change what its system holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from ingest.connectors.files import FilesConnector, path_of
from ingest.errors import ParseError, SourceError
from ingest.model import Access
from ingest.ports import Connector
from ingest.settings import AccessRule, FilesSettings
from tests.fakes import EVERYONE, FakeConnector


class World(Protocol):
    """A system under test: what it holds can be changed, and a connector looks at it."""

    def put(self, name: str, text: str) -> None: ...
    def delete(self, name: str) -> None: ...
    def connector(self) -> Connector: ...


class FolderWorld:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "files"
        self.folder.mkdir()

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def delete(self, name: str) -> None:
        (self.folder / name).unlink()

    def connector(self) -> Connector:
        return FilesConnector(FilesSettings(name="files", path=self.folder, access=EVERYONE))


class FakeWorld:
    def __init__(self, _: Path) -> None:
        self._fake = FakeConnector()
        self.put = self._fake.put

    def delete(self, name: str) -> None:
        del self._fake.files[name]

    def connector(self) -> Connector:
        return self._fake


WORLDS: dict[str, Callable[[Path], World]] = {"fake": FakeWorld, "files": FolderWorld}


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return WORLDS[request.param](tmp_path)


def test_everything_is_listed_once_below_the_location(world: World) -> None:
    names = ["a.txt", "sub/b.txt", "sub/deeper/c.txt"]
    for name in names:
        world.put(name, name)
    connector = world.connector()
    items = connector.list().items
    assert sorted(item.name for item in items) == ["a.txt", "b.txt", "c.txt"]
    assert len({item.uri for item in items}) == 3
    assert all(item.uri.startswith(connector.location + "/") for item in items)
    assert all(item.access == EVERYONE and item.modified_at.endswith("Z") for item in items)
    assert connector.kind


def test_an_item_is_read_as_it_is(world: World) -> None:
    world.put("sub/b c.txt", "Straße\r\n日本語")
    connector = world.connector()
    [item] = connector.list().items
    raw = connector.read(item)
    assert (raw.name, raw.data.decode()) == ("b c.txt", "Straße\r\n日本語")


def test_listing_twice_gives_the_same(world: World) -> None:
    world.put("a.txt", "one")
    assert world.connector().list() == world.connector().list()


def test_a_changed_item_has_another_fingerprint_and_the_same_uri(world: World) -> None:
    world.put("a.txt", "one")
    [before] = world.connector().list().items
    world.put("a.txt", "two more words")
    [after] = world.connector().list().items
    assert before.uri == after.uri
    assert before.fingerprint != after.fingerprint


def test_an_empty_source_lists_nothing(world: World) -> None:
    assert world.connector().list().items == ()


def test_an_item_that_vanished_is_a_problem_of_that_item(world: World) -> None:
    world.put("a.txt", "one")
    connector = world.connector()
    [item] = connector.list().items
    world.delete("a.txt")
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "vanished"
    assert caught.value.problem.mend
    assert world.connector().list().items == ()


# --- files alone ---------------------------------------------------------------------------------------------


def files(folder: Path, scope: Path | None = None, **settings: object) -> FilesConnector:
    return FilesConnector(FilesSettings(name="files", path=folder, **settings), [scope] if scope else None)  # type: ignore[arg-type]


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
