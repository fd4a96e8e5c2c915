"""What each check has against a claim, and that a true one passes them all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.modality import modality
from agents.checks.names import names_agree
from agents.checks.negation import negation
from agents.checks.numbers import numbers
from agents.checks.scope import scope
from agents.checks.timing import dates

CHECKS = {
    "numbers": numbers,
    "dates": dates,
    "names": names_agree,
    "negation": negation,
    "modality": modality,
    "scope": scope,
}


def against(claim: str, *evidence: str) -> set[str]:
    return {name for name, check in CHECKS.items() if not check(claim, evidence).agrees}


@pytest.mark.parametrize(
    ("claim", "evidence", "found"),
    [
        ("Berlin has 180, London 140.", "Berlin has 140, London 180.", {"numbers"}),
        ("Berlin has 180 desks.", "Berlin has 140 desks, London has 180 desks.", {"numbers"}),
        ("The fee is 60 USD.", "The fee is 60 EUR.", {"numbers"}),
        ("Kassel – Days: 26; Carry over: 30.", "Site\nDays\nCarry over\nKassel\n30\n26", {"numbers"}),
        ("Piers Okonjo reports to Ingrid Halloran.", "Ingrid Halloran reports to Piers Okonjo.", {"names"}),
        ("The manager approves, the director signs.", "The director approves, the manager signs.", {"names"}),
        ("The valve is made by Odrava.", "The valve is made by Lindqvist.", {"names"}),
        ("The TN-65 has two doors.", "The TN-55 has two doors.", {"names"}),
        ("Ana Berg signs invoices.", "The treasurer signs invoices.", {"names"}),
        ("Laptops are sold.", "Laptops are not sold.", {"negation"}),
        ("Laptops are not sold.", "Laptops are sold.", {"negation"}),
        ("Smoking is allowed in hall 3.", "Smoking is prohibited in hall 3.", {"negation"}),
        ("Leave is unlimited.", "Leave is limited.", {"negation"}),
        ("Hunde sind erlaubt.", "Hunde sind verboten.", {"negation"}),
        ("Passwords are shared by mail.", "Passwords are never shared by mail.", {"negation"}),
        ("Managers must sign the form.", "Managers may sign the form.", {"modality"}),
        ("Der Leiter darf das Formular prüfen.", "Der Leiter muss das Formular prüfen.", {"modality"}),
        ("Bonuses are paid in spring.", "Bonuses may be paid in spring.", {"modality"}),
        ("Managers approve overtime.", "Only managers approve overtime.", {"scope"}),
        ("All suppliers are audited.", "Some suppliers are audited.", {"scope"}),
        ("Invoices are always checked.", "Invoices are usually checked.", {"scope"}),
        ("The desk costs 50 EUR.", "The desk costs up to 50 EUR.", {"numbers"}),
    ],
)
def test_a_change_is_found(claim: str, evidence: str, found: set[str]) -> None:
    assert found <= against(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Smoking is not allowed in hall 3.", "Smoking is forbidden in hall 3."),
        ("Smoking is not forbidden in hall 3.", "Smoking is allowed in hall 3."),
        ("Laptops are sold.", "Laptops are sold, not rented."),
        ("Reports are due no later than 5 May.", "Reports are due no later than 5 May 2026."),
        ("Not only managers but everybody signs.", "Not only managers but everybody signs."),
        ("The valve is made by Odrava.", "Odrava makes the valve."),
        ("J. Smith leads the team.", "John Smith leads the team."),
        ("John Smith leads the team.", "J. Smith leads the team."),
        ("Acme leads the market.", "Acme Ltd leads the market."),
        ("The CFO signs.", "The Chief Financial Officer signs."),
        ("London has 180 desks and Berlin 140.", "Berlin has 140 desks, London has 180 desks."),
        ("The deadline isn't fixed.", "The deadline is not fixed."),
        ("Staff shall sign.", "Staff must sign."),
        ("Suppliers are audited.", "All suppliers are audited."),
        ("Revenue was £1.2 billion.", "Revenue was £1,198 million."),
        ("The notice period is two weeks.", "The notice period is 14 days."),
        ("Present were Ana Berg and Piers Okonjo.", "Present were Piers Okonjo and Ana Berg."),
        ("Kassel – Days: 30; Carry over: 26.", "Site\nDays\nCarry over\nKassel\n30\n26"),
    ],
)
def test_the_same_said_otherwise_passes(claim: str, evidence: str) -> None:
    assert against(claim, evidence) == set()


def test_a_silent_source_is_told_from_one_that_says_otherwise() -> None:
    assert not numbers("The fee is 60 EUR.", ["There is a canteen."]).contradicts
    assert numbers("The fee is 60 EUR.", ["The fee is 70 EUR."]).contradicts


def test_a_finding_names_the_claims_words() -> None:
    assert numbers("The fee is 60 EUR.", ["The fee is 70 EUR."]).words == ("60 EUR",)
    assert names_agree("The fee goes to Ana Berg.", ["The fee goes to nobody."]).words == ("Ana", "Berg")


def test_evidence_of_two_places_is_read_together() -> None:
    assert against("Warranty periods: pumps have 3 years.", "Warranty periods:", "pumps have 3 years") == set()


WORDS = st.sampled_from(
    """the a in of by not no never only all some may must should up to at least 5 1,200 12% £2m 3-5 days EUR 2026 May
    Monday     Berlin London TN-55 Ana Berg manager director allowed forbidden and or but , ; approve sells
    reports works within
    without     isn't can Prozent nicht muss darf 5. Januar""".split()
)
SENTENCES = st.lists(WORDS, min_size=3, max_size=25).map(lambda words: " ".join(words) + ".")


@settings(max_examples=40, deadline=None)
@given(SENTENCES)
def test_an_exact_quote_agrees_with_itself(sentence: str) -> None:
    assert against(sentence, sentence) == set()


@settings(max_examples=40, deadline=None)
@given(SENTENCES, SENTENCES, SENTENCES)
def test_an_exact_quote_agrees_with_any_text_that_holds_it(before: str, sentence: str, after: str) -> None:
    assert against(sentence, f"{before}\n{sentence}\n{after}") == set()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=150), st.lists(st.text(max_size=150), max_size=3))
def test_no_text_breaks_a_check(claim: str, evidence: list[str]) -> None:
    against(claim, *evidence)


def test_long_hostile_text_is_read_in_reasonable_work() -> None:
    for piece in (
        "1,111 " * 600,
        "not " * 900,
        "A" * 20000,
        "1-" * 2000,
        "(" * 20000,
        "A. B " * 800,
        "May 5 to " * 500,
    ):
        against(piece[:1000], piece)
