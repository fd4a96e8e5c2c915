"""Each signal alone, on embeddings that know only which words are the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from agents.kinds import kind_present
from agents.matching import gaps, names_missing, term_weights
from agents.question import Part, understand
from agents.signals import SIGNALS, Candidate, measure, novelty, row_match
from agents.words import content_stems
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
    asked = part("What should I wear at a customer's site?")
    assert novelty(asked, "What should I wear at a customer's site?") == 0.0
    assert novelty(asked, "At a customer's site wear safety shoes.") > 0.0


def test_a_name_that_stands_nowhere_is_missing() -> None:
    terms = part("What is the hotel cap in Lisbon?").terms
    assert names_missing(terms, content_stems("Hotel cap in Hamburg: 140")) == 1.0
    assert names_missing(terms, content_stems("Hotel cap in Lisbon: 140")) == 0.0


def test_a_number_is_met_by_itself_only_however_alike_the_vectors() -> None:
    asked = part("When will version 4.4 be released?")
    weights = term_weights(asked.terms, lambda word: 1.0)
    alike = np.full(len(asked.terms), 0.95, dtype=np.float32)
    stems = content_stems("Version 4.3 is released in May")
    unmet = dict(zip((t.text for t in asked.terms), gaps(asked.terms, weights, alike, stems, stems), strict=True))
    assert unmet["4.4"] > 0.0
    assert unmet["version"] == unmet["released"] == 0.0


def test_the_row_that_carries_the_name_matches_better() -> None:
    terms = part("What is the monthly limit for directors?").terms
    rows = [
        Candidate(text="", passage_text="", columns=("Role", "Monthly limit"), cells=(role, amount))
        for role, amount in (("Directors", "10,000"), ("Engineers", "500"))
    ]
    assert row_match(terms, rows[0]) > row_match(terms, rows[1])


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
