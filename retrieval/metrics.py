"""Figures of retrieval: rankings against sets of right ids, spans of text against reference spans; how sure they are.

Plain arithmetic over ids, offsets and numbers. A figure of a system is the mean of its figure over the queries, each
query counting alike; `interval` says how far that mean may be off, `compare` whether two systems differ at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""(start, end) in characters, the end not included."""
Spans = Mapping[str, Sequence[Span]]
"""Spans by the id of their document. They may overlap: what lies in several is counted once."""

_RESAMPLES = 2000
_FLIPS = 9999
_EXACT_UP_TO = 13
_BLOCK_CELLS = 2_000_000
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean and the bounds within which it lies with the given confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanScores:
    """How well spans of text cover reference spans, each from 0 to 1, counted in characters."""

    recall: float
    precision: float
    iou: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two systems over the same queries: how often the first one is better, and how likely that is by chance.

    `difference` is the mean of the first less that of the second; `p` is two-sided.
    """

    wins: int
    losses: int
    ties: int
    difference: float
    p: float


def recall_at(ranked: Iterable[str], gold: frozenset[str], k: int) -> float:
    """The share of the right ids that stand among the first k.

    Raises:
        ValueError: there is no right id, or k is less than 1.
    """
    return len(gold.intersection(_first(ranked, gold, k))) / len(gold)


def pass_at(ranked: Iterable[str], gold: frozenset[str], k: int) -> float:
    """1.0 when at least one right id stands among the first k, else 0.0; success@k elsewhere. Raises as `recall_at`."""
    return float(not gold.isdisjoint(_first(ranked, gold, k)))


def reciprocal_rank(ranked: Iterable[str], gold: frozenset[str], k: int | None = None) -> float:
    """1 / rank of the first right id, 0.0 when there is none (among the first k). Raises as `recall_at`.

    Its mean over queries is the MRR (Voorhees, The TREC-8 Question Answering Track Report, 1999).
    """
    for rank, one in enumerate(_first(ranked, gold, k), 1):
        if one in gold:
            return 1.0 / rank
    return 0.0


def ndcg_at(ranked: Iterable[str], gold: frozenset[str], k: int) -> float:
    """Normalised discounted cumulative gain at k, every right id worth 1.

    DCG is the sum of 1 / log2(rank + 1) over right ids; it is divided by that of the best order there can be
    (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002). Raises as `recall_at`.
    """
    gain = sum(1 / math.log2(rank + 1) for rank, one in enumerate(_first(ranked, gold, k), 1) if one in gold)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(gold), k) + 1))


def ranking_scores(ranked: Sequence[str], gold: frozenset[str], cuts: Sequence[int]) -> dict[str, float]:
    """One query's figures: recall and pass at each cut ("recall@5"), "mrr" and "ndcg@10". Raises as `recall_at`."""
    scores = {f"recall@{k}": recall_at(ranked, gold, k) for k in cuts}
    scores |= {f"pass@{k}": pass_at(ranked, gold, k) for k in cuts}
    return {**scores, "mrr": reciprocal_rank(ranked, gold), "ndcg@10": ndcg_at(ranked, gold, 10)}


