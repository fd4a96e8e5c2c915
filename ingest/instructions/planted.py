"""Finds the stretches of a text that talk to whoever answers from it, where a document only informs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from .features import candidates
from .phrases import phrases
from .units import LONGEST
from .unmasking import hidden, lowered, unmask

_CERTAIN = 0.99
_MOST = 100
"""Stretches reported of one text; the first ones are enough to look at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedInstruction:
    """A stretch [start, end) of a text that reads as an instruction to an answering program. `score` is in [0, 1];
    `orders` is false for a mere question or request that fits nothing around it."""

    start: int
    end: int
    score: float
    reason: str
    orders: bool = True


def planted_instructions(text: str) -> tuple[PlantedInstruction, ...]:
    """The stretches of a text that address an assistant or order what an answer must hold, in order, none overlapping.

    Takes time linear in the length of the text. Nothing in the text is followed or looked up.
    """
    return _merged([*_in_words(text), *_in_disguise(text)])


def _in_words(text: str) -> Iterator[PlantedInstruction]:
    plain = unmask(text)
    lower = lowered(plain.text)
    for phrase in phrases(lower):
        start, end = plain.span(phrase.start, phrase.end)
        start, end = _sentence(text, start, end)
        yield PlantedInstruction(start=start, end=end, score=_CERTAIN, reason=phrase.reason)
    model = _model()
    for candidate in candidates(plain.text, lower):
        score = model.score(candidate.values)
        if score >= model.threshold:
            start, end = plain.span(candidate.unit.start, candidate.unit.end)
            reason = "asks whoever answers for something that has nothing to do with the document"
            orders = bool(candidate.values.get("your_answer") or candidate.values.get("the_answer"))
            if orders:
                reason = "says what an answer is to look like"
            yield PlantedInstruction(start=start, end=end, score=score, reason=reason, orders=orders)


def _in_disguise(text: str) -> Iterator[PlantedInstruction]:
    for found in hidden(text):
        said = list(_in_words(found.text))
        if said:
            reason = f"{said[0].reason}, and {found.reason}"
            yield PlantedInstruction(start=found.start, end=found.end, score=_CERTAIN, reason=reason)


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to its sentence, within its line."""
    floor, ceiling = max(0, start - LONGEST), end + LONGEST
    first = max(text.rfind(mark, floor, start) + len(mark) for mark in ("\n", ". ", "! ", "? ", "| ", "\t", "<!--"))
    while first < start and text[first].isspace():
        first += 1
    ends = [
        place
        for mark in ("\n", ". ", "! ", "? ", " |", "\t", "-->")
        if (place := text.find(mark, end - 1, ceiling)) >= 0
    ]
    last = min(ends, default=min(len(text), ceiling))
    if last < len(text) and text[last] in ".!?":
        last += 1
    return min(max(first, floor), start), max(end, last)


def _merged(found: Sequence[PlantedInstruction]) -> tuple[PlantedInstruction, ...]:
    merged: list[PlantedInstruction] = []
    for one in sorted(found, key=lambda p: (p.start, -p.end)):
        last = merged[-1] if merged else None
        if last is not None and one.start < last.end:
            better = one if (one.orders, one.score) > (last.orders, last.score) else last
            merged[-1] = replace(better, start=last.start, end=max(last.end, one.end))
        elif len(merged) < _MOST:
            merged.append(one)
        else:
            break
    return tuple(merged)


class _Model:
    """A logistic model over the values of `features`, trained by `bench/instruction_training.py`."""

    def __init__(self, path: Path) -> None:
        stored = json.loads(path.read_text(encoding="utf-8"))
        self._bias: float = stored["bias"]
        self._weights: dict[str, float] = stored["weights"]
        self.threshold: float = stored["threshold"]

    def score(self, values: Mapping[str, float]) -> float:
        """The probability that a candidate was planted, among texts half of which hold something planted."""
        odds = self._bias + sum(self._weights.get(name, 0.0) * value for name, value in values.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


@cache
def _model() -> _Model:
    return _Model(Path(__file__).with_name("weights.json"))
