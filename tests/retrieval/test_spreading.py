"""Hits spread over documents."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.locating import locate
from retrieval.model import Hit
from retrieval.spreading import spread
from tests.fakes import make_chunk, make_document


def hits_of(*scored: tuple[str, float]) -> list[Hit]:
    """Hits in documents of these names with these scores, ranked as they come."""
    made = []
    for place, (name, score) in enumerate(scored):
        document = make_document(name)
        chunk = make_chunk(document, "Some text.", start=100 * place, ordinal=place)
        locator = locate(chunk, chunk.start, chunk.end)
        made.append(Hit(rank=place + 1, score=score, document=document, chunk=chunk, locator=locator, why={}))
    return made


def names(hits: list[Hit]) -> str:
    return "".join(hit.document.title for hit in hits)


def test_another_document_of_almost_the_same_worth_comes_before_the_second_hit_of_one() -> None:
    assert names(spread(hits_of(("a", 1.0), ("a", 0.98), ("a", 0.96), ("b", 0.9), ("c", 0.8)), 4)) == "abac"
    assert names(spread(hits_of(("a", 1.0), ("a", 0.9), ("b", 0.3)), 3)) == "aab"


def test_scores_stay_what_they_are_and_ranks_are_counted_anew() -> None:
    found = spread(hits_of(("a", 1.0), ("a", 0.9), ("b", 0.8)), 2)
    assert [(hit.document.title, hit.rank, hit.score) for hit in found] == [("a", 1, 1.0), ("b", 2, 0.8)]


def test_of_equal_hits_the_one_that_came_first_stays_first() -> None:
    assert names(spread(hits_of(("b", 0.5), ("a", 0.5), ("c", 0.5)), 3)) == "bac"
    assert spread([], 5) == []
    assert spread(hits_of(("a", 1.0)), 0) == []


@given(scored=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2)), max_size=12), k=st.integers(-1, 15))
def test_the_best_comes_first_and_none_comes_twice(scored: list[tuple[str, float]], k: int) -> None:
    given_hits = hits_of(*sorted(scored, key=lambda pair: -pair[1]))
    found = spread(given_hits, k)
    assert len(found) == max(0, min(k, len(given_hits)))
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
    assert not Counter(hit.chunk.id for hit in found) - Counter(hit.chunk.id for hit in given_hits)
    if found:
        assert found[0].chunk.id == given_hits[0].chunk.id
    for name in "abc":
        own = [hit.score for hit in found if hit.document.title == name]
        assert own == sorted(own, reverse=True)
