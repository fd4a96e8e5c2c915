"""Passages taken apart into what can be cited: sentences, list items and table rows, each with its exact span."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.markup import prose
from ingest.model import Chunk, Element, ElementKind
from retrieval.model import Hit

from .model import EvidenceSpan
from .sentences import split_sentences
from .signals import Candidate, context_line

_SHORT_WORDS = 6
_BLOCK_LINES = 2
_MOST_PLACES = 3
_MARKER = re.compile(r"^(?:[-•*–]\s+|(?:\d+(?:\.\d+)+|\(\w{1,3}\))\s+(?=[A-ZÄÖÜ]))+")
_LINE = re.compile(r"[^\s](?:[^\n]*[^\s])?")
_LABEL = re.compile(r"[*_]{0,2}\w[\w /()-]{1,30}[*_]{0,2}:[*_]{0,2}\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One thing that can be cited. `claim` is how it reads as a sentence of an answer, word for word from `evidence`.

    `hit` is the passage's place in the evidence, `span` where the unit itself stands there, `candidate` what the judge
    sees of it.
    """

    hit: int
    claim: str
    span: EvidenceSpan
    evidence: tuple[EvidenceSpan, ...]
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """A unit as its chunk alone gives it. `words` tell it from others; `opening` is the span of the line before a list
    that belongs to a short item; `text`, `columns`, `cells` and `lead_in` are what the judge sees."""

    claim: str
    words: str
    start: int
    end: int
    text: str
    header: tuple[str, ...] = ()
    opening: tuple[int, int] | None = None
    columns: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    lead_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statements:
    """All statements of a chunk, and its text as prose."""

    passage: str
    statements: tuple[_Statement, ...]


def units_of(hits: Sequence[Hit]) -> list[Unit]:
    """All units of all passages, in order of passage, then of text.

    What is said more than once, in one document or in several copies, is one unit that cites the first places.
    """
    units: dict[str, Unit] = {}
    for place, hit in enumerate(hits):
        read = _KNOWN.of(hit.chunk)
        for statement in read.statements:
            known = units.get(statement.words)
            if known is None:
                units[statement.words] = _unit(place, hit, statement, read.passage)
            elif hit.document.id not in {span.document.id for span in known.evidence}:
                evidence = known.evidence + _evidence(hit, statement)
                if len(evidence) <= _MOST_PLACES:
                    units[statement.words] = replace(known, evidence=evidence)
    return list(units.values())


def embedded_texts(chunk: Chunk, title: str) -> list[str]:
    """Whatever of a chunk the judge has embedded: its units, and the lines of title and headings over them."""
    statements = _KNOWN.of(chunk).statements
    lines = [context_line(title, chunk.headings, one.lead_in, one.columns) for one in statements]
    return list(dict.fromkeys([*(one.text for one in statements), *lines]))


def _unit(place: int, hit: Hit, statement: _Statement, passage: str) -> Unit:
    evidence = _evidence(hit, statement)
    return Unit(
        hit=place,
        claim=statement.claim,
        span=evidence[-1],
        evidence=evidence,
        candidate=Candidate(
            text=statement.text,
            passage_text=passage,
            headings=hit.chunk.headings,
            title=hit.document.title,
            columns=statement.columns,
            cells=statement.cells,
            lead_in=statement.lead_in,
            passage_score=hit.score,
            dense=hit.why.get("dense", 0.0),
            lexical=hit.why.get("lexical", 0.0),
            rank=place,
        ),
    )


def _evidence(hit: Hit, statement: _Statement) -> tuple[EvidenceSpan, ...]:
    span = EvidenceSpan(
        document=hit.document, chunk=hit.chunk, start=statement.start, end=statement.end, header=statement.header
    )
    if statement.opening is None:
        return (span,)
    start, end = statement.opening
    return (EvidenceSpan(document=hit.document, chunk=hit.chunk, start=start, end=end), span)


