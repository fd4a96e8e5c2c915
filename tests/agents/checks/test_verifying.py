"""All checks together: quotes are supported, what a check objects to never is, partial support names its words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agents.checks.entailment import Assessment
from agents.checks.model import Finding, Verdict
from agents.checks.swapping import swapped
from agents.checks.verifying import ClaimVerifier, judge
from retrieval.embedding import OpenVinoEmbedder, bundled_model

FEE = "The annual fee is 120 euros. Members under 18 travel for free. No fee is paid by schools."


class Always:
    """An entailment model that is always sure."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[float]:
        self.asked += [claim for claim, _ in pairs]
        return [0.99 for _ in pairs]


@pytest.fixture(scope="module")
def verify() -> ClaimVerifier:
    return ClaimVerifier(OpenVinoEmbedder(bundled_model()))


def test_a_quote_is_supported(verify: ClaimVerifier) -> None:
    found = verify("Members under 18 travel for free.", [FEE])
    assert (found.verdict, found.score, found.words) == (Verdict.SUPPORTED, 1.0, ())


@pytest.mark.parametrize(
    "claim",
    [
        "The annual fee is 150 euros.",
        "Members under 21 travel for free.",
        "Members under 18 do not travel for free.",
    ],
)
def test_a_changed_claim_is_never_supported(verify: ClaimVerifier, claim: str) -> None:
    assert verify(claim, [FEE]).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("The delay goes from 90 s to 60 s.", "The delay goes from 60 s to 90 s."),
        ("Press: Ann Moore, customers: Lee Park.", "Press: Lee Park, customers: Ann Moore."),
        ("Owner: Vienna, Head of Sales.", "Owner: Ann Moore, Head of Sales. Office: Vienna."),
    ],
)
def test_exchanged_names_and_figures_are_found(claim: str, source: str) -> None:
    found = swapped(claim, [source])
    assert not found.agrees
    assert found.contradicts


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Offices are in Vienna and Hull today.", "Offices are in Hull and Vienna today."),
        ("The UN runs an office in Vienna.", "The United Nations runs an office in Vienna."),
        ("The fee is 20 euros.", "The fee is 10 euros. The fee is 20 euros."),
    ],
)
def test_the_same_said_otherwise_is_no_exchange(claim: str, source: str) -> None:
    assert swapped(claim, [source]).agrees


def test_part_of_a_denied_sentence_is_not_supported(verify: ClaimVerifier) -> None:
    assert verify("A fee is paid by schools.", [FEE]).verdict is not Verdict.SUPPORTED


def test_a_claim_without_evidence_is_unsupported(verify: ClaimVerifier) -> None:
    found = verify("Members travel for free.", [])
    assert found.verdict is Verdict.UNSUPPORTED
    assert found.score == 0.0
    assert "Members" in found.words


def test_another_model_takes_the_place_of_the_one_that_ships_but_not_of_the_checks() -> None:
    other = Always()
    verify = ClaimVerifier(OpenVinoEmbedder(bundled_model()), other)
    assert verify("The annual fee is 120 euros.", [FEE]).verdict is Verdict.SUPPORTED
    assert other.asked == []
    assert verify("For members the yearly fee is 120 euros.", [FEE]).verdict is Verdict.SUPPORTED
    assert verify("For members the yearly fee is 150 euros.", [FEE]).verdict is not Verdict.SUPPORTED
    assert len(other.asked) == 2


def test_the_verdict_follows_from_probability_and_findings() -> None:
    wrong = Finding(check="numbers", agrees=False, words=("150",))
    opposed = Finding(check="numbers", agrees=False, words=("150",), contradicts=True)
    sure = Assessment(probability=0.9)
    assert judge(sure, ()).verdict is Verdict.SUPPORTED
    assert judge(sure, (wrong,)).verdict is Verdict.PARTIAL
    assert judge(sure, (wrong,)).words == ("150",)
    assert judge(sure, (opposed,)).verdict is Verdict.CONTRADICTED
    assert judge(Assessment(probability=0.2, some=0.8, words=("red",)), ()).words == ("red",)
    assert judge(Assessment(probability=0.2, some=0.2), ()).verdict is Verdict.UNSUPPORTED
    assert judge(sure, (wrong,)).score < 0.5