def span_scores(found: Spans, gold: Spans) -> SpanScores:
    """Recall, precision and intersection over union of spans, in characters over all documents.

    As in Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval" (Chroma, 2024), which counts tokens.
    Precision is 0.0 when nothing was found.

    Raises:
        ValueError: the reference spans hold no character, or a span ends before it starts.
    """
    wanted = {document: merge_spans(spans) for document, spans in gold.items()}
    given = {document: merge_spans(spans) for document, spans in found.items()}
    expected, returned = (sum(map(_length, one.values())) for one in (wanted, given))
    if not expected:
        raise ValueError("the reference spans hold no character")
    shared = sum(_overlap(spans, given.get(document, [])) for document, spans in wanted.items())
    return SpanScores(
        recall=shared / expected,
        precision=shared / returned if returned else 0.0,
        iou=shared / (expected + returned - shared),
    )


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """The same characters as spans in order that neither overlap nor touch; empty ones are left out.

    Raises:
        ValueError: a span ends before it starts.
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end < start:
            raise ValueError(f"the span ({start}, {end}) ends before it starts")
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    return merged


def interval(values: Sequence[float], *, confidence: float = 0.95, seed: int = 0) -> Interval:
    """The mean and its percentile bootstrap interval over resampled queries (Efron, Annals of Statistics 7(1), 1979).

    The same values and seed give the same interval. Values that are all equal give an interval of no width: so few
    queries, or so plain a result, say nothing of how far it may be off.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("there is no value to take the mean of")
    sample = np.asarray(values, dtype=np.float64)
    generator = np.random.default_rng(seed)
    means = [
        sample[generator.integers(0, len(sample), (rows, len(sample)))].mean(axis=1)
        for rows in _blocks(_RESAMPLES, len(sample))
    ]
    value = float(sample.mean())
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    # Of a very lopsided sample the mean itself may lie outside, by rounding.
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))


def compare(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Comparison:
    """Holds two systems against each other, query by query (values run parallel), by the paired randomisation test.

    If both were alike, each query's difference might as well have the other sign: `p` is the share of sign patterns
    whose mean difference is at least as far from 0 as the one seen (Fisher, The Design of Experiments, 1935; for
    retrieval: Smucker, Allan and Carterette, CIKM 2007). All patterns are counted where few queries differ, drawn
    ones otherwise.

    Raises:
        ValueError: there is no query, or not the same number of values on both sides.
    """
    if not first or len(first) != len(second):
        raise ValueError(f"two systems are compared over the same queries, not {len(first)} and {len(second)}")
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    differences[np.abs(differences) < _EPSILON] = 0.0
    differing = differences[differences != 0]
    return Comparison(
        wins=int((differing > 0).sum()),
        losses=int((differing < 0).sum()),
        ties=len(differences) - len(differing),
        difference=float(differences.mean()),
        p=_sign_flip_p(differing, seed),
    )


def _sign_flip_p(differences: NDArray[np.float64], seed: int) -> float:
    count = len(differences)
    if count == 0:
        return 1.0
    seen = abs(float(differences.sum())) - _EPSILON * count
    if count <= _EXACT_UP_TO:
        bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
        return float((np.abs((1 - 2 * bits) @ differences) >= seen).mean())
    generator = np.random.default_rng(seed)
    extreme = 0
    for rows in _blocks(_FLIPS, count):
        signs = generator.integers(0, 2, (rows, count)) * 2 - 1
        extreme += int((np.abs(signs @ differences) >= seen).sum())
    return (extreme + 1) / (_FLIPS + 1)  # The pattern that was seen is one of them.


def _blocks(rows: int, columns: int) -> list[int]:
    """Row counts that add up to `rows`, each small enough for a table of that many columns to fit in memory."""
    size = max(1, min(rows, _BLOCK_CELLS // max(columns, 1)))
    return [min(size, rows - start) for start in range(0, rows, size)]


def _first(ranked: Iterable[str], gold: frozenset[str], k: int | None) -> list[str]:
    """The first k distinct ids."""
    if not gold:
        raise ValueError("there is no right id to look for")
    if k is not None and k < 1:
        raise ValueError(f"a ranking is cut at 1 or later, not at {k}")
    return list(dict.fromkeys(ranked))[:k]


def _length(spans: Sequence[Span]) -> int:
    return sum(end - start for start, end in spans)


def _overlap(left: Sequence[Span], right: Sequence[Span]) -> int:
    """Characters that two lists of merged spans have in common."""
    shared, i, j = 0, 0, 0
    while i < len(left) and j < len(right):
        shared += max(0, min(left[i][1], right[j][1]) - max(left[i][0], right[j][0]))
        if left[i][1] <= right[j][1]:
            i += 1
        else:
            j += 1
    return shared
