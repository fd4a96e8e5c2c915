"""Searching as one person: what that person may not read does not exist."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ingest.catalog import Catalog
from ingest.model import Access, Chunk, Document
from ingest.recording import Recorder
from retrieval.access import Principal, readable
from retrieval.errors import FilterError
from retrieval.index import ChunkIndex
from retrieval.lexical import LexicalIndex
from retrieval.model import Hit, IndexFilter, Query
from retrieval.ports import Scored
from retrieval.searching import Searcher, SearchSettings
from retrieval.vectors import VectorIndex
from tests.fakes import EVERYONE, FakeEmbedder, index_chunks, make_chunk, make_document, store

ADMIN = Principal(admin=True)
BOARD = Access(allow=("group:board",))
WORDS = ("travel", "hotel", "flight", "meal", "approval", "director", "euro", "invoice", "audit", "merger", "salary")


@dataclass
class House:
    """A catalog and both indexes, and a searcher on them."""

    folder: Path
    documents: dict[str, Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.catalog = Catalog(self.folder / "catalog.sqlite")
        self.index = ChunkIndex(
            VectorIndex(self.folder / "vectors", FakeEmbedder()), LexicalIndex(self.folder / "lexical")
        )
        self.searcher = Searcher(self.catalog, self.index, SearchSettings())

    def put(self, name: str, *texts: str, access: Access = EVERYONE, **about: str) -> Document:
        document = make_document(
            name, access=access, access_id=Recorder(self.catalog).access_id(access), text="\n".join(texts), **about
        )
        chunks: list[Chunk] = []
        for text in texts:
            start = chunks[-1].end + 1 if chunks else 0
            chunks.append(make_chunk(document, text, start=start, ordinal=len(chunks)))
        index_chunks(self.index, document, chunks)
        store(self.catalog, document, chunks, "\n".join(texts))
        self.documents[name] = document
        return document

    def find(self, text: str, principal: Principal = ADMIN, k: int = 10, **where: str) -> list[Hit]:
        return self.searcher.search(Query(text=text, principal=principal, k=k, where=where))

    def close(self) -> None:
        self.index.close()
        self.catalog.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def titles(hits: list[Hit]) -> list[str]:
    return [hit.document.title for hit in hits]


def test_hits_are_ranked_and_say_where_and_why(house: House) -> None:
    house.put("hotel.md", "Hotels cost at most 120 euros.", "Breakfast is included.")
    house.put("train.md", "Take the train within the country.")
    hits = house.find("what may hotels cost")
    assert titles(hits)[0] == "hotel.md"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert set(hits[0].why) == {"dense", "lexical", "document", "title"}
    assert all(0 < value <= 1 for value in hits[0].why.values())
    assert "lexical" not in hits[-1].why
    assert (hits[0].locator.start, hits[0].locator.end, hits[0].locator.line_start) == (0, 30, 1)


def test_filters_hold_and_an_unknown_one_is_told(house: House) -> None:
    house.put("a.md", "travel rules", source="handbook", file_format="markdown")
    document = house.put("b.pdf", "travel rules", source="finance", file_format="pdf")
    assert titles(house.find("travel rules", source="finance")) == ["b.pdf"]
    assert titles(house.find("travel rules", format="markdown")) == ["a.md"]
    assert titles(house.find("travel rules", document=document.id)) == ["b.pdf"]
    assert house.find("travel rules", source="finance", format="markdown") == []
    with pytest.raises(FilterError, match="sources"):
        house.find("travel rules", sources="finance")


def test_a_chunk_that_the_catalog_does_not_name_is_never_returned(house: House) -> None:
    document = house.put("a.md", "travel rules")
    stray = make_chunk(document, "travel rules of yesterday", start=500)
    index_chunks(house.index, document, [stray])
    assert titles(house.find("travel rules of yesterday")) == ["a.md"]
    Recorder(house.catalog).remove([document.id])
    assert house.find("travel rules") == []


def test_a_chunk_that_one_index_lacks_is_found_by_the_other(house: House) -> None:
    house.put("a.md", "travel rules")
    ids = list(house.index.vectors.ids())
    house.index.vectors.remove(ids)
    assert titles(house.find("travel rules")) == ["a.md"]
    assert house.find("travel rules")[0].why.keys() == {"lexical", "document"}


def test_access_that_was_narrowed_in_the_catalog_alone_holds_at_once(house: House) -> None:
    ana = Principal(user="ana")
    document = house.put("a.md", "travel rules")
    assert titles(house.find("travel rules", ana)) == ["a.md"]
    Recorder(house.catalog).set_access(document.id, Recorder(house.catalog).access_id(BOARD))
    assert house.find("travel rules", ana) == []
    house.index.set_access(
        list(house.catalog.chunks(house.catalog.chunk_ids()).values()),
        {document.id: replace(document, access_id=Recorder(house.catalog).access_id(BOARD))},
    )
    assert titles(house.find("travel rules", Principal(groups=frozenset({"board"})))) == ["a.md"]


def test_a_search_sees_one_version_of_a_document_that_is_replaced_meanwhile(house: House) -> None:
    house.put("rules.md", "travel rules of May")
    look, replaced = house.index.lexical.search, False

    def look_then_replace(text: str, k: int, only: IndexFilter) -> Scored:
        nonlocal replaced
        found = look(text, k, only)
        if not replaced:
            replaced = True
            house.put("rules.md", "travel rules of June")
        return found

    house.index.lexical.search = look_then_replace  # type: ignore[method-assign]
    assert [hit.chunk.text for hit in house.find("travel rules")] == ["travel rules of June"]


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_no_hits_gives_none(house: House, k: int) -> None:
    house.put("a.md", "travel rules")
    assert house.find("travel rules", k=k) == []


def test_an_empty_house_finds_nothing(house: House) -> None:
    assert house.find("travel rules") == []
    assert house.find("travel rules", Principal(user="ana")) == []


def test_nobody_reads_a_document_without_access_but_an_admin() -> None:
    nobody, named = Principal(), Principal(user="everyone", groups=frozenset({"user:ana"}))
    assert not nobody.may_read(Access())
    assert not named.may_read(Access(allow=("group:everyone", "user:ana")))
    assert not nobody.may_read(Access(allow=("user:None", "user:", "group:")))
    assert nobody.may_read(EVERYONE)
    assert ADMIN.may_read(Access())
    assert readable(ADMIN, {1: Access()}) is None
    assert readable(nobody, {1: Access(), 2: EVERYONE}) == frozenset({2})


def allowed(user: str | None, groups: set[str], allow: tuple[str, ...]) -> bool:
    """The rule once more, in other words."""
    for entry in allow:
        kind, _, name = entry.partition(":")
        if entry == "everyone" or (kind == "user" and name == user) or (kind == "group" and name in groups):
            return True
    return False


@pytest.mark.parametrize("seed", range(6))
def test_what_may_not_be_read_does_not_exist(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = ["everyone", "user:ana", "user:bo", "group:hr", "group:board", "group:ana"]
    plan = [
        (
            f"d{n}.md",
            tuple(chance.sample(names, chance.choice([0, 1, 1, 2]))),
            [" ".join(chance.choices(WORDS, k=6)) for _ in range(chance.randint(1, 3))],
        )
        for n in range(14)
    ]
    house = House(tmp_path / "all")
    for name, allow, texts in plan:
        house.put(name, *texts, access=Access(allow=allow))
    for number, (user, groups) in enumerate([("ana", set()), ("bo", {"hr"}), (None, {"board", "hr"}), ("cy", set())]):
        person = Principal(user=user, groups=frozenset(groups))
        alone = House(tmp_path / f"alone{number}")
        mine = {name for name, allow, _ in plan if allowed(user, groups, allow)}
        for name, allow, texts in plan:
            if name in mine:
                alone.put(name, *texts, access=Access(allow=allow))
        for text in (" ".join(chance.choices(WORDS, k=3)), "salary of the director"):
            hits, only = house.find(text, person, k=60), alone.find(text, person, k=60)
            assert set(titles(hits)) <= mine
            assert {hit.chunk.id for hit in hits} == {hit.chunk.id for hit in only}
            assert {hit.chunk.id for hit in hits} == set(alone.catalog.chunk_ids())
            assert {hit.chunk.id: hit.why["dense"] for hit in hits} == {
                hit.chunk.id: pytest.approx(hit.why["dense"], abs=1e-3) for hit in only
            }
            few = house.find(text, person, k=3)
            assert few == hits[:3]
        alone.close()
    assert len(house.find("salary", k=60)) == house.catalog.counts()[1]
    house.close()


def test_how_rare_a_word_is_counts_only_what_the_asker_may_read(house: House) -> None:
    house.put("a.md", "The travel desk books flights.", "The travel desk is in Hull.")
    house.put("b.md", "Project Lapwing is a merger.", access=BOARD)
    for_all, for_board = (
        house.searcher.rarity(Principal()),
        house.searcher.rarity(Principal(groups=frozenset({"board"}))),
    )
    assert for_all("Lapwing") == for_all("Heron") == 1.0
    assert for_board("Lapwing") < for_board("Heron") == 1.0
    assert for_all("travel") == 0.0 < for_board("travel")
    assert for_all("flight") == for_all("flights")
    assert house.searcher.rarity(Principal(user="x", groups=frozenset()))("") == 1.0


def test_a_superseded_document_ranks_below_the_one_in_force_and_says_so(house: House) -> None:
    house.put("Travel policy 2023", "Hotels cost at most 100 euros.")
    house.put("Travel policy", "This policy replaces the Travel policy 2023.", "Hotels cost at most 120 euros.")
    hits = house.find("what may hotels cost")
    assert hits[0].document.title == "Travel policy"
    assert ["superseded" in hit.why for hit in hits if hit.document.title == "Travel policy 2023"] == [True]
    assert not any("superseded" in hit.why for hit in house.find("what did hotels cost in 2023"))
