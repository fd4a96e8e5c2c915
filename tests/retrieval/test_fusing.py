"""Fusion of two rankings by their scores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusing import fuse, min_max

scores = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1e6, 1e6), max_size=8)


@given(dense=scores, lexical=scores, weight=st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1_in_order_and_name_every_candidate_once(
    dense: dict[str, float], lexical: dict[str, float], weight: float
) -> None:
    fused = fuse(dense, lexical, weight)
    assert sorted(key for key, _ in fused) == sorted({*dense, *lexical})
    assert all(-1e-9 <= score <= 1 + 1e-9 for _, score in fused)
    assert fused == sorted(fused, key=lambda pair: (-pair[1], pair[0]))


def test_ties_are_broken_by_id() -> None:
    assert [key for key, _ in fuse({"b": 1.0, "a": 1.0}, {}, 0.5)] == ["a", "b"]


def test_an_empty_side_leaves_the_order_of_the_other() -> None:
    assert [key for key, _ in fuse({}, {"a": 3.0, "b": 9.0, "c": 5.0}, 0.6)] == ["b", "c", "a"]
    assert fuse({}, {}, 0.6) == []


@pytest.mark.parametrize(("weight", "best"), [(1.0, "dense"), (0.0, "lexical")])
def test_a_weight_at_an_end_leaves_one_side_alone(weight: float, best: str) -> None:
    assert fuse({"dense": 1.0, "lexical": 0.2}, {"lexical": 8.0, "dense": 1.0}, weight)[0] == (best, 1.0)


def test_equal_scores_all_count_as_best() -> None:
    assert min_max({"a": 4.0, "b": 4.0}) == {"a": 1.0, "b": 1.0}
