"""Passages taken apart into what can be cited: sentences, list items and table rows, each with its exact span."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.markup import prose
from ingest.model import Chunk, Element, ElementKind
from retrieval.model import Hit

from .model import EvidenceSpan
from .sentences import split_sentences
from .signals import Candidate

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


def units_of(hits: Sequence[Hit]) -> list[Unit]:
    """All units of all passages, in order of passage, then of text.

    What is said more than once, in one document or in several copies, is one unit that cites the first places.
    """
    units: dict[str, Unit] = {}
    for place, hit in enumerate(hits):
        for unit in _units_of_hit(place, hit):
            words = unit.claim.casefold()
            known = units.get(words)
            if known is None:
                units[words] = unit
            elif hit.document.id not in {span.document.id for span in known.evidence}:
                evidence = known.evidence + unit.evidence
                units[words] = replace(known, evidence=evidence) if len(evidence) <= _MOST_PLACES else known
    return list(units.values())


def _units_of_hit(place: int, hit: Hit) -> Iterator[Unit]:
    chunk = hit.chunk
    passage = " ".join(_prose(chunk, e.start, e.end) for e in chunk.elements)
    lead: Element | None = None
    for element in chunk.elements:
        if element.kind is ElementKind.TABLE_ROW:
            if not element.is_header:
                yield _row(place, hit, element, passage)
            continue
        if element.kind is not ElementKind.LIST_ITEM:
            lead = element if _prose(chunk, element.start, element.end).endswith(":") else None
        for start, end in _sentences(chunk, element):
            is_item = element.kind is ElementKind.LIST_ITEM
            yield _sentence(place, hit, start, end, passage, lead if is_item else None, is_item=is_item)


def _sentences(chunk: Chunk, element: Element) -> Iterator[tuple[int, int]]:
    text = chunk.text[element.start - chunk.start : element.end - chunk.start]
    lines = [(match.start(), match.end()) for match in _LINE.finditer(text)]
    # "Owner: …" over "Version: …", as at the head of a mail or a policy: each line says a thing of its own.
    labelled = sum(bool(_LABEL.match(text[start:end])) for start, end in lines)
    is_block = labelled >= _BLOCK_LINES and labelled * 2 > len(lines)
    for start, end in lines if is_block else split_sentences(text):
        if any(character.isalnum() for character in text[start:end]):
            yield element.start + start, element.start + end


def _sentence(place: int, hit: Hit, start: int, end: int, passage: str, lead: Element | None, *, is_item: bool) -> Unit:
    chunk = hit.chunk
    text = _prose(chunk, start, end)
    span = EvidenceSpan(document=hit.document, chunk=chunk, start=start, end=end)
    evidence: tuple[EvidenceSpan, ...] = (span,)
    claim = text
    introduction = _prose(chunk, lead.start, lead.end) if lead is not None else (chunk.lead_in if is_item else None)
    if lead is not None and introduction and len(text.split()) < _SHORT_WORDS:
        # "Technical Success: 3 years" says little without the line that its list stands under.
        opening = EvidenceSpan(document=hit.document, chunk=chunk, start=lead.start, end=lead.end)
        evidence = (opening, span)
        claim = f"{introduction} {text}"
    return Unit(
        hit=place,
        claim=_closed(claim),
        span=span,
        evidence=evidence,
        candidate=_candidate(hit, place, text, passage, lead_in=introduction),
    )


def _row(place: int, hit: Hit, row: Element, passage: str) -> Unit:
    chunk = hit.chunk
    cells = tuple(_prose(chunk, start, end) for start, end in row.cells) or (_prose(chunk, row.start, row.end),)
    columns = row.columns if len(row.columns) == len(cells) else ("",) * len(cells)
    named = [f"{name}: {cell}" if name else cell for name, cell in zip(columns, cells, strict=True) if cell]
    text = "; ".join(named)
    # A row reads as what its first cell says of the others, unless that is but a number in a list.
    subject = cells[0] if len(named) > 1 and any(c.isalpha() for c in cells[0]) else ""
    claim = f"{subject} – {'; '.join(named[1:])}" if subject else text
    span = EvidenceSpan(document=hit.document, chunk=chunk, start=row.start, end=row.end, header=row.columns)
    return Unit(
        hit=place,
        claim=_closed(claim),
        span=span,
        evidence=(span,),
        candidate=_candidate(hit, place, text, passage, columns=columns, cells=cells, lead_in=chunk.lead_in),
    )


def _closed(text: str) -> str:
    """A fragment without its bullet or clause number and with a full stop, so that claims can stand in a row."""
    body = _MARKER.sub("", text).rstrip(" ;,:")
    return body if body.endswith((".", "!", "?", ".”", '."', ".)")) else f"{body}."


def _candidate(
    hit: Hit,
    place: int,
    text: str,
    passage: str,
    *,
    columns: tuple[str, ...] = (),
    cells: tuple[str, ...] = (),
    lead_in: str | None = None,
) -> Candidate:
    return Candidate(
        text=text,
        passage_text=passage,
        headings=hit.chunk.headings,
        title=hit.document.title,
        columns=columns,
        cells=cells,
        lead_in=lead_in,
        passage_score=hit.score,
        dense=hit.why.get("dense", 0.0),
        lexical=hit.why.get("lexical", 0.0),
        rank=place,
    )


def _prose(chunk: Chunk, start: int, end: int) -> str:
    return prose(chunk.text[start - chunk.start : end - chunk.start], chunk.markup)
