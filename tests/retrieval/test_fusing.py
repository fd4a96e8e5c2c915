"""Fusion of two searches by their scores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusing import best_of_group, fuse, share_of_best

scores = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1e6, 1e6), max_size=8)


@given(found=scores)
def test_shares_keep_the_order_and_how_far_apart_scores_lie(found: dict[str, float]) -> None:
    shares = share_of_best(found)
    assert list(shares) == list(found)
    assert all(0.0 <= share <= 1.0 for share in shares.values())
    best = max(found.values(), default=0.0)
    assert {key for key, share in shares.items() if share == 1.0} >= {key for key in found if found[key] == best > 0}
    for key, value in found.items():
        assert shares[key] == pytest.approx(max(0.0, value) / best if best > 0 else 0.0)


def test_what_is_not_above_0_counts_as_0() -> None:
    assert share_of_best({"a": 4.0, "b": 2.0, "c": 0.0, "d": -3.0}) == {"a": 1.0, "b": 0.5, "c": 0.0, "d": 0.0}
    assert share_of_best({"a": 0.0, "b": -1.0}) == {"a": 0.0, "b": 0.0}
    assert share_of_best({}) == {}


@given(dense=scores, lexical=scores, weight=st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1_and_name_every_candidate_once(
    dense: dict[str, float], lexical: dict[str, float], weight: float
) -> None:
    fused = fuse(dense, lexical, weight)
    assert set(fused) == {*dense, *lexical}
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())
    mirrored = fuse(lexical, dense, 1.0 - weight)
    assert fused == {key: pytest.approx(score, abs=1e-9) for key, score in mirrored.items()}


@given(dense=scores, lexical=scores, weight=st.floats(0, 1), factor=st.floats(0.01, 100))
def test_the_scale_of_a_search_does_not_matter(
    dense: dict[str, float], lexical: dict[str, float], weight: float, factor: float
) -> None:
    scaled = fuse({key: factor * value for key, value in dense.items()}, lexical, weight)
    assert scaled == {key: pytest.approx(score, abs=1e-9) for key, score in fuse(dense, lexical, weight).items()}


def test_an_empty_side_leaves_the_order_of_the_other() -> None:
    fused = fuse({}, {"a": 3.0, "b": 9.0, "c": 5.0}, 0.6)
    assert sorted(fused, key=lambda key: -fused[key]) == ["b", "c", "a"]
    assert fuse({}, {}, 0.6) == {}


@pytest.mark.parametrize(("weight", "best"), [(1.0, "dense"), (0.0, "lexical")])
def test_a_weight_at_an_end_leaves_one_side_alone(weight: float, best: str) -> None:
    fused = fuse({"dense": 1.0, "lexical": 0.2}, {"lexical": 8.0, "dense": 1.0}, weight)
    assert max(fused, key=lambda key: fused[key]) == best
    assert fused[best] == 1.0


@given(found=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 10)))
def test_a_group_has_the_score_of_its_best_member(found: dict[str, float]) -> None:
    groups = {key: "even" if ord(key) % 2 == 0 else "odd" for key in "abcdefgh"}
    best = best_of_group(found, groups)
    assert set(best) == {groups[key] for key in found}
    for key, score in found.items():
        assert best[groups[key]] >= score
    assert set(best.values()) <= set(found.values())
