"""Exact search in memory: what the catalog says now, by true cosines, whoever wrote it."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.catalog import Catalog
from ingest.model import Access, Chunk, Document
from ingest.recording import Recorder
from retrieval.exact import ExactIndex
from retrieval.model import IndexFilter
from retrieval.ports import Array
from retrieval.quantized import nearest, quantize
from retrieval.vector_file import VectorFile
from retrieval.vectors import VectorIndex
from tests.fakes import FakeEmbedder, make_chunk, make_document, store

WORDS = ("travel", "hotel", "flight", "meal", "approval", "director", "euro", "invoice", "audit", "merger", "salary")
EMBEDDER = FakeEmbedder()
ALL = IndexFilter()
PERSON = ("user:ana", "user:bo", "group:hr", "everyone")


@dataclass
class Home:
    """One process's view of a home: a catalog and a vector index, and what a search must find."""

    folder: Path
    truth: dict[str, tuple[Document, list[Chunk]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.catalog = Catalog(self.folder / "catalog.sqlite")
        self.recorder = Recorder(self.catalog)
        self.vectors = VectorIndex(self.folder / "vectors", EMBEDDER)

    def other(self) -> Home:
        """Another process on the same home."""
        return Home(self.folder, self.truth)

    def put(self, name: str, texts: list[str], allow: str = "everyone", **about: str) -> Document:
        access = Access(allow=(allow,))
        document = replace(
            make_document(name, access=access, access_id=self.recorder.access_id(access), text="\n".join(texts)),
            modified_at=about.pop("modified_at", "2026-01-05T09:00:00Z"),
            metadata=about,
        )
        chunks: list[Chunk] = []
        for text in texts:
            chunks.append(make_chunk(document, text, start=chunks[-1].end + 1 if chunks else 0, ordinal=len(chunks)))
        self.vectors.write(chunks, {document.id: document})
        store(self.catalog, document, chunks, "\n".join(texts))
        self.truth[name] = (document, chunks)
        return document

    def remove(self, name: str) -> None:
        if name in self.truth:
            self.recorder.remove([self.truth.pop(name)[0].id])

    def set_access(self, name: str, allow: str) -> None:
        if name in self.truth:
            document, chunks = self.truth[name]
            access = Access(allow=(allow,))
            number = self.recorder.access_id(access)
            self.recorder.set_access(document.id, number)
            self.truth[name] = replace(document, access=access, access_id=number), chunks

    def refresh(self, name: str, modified_at: str, author: str) -> None:
        if name in self.truth:
            document, chunks = self.truth[name]
            self.recorder.refresh(document.id, "f", "", modified_at, {"author": author})
            self.truth[name] = replace(document, modified_at=modified_at, metadata={"author": author}), chunks

    def drop_waste(self) -> None:
        ids = self.recorder.waste(1000)
        self.vectors.remove(ids)
        self.recorder.discarded(ids)

    def search(self, text: str, k: int = 10, only: IndexFilter = ALL) -> dict[str, float]:
        self.follow()
        return dict(self.vectors.search(text, k, only))

    def documents(self, text: str, k: int = 10, only: IndexFilter = ALL) -> dict[str, float]:
        self.follow()
        return dict(self.vectors.documents(text, k, only))

    def follow(self) -> None:
        self.vectors.follow(self.catalog, by_another=True)

    def close(self) -> None:
        self.vectors.close()
        self.catalog.close()

    def expected(self, text: str, only: IndexFilter) -> tuple[dict[str, float], dict[str, float]]:
        """Every chunk that passes with its cosine, and every document with that of the mean of its chunks."""
        query = EMBEDDER.embed([text])[0]
        chunks: dict[str, float] = {}
        documents: dict[str, float] = {}
        for document, held in self.truth.values():
            if held and passes(document, only):
                vectors = EMBEDDER.embed([chunk.indexed_text for chunk in held])
                chunks |= {chunk.id: float(vector @ query) for chunk, vector in zip(held, vectors, strict=True)}
                mean = vectors.sum(axis=0)
                documents[document.id] = float(mean @ query / np.linalg.norm(mean))
        return chunks, documents


def passes(document: Document, only: IndexFilter) -> bool:
    """The rule once more, for one document."""
    own = {**document.metadata, "source": document.source, "format": document.format, "document": document.id}
    return (
        (only.access is None or document.access_id in only.access)
        and all(own.get(key) in values for key, values in only.any_of)
        and not any(own.get(key) in values for key, values in only.none_of)
        and (only.after is None or document.modified_at >= only.after)
        and (only.before is None or document.modified_at < only.before)
    )


def assert_best(found: dict[str, float], every: dict[str, float], k: int, near: float = 1e-3) -> None:
    """The k best of all that pass; which ones of equally good ones is open."""
    assert len(found) == min(k, len(every))
    assert found == {one: pytest.approx(every[one], abs=near) for one in found}
    least = min(found.values(), default=0.0)
    assert all(one in found or score <= least + near for one, score in every.items())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.close()


names = st.sampled_from([f"d{n}.md" for n in range(6)])
texts = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), max_size=4, unique=True)
days = st.sampled_from(["2025-12-31T23:00:00Z", "2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z"])
authors = st.sampled_from(["Ana", "Bo", "Cy"])
steps = st.one_of(
    st.tuples(st.just("put"), names, texts, st.sampled_from(PERSON), days, authors),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("access"), names, st.sampled_from(PERSON)),
    st.tuples(st.just("refresh"), names, days, authors),
    st.tuples(st.just("waste")),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("look")),
)
keys = st.one_of(
    st.tuples(st.just("author"), st.frozensets(authors, max_size=2)),
    st.tuples(st.just("source"), st.frozensets(st.sampled_from(["handbook", "other"]), max_size=2)),
    st.tuples(st.just("document"), st.frozensets(names.map(lambda name: make_document(name).id), max_size=2)),
    st.tuples(st.just("none such"), st.frozensets(authors, max_size=1)),
)
filters = st.builds(
    IndexFilter,
    access=st.none() | st.frozensets(st.integers(0, 5), max_size=3),
    any_of=st.lists(keys, max_size=1).map(tuple),
    none_of=st.lists(keys, max_size=2).map(tuple),
    after=st.none() | st.sampled_from(["2026-01-01", "2026-01-01T00:00:00Z", "2027"]),
    before=st.none() | st.sampled_from(["2026-01-01", "2026-06-01T12:00:00Z", "2027"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, max_size=10), st.lists(filters, min_size=3, max_size=6), st.integers(1, 8), st.data())
def test_a_writer_and_a_follower_find_what_is_now(
    plan: list[tuple[str, ...]], only: list[IndexFilter], k: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = Home(Path(folder))
        follower = writer.other()
        try:
            for step in [*plan, ("look",)]:
                follower = do(step, writer, follower)
                for one in [ALL, *only] if step[0] == "look" else []:
                    text = data.draw(st.sampled_from(WORDS))
                    chunks, documents = writer.expected(text, one)
                    for who in (writer, follower):
                        assert_best(who.search(text, k, one), chunks, k)
                        assert_best(who.documents(text, k, one), documents, k, near=5e-3)
        finally:
            writer.close()
            follower.close()


def do(step: tuple[str, ...], writer: Home, follower: Home) -> Home:
    """Does a step of a plan; returns the follower, which "reopen" makes anew."""
    match step:
        case ("put", name, texts, allow, day, author):
            writer.put(name, list(texts), allow, modified_at=day, author=author)
        case ("remove", name):
            writer.remove(name)
        case ("access", name, allow):
            writer.set_access(name, allow)
        case ("refresh", name, day, author):
            writer.refresh(name, day, author)
        case ("waste",):
            writer.drop_waste()
        case ("reopen",):
            follower.close()
            return writer.other()
    return follower


def test_what_is_staged_or_superseded_takes_no_places(home: Home) -> None:
    document = home.put("a.md", ["travel rules", "travel costs"])
    home.vectors.write([make_chunk(document, "travel travel", start=900)], {document.id: document})
    assert len(home.search("travel", 2)) == 2
    home.put("a.md", ["travel at night"])
    assert list(home.search("travel", 9)) == [home.truth["a.md"][1][0].id]


def test_a_chunk_that_is_gone_from_the_index_is_not_found_and_is_once_it_is_written_again(home: Home) -> None:
    document = home.put("a.md", ["travel rules"])
    chunk = home.truth["a.md"][1][0]
    assert list(home.search("travel")) == [chunk.id]
    home.vectors.remove([chunk.id])
    assert home.search("travel") == {}
    home.vectors.write([chunk], {document.id: document})
    assert list(home.search("travel")) == [chunk.id]


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "another form", "torn", "zeros"])
def test_a_damaged_file_of_vectors_costs_time_alone(home: Home, damage: str) -> None:
    for n in range(5):
        home.put(f"d{n}.md", [f"travel {WORDS[n]}", f"hotel {WORDS[n]}"])
    home.close()
    [path] = (home.folder / "vectors").glob("exact.vectors")
    data = path.read_bytes()
    match damage:
        case "missing":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "garbage":
            path.write_bytes(b"\xff" * len(data))
        case "another form":
            path.write_bytes(data.replace(b"vectors 1", b"vectors 9"))
        case "torn":
            path.write_bytes(data[: len(data) // 2])
        case "zeros":
            path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    again = home.other()
    for _ in range(2):
        assert_best(again.search("travel", 4), home.expected("travel", ALL)[0], 4)
        again.put("new.md", ["travel anew"])
    third = home.other()
    assert_best(third.search("travel", 4), home.expected("travel", ALL)[0], 4)
    third.close()
    again.close()


def test_removed_vectors_are_gone_from_the_file(home: Home) -> None:
    home.put("a.md", ["travel rules"])
    home.put("b.md", ["merger salary"])
    chunk = home.truth["b.md"][1][0]
    vector = EMBEDDER.embed([chunk.indexed_text])[0].tobytes()
    path = home.folder / "vectors" / "exact.vectors"
    assert vector in path.read_bytes()
    home.remove("b.md")
    home.drop_waste()
    assert vector not in path.read_bytes()
    assert chunk.id.encode() not in path.read_bytes()


def test_a_log_that_does_not_reach_back_is_no_matter(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.changes.MOST_CHANGES", 4)
    follower = home.other()
    for n in range(12):
        home.put(f"d{n % 7}.md", [f"travel {WORDS[n % 11]} {n}"])
        if n % 5 == 0:
            assert_best(follower.search("travel", 3), home.expected("travel", ALL)[0], 3)
    home.recorder.revise()
    assert_best(follower.search("travel", 30), home.expected("travel", ALL)[0], 30)
    [(count,)] = home.catalog.database.read("select count(*) from changes")
    assert count <= 5
    follower.close()


def test_searches_run_while_another_thread_writes(home: Home) -> None:
    home.put("fixed.md", ["audit of invoices"])
    failures: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                found = home.search("audit of invoices", 1)
                assert list(found.values()) == [pytest.approx(max(found.values()), abs=1e-3)]
                assert len(home.documents("travel", 50)) >= 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(15):
        home.put(f"d{n % 4}.md", [f"travel {n} {m}" for m in range(30)])
        home.drop_waste()
    done.set()
    for thread in threads:
        thread.join(30)
    assert failures == []


def exact_index(folder: Path, dimensions: int) -> ExactIndex:
    return ExactIndex(VectorFile(folder / "file", dimensions), dimensions, lambda _: {}, lambda: None)


def unit(rows: int, dimensions: int, seed: int = 0) -> Array:
    made = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def test_the_file_is_rewritten_and_memory_compacted_when_most_is_garbage(tmp_path: Path) -> None:
    index, vectors = exact_index(tmp_path, 16), unit(9000, 16)
    ids = [f"{n:032x}" for n in range(9000)]
    index.write(ids, vectors)
    full = (tmp_path / "file").stat().st_size
    index.remove(ids[:8000])
    index.write(ids[8999:], vectors[8999:])
    assert (tmp_path / "file").stat().st_size < full / 4
    held = index.vectors_of(ids)
    assert list(held) == ids[8000:]
    assert all((held[one] == vectors[n]).all() for n, one in enumerate(ids) if n >= 8000)
    again = exact_index(tmp_path, 16)
    assert list(again.vectors_of(ids)) == ids[8000:]


@pytest.mark.parametrize("part", [1.0, 0.6, 0.05])
def test_nothing_of_the_best_is_lost_to_bytes(part: float) -> None:
    chance = random.Random(5)
    vectors = unit(4000, 384)
    codes, scales = quantize(vectors)
    rows = np.array(sorted(chance.sample(range(4000), int(4000 * part))))
    lost = 0
    for query in unit(20, 384, seed=9):
        for k in (1, 10, 100):
            best = rows[np.argsort(-(vectors[rows] @ query))[:k]]
            lost += len(set(best.tolist()) - set(nearest(codes, scales, rows, query, k).tolist()))
    assert lost == 0
