"""Joins rankings by their scores."""

from __future__ import annotations

from collections.abc import Mapping


def min_max(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores stretched to [0, 1]; all equal scores become 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high - low < 1e-9:
        return dict.fromkeys(scores, 1.0)
    return {key: (value - low) / (high - low) for key, value in scores.items()}


def fuse(dense: Mapping[str, float], lexical: Mapping[str, float], dense_weight: float) -> list[tuple[str, float]]:
    """(id, score) by the weighted sum of both min-max scores, best first; ties by id. Absent counts as 0."""
    left, right = min_max(dense), min_max(lexical)
    fused = {
        key: dense_weight * left.get(key, 0.0) + (1 - dense_weight) * right.get(key, 0.0) for key in {**left, **right}
    }
    return sorted(fused.items(), key=lambda pair: (-pair[1], pair[0]))
