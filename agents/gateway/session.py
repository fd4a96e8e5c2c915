"""The models of one run: which may be asked, masking, and the way down when one fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from agents.errors import AgentError, ModelUnavailable
from agents.model import Tier, Usage
from agents.ports import Prompt, Reply
from agents.runs.model import ModelCall

from .calling import Caller, Errand
from .endpoint import Endpoint, Hearing
from .failures import ModelFailure
from .keys import CallKeys
from .masking import MaskerFactory, PlainText, masked
from .ports import Masking, Message
from .shapes import shape_of
from .structured import Malformed, asking_again, read_reply

_log = logging.getLogger("groundcrew.models")
Result = TypeVar("Result")

_CHEAPEST_FIRST = (Tier.SMALL, Tier.LARGE)


class Session:
    """Meets `agents.ports.ModelSession`. Used from the run's own loop only, except for `restrict`."""

    def __init__(
        self, endpoints: Mapping[Tier, Endpoint], caller: Caller, masker: MaskerFactory, *, parallel: int
    ) -> None:
        self._endpoints = endpoints
        self._caller = caller
        # One for the run, so that a datum has the same placeholder in all its prompts and a name that one prompt gives
        # away is known in the next. Used on the run's loop only.
        self._masker = masker()
        self._keys = CallKeys()
        self._slots = asyncio.Semaphore(parallel)
        self._restricted = False

    @property
    def tiers(self) -> Sequence[Tier]:
        """The tiers that a call may be made to now, cheapest first."""
        if self._caller.exhausted:
            return ()
        return tuple(tier for tier in self._allowed() if self._endpoints[tier].breaker.state != "open")

    @property
    def calls(self) -> Sequence[ModelCall]:
        """All calls that came to an end, in the order in which they were begun."""
        return self._caller.calls

    @property
    def usage(self) -> Usage:
        """All calls together."""
        calls = self._caller.calls
        return Usage(
            model_calls=len(calls),
            tokens_in=sum(call.tokens_in for call in calls),
            tokens_out=sum(call.tokens_out for call in calls),
            cost_usd=round(sum(call.cost_usd for call in calls), 9),
        )

    @property
    def masked(self) -> Mapping[str, int]:
        """How many personal data of each kind were replaced in what went to remote models."""
        return {str(kind).lower(): number for kind, number in self._masker.counts.items() if number}

    def restrict(self) -> None:
        """From now on no request goes to a remote model, not even the next attempt of a call under way."""
        self._restricted = True

    async def ask(self, prompt: Prompt, reply: type[Reply], *, agent: str, tier: Tier) -> Reply:
        """A reply in the wanted shape, from the tier asked for or, where that fails, from a lower one.

        Raises:
            ModelUnavailable: no model gave one; `reason` is the code of the last failure.
        """
        key = self._keys.next(prompt, agent)
        shape = shape_of(reply)

        async def from_one(endpoint: Endpoint) -> Reply:
            errand = Errand(key=key, agent=agent, prompt=prompt, shape=shape, check=self._check(endpoint))
            masker = self._masker_for(endpoint)
            errand.check()
            messages = _masked(prompt, masker)
            return await self._ask_twice(endpoint, messages, errand, masker, reply)

        async with self._slots:
            return await self._downwards(tier, from_one)

    async def stream(self, prompt: Prompt, *, agent: str, tier: Tier) -> AsyncIterator[str]:
        """All of the answer so far, each time more of it has come; shorter again where an attempt broke off.

        For showing progress: what is streamed was verified by nobody. The last text is the whole answer.

        Raises:
            ModelUnavailable: no model gave a whole answer.
        """
        key = self._keys.next(prompt, agent)
        said = _Said(asyncio.get_running_loop())

        async def from_one(endpoint: Endpoint) -> str:
            masker = self._masker_for(endpoint)
            said.put_back = masker.unmask
            hearing = Hearing(begin=said.begin, part=said.part)
            errand = Errand(
                key=key, agent=agent, prompt=prompt, shape=None, check=self._check(endpoint), hearing=hearing
            )
            errand.check()
            messages = _masked(prompt, masker)
            return masker.unmask(await self._caller.call(endpoint, messages, errand, str))

        async def whole() -> str:
            try:
                async with self._slots:
                    return await self._downwards(tier, from_one)
            finally:
                said.more.set()

        task = asyncio.create_task(whole())
        shown = ""
        try:
            while not task.done():
                await said.more.wait()
                said.more.clear()
                if not task.done() and (text := said.text()) != shown:
                    shown = text
                    yield shown
            answer = await task
            if answer != shown:
                yield answer
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, ModelUnavailable):
                await task

    async def _ask_twice(
        self, endpoint: Endpoint, messages: list[Message], errand: Errand, masker: Masking, reply: type[Reply]
    ) -> Reply:
        """A reply of one model, which is told once what was wrong with its first."""

        def read(text: str) -> Reply:
            return read_reply(text, reply, masker.unmask)

        try:
            return await self._caller.call(endpoint, messages, errand, read)
        except Malformed as error:
            _log.info("model_asked_again model=%s prompt=%s", endpoint.spec.model, errand.prompt.name)
            again = asking_again(messages, error.answer, masker.mask(str(error)), reply)
        try:
            return await self._caller.call(endpoint, again, errand, read)
        except Malformed as error:
            message = f"{endpoint.spec.model} gave no usable reply twice: {error}"
            raise ModelFailure("malformed", message) from error

    async def _downwards(self, tier: Tier, from_one: Callable[[Endpoint], Awaitable[Result]]) -> Result:
        """What the tier asked for gives, or the next lower one that gives anything."""
        failures: list[tuple[Tier, ModelFailure]] = []
        for below in reversed(_CHEAPEST_FIRST[: _CHEAPEST_FIRST.index(tier) + 1] if tier in _CHEAPEST_FIRST else ()):
            endpoint = self._endpoints.get(below)
            if endpoint is None:
                continue
            try:
                return await from_one(endpoint)
            except ModelFailure as failure:
                failures.append((below, failure))
                _log.info("model_failed tier=%s model=%s reason=%s", below, endpoint.spec.model, failure.code)
        if not failures:
            raise ModelUnavailable(
                f"no model is configured for the tier {tier} or a lower one; see [models]", "no_model"
            )
        said = "; ".join(f"{below}: {failure}" for below, failure in failures)
        raise ModelUnavailable(said, failures[-1][1].code) from failures[-1][1]

    def _allowed(self) -> list[Tier]:
        return [tier for tier in _CHEAPEST_FIRST if tier in self._endpoints and not self._barred(tier)]

    def _barred(self, tier: Tier) -> bool:
        return self._restricted and self._endpoints[tier].spec.locality == "remote"

    def _check(self, endpoint: Endpoint) -> Callable[[], None]:
        def check() -> None:
            if self._barred(endpoint.spec.tier):
                raise ModelFailure("restricted", f"{endpoint.spec.model} is remote, and the run's text may not leave")

        return check

    def _masker_for(self, endpoint: Endpoint) -> Masking:
        return self._masker if endpoint.spec.locality == "remote" else PlainText()


class _Said:
    """What came of a streamed answer so far. Parts come from the thread of requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.more = asyncio.Event()
        self.put_back: Callable[[str], str] = str
        self._loop = loop
        self._parts: list[str] = []

    def begin(self) -> None:
        self._parts = []
        self.more.set()

    def part(self, text: str) -> None:
        self._parts.append(text)
        with suppress(RuntimeError):  # The run's loop is gone: nobody listens any more.
            self._loop.call_soon_threadsafe(self.more.set)

    def text(self) -> str:
        return self.put_back("".join(self._parts))


def _messages(prompt: Prompt) -> list[Message]:
    return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]


def _masked(prompt: Prompt, masker: Masking) -> list[Message]:
    try:
        return masked(_messages(prompt), masker)
    except AgentError as error:
        raise ModelFailure("masking", f"personal data could not be masked: {error}") from error
