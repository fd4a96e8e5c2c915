"""Questions of a set as numbers: what the hits are worth, and whether a run does worse than another."""

from __future__ import annotations

from agents.evaluating import Question
from agents.scoring import DEPTH, changes, figures, find_gold, hit_scores, keys_of
from ingest.locating import locate
from ingest.model import Document
from retrieval.model import Hit
from tests.fakes import make_chunk, make_document

TEXT = "Meals cost at most\n60 EUR a day. Trains go first. Meals cost at most 60 EUR a day."


def hit(document: Document, text: str, start: int, rank: int = 1) -> Hit:
    chunk = make_chunk(document, text, start=start)
    where = locate(chunk, chunk.start, chunk.end)
    return Hit(rank=rank, score=1.0, document=document, chunk=chunk, locator=where, why={})


def question(files: tuple[str, ...], quotes: tuple[str, ...] = ()) -> Question:
    return Question(id="q", question="How much?", answerable=True, gold_files=files, gold_quotes=quotes)


def test_documents_are_ranked_by_their_first_hit() -> None:
    travel, other = make_document("hr/travel.md"), make_document("hr/other.md")
    asked = question(("hr/travel.md", "gone.md"))
    [gold] = find_gold([asked], [travel, other], lambda _: TEXT)
    assert gold.missing == ("gone.md",)
    scores = hit_scores(asked, gold, [hit(other, "x", 0), hit(other, "y", 5), hit(travel, "z", 0)])
    assert (scores["mrr"], scores["recall@1"], scores["recall@3"], scores["pass@3"]) == (0.5, 0.0, 0.5, 1.0)
    assert "char_recall@10" not in scores


def test_a_gold_file_is_matched_by_the_tail_of_the_uri_not_by_part_of_a_name() -> None:
    asked = question(("travel.md",))
    [gold] = find_gold([asked], [make_document("old-travel.md"), make_document("b/travel.md")], lambda _: TEXT)
    assert list(gold.file_of) == [make_document("b/travel.md").id]


def test_a_quote_counts_where_the_hits_cover_it_best_and_white_space_is_any() -> None:
    travel = make_document("travel.md")
    asked = question(("travel.md",), ("at most 60  EUR", "not in it"))
    [gold] = find_gold([asked], [travel], lambda _: TEXT)
    assert gold.missing == ("not in it",)
    last = TEXT.rindex("at most")
    half = hit_scores(asked, gold, [hit(travel, TEXT[last : last + 7], last)])
    assert half["char_recall@10"] == 7 / len("at most 60 EUR")
    assert half["char_precision@10"] == 1.0
    whole = hit_scores(asked, gold, [hit(travel, TEXT, 0)])
    assert (whole["char_recall@10"], whole["mrr"]) == (1.0, 1.0)
    assert whole["char_precision@10"] < 0.25
    assert hit_scores(asked, gold, [])["char_recall@10"] == 0.0


def test_only_the_first_hits_count() -> None:
    travel, other = make_document("travel.md"), make_document("other.md")
    asked = question(("travel.md",))
    [gold] = find_gold([asked], [travel, other], lambda _: TEXT)
    late = [hit(other, "x", place) for place in range(DEPTH)] + [hit(travel, "x", 0)]
    assert hit_scores(asked, gold, late)["pass@10"] == 0.0


def test_a_figure_is_the_mean_over_the_questions_that_have_it() -> None:
    found = figures({"a": {"right": 1.0, "mrr": 0.5}, "b": {"right": 0.0}, "c": {"rightly_abstained": 1.0}})
    assert (found["right"].value, found["mrr"].value, found["rightly_abstained"].value) == (0.5, 0.5, 1.0)


def test_a_drop_is_told_from_chance_and_fewer_mistakes_are_better() -> None:
    before = {str(n): {"right": 1.0, "wrong": 0.0, "mrr": n % 2} for n in range(20)}
    after = {str(n): {"right": float(n > 8), "wrong": float(n <= 8), "mrr": n % 2} for n in range(20)}
    found = changes(before, after)
    assert [name for name, change in found.items() if change.worse] == ["right", "wrong"]
    assert (found["mrr"].compared.p, found["mrr"].worse) == (1.0, False)
    back = changes(after, before)
    assert [name for name, change in back.items() if change.better] == ["right", "wrong"]
    assert (back["wrong"].before, back["wrong"].after) == (9 / 20, 0.0)
    one = changes({"a": {"right": 1.0}}, {"a": {"right": 0.0}})
    assert not one["right"].worse


def test_runs_are_held_against_each_other_over_common_questions() -> None:
    assert changes({"a": {"right": 1.0}}, {"b": {"right": 0.0}}) == {}
    found = changes({"a": {"right": 1.0}, "b": {"right": 0.0}}, {"b": {"right": 1.0}, "c": {"right": 0.0}})
    assert (found["right"].before, found["right"].after) == (0.0, 1.0)


def test_questions_of_one_id_are_told_apart() -> None:
    twice = [Question(id=name, question="?", answerable=True) for name in ("a", "b", "a")]
    assert keys_of(twice) == ["a", "b", "a#2"]