class _Known:
    """The statements of the chunks that were last asked for: the same passages answer many questions."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._read: OrderedDict[str, tuple[Chunk, _Statements]] = OrderedDict()

    def of(self, chunk: Chunk) -> _Statements:
        """Reads a chunk, or remembers it; what is remembered under its id counts only if it is the very same chunk."""
        with self._lock:
            known = self._read.get(chunk.id)
            if known is not None:
                self._read.move_to_end(chunk.id)
        if known is not None and known[0] == chunk:
            return known[1]
        read = _statements(chunk)
        with self._lock:
            self._read[chunk.id] = (chunk, read)
            while len(self._read) > self._most:
                self._read.popitem(last=False)
        return read


_KNOWN = _Known(1024)


def _statements(chunk: Chunk) -> _Statements:
    return _Statements(
        passage=" ".join(_prose(chunk, e.start, e.end) for e in chunk.elements),
        statements=tuple(_each_statement(chunk)),
    )


def _each_statement(chunk: Chunk) -> Iterator[_Statement]:
    lead: Element | None = None
    for element in chunk.elements:
        if element.kind is ElementKind.TABLE_ROW:
            if not element.is_header:
                yield _row(chunk, element)
            continue
        is_item = element.kind is ElementKind.LIST_ITEM
        if not is_item:
            lead = element if _prose(chunk, element.start, element.end).endswith(":") else None
        for start, end in _sentences(chunk, element):
            yield _sentence(chunk, start, end, lead if is_item else None, is_item=is_item)


def _sentences(chunk: Chunk, element: Element) -> Iterator[tuple[int, int]]:
    text = chunk.text[element.start - chunk.start : element.end - chunk.start]
    lines = [(match.start(), match.end()) for match in _LINE.finditer(text)]
    # "Owner: …" over "Version: …", as at the head of a mail or a policy: each line says a thing of its own.
    labelled = sum(bool(_LABEL.match(text[start:end])) for start, end in lines)
    is_block = labelled >= _BLOCK_LINES and labelled * 2 > len(lines)
    for start, end in lines if is_block else split_sentences(text):
        if any(character.isalnum() for character in text[start:end]):
            yield element.start + start, element.start + end


def _sentence(chunk: Chunk, start: int, end: int, lead: Element | None, *, is_item: bool) -> _Statement:
    claim = text = _prose(chunk, start, end)
    opening = None
    introduction = _prose(chunk, lead.start, lead.end) if lead is not None else (chunk.lead_in if is_item else None)
    if lead is not None and introduction and len(text.split()) < _SHORT_WORDS:
        # "Technical Success: 3 years" says little without the line that its list stands under.
        opening = (lead.start, lead.end)
        claim = f"{introduction} {text}"
    claim = _closed(claim)
    return _Statement(
        claim=claim, words=claim.casefold(), start=start, end=end, text=text, opening=opening, lead_in=introduction
    )


def _row(chunk: Chunk, row: Element) -> _Statement:
    cells = tuple(_prose(chunk, start, end) for start, end in row.cells) or (_prose(chunk, row.start, row.end),)
    columns = row.columns if len(row.columns) == len(cells) else ("",) * len(cells)
    named = [f"{name}: {cell}" if name else cell for name, cell in zip(columns, cells, strict=True) if cell]
    text = "; ".join(named)
    # A row reads as what its first cell says of the others, unless that is but a number in a list.
    subject = cells[0] if len(named) > 1 and any(c.isalpha() for c in cells[0]) else ""
    claim = _closed(f"{subject} – {'; '.join(named[1:])}" if subject else text)
    return _Statement(
        claim=claim,
        words=claim.casefold(),
        start=row.start,
        end=row.end,
        header=row.columns,
        text=text,
        columns=columns,
        cells=cells,
        lead_in=chunk.lead_in,
    )


def _closed(text: str) -> str:
    """A fragment without its bullet or clause number and with a full stop, so that claims can stand in a row."""
    body = _MARKER.sub("", text).rstrip(" ;,:")
    return body if body.endswith((".", "!", "?", ".”", '."', ".)")) else f"{body}."


def _prose(chunk: Chunk, start: int, end: int) -> str:
    return prose(chunk.text[start - chunk.start : end - chunk.start], chunk.markup)
