"""Figures of retrieval: known values, and what holds for every ranking, every set of spans and every sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.metrics import (
    compare,
    interval,
    merge_spans,
    ndcg_at,
    pass_at,
    ranking_scores,
    recall_at,
    reciprocal_rank,
    span_scores,
)

Figure = Callable[[list[str], frozenset[str], int], float]
FIGURES: list[Figure] = [recall_at, pass_at, reciprocal_rank, ndcg_at]
IDS = st.integers(0, 15).map(str)
RANKED = st.lists(IDS, unique=True, max_size=16)
GOLD = st.frozensets(IDS, min_size=1, max_size=6)
SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda s: (s[0], s[0] + s[1])), max_size=8)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), SPANS)
VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def characters(spans: dict[str, list[tuple[int, int]]]) -> set[tuple[str, int]]:
    return {(document, place) for document, ones in spans.items() for a, b in ones for place in range(a, b)}


def test_known_values() -> None:
    ranked, gold = ["a", "x", "b", "y"], frozenset("abc")
    assert recall_at(ranked, gold, 3) == 2 / 3
    assert pass_at(["x", "y"], gold, 2) == 0.0
    assert reciprocal_rank(["x", "y", "b"], gold) == 1 / 3
    assert reciprocal_rank(["x", "y", "b"], gold, 2) == 0.0
    best = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg_at(ranked, gold, 10) == pytest.approx((1 + 1 / 2) / best)
    assert ranking_scores(ranked, gold, (1,)) == {
        "recall@1": 1 / 3,
        "pass@1": 1.0,
        "mrr": 1.0,
        "ndcg@10": pytest.approx(1.5 / best),
    }


def test_an_id_that_comes_twice_counts_once() -> None:
    assert recall_at(["a", "a", "b"], frozenset("ab"), 2) == 1.0
    assert ndcg_at(["a", "a"], frozenset("a"), 10) == 1.0


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_of_nothing_is_refused(figure: Figure) -> None:
    with pytest.raises(ValueError, match="no right id"):
        figure(["a"], frozenset(), 5)
    with pytest.raises(ValueError, match="not at 0"):
        figure(["a"], frozenset("a"), 0)


@pytest.mark.parametrize("figure", FIGURES)
@given(ranked=RANKED, gold=GOLD, k=st.integers(1, 20))
def test_every_figure_lies_between_0_and_1(figure: Figure, ranked: list[str], gold: frozenset[str], k: int) -> None:
    assert 0.0 <= figure(ranked, gold, k) <= 1.0 + 1e-12


@pytest.mark.parametrize("figure", [recall_at, pass_at, reciprocal_rank])
@given(ranked=RANKED, gold=GOLD, k=st.integers(1, 20))
def test_a_longer_look_finds_no_less(figure: Figure, ranked: list[str], gold: frozenset[str], k: int) -> None:
    assert figure(ranked, gold, k) <= figure(ranked, gold, k + 1)


@pytest.mark.parametrize("figure", FIGURES)
@given(others=RANKED, gold=GOLD)
def test_the_right_ids_first_are_perfect(figure: Figure, others: list[str], gold: frozenset[str]) -> None:
    ranked = [*sorted(gold), *(one for one in others if one not in gold)]
    assert figure(ranked, gold, len(gold)) == pytest.approx(1.0)
    assert ndcg_at(ranked, gold, 3) == pytest.approx(1.0)


@pytest.mark.parametrize("figure", FIGURES)
@given(ranked=RANKED, gold=GOLD, k=st.integers(1, 20), data=st.data())
def test_only_places_of_right_ids_matter(
    figure: Figure, ranked: list[str], gold: frozenset[str], k: int, data: st.DataObject
) -> None:
    right = iter(data.draw(st.permutations([one for one in ranked if one in gold])))
    wrong = iter(data.draw(st.permutations([one for one in ranked if one not in gold])))
    swapped = [next(right) if one in gold else next(wrong) for one in ranked]
    assert figure(swapped, gold, k) == pytest.approx(figure(ranked, gold, k))


@pytest.mark.parametrize("figure", FIGURES)
@given(ranked=RANKED, gold=GOLD, place=st.integers(0, 15), k=st.integers(1, 20))
def test_moving_a_right_id_up_never_costs(
    figure: Figure, ranked: list[str], gold: frozenset[str], place: int, k: int
) -> None:
    if 0 < place < len(ranked) and ranked[place] in gold:
        better = ranked.copy()
        better[place - 1 : place + 1] = [ranked[place], ranked[place - 1]]
        assert figure(better, gold, k) >= figure(ranked, gold, k) - 1e-12


@given(found=DOCUMENTS, gold=DOCUMENTS)
def test_spans_are_counted_as_sets_of_characters(
    found: dict[str, list[tuple[int, int]]], gold: dict[str, list[tuple[int, int]]]
) -> None:
    given_, wanted = characters(found), characters(gold)
    if not wanted:
        with pytest.raises(ValueError, match="no character"):
            span_scores(found, gold)
        return
    scores = span_scores(found, gold)
    assert scores.recall == len(given_ & wanted) / len(wanted)
    assert scores.precision == (len(given_ & wanted) / len(given_) if given_ else 0.0)
    assert scores.iou == len(given_ & wanted) / len(given_ | wanted)


@given(spans=SPANS)
def test_merged_spans_hold_the_same_characters_apart_and_in_order(spans: list[tuple[int, int]]) -> None:
    merged = merge_spans(spans)
    assert characters({"": merged}) == characters({"": spans})
    assert all(first[1] < second[0] for first, second in pairwise(merged))
    assert all(start < end for start, end in merged)


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        merge_spans([(3, 2)])


@settings(max_examples=30, deadline=None)
@given(values=VALUES)
def test_an_interval_holds_its_mean_and_is_the_same_each_time(values: list[float]) -> None:
    found = interval(values)
    assert min(values) - 1e-9 <= found.low <= found.value <= found.high <= max(values) + 1e-9
    assert interval(values) == found


def test_an_interval_narrows_with_more_queries_and_confidence_widens_it() -> None:
    few, many = interval([0.0, 1.0] * 10), interval([0.0, 1.0] * 500)
    assert many.high - many.low < few.high - few.low
    # The mean of 1,000 coin throws: 0.5 ± 1.96 · 0.5 / √1000.
    assert (many.low, many.high) == (pytest.approx(0.469, abs=0.005), pytest.approx(0.531, abs=0.005))
    assert interval([0.0, 1.0] * 10, confidence=0.5).high < few.high
    with pytest.raises(ValueError, match="no value"):
        interval([])


@settings(max_examples=30, deadline=None)
@given(pairs=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=25))
def test_a_comparison_turned_round_is_its_mirror(pairs: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = compare(first, second), compare(second, first)
    assert (one.wins, one.losses, one.ties) == (other.losses, other.wins, other.ties)
    assert one.wins + one.losses + one.ties == len(pairs)
    assert one.difference == pytest.approx(-other.difference)
    assert 0 < one.p <= 1
    assert one.p == pytest.approx(other.p, abs=0.05)


def test_few_queries_are_counted_exactly() -> None:
    assert compare([1.0] * 4, [0.0] * 4).p == 2 / 16
    assert compare([1.0, 0.0], [0.0, 1.0]).p == 1.0
    assert compare([0.5], [0.5]).p == 1.0


def test_many_queries_tell_a_difference_from_chance() -> None:
    better = compare([1.0] * 30 + [0.0] * 70, [0.0] * 100)
    assert (better.wins, better.losses, better.ties) == (30, 0, 70)
    assert better.p < 0.001
    assert compare([1.0, 0.0] * 40, [0.0, 1.0] * 40).p > 0.5


def test_two_systems_are_compared_over_the_same_queries() -> None:
    with pytest.raises(ValueError, match="not 1 and 2"):
        compare([1.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="not 0 and 0"):
        compare([], [])
