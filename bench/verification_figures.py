"""Figures of how claims are judged, with bootstrap intervals: supported against the rest, and over three classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.entailment_cases import NOT, PARTIAL, SUPPORTED

Said = NDArray[np.int64]
"""For each claim SUPPORTED, PARTIAL or NOT."""

DRAWS = 1000
CLASSES = {"supported": SUPPORTED, "partial": PARTIAL, "not_supported": NOT}


def precision(truth: Said, said: Said) -> float:
    """Of the claims that are called supported, the share that is."""
    called = said == SUPPORTED
    return float((truth[called] == SUPPORTED).mean()) if called.any() else 0.0


def recall(truth: Said, said: Said) -> float:
    """Of the supported claims, the share that is called so."""
    held = truth == SUPPORTED
    return float((said[held] == SUPPORTED).mean()) if held.any() else 0.0


def balanced_accuracy(truth: Said, said: Said) -> float:
    """The mean recall of supported and of all others."""
    right = (truth == SUPPORTED) == (said == SUPPORTED)
    return _mean([right[truth == SUPPORTED], right[truth != SUPPORTED]])


def macro_f1(truth: Said, said: Said) -> float:
    """The mean F1 of supported and of all others."""
    return float(np.mean([_f1(truth == SUPPORTED, said == SUPPORTED), _f1(truth != SUPPORTED, said != SUPPORTED)]))


def balanced_accuracy_3(truth: Said, said: Said) -> float:
    """The mean recall of supported, partly supported and not supported."""
    return _mean([said[truth == one] == one for one in CLASSES.values()])


def macro_f1_3(truth: Said, said: Said) -> float:
    """The mean F1 of the three classes."""
    return float(np.mean([_f1(truth == one, said == one) for one in CLASSES.values()]))


def _mean(parts: Sequence[NDArray[Any]]) -> float:
    return float(np.mean([part.mean() for part in parts if len(part)]))


def _f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    both, all_of_both = int((truth & said).sum()), int(truth.sum()) + int(said.sum())
    return 2 * both / all_of_both if all_of_both else 0.0


Figure = Callable[[Said, Said], float]
FIGURES: dict[str, Figure] = {
    "macro_f1": macro_f1,
    "balanced_accuracy": balanced_accuracy,
    "precision": precision,
    "recall": recall,
}


def with_interval(figure: Figure, truth: Said, said: Said, parts: Sequence[NDArray[np.int64]]) -> dict[str, float]:
    """The figure's mean over parts of the set, and its 95 % interval by drawing claims of each part anew."""
    draw = np.random.default_rng(0)
    drawn = [
        np.mean([figure(truth[picks], said[picks]) for part in parts for picks in [draw.choice(part, len(part))]])
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = float(np.mean([figure(truth[part], said[part]) for part in parts]))
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def report_of(truth: Said, said: Said, subsets: Mapping[str, NDArray[np.int64]], *, three_way: bool) -> dict[str, Any]:
    """All figures of one check."""
    everything = [np.arange(len(truth))]
    found: dict[str, Any] = {
        name: with_interval(figure, truth, said, list(subsets.values())) for name, figure in FIGURES.items()
    }
    found["pooled"] = {name: with_interval(FIGURES[name], truth, said, everything) for name in list(FIGURES)[:2]}
    found["by_subset"] = {
        subset: {name: with_interval(figure, truth, said, [part]) for name, figure in FIGURES.items()}
        for subset, part in subsets.items()
    }
    if three_way:
        found["three_way"] = {
            "balanced_accuracy": with_interval(balanced_accuracy_3, truth, said, everything),
            "macro_f1": with_interval(macro_f1_3, truth, said, everything),
            "recall": {
                name: round(float((said[truth == one] == one).mean()), 4) if (truth == one).any() else None
                for name, one in CLASSES.items()
            },
        }
    return found
