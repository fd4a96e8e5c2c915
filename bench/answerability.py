"""Trains and measures how sentences are judged to answer: the weights of `agents/judging_weights.json`.

    python -m bench.answerability --set HOME QUESTIONS.jsonl all|odd|even ... [--write FILE] [--cases FILE]

Each HOME holds the ingested documents that its question set is about. For every question the pipeline's own passages
are taken apart and measured; a unit counts as answering when it lies in a gold file and holds a gold quote or matches
every pattern. Two models with signed weights are fitted: one ranks units (conditional logit over the units of a
question), one tells whether what was chosen is right (logistic). All figures of quality are cross-validated over
questions.
`--cases` keeps the measured questions in a file, so that fitting can be repeated without embedding.
"""

from __future__ import annotations

import argparse
import json
import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from agents.evaluating import Question, read_questions
from agents.judging import ANSWER_FEATURES, answer_features
from agents.question import understand
from agents.signals import SIGNALS, measure
from agents.units import Unit, units_of
from api.settings import Settings
from api.wiring import Platform
from ingest.markup import plain
from retrieval.access import Principal

Array = NDArray[np.float64]

# The sign that sense demands of each weight.
RANK_SIGNS = {
    "sentence_cosine": 1, "context_cosine": 1, "passage_score": 1, "term_match_near": 1, "names_missing_near": -1,
    "codes_missing": -1, "kind_present": 1, "kind_lacking": -1, "is_question": -1, "is_lead_in": -1, "gap": -1,
    "gap_worst": -1, "row_match": 1,
}  # fmt: skip
ANSWER_SIGNS = {"score": 1, "margin": 1, "gap": -1, "kind_is_open": -1, "kind_lacking": -1, "names_unknown": -1}
RANK_L2, ANSWER_L2 = 10.0, 3.0
MOST, SHARE = 3, 0.08
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with its units: their words, which of them answer, and for each part their (units, SIGNALS)."""

    set_name: str
    question: Question
    claims: tuple[str, ...]
    answers: tuple[bool, ...]
    parts: tuple[Array, ...]


def collect(home: Path, questions: Sequence[Question], set_name: str) -> list[Case]:
    """Measures every question over an ingested home."""
    platform = Platform(Settings(home=home))
    admin = Principal(admin=True)
    researcher, analyst = platform.crew_parts.researcher, platform.crew_parts.analyst
    cases = []
    for question in questions:
        understood = understand(question.question)
        units = units_of(researcher.gather(understood, admin))
        candidates = [unit.candidate for unit in units]
        parts = tuple(
            measure(part, candidates, analyst.embeddings, platform.searcher.rarity(admin)).astype(np.float64)
            for part in understood.parts
        )
        cases.append(
            Case(
                set_name=set_name, question=question, claims=tuple(unit.claim for unit in units), parts=parts,
                answers=tuple(_answers(unit, question) for unit in units),
            )
        )  # fmt: skip
    platform.close()
    return cases


def _answers(unit: Unit, question: Question) -> bool:
    uris = [unquote(span.document.uri) for span in unit.evidence]
    if not any(uri.endswith("/" + name) for uri in uris for name in question.gold_files):
        return False
    if _matches(question, unit.claim):
        return True
    said = _fold(" ".join(span.quote for span in unit.evidence))
    quoted = any(_fold(gold) in said or (len(said) > 20 and said in _fold(gold)) for gold in question.gold_quotes)
    return quoted and any(re.search(p, unit.claim, re.IGNORECASE) for p in question.must_contain)


def _matches(question: Question, text: str) -> bool:
    return all(re.search(pattern, text, re.IGNORECASE) for pattern in question.must_contain)


def _fold(text: str) -> str:
    return re.sub(r"\W+", " ", plain(text)).strip().lower()


def fit_rank(cases: Sequence[Case]) -> Array:
    """(SIGNALS,) weights under which the answering units of a question take most of its probability."""
    columns = [SIGNALS.index(name) for name in RANK_SIGNS]
    data = [(part[:, columns], np.asarray(case.answers)) for case in cases if any(case.answers) for part in case.parts]
    spread = np.vstack([signals for signals, _ in data]).std(axis=0) + 1e-6

    def loss(weights: Array) -> float:
        total = RANK_L2 * 0.01 * float(((weights * spread) ** 2).sum())
        for signals, answers in data:
            scores = signals @ weights
            total += _log_sum(scores) - _log_sum(scores[answers])
        return total

    bounds = [(0, None) if sign > 0 else (None, 0) for sign in RANK_SIGNS.values()]
    fitted = minimize(loss, np.asarray([float(s) for s in RANK_SIGNS.values()]), method="L-BFGS-B", bounds=bounds)
    weights = np.zeros(len(SIGNALS))
    weights[columns] = fitted.x
    return weights


def fit_answer(cases: Sequence[Case], rank: Array) -> tuple[Array, float]:
    """(ANSWER_FEATURES,) weights and bias of the probability that what is chosen is right."""
    columns = [ANSWER_FEATURES.index(name) for name in ANSWER_SIGNS]
    rows = [features(case, rank)[columns] for case in cases if case.claims]
    right = np.asarray([is_right(case, rank) for case in cases if case.claims])
    values = np.asarray(rows)
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-6
    unit = (values - mean) / spread

    def loss(weights: Array) -> float:
        logits = unit @ weights[:-1] + weights[-1]
        return float(
            np.logaddexp(0, np.where(right, -logits, logits)).sum() + ANSWER_L2 / 2 * (weights[:-1] ** 2).sum()
        )

    bounds = [(0, None) if sign > 0 else (None, 0) for sign in ANSWER_SIGNS.values()] + [(None, None)]
    fitted = minimize(loss, np.zeros(len(columns) + 1), method="L-BFGS-B", bounds=bounds).x
    weights = np.zeros(len(ANSWER_FEATURES))
    weights[columns] = fitted[:-1] / spread
    return weights, float(fitted[-1] - (fitted[:-1] * mean / spread).sum())


def features(case: Case, rank: Array) -> Array:
    """The answer features of a case; the mean over the parts of a question."""
    return np.mean([answer_features(part @ rank, part) for part in case.parts], axis=0)


def is_right(case: Case, rank: Array) -> bool:
    """Whether the units that would be released, always answering, hold what was asked."""
    if not case.question.answerable:
        return False
    kept = []
    for part in case.parts:
        scores = part @ rank
        order = np.argsort(-scores, kind="stable")[:MOST]
        kept += [case.claims[i] for i in order if scores[i] - scores[order[0]] >= np.log(SHARE)]
    return _matches(case.question, " ".join(kept))


def cross_validate(cases: Sequence[Case]) -> tuple[Array, NDArray[np.bool_]]:
    """For each case (probability, right) under models that were fitted without its fold."""
    probability, right = np.zeros(len(cases)), np.zeros(len(cases), dtype=bool)
    fold_of = np.random.default_rng(0).permutation(len(cases)) % FOLDS
    for fold in range(FOLDS):
        train = [case for case, f in zip(cases, fold_of, strict=True) if f != fold]
        rank = fit_rank(train)
        weights, bias = fit_answer(train, rank)
        for index in np.flatnonzero(fold_of == fold):
            case = cases[index]
            if case.claims:
                probability[index] = 1 / (1 + np.exp(-(features(case, rank) @ weights + bias)))
                right[index] = is_right(case, rank)
    return probability, right


def best_threshold(cases: Sequence[Case], probability: Array, right: NDArray[np.bool_]) -> float:
    """The threshold with the greatest mean of the shares answered right and rightly abstained, less wrong answers."""
    grid = np.round(np.arange(0.2, 0.85, 0.01), 2)
    return float(max(grid, key=lambda t: sum(_shares(cases, probability, right, t) * np.asarray([1, -1, 1]))))


def _shares(cases: Sequence[Case], probability: Array, right: NDArray[np.bool_], threshold: float) -> Array:
    """(right, wrong) of the answerable and abstained of the unanswerable."""
    answerable = np.asarray([case.question.answerable for case in cases])
    answered = probability >= threshold
    return np.asarray(
        [(answered & right)[answerable].mean(), (answered & ~right)[answerable].mean(), (~answered)[~answerable].mean()]
    )


def _auc(values: Array, positive: NDArray[np.bool_]) -> float:
    ranks, count = rankdata(values), int(positive.sum())
    rest = len(values) - count
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * rest)) if count and rest else float("nan")


def _log_sum(scores: Array) -> float:
    top = scores.max()
    return float(top + np.log(np.exp(scores - top).sum()))


def report(cases: Sequence[Case], probability: Array, right: NDArray[np.bool_], threshold: float) -> None:
    """Prints each signal's AUC, and the curve of every set."""
    names = sorted({case.set_name for case in cases})
    print("AUC of each signal, choosing a unit and answering at all, on " + ", ".join(names))
    measured = [_signal_aucs([case for case in cases if case.set_name == name and case.claims]) for name in names]
    for column, signal in enumerate(SIGNALS):
        print(f"  {signal:<24}" + "   ".join(f"{aucs[column][0]:.2f} {aucs[column][1]:.2f}" for aucs in measured))
    for name in names:
        chosen = np.asarray([case.set_name == name for case in cases])
        subset = [case for case in cases if case.set_name == name]
        always = right[chosen].sum() / sum(case.question.answerable for case in subset)
        auc = _auc(probability[chosen], right[chosen])
        print(f"{name}: {len(subset)} questions, AUC {auc:.3f}, always answering {always:.2f} right")
        for level in sorted({0.3, 0.4, 0.5, 0.6, 0.7, threshold}):
            good, wrong, abstained = _shares(subset, probability[chosen], right[chosen], level)
            print(f"  at {level:.2f}: right {good:.2f}, wrong {wrong:.2f}; unanswerable abstained {abstained:.2f}")


