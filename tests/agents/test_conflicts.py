"""Where documents disagree, and the many places where they only seem to."""

from __future__ import annotations

import pytest

from agents.checks.statements import verify_statement
from agents.conflicts import find_conflicts
from agents.model import ClaimKind, DraftClaim
from agents.question import understand
from agents.units import units_of
from retrieval.model import Hit
from tests.agents.passages import chunks_of, passage, unit


def conflicts(question: str, chosen: Hit, *near: Hit, words: str = "") -> list[DraftClaim]:
    units = [next(u for u in units_of([hit]) if words in u.claim) for hit in (chosen, *near)]
    found = find_conflicts(understand(question), units[:1], units, chunks_of(chosen, *near))
    for claim in found:
        assert verify_statement(claim).agrees, verify_statement(claim)
    return found


MEALS = "How much is the daily meal cap?"
OLD = passage("Expenses policy", "Version of 1 March 2023\n\nThe daily meal cap is 25 EUR.")
NEW = passage("Travel guide", "Version of 3 March 2025\n\nThe daily meal cap is 30 EUR for everyone.")


def test_two_documents_with_different_figures_are_cited_both_and_the_newer_is_preferred() -> None:
    quoted, claim = conflicts(MEALS, OLD, NEW, words="meal cap")
    assert quoted.kind is ClaimKind.QUOTED
    assert quoted.text == "The daily meal cap is 30 EUR for everyone."
    assert claim.kind is ClaimKind.CONFLICT
    assert claim.text == (
        "The documents disagree: Travel guide (3 March 2025) says “30 EUR”; "
        "Expenses policy (1 March 2023) says “25 EUR”. The newer is preferred."
    )
    assert [span.document.title for span in claim.evidence[:2]] == ["Travel guide", "Expenses policy"]


def test_the_day_a_file_was_changed_decides_where_no_other_is_known() -> None:
    one = passage("Expenses policy", "The daily meal cap is 25 EUR.", modified_at="2024-05-01T08:00:00Z")
    other = passage("Travel guide", "The daily meal cap is 30 EUR.", modified_at="2025-02-03T08:00:00Z")
    _, claim = conflicts(MEALS, one, other)
    assert "Travel guide (changed 3 February 2025) says “30 EUR”" in claim.text
    assert claim.text.endswith("The newer is preferred.")


def test_without_any_age_what_answers_best_stays_first_and_the_claim_says_so() -> None:
    one = passage("Expenses policy", "The daily meal cap is 25 EUR.")
    other = passage("Travel guide", "The daily meal cap is 30 EUR.")
    quoted, claim = conflicts(MEALS, one, other)
    assert quoted.text == "The daily meal cap is 25 EUR."
    assert claim.text.endswith("Neither is known to be newer.")


def test_a_table_and_a_sentence_can_disagree() -> None:
    table = passage("Travel policy", rows=[("City", "Hotel cap per night"), ("London", "£165"), ("Hull", "£95")])
    answers = passage("Travel questions", "The hotel cap in London is £150.")
    _, claim = conflicts("What is the hotel cap in London?", table, answers, words="London")
    assert "“£165”" in claim.text
    assert "“£150”" in claim.text


def test_may_and_may_not_disagree() -> None:
    one = passage("Yard rules", "Visitors may park in the yard.")
    other = passage("Site guide", "Visitors may not park in the yard.")
    _, claim = conflicts("May visitors park in the yard?", one, other)
    assert "Yard rules says “Visitors may park in the yard”" in claim.text


def test_in_german_it_is_said_in_german() -> None:
    one = passage("Reiserichtlinie", "Die Pauschale für Mahlzeiten beträgt 25 EUR.")
    other = passage("Leitfaden", "Die Pauschale für Mahlzeiten beträgt 30 EUR.")
    _, claim = conflicts("Wie hoch ist die Pauschale für Mahlzeiten?", one, other)
    assert claim.text.startswith("Die Dokumente widersprechen sich: Reiserichtlinie sagt „25 EUR“")


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("What is the hotel cap in London?", "The hotel cap in London is £165.", "The hotel cap in Munich is £150."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap for directors is 30 EUR."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap is 30 EUR in Norway."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap was 30 EUR in 2019."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap is £22."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap is 25.00 EUR."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap is about 30 EUR."),
        (MEALS, "The daily meal cap is 25 EUR.", "The daily meal cap is 30 EUR at weekends only."),
        (MEALS, "The daily meal cap is 25 EUR.", "The monthly telephone cap is 30 EUR."),
        ("How long is the notice?", "The notice period is 2 weeks.", "The notice period is 14 days."),
        ("How high was revenue?", "Revenue was £118m.", "Revenue was £118.4m."),
        ("How much is the fee?", "The parking fee is 5 EUR per day.", "The parking fee is 30 EUR per week."),
        ("May visitors park in the yard?", "Visitors may park in the yard.", "Visitors may not smoke in the hall."),
        ("How long is the FJ-120 warranty?", "The FJ-120 warranty is 24 months.", "The FJ-320 warranty is 36 months."),
    ],
)
def test_another_subject_scope_unit_or_rounding_is_no_conflict(question: str, one: str, other: str) -> None:
    assert conflicts(question, passage("Expenses policy", one), passage("Travel guide", other)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("Price list 2024", "Price list 2025"), ("Guide Kassel", "Guide Hull"), ("Bulletin 7", "Bulletin 9")],
)
def test_titles_that_set_documents_apart_make_it_no_conflict(one: str, other: str) -> None:
    found = conflicts(
        MEALS, passage(one, "The daily meal cap is 25 EUR."), passage(other, "The daily meal cap is 30 EUR.")
    )
    assert found == []


def test_an_edition_of_a_policy_disagrees_with_the_one_before() -> None:
    one = passage("Travel policy 2024", "The daily meal cap is 25 EUR.")
    other = passage("Travel policy 2025", "The daily meal cap is 30 EUR.")
    quoted, claim = conflicts(MEALS, one, other)
    assert quoted.text == "The daily meal cap is 30 EUR."
    assert claim.text.startswith("The documents disagree: Travel policy 2025 says “30 EUR”")


def test_a_claim_with_no_other_document_is_left_alone() -> None:
    assert find_conflicts(understand(MEALS), [unit(OLD, "meal cap")], [unit(OLD, "meal cap")]) == []


def test_a_word_that_stands_in_the_passage_only_is_enough_beside_half_of_the_others() -> None:
    one = passage(
        "Storing packed pumps", "Store it dry, at a relative humidity of at most 60 %, between 0 °C and 40 °C."
    )
    other = passage(
        "Pump store", "A packed pump stays for a year.\n\nThe relative humidity in the store may not exceed 65 %."
    )
    question = "What humidity is allowed where packed pumps are stored?"
    _, claim = conflicts(question, one, other, words="humidity")
    assert "“60 %”" in claim.text
    assert "“65 %”" in claim.text
    elsewhere = passage("Machine hall", "The relative humidity in the machine hall may not exceed 65 %.")
    assert conflicts(question, one, elsewhere, words="humidity") == []
