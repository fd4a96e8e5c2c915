"""Which words of a claim does its evidence not bear out? A small model over each word, then runs of words.

Trained on words that people marked (WiCE); see `bench/entailment_training.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .entailment_trees import Forest, Values
from .features_reading import Reading, Word
from .features_words import WORD_FEATURES

SUMMARIES = (
    "unmet_most",
    "unmet_mean",
    "unmet_weighted",
    "unmet_share",
    "unmet_three",
    "unmet_sum",
    "unmet_plainly",
    "unmet_upper",
    "unmet_content",
)
_LIKELY, _PLAIN = 0.4, 0.6


class WordModel:
    """The probability that each word of a claim is not borne out."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Raises ValueError when the weights are for other features."""
        if tuple(weights["features"]) != WORD_FEATURES:
            raise ValueError("the weights name word features that are not measured; train the weights anew")
        self._forest = Forest(weights)
        self.threshold = float(weights["threshold"])

    def __call__(self, features: Values) -> Values:
        """(words, WORD_FEATURES) to (words,) probabilities."""
        return self._forest(features)


def summarise(unmet: Values, words: Sequence[Word]) -> dict[str, float]:
    """What the words' probabilities say of the whole claim, by the names in SUMMARIES."""
    if not len(unmet):
        return dict.fromkeys(SUMMARIES, 0.0)
    weights = np.asarray([word.weight for word in words])
    ordered = np.sort(unmet)[::-1]
    content = unmet[weights > 0]
    return {
        "unmet_most": float(ordered[0]),
        "unmet_mean": float(unmet.mean()),
        "unmet_weighted": float(unmet @ weights / max(float(weights.sum()), 1e-6)),
        "unmet_share": float((unmet > _LIKELY).mean()),
        "unmet_three": float(ordered[:3].mean()),
        "unmet_sum": float(np.log1p(-np.log(1.0 - unmet + 1e-9).sum())),
        "unmet_plainly": float((unmet > _PLAIN).mean()),
        "unmet_upper": float(np.quantile(unmet, 0.75)),
        "unmet_content": float(content.mean()) if len(content) else 0.0,
    }


def unsupported_words(reading: Reading, unmet: Values, threshold: float, *, at_least: int = 0) -> tuple[str, ...]:
    """The words of the claim whose probability passes the threshold, as they stand in it; neighbours as one.

    `at_least` asks for so many words, the likeliest, when none passes: a partly supported claim lacks something.
    """
    chosen: NDArray[np.bool_] = unmet >= threshold
    content = np.asarray([word.is_content for word in reading.words], dtype=bool)
    if at_least and not (chosen & content).any() and content.any():
        likely = np.where(content, unmet, -1.0)
        chosen = chosen.copy()
        chosen[np.argsort(-likely, kind="stable")[: min(at_least, int(content.sum()))]] = True
    return tuple(
        reading.claim[reading.words[first].start : reading.words[last].end]
        for first, last in _runs(chosen)
        if content[first : last + 1].any()
    )


def _runs(chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for place in np.flatnonzero(chosen):
        at = int(place)
        if runs and runs[-1][1] == at - 1:
            runs[-1] = (runs[-1][0], at)
        else:
            runs.append((at, at))
    return runs
