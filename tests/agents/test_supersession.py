"""Which document takes another's place, said where it matters."""

from __future__ import annotations

from agents.checks.statements import verify_statement
from agents.model import ClaimKind
from agents.question import understand
from agents.supersession import find_standing, find_supersessions
from tests.agents.passages import chunks_of, passage, unit

NEW = passage(
    "Travel policy",
    "This policy replaces the Travel policy 2023, which is withdrawn from 1 March 2025.\n\n"
    "File the claim within 30 days after the trip. Rail is preferred.",
)
OLD = passage("Travel policy 2023", "File the claim within 60 days after the trip. Rail is preferred.", superseded=True)
SAYING = passage(
    "Password policy", "This policy is superseded by the Access standard. Change passwords often.", superseded=True
)
STANDARD = passage("Access standard", "A password has no expiry date.")


def test_an_older_document_that_answers_differently_is_named_with_the_statement() -> None:
    question = understand("Within how many days after the trip do I file the claim?")
    (claim,) = find_supersessions(question, [unit(NEW, "30 days")], [OLD], chunks_of(NEW, OLD))
    assert claim.kind is ClaimKind.SUPERSESSION
    assert claim.text == (
        "Travel policy states: “This policy replaces the Travel policy 2023, which is withdrawn from 1 March 2025”; "
        "on this, Travel policy 2023 says otherwise."
    )
    assert [span.document.title for span in claim.evidence] == ["Travel policy", "Travel policy 2023"]
    assert claim.evidence[0].quote.startswith("This policy replaces")
    assert verify_statement(claim).agrees


def test_the_figure_that_no_longer_holds_is_said_to_who_asks_for_it() -> None:
    asked = understand("Within how many days after the trip do I still file the claim?")
    (claim,) = find_supersessions(asked, [unit(NEW, "30 days")], [OLD], chunks_of(NEW, OLD))
    assert claim.text.endswith("on this, Travel policy 2023 says “60 days”.")
    assert verify_statement(claim).agrees


def test_where_both_say_the_same_nothing_is_said_unless_the_question_is_about_change() -> None:
    rail = [unit(NEW, "Rail")]
    assert find_supersessions(understand("Is rail preferred?"), rail, [OLD], chunks_of(NEW, OLD)) == []
    (claim,) = find_supersessions(understand("Is rail still preferred?"), rail, [OLD], chunks_of(NEW, OLD))
    assert claim.text.endswith("withdrawn from 1 March 2025”.")
    assert len(claim.evidence) == 1


def test_the_older_document_may_be_the_one_that_says_so() -> None:
    question = understand("Do I still have to change my password?")
    (claim,) = find_supersessions(question, [unit(STANDARD, "expiry")], [SAYING])
    assert claim.text == "Password policy states: “This policy is superseded by the Access standard”."
    assert verify_statement(claim).agrees


def test_a_document_that_nobody_says_is_replaced_makes_no_claim() -> None:
    stray = passage("Canteen rules", "File the claim within 60 days after the trip.", superseded=True)
    question = understand("Within how many days after the trip do I still file the claim?")
    assert find_supersessions(question, [unit(NEW, "30 days")], [stray], chunks_of(NEW, stray)) == []
    assert find_supersessions(question, [unit(NEW, "30 days")], [], chunks_of(NEW)) == []


def test_whether_a_document_holds_is_answered_with_the_words_that_say_so() -> None:
    question = understand("Is the Password policy still in force?")
    near = [unit(SAYING, "Change passwords")]
    (claim,) = find_standing(question.parts[0], "en", near, [SAYING], chunks_of(SAYING))
    assert claim.kind is ClaimKind.SUPERSESSION
    assert claim.text == "Password policy states: “This policy is superseded by the Access standard”."
    assert verify_statement(claim).agrees
    for other in ("Is the Expenses policy still in force?", "How often are passwords changed?"):
        assert find_standing(understand(other).parts[0], "en", near, [SAYING], chunks_of(SAYING)) == []


def test_which_document_was_replaced_is_answered_by_the_one_that_took_its_place() -> None:
    part = understand("What replaced the Travel policy 2023?").parts[0]
    (claim,) = find_standing(part, "en", [unit(NEW, "30 days")], [OLD], chunks_of(NEW, OLD))
    assert claim.text.startswith("Travel policy states: “This policy replaces the Travel policy 2023")
