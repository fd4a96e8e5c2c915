"""CSV and TSV, verbatim: each record is a table row whose cells are spans of the decoded file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from ..model import Element, ElementKind, ParsedDocument
from .building import title_from_name
from .headers import header_row
from .refusing import refuse_empty

Span = tuple[int, int]

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_RECORDS = 30
_SEPARATOR_LINE = re.compile(r"sep=(.)[ \t]*(?:\n|\Z)", re.IGNORECASE)


def parse_delimited(name: str, text: str) -> ParsedDocument:
    """Structure a decoded CSV or TSV file. Raises `ParseError` (code `empty`) for a blank one."""
    if not text.strip():
        refuse_empty()
    begin, delimiter = 0, None
    if found := _SEPARATOR_LINE.match(text):
        begin, delimiter = found.end(), found.group(1)
    delimiter = delimiter or _sniff(text, name)
    sample = [[text[a:b] for a, b in cells] for _, cells in islice(_records(text, begin, delimiter), _SAMPLE_RECORDS)]
    header = header_row(sample)
    elements = tuple(_elements(text, begin, delimiter, header))
    if not elements:
        refuse_empty()
    return ParsedDocument(title=title_from_name(name), text=text, elements=elements, format="csv", verbatim=True)


def _elements(text: str, begin: int, delimiter: str, header: int | None) -> Iterator[Element]:
    columns: tuple[str, ...] = ()
    for index, ((start, end), cells) in enumerate(_records(text, begin, delimiter)):
        if all(text[a:b].strip() == "" for a, b in cells):
            continue
        if index == header:
            columns = tuple(" ".join(text[a:b].replace('""', '"').split()) for a, b in cells)
        row_columns = (columns + ("",) * len(cells))[: len(cells)] if columns else ()
        yield Element(
            kind=ElementKind.TABLE_ROW,
            start=start,
            end=end,
            columns=row_columns,
            cells=tuple(cells),
            is_header=index == header,
        )


def _sniff(text: str, name: str) -> str:
    """The delimiter that parts the first records into the same number of fields most often."""
    if name.lower().endswith((".tsv", ".tab")) and "\t" in text:
        return "\t"
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        widths = [len(cells) for _, cells in islice(_records(text, 0, delimiter), _SAMPLE_RECORDS)]
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = count / len(widths) * (width - 1) ** 0.5
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _records(text: str, begin: int, delimiter: str) -> Iterator[tuple[Span, list[Span]]]:
    """Records that are not blank, as (span of the record, spans of its cells without quotes)."""
    position, length = begin, len(text)
    quoted = re.compile(r'[ ]*"((?:[^"]|"")*)"[ ]*(?=' + re.escape(delimiter) + r"|\n|\Z)")
    while position < length:
        newline = text.find("\n", position)
        end = length if newline < 0 else newline
        if text.find('"', position, end) < 0:
            cells = _plain_cells(text, position, end, delimiter)
        else:
            cells, end = _quoted_cells(text, position, delimiter, quoted)
        stop = position + len(text[position:end].rstrip(" \r\n" if delimiter == "\t" else None))
        start = min(position + len(text[position:end]) - len(text[position:end].lstrip(" ")), cells[0][0])
        stop = max(stop, cells[-1][1])
        if text[position:end].strip():
            yield (start, stop), cells
        position = end + 1


def _plain_cells(text: str, start: int, end: int, delimiter: str) -> list[Span]:
    cells: list[Span] = []
    while True:
        found = text.find(delimiter, start, end)
        stop = end if found < 0 else found
        cells.append(_trim(text, start, stop))
        if found < 0:
            return cells
        start = found + 1


def _quoted_cells(text: str, start: int, delimiter: str, quoted: re.Pattern[str]) -> tuple[list[Span], int]:
    """Cells of a record that has a quote in it, and where it ends: quoted fields may hold line breaks."""
    cells: list[Span] = []
    while True:
        if found := quoted.match(text, start):
            cells.append(_trim(text, *found.span(1)))
            end = found.end()
        else:
            # A stray quote is text like any other.
            newline = text.find("\n", start)
            limit = len(text) if newline < 0 else newline
            delimited = text.find(delimiter, start, limit)
            end = limit if delimited < 0 else delimited
            cells.append(_trim(text, start, end))
        if end >= len(text) or text[end] == "\n":
            return cells, end
        start = end + 1


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    return left, max(left, start + len(piece.rstrip()))
