"""Fits the small models of claim checking over measured claims, and writes them as data.

Trees over the words of a claim (which are not borne out), trees and a logistic regression over whole claims (is it
supported), and a logistic regression that tells partial support from none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import ExtraTreesClassifier

from agents.checks.entailment_trees import Values, logit, sigmoid
from agents.checks.features import FEATURES
from agents.checks.features_words import WORD_FEATURES
from agents.checks.unsupported import WordModel
from bench.entailment_cases import PARTIAL, Case, Known

SEED = 0
CLAIM_TREES, CLAIM_LEAVES, CLAIM_LEAF = 200, 40, 5
WORD_TREES, WORD_LEAVES, WORD_LEAF = 150, 64, 8
FOREST_SHARE = 0.6
CLAIM_L2, SOME_L2 = 100.0, 30.0
FOLDS = 5
SOME_FEATURES = ("cover", "cover_window", "match", "match_middle", "cosine_window", "unmet_mean", "names_missing")


def word_table(cases: Sequence[Case]) -> tuple[Values, NDArray[np.bool_], NDArray[np.int64]]:
    """(words, WORD_FEATURES), which are marked, and the place of each one's claim, over the cases with marks."""
    features, marks, owners = [], [], []
    for place, case in enumerate(cases):
        if case.marked is None:
            continue
        one = case.measured[0]
        features.append(one.words)
        marks += [any(a < word.end and b > word.start for a, b in case.marked) for word in one.reading.words]
        owners += [place] * len(one.reading.words)
    return np.vstack(features), np.asarray(marks, dtype=bool), np.asarray(owners, dtype=np.int64)


def fit_words(features: Values, marks: NDArray[np.bool_]) -> dict[str, Any]:
    """Trees over words. The threshold is set by `word_threshold`."""
    trees = ExtraTreesClassifier(
        WORD_TREES, max_leaf_nodes=WORD_LEAVES, min_samples_leaf=WORD_LEAF, max_features=0.4, random_state=SEED
    ).fit(features, marks)
    return {"features": list(WORD_FEATURES), "threshold": 0.4, **_trees(trees)}


def word_folds(cases: Sequence[Case]) -> dict[int, Values]:
    """For each marked case (by place) its words' probabilities under trees fitted without its evidence."""
    features, marks, owners = word_table(cases)
    families = np.asarray([int(cases[place].family[:8], 16) % FOLDS for place in owners])
    found: dict[int, Values] = {}
    for fold in range(FOLDS):
        model = WordModel(fit_words(features[families != fold], marks[families != fold]))
        for place in np.unique(owners[families == fold]):
            found[int(place)] = model(features[owners == place])
    return found


def word_threshold(cases: Sequence[Case], folds: dict[int, Values]) -> tuple[float, float]:
    """The threshold with the best token F1 out of fold, and that F1."""
    _, marks, owners = word_table(cases)
    values = np.concatenate([folds[int(place)] for place in np.unique(owners)])
    scored = [(_f1(marks, values >= t), float(t)) for t in np.round(np.arange(0.2, 0.6, 0.01), 2)]
    best = max(scored)
    return best[1], best[0]


def _f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    both = int((truth & said).sum())
    return 2 * both / (int(truth.sum()) + int(said.sum())) if both else 0.0


def balance(cases: Sequence[Known]) -> Values:
    """(cases,) weights: supported and other claims of a subset weigh the same together."""
    weights = np.ones(len(cases))
    groups: dict[tuple[str, bool], list[int]] = {}
    for place, case in enumerate(cases):
        groups.setdefault(("three-way" if case.three_way else case.subset, case.is_supported), []).append(place)
    for (subset, supported), places in groups.items():
        whole = len(places) + len(groups.get((subset, not supported), []))
        weights[places] = whole / 2 / len(places)
    return np.asarray(weights / weights.mean())


def fit_claims(cases: Sequence[Known], table: Values) -> dict[str, Any]:
    """The models over whole claims; calibrated on folds that they were not fitted on."""
    truth = np.asarray([case.is_supported for case in cases])
    weights = balance(cases)
    families = np.asarray([int(case.family[:8], 16) % FOLDS for case in cases])
    mixed = np.zeros(len(cases))
    for fold in range(FOLDS):
        inside, outside = families != fold, families == fold
        if outside.any():
            forest = _forest(table[inside], truth[inside], weights[inside])
            logistic = fit_logistic(table[inside], truth[inside], weights[inside], CLAIM_L2)
            mixed[outside] = FOREST_SHARE * forest.predict_proba(table[outside])[:, 1]
            mixed[outside] += (1 - FOREST_SHARE) * predict_logistic(logistic, table[outside])
    slope, bias = _platt(mixed, truth, weights)
    return {
        "features": list(FEATURES),
        "forest": _trees(_forest(table, truth, weights)),
        "logistic": fit_logistic(table, truth, weights, CLAIM_L2),
        "forest_share": FOREST_SHARE,
        "calibration": {"slope": round(slope, 4), "bias": round(bias, 4)},
        "some": fit_some(cases, table),
    }


