"""One model: attempts with waits between them, its circuit breaker, and the limit of the run's time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agents.ports import Clock

from .breaking import CircuitBreaker
from .failures import ModelFailure
from .looping import LoopClosed, LoopThread
from .ports import Completion, Message, Provider, Shape, Sleep, Uniform
from .settings import ModelSpec, Patience
from .tokens import estimated_tokens, prompt_tokens

_log = logging.getLogger("groundcrew.models")

_BREAKING = frozenset({"connection", "timeout", "cut_off", "server_error", "bad_response", "unauthorized"})
"""What says that the model itself is in trouble."""


@dataclass(slots=True)
class Tally:
    """What a call used so far: requests, and tokens that are paid for. Read even when the call is cancelled."""

    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass(slots=True)
class Hearing:
    """Where a streamed answer goes. `begin` is called before each attempt, `part` from another thread."""

    begin: Callable[[], None]
    part: Callable[[str], None]


class Endpoint:
    """A configured model as all runs share it."""

    def __init__(
        self,
        spec: ModelSpec,
        io: LoopThread,
        open_provider: Callable[[ModelSpec], Provider],
        patience: Patience,
        clock: Clock,
        *,
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = random.uniform,
    ) -> None:
        self.spec = spec
        self.breaker = CircuitBreaker(patience, clock)
        self._io = io
        self._open_provider = open_provider
        self._patience = patience
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._provider: Provider | None = None

    async def call(
        self,
        messages: Sequence[Message],
        shape: Shape | None,
        *,
        tally: Tally,
        deadline: float,
        check: Callable[[], None],
        hearing: Hearing | None = None,
    ) -> Completion:
        """The answer, after as many attempts as it takes; streamed where somebody hears it.

        `deadline` is on the clock; `check` is called before each attempt and raises where it must not be made.

        Raises:
            ModelFailure: the last attempt failed, or none may be made.
        """
        last: ModelFailure | None = None
        while True:
            check()
            if deadline <= self._clock():
                raise last or ModelFailure("deadline", "the run has no time left")
            if not self.breaker.admit():
                raise last or ModelFailure("circuit_open", f"{self.spec.model} failed often and is left alone for now")
            try:
                return await self._attempt(messages, shape, tally, deadline, hearing)
            except ModelFailure as failure:
                self._report(failure)
                wait = self._wait(failure, tally.attempts)
                if wait is None or wait >= deadline - self._clock():
                    raise
                last = failure
            _log.info("model_retried model=%s reason=%s attempt=%d", self.spec.model, last.code, tally.attempts)
            await self._sleep(wait)

    async def prepare(self) -> None:
        """Loads what the first call needs; to be run on the loop of requests. Raises nothing."""
        try:
            self._opened()
        except ModelFailure as failure:
            _log.warning("model_unusable model=%s reason=%s", self.spec.model, failure.code)

    async def close(self) -> None:
        """Closes the connections; to be run on the loop of requests."""
        if self._provider is not None:
            await self._provider.close()

    async def _attempt(
        self,
        messages: Sequence[Message],
        shape: Shape | None,
        tally: Tally,
        deadline: float,
        hearing: Hearing | None,
    ) -> Completion:
        # Until more is known, a request that was sent is paid for.
        expected = prompt_tokens(messages)
        tally.attempts += 1
        tally.tokens_in += expected
        if hearing is not None:
            hearing.begin()
        try:
            try:
                async with asyncio.timeout(deadline - self._clock()):
                    completion = await self._io.run(self._request(messages, shape, hearing))
            except TimeoutError as error:
                raise ModelFailure("deadline", "the run has no time left") from error
            except LoopClosed as error:
                raise ModelFailure("closed", "the process is closing its connections to models") from error
        except ModelFailure as failure:
            tally.tokens_in -= 0 if failure.billed else expected
            tally.tokens_out += estimated_tokens(failure.text)
            raise
        except BaseException:
            self.breaker.released()
            raise
        self.breaker.succeeded()
        tally.tokens_in += completion.tokens_in - expected
        tally.tokens_out += completion.tokens_out
        return completion

    async def _request(self, messages: Sequence[Message], shape: Shape | None, hearing: Hearing | None) -> Completion:
        provider = self._opened()
        if hearing is None:
            return await provider.chat(messages, shape)
        return await provider.stream(messages, hearing.part)

    def _opened(self) -> Provider:
        if self._provider is None:
            self._provider = self._open_provider(self.spec)
        return self._provider

    def _report(self, failure: ModelFailure) -> None:
        if failure.code in _BREAKING:
            if self.breaker.failed(at_once=failure.code == "unauthorized"):
                _log.warning("model_circuit_opened model=%s reason=%s", self.spec.model, failure.code)
        else:
            self.breaker.released()

    def _wait(self, failure: ModelFailure, attempts: int) -> float | None:
        """Seconds until the next attempt; None when there is to be none."""
        if not failure.retryable or attempts >= self._patience.attempts:
            return None
        drawn = self._uniform(0.0, min(self._patience.cap_s, self._patience.base_s * 2 ** (attempts - 1)))
        if failure.wait_s is None:
            return drawn
        return max(drawn, failure.wait_s) if failure.wait_s <= self._patience.retry_after_cap_s else None
