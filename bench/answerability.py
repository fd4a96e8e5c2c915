"""Trains and measures the judge: which sentence answers, and whether any does.

    python bench/answerability.py --spans xquad.jsonl policy.jsonl --home HOME:questions.jsonl:odd -o weights.json

`--spans` takes files with one {question, passage, title, answers: [{text, start}]} a line. Each question is put to the
passages of its file, found by cosine, in three forms: as they are; without the sentences that answer it; without the
passages that hold them. The last two are near misses: on the topic, and no answer. `--home` takes an ingested home and
a question set as `groundcrew eval` reads it, all of it or the odd or even ids, and goes through the real retrieval.

Printed: each signal's AUC alone, then for each set the figures of weights trained on the other sets. With -o the
weights trained on all sets are written. Ranking is a conditional logit, answering a logistic regression; both are
held to the sign that sense gives each signal, which is what lets them carry over to other documents.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from agents.judging import ANSWER_FEATURES, answer_features
from agents.question import understand
from agents.sentences import split_sentences
from agents.signals import SIGNALS, Array, Candidate, Embeddings, measure

Vector = NDArray[np.float64]

RANK_SIGNALS = (
    "context_cosine",
    "sentence_cosine",
    "passage_score",
    "term_match_near",
    "kind_present",
    "is_question",
    "is_lead_in",
    "names_missing_near",
)
ANSWER_SIGNALS = ("score", "margin", "passage_score", "gap", "names_missing_near", "kind_lacking")
LESS_IS_BETTER = frozenset(
    {"is_question", "is_lead_in", "names_missing", "names_missing_near", "gap", "gap_worst", "kind_lacking"}
)
PASSAGES, MOST, SHARE = 5, 3, 0.15
_PENALTY = 0.02
_REAL_QUESTIONS = 4.0
_LEAST_SPREAD = 0.05
# A set on which other sets' weights tell right from wrong no better than this has no say in the threshold: it would
# only ask to abstain always (policy questions: most passages without a label answer as well).
_TELLING = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question with measured candidates. `right` are the indexes that answer; `patterns` judge the text instead."""

    signals: tuple[Array, ...]
    texts: tuple[str, ...]
    right: frozenset[int]
    answerable: bool
    patterns: tuple[str, ...] = ()


