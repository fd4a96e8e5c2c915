"""The probability that a claim follows from its evidence, by a small calibrated model over what `features` measures.

A quote needs no model: it follows. The weights lie beside this module with their provenance; they are made by
`bench/entailment_training.py`. A cross-encoder (`judges`) can stand in this one's place: both meet
`agents.ports.Entailment`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .entailment_quoting import Quoted, quoted
from .entailment_trees import Forest, Logistic, Values, logit, sigmoid
from .features import FEATURES, Measured, Pair, measure, row
from .features_embedding import TokenEmbeddings
from .features_reading import common_rarity, read
from .unsupported import WordModel, unsupported_words

WEIGHTS_PATH = Path(__file__).with_name("entailment_weights.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How far a claim follows: `probability` that the evidence bears it out whole, `some` that, if not whole, then
    at least in part; `words` are those that are likely not borne out. `kept` is the share of its content words that
    stand in one sentence of the evidence in their order, `told` the share of that sentence that it tells."""

    probability: float
    some: float = 1.0
    words: tuple[str, ...] = ()
    kept: float = 1.0
    told: float = 1.0
    quoted: Quoted = Quoted.NO


class ClaimModel:
    """The probability of support from (n, FEATURES): trees and a logistic regression, averaged, then calibrated."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Raises ValueError when the weights are for other features."""
        if tuple(weights["features"]) != FEATURES:
            raise ValueError("the weights name features that are not measured; train the weights anew")
        self._forest = Forest(weights["forest"])
        self._logistic = Logistic(weights["logistic"])
        self._some = Logistic(weights["some"])
        self._share = float(weights["forest_share"])
        self._slope, self._bias = (float(weights["calibration"][name]) for name in ("slope", "bias"))

    def __call__(self, features: Values) -> Values:
        """(n, FEATURES) to (n,) calibrated probabilities."""
        mixed = self._share * self._forest(features) + (1.0 - self._share) * self._logistic(features)
        return sigmoid(self._slope * logit(mixed) + self._bias)

    def some(self, features: Values) -> Values:
        """(n, FEATURES) to (n,) probabilities that a claim which is not supported whole is supported in part."""
        return self._some(features)


class FeatureEntailment:
    """Meets `agents.ports.Entailment` with the weights that ship. Embeds nothing for a quote."""

    def __init__(self, embeddings: TokenEmbeddings, weights: Mapping[str, Any] | None = None) -> None:
        """Raises OSError or ValueError when the weights are missing or do not fit this version."""
        given = shipped_weights() if weights is None else weights
        self._embeddings = embeddings
        self._rarity = common_rarity()
        self._words = WordModel(given["words"])
        self._claims = ClaimModel(given["claims"])

    def __call__(self, pairs: Sequence[Pair]) -> list[float]:
        """The probability in [0, 1] for each (claim, evidence)."""
        return [one.probability for one in self.assess(pairs)]

    def assess(self, pairs: Sequence[Pair]) -> list[Assessment]:
        """The probabilities with what they rest on, in the order of the pairs."""
        found: dict[int, Assessment] = {}
        asked: list[int] = []
        for place, (claim, evidence) in enumerate(pairs):
            how = quoted(claim, evidence)
            if how is not Quoted.NO:
                found[place] = Assessment(probability=1.0, quoted=how)
            elif not any(text.strip() for text in evidence):
                words = tuple(word.text for word in read(claim, (), self._rarity).content)
                found[place] = Assessment(probability=0.0, some=0.0, words=words, kept=0.0, told=0.0)
            else:
                asked.append(place)
        measured = measure([pairs[place] for place in asked], self._embeddings, self._rarity)
        for place, one in zip(asked, measured, strict=True):
            found[place] = self.weigh(one)
        return [found[place] for place in range(len(pairs))]

    def weigh(self, measured: Measured) -> Assessment:
        """The assessment of a claim that was measured and is no quote."""
        unmet = self._words(measured.words)
        features = row(measured, unmet)[None, :]
        return Assessment(
            probability=float(self._claims(features)[0]),
            some=float(self._claims.some(features)[0]),
            words=unsupported_words(measured.reading, unmet, self._words.threshold, at_least=1),
            kept=measured.values["subsequence"],
            told=measured.values["precision_sentence"],
        )


@cache
def shipped_weights() -> Mapping[str, Any]:
    """The weights file. Raises OSError or ValueError when it is missing or no JSON."""
    weights: Mapping[str, Any] = json.loads(WEIGHTS_PATH.read_text(encoding="utf-8"))
    return weights
