"""Checks of claims, each alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.checks.coverage import word_coverage
from agents.checks.names import missing_names
from agents.checks.negation import negation_agrees
from agents.checks.numbers import figures, missing_figures


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1,200", "1200"),
        ("1.200", "1200"),
        ("1 200", "1200"),
        ("4.50", "4.5"),
        ("4,50", "4.5"),
        ("007", "7"),
        ("1,234,567.80", "1234567.8"),
        ("12%", "12"),
        ("0.0", "0"),
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str, meant: str) -> None:
    assert figures(f"It costs {written} in all.") == {meant}


def test_a_figure_that_the_evidence_lacks_is_named() -> None:
    assert missing_figures("Meals are capped at 70 EUR.", "Meals are capped at 60 EUR a day.") == {"70"}


@given(st.integers(0, 10**9))
def test_a_figure_is_found_again_with_thousands_marks(number: int) -> None:
    assert not missing_figures(f"exactly {number}", f"exactly {number:,} pounds")


def test_a_name_that_the_evidence_lacks_is_named() -> None:
    assert missing_names("The owner is Ingrid Halloran.", "The owner is Piers Okonjo.") == {"ingrid", "halloran"}


def test_a_capital_that_opens_a_sentence_is_no_name() -> None:
    assert not missing_names("Meals are capped.", "all meals are capped")


@pytest.mark.parametrize(
    ("claim", "evidence", "agrees"),
    [
        ("Laptops are sold.", "Laptops are not sold.", False),
        ("Laptops are not sold.", "Laptops are sold.", False),
        ("Laptops are not sold.", "Laptops are not sold to leavers.", True),
        ("We don’t pay.", "We don’t pay ransom.", True),
        ("Hunde sind nicht erlaubt.", "Hunde sind erlaubt.", False),
    ],
)
def test_a_denial_is_neither_added_nor_dropped(claim: str, evidence: str, agrees: bool) -> None:
    assert negation_agrees(claim, evidence) is agrees


def test_coverage_counts_the_claims_words() -> None:
    assert word_coverage("two words here", "here are words") == pytest.approx(2 / 3)
    assert word_coverage("", "anything") == 0.0
