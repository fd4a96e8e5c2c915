"""Streamed answers: shown as they come, whole at last, and begun anew where one breaks off."""

from __future__ import annotations

import asyncio

import pytest

from agents.errors import ModelUnavailable
from agents.gateway.session import Session
from agents.gateway.settings import Kind, Patience
from agents.model import Tier
from tests.agents.gateway.conftest import PERSON, Workshop, prompt, spec
from tests.model_server import Behaviour, CloseAtOnce, HalfStream, Hang, Status, Text

KINDS: tuple[Kind, ...] = ("openai", "anthropic", "ollama")
SAID = "The contract ends on 31 May 2026."


def heard(session: Session, tier: Tier = Tier.LARGE, user: str = "When?") -> list[str]:
    async def listened() -> list[str]:
        return [text async for text in session.stream(prompt(user), agent="analyst", tier=tier)]

    return asyncio.run(listened())


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_text_is_the_whole_answer(workshop: Workshop, kind: Kind) -> None:
    server, gateway = workshop.one(Text(SAID, usage=(31, 8), pieces=6), kind=kind)
    session = gateway.session("run", "anna")
    texts = heard(session)
    assert texts[-1] == SAID
    assert all(SAID.startswith(text) for text in texts)
    assert server.requests[0].streamed
    (call,) = session.calls
    assert (call.outcome, call.response, call.tokens_in, call.tokens_out) == ("ok", SAID, 31, 8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "bad",
    [HalfStream(SAID), HalfStream(SAID, clean=True), Status(500), CloseAtOnce()],
    ids=["cut", "ended early", "500", "closed"],
)
def test_half_a_stream_is_no_answer(workshop: Workshop, kind: Kind, bad: Behaviour) -> None:
    server, gateway = workshop.one([bad, Text(SAID)], kind=kind)
    session = gateway.session("run", "anna")
    assert heard(session)[-1] == SAID
    assert len(server.requests) == 2
    assert [(call.outcome, call.attempts) for call in session.calls] == [("ok", 2)]


def test_a_stream_that_always_breaks_falls_back(workshop: Workshop) -> None:
    bad, good = workshop.server(HalfStream(SAID)), workshop.server(Text("No."))
    gateway = workshop.gateway(spec(bad, tier=Tier.LARGE), spec(good, tier=Tier.SMALL))
    session = gateway.session("run", "anna")
    assert heard(session)[-1] == "No."
    assert [call.outcome for call in session.calls] == ["cut_off", "ok"]
    assert SAID.startswith(session.calls[0].response)


def test_a_stream_that_never_ends_well_is_an_error(workshop: Workshop) -> None:
    _, gateway = workshop.one(HalfStream(SAID))
    session = gateway.session("run", "anna")
    with pytest.raises(ModelUnavailable) as caught:
        heard(session)
    assert caught.value.reason == "cut_off"
    assert session.calls[0].tokens_out > 0  # what came is charged for


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_word_that_does_not_come_is_not_waited_for(workshop: Workshop, kind: Kind) -> None:
    server = workshop.server([Hang(), Text(SAID)])
    gateway = workshop.gateway(spec(server, kind=kind, first_token_s=0.3), patience=Patience(attempts=30, failures=99))
    assert heard(gateway.session("run", "anna"))[-1] == SAID


def test_a_stream_that_stops_in_the_middle_ends_with_the_time_for_a_request(workshop: Workshop) -> None:
    server = workshop.server([Hang(started="The con"), Text(SAID)])
    gateway = workshop.gateway(spec(server, timeout_s=0.5), patience=Patience(attempts=30, failures=99))
    assert heard(gateway.session("run", "anna"))[-1] == SAID


def test_what_is_streamed_has_the_real_names(workshop: Workshop) -> None:
    server, gateway = workshop.one(Text("[PERSON_1] signed.", pieces=18), locality="remote")
    texts = heard(gateway.session("run", "anna"), user=f"Did {PERSON} sign?")
    assert texts[-1] == f"{PERSON} signed."
    assert PERSON not in server.sent


def test_who_stops_listening_ends_the_request(workshop: Workshop) -> None:
    _, gateway = workshop.one(Hang(started="The con"))
    session = gateway.session("run", "anna")

    async def first() -> str:
        stream = session.stream(prompt(), agent="analyst", tier=Tier.SMALL)
        try:
            return await anext(aiter(stream))
        finally:
            await stream.aclose()

    assert asyncio.run(first()) == "The con"
    assert [call.outcome for call in session.calls] == ["cancelled"]
