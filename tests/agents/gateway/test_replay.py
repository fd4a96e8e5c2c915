"""Recorded calls in place of models."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from agents.errors import ModelUnavailable
from agents.gateway.failures import ModelFailure
from agents.gateway.replay import ReplaySession
from agents.gateway.session import Session
from agents.model import Tier
from agents.ports import ModelSession, Prompt
from agents.runs.model import ModelCall
from tests.agents.gateway.conftest import PERSON, FakeProvider, NameMasker, Said, Verdicts, Workshop, plain_spec, prompt

ABOUT = prompt(f"Did {PERSON} sign?")
GOOD = '{"claims": ["[PERSON_1] signed."]}'


def recorded(workshop: Workshop, *said: Said, prompts: Sequence[Prompt] = (ABOUT,)) -> Session:
    """A session that has asked, with whatever outcome."""
    gateway = workshop.gateway(plain_spec(locality="remote"), opening=lambda _: FakeProvider(*said))
    session = gateway.session("run", "anna")
    for one in prompts:
        answers(session, one)
    return session


def answers(session: ModelSession, one: Prompt, tier: Tier = Tier.SMALL) -> Verdicts | ModelUnavailable:
    try:
        return asyncio.run(session.ask(one, Verdicts, agent="analyst", tier=tier))
    except ModelUnavailable as error:
        return error


def reason(found: Verdicts | ModelUnavailable) -> str:
    assert isinstance(found, ModelUnavailable)
    return found.reason


def test_the_same_prompt_gets_the_same_reply(workshop: Workshop) -> None:
    session = recorded(workshop, GOOD)
    replay = ReplaySession(session.calls, NameMasker)
    assert answers(replay, ABOUT) == Verdicts(claims=[f"{PERSON} signed."])
    assert replay.calls == session.calls
    assert replay.usage == session.usage
    assert list(replay.tiers) == [Tier.SMALL]


def test_the_order_of_prompts_does_not_matter(workshop: Workshop) -> None:
    prompts = [prompt(f"part {n}") for n in range(3)]
    session = recorded(workshop, *(f'{{"claims": ["{n}"]}}' for n in range(3)), prompts=prompts)
    replay = ReplaySession(session.calls, NameMasker)
    assert [answers(replay, one) for one in reversed(prompts)] == [Verdicts(claims=[str(n)]) for n in (2, 1, 0)]


def test_the_same_prompt_asked_twice_gets_both_replies_in_turn(workshop: Workshop) -> None:
    session = recorded(workshop, '{"claims": ["first"]}', '{"claims": ["second"]}', prompts=[ABOUT, ABOUT])
    replay = ReplaySession(session.calls, NameMasker)
    assert answers(replay, ABOUT) == Verdicts(claims=["first"])
    assert answers(replay, ABOUT) == Verdicts(claims=["second"])
    assert reason(answers(replay, ABOUT)) == "not_recorded"


def test_a_reply_that_took_two_asks_is_the_second(workshop: Workshop) -> None:
    session = recorded(workshop, "no json", GOOD)
    replay = ReplaySession(session.calls, NameMasker)
    assert answers(replay, ABOUT) == Verdicts(claims=[f"{PERSON} signed."])
    assert len(replay.calls) == 2


def test_what_failed_fails_again_for_the_same_reason(workshop: Workshop) -> None:
    session = recorded(workshop, ModelFailure("rejected", "no"))
    assert reason(answers(ReplaySession(session.calls, NameMasker), ABOUT)) == "rejected"


def test_another_prompt_has_no_recorded_reply(workshop: Workshop) -> None:
    replay = ReplaySession(recorded(workshop, GOOD).calls, NameMasker)
    assert reason(answers(replay, prompt("Something else?"))) == "not_recorded"
    assert reason(answers(replay, replace(ABOUT, version="2"))) == "not_recorded"


class OtherNumbers(NameMasker):
    """Counts from seven."""

    def mask(self, text: str) -> str:
        return text.replace(PERSON, "[PERSON_7]")

    def unmask(self, text: str) -> str:
        return text.replace("[PERSON_7]", PERSON)


class OtherKinds(NameMasker):
    """Holds the name for an address."""

    def mask(self, text: str) -> str:
        return text.replace(PERSON, "[ADDRESS_1]")


def test_placeholders_that_have_other_numbers_now_stand_for_the_same_names(workshop: Workshop) -> None:
    replay = ReplaySession(recorded(workshop, GOOD).calls, OtherNumbers)
    assert answers(replay, ABOUT) == Verdicts(claims=[f"{PERSON} signed."])


def test_a_prompt_that_is_masked_otherwise_now_is_not_answered_with_the_wrong_names(workshop: Workshop) -> None:
    replay = ReplaySession(recorded(workshop, GOOD).calls, OtherKinds)
    assert reason(answers(replay, ABOUT)) == "not_recorded"


def test_nothing_recorded_is_nothing_to_ask(workshop: Workshop) -> None:
    replay = ReplaySession((), NameMasker)
    assert list(replay.tiers) == []
    assert reason(answers(replay, ABOUT)) == "not_recorded"


def test_a_record_holds_no_personal_data(workshop: Workshop) -> None:
    calls: Sequence[ModelCall] = recorded(workshop, GOOD).calls
    assert all(PERSON not in repr(call) for call in calls)
