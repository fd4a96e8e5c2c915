"""Weighs the signals: which candidates answer which part of a question, and whether to answer at all.

`signals` measures, this module decides, the analyst calls `Judge.judge`. The weights lie in a JSON file beside it,
made by `bench/answerability.py`, with the account of how they and the thresholds were chosen. Two linear models:
a conditional logit ranks the candidates of a question (its softmax is the probability that a candidate is the
answer, given that one is), and a logistic regression over the best candidate and the whole list gives the
probability that one is at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .matching import Array, Rarity
from .question import Part
from .signals import SIGNALS, Candidate, Embeddings, common_rarity, measure_all

DEFAULT_WEIGHTS = Path(__file__).with_name("judging_weights.json")

_NEAR = 12
"""Candidates that are handed on whether they are chosen or not."""

# Its ranking score and lead, and its signals.
ANSWER_FEATURES = ("score", "margin", *SIGNALS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A candidate as an answer to a part: its index in the list given, and the probability that it answers."""

    index: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartJudgement:
    """One part judged. `probability` is that of an answer among the candidates; `answered` says it
    reaches the threshold.

    `chosen` runs from the best down and is empty only without candidates, so that an abstention can name the nearest.
    `signals` are those of the best candidate, `near` the best candidates whether they are chosen or not.
    """

    part: Part
    probability: float
    answered: bool
    chosen: tuple[Chosen, ...]
    signals: Mapping[str, float]
    near: tuple[Chosen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A question judged, part by part; the parts of `Question.parts` in their order."""

    parts: tuple[PartJudgement, ...]

    @property
    def probability(self) -> float:
        """That of the least probable part: a question is answered when all of it is."""
        return min((part.probability for part in self.parts), default=0.0)

    @property
    def answered(self) -> bool:
        """Whether at least one part is; the caller says which are not."""
        return any(part.answered for part in self.parts)


class Judge:
    """Judges candidates with fixed weights. Holds no models; cheap to build."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Raises ValueError when `weights` name a signal that this version does not measure."""
        self._rank = _linear(weights["rank"]["weights"], SIGNALS)
        self._answer = _linear(weights["answer"]["weights"], ANSWER_FEATURES)
        self._bias = float(weights["answer"]["bias"])
        self._threshold = float(weights["threshold"]["answer"])
        self._share = float(weights["threshold"]["share_of_best"])
        self._most = int(weights["threshold"]["most"])

    @classmethod
    def load(cls, path: Path = DEFAULT_WEIGHTS) -> Judge:
        """Reads a weights file. Raises OSError, or ValueError when it does not fit this version."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @property
    def threshold(self) -> float:
        """The least probability at which a part counts as answered."""
        return self._threshold

    def judge(
        self,
        asked: Sequence[Part],
        candidates: Sequence[Candidate],
        embeddings: Embeddings,
        rarity: Rarity = common_rarity,
        *,
        threshold: float | None = None,
    ) -> Judgement:
        """Judges `candidates` for every part asked for; `threshold` overrides that of the weights."""
        least = self._threshold if threshold is None else threshold
        measured = measure_all(asked, candidates, embeddings, rarity)
        parts = [self._part(part, signals, least) for part, signals in zip(asked, measured, strict=True)]
        return Judgement(parts=tuple(parts))

    def _part(self, part: Part, signals: Array, threshold: float) -> PartJudgement:
        if not len(signals):
            return PartJudgement(part=part, probability=0.0, answered=False, chosen=(), signals={})
        scores = self.rank_scores(signals)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        order = np.argsort(-scores, kind="stable")
        probability = self.answer_probability(scores, signals)
        near = tuple(
            Chosen(index=int(i), probability=float(probability * shares[i])) for i in order[: max(_NEAR, self._most)]
        )
        kept = [one for one in near[: self._most] if shares[one.index] >= self._share * shares[order[0]]]
        return PartJudgement(
            part=part,
            probability=probability,
            answered=probability >= threshold,
            chosen=tuple(kept),
            near=near,
            signals=dict(zip(SIGNALS, map(float, signals[order[0]]), strict=True)),
        )

    def rank_scores(self, signals: Array) -> NDArray[np.float64]:
        """(n,) ranking scores of candidates with (n, SIGNALS) signals."""
        return signals.astype(np.float64) @ self._rank

    def answer_probability(self, scores: NDArray[np.float64], signals: Array) -> float:
        """The probability that one of the candidates answers."""
        logit = float(answer_features(scores, signals) @ self._answer) + self._bias
        return float(1.0 / (1.0 + np.exp(-logit)))


def answer_features(scores: NDArray[np.float64], signals: Array) -> NDArray[np.float64]:
    """(ANSWER_FEATURES,) of a list of at least one candidate: the best one's score, lead and signals."""
    order = np.argsort(-scores, kind="stable")
    best = order[0]
    margin = scores[best] - scores[order[1]] if len(order) > 1 else 0.0
    return np.asarray([scores[best], margin, *signals[best]], dtype=np.float64)


def _linear(weights: Mapping[str, float], names: Sequence[str]) -> NDArray[np.float64]:
    unknown = sorted(set(weights) - set(names))
    if unknown:
        raise ValueError(f"the weights name signals that are not measured: {', '.join(unknown)}")
    return np.asarray([float(weights.get(name, 0.0)) for name in names], dtype=np.float64)
