"""The circuit breaker, on a clock of its own."""

from __future__ import annotations

import pytest

from agents.gateway.breaking import CircuitBreaker
from agents.gateway.settings import Patience
from tests.agents.gateway.conftest import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def breaker(clock: HandClock) -> CircuitBreaker:
    return CircuitBreaker(Patience(failures=3, open_s=30.0), clock)


def open_it(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        breaker.failed()


def test_it_opens_after_failures_in_a_row(breaker: CircuitBreaker) -> None:
    assert [breaker.failed(), breaker.failed(), breaker.failed()] == [False, False, True]
    assert breaker.state == "open"
    assert not breaker.admit()


def test_a_success_between_starts_the_count_anew(breaker: CircuitBreaker) -> None:
    breaker.failed()
    breaker.failed()
    breaker.succeeded()
    breaker.failed()
    assert breaker.state == "closed"


def test_after_a_rest_one_request_tries(breaker: CircuitBreaker, clock: HandClock) -> None:
    open_it(breaker)
    clock.now += 30
    assert breaker.state == "half_open"
    assert [breaker.admit(), breaker.admit()] == [True, False]


def test_a_good_trial_closes_it(breaker: CircuitBreaker, clock: HandClock) -> None:
    open_it(breaker)
    clock.now += 30
    breaker.admit()
    breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.admit()


def test_a_bad_trial_opens_it_anew(breaker: CircuitBreaker, clock: HandClock) -> None:
    open_it(breaker)
    clock.now += 30
    breaker.admit()
    assert breaker.failed()
    assert breaker.state == "open"


def test_a_cancelled_trial_makes_room_for_the_next(breaker: CircuitBreaker, clock: HandClock) -> None:
    open_it(breaker)
    clock.now += 30
    breaker.admit()
    breaker.released()
    assert breaker.admit()


def test_a_trial_that_is_never_reported_on_is_not_waited_for(breaker: CircuitBreaker, clock: HandClock) -> None:
    open_it(breaker)
    clock.now += 30
    breaker.admit()
    clock.now += 30
    assert breaker.admit()


def test_a_refused_key_opens_it_at_once(breaker: CircuitBreaker) -> None:
    assert breaker.failed(at_once=True)
    assert breaker.state == "open"
