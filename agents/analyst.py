"""The analyst: drafts an answer from evidence; without a language model it chooses and quotes the words that answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrieval.access import Principal
from retrieval.model import Hit

from .judging import Judge, PartJudgement
from .matching import Rarity
from .model import Draft, DraftClaim, EvidenceSpan
from .question import Question
from .signals import Embeddings
from .units import Unit, units_of

NEAREST = 3
"""Passages that an abstention names."""


class Analyst:
    """Drafts extractively."""

    def __init__(self, judge: Judge, embeddings: Embeddings, rarity_for: Callable[[Principal], Rarity]) -> None:
        self._judge = judge
        self.embeddings = embeddings
        self._rarity_for = rarity_for

    def draft(self, question: Question, evidence: Sequence[Hit], principal: Principal) -> Draft:
        """Claims in the order of the question's parts, or none with what came nearest."""
        units = units_of(evidence)
        asked = tuple(part.text for part in question.parts)
        if not units:
            return Draft(claims=(), why="nothing that you may read matches the question", missing=asked)
        candidates = [unit.candidate for unit in units]
        judgement = self._judge.judge(question, candidates, self.embeddings, self._rarity_for(principal))
        chosen: dict[int, tuple[float, list[str]]] = {}
        for part in judgement.parts:
            if part.answered:
                for index, probability in _in_reading_order(part, units):
                    chosen.setdefault(index, (probability, []))[1].append(part.part.text)
        missing = [part for part in judgement.parts if not part.answered]
        return Draft(
            claims=tuple(
                DraftClaim(
                    parts=tuple(parts),
                    text=units[index].claim,
                    evidence=units[index].evidence,
                    score=round(probability, 3),
                )
                for index, (probability, parts) in chosen.items()
            ),
            why="no sentence found answers what was asked" if missing else "",
            missing=tuple(part.part.text for part in missing),
            nearest=_nearest(missing, units),
        )


def _in_reading_order(part: PartJudgement, units: Sequence[Unit]) -> list[tuple[int, float]]:
    """The best unit first; then the others of its document in the order they are written, then those of others."""
    if not part.chosen:
        return []
    best, *others = part.chosen
    lead = units[best.index].span.document.id
    others.sort(key=lambda c: (units[c.index].span.document.id != lead, units[c.index].span.start))
    return [(choice.index, choice.probability) for choice in (best, *others)]


def _nearest(parts: Sequence[PartJudgement], units: Sequence[Unit]) -> tuple[EvidenceSpan, ...]:
    spans: dict[int, EvidenceSpan] = {}
    for part in parts:
        for choice in part.chosen[:NEAREST]:
            spans.setdefault(choice.index, units[choice.index].span)
    return tuple(spans.values())[:NEAREST]