def span_cases(path: Path, embeddings: Embeddings, most: int) -> list[Case]:
    """Cases from a file of passages with answer spans."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    titles = {row["passage"]: str(row.get("title", "")).replace("_", " ") for row in rows}
    passages = list(titles)
    vectors = np.concatenate([embeddings.embed_sentences(passages[i : i + 32]) for i in range(0, len(passages), 32)])
    step = max(1, len(rows) // most)
    cases: list[Case] = []
    for row in rows[::step]:
        cosines = vectors @ embeddings.embed_sentences([row["question"]])[0]
        order = [int(i) for i in np.argsort(-cosines)[: PASSAGES + 1]]
        elsewhere = [i for i in order if passages[i] != row["passage"]]
        answers = [(a["start"], a["start"] + len(a["text"])) for a in row["answers"]]
        for found, drop in ((order[:PASSAGES], False), (order[:PASSAGES], True), (elsewhere[:PASSAGES], True)):
            candidates: list[Candidate] = []
            right: set[int] = set()
            for rank, i in enumerate(found):
                for start, end in split_sentences(passages[i]):
                    holds = passages[i] == row["passage"] and any(a < end and b > start for a, b in answers)
                    if holds and drop:
                        continue
                    if holds:
                        right.add(len(candidates))
                    candidates.append(
                        _candidate(passages[i], (start, end), titles[passages[i]], float(cosines[i]), rank)
                    )
            question = understand(row["question"])
            signals = tuple(measure(part, candidates, embeddings) for part in question.parts)
            cases.append(
                Case(
                    signals=signals,
                    texts=tuple(c.text for c in candidates),
                    right=frozenset(right),
                    answerable=bool(right),
                )
            )
    return [case for case in cases if case.texts]


def _candidate(passage: str, span: tuple[int, int], title: str, cosine: float, rank: int) -> Candidate:
    start, end = span
    return Candidate(
        text=" ".join(passage[start:end].split()),
        passage_text=passage,
        title=title,
        passage_score=max(cosine, 0.0),
        dense=cosine,
        rank=rank,
    )


def home_cases(home: str, questions: Path, which: str) -> list[Case]:
    """Cases from an ingested home, through its own retrieval; `which` is all, odd or even."""
    from agents.researcher import Researcher
    from agents.units import units_of
    from api.settings import load_settings
    from api.wiring import Platform
    from retrieval.access import Principal

    os.environ["GROUNDCREW_HOME"] = home
    platform = Platform(load_settings())
    embeddings = platform_embeddings(platform)
    cases = []
    for line in questions.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if which != "all" and int(re.sub(r"\D", "", row["id"])) % 2 != (which == "odd"):
            continue
        question = understand(row["question"])
        units = units_of(Researcher(platform.searcher.search).gather(question, Principal(admin=True)))
        candidates = [unit.candidate for unit in units]
        quotes = [_letters(quote) for quote in row["gold_quotes"]]
        right = frozenset(i for i, c in enumerate(candidates) if _holds(_letters(c.text), quotes))
        signals = tuple(measure(p, candidates, embeddings, platform.index.lexical.rarity) for p in question.parts)
        cases.append(
            Case(
                signals=signals,
                texts=tuple(u.claim for u in units),
                right=right,
                answerable=row["answerable"],
                patterns=tuple(row["must_contain"]),
            )
        )
    platform.close()
    return cases


class _Remembered:
    """Token vectors by text: near misses measure the same sentences again."""

    def __init__(self, embedder: Any) -> None:
        self._embedder, self._tokens, self._sentences = embedder, {}, {}

    def embed_sentences(self, texts: Sequence[str]) -> Array:
        missing = [t for t in dict.fromkeys(texts) if t not in self._sentences]
        if missing:
            self._sentences.update(zip(missing, self._embedder.embed(missing), strict=True))
        return np.asarray([self._sentences[t] for t in texts], dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[tuple[Array, list[tuple[int, int]]]]:
        missing = sorted({t for t in texts if t not in self._tokens}, key=len)
        for i in range(0, len(missing), 32):
            self._tokens.update(zip(missing[i : i + 32], self._embedder.embed_tokens(missing[i : i + 32]), strict=True))
        return [self._tokens[t] for t in texts]


def platform_embeddings(platform: Any) -> Embeddings:
    """The home's embedder under the names that the signals use."""
    return _Remembered(platform.embedder)


