"""Trains how claims are held against evidence: the weights of `agents/checks/entailment_weights.json`.

    python -m bench.entailment_training --set FILE.jsonl ... --words FILE.jsonl [--write] [--measured FILE]

A set holds {claim, evidence: [text], label, subset}; --words holds {claim, evidence, claim_tokens,
non_supported_spans}: claims whose tokens people marked. Three models are fitted: trees over the words of a claim (which
are not borne out), trees and a logistic regression over whole claims (is it supported), and a logistic regression that
tells partial support from none. All figures of quality are cross-validated, whole subsets left out.
`--measured` keeps what was measured in a file, so that fitting can be repeated without embedding.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.ensemble import ExtraTreesClassifier

from agents.checks.entailment import WEIGHTS_PATH
from agents.checks.entailment_trees import Values, logit, sigmoid
from agents.checks.features import FEATURES, Measured, measure, rows
from agents.checks.features_reading import common_rarity
from agents.checks.features_words import WORD_FEATURES
from agents.checks.unsupported import WordModel
from bench.reporting import say
from retrieval.embedding import OpenVinoEmbedder, bundled_model

SEED = 0
CLAIM_TREES, CLAIM_LEAVES, CLAIM_LEAF = 200, 32, 6
WORD_TREES, WORD_LEAVES, WORD_LEAF = 150, 64, 8
FOREST_SHARE = 0.7
CLAIM_L2, SOME_L2 = 30.0, 30.0
FOLDS = 5
SUPPORTED, PARTIAL, NOT = 2, 1, 0
LABELS = {
    "attributable": SUPPORTED, "supported": SUPPORTED, "partially_supported": PARTIAL, "not attributable": NOT,
    "not_attributable": NOT, "not_supported": NOT,
}  # fmt: skip
SOME_FEATURES = ("cover", "cover_window", "match", "match_middle", "cosine_window", "unmet_mean", "names_missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled claim. `marked` are spans of the claim that people found not borne out; None where nobody looked."""

    claim: str
    evidence: tuple[str, ...]
    label: int
    subset: str
    three_way: bool = False
    marked: tuple[tuple[int, int], ...] | None = None
    measured: list[Measured] = field(default_factory=list)

    @property
    def family(self) -> str:
        """Claims that share their evidence may not be parted in cross-validation."""
        return _hash("\n".join(self.evidence))

    @property
    def is_supported(self) -> bool:
        return self.label == SUPPORTED


def read_cases(path: Path) -> list[Case]:
    """The claims of a set. A set without subsets is one subset, by the name of its file.

    Raises:
        ValueError: a line lacks a key or has a label that is not known; names the line.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            evidence = entry["evidence"]
            found.append(
                Case(
                    claim=entry["claim"], evidence=(evidence,) if isinstance(evidence, str) else tuple(evidence),
                    label=LABELS[str(entry["label"]).strip().lower()], subset=entry.get("subset") or path.stem,
                    marked=_marked(entry),
                )
            )  # fmt: skip
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(
                f"{path}, line {number}: no labelled claim ({error}); see the module's docstring"
            ) from error
    three_way = {case.subset for case in found if case.label == PARTIAL}
    return [_with(case, three_way=case.subset in three_way) for case in found]


def _with(case: Case, *, three_way: bool) -> Case:
    return Case(
        claim=case.claim, evidence=case.evidence, label=case.label, subset=case.subset, marked=case.marked,
        three_way=three_way,
    )  # fmt: skip


def _marked(entry: dict[str, Any]) -> tuple[tuple[int, int], ...] | None:
    if "non_supported_spans" not in entry:
        return None
    spans, at = [], 0
    for token, is_marked in zip(entry["claim_tokens"], entry["non_supported_spans"], strict=True):
        start = entry["claim"].find(token, at)
        if start >= 0:
            at = start + len(token)
            if is_marked:
                spans.append((start, at))
    return tuple(spans)


def measure_cases(cases: Sequence[Case]) -> None:
    """Measures every case with the embedding model that ships; each keeps its own."""
    embeddings = OpenVinoEmbedder(bundled_model())
    pairs = [(case.claim, case.evidence) for case in cases]
    for number, (case, one) in enumerate(zip(cases, measure(pairs, embeddings, common_rarity()), strict=True), start=1):
        case.measured.append(one)
        if number % 400 == 0:
            say(f"{number} of {len(cases)} claims measured")


def claim_hash(claim: str) -> str:
    """A short hash by which the weights know the claims that they were trained on."""
    return _hash(claim)[:10]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


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


def balance(cases: Sequence[Case]) -> Values:
    """(cases,) weights: supported and other claims of a subset weigh the same together."""
    weights = np.ones(len(cases))
    groups: dict[tuple[str, bool], list[int]] = {}
    for place, case in enumerate(cases):
        groups.setdefault(("three-way" if case.three_way else case.subset, case.is_supported), []).append(place)
    for (subset, supported), places in groups.items():
        whole = len(places) + len(groups.get((subset, not supported), []))
        weights[places] = whole / 2 / len(places)
    return np.asarray(weights / weights.mean())


def fit_claims(cases: Sequence[Case], table: Values) -> dict[str, Any]:
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


def fit_some(cases: Sequence[Case], table: Values) -> dict[str, Any]:
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


def train(cases: Sequence[Case], word_cases: Sequence[Case]) -> dict[str, Any]:
    """All models. `word_cases` are marked; their claims count as partly supported ones, with words out of fold."""
    folds = word_folds(word_cases)
    features, marks, _ = word_table(word_cases)
    threshold, score = word_threshold(word_cases, folds)
    words = fit_words(features, marks) | {"threshold": threshold}
    table = claim_table(cases, WordModel(words))
    return {
        "provenance": provenance(cases, word_cases),
        "words": words | {"token_f1": round(score, 4)},
        "claims": fit_claims(cases, table),
        "trained_on": sorted({claim_hash(case.claim) for case in cases}),
    }


def provenance(cases: Sequence[Case], word_cases: Sequence[Case]) -> dict[str, Any]:
    """What the weights were made from."""
    return {
        "sets": "AttributionBench dev (OSU-NLP-Group/AttributionBench), WiCE dev and marked words of its training "
        "split (ryokamoi/wice, annotations ODC-BY); common stems as in common_stems.json",
        "claims": {
            name: sum(case.subset == name for case in cases) for name in sorted({case.subset for case in cases})
        },
        "marked_claims": len(word_cases),
        "embedding_model": "all-MiniLM-L6-v2",
        "seed": SEED,
        "made_by": "bench/entailment_training.py",
    }


def claim_table(cases: Sequence[Case], model: WordModel) -> Values:
    """(cases, FEATURES)."""
    return rows([case.measured[0] for case in cases], model)


def main() -> None:
    """Measures, fits, and writes the weights when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, action="append", required=True, dest="sets")
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--measured", type=Path, help="read measured claims from here, or keep them here")
    parser.add_argument("--write", type=Path, nargs="?", const=WEIGHTS_PATH, help="write the weights")
    arguments = parser.parse_args()
    if arguments.measured and arguments.measured.exists():
        cases, word_cases = pickle.loads(arguments.measured.read_bytes())
    else:
        cases = [case for path in arguments.sets for case in read_cases(path)]
        word_cases = read_cases(arguments.words)
        measure_cases([*cases, *word_cases])
        if arguments.measured:
            arguments.measured.write_bytes(pickle.dumps((cases, word_cases)))
    weights = train(cases, word_cases)
    say(f"token F1 of unsupported words, out of fold: {weights['words']['token_f1']}")
    if arguments.write:
        arguments.write.write_text(json.dumps(weights, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
