"""Reranking hits: the order of the reranker where there was time for it, the order there was elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.locating import locate
from retrieval.errors import ModelError
from retrieval.model import Hit
from retrieval.reranking import BATCH, rerank
from tests.fakes import make_chunk, make_document
from tests.retrieval.rerankers import WordReranker


def make_hits(texts: list[str], superseded: frozenset[int] = frozenset()) -> list[Hit]:
    hits = []
    for place, text in enumerate(texts):
        document = make_document(f"d{place}", text=text)
        chunk = make_chunk(document, text)
        hits.append(
            Hit(
                rank=place + 1,
                score=round(1 - place / 100, 4),
                document=document,
                chunk=chunk,
                locator=locate(chunk, chunk.start, chunk.end),
                why={"dense": 0.5} | ({"superseded": 1.0} if place in superseded else {}),
            )
        )
    return hits


def order(hits: list[Hit]) -> list[str]:
    return [hit.document.title for hit in hits]


def run(
    reranker: WordReranker, query: str, hits: list[Hit], top: int = 50, budget_s: float = 1.0
) -> tuple[list[Hit], int]:
    found, note = rerank(reranker, query, hits, top=top, budget_s=budget_s, clock=reranker.clock)
    return found, note.scored


def test_the_best_by_the_reranker_comes_first_and_says_why() -> None:
    hits = make_hits(["trains", "hotel bills", "hotel cost"])
    found, scored = run(WordReranker(), "hotel cost", hits)
    assert order(found) == ["d2", "d1", "d0"]
    assert scored == 3
    assert [hit.rank for hit in found] == [1, 2, 3]
    assert [hit.score for hit in found] == [hit.score for hit in hits]
    assert found[0].why == {"dense": 0.5, "rerank": 1.0}


def test_the_reranker_sees_titles_and_headings_and_only_the_first_hits() -> None:
    reranker, hits = WordReranker(), make_hits(["trains", "hotel", "hotel cost"])
    found, _ = run(reranker, "hotel cost", hits, top=2)
    assert reranker.asked == [["d0\ntrains", "d1\nhotel"]]
    assert order(found) == ["d1", "d0", "d2"]
    assert "rerank" not in found[2].why


def test_equal_scores_keep_their_order_and_what_is_superseded_stays_behind() -> None:
    assert order(run(WordReranker(), "hotel", make_hits(["hotel"] * 12))[0]) == [f"d{n}" for n in range(12)]
    found, _ = run(WordReranker(), "hotel cost", make_hits(["hotel cost 100", "cost of a hotel"], frozenset({0})))
    assert order(found) == ["d1", "d0"]


def test_what_was_not_scored_in_time_keeps_its_place_after_what_was() -> None:
    hits = make_hits(["train"] * (BATCH - 1) + ["hotel"] + ["hotel"] * BATCH)
    found, scored = run(WordReranker(takes=0.1), "hotel", hits, budget_s=BATCH * 0.1 + 0.2)
    assert scored == BATCH
    assert order(found) == [
        f"d{BATCH - 1}",
        *(f"d{n}" for n in range(BATCH - 1)),
        *(f"d{n}" for n in range(BATCH, 2 * BATCH)),
    ]


@pytest.mark.parametrize(("takes", "budget_s"), [(10.0, 1.0), (0.0, 0.0), (0.0, -1.0)])
def test_with_nothing_scored_in_time_the_ranking_stays_whole(takes: float, budget_s: float) -> None:
    hits = make_hits(["train", "hotel"])
    assert run(WordReranker(takes), "hotel", hits, budget_s=budget_s) == (hits, 0)


@pytest.mark.parametrize(
    ("texts", "top"), [([], 50), (["hotel"], 50), (["train", "hotel"], 1), (["train", "hotel"], 0)]
)
def test_where_there_is_nothing_to_order_the_model_is_not_asked(texts: list[str], top: int) -> None:
    reranker, hits = WordReranker(), make_hits(texts)
    assert run(reranker, "hotel", hits, top=top) == (hits, 0)
    assert reranker.asked == []


def test_scores_that_are_no_numbers_are_an_error() -> None:
    class Broken(WordReranker):
        def scores(self, query: str, texts: object) -> np.ndarray:  # type: ignore[override]
            return np.asarray([np.nan, 1.0], dtype=np.float32)

    with pytest.raises(ModelError, match="no numbers"):
        run(Broken(), "hotel", make_hits(["train", "hotel"]))


@given(
    st.lists(st.sampled_from(["hotel", "hotel cost", "train", ""]), max_size=30),
    st.integers(0, 40),
    st.floats(0, 4),
)
def test_nothing_is_lost_and_a_short_budget_is_a_smaller_top(texts: list[str], top: int, budget_s: float) -> None:
    hits = make_hits([text + "." for text in texts])
    found, scored = run(WordReranker(takes=0.1), "hotel cost", hits, top=top, budget_s=budget_s)
    assert sorted(order(found)) == sorted(order(hits))
    assert order(found[scored:]) == order(hits[scored:])
    assert order(found) == order(run(WordReranker(), "hotel cost", hits, top=scored)[0])
    assert [hit.rank for hit in found] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
