"""Attempts, waits and limits of one model, on a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.gateway.endpoint import Endpoint, Tally
from agents.gateway.failures import ModelFailure, failure_from, failure_of_status, wait_in
from agents.gateway.looping import LoopThread
from agents.gateway.ports import Completion
from agents.gateway.settings import Patience
from tests.agents.gateway.conftest import FakeProvider, HandClock, plain_spec

MESSAGES = [{"role": "user", "content": "What is said?"}]
BROKEN = ModelFailure("server_error", "it failed")
Call = Callable[..., Completion]


@pytest.fixture
def io() -> Iterator[LoopThread]:
    made = LoopThread("test-requests")
    yield made
    made.close()


def made_endpoint(
    io: LoopThread, provider: FakeProvider, clock: HandClock, waits: list[float], patience: Patience | None = None
) -> Endpoint:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        await clock.sleep(seconds)

    return Endpoint(
        plain_spec(),
        io,
        lambda _: provider,
        patience or Patience(),
        clock,
        sleep=sleep,
        uniform=lambda low, high: high,
    )


def call(endpoint: Endpoint, tally: Tally, *, deadline: float = 1060.0) -> Completion:
    asking = endpoint.call(MESSAGES, None, tally=tally, deadline=deadline, check=lambda: None)
    return asyncio.run(asking)


def test_waits_double_up_to_a_cap(io: LoopThread) -> None:
    waits: list[float] = []
    patience = Patience(attempts=6, base_s=1.0, cap_s=5.0, failures=99)
    endpoint = made_endpoint(io, FakeProvider(BROKEN), HandClock(), waits, patience)
    with pytest.raises(ModelFailure):
        call(endpoint, Tally())
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_no_attempt_is_made_after_the_run_s_time(io: LoopThread) -> None:
    waits: list[float] = []
    provider = FakeProvider(BROKEN)
    tally = Tally()
    endpoint = made_endpoint(io, provider, HandClock(), waits, Patience(attempts=9, base_s=1.0, cap_s=60, failures=99))
    with pytest.raises(ModelFailure) as caught:
        call(endpoint, tally, deadline=1005.0)
    assert caught.value.code == "server_error"  # what went wrong, not that time ran out
    assert waits == [1.0, 2.0]
    assert tally.attempts == 3


def test_a_request_that_was_not_answered_may_cost_what_one_that_was_refused_does_not(io: LoopThread) -> None:
    tally = Tally()
    endpoint = made_endpoint(
        io, FakeProvider(ModelFailure("timeout", "slow"), BROKEN, "yes"), HandClock(), [], Patience()
    )
    call(endpoint, tally)
    assert tally.attempts == 3
    assert tally.tokens_in > 100
    assert tally.tokens_out == 20


def test_a_circuit_that_opens_between_attempts_ends_them_with_the_cause(io: LoopThread) -> None:
    provider = FakeProvider(BROKEN)
    endpoint = made_endpoint(io, provider, HandClock(), [], Patience(attempts=5, failures=2))
    with pytest.raises(ModelFailure) as caught:
        call(endpoint, Tally())
    assert caught.value.code == "server_error"
    assert len(provider.asked) == 2


def test_a_resting_model_is_tried_again_later(io: LoopThread) -> None:
    clock = HandClock()
    provider = FakeProvider(BROKEN, "yes")
    endpoint = made_endpoint(io, provider, clock, [], Patience(attempts=1, failures=1, open_s=30))
    with pytest.raises(ModelFailure):
        call(endpoint, Tally())
    with pytest.raises(ModelFailure, match="left alone"):
        call(endpoint, Tally())
    clock.now += 31
    assert call(endpoint, Tally(), deadline=2000).text == "yes"
    assert endpoint.breaker.state == "closed"


def test_a_refused_request_says_nothing_against_the_model(io: LoopThread) -> None:
    endpoint = made_endpoint(io, FakeProvider(ModelFailure("rejected", "no")), HandClock(), [], Patience(failures=1))
    with pytest.raises(ModelFailure):
        call(endpoint, Tally())
    assert endpoint.breaker.state == "closed"


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        (400, "rejected", False),
        (401, "unauthorized", False),
        (404, "rejected", False),
        (408, "timeout", True),
        (429, "rate_limited", True),
        (500, "server_error", True),
        (529, "server_error", True),
    ],
)
def test_a_status_means_one_thing(status: int, code: str, again: bool) -> None:
    failure = failure_of_status(status)
    assert (failure.code, failure.retryable) == (code, again)


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert wait_in("7") == 7
    assert wait_in("0.5") == 0.5
    assert wait_in("-3") == 0
    assert wait_in(format_datetime(datetime(2026, 3, 1, 12, 1, tzinfo=UTC), usegmt=True), now) == 60
    assert wait_in(format_datetime(datetime(2026, 3, 1, 11, tzinfo=UTC), usegmt=True), now) == 0
    for nothing in (None, "", "soon", "nan", "inf", "9" * 80):
        assert wait_in(nothing) is None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_retry_after_is_a_wait_or_nothing(header: str) -> None:
    wait = wait_in(header)
    assert wait is None or wait >= 0


def test_an_error_s_causes_are_looked_at() -> None:
    outer = ValueError("could not connect")
    outer.__cause__ = BROKEN
    assert failure_from(outer) is BROKEN
    assert failure_from(TimeoutError()).code == "timeout"
    assert failure_from(ConnectionRefusedError()).code == "connection"
    assert failure_from(KeyError("choices")).code == "bad_response"
