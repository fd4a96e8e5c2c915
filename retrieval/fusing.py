"""Joins what several searches found into one score. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def share_of_best(scores: Mapping[K, float]) -> dict[K, float]:
    """Scores as shares of the best one, in [0, 1]; what is not above 0 counts as 0."""
    best = max(scores.values(), default=0.0)
    return {key: max(0.0, value) / best if best > 0.0 else 0.0 for key, value in scores.items()}


def fuse(dense: Mapping[K, float], lexical: Mapping[K, float], dense_weight: float) -> dict[K, float]:
    """The weighted sum of both searches' scores, each as its share of the best, in [0, 1]. Absent counts as 0.

    A convex combination keeps how far apart scores lie, which ranks alone forget (Bruch et al. 2023).
    """
    left, right = share_of_best(dense), share_of_best(lexical)
    return {
        key: dense_weight * left.get(key, 0.0) + (1.0 - dense_weight) * right.get(key, 0.0) for key in {**left, **right}
    }


def best_of_group(scores: Mapping[K, float], groups: Mapping[K, str]) -> dict[str, float]:
    """The best score among the members of each group."""
    best: dict[str, float] = {}
    for key, score in scores.items():
        group = groups[key]
        best[group] = max(score, best.get(group, 0.0))
    return best
