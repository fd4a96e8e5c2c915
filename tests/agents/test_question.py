"""What a question asks for: kind, parts, terms, language."""

from __future__ import annotations

import pytest

from agents.question import Asked, understand


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("How much does the parking permit cost?", Asked.AMOUNT),
        ("What is the monthly card limit for managers?", Asked.AMOUNT),
        ("How expensive may a gift be?", Asked.AMOUNT),
        ("How many laptops do we own?", Asked.NUMBER),
        ("What share of the revenue is recurring?", Asked.NUMBER),
        ("How many days of notice must I give?", Asked.DURATION),
        ("How soon do I have to report an accident?", Asked.DURATION),
        ("How often are passwords changed?", Asked.FREQUENCY),
        ("When does the canteen open?", Asked.DATE),
        ("On what day is payroll run?", Asked.DATE),
        ("I broke my arm. Who has to sign the form?", Asked.PERSON),
        ("Which team answers questions on tax?", Asked.PERSON),
        ("Where do I leave the badge?", Asked.PLACE),
        ("May I take my dog to the office?", Asked.YES_NO),
        ("If I leave early, do I have to pay the bonus back?", Asked.YES_NO),
        ("How do I reset my token when I am abroad?", Asked.PROCEDURE),
        ("Why are two keys handed out?", Asked.REASON),
        ("Which courier delivers the kits?", Asked.ORGANISATION),
        ("Wie viel kostet ein Parkplatz?", Asked.AMOUNT),
        ("Wie lange gilt der Gutschein?", Asked.DURATION),
        ("Wer genehmigt die Reise?", Asked.PERSON),
        ("Wann ist Betriebsruhe?", Asked.DATE),
        ("Darf ich im Ausland arbeiten?", Asked.YES_NO),
        ("Warum gibt es zwei Schlüssel?", Asked.REASON),
        ("有多少天假期?", Asked.OTHER),
    ],
)
def test_recognises_the_kind_of_thing_asked_for(question: str, asked: Asked) -> None:
    assert [part.asked for part in understand(question).parts] == [asked]


def test_splits_a_question_for_two_facts() -> None:
    parts = understand("How long is the probation, and who extends it?").parts
    assert [part.asked for part in parts] == [Asked.DURATION, Asked.PERSON]


def test_a_bare_second_part_keeps_the_subject_of_the_first() -> None:
    second = understand("Is there a fee for refunds, and how much?").parts[1]
    assert second.asked is Asked.AMOUNT
    assert "refunds" in {term.text for term in second.terms}


def test_what_is_told_before_the_question_is_kept_out_of_focus() -> None:
    (part,) = understand("My laptop was stolen in Madrid. Whom do I call?").parts
    assert {term.text: term.focus for term in part.terms}["laptop"] is False


def test_tells_names_numbers_and_quoted_words_apart() -> None:
    (part,) = understand('What does the Skylark SK-80 do at 40 degrees with "eco" set?').parts
    kinds = {term.text: term.kind for term in part.terms}
    assert (kinds["Skylark"], kinds["SK-80"], kinds["40"], kinds["eco"]) == ("name", "name", "number", "quoted")


def test_terms_are_exact_spans_of_the_parts_text() -> None:
    for part in understand("My badge is lost: where do I get one, and how much is it?").parts:
        assert all(part.text[term.start : term.end] == term.text for term in part.terms)


@pytest.mark.parametrize(
    ("text", "language"), [("Who may sign?", "en"), ("Wer darf unterschreiben?", "de"), ("谁可以签字?", "other")]
)
def test_guesses_the_language(text: str, language: str) -> None:
    assert understand(text).language == language


@pytest.mark.parametrize("text", ["", "   ", "?", "x" * 10_000, "a? " * 500])
def test_never_fails_on_odd_input(text: str) -> None:
    assert understand(text).parts
