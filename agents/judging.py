"""Weighs the signals: which candidates answer which part of a question, and whether to answer at all.

`signals` measures, this module decides, the analyst calls `Judge.judge`. The weights lie in a JSON file beside it,
made by `bench/answerability.py` with the account of how they and the threshold were chosen. Two logistic
regressions: one gives each candidate the probability that it answers, the other gives each part the probability
that any of its candidates does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .question import Part, Question
from .signals import SIGNALS, Array, Candidate, Embeddings, Rarity, common_rarity, measure

DEFAULT_WEIGHTS = Path(__file__).with_name("judging_weights.json")
_TOP = 3
_EDGE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A candidate that answers: its index in the list given, and the probability that it does."""

    index: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartJudgement:
    """One part judged. `probability` is that of an answer among the candidates; `answered` compares it with the threshold.

    `chosen` runs from the best down and is never empty while there are candidates, so that an abstention can name the
    nearest ones. `signals` are those of the best candidate.
    """

    part: Part
    probability: float
    answered: bool
    chosen: tuple[Chosen, ...]
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A question judged: answered when its first part and all parts that stand for themselves are."""

    parts: tuple[PartJudgement, ...]

    @property
    def probability(self) -> float:
        """The least probable part's probability."""
        return min((part.probability for part in self.parts), default=0.0)

    @property
    def answered(self) -> bool:
        """Whether any part is answered; the caller says which parts are not."""
        return any(part.answered for part in self.parts)


class Judge:
    """Judges candidates with fixed weights. Cheap to build; holds no models."""

    def __init__(self, weights: Mapping[str, object]) -> None:
        """Raises ValueError when the weights were made for other signals than this version measures."""
        self._unit = _Logistic.from_json(weights["unit"], UNIT_FEATURES)
        self._answer = _Logistic.from_json(weights["answer"], ANSWER_FEATURES)
