"""Small models as data: decision trees and a logistic regression, evaluated with numpy alone.

`bench/entailment_training.py` fits them and writes them as JSON; nothing else is needed to use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Forest:
    """Trees whose leaves are added up. Each tree is a list of nodes: (feature, threshold, left, right, value); a leaf
    has feature -1. A row goes left when its feature is at most the threshold."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        """Raises ValueError when the trees do not fit together."""
        trees = weights["trees"]
        longest = max((len(tree["feature"]) for tree in trees), default=1)
        self._feature = np.full((len(trees), longest), -1, dtype=np.int64)
        self._threshold = np.zeros((len(trees), longest))
        self._left = np.zeros((len(trees), longest), dtype=np.int64)
        self._right = np.zeros((len(trees), longest), dtype=np.int64)
        self._value = np.zeros((len(trees), longest))
        for row, tree in enumerate(trees):
            size = len(tree["feature"])
            if any(len(tree[name]) != size for name in ("threshold", "left", "right", "value")):
                raise ValueError("a tree of the weights file is incomplete; train the weights anew")
            self._feature[row, :size] = tree["feature"]
            self._threshold[row, :size] = tree["threshold"]
            self._left[row, :size] = tree["left"]
            self._right[row, :size] = tree["right"]
            self._value[row, :size] = tree["value"]
        self._depth = int(weights["depth"])
        self._base = float(weights["base"])
        self._scale = float(weights["scale"])
        self._is_logit = bool(weights["logit"])

    def __call__(self, features: Values) -> Values:
        """(n, features) to (n,) probabilities."""
        if not len(features):
            return np.zeros(0)
        trees = np.arange(len(self._feature))[:, None]
        rows = np.arange(len(features))[None, :]
        at = np.zeros((len(self._feature), len(features)), dtype=np.int64)
        for _ in range(self._depth):
            feature = self._feature[trees, at]
            goes_left = features[rows, np.maximum(feature, 0)] <= self._threshold[trees, at]
            following = np.where(goes_left, self._left[trees, at], self._right[trees, at])
            at = np.where(feature < 0, at, following)
        total = self._base + self._scale * self._value[trees, at].sum(axis=0)
        return sigmoid(total) if self._is_logit else np.clip(total, 0.0, 1.0)


class Logistic:
    """A logistic regression over standardised features."""

    def __init__(self, weights: Mapping[str, Any]) -> None:
        self._mean = np.asarray(weights["mean"], dtype=np.float64)
        self._spread = np.asarray(weights["spread"], dtype=np.float64)
        self._weights = np.asarray(weights["weights"], dtype=np.float64)
        self._bias = float(weights["bias"])
        if not len(self._mean) == len(self._spread) == len(self._weights):
            raise ValueError("the logistic weights do not fit together; train the weights anew")

    def __call__(self, features: Values) -> Values:
        """(n, features) to (n,) probabilities."""
        unit = np.clip((features - self._mean) / self._spread, -6.0, 6.0)
        return sigmoid(unit @ self._weights + self._bias)


def sigmoid(logits: Values) -> Values:
    """Logits to probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60.0, 60.0))), dtype=np.float64)


def logit(probabilities: Values) -> Values:
    """Probabilities to logits, finite at 0 and 1."""
    kept = np.clip(probabilities, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(kept / (1.0 - kept)), dtype=np.float64)