def fit_some(cases: Sequence[Known], table: Values) -> dict[str, Any]:
    """Tells partial support from none, over the claims of three-way sets that are not supported whole."""
    chosen = [place for place, case in enumerate(cases) if case.three_way and not case.is_supported]
    truth = np.asarray([cases[place].label == PARTIAL for place in chosen], dtype=bool)
    if truth.all() or not truth.any():
        return {
            "mean": [0.0] * len(FEATURES),
            "spread": [1.0] * len(FEATURES),
            "weights": [0.0] * len(FEATURES),
            "bias": 0.0,
        }
    weights = np.where(truth, len(truth) / 2 / truth.sum(), len(truth) / 2 / (~truth).sum())
    keep = np.asarray([name in SOME_FEATURES for name in FEATURES])
    return fit_logistic(table[chosen], truth, weights, SOME_L2, keep)


def _forest(table: Values, truth: NDArray[np.bool_], weights: Values) -> ExtraTreesClassifier:
    return ExtraTreesClassifier(
        CLAIM_TREES, max_leaf_nodes=CLAIM_LEAVES, min_samples_leaf=CLAIM_LEAF, max_features=0.3, random_state=SEED
    ).fit(table, truth, sample_weight=weights)


def fit_logistic(
    table: Values, truth: NDArray[np.bool_], weights: Values, l2: float, keep: NDArray[np.bool_] | None = None
) -> dict[str, Any]:
    """A logistic regression over standardised columns; those not kept get no weight."""
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-6
    unit = np.clip((table - mean) / spread, -6.0, 6.0) * (1.0 if keep is None else keep)
    sign = np.where(truth, 1.0, -1.0)

    def loss(values: Values) -> tuple[float, Values]:
        margin = sign * (unit @ values[:-1] + values[-1])
        pull = -sign * weights * sigmoid(-margin)
        total = float(weights @ np.logaddexp(0, -margin)) + l2 / 2 * float(values[:-1] @ values[:-1])
        return total, np.r_[unit.T @ pull + l2 * values[:-1], pull.sum()]

    fitted = minimize(loss, np.zeros(table.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return {
        "mean": _short(mean), "spread": _short(spread),
        "weights": _short(fitted[:-1] * (1.0 if keep is None else keep)),
        "bias": round(float(fitted[-1]), 5),
    }  # fmt: skip


def predict_logistic(weights: dict[str, Any], table: Values) -> Values:
    """As `agents.checks.entailment_trees.Logistic` does."""
    unit = np.clip((table - np.asarray(weights["mean"])) / np.asarray(weights["spread"]), -6.0, 6.0)
    return sigmoid(unit @ np.asarray(weights["weights"]) + weights["bias"])


def _platt(mixed: Values, truth: NDArray[np.bool_], weights: Values) -> tuple[float, float]:
    column = logit(mixed)
    sign = np.where(truth, 1.0, -1.0)
    fitted = minimize(
        lambda v: float(weights @ np.logaddexp(0, -sign * (v[0] * column + v[1]))), np.asarray([1.0, 0.0])
    )
    return float(fitted.x[0]), float(fitted.x[1])


def _trees(model: ExtraTreesClassifier) -> dict[str, Any]:
    """The trees as data, each leaf holding its share of the positive class."""
    found = []
    for one in model.estimators_:
        tree = one.tree_
        leaf = tree.children_left < 0
        share = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
        found.append(
            {
                "feature": np.where(leaf, -1, tree.feature).tolist(),
                "threshold": _short(np.where(leaf, 0, tree.threshold)),
                "left": np.where(leaf, 0, tree.children_left).tolist(),
                "right": np.where(leaf, 0, tree.children_right).tolist(),
                "value": _short(np.where(leaf, share, 0)),
            }
        )  # fmt: skip
    return {
        "trees": found, "depth": max(one.tree_.max_depth for one in model.estimators_), "base": 0.0,
        "scale": 1 / len(found), "logit": False,
    }  # fmt: skip


def _short(values: Values) -> list[float]:
    return [round(float(value), 5) for value in values]
