"""Each signal alone, on embeddings that know only which words are the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.kinds import kind_present
from agents.matching import Coverage, gaps, term_weights
from agents.question import Part, understand
from agents.remembering import RememberedEmbeddings
from agents.signals import SIGNALS, Candidate, measure
from tests.agents.reference_signals import reference
from tests.agents.word_embeddings import WordEmbeddings


def part(question: str) -> Part:
    return understand(question).parts[0]


def measured(question: str, candidates: Sequence[Candidate]) -> list[dict[str, float]]:
    rows = measure(part(question), candidates, WordEmbeddings())
    return [dict(zip(SIGNALS, map(float, row), strict=True)) for row in rows]


def sentence(text: str) -> Candidate:
    return Candidate(text=text, passage_text=text, passage_score=1.0)


@pytest.mark.parametrize(
    ("question", "answers", "does_not"),
    [
        ("How much may a meal cost?", "Up to $40 a person.", "Meals are pleasant."),
        ("How many keys do I get?", "You get two keys.", "Keys are handed out at the desk."),
        ("How long does a repair take?", "Allow 7 to 10 days.", "Repairs are done by the desk."),
        ("How often are drills held?", "Drills are held every quarter.", "Drills are fun."),
        ("When is the deadline?", "It is on 3 May at 17:00.", "The deadline is strict."),
        ("Who signs the order?", "The head of purchasing signs.", "It is signed in blue ink."),
        ("Can I bring a dog?", "Dogs are not allowed.", "Dogs bark."),
        ("Why do we use two keys?", "So that you have a spare, in case one is lost.", "Two keys come in a box."),
        ("Wie lange dauert es?", "Es dauert drei Wochen.", "Es dauert."),
    ],
)
def test_the_kind_asked_for_is_found_where_it_stands(question: str, answers: str, does_not: str) -> None:
    assert kind_present(part(question), answers) > kind_present(part(question), does_not)


def test_a_number_that_the_question_itself_gives_is_no_answer() -> None:
    asked = part("How many weeks of leave do I earn after five years?")
    assert kind_present(asked, "After five years you may ask for leave.") < kind_present(
        asked, "After five years: 3 weeks."
    )


def test_a_restated_question_brings_nothing_new() -> None:
    question = "What should I wear at a customer's site?"
    again, more = measured(question, [sentence(question), sentence("At a customer's site wear safety shoes.")])
    assert again["novelty"] == 0.0
    assert more["novelty"] > 0.0


def test_a_name_that_stands_nowhere_is_missing() -> None:
    elsewhere, there = measured(
        "What is the hotel cap in Lisbon?",
        [sentence("Hotel cap in Hamburg: 140"), sentence("Hotel cap in Lisbon: 140")],
    )
    assert elsewhere["names_missing"] == 1.0
    assert there["names_missing"] == 0.0


def test_a_number_is_met_by_itself_only_however_alike_the_vectors() -> None:
    terms = part("When will version 4.4 be released?").terms
    weights = term_weights(terms, lambda word: 1.0)
    alike = np.full((1, len(terms)), 0.95, dtype=np.float32)
    found = Coverage(terms)(["Version 4.3 is released in May"]).loose
    [unmet] = gaps(terms, weights, alike, found, found)
    missing = dict(zip((term.text for term in terms), unmet, strict=True))
    assert missing["4.4"] > 0.0
    assert missing["version"] == missing["released"] == 0.0


def test_the_row_that_carries_the_name_matches_better() -> None:
    directors, engineers = measured(
        "What is the monthly limit for directors?",
        [
            Candidate(text=f"{role} {amount}", passage_text="", columns=("Role", "Monthly limit"), cells=(role, amount))
            for role, amount in (("Directors", "10,000"), ("Engineers", "500"))
        ],
    )
    assert directors["row_match"] > engineers["row_match"]


def test_the_sentence_that_takes_up_the_questions_words_leaves_the_smaller_gap() -> None:
    good, poor = measured(
        "How long is the warranty on pumps?",
        [sentence("The warranty on pumps is 24 months."), sentence("Hotels cost 90 euros.")],
    )
    assert good["gap"] < poor["gap"]
    assert good["sentence_cosine"] > poor["sentence_cosine"]
    assert good["cosine_margin"] > 0.0 > poor["cosine_margin"]


def test_headings_count_as_met_words() -> None:
    bare, under_heading = measured(
        "How long is the probation of apprentices?",
        [
            sentence("It lasts 4 months."),
            Candidate(text="It lasts 4 months.", passage_text="-", headings=("Probation of apprentices",)),
        ],
    )
    assert under_heading["gap"] < bare["gap"]


def test_no_candidates_give_no_rows() -> None:
    assert measure(part("Who signs?"), [], WordEmbeddings()).shape == (0, len(SIGNALS))


def test_an_empty_question_is_measured_all_the_same() -> None:
    assert np.isfinite(measure(part(""), [sentence("Anything.")], WordEmbeddings())).all()


def test_a_huge_word_is_looked_for_without_listing_its_parts() -> None:
    (row,) = measured(f"Where is {'handbuch' * 200}?", [sentence("The handbuch lies there.")])
    assert row["coverage"] > 0.0


WORDS = (
    "Urlaub Urlaubstage urlaubsantrag leave days Lisbon Hamburg hotel hotels limit limits 4.4 4.3 FJ-320 two 17 EUR "
    "release released version Director director's the of may per month: ended? NASA X"
).split()
texts = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
scores = st.floats(0.0, 3.0, width=32)
drawn = st.builds(
    Candidate,
    text=texts,
    passage_text=texts,
    headings=st.lists(texts, max_size=2).map(tuple),
    title=texts,
    columns=st.lists(texts, max_size=2).map(tuple),
    cells=st.lists(texts, max_size=3).map(tuple),
    lead_in=st.none() | texts,
    passage_score=scores,
    dense=scores,
    lexical=scores,
    rank=st.integers(0, 11),
)
questions = st.builds("{} {}?".format, st.sampled_from(("How many", "When is", "Who gets", "What is", "Can I")), texts)


@given(question=questions, candidates=st.lists(drawn, min_size=1, max_size=6), common=st.floats(0.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_all_at_once_gives_the_numbers_that_one_by_one_gives(
    question: str, candidates: list[Candidate], common: float
) -> None:
    def rarity(word: str) -> float:
        return common if len(word) % 2 else 1.0

    asked, embeddings = part(question), WordEmbeddings()
    found = measure(asked, candidates, embeddings, rarity)
    expected = reference(asked, candidates, embeddings, rarity)
    # Documents' vectors are kept to eight binary digits.
    np.testing.assert_allclose(found, expected, atol=0.01)


@given(question=questions, candidates=st.lists(drawn, min_size=1, max_size=6))
@settings(max_examples=15, deadline=None)
def test_what_is_remembered_gives_the_very_same_numbers(question: str, candidates: list[Candidate]) -> None:
    remembered = RememberedEmbeddings(WordEmbeddings())
    first = measure(part(question), candidates, remembered)
    again = measure(part(question), candidates[::-1], remembered)[::-1]
    np.testing.assert_allclose(first, again, atol=1e-5)
    np.testing.assert_allclose(first, measure(part(question), candidates, WordEmbeddings()), atol=1e-5)
