"""Table rows that are cited: their cells with their columns' names, and the other rows of their table.

`units` makes rows citable; `composing` and `conflicts` read figures out of them cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.markup import prose
from ingest.model import Chunk, Element, ElementKind

from .model import EvidenceSpan

ChunksOf = Callable[[str, int, int], Sequence[Chunk]]
"""The current chunks of a document whose ordinals lie between two, both included, in order."""

MOST_ROWS = 200
_MOST_CHUNKS = 8
_SHARED_COLUMNS = 3
_TOTAL = re.compile(
    r"^\W*(?:(?:sub|grand )?total|sum|all|together|gesamt\w*|summe|zusammen|insgesamt)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a cited row: its column's name ("" without one), its words as plain prose, [start, end) in the
    canonical text."""

    column: str
    text: str
    start: int
    end: int


def cells_of(span: EvidenceSpan) -> tuple[Cell, ...]:
    """The cells of a cited table row, in order; none when the span is no row."""
    element = _row_at(span)
    if element is None:
        return ()
    chunk = span.chunk
    columns = element.columns if len(element.columns) == len(element.cells) else ("",) * len(element.cells)
    return tuple(
        Cell(
            column=column,
            text=prose(chunk.text[a - chunk.start : b - chunk.start], chunk.markup).strip(),
            start=a,
            end=b,
        )
        for column, (a, b) in zip(columns, element.cells, strict=True)
    )


def is_total(cells: Sequence[Cell]) -> bool:
    """Whether a row sums up the others, so that it must not be summed with them."""
    return bool(cells) and bool(_TOTAL.match(cells[0].text))


def rows_of_table(span: EvidenceSpan, chunks_of: ChunksOf | None) -> tuple[EvidenceSpan, ...] | None:
    """All rows of the table that a cited row stands in, without its header and its totals.

    None when it is not certain that all of them are seen: the table runs on in a chunk that is not at hand, has no
    header, or is longer than `MOST_ROWS`.
    """
    home = _row_at(span)
    if home is None or not home.columns:
        return None
    before = _walk(span, home, chunks_of, step=-1)
    after = _walk(span, home, chunks_of, step=1)
    if before is None or after is None:
        return None
    rows = [*reversed(before), span, *after]
    return tuple(row for row in rows if not is_total(cells_of(row))) if len(rows) <= MOST_ROWS else None


def _walk(span: EvidenceSpan, home: Element, chunks_of: ChunksOf | None, step: int) -> list[EvidenceSpan] | None:
    """Rows from the cited one outwards, in one direction, up to where the table ends; None when that is not seen."""
    found: list[EvidenceSpan] = []
    chunk: Chunk | None = span.chunk
    at = span.chunk.elements.index(home) + step
    for _ in range(_MOST_CHUNKS):
        if chunk is None:
            return found if step > 0 else None  # after the document's end nothing follows; a header must come before
        while 0 <= at < len(chunk.elements):
            element = chunk.elements[at]
            if step < 0 and element.is_header:
                return found if set(home.columns) <= set(element.columns) else None
            if element.kind is not ElementKind.TABLE_ROW or not _of_one_table(element, home) or element.is_header:
                return found if step > 0 else None
            found.append(
                EvidenceSpan(
                    document=span.document, chunk=chunk, start=element.start, end=element.end, header=element.columns
                )
            )
            at += step
        if chunks_of is None:
            return None
        following = chunks_of(span.document.id, chunk.ordinal + step, chunk.ordinal + step)
        chunk = following[0] if following else None
        at = 0 if step > 0 or chunk is None else len(chunk.elements) - 1
    return None


def _of_one_table(element: Element, home: Element) -> bool:
    """Whether two rows have the same columns; a spreadsheet's row leaves out those of its empty cells."""
    ours, theirs = set(home.columns), set(element.columns)
    return bool(ours & theirs) and (ours <= theirs or theirs <= ours or len(ours & theirs) >= _SHARED_COLUMNS)


def _row_at(span: EvidenceSpan) -> Element | None:
    for element in span.chunk.elements:
        if element.kind is ElementKind.TABLE_ROW and (element.start, element.end) == (span.start, span.end):
            return element if not element.is_header else None
    return None