def _letters(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


def _holds(text: str, quotes: Iterable[str]) -> bool:
    return any((len(q) >= 4 and q in text) or (len(text) >= 12 and text in q) for q in quotes)


def fit_rank(sets: Sequence[Sequence[Case]], spread: Vector) -> Vector:
    """(SIGNALS,) weights of a conditional logit over each question's candidates; sets count by their importance."""
    columns = [SIGNALS.index(name) for name in RANK_SIGNALS]
    usable = [[c for c in cases if 0 < len(c.right) < len(c.texts)] for cases in sets]
    rows = [
        (
            c.signals[0][:, columns] / spread[columns],
            np.isin(range(len(c.texts)), list(c.right)),
            _importance(cases) / len(cases),
        )
        for cases in usable
        for c in cases
    ]

    scale = sum(map(_importance, usable))

    def loss(w: Vector) -> tuple[float, Vector]:
        total, gradient = 0.0, np.zeros_like(w)
        for x, y, share in rows:
            p = np.exp(x @ w - (x @ w).max())
            p /= p.sum()
            right = p[y].sum() + 1e-12
            total -= share * np.log(right)
            gradient -= share * (p[y] / right @ x[y] - p @ x)
        return total / scale + _PENALTY * w @ w, gradient / scale + 2 * _PENALTY * w

    found = minimize(loss, np.full(len(columns), 0.1), jac=True, method="L-BFGS-B", bounds=_bounds(RANK_SIGNALS))
    weights = np.zeros(len(SIGNALS))
    weights[columns] = found.x / spread[columns]
    return weights


def fit_answer(sets: Sequence[Sequence[Case]], rank: Vector, spread: Vector) -> tuple[Vector, float]:
    """(ANSWER_FEATURES,) weights and bias of a logistic regression; right and wrong weigh the same in every set."""
    columns = [ANSWER_FEATURES.index(name) for name in ANSWER_SIGNALS]
    xs, ys, ws = [], [], []
    for cases in sets:
        x = np.array([np.mean([answer_features(s @ rank, s)[columns] for s in c.signals], axis=0) for c in cases])
        y = np.array([is_right(c, rank) for c in cases], dtype=float)
        xs.append(x / spread[columns])
        ys.append(y)
        ws.append(np.where(y > 0, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1)) * _importance(cases))
    x, y, w = np.concatenate(xs), np.concatenate(ys), np.concatenate(ws) / sum(map(_importance, sets))

    def loss(p: Vector) -> tuple[float, Vector]:
        z = x @ p[:-1] + p[-1]
        slope = w * (1 / (1 + np.exp(-z)) - y)
        return (
            float((w * (np.logaddexp(0, z) - y * z)).sum() + _PENALTY * p[:-1] @ p[:-1]),
            np.append(x.T @ slope + 2 * _PENALTY * p[:-1], slope.sum()),
        )

    found = minimize(
        loss,
        np.zeros(len(columns) + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*_bounds(ANSWER_SIGNALS), (None, None)],
    )
    weights = np.zeros(len(ANSWER_FEATURES))
    weights[columns] = found.x[:-1] / spread[columns]
    return weights, float(found.x[-1])


def _importance(cases: Sequence[Case]) -> float:
    """Questions that people put to a company's documents count more than those of reading tests."""
    return _REAL_QUESTIONS if any(c.patterns for c in cases) else 1.0


def _bounds(names: Iterable[str]) -> list[tuple[float | None, float | None]]:
    return [(None, 0.0) if name in LESS_IS_BETTER else (0.0, None) for name in names]


def chosen(scores: Vector) -> list[int]:
    """The candidates an answer would quote."""
    order = np.argsort(-scores, kind="stable")[:MOST]
    return [int(i) for i in order if np.exp(scores[i] - scores[order[0]]) >= SHARE]


def is_right(case: Case, rank: Vector) -> bool:
    """Whether the candidates chosen answer the question."""
    if not case.answerable:
        return False
    picked = [i for s in case.signals for i in chosen(s @ rank)]
    text = " ".join(case.texts[i] for i in picked)
    if case.patterns:
        return all(re.search(pattern, text, re.IGNORECASE) for pattern in case.patterns)
    return bool(case.right & set(picked))


def probability(case: Case, rank: Vector, answer: Vector, bias: float) -> float:
    """Of the least probable part."""
    return min(float(1 / (1 + np.exp(-(answer_features(s @ rank, s) @ answer + bias)))) for s in case.signals)


def curve(cases: Sequence[Case], rank: Vector, answer: Vector, bias: float) -> list[tuple[float, float, float, float]]:
    """(threshold, right, wrong, unanswerable abstained), the first two as shares of the answerable."""
    p = np.array([probability(c, rank, answer, bias) for c in cases])
    right, able = np.array([is_right(c, rank) for c in cases]), np.array([c.answerable for c in cases])
    return [
        (
            float(t),
            float((right & (p >= t))[able].mean()),
            float((~right & (p >= t))[able].mean()),
            float((p < t)[~able].mean()),
        )
        for t in np.linspace(0.1, 0.9, 33)
    ]


def utility(point: tuple[float, float, float, float]) -> float:
    """Right, less wrong, less answered although unanswerable; answerable and unanswerable count the same."""
    return point[1] - point[2] - (1 - point[3])


