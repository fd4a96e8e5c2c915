"""Chunks: exact spans, never past the model's limit, nothing lost, rows never without their header."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.chunking import MODEL_TOKENS, chunk_document
from ingest.encoding import chunk_from_row, chunk_to_row
from ingest.markup import plain
from ingest.model import Chunk, Element, ElementKind, Markup, ParsedDocument, RawFile, Segment
from ingest.parsing import parse
from ingest.ports import Tokenizer

RELAXED = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

WORDS = (
    "approval",
    "Reisekosten",
    "of",
    "the",
    "director",
    "EUR 1,200.50",
    "§ 4(2)",
    "naïve",
    "日本語の文書",
    "Straße",
    "https://example.com/a/very/long?path=1",
    "Ω≈ç√",
    "\u0645\u0631\u062d\u0628\u0627",
    "end.",
    "So?",
    "e\u0301te",
    "antidisestablishmentarianism",
    "\U0001f6eb",
    "x" * 30,
    "1.2.3-rc1",
)
words = st.sampled_from(WORDS)
sentence = st.lists(words, min_size=1, max_size=25).map(" ".join)
unbroken = st.builds(
    lambda piece, times: piece * times,
    st.sampled_from(("ab1-", "Überprüfung", "日本", "x", "\U0001f6eb", "no_space.", "unbelievably")),
    st.integers(1, 400),
)
prose = st.one_of(sentence, st.lists(sentence, min_size=1, max_size=15).map(". ".join), unbroken)
short = st.lists(words, min_size=1, max_size=3).map(" ".join)


@dataclass(frozen=True)
class Piece:
    kind: ElementKind
    text: str = ""
    level: int | None = None
    rows: tuple[tuple[str, ...], ...] = ()
    header: tuple[str, ...] = ()


heading = st.builds(
    lambda text, level: Piece(ElementKind.HEADING, text, level), st.one_of(short, sentence), st.integers(1, 5)
)
block = st.builds(
    lambda kind, text, colon: Piece(kind, text + ":" * colon),
    st.sampled_from((ElementKind.PARAGRAPH, ElementKind.LIST_ITEM, ElementKind.CODE)),
    prose,
    st.booleans(),
)


@st.composite
def tables(draw: st.DrawFn) -> Piece:
    width = draw(st.one_of(st.integers(1, 4), st.integers(10, 25)))
    cell = st.one_of(short, st.just(""), prose)
    header = tuple(draw(st.one_of(short, sentence)) for _ in range(width)) if draw(st.booleans()) else ()
    rows = draw(st.lists(st.tuples(*[cell] * width).filter(any), min_size=1, max_size=3))
    return Piece(ElementKind.TABLE_ROW, rows=tuple(rows), header=header)


pieces = st.lists(st.one_of(heading, block, tables()), min_size=1, max_size=7)


def compose(parts: list[Piece], title: str = "Travel policy", separator: str = " | ") -> ParsedDocument:
    """A parsed document from pieces, with one segment an element."""
    text = ""
    elements: list[Element] = []
    for part in parts:
        if part.kind is not ElementKind.TABLE_ROW:
            elements.append(Element(kind=part.kind, start=len(text), end=len(text) + len(part.text), level=part.level))
            text += part.text + "\n\n"
            continue
        for number, row in enumerate((part.header, *part.rows) if part.header else part.rows):
            cells, start = [], len(text)
            for cell in row:
                cells.append((len(text), len(text) + len(cell)))
                text += cell + separator
            text = text[: -len(separator)]
            elements.append(
                Element(
                    kind=part.kind,
                    start=start,
                    end=len(text),
                    columns=part.header,
                    cells=tuple(cells),
                    is_header=bool(part.header) and number == 0,
                )
            )
            text += "\n"
        text += "\n"
    segments = tuple(Segment(start=e.start, end=e.end, line_start=n + 1) for n, e in enumerate(elements))
    return ParsedDocument(title=title, text=text, elements=tuple(elements), format="docx", segments=segments)


def cut(parsed: ParsedDocument, tokenizer: Tokenizer) -> list[Chunk]:
    return list(chunk_document(parsed, "d1", "sha256:1", tokenizer))


def heading_paths(parsed: ParsedDocument) -> dict[int, tuple[str, ...]]:
    """The headings above each element, by its start: an oracle that knows nothing of sections."""
    path: dict[int, str] = {}
    found = {}
    for element in parsed.elements:
        if element.kind is ElementKind.HEADING:
            level = element.level or 1
            words = parsed.text[element.start : element.end]
            path = {depth: name for depth, name in path.items() if depth < level}
            path[level] = plain(words) if parsed.markup == "markdown" else " ".join(words.split())
        found[element.start] = tuple(path[depth] for depth in sorted(path))
    return found


def check(parsed: ParsedDocument, chunks: list[Chunk], tokenizer: Tokenizer) -> None:
    covered = bytearray(len(parsed.text))
    position = 0
    paths = heading_paths(parsed)
    for number, chunk in enumerate(chunks):
        assert chunk.ordinal == number
        assert position <= chunk.start < chunk.end <= len(parsed.text)
        position = chunk.end
        assert chunk.text == parsed.text[chunk.start : chunk.end]
        assert chunk.tokens == len(tokenizer([chunk.indexed_text])[0]) + 2 <= MODEL_TOKENS
        place = chunk.start
        for element in chunk.elements:
            assert place <= element.start < element.end <= chunk.end
            place = element.end
            covered[element.start : element.end] = b"\1" * (element.end - element.start)
            assert all(element.start <= a <= b <= element.end for a, b in element.cells)
            assert not element.columns or len(element.columns) == len(element.cells)
            for name in () if element.is_header else element.columns:
                assert " ".join(name.split()) in " ".join(chunk.indexed_text.split())
            owner = next(e for e in parsed.elements if e.start <= element.start < e.end)
            assert owner.kind is element.kind
            assert chunk.headings == paths[owner.start]
            if owner.columns and not owner.is_header:
                assert element.columns, "a part of a row has lost its column names"
        assert all(s.end > chunk.start and s.start < chunk.end for s in chunk.segments)
    headings = {name for chunk in chunks for name in chunk.headings}
    for element in parsed.elements:
        if element.kind is ElementKind.HEADING and not all(covered[element.start : element.end]):
            assert paths[element.start][-1] in headings
            continue
        spans = element.cells or ((element.start, element.end),)
        for start, end in spans:
            lost = [parsed.text[at] for at in range(start, end) if not covered[at] and not parsed.text[at].isspace()]
            assert not lost
    assert chunks == cut(parsed, tokenizer)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    for chunk in chunks:
        body = chunk_to_row(chunk)
        assert chunk_from_row(chunk.id, chunk.document_id, chunk.version, chunk.ordinal, body) == chunk


@RELAXED
@given(
    parts=pieces,
    title=st.one_of(short, sentence, st.just("")),
    markup=st.sampled_from(("plain", "markdown")),
    separator=st.sampled_from((" | ", ",", "\t", '","')),
)
def test_chunks_of_any_document_are_exact_whole_and_fit(
    tokenizer: Tokenizer, parts: list[Piece], title: str, markup: Markup, separator: str
) -> None:
    parsed = compose(parts, title, separator)
    if markup == "markdown":
        parsed = ParsedDocument(
            title=title, text=parsed.text, elements=parsed.elements, format="markdown", verbatim=True, markup="markdown"
        )
    check(parsed, cut(parsed, tokenizer), tokenizer)


def as_markdown(part: Piece) -> str:
    match part.kind:
        case ElementKind.HEADING:
            return "#" * (part.level or 1) + " " + part.text
        case ElementKind.LIST_ITEM:
            return "- " + part.text
        case ElementKind.CODE:
            return f"```\n{part.text}\n```"
        case ElementKind.TABLE_ROW:
            header = part.header or ("",) * len(part.rows[0])
            lines = ["| " + " | ".join(row) + " |" for row in (header, *part.rows)]
            return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])
        case _:
            return part.text


@RELAXED
@given(parts=pieces)
def test_chunks_of_any_markdown_file_are_exact_whole_and_fit(tokenizer: Tokenizer, parts: list[Piece]) -> None:
    source = "\n\n".join(as_markdown(part) for part in parts) + "\n"
    parsed = parse(RawFile(name="policy.md", data=source.encode()))
    check(parsed, cut(parsed, tokenizer), tokenizer)


@RELAXED
@given(table=tables(), quoted=st.booleans())
def test_chunks_of_any_csv_file_are_exact_whole_and_fit(tokenizer: Tokenizer, table: Piece, quoted: bool) -> None:
    def line(row: tuple[str, ...]) -> str:
        return ",".join('"' + c.replace('"', '""') + '"' if quoted or "," in c else c for c in row)

    source = "\n".join(line(row) for row in ((table.header, *table.rows) if table.header else table.rows)) + "\n"
    parsed = parse(RawFile(name="rates.csv", data=source.encode()))
    check(parsed, cut(parsed, tokenizer), tokenizer)


marked = st.lists(
    st.sampled_from(
        (
            "**bold",
            "text**",
            "- foo",
            "1. Bar.",
            "> quote",
            "[a",
            "link](http://x.org/a_b)",
            "`code",
            "more`",
            "\n",
            "*it*.",
            "_x_",
            "# no",
            "&amp;",
            "<b>",
            "</b>",
            "| cell |",
            "~~",
            "word.",
            "![",
            "x](y)",
            "\\*",
            "a_b_c.",
            "http://e.org/x_y.",
        )
    ),
    min_size=1,
    max_size=300,
).map(" ".join)


@RELAXED
@given(text=marked)
def test_markup_cut_in_the_middle_still_fits(tokenizer: Tokenizer, text: str) -> None:
    stripped = text.strip()
    if not stripped:
        return
    parsed = ParsedDocument(
        title="T",
        text=stripped,
        format="markdown",
        verbatim=True,
        markup="markdown",
        elements=(Element(kind=ElementKind.PARAGRAPH, start=0, end=len(stripped)),),
    )
    check(parsed, cut(parsed, tokenizer), tokenizer)


def test_a_wide_row_is_cut_between_cells_and_each_part_keeps_the_names_of_its_own_columns(tokenizer: Tokenizer) -> None:
    header = tuple(f"Quarter {n} revenue in euros" for n in range(40))
    row = tuple(f"{n},{n:03} euros" for n in range(40))
    parsed = compose([Piece(ElementKind.TABLE_ROW, rows=(row,), header=header)])
    parts = [e for chunk in cut(parsed, tokenizer) for e in chunk.elements if not e.is_header]
    assert len(parts) > 1
    assert tuple(name for part in parts for name in part.columns) == header
    for part in parts:
        for name, (start, end) in zip(part.columns, part.cells, strict=True):
            assert row[header.index(name)] == parsed.text[start:end]


def test_a_long_cell_keeps_its_column_name_in_every_chunk(tokenizer: Tokenizer) -> None:
    long = " ".join(f"Clause {n} applies to all staff." for n in range(120))
    parsed = compose([Piece(ElementKind.TABLE_ROW, rows=(("Annex", long),), header=("Part", "Terms of employment"))])
    chunks = cut(parsed, tokenizer)
    assert len(chunks) > 3
    assert all("Terms of employment" in chunk.indexed_text for chunk in chunks if "Clause" in chunk.text)


def test_a_table_of_one_column_keeps_its_name_when_a_cell_is_cut(tokenizer: Tokenizer) -> None:
    long = " ".join(f"Clause {n} applies to all staff." for n in range(120))
    chunks = cut(compose([Piece(ElementKind.TABLE_ROW, rows=((long,),), header=("Terms",))]), tokenizer)
    assert len(chunks) > 3
    assert all("Terms" in chunk.indexed_text for chunk in chunks)


def test_a_header_row_is_not_repeated_beside_its_own_rows(tokenizer: Tokenizer) -> None:
    parsed = compose([Piece(ElementKind.TABLE_ROW, rows=(("Paris", "120"), ("Rome", "110")), header=("City", "Limit"))])
    [chunk] = cut(parsed, tokenizer)
    assert chunk.indexed_text.count("Limit") == 1


def test_a_heading_with_nothing_below_it_is_a_chunk_of_its_own(tokenizer: Tokenizer) -> None:
    parsed = compose(
        [
            Piece(ElementKind.HEADING, "Scope", 1),
            Piece(ElementKind.HEADING, "Appeals", 1),
            Piece(ElementKind.PARAGRAPH, "Write to the director."),
        ]
    )
    assert [(chunk.text, chunk.headings) for chunk in cut(parsed, tokenizer)] == [
        ("Scope", ("Scope",)),
        ("Write to the director.", ("Appeals",)),
    ]


def test_an_item_cut_off_from_the_line_that_introduces_its_list_is_indexed_with_it(tokenizer: Tokenizer) -> None:
    items = [Piece(ElementKind.LIST_ITEM, f"Receipt number {n} for the taxi to the airport.") for n in range(40)]
    chunks = cut(compose([Piece(ElementKind.PARAGRAPH, "Please note. Hand in these:"), *items]), tokenizer)
    assert len(chunks) > 1
    assert [chunk.lead_in for chunk in chunks] == [None] + ["Hand in these:"] * (len(chunks) - 1)
    assert all("Hand in these:" in chunk.indexed_text for chunk in chunks)
    assert all("Hand in these:" not in chunk.text for chunk in chunks[1:])


def test_the_first_line_of_a_verbatim_document_counts_its_newlines(tokenizer: Tokenizer) -> None:
    source = "# Trips\n\nFly economy.\n\n## Hotels\n\nUp to 120 EUR.\n"
    chunks = cut(parse(RawFile(name="t.md", data=source.encode())), tokenizer)
    assert [(chunk.first_line, chunk.headings[-1]) for chunk in chunks] == [(3, "Trips"), (7, "Hotels")]


def test_another_version_has_other_chunk_ids(tokenizer: Tokenizer) -> None:
    parsed = compose([Piece(ElementKind.PARAGRAPH, "Fly economy.")])
    found = [next(chunk_document(parsed, "d", *made)).id for made in (("v1", tokenizer), ("v2", tokenizer))]
    found.append(next(chunk_document(parsed, "d", "v1", tokenizer, "another pipeline")).id)
    assert len(set(found)) == 3


def test_a_document_without_elements_has_no_chunks(tokenizer: Tokenizer) -> None:
    assert cut(compose([]), tokenizer) == []


@pytest.mark.parametrize("text", ["z" * 5000, "日本語" * 900, "-" * 3000, "a1" * 40 + " " + "Überprüfung" * 300])
def test_text_without_spaces_is_kept_whole(tokenizer: Tokenizer, text: str) -> None:
    parsed = compose([Piece(ElementKind.PARAGRAPH, text)])
    check(parsed, cut(parsed, tokenizer), tokenizer)
