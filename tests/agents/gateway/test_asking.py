"""Asking models over real HTTP: what behaves is read, what misbehaves is tried again, fallen back from, or refused."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from agents.errors import ModelUnavailable
from agents.gateway.gateway import Gateway
from agents.gateway.session import Session
from agents.gateway.settings import Kind, Patience
from agents.model import Tier
from tests.agents.gateway.conftest import Verdicts, Workshop, prompt, spec
from tests.model_server import (
    Asked,
    Behaviour,
    BrokenJson,
    CloseAtOnce,
    HalfStream,
    Hang,
    Json,
    ModelServer,
    Raw,
    Status,
    Text,
)

GOOD = Json({"claims": ["a"]})
KINDS: tuple[Kind, ...] = ("openai", "anthropic", "ollama")


def ask(gateway: Gateway, tier: Tier = Tier.LARGE, **options: Any) -> tuple[Verdicts | ModelUnavailable, Session]:
    """What one question comes to, and the session with its record."""
    session = gateway.session("run", "anna", **options)

    async def asked() -> Verdicts | ModelUnavailable:
        try:
            return await session.ask(prompt(), Verdicts, agent="analyst", tier=tier)
        except ModelUnavailable as error:
            return error

    return asyncio.run(asked()), session


def failed(result: Verdicts | ModelUnavailable) -> str:
    assert isinstance(result, ModelUnavailable)
    return result.reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_reply_comes_back_typed_with_the_provider_s_own_figures(workshop: Workshop, kind: Kind) -> None:
    server, gateway = workshop.one(Json({"claims": ["ä"]}, usage=(70, 9)), kind=kind, price_in=2.0, price_out=10.0)
    result, session = ask(gateway)
    assert result == Verdicts(claims=["ä"])
    (call,) = session.calls
    assert (call.outcome, call.attempts, call.tokens_in, call.tokens_out) == ("ok", 1, 70, 9)
    assert call.cost_usd == pytest.approx((70 * 2 + 9 * 10) / 1e6)
    assert (call.tier, call.agent, call.prompt, call.prompt_version) == (Tier.SMALL, "analyst", "draft", "1")
    assert server.requests[0].system.startswith("Answer in JSON.")
    assert server.requests[0].user == "What is said?"
    assert session.usage.model_calls == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_endpoint_is_told_the_shape_and_to_repeat_itself(workshop: Workshop, kind: Kind) -> None:
    server, gateway = workshop.one(GOOD, kind=kind)
    ask(gateway)
    body = server.requests[0].body
    assert server.requests[0].wants_schema
    assert body.get("temperature", body.get("options", {}).get("temperature")) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "bad",
    [Status(500), Status(503), Status(429), CloseAtOnce(), HalfStream("{}"), Raw(b"<html>"), Raw(b"{}")],
    ids=["500", "503", "429", "closed", "half", "html", "empty"],
)
def test_what_failed_is_tried_again(workshop: Workshop, kind: Kind, bad: Behaviour) -> None:
    server, gateway = workshop.one([bad, GOOD], kind=kind)
    result, session = ask(gateway)
    assert result == Verdicts(claims=["a"])
    assert len(server.requests) == 2
    assert [(call.outcome, call.attempts) for call in session.calls] == [("ok", 2)]


@pytest.mark.parametrize(
    ("bad", "reason", "requests"),
    [
        (Status(500), "server_error", 3),
        (Status(429, retry_after=1), "rate_limited", 3),
        (Status(429, retry_after=3600), "rate_limited", 1),
        (CloseAtOnce(), "connection", 3),
        (HalfStream("{}"), "cut_off", 3),
        (Raw(b"<html>"), "bad_response", 3),
        (Status(401), "unauthorized", 1),
        (Status(413), "too_long", 1),
    ],
    ids=["500", "429", "429-long", "closed", "half", "html", "401", "413"],
)
def test_what_goes_on_failing_is_an_honest_error(
    workshop: Workshop, bad: Behaviour, reason: str, requests: int
) -> None:
    server, gateway = workshop.one(bad)
    result, session = ask(gateway)
    assert failed(result) == reason
    assert len(server.requests) == requests
    assert [(call.outcome, call.attempts) for call in session.calls] == [(reason, requests)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_says_nothing_is_given_up(workshop: Workshop, kind: Kind) -> None:
    _, gateway = workshop.one(Hang(), kind=kind, timeout_s=0.2)
    result, session = ask(gateway)
    assert failed(result) == "timeout"
    assert session.calls[0].attempts == 3
    assert session.calls[0].tokens_in > 0  # what was sent may be charged for


def test_nobody_listens_at_the_address(workshop: Workshop) -> None:
    with ModelServer(GOOD) as gone:
        url = gone.url
    gateway = workshop.gateway(spec(gone, base_url=url))
    assert failed(ask(gateway)[0]) == "connection"


def test_waits_between_attempts_grow_and_heed_what_the_server_asks_for(workshop: Workshop) -> None:
    _, gateway = workshop.one([Status(500), Status(429, retry_after=7), GOOD])
    ask(gateway)
    assert workshop.waits.seconds == [0.5, 7.0]


def test_a_broken_reply_is_asked_for_once_more_with_what_was_wrong(workshop: Workshop) -> None:
    server, gateway = workshop.one([BrokenJson({"claims": ["a long one"]}), GOOD])
    result, session = ask(gateway)
    assert result == Verdicts(claims=["a"])
    assert [call.outcome for call in session.calls] == ["malformed", "ok"]
    assert [one["role"] for one in server.requests[1].messages] == ["system", "user", "assistant", "user"]
    assert "could not be used" in server.requests[1].user


@pytest.mark.parametrize(
    "bad",
    [
        BrokenJson({"claims": ["a"]}, keep=0.7),
        Json({"claims": "none"}),
        Json({"answers": []}),
        Json([1]),
        Text("I would rather not."),
        Text(""),
        Text('{"claims": ["a"]} or {"claims": ["b"]}'),
    ],
    ids=["cut", "type", "keys", "list", "prose", "nothing", "two"],
)
def test_a_model_that_stays_malformed_is_refused(workshop: Workshop, bad: Text) -> None:
    server, gateway = workshop.one(bad)
    result, session = ask(gateway)
    assert failed(result) == "malformed"
    assert len(server.requests) == 2
    assert [call.outcome for call in session.calls] == ["malformed", "malformed"]
    assert session.calls[0].response == bad.text


@pytest.mark.parametrize(
    ("kind", "lacks"), [("openai", "response_format"), ("anthropic", "tools"), ("ollama", "format")]
)
def test_an_endpoint_without_schemas_has_the_shape_in_the_prompt(workshop: Workshop, kind: Kind, lacks: str) -> None:
    server = workshop.server(GOOD, lacks=[lacks])
    gateway = workshop.gateway(spec(server, kind=kind))
    assert ask(gateway)[0] == Verdicts(claims=["a"])
    assert "JSON Schema" in server.requests[1].system
    ask(gateway)
    assert len(server.requests) == 3  # it is not told a shape again


def test_an_endpoint_that_takes_no_temperature_is_asked_without(workshop: Workshop) -> None:
    def script(asked: Asked) -> Behaviour:
        return Status(400) if "temperature" in asked.body else GOOD

    _, gateway = workshop.one(script)
    assert ask(gateway)[0] == Verdicts(claims=["a"])


def test_an_endpoint_that_does_not_count_is_estimated(workshop: Workshop) -> None:
    _, gateway = workshop.one(Json({"claims": ["a"]}, usage=None))
    (call,) = ask(gateway)[1].calls
    assert call.tokens_in > 0
    assert call.tokens_out > 0


def test_a_large_model_that_fails_is_fallen_back_from(workshop: Workshop) -> None:
    bad, good = workshop.server(Status(500)), workshop.server(GOOD)
    gateway = workshop.gateway(spec(bad, tier=Tier.LARGE), spec(good, tier=Tier.SMALL))
    result, session = ask(gateway)
    assert result == Verdicts(claims=["a"])
    assert [(call.tier, call.outcome) for call in session.calls] == [(Tier.LARGE, "server_error"), (Tier.SMALL, "ok")]
    assert len({call.key for call in session.calls}) == 1


def test_a_small_question_never_reaches_the_large_model(workshop: Workshop) -> None:
    small, large = workshop.server(Status(500)), workshop.server(GOOD)
    gateway = workshop.gateway(spec(large, tier=Tier.LARGE), spec(small, tier=Tier.SMALL))
    assert failed(ask(gateway, Tier.SMALL)[0]) == "server_error"
    assert large.requests == []


def test_without_a_model_there_is_an_honest_error(workshop: Workshop) -> None:
    gateway = workshop.gateway()
    result, session = ask(gateway)
    assert failed(result) == "no_model"
    assert list(session.tiers) == []


def test_a_model_that_failed_often_is_left_alone(workshop: Workshop) -> None:
    server = workshop.server(Status(500))
    gateway = workshop.gateway(spec(server), patience=Patience(attempts=2, failures=2))
    session = gateway.session("run", "anna")
    assert list(session.tiers) == [Tier.SMALL]
    assert failed(ask(gateway)[0]) == "server_error"
    assert list(session.tiers) == []
    assert failed(ask(gateway)[0]) == "circuit_open"
    assert len(server.requests) == 2


def test_a_prompt_that_cannot_fit_is_not_sent(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD, context_tokens=10)
    session = gateway.session("run", "anna")
    with pytest.raises(ModelUnavailable) as caught:
        asyncio.run(session.ask(prompt("word " * 100), Verdicts, agent="analyst", tier=Tier.SMALL))
    assert caught.value.reason == "too_long"
    assert server.requests == []


def test_independent_calls_run_side_by_side(workshop: Workshop) -> None:
    together = threading.Barrier(5)

    def script(asked: Asked) -> Behaviour:
        together.wait(timeout=20)  # nobody is answered before five have asked
        return GOOD

    server, gateway = workshop.one(script)
    session = gateway.session("run", "anna", parallel=5)

    async def five() -> list[Verdicts]:
        asking = (session.ask(prompt(f"part {n}"), Verdicts, agent="analyst", tier=Tier.SMALL) for n in range(5))
        return await asyncio.gather(*asking)

    assert asyncio.run(five()) == [Verdicts(claims=["a"])] * 5
    assert server.most_open == 5


def test_no_more_calls_are_open_than_the_run_may_have(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD)
    session = gateway.session("run", "anna", parallel=2)

    async def six() -> None:
        asking = (session.ask(prompt(f"part {n}"), Verdicts, agent="analyst", tier=Tier.SMALL) for n in range(6))
        await asyncio.gather(*asking)

    asyncio.run(six())
    assert server.most_open <= 2
    assert len(server.requests) == 6


def test_runs_on_loops_of_their_own_share_the_models(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD)
    results: list[object] = []
    threads = [threading.Thread(target=lambda: results.append(ask(gateway)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [Verdicts(claims=["a"])] * 4
    assert len(server.requests) == 4


def test_a_cancelled_call_ends_at_once_and_is_on_record(workshop: Workshop) -> None:
    begun = threading.Event()

    def script(asked: Asked) -> Behaviour:
        begun.set()
        return Hang()

    _, gateway = workshop.one(script)
    session = gateway.session("run", "anna")

    async def cancelled() -> None:
        task = asyncio.create_task(session.ask(prompt(), Verdicts, agent="analyst", tier=Tier.SMALL))
        await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert [call.outcome for call in session.calls] == ["cancelled"]


def test_a_run_out_of_time_asks_nobody(workshop: Workshop) -> None:
    server, gateway = workshop.one(GOOD)
    result, session = ask(gateway, deadline_s=0.0)
    assert failed(result) == "deadline"
    assert list(session.tiers) == []
    assert server.requests == []


def test_a_call_ends_with_the_run_s_time(workshop: Workshop) -> None:
    _, gateway = workshop.one([GOOD, Hang()])
    ask(gateway)  # loads the libraries
    result, _ = ask(gateway, deadline_s=0.3)
    assert failed(result) == "deadline"


def test_closing_the_gateway_ends_what_is_under_way(workshop: Workshop) -> None:
    begun = threading.Event()

    def script(asked: Asked) -> Behaviour:
        begun.set()
        return Hang()

    _, gateway = workshop.one(script)

    async def closed() -> str:
        session = gateway.session("run", "anna")
        task = asyncio.create_task(session.ask(prompt(), Verdicts, agent="analyst", tier=Tier.SMALL))
        await asyncio.to_thread(begun.wait, 20)
        await asyncio.to_thread(gateway.close)
        with pytest.raises(ModelUnavailable) as caught:
            await task
        return caught.value.reason

    assert asyncio.run(closed()) in ("closed", "connection")
