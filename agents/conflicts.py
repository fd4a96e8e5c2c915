"""Where documents disagree: two that say different things of one thing, cited side by side, the newer one preferred.

Precision before recall: figures that merely look alike (another city, year, role, plan) are no conflict, and a wrong
"the documents disagree" does more harm than a missing one. `aligning` decides what is one thing,
`dating` what is newer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from .aligning import Statement, different, same_thing, statement_of
from .checks.negation import negations
from .dating import Dating, datings, newer
from .model import ClaimKind, DraftClaim, EvidenceSpan
from .question import Language, Part, Question
from .rows import ChunksOf
from .units import Unit

MOST_CHOSEN = 3
MOST_NEAR = 12
_SCORE = 0.9
_MOST_QUOTED = 240
_OPENINGS = {"en": "The documents disagree: ", "de": "Die Dokumente widersprechen sich: "}
_SAYS = {"en": "{title}{dated} says “{words}”", "de": "{title}{dated} sagt „{words}“"}
_ENDINGS = {
    ("en", True): ". The newer is preferred.",
    ("en", False): ". Neither is known to be newer.",
    ("de", True): ". Das neuere Dokument geht vor.",
    ("de", False): ". Welches neuer ist, ist nicht bekannt.",
}
_CHANGED = {"en": "changed ", "de": "geändert "}
CONNECTING = tuple(
    phrase.strip(" .:“”„;") for phrase in (*_OPENINGS.values(), "says", "sagt", *_ENDINGS.values(), *_CHANGED.values())
)
"""The phrases of a conflict claim that no source holds."""
_MAY = re.compile(r"\b(?:may|can|allowed|permitted|optional|darf|dürfen|kann|können|erlaubt)\b", re.IGNORECASE)
_MUST = re.compile(r"\b(?:must|shall|required|mandatory|obliged|muss|müssen|pflicht|verpflichtend)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two statements that cannot both hold. `preferred` is the newer one where that is known (`known`), else the one
    that answers best; `dates` are how the documents are told apart, in the same order."""

    part: Part
    preferred: Statement
    other: Statement
    dates: tuple[Dating, Dating] | None


def find_conflicts(
    question: Question, chosen: Sequence[Unit], near: Sequence[Unit], chunks_of: ChunksOf | None = None
) -> list[DraftClaim]:
    """For each part of `question` at most one conflict between what was chosen and what came near, as claims: the
    preferred words themselves where they were not chosen, then that the documents disagree. Empty for none.
    """
    claims: list[DraftClaim] = []
    for part in question.parts:
        conflict = next(_conflicts(part, chosen, near, chunks_of), None)
        if conflict is None:
            continue
        claims.append(_quoted(conflict))
        claims.append(_claim(conflict, question.language))
    return claims


def _conflicts(
    part: Part, chosen: Sequence[Unit], near: Sequence[Unit], chunks_of: ChunksOf | None
) -> Iterator[Conflict]:
    others = [(unit, statement_of(unit, part)) for unit in _distinct(chain(chosen, near))][:MOST_NEAR]
    for unit in chosen[:MOST_CHOSEN]:
        ours = statement_of(unit, part)
        if ours is None:
            continue
        for other, theirs in others:
            if other is unit or theirs is None or not _disagree(ours, theirs):
                continue
            if same_thing(ours, theirs, part):
                yield _told_apart(part, ours, theirs, chunks_of)


def _distinct(units: Iterator[Unit]) -> list[Unit]:
    return list({(unit.span.chunk.id, unit.span.start, unit.span.end): unit for unit in units}.values())


def _disagree(one: Statement, other: Statement) -> bool:
    if one.figure is not None and other.figure is not None:
        return different(one.figure, other.figure)
    if one.figure is not None or other.figure is not None:
        return False
    denied = (negations(one.words) > 0) != (negations(other.words) > 0)
    bound = bool(_MUST.search(one.words)) != bool(_MUST.search(other.words))
    return denied != (bound and bool(_MAY.search(one.words)) != bool(_MAY.search(other.words)))


def _told_apart(part: Part, one: Statement, other: Statement, chunks_of: ChunksOf | None) -> Conflict:
    documents = [statement.unit.span.document for statement in (one, other)]
    known = [
        datings(document, [statement.unit.span.chunk], chunks_of)
        for document, statement in zip(documents, (one, other), strict=True)
    ]
    dates = newer(*known) if documents[0].id != documents[1].id else None
    if dates is not None and dates[1].on > dates[0].on:
        return Conflict(part=part, preferred=other, other=one, dates=dates[::-1])
    return Conflict(part=part, preferred=one, other=other, dates=dates)


def _quoted(conflict: Conflict) -> DraftClaim:
    unit = conflict.preferred.unit
    return DraftClaim(parts=(conflict.part.text,), text=unit.claim, evidence=unit.evidence, score=_SCORE)


def _claim(conflict: Conflict, language: Language) -> DraftClaim:
    tongue = "de" if language == "de" else "en"
    dates = conflict.dates or (None, None)
    said = [
        _says(statement, dating, tongue)
        for statement, dating in zip((conflict.preferred, conflict.other), dates, strict=True)
    ]
    spans = [conflict.preferred.unit.span, conflict.other.unit.span]
    spans += [dating.span for dating in dates if dating is not None and dating.span is not None]
    return DraftClaim(
        parts=(conflict.part.text,),
        text=_OPENINGS[tongue] + "; ".join(said) + _ENDINGS[tongue, conflict.dates is not None],
        evidence=_once(spans),
        score=_SCORE,
        kind=ClaimKind.CONFLICT,
    )


def _says(statement: Statement, dating: Dating | None, tongue: str) -> str:
    figure = statement.figure
    words = figure.text if figure is not None else statement.unit.candidate.text[:_MOST_QUOTED].rstrip(" .")
    dated = ""
    if dating is not None and dating.how != "title":
        dated = f" ({_CHANGED[tongue] if dating.how == 'changed' else ''}{dating.words})"
    return _SAYS[tongue].format(title=statement.unit.span.document.title, dated=dated, words=words)


def _once(spans: Sequence[EvidenceSpan]) -> tuple[EvidenceSpan, ...]:
    return tuple({(span.chunk.id, span.start, span.end): span for span in spans}.values())
