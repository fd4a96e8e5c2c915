"""Packing evidence: the best within a budget, in exact spans, nothing said twice."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.sentences import split_sentences
from ingest.catalog import Catalog
from ingest.locating import locate
from ingest.model import Chunk, Document, Element, ElementKind, Segment
from ingest.recording import Recorder
from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder
from retrieval.model import Hit, Passage
from retrieval.packing import Packer
from retrieval.selecting import Embed
from tests.fakes import FakeEmbedder, make_chunk, make_document, store

Kind = ElementKind
Line = tuple[ElementKind, str]


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@dataclass
class Shelf:
    """Documents cut into chunks, as a catalog holds them. A section is (headings, the lines of each of its chunks)."""

    embed: Embed | None = None

    def __post_init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.chunks: dict[tuple[str, int], Chunk] = {}
        self.asked: set[str] = set()

    def add(self, name: str, *sections: tuple[tuple[str, ...], Sequence[Sequence[str | Line]]]) -> Document:
        text, made = "", []
        for headings, chunks in sections:
            text += "".join(f"## {heading}\n\n" for heading in headings[-1:])
            for lines in chunks:
                start, elements = len(text), []
                for line in lines:
                    kind, content = line if isinstance(line, tuple) else (Kind.PARAGRAPH, line)
                    columns = ("Item", "Limit") if kind is Kind.TABLE_ROW else ()
                    elements.append(Element(kind=kind, start=len(text), end=len(text) + len(content), columns=columns))
                    text += content + "\n"
                made.append((headings, start, elements))
        document = make_document(name, text=text)
        self.texts[document.id] = text
        for ordinal, (headings, start, elements) in enumerate(made):
            chunk = make_chunk(document, text[start : elements[-1].end], start=start, ordinal=ordinal)
            line = text.count("\n", 0, start) + 1
            self.chunks[document.id, ordinal] = replace(
                chunk, headings=headings, elements=tuple(elements), first_line=line
            )
        return document

    def hits(self, *places: tuple[Document, int]) -> list[Hit]:
        return [
            Hit(
                rank=rank,
                score=round(1 / rank, 4),
                document=document,
                chunk=self.chunks[document.id, ordinal],
                locator=locate(chunk := self.chunks[document.id, ordinal], chunk.start, chunk.end),
                why={},
            )
            for rank, (document, ordinal) in enumerate(places, start=1)
        ]

    def chunks_of(self, document_id: str, first: int, last: int) -> list[Chunk]:
        self.asked.add(document_id)
        numbers = range(first, last + 1)
        return [self.chunks[document_id, n] for n in numbers if (document_id, n) in self.chunks]

    def excerpt(self, document_id: str, version: str, start: int, end: int) -> str | None:
        self.asked.add(document_id)
        return self.texts[document_id][start:end]

    def pack(self, query: str, hits: Sequence[Hit], budget: int, *, keep_repeats: bool = False) -> list[Passage]:
        self.asked.clear()
        packer = Packer(
            count=words,
            split=split_sentences,
            chunks_of=self.chunks_of,
            excerpt=self.excerpt,
            embed=self.embed,
            keep_repeats=keep_repeats,
        )
        found = packer.pack(query, hits, budget)
        self.check(found, hits, budget)
        return found

    def check(self, found: Sequence[Passage], hits: Sequence[Hit], budget: int) -> None:
        """What holds of every packing."""
        assert sum(passage.tokens for passage in found) <= max(0, budget)
        versions = {hit.document.id: hit.chunk.version for hit in hits}
        assert self.asked <= set(versions)
        for passage in found:
            text = self.texts[passage.document.id]
            assert passage.text == text[passage.start : passage.end]
            assert passage.text.strip() == passage.text != ""
            assert passage.document.version == versions[passage.document.id]
            assert (passage.locator.start, passage.locator.end) == (passage.start, passage.end)
            assert passage.locator.line_start == text.count("\n", 0, passage.start) + 1
            assert passage.locator.line_end == text.count("\n", 0, passage.end - 1) + 1
            assert passage.tokens == sum(words([passage.context, passage.text]))
            assert passage.chunk_ids
        assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
        for document_id in versions:
            spans = sorted((p.start, p.end) for p in found if p.document.id == document_id)
            assert all(end <= start for (_, end), (start, _) in pairwise(spans))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def texts(found: Sequence[Passage]) -> list[str]:
    return [passage.text for passage in found]


def test_what_fits_is_packed_whole_and_touching_hits_become_one_span(shelf: Shelf) -> None:
    a = shelf.add(
        "a", (("Hotels",), [["A hotel costs 120 EUR."], ["Breakfast is included."], ["Bills go to finance."]])
    )
    b = shelf.add("b", (("Trains",), [["Trains are booked early."]]))
    found = shelf.pack("what may a hotel cost", shelf.hits((a, 0), (b, 0), (a, 1), (a, 2)), 100)
    assert texts(found) == [
        "A hotel costs 120 EUR.\nBreakfast is included.\nBills go to finance.",
        "Trains are booked early.",
    ]
    assert [passage.context for passage in found] == ["a > Hotels", "b > Trains"]
    assert found[0].chunk_ids == tuple(shelf.chunks[a.id, n].id for n in range(3))
    assert found[0].locator.headings == ("Hotels",)


def test_the_gap_between_two_good_neighbours_is_filled_and_the_best_grow_within_their_section(shelf: Shelf) -> None:
    a = shelf.add(
        "a",
        (("Hotels",), [["One rule."], ["Two rules."], ["Three rules."], ["Four rules."]]),
        (("Trains",), [["Another matter."]]),
    )
    [passage] = shelf.pack("rules", shelf.hits((a, 0), (a, 2)), 100)
    assert passage.text == "One rule.\nTwo rules.\nThree rules.\nFour rules."
    [passage] = shelf.pack("rules", shelf.hits((a, 3)), 100)
    assert passage.text == "Three rules.\nFour rules."


def test_hits_of_two_sections_that_touch_merge_with_the_heading_between(shelf: Shelf) -> None:
    a = shelf.add("a", (("Trips", "Hotels"), [["A hotel costs 120."]]), (("Trips", "Trains"), [["Trains are cheap."]]))
    [passage] = shelf.pack("hotel", shelf.hits((a, 0), (a, 1)), 100)
    assert passage.text == "A hotel costs 120.\n## Trains\n\nTrains are cheap."
    assert passage.locator.headings == ("Trips",)
    assert passage.context == "a > Trips > Hotels"


def test_a_tight_budget_keeps_the_sentences_that_matter(shelf: Shelf) -> None:
    long = (
        "The company was founded in Hull. Its offices are large and bright. A hotel may cost 120 EUR a night. "
        "The canteen opens at noon. Visitors sign a book at the door."
    )
    a = shelf.add("a", (("Rules",), [[long]]))
    found = shelf.pack("what may a hotel cost a night", shelf.hits((a, 0)), 14)
    assert texts(found) == ["A hotel may cost 120 EUR a night."]
    assert found[0].locator.headings == ("Rules",)
    # Too little even for the context: the sentence alone.
    [alone] = shelf.pack("what may a hotel cost a night", shelf.hits((a, 0)), 8)
    assert (alone.text, alone.context) == ("A hotel may cost 120 EUR a night.", "")
    assert len(shelf.pack("what may a hotel cost a night", shelf.hits((a, 0)), 100)) == 1


def test_a_text_without_sentences_is_distilled_too(shelf: Shelf) -> None:
    lower = (
        "the first part tells of nothing much at all and goes on for long. " * 4 + "the lapwing plan costs 40 million. "
    )
    a = shelf.add("a", ((), [[lower + "another part tells of nothing much at all and goes on. " * 4]]))
    found = shelf.pack("lapwing plan", shelf.hits((a, 0)), 20)
    assert "the lapwing plan costs 40 million." in found[0].text


@pytest.mark.parametrize("budget", [0, -1])
def test_no_budget_and_no_hits_give_nothing(shelf: Shelf, budget: int) -> None:
    a = shelf.add("a", ((), [["One rule."]]))
    assert shelf.pack("rule", shelf.hits((a, 0)), budget) == []
    assert shelf.pack("rule", [], 100) == []
    assert shelf.pack("rule", shelf.hits((a, 0)), 1) == []


def test_what_is_said_twice_is_packed_once_unless_it_is_short(shelf: Shelf) -> None:
    rule = "A hotel may cost 120 EUR a night everywhere."
    a = shelf.add("a", (("Rules",), [[rule + " Yes."]]))
    b = shelf.add("b", (("Rules",), [["New here. " + rule + " Yes."]]))
    found = shelf.pack("hotel cost", shelf.hits((a, 0), (b, 0)), 100)
    assert texts(found) == [rule + " Yes.", "New here.", "Yes."]
    kept = shelf.pack("hotel cost", shelf.hits((a, 0), (b, 0)), 100, keep_repeats=True)
    assert texts(kept) == [rule + " Yes.", "New here. " + rule + " Yes."]


def test_rows_keep_their_column_names_and_equal_rows_of_other_tables_stay(shelf: Shelf) -> None:
    rows: list[Line] = [(Kind.TABLE_ROW, "Hotel | 120"), (Kind.TABLE_ROW, "Meal | 60")]
    more: list[Line] = [(Kind.TABLE_ROW, "Train | 90")]
    a = shelf.add("a", (("Norway",), [rows, more]))
    b = shelf.add("b", (("Germany",), [rows]))
    found = shelf.pack("hotel limit", shelf.hits((a, 0), (a, 1), (b, 0)), 100)
    assert texts(found) == ["Hotel | 120\nMeal | 60\nTrain | 90", "Hotel | 120\nMeal | 60"]
    assert found[0].context == "a > Norway\nItem | Limit"
    assert found[1].context == "b > Germany\nItem | Limit"
    header = replace(shelf.chunks[a.id, 0].elements[0], is_header=True)
    shelf.chunks[a.id, 0] = replace(shelf.chunks[a.id, 0], elements=(header, *shelf.chunks[a.id, 0].elements[1:]))
    assert shelf.pack("hotel limit", shelf.hits((a, 0)), 100)[0].context == "a > Norway"


def test_a_list_item_comes_with_the_line_that_introduces_it(shelf: Shelf) -> None:
    items: list[str | Line] = [
        "These need the approval of a director:",
        *(
            (Kind.LIST_ITEM, f"- {what} of every kind and in all the places that we know")
            for what in ("Trips", "Flights")
        ),
    ]
    a = shelf.add("a", ((), [items]))
    [passage] = shelf.pack("flights", shelf.hits((a, 0)), 21)
    assert passage.text.startswith("- Flights")
    assert passage.context == "a\nThese need the approval of a director:"


def test_a_section_is_named_once(shelf: Shelf) -> None:
    filler = "Nothing of note is written in this rather long sentence about other matters."
    a = shelf.add("a", (("Rules",), [["A hotel costs 120 EUR. " + f"{filler} " * 3 + "A hotel bill goes to finance."]]))
    found = shelf.pack("hotel", shelf.hits((a, 0)), 20)
    assert {passage.context for passage in found} == {"a > Rules", ""}
    assert found[0].context == "a > Rules"


def test_another_version_of_a_hit_is_never_mixed_in(shelf: Shelf) -> None:
    a = shelf.add("a", ((), [["One rule."], ["Two rules."]]))
    hits = shelf.hits((a, 0))
    shelf.chunks[a.id, 1] = replace(shelf.chunks[a.id, 1], version="sha256:new")
    assert texts(shelf.pack("rule", hits, 100)) == ["One rule."]


def test_where_the_text_between_is_gone_spans_stay_apart(shelf: Shelf) -> None:
    a = shelf.add("a", ((), [["One rule."], ["Two rules."]]))
    shelf.excerpt = lambda *_: None  # type: ignore[method-assign]
    assert sorted(texts(shelf.pack("rule", shelf.hits((a, 0), (a, 1)), 100))) == ["One rule.", "Two rules."]


def test_pages_of_merged_chunks_are_all_located() -> None:
    text = "A hotel costs 120 EUR.\nBreakfast is included."
    document = make_document("a.pdf", text=text)
    chunks = []
    for ordinal, (start, end) in enumerate(((0, 22), (23, 45))):
        chunk = make_chunk(document, text[start:end], start=start, ordinal=ordinal, first_line=None)
        chunks.append(
            replace(chunk, segments=(Segment(start=start, end=end, page=ordinal + 1, line_start=ordinal + 1),))
        )
    hits = [
        Hit(rank=n, score=1.0, document=document, chunk=c, locator=locate(c, c.start, c.end), why={})
        for n, c in enumerate(chunks, 1)
    ]
    packer = Packer(count=words, split=split_sentences, chunks_of=lambda *_: [], excerpt=lambda _, __, a, b: text[a:b])
    [passage] = packer.pack("hotel", hits, 50)
    assert (passage.text, passage.locator.page) == (text, 1)


def test_a_catalog_gives_neighbours_and_the_text_between(tmp_path: Path) -> None:
    shelf = Shelf()
    a = shelf.add("a", (("Hotels",), [["One rule für Größe."], ["Two rules."], ["Three rules."], ["Four rules."]]))
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        access_id = Recorder(catalog).access_id(a.access)
        store(catalog, replace(a, access_id=access_id), list(shelf.chunks.values()), shelf.texts[a.id])
        assert catalog.chunks_of(a.id, -1, 1) == shelf.chunks_of(a.id, 0, 1)
        assert catalog.chunks_of("nothing", 0, 9) == []
        assert catalog.excerpt(a.id, a.version, 14, 18) == shelf.texts[a.id][14:18]
        assert catalog.excerpt(a.id, "sha256:other", 0, 5) is None
        packer = Packer(count=words, split=split_sentences, chunks_of=catalog.chunks_of, excerpt=catalog.excerpt)
        found = packer.pack("rules", shelf.hits((a, 0), (a, 2)), 100)
    shelf.check(found, shelf.hits((a, 0)), 100)
    assert texts(found) == ["One rule für Größe.\nTwo rules.\nThree rules.\nFour rules."]


def test_the_models_own_tokens_bound_it_and_meaning_chooses(
    tokenizer: ModelTokenizer, embedder: OpenVinoEmbedder
) -> None:
    shelf = Shelf(embed=embedder.embed)
    a = shelf.add(
        "a",
        (
            (),
            [["The garden is watered on Mondays. Overnight stays are paid up to 120 EUR. The gate is painted green."]],
        ),
    )
    packer = Packer(
        count=lambda given: [len(offsets) for offsets in tokenizer(given)],
        split=split_sentences,
        chunks_of=shelf.chunks_of,
        excerpt=shelf.excerpt,
        embed=embedder.embed,
    )
    [passage] = packer.pack("hotel price limit", shelf.hits((a, 0)), 16)
    assert passage.text == "Overnight stays are paid up to 120 EUR."
    assert passage.tokens == len(tokenizer([f"{passage.context}\n{passage.text}"])[0]) <= 16


SENTENCES = st.sampled_from(
    [
        "A hotel may cost 120 EUR.",
        "Trains are booked early by everyone who travels far.",
        "Yes.",
        "no capitals here at all; " * 14,
        "Der Vorstand genehmigt Reisen über 2.000 EUR.",
        "x" * 600,
        "日本語の文書。",
    ]
)
LINES = st.tuples(
    st.sampled_from([Kind.PARAGRAPH, Kind.LIST_ITEM, Kind.TABLE_ROW, Kind.CODE]),
    st.lists(SENTENCES, min_size=1, max_size=4).map(" ".join).map(str.strip),
)
SECTIONS = st.tuples(
    st.lists(st.sampled_from(["Trips", "Hotels", "Trains"]), max_size=2).map(tuple),
    st.lists(st.lists(LINES, min_size=1, max_size=4), min_size=1, max_size=4),
)
SHELVES = st.lists(st.lists(SECTIONS, min_size=1, max_size=3), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(SHELVES, st.integers(0, 200), st.booleans(), st.booleans(), st.data())
def test_whatever_comes_the_budget_holds_and_spans_are_exact_and_disjoint(
    documents: list[list[tuple[tuple[str, ...], list[list[Line]]]]],
    budget: int,
    with_meaning: bool,
    keep_repeats: bool,
    data: st.DataObject,
) -> None:
    shelf = Shelf(embed=FakeEmbedder().embed if with_meaning else None)
    made = [shelf.add(f"d{n}", *sections) for n, sections in enumerate(documents)]
    places = [
        (document, ordinal)
        for document in made
        for ordinal in range(sum(1 for i, _ in shelf.chunks if i == document.id))
    ]
    order = data.draw(st.permutations(places))
    hits = shelf.hits(*order[: data.draw(st.integers(0, len(order)))])
    found = shelf.pack("what may a hotel cost", hits, budget, keep_repeats=keep_repeats)
    assert found == shelf.pack("what may a hotel cost", hits, budget, keep_repeats=keep_repeats)
    said = [passage.text for passage in found if len(passage.text.split()) > 8 and " | " not in passage.context]
    assert keep_repeats or len(said) == len(set(said))
