"""Follow-up questions put so that they stand by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.evaluating import read_questions
from agents.following import resolve
from agents.following_model import WrittenQuestion, resolve_with_model
from agents.model import Tier
from tests.agents.test_planning import ScriptedSession
from tests.conftest import REPOSITORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A turn of a conversation."""

    question: str
    resolved: str


def after(*questions: str) -> list[str]:
    """Each question resolved after those before it."""
    turns: list[Asked] = []
    for question in questions:
        turns.append(Asked(question=question, resolved=resolve(question, turns).text))
    return [turn.resolved for turn in turns]


@pytest.mark.parametrize(
    ("before", "asked", "resolved"),
    [
        ("What is the hotel cap in London?", "and in Berlin?", "What is the hotel cap in Berlin?"),
        ("What is the hotel cap in London?", "And Gdynia?", "What is the hotel cap in Gdynia?"),
        ("What is the hotel cap in London?", "Gdynia?", "What is the hotel cap in Gdynia?"),
        ("What is the hotel cap in London?", "who approves it?", "Who approves the hotel cap in London?"),
        ("What is the hotel cap in London?", "why?", "Why is the hotel cap in London as it is?"),
        (
            "What notice does a service engineer in Hull give?",
            "what about contractors?",
            "What notice do contractors in Hull give?",
        ),
        ("How much oil does an SK-80 take?", "and an SK-110?", "How much oil does an SK-110 take?"),
        ("What was the net debt in 2022?", "What about 2023?", "What was the net debt in 2023?"),
        ("Can apprentices in Hull work from home?", "And in Kassel?", "Can apprentices in Kassel work from home?"),
        ("Can apprentices in Hull work from home?", "Why not?", "Why can’t apprentices in Hull work from home?"),
        ("How do I order a CAD workstation?", "What does it cost?", "What does a CAD workstation cost?"),
        (
            "Who is the product manager for the Tarn pumps?",
            "What is his extension?",
            "What is the extension of the product manager for the Tarn pumps?",
        ),
        ("Who approves a trip outside Europe?", "And a trip to Norway?", "Who approves a trip to Norway?"),
        (
            "Is the hotel cap higher in Munich or in Hamburg?",
            "the second one?",
            "What is the hotel cap in Hamburg?",
        ),
        (
            "How much is the Plus support plan per year?",
            "And the Continuous plan?",
            "How much is the Continuous plan per year?",
        ),
        (
            "Wie viele Tage darf ich in Hull mobil arbeiten?",
            "und in Kassel?",
            "Wie viele Tage darf ich in Kassel mobil arbeiten?",
        ),
        ("Was ist die Hotelgrenze in Hamburg?", "Wer genehmigt sie?", "Wer genehmigt die Hotelgrenze in Hamburg?"),
        ("Was ist die Hotelgrenze in Hamburg?", "Was ist mit Frankfurt?", "Was ist die Hotelgrenze in Frankfurt?"),
    ],
)
def test_a_follow_up_stands_by_itself(before: str, asked: str, resolved: str) -> None:
    found = resolve(asked, [Asked(question=before, resolved=before)])
    assert found.text == resolved
    assert found.changed
    assert found.turns == 1


def test_each_turn_goes_on_from_what_the_one_before_was_resolved_to() -> None:
    assert after("What is the hotel cap in London?", "and in Kassel?", "who approves it?", "And in Munich?") == [
        "What is the hotel cap in London?",
        "What is the hotel cap in Kassel?",
        "Who approves the hotel cap in Kassel?",
        "Who approves the hotel cap in Munich?",
    ]


def test_a_question_that_stands_by_itself_is_left_as_it_is() -> None:
    questions = [one for one in read_questions(REPOSITORY / "data" / "golden.jsonl") if one.type != "follow_up"]
    for before in ("What is the hotel cap in London?", "Can apprentices work from home?", "Wer genehmigt die Reise?"):
        for one in questions:
            found = resolve(one.question, [Asked(question=before, resolved=before)])
            assert (found.text, found.changed) == (one.question, False)


@pytest.mark.parametrize("asked", ["and in Berlin?", "who approves it?", "why?", "the second one"])
def test_without_an_earlier_question_nothing_is_made_up(asked: str) -> None:
    assert resolve(asked, []).text == asked


def test_what_no_rule_completes_stays() -> None:
    found = resolve("the third one?", [Asked(question="What is a?", resolved="What is a?")])
    assert (found.text, found.changed) == ("the third one?", False)


@given(st.text(max_size=120), st.lists(st.text(max_size=200), max_size=3))
def test_any_text_after_any_other_has_an_end(asked: str, before: list[str]) -> None:
    found = resolve(asked, [Asked(question=one, resolved=one) for one in before])
    assert found.changed or found.text == asked
    assert len(found.text) <= 400 or found.text == asked


TURNS = [Asked(question="What is the hotel cap in London?", resolved="What is the hotel cap in London?")]


def by_model(asked: str, reply: str | None) -> str:
    session = ScriptedSession(None if reply is None else WrittenQuestion(question=reply))
    return asyncio.run(resolve_with_model(asked, TURNS, session, Tier.SMALL)).text


def test_a_models_wording_is_taken_where_it_holds_to_the_conversation() -> None:
    assert by_model("and for Berlin?", "What is the hotel cap for Berlin?") == "What is the hotel cap for Berlin?"
    own = "What is the hotel cap in Berlin?"
    assert by_model("and in Berlin?", "What salary does the chief executive earn in Berlin?") == own
    assert by_model("and in Berlin?", "What is the hotel cap in Berlin for 3 nights?") == own
    assert by_model("and in Berlin?", None) == own
    assert by_model("What is the VPN address?", "What is the hotel cap in London?") == "What is the VPN address?"
