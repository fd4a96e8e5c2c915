"""Claims about documents: each quoted piece stands where the claim says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.checks.statements import verify_statement
from agents.model import ClaimKind, DraftClaim
from tests.agents.passages import passage, unit

A = unit(passage("Travel guide", "The daily meal cap is 30 EUR."), "cap").span
B = unit(passage("Expenses policy", "The daily meal cap is 25 EUR."), "cap").span
ROW = unit(passage("Prices", rows=[("Part", "EUR"), ("Kit", "25"), ("Seal", "9")]), "Kit").span
TRUE = DraftClaim(
    parts=("cap",),
    text="The documents disagree: Travel guide says “30 EUR”; Expenses policy says “25 EUR”. "
    "Neither is known to be newer.",
    evidence=(A, B),
    score=0.9,
    kind=ClaimKind.CONFLICT,
)


def test_a_true_statement_agrees() -> None:
    assert verify_statement(TRUE).agrees
    row = replace(TRUE, text="The documents disagree: Travel guide says “30 EUR”; Prices says “25”.", evidence=(A, ROW))
    assert verify_statement(row).agrees


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("“30 EUR”", "“31 EUR”"),
        ("“30 EUR”", "“25 EUR”"),
        ("“25 EUR”", "“5 EUR”"),
        ("Travel guide says", "Handbook says"),
        ("Travel guide says “30 EUR”", "Travel guide says 30 EUR"),
        ("Travel guide says", "Travel guide (3 March 2031) says"),
        ("Neither is", "Of 12 documents, neither is"),
    ],
)
def test_a_statement_that_its_spans_do_not_bear_out_fails(said: str, instead: str) -> None:
    finding = verify_statement(replace(TRUE, text=TRUE.text.replace(said, instead)))
    assert not finding.agrees


def test_two_sides_that_say_the_same_do_not_disagree() -> None:
    same = replace(B, document=replace(B.document, title="Other guide"))
    text = "The documents disagree: Expenses policy says “25 EUR”; Other guide says “25 EUR”."
    assert not verify_statement(replace(TRUE, text=text, evidence=(B, same))).agrees


def test_other_kinds_of_claim_are_left_to_other_checks() -> None:
    assert verify_statement(replace(TRUE, kind=ClaimKind.QUOTED, text="Anything.")).agrees


def test_a_piece_never_runs_over_two_cells() -> None:
    text = "The documents disagree: Travel guide says “30 EUR”; Prices says “Kit | 25”."
    assert not verify_statement(replace(TRUE, text=text, evidence=(A, ROW))).agrees
