"""Makes units that touch into one span, and says what its reader needs besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from ingest.locating import locate
from ingest.markup import fold, prose
from ingest.model import Chunk, Document, Element, ElementKind, Locator

from .selecting import Unit

_NEAR = 300
"""Characters between two chunks that count as touching: a heading, a table's border, blank lines."""
_CONTEXT_HEADINGS = 2
_CONTEXT_CHARACTERS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Units that became one span, exactly `text`. `place` is that of its best chunk."""

    document: Document
    units: tuple[Unit, ...]
    start: int
    end: int
    text: str
    locator: Locator
    worth: float
    place: int
    chunk_ids: tuple[str, ...]


def related(headings: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether two heading paths are one section, or a section and one that holds it."""
    shorter = min(len(headings), len(others))
    return headings[:shorter] == others[:shorter]


def touching(unit: Unit, following: Unit) -> bool:
    """Whether nothing but a line or two lies between a unit and the one that follows it among the candidates."""
    one, other = unit.chunk, following.chunk
    if one.document_id != other.document_id or one.version != other.version:
        return False
    return one.id == other.id or (other.ordinal == one.ordinal + 1 and 0 <= other.start - one.end <= _NEAR)


def join(
    document: Document,
    units: Sequence[Unit],
    worth: float,
    excerpt: Callable[[str, str, int, int], str | None],
) -> Run | None:
    """Touching units as one span. None where they are of several chunks and the text between cannot be had."""
    chunks = list({unit.chunk.id: unit.chunk for unit in units}.values())
    whole: Chunk | None = chunks[0]
    if len(chunks) > 1:
        text = excerpt(document.id, chunks[0].version, chunks[0].start, chunks[-1].end)
        whole = _whole(chunks, text)
    if whole is None:
        return None
    start, end = units[0].start, units[-1].end
    best_first = sorted(units, key=lambda unit: unit.place)
    return Run(
        document=document,
        units=tuple(units),
        start=start,
        end=end,
        text=whole.text[start - whole.start : end - whole.start],
        locator=locate(whole, start, end),
        worth=worth,
        place=best_first[0].place,
        chunk_ids=tuple(dict.fromkeys(unit.chunk.id for unit in best_first)),
    )


def _whole(chunks: Sequence[Chunk], text: str | None) -> Chunk | None:
    """Neighbouring chunks as one, under the headings that they share; None when the text is not theirs."""
    first, last = chunks[0], chunks[-1]
    if text is None or len(text) != last.end - first.start:
        return None
    if any(text[c.start - first.start : c.end - first.start] != c.text for c in chunks):
        return None
    shared = takewhile(lambda names: len(set(names)) == 1, zip(*(c.headings for c in chunks), strict=False))
    return replace(
        first,
        end=last.end,
        text=text,
        headings=tuple(names[0] for names in shared),
        # A line, a cell or a page's stretch that a cut went through belongs to both.
        segments=tuple(dict.fromkeys(segment for c in chunks for segment in c.segments)),
        elements=tuple(element for c in chunks for element in c.elements),
    )


def context_lines(document: Document, units: Sequence[Unit], *, with_section: bool) -> list[str]:
    """Title and headings, the line that introduces a list, a table's column names: what is not in the text itself.

    `with_section` False leaves out the title and headings: another passage of that section shows them.
    """
    first = units[0]
    lines = []
    if with_section:
        title = fold(document.title)
        inner = first.chunk.headings[-_CONTEXT_HEADINGS:]
        names = [title, *(name for name in inner if name.casefold() != title.casefold())]
        lines.append(_short(" > ".join(name for name in names if name)))
    lead = _lead_in(first)
    if lead:
        lines.append(_short(lead))
    columns = _columns(units)
    if columns:
        lines.append(fold(" | ".join(columns)))
    return [line for line in lines if line]


def _lead_in(unit: Unit) -> str | None:
    """The line that introduces the list or table which the unit is a part of, unless it is the unit itself."""
    if unit.element.kind not in (ElementKind.LIST_ITEM, ElementKind.TABLE_ROW):
        return None
    before = [e for e in unit.chunk.elements if e.start < unit.element.start and not _listed(e)]
    if not before:
        return unit.chunk.lead_in
    words = prose(
        unit.chunk.text[before[-1].start - unit.chunk.start : before[-1].end - unit.chunk.start], unit.chunk.markup
    )
    return words.rsplit(". ", 1)[-1] if words.endswith(":") else None


def _listed(element: Element) -> bool:
    return element.kind in (ElementKind.LIST_ITEM, ElementKind.TABLE_ROW)


def _columns(units: Sequence[Unit]) -> tuple[str, ...]:
    """The column names of the first row, unless its header row stands above it in the text."""
    for unit in units:
        if unit.element.is_header:
            return ()
        if unit.element.kind is ElementKind.TABLE_ROW and any(unit.element.columns):
            return unit.element.columns
    return ()


def _short(line: str) -> str:
    """The line, cut at its start where it is long: what is nearest to the text says most."""
    return line if len(line) <= _CONTEXT_CHARACTERS else "…" + line[-_CONTEXT_CHARACTERS + 1 :]