def auc(positive: NDArray[np.bool_], values: Vector) -> float:
    """The chance that a positive's value is above a negative's; nan without both."""
    n, m = int(positive.sum()), int((~positive).sum())
    return float((rankdata(values)[positive].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


def spreads(cases: Sequence[Case], rank: Vector | None = None) -> Vector:
    """Standard deviation of each signal (with `rank`: of each answer feature), not less than a floor."""
    rows = (
        np.concatenate([s for c in cases for s in c.signals])
        if rank is None
        else np.array([answer_features(s @ rank, s) for c in cases for s in c.signals])
    )
    return np.maximum(rows.std(axis=0).astype(np.float64), _LEAST_SPREAD)


def train(sets: Sequence[Sequence[Case]]) -> tuple[Vector, Vector, float]:
    """Rank weights, answer weights and bias from all sets."""
    pooled = [case for cases in sets for case in cases]
    rank = fit_rank(sets, spreads(pooled))
    answer, bias = fit_answer(sets, rank, spreads(pooled, rank))
    return rank, answer, bias


def report(sets: dict[str, list[Case]]) -> float:
    """Prints each signal alone and each set under weights of the others; returns the threshold of best utility."""
    for i, name in enumerate(SIGNALS):
        shown = []
        for label, cases in sets.items():
            split = [
                (np.isin(range(len(c.texts)), list(c.right)), c.signals[0][:, i])
                for c in cases
                if 0 < len(c.right) < len(c.texts)
            ]
            shown.append(f"{label} {np.mean([auc(y, x) for y, x in split]) if split else float('nan'):.2f}")
        print(f"{name:24}" + "  ".join(shown))
    totals: Vector = np.zeros(33)
    for label, cases in sets.items():
        others = [c for other, c in sets.items() if other != label] or [cases]
        rank, answer, bias = train(others)
        right = np.array([is_right(c, rank) for c in cases])
        p = np.array([probability(c, rank, answer, bias) for c in cases])
        points = curve(cases, rank, answer, bias)
        if auc(right, p) >= _TELLING:
            totals += np.array([utility(point) for point in points])
        best = max(points, key=utility)
        reach = right.sum() / max(sum(c.answerable for c in cases), 1)
        print(
            f"{label}: of the answerable {reach:.2f} among those chosen; AUC right to rest {auc(right, p):.2f}; "
            f"best at {best[0]:.2f}: {best[1]:.2f} right, {best[2]:.2f} wrong, abstained on {best[3]:.2f} of the rest"
        )
    return float(np.linspace(0.1, 0.9, 33)[int(np.argmax(totals))])


def weights_json(
    rank: Vector, answer: Vector, bias: float, threshold: float, sets: dict[str, list[Case]]
) -> dict[str, Any]:
    """The weights file's content."""
    how = (
        f"best mean over those sets ({', '.join(sets)}) of right - wrong - answered though unanswerable, "
        "each set under weights trained on the others, sets that those cannot tell left out"
    )
    return {
        "rank": {"weights": {n: round(float(w), 4) for n, w in zip(SIGNALS, rank, strict=True) if w}},
        "answer": {
            "weights": {n: round(float(w), 4) for n, w in zip(ANSWER_FEATURES, answer, strict=True) if w},
            "bias": round(bias, 4),
        },
        "threshold": {"answer": round(threshold, 3), "share_of_best": SHARE, "most": MOST, "chosen_by": how},
    }


def main() -> None:
    """Reads the arguments, measures, and writes weights when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", nargs="*", type=Path, default=[])
    parser.add_argument("--home", nargs="*", default=[], metavar="HOME:QUESTIONS:all|odd|even")
    parser.add_argument("--questions", type=int, default=200, help="at most this many of each span file")
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    from retrieval.embedding import OpenVinoEmbedder, bundled_model

    embeddings = _Remembered(OpenVinoEmbedder(bundled_model()))
    sets = {path.stem: span_cases(path, embeddings, arguments.questions) for path in arguments.spans}
    for entry in arguments.home:
        home, questions, which = entry.rsplit(":", 2)
        sets[f"{Path(questions).stem}-{which}"] = home_cases(home, Path(questions), which)
    threshold = report(sets)
    if arguments.output:
        rank, answer, bias = train(list(sets.values()))
        arguments.output.write_text(
            json.dumps(weights_json(rank, answer, bias, threshold, sets), indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
