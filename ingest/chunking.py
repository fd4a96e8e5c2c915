"""Cuts a parsed document into chunks: at headings, paragraphs, list items and rows, never past the model's limit.

A chunk is a contiguous span of the canonical text under one heading path. What the reader of that span would
need to understand it, the title, the headings, the line that introduces a list and the column names of a table,
is put before it in `indexed_text` and counted in its tokens, but is no part of its text.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .markup import fold, prose
from .model import Chunk, Element, ElementKind, ParsedDocument, Segment
from .outline import introductions, sections
from .ports import Tokenizer

MODEL_TOKENS = 256
"""What all-MiniLM-L6-v2 reads, special tokens included; it drops the rest without a word."""
SPECIAL_TOKENS = 2
CONTEXT_TOKENS = 72
"""Title and headings may take this much; longer ones are shortened from the outside in."""

_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """The smallest unit that is packed: an element or a part of one, with the cost of its plain text.

    `header` is what the line with its column names costs where it is needed.
    """

    element: Element
    words: str
    tokens: int
    header: int


def chunk_document(
    parsed: ParsedDocument, document_id: str, version: str, tokenizer: Tokenizer, pipeline: str = ""
) -> Iterator[Chunk]:
    """All chunks of a document, in order of start. Every word of every element lies in one of them."""
    return _Chunker(parsed, document_id, version, tokenizer, pipeline).chunks()


class _Chunker:
    def __init__(
        self, parsed: ParsedDocument, document_id: str, version: str, tokenizer: Tokenizer, pipeline: str
    ) -> None:
        self._parsed = parsed
        self._ids = (document_id, version)
        self._pipeline = pipeline
        self._tokenize = tokenizer
        self._header_costs: dict[tuple[str, ...], int] = {}
        self._segment_starts = [segment.start for segment in parsed.segments]
        self._newlines = [m.start() for m in re.finditer("\n", parsed.text)] if parsed.verbatim else []

    def chunks(self) -> Iterator[Chunk]:
        ordinal = 0
        for headings, elements in sections(self._parsed):
            context = self._context(headings)
            for group, lead_in in self._pack(elements, self._count([context])[0]):
                yield self._chunk(ordinal, group, headings, context, lead_in)
                ordinal += 1

    def _pack(self, elements: Sequence[Element], context_tokens: int) -> Iterator[tuple[list[_Piece], str | None]]:
        """Groups neighbouring elements while they and what introduces them fit; yields (pieces, lead-in)."""
        room = MODEL_TOKENS - SPECIAL_TOKENS - context_tokens
        words = [self._plain(element) for element in elements]
        costs = self._count(words)
        group: list[_Piece] = []
        lead_in: str | None = None
        used = 0
        columns: tuple[str, ...] = ()
        for index, introduction in enumerate(introductions(self._parsed, elements)):
            for piece in self._fit(elements[index], words[index], costs[index], room):
                extra = piece.header if piece.element.columns != columns else 0
                if group and used + piece.tokens + extra > room:
                    yield group, lead_in
                    group = []
                if not group:
                    columns, extra = (), piece.header
                    lead_in = introduction
                    used = self._count([lead_in])[0] if lead_in else 0
                    if used + piece.tokens + extra > room:
                        lead_in, used = None, 0
                group.append(piece)
                used += piece.tokens + extra
                columns = _shown_columns(piece, columns)
        if group:
            yield group, lead_in

    def _fit(self, element: Element, words: str, cost: int, room: int) -> list[_Piece]:
        """An element as pieces that each fit the room: whole, or cut between cells, sentences or words."""
        header = self._header_cost(element)
        if cost + header <= room:
            return [_Piece(element=element, words=words, tokens=cost, header=header)]
        if any(start < end for start, end in element.cells):
            parts = self._cut_row(element, room)
        else:
            parts = [
                replace(element, start=start, end=end, cells=(), columns=())
                for start, end in self._cut_text(element.start, element.end, room)
            ]
        texts = [self._plain(part) for part in parts]
        return [
            _Piece(element=part, words=text, tokens=tokens, header=self._header_cost(part))
            for part, text, tokens in zip(parts, texts, self._count(texts), strict=True)
        ]

    def _cut_row(self, row: Element, room: int) -> list[Element]:
        """A wide row as several, each with the names of its own columns; cells without text are left out."""
        names = row.columns or ("",) * len(row.cells)
        cells = [(span, name) for span, name in zip(row.cells, names, strict=True) if span[0] < span[1]]
        texts = [self._parsed.text[start:end] for (start, end), _ in cells]
        costs = [a + b + 2 for a, b in zip(self._count(texts), self._count([name for _, name in cells]), strict=True)]
        parts: list[Element] = []
        first, used = 0, 0
        for index, cost in enumerate(costs):
            if index > first and used + cost > room:
                parts += self._row_parts(row, cells[first:index], room)
                first, used = index, 0
            used += cost
        return parts + self._row_parts(row, cells[first:], room)

    def _row_parts(self, row: Element, cells: Sequence[tuple[tuple[int, int], str]], room: int) -> list[Element]:
        """Neighbouring cells as one part, or as several where they do not fit after all."""
        spans = tuple(span for span, _ in cells)
        columns = tuple(name for _, name in cells) if row.columns else ()
        part = replace(row, start=spans[0][0], end=spans[-1][1], cells=spans, columns=columns)
        if self._count([self._plain(part)])[0] + self._header_cost(part) <= room:
            return [part]
        if len(cells) > 1:
            half = len(cells) // 2
            return self._row_parts(row, cells[:half], room) + self._row_parts(row, cells[half:], room)
        columns = tuple(self._shorten(name, room // 2) for name in columns)
        part = replace(part, columns=columns)
        return [
            replace(part, start=start, end=end, cells=((start, end),))
            for start, end in self._cut_text(part.start, part.end, room - self._header_cost(part))
        ]

    def _cut_text(self, start: int, end: int, room: int) -> list[tuple[int, int]]:
        """[start, end) cut after sentences where possible, else between words, else between characters."""
        bounds = [start, *(start + m.end() for m in _BREAK.finditer(self._parsed.text[start:end])), end]
        spans = [(a, b) for a, b in pairwise(bounds) if self._parsed.text[a:b].strip()]
        costs = self._count([self._plain_span(a, b) for a, b in spans])
        merged: list[tuple[int, int]] = []
        used = 0
        for (a, b), cost in zip(spans, costs, strict=True):
            if merged and used + cost <= room:
                merged[-1] = (merged[-1][0], b)
                used += cost
            else:
                merged.append((a, b))
                used = cost
        # Markup that a cut broke in two may be longer or shorter than the sum of its halves: count anew.
        costs = self._count([self._plain_span(a, b) for a, b in merged])
        fitting = [
            piece
            for span, cost in zip(merged, costs, strict=True)
            for piece in ([span] if cost <= room else self._cut_words(*span, room))
        ]
        return [trimmed for span in fitting if (trimmed := _trim(self._parsed.text, *span)) is not None]

    def _cut_words(self, start: int, end: int, room: int) -> list[tuple[int, int]]:
        """One overlong sentence, cut by the tokens of its raw text, between words where it has any."""
        text = self._parsed.text[start:end]
        offsets = self._tokenize([text])[0]
        spans: list[tuple[int, int]] = []
        first, begin = 0, 0
        while first < len(offsets):
            size = room
            stop = _stop(text, offsets, begin, first + size)
            # The halves of a word may have more tokens than the word.
            while size > 1 and self._count([self._plain_span(start + begin, start + stop)])[0] > room:
                size -= max(1, size // 8)
                stop = _stop(text, offsets, begin, first + size)
            spans.append((start + begin, start + stop))
            begin = stop
            first = bisect_left(offsets, (begin, 0))
        return spans

    def _chunk(
        self, ordinal: int, group: list[_Piece], headings: tuple[str, ...], context: str, lead_in: str | None
    ) -> Chunk:
        elements = tuple(piece.element for piece in group)
        start, end = elements[0].start, elements[-1].end
        indexed = "\n".join(_indexed_lines(context, lead_in, group))
        document_id, version = self._ids
        return Chunk(
            id=chunk_id(document_id, version, start, end, self._pipeline),
            document_id=document_id,
            version=version,
            ordinal=ordinal,
            start=start,
            end=end,
            text=self._parsed.text[start:end],
            indexed_text=indexed,
            headings=headings,
            lead_in=lead_in,
            elements=elements,
            segments=self._segments(start, end),
            first_line=bisect_left(self._newlines, start) + 1 if self._parsed.verbatim else None,
            markup=self._parsed.markup,
            tokens=self._count([indexed])[0] + SPECIAL_TOKENS,
        )

    def _segments(self, start: int, end: int) -> tuple[Segment, ...]:
        first = max(0, bisect_right(self._segment_starts, start) - 1)
        last = bisect_left(self._segment_starts, end)
        return tuple(s for s in self._parsed.segments[first:last] if s.end > start and s.start < end)

    def _context(self, headings: tuple[str, ...]) -> str:
        """Title and headings, innermost kept longest, within CONTEXT_TOKENS."""
        title = fold(self._parsed.title)
        parts = [title, *(h for h in headings if h.casefold() != title.casefold())]
        counts = self._count(parts)
        while len(parts) > 2 and sum(counts) > CONTEXT_TOKENS:
            del parts[1], counts[1]
        share = CONTEXT_TOKENS // len(parts)
        if sum(counts) > CONTEXT_TOKENS:
            parts = [self._shorten(part, share) for part in parts]
        return " > ".join(part for part in parts if part)

    def _shorten(self, text: str, tokens: int) -> str:
        offsets = self._tokenize([text])[0]
        return text if len(offsets) <= tokens else text[: offsets[tokens - 1][1]]

    def _header_cost(self, element: Element) -> int:
        if not _needs_header(element):
            return 0
        if element.columns not in self._header_costs:
            self._header_costs[element.columns] = self._count([_header_line(element.columns)])[0]
        return self._header_costs[element.columns]

    def _plain(self, element: Element) -> str:
        return self._plain_span(element.start, element.end)

    def _plain_span(self, start: int, end: int) -> str:
        text = self._parsed.text[start:end]
        return prose(text, self._parsed.markup)

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [len(offsets) for offsets in self._tokenize(texts)] if texts else []


def chunk_id(document_id: str, version: str, start: int, end: int, pipeline: str = "") -> str:
    """The same span of the same version, cut by the same code, has the same id: a repeated write changes nothing."""
    key = f"{document_id}\0{version}\0{start}\0{end}\0{pipeline}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _indexed_lines(context: str, lead_in: str | None, group: list[_Piece]) -> Iterator[str]:
    yield context
    if lead_in:
        yield lead_in
    columns: tuple[str, ...] = ()
    for piece in group:
        if _needs_header(piece.element) and piece.element.columns != columns:
            yield _header_line(piece.element.columns)
        columns = _shown_columns(piece, columns)
        yield piece.words


def _shown_columns(piece: _Piece, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The column names that stand above the next row. One row of a header of several rows does not show them whole."""
    element = piece.element
    if _needs_header(element) or (element.columns and all(fold(name) in piece.words for name in element.columns)):
        return element.columns
    return columns


def _needs_header(element: Element) -> bool:
    return element.kind is ElementKind.TABLE_ROW and not element.is_header and any(element.columns)


def _header_line(columns: tuple[str, ...]) -> str:
    return fold(" | ".join(columns))


def _stop(text: str, offsets: Sequence[tuple[int, int]], begin: int, last: int) -> int:
    """Where a piece that starts at `begin` ends so that token `last` is the first it does not hold."""
    while last < len(offsets) and offsets[last][0] <= begin:
        last += 1  # One character may be several tokens, all at its place.
    if last >= len(offsets):
        return len(text)
    stop = offsets[last][0]
    space = max(text.rfind(" ", begin + 1, stop), text.rfind("\n", begin + 1, stop))
    return space if space > begin + (stop - begin) // 2 else stop


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if start < end else None
