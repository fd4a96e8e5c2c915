"""Short ways to make passages and what was chosen of them, for the tests of what is composed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agents.model import Operand, Operation, Plan, Step
from agents.question import understand
from agents.rows import ChunksOf
from agents.units import Unit, units_of
from ingest.model import Chunk, Element, ElementKind, Locator
from retrieval.model import Hit
from tests.fakes import MODIFIED, make_chunk, make_document


def passage(
    title: str,
    text: str = "",
    *,
    rows: Sequence[Sequence[str]] = (),
    headings: tuple[str, ...] = (),
    modified_at: str = MODIFIED,
    superseded: bool = False,
    ordinal: int = 0,
    before: Sequence[str] = (),
) -> Hit:
    """A hit in a document of its own: a paragraph, then a table whose first row names the columns.

    `before` are the columns of a table that began in an earlier passage: then no row is its header.
    """
    document = make_document(title, text=text, modified_at=modified_at)
    lines = [text] if text else []
    elements = [Element(kind=ElementKind.PARAGRAPH, start=0, end=len(text))] if text else []
    at = len(text) + 1 if text else 0
    columns = tuple(before) or (tuple(rows[0]) if rows else ())
    for place, row in enumerate(rows):
        line = " | ".join(row)
        cells, start = [], at
        for cell in row:
            cells.append((start, start + len(cell)))
            start += len(cell) + 3
        header = place == 0 and not before
        elements.append(
            Element(
                kind=ElementKind.TABLE_ROW, start=at, end=at + len(line), cells=tuple(cells), is_header=header,
                columns=columns,
            )
        )  # fmt: skip
        lines.append(line)
        at += len(line) + 1
    whole = "\n".join(lines)
    chunk = replace(make_chunk(document, whole, ordinal=ordinal), elements=tuple(elements), headings=headings)
    why = {"superseded": 1.0} if superseded else {}
    return Hit(rank=1, score=1.0, document=document, chunk=chunk, locator=Locator(start=0, end=len(whole)), why=why)


def chunks_of(*hits: Hit) -> ChunksOf:
    """Reads the documents of these passages."""

    def read(document_id: str, first: int, last: int) -> list[Chunk]:
        chunks = [hit.chunk for hit in hits if hit.document.id == document_id]
        return [chunk for chunk in chunks if first <= chunk.ordinal <= last]

    return read


def unit(hit: Hit, words: str) -> Unit:
    """The unit of a passage that holds these words."""
    return next(one for one in units_of([hit]) if words in one.claim)


def operand(text: str, source: str | None = None) -> Operand:
    """A figure in a sentence of its own, or in `source`."""
    words = source if source is not None else text
    return Operand(text=text, span=units_of([passage("Source", words)])[0].span)


def plan(question: str, *steps: str, operation: Operation | None = None, compares: bool = False) -> Plan:
    """A plan whose steps are q1, q2 ...; the question itself without any."""
    asked = [understand(step) for step in steps or (question,)]
    return Plan(
        question=understand(question),
        steps=tuple(Step(id=f"q{at}", question=one) for at, one in enumerate(asked, 1)),
        operation=operation,
        compares=compares,
    )
