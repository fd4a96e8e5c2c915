"""The catalog: what it names is there, what it no longer names is remembered as waste, damage is told."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ingest.catalog import Catalog
from ingest.errors import CatalogError, Problem
from ingest.model import Access, Chunk, Document, NewDocument
from ingest.recording import Recorder, edition_of
from tests.fakes import EVERYONE, make_chunk, make_document

PROBLEM = Problem(code="damaged", reason="it is damaged", mend="save it anew")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "catalog.sqlite")
    yield made
    made.close()


@dataclass(frozen=True)
class New:
    """A document with its chunks, to be staged and committed."""

    new: NewDocument
    chunks: Sequence[Chunk]

    @property
    def document(self) -> Document:
        return self.new.document


def stage(catalog: Catalog, *made: New) -> None:
    editions = {one.document.id: edition_of(one.document.version, one.new.pipeline) for one in made}
    Recorder(catalog).stage([chunk for one in made for chunk in one.chunks], editions)


def commit(catalog: Catalog, *made: New) -> None:
    for one in made:
        stage(catalog, one)
    Recorder(catalog).commit([one.new for one in made])


def new(catalog: Catalog, name: str, *texts: str, gaps: tuple[Problem, ...] = (), access: Access = EVERYONE) -> New:
    text = "\n".join(texts)
    document = make_document(name, text=text, access=access, access_id=Recorder(catalog).access_id(access))
    chunks = [make_chunk(document, piece, start=text.index(piece), ordinal=n) for n, piece in enumerate(texts)]
    made = NewDocument(
        document=document,
        text=text,
        gaps=gaps,
        fingerprint="f1",
        identity="",
        pipeline="1",
        created_at="2026-02-01T00:00:00Z",
    )
    return New(made, chunks)


def ids(one: New) -> list[str]:
    return [chunk.id for chunk in one.chunks]


def waste(catalog: Catalog) -> set[str]:
    return set(Recorder(catalog).waste(1000))


def test_announced_chunks_are_waste_until_they_are_committed(catalog: Catalog) -> None:
    document = new(catalog, "a.md", "one", "two")
    stage(catalog, document)
    assert waste(catalog) == set(ids(document))
    assert catalog.chunks(ids(document)) == {}
    commit(catalog, document)
    assert waste(catalog) == set()
    assert catalog.chunk_ids(document.document.id) == ids(document)
    assert catalog.chunks(ids(document)) == {chunk.id: chunk for chunk in document.chunks}


def test_a_crash_after_the_announcement_leaves_waste_that_the_next_start_finds(tmp_path: Path) -> None:
    first = Catalog(tmp_path / "c.sqlite")
    document = new(first, "a.md", "one")
    stage(first, document)
    first.close()
    again = Catalog(tmp_path / "c.sqlite")
    assert waste(again) == set(ids(document))
    Recorder(again).discarded(ids(document))
    assert waste(again) == set()
    again.close()


def test_announcing_what_is_current_makes_no_waste(catalog: Catalog) -> None:
    document = new(catalog, "a.md", "one")
    commit(catalog, document)
    stage(catalog, document)
    assert waste(catalog) == set()


def test_an_update_keeps_the_old_version_and_wastes_its_chunks(catalog: Catalog) -> None:
    old, changed = new(catalog, "a.md", "one"), new(catalog, "a.md", "two")
    commit(catalog, old)
    commit(catalog, changed)
    document = changed.document
    assert waste(catalog) == set(ids(old))
    assert catalog.chunks(ids(old)) == {}
    assert catalog.text(document.id) == "two"
    assert catalog.text(document.id, old.document.version) == "one"
    assert catalog.text(document.id, "sha256:never") is None
    assert [found.version for found in catalog.documents()] == [document.version]
    assert catalog.counts() == (1, 1)


def test_going_back_to_an_old_version_takes_its_chunks_out_of_the_waste(catalog: Catalog) -> None:
    old, changed = new(catalog, "a.md", "one"), new(catalog, "a.md", "two")
    for each in (old, changed, old):
        commit(catalog, each)
    assert waste(catalog) == set(ids(changed))
    assert set(catalog.chunks(ids(old))) == set(ids(old))


def test_a_deletion_purges_every_version(catalog: Catalog, tmp_path: Path) -> None:
    old, changed = new(catalog, "a.md", "one"), new(catalog, "a.md", "two", gaps=(replace(PROBLEM, part="page 3"),))
    commit(catalog, old)
    commit(catalog, changed)
    Recorder(catalog).remove([changed.document.id])
    assert catalog.text(old.document.id, old.document.version) is None
    assert waste(catalog) == {*ids(old), *ids(changed)}
    assert catalog.quarantined() == []
    assert catalog.counts() == (0, 0)
    rows = sqlite3.connect(tmp_path / "catalog.sqlite")
    assert rows.execute("select count(*) from versions").fetchone() == (0,)
    rows.close()


def test_a_commit_of_several_documents_is_all_or_nothing(catalog: Catalog) -> None:
    good, bad = new(catalog, "a.md", "one"), new(catalog, "b.md", "two")
    bad = replace(bad, new=replace(bad.new, document=replace(bad.document, access_id=99)))
    with pytest.raises(sqlite3.IntegrityError):
        commit(catalog, good, bad)
    assert catalog.counts() == (0, 0)
    commit(catalog, good)
    assert catalog.counts() == (1, 1)


def test_quarantine_keeps_its_first_date_and_ends_with_a_good_version(catalog: Catalog) -> None:
    document = new(catalog, "a.md", "one")
    uri = document.document.uri
    Recorder(catalog).quarantine("handbook", uri, PROBLEM, "2026-01-01", "f1", "1")
    Recorder(catalog).quarantine("handbook", uri, replace(PROBLEM, code="empty"), "2026-01-09", "f2", "1")
    [entry] = catalog.quarantined()
    assert (entry.code, entry.since, entry.part) == ("empty", "2026-01-01", None)
    assert Recorder(catalog).known_quarantine("handbook") == {uri: ("f2", "1")}
    commit(catalog, document)
    assert catalog.quarantined() == []


def test_gaps_are_quarantined_by_part_and_replaced_with_the_document(catalog: Catalog) -> None:
    commit(catalog, new(catalog, "a.md", "one", gaps=tuple(replace(PROBLEM, part=f"page {n}") for n in (3, 4))))
    assert [entry.part for entry in catalog.quarantined()] == ["page 3", "page 4"]
    commit(catalog, new(catalog, "a.md", "two", gaps=(replace(PROBLEM, part="page 4"),)))
    assert [entry.part for entry in catalog.quarantined()] == ["page 4"]


def test_release_drops_entries_of_one_source_alone(catalog: Catalog) -> None:
    for source in ("s1", "s2"):
        Recorder(catalog).quarantine(source, "u", PROBLEM, "2026-01-01", "f", "1")
    Recorder(catalog).release("s1", ["u", "unknown"])
    assert [entry.source for entry in catalog.quarantined()] == ["s2"]


def test_equal_accesses_share_a_number_whatever_their_order(catalog: Catalog) -> None:
    first = Recorder(catalog).access_id(Access(allow=("user:ana", "group:hr")))
    assert Recorder(catalog).access_id(Access(allow=("group:hr", "user:ana", "user:ana"))) == first
    assert Recorder(catalog).access_id(Access(allow=("group:hr", "user:ana"), label="restricted")) != first
    assert Recorder(catalog).access_id(Access()) != first
    assert catalog.accesses()[first] == Access(allow=("group:hr", "user:ana"))


def test_documents_come_back_as_they_were_committed(catalog: Catalog) -> None:
    made = [new(catalog, f"{n}.md", f"text {n}").document for n in (2, 1, 3)]
    commit(catalog, *[new(catalog, f"{n}.md", f"text {n}") for n in (2, 1, 3)])
    by_uri: list[Document] = sorted(made, key=lambda document: document.uri)
    assert list(catalog.documents()) == by_uri
    assert {d.id for d in catalog.documents([made[0].id, "unknown"])} == {made[0].id}
    assert list(catalog.documents([])) == []


def test_more_ids_than_sqlite_takes_in_one_query(catalog: Catalog) -> None:
    document = new(catalog, "big.md", *[f"piece number {n:05}" for n in range(1800)])
    commit(catalog, document)
    assert len(catalog.chunks([*ids(document), *map(str, range(40_000))])) == 1800


def test_sources_count_what_they_hold(catalog: Catalog) -> None:
    commit(catalog, new(catalog, "a.md", "one", "two"))
    Recorder(catalog).quarantine("handbook", "fake://host/b", PROBLEM, "2026-01-01", "f", "1")
    assert catalog.sources() == []
    Recorder(catalog).synced("handbook", "files", "fake://host", "2026-01-02", 0)
    [state] = catalog.sources()
    assert (state.documents, state.chunks, state.quarantined, state.last_sync) == (1, 2, 1, "2026-01-02")


def test_readers_in_other_threads_see_whole_commits_only(catalog: Catalog) -> None:
    versions = [new(catalog, "a.md", *[f"v{v} piece {n}" for n in range(5)]) for v in range(20)]
    commit(catalog, versions[0])
    done = threading.Event()
    torn: list[object] = []

    def read() -> None:
        while not done.is_set():
            held = catalog.chunks(catalog.chunk_ids())
            if len(held) not in (0, 5) or len({chunk.version for chunk in held.values()}) > 1:
                torn.append(held)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in versions[1:]:
        commit(catalog, version)
    done.set()
    for reader in readers:
        reader.join(10)
    assert torn == []


@pytest.mark.parametrize("content", [b"no database at all, only words" * 50, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_catalog_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "home" / "catalog.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CatalogError, match="catalog"):
        Catalog(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.6, 0.9])
def test_a_truncated_catalog_is_told_when_it_is_opened_or_read(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "catalog.sqlite"
    whole = Catalog(path)
    commit(whole, *[new(whole, f"{n}.md", *[f"text {n} {m} " * 30 for m in range(20)]) for n in range(30)])
    everything = whole.chunk_ids()
    whole.close()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(CatalogError, match=r"catalog\.sqlite"):  # noqa: PT012
        damaged = Catalog(path)
        try:
            list(damaged.documents())
            damaged.chunks(everything)
        finally:
            damaged.close()


def test_a_catalog_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(path).close()
    rows = sqlite3.connect(path)
    rows.execute("update meta set value = '99'")
    rows.commit()
    rows.close()
    with pytest.raises(CatalogError, match="another version"):
        Catalog(path)


def test_a_catalog_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(CatalogError, match="home"):
        Catalog(tmp_path / "home" / "catalog.sqlite")


def test_a_catalog_that_another_program_holds_is_a_clear_error(catalog: Catalog, tmp_path: Path) -> None:
    held = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    held.execute("begin immediate")
    catalog._database._connection.execute("pragma busy_timeout = 20")
    with pytest.raises(CatalogError, match="no other process"):
        stage(catalog)
    held.execute("rollback")
    held.close()
    stage(catalog)


def test_a_sound_catalog_has_no_damage(catalog: Catalog) -> None:
    assert catalog.damage() == []
