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

from .markup import plain
from .model import Chunk, Element, ElementKind, ParsedDocument, Segment
from .ports import Tokenizer

MODEL_TOKENS = 256
"""What all-MiniLM-L6-v2 reads, special tokens included; it drops the rest without a word."""
SPECIAL_TOKENS = 2
CONTEXT_TOKENS = 72
"""Title and headings may take this much; longer ones are shortened from the outside in."""

_BREAK = re.compile(r"(?<=[.!?])\s+|\n+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """The smallest unit that is packed: an element or a part of one, with the cost of its plain text."""

    element: Element
    words: str
    tokens: int


def chunk_document(parsed: ParsedDocument, document_id: str, version: str, tokenizer: Tokenizer) -> list[Chunk]:
    """All chunks of a document, in order of start. Every word of every element lies in one of them."""
    return list(_Chunker(parsed, document_id, version, tokenizer).chunks())


class _Chunker:
    def __init__(self, parsed: ParsedDocument, document_id: str, version: str, tokenizer: Tokenizer) -> None:
        self._parsed = parsed
        self._ids = (document_id, version)
        self._tokenize = tokenizer
        self._segment_starts = [segment.start for segment in parsed.segments]
        self._newlines = [m.start() for m in re.finditer("\n", parsed.text)] if parsed.verbatim else []

    def chunks(self) -> Iterator[Chunk]:
        ordinal = 0
        for headings, elements in _sections(self._parsed):
            context = self._context(headings)
            for group, lead_in in self._pack(elements, self._count([context])[0]):
                yield self._chunk(ordinal, group, headings, context, lead_in)
                ordinal += 1

    def _pack(self, elements: Sequence[Element], context_tokens: int) -> Iterator[tuple[list[_Piece], str | None]]:
        """Groups neighbouring elements while they and what introduces them fit; yields (pieces, lead-in)."""
        room = MODEL_TOKENS - SPECIAL_TOKENS - context_tokens
        costs = self._count([self._plain(element) for element in elements])
        group: list[_Piece] = []
        lead_in: str | None = None
        used = 0
        columns: tuple[str, ...] = ()
        for element, introduction, cost in zip(elements, _introductions(self._parsed, elements), costs, strict=True):
            header_cost = self._count([_header_line(element.columns)])[0] if _needs_header(element) else 0
            for piece in self._fit(element, cost, room - 2, header_cost):
                extra = header_cost if _needs_header(element) and piece.element.columns != columns else 0
                if group and used + piece.tokens + extra > room:
                    yield group, lead_in
                    group = []
                if not group:
                    lead_in = introduction
                    lead_cost = self._count([lead_in])[0] if lead_in else 0
                    extra = self._count([_header_line(piece.element.columns)])[0] if _needs_header(piece.element) else 0
                    if lead_cost + piece.tokens + extra > room:
                        lead_in, lead_cost = None, 0
                    used = lead_cost
                    columns = ()
                group.append(piece)
                used += piece.tokens + extra
                columns = piece.element.columns or columns
        if group:
            yield group, lead_in

    def _fit(self, element: Element, cost: int, room: int, header_cost: int) -> list[_Piece]:
        """An element as pieces that each fit the room: whole, or cut between cells, sentences or words."""
        if cost + header_cost <= room:
            return [_Piece(element=element, words=self._plain(element), tokens=cost)]
        if element.kind is ElementKind.TABLE_ROW and len(element.cells) > 1:
            parts = self._cut_row(element, room)
        else:
            parts = [replace(element, start=start, end=end, cells=(), columns=())
                     for start, end in self._cut_text(element.start, element.end, room)]
        words = [self._plain(part) for part in parts]
        return [_Piece(element=part, words=text, tokens=tokens)
                for part, text, tokens in zip(parts, words, self._count(words), strict=True)]

    def _cut_row(self, row: Element, room: int) -> list[Element]:
        """A wide row as several, each with the names of its own columns."""
        names = row.columns or ("",) * len(row.cells)
        texts = [self._parsed.text[start:end] for start, end in row.cells]
        costs = [a + b + 2 for a, b in zip(self._count(texts), self._count(list(names)), strict=True)]
        parts: list[Element] = []
        first, used = 0, 0
        for index, cost in enumerate(costs):
            if index > first and used + cost > room:
                parts += self._row_part(row, first, index, room)
                first, used = index, 0
            used += cost
        return parts + self._row_part(row, first, len(row.cells), room)

    def _row_part(self, row: Element, first: int, last: int, room: int) -> list[Element]:
        start = row.start if first == 0 else row.cells[first][0]
        end = row.end if last == len(row.cells) else row.cells[last - 1][1]
        columns = row.columns[first:last]
        if last - first == 1:
            name_cost = self._count([_header_line(columns)])[0]
            if name_cost > room // 2:
                columns, name_cost = (), 0
            spans = self._cut_text(start, end, room - name_cost)
            return [replace(row, start=a, end=b, cells=((a, b),), columns=columns) for a, b in spans]
        return [replace(row, start=start, end=end, cells=row.cells[first:last], columns=columns)]

    def _cut_text(self, start: int, end: int, room: int) -> list[tuple[int, int]]:
        """[start, end) cut after sentences where possible, else between words, else between characters."""
        bounds = [start, *(start + m.end() for m in _BREAK.finditer(self._parsed.text[start:end])), end]
        spans = [(a, b) for a, b in zip(bounds, bounds[1:], strict=False) if self._parsed.text[a:b].strip()]
        costs = self._count([self._plain_span(a, b) for a, b in spans])
        merged: list[tuple[int, int]] = []
        used = 0
        for (a, b), cost in zip(spans, costs, strict=True):
            if cost > room:
                merged += self._cut_words(a, b, room)
                used = room
            elif merged and used + cost <= room:
                merged[-1] = (merged[-1][0], b)
                used += cost
            else:
                merged.append((a, b))
                used = cost
        return [trimmed for span in merged if (trimmed := _trim(self._parsed.text, *span)) is not None]

    def _cut_words(self, start: int, end: int, room: int) -> list[tuple[int, int]]:
        """One overlong sentence, cut by the tokens of its raw text (never fewer than those of its plain text)."""
        text = self._parsed.text[start:end]
        offsets = self._tokenize([text])[0]
        spans: list[tuple[int, int]] = []
        first, begin = 0, 0
        while first < len(offsets):
            last = min(first + room, len(offsets))
            stop = offsets[last][0] if last < len(offsets) else len(text)
            if last < len(offsets):
                space = max(text.rfind(" ", begin + 1, stop), text.rfind("\n", begin + 1, stop))
                stop = space if space > begin + (stop - begin) // 2 else stop
            spans.append((start + begin, start + stop))
            begin = stop
            first = bisect_left(offsets, (begin, 0))
        return spans

    def _chunk(self, ordinal: int, group: list[_Piece], headings: tuple[str, ...], context: str,
               lead_in: str | None) -> Chunk:
        elements = tuple(piece.element for piece in group)
        start, end = elements[0].start, elements[-1].end
        indexed = "\n".join(_indexed_lines(context, lead_in, group))
        document_id, version = self._ids
        return Chunk(
            id=chunk_id(document_id, version, start, end), document_id=document_id, version=version, ordinal=ordinal,
            start=start, end=end, text=self._parsed.text[start:end], indexed_text=indexed, headings=headings,
            lead_in=lead_in, elements=elements, segments=self._segments(start, end),
            first_line=bisect_left(self._newlines, start) + 1 if self._parsed.verbatim else None,
            markup=self._parsed.markup, tokens=self._count([indexed])[0] + SPECIAL_TOKENS)

    def _segments(self, start: int, end: int) -> tuple[Segment, ...]:
        first = max(0, bisect_right(self._segment_starts, start) - 1)
        last = bisect_left(self._segment_starts, end)
        return tuple(s for s in self._parsed.segments[first:last] if s.end > start and s.start < end)

    def _context(self, headings: tuple[str, ...]) -> str:
        """Title and headings, innermost kept longest, within CONTEXT_TOKENS."""
        title = _fold(self._parsed.title)
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

    def _plain(self, element: Element) -> str:
        return self._plain_span(element.start, element.end)

    def _plain_span(self, start: int, end: int) -> str:
        text = self._parsed.text[start:end]
        return plain(text) if self._parsed.markup == "markdown" else _fold(text)

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [len(offsets) for offsets in self._tokenize(texts)] if texts else []


def chunk_id(document_id: str, version: str, start: int, end: int) -> str:
    """The same span of the same version always has the same id: a repeated write changes nothing."""
    key = f"{document_id}\0{version}\0{start}\0{end}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _sections(parsed: ParsedDocument) -> Iterator[tuple[tuple[str, ...], list[Element]]]:
    """Runs of elements under one heading path. A heading with nothing below it stands as an element itself."""
    path: list[tuple[int, str]] = []
    body: list[Element] = []
    pending: Element | None = None
    for element in parsed.elements:
        if element.kind is not ElementKind.HEADING:
            body.append(element)
            pending = None
            continue
        if body:
            yield _names(path), body
        elif pending is not None and (element.level or 1) <= (pending.level or 1):
            yield _names(path), [pending]
        body, pending = [], element
        level = element.level or 1
        words = parsed.text[element.start:element.end]
        path = [(depth, name) for depth, name in path if depth < level]
        path.append((level, plain(words) if parsed.markup == "markdown" else _fold(words)))
    if body:
        yield _names(path), body
    elif pending is not None:
        yield _names(path), [pending]


def _names(path: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in path)


def _introductions(parsed: ParsedDocument, elements: Sequence[Element]) -> list[str | None]:
    """For each list item or row, the line before its list when that line ends in a colon."""
    found: list[str | None] = []
    current: str | None = None
    for element in elements:
        if element.kind in (ElementKind.PARAGRAPH, ElementKind.CODE):
            found.append(None)
            words = parsed.text[element.start:element.end]
            last = _fold(plain(words) if parsed.markup == "markdown" else words)
            current = last.rsplit(". ", 1)[-1] if last.endswith(":") else None
        else:
            found.append(current)
    return found


def _indexed_lines(context: str, lead_in: str | None, group: list[_Piece]) -> Iterator[str]:
    yield context
    if lead_in:
        yield lead_in
    columns: tuple[str, ...] = ()
    for piece in group:
        if _needs_header(piece.element) and piece.element.columns != columns:
            yield _header_line(piece.element.columns)
        columns = piece.element.columns or columns
        yield piece.words


def _needs_header(element: Element) -> bool:
    return element.kind is ElementKind.TABLE_ROW and not element.is_header and any(element.columns)


def _header_line(columns: tuple[str, ...]) -> str:
    return _fold(" | ".join(columns))


def _fold(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return (start, end) if start < end else None