def _signal_aucs(cases: Sequence[Case]) -> list[tuple[float, float]]:
    """For each signal (AUC among the units of a question, AUC of the chosen unit's value for being right)."""
    rank = fit_rank(cases)
    right = np.asarray([is_right(case, rank) for case in cases])
    values = np.asarray([features(case, rank) for case in cases])
    within = [(part, np.asarray(case.answers)) for case in cases for part in case.parts if any(case.answers)]
    return [
        (
            float(np.nanmean([_auc(part[:, column], answers) for part, answers in within])),
            _auc(values[:, ANSWER_FEATURES.index(signal)], right),
        )
        for column, signal in enumerate(SIGNALS)
    ]


def weights_json(cases: Sequence[Case], threshold: float) -> dict[str, Any]:
    """The weights file, fitted on all cases."""
    rank = fit_rank(cases)
    answer, bias = fit_answer(cases, rank)
    sets = ", ".join(sorted({case.set_name for case in cases}))
    return {
        "rank": {"weights": {n: round(float(rank[SIGNALS.index(n)]), 4) for n in RANK_SIGNS}},
        "answer": {
            "weights": {n: round(float(answer[ANSWER_FEATURES.index(n)]), 4) for n in ANSWER_SIGNS},
            "bias": round(bias, 4),
        },
        "threshold": {
            "answer": threshold, "share_of_best": SHARE, "most": MOST,
            "chosen_by": f"greatest sum of right, less wrong, and rightly abstained, {FOLDS}-fold over: {sets}",
        },
    }  # fmt: skip


def main() -> None:
    """Measures, fits, reports, and writes the weights when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--set", nargs=3, action="append", default=[], metavar=("HOME", "QUESTIONS", "HALF"), dest="sets"
    )
    parser.add_argument("--cases", type=Path, help="read measured questions from here, or keep them here")
    parser.add_argument("--write", type=Path, help="write the weights here")
    arguments = parser.parse_args()
    if arguments.cases and arguments.cases.exists():
        cases: list[Case] = pickle.loads(arguments.cases.read_bytes())
    else:
        cases = []
        for home, path, half in arguments.sets:
            chosen = {"all": slice(None), "odd": slice(0, None, 2), "even": slice(1, None, 2)}[half]
            name = f"{Path(path).stem}-{half}"
            cases += collect(Path(home), read_questions(Path(path))[chosen], name)
        if arguments.cases:
            arguments.cases.write_bytes(pickle.dumps(cases))
    probability, right = cross_validate(cases)
    threshold = best_threshold(cases, probability, right)
    report(cases, probability, right, threshold)
    if arguments.write:
        arguments.write.write_text(json.dumps(weights_json(cases, threshold), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
