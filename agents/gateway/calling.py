"""One call of a model, with what belongs to it: budgets before and after, and the record, however it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agents.ports import Clock, Prompt
from agents.runs.model import ModelCall
from ingest.errors import CatalogError

from .budgeting import OverBudget, Reservation, RunBudget
from .endpoint import Endpoint, Hearing, Tally
from .failures import ModelFailure
from .ledger import Ledger
from .ports import Completion, Message, Shape
from .settings import ModelSpec
from .structured import Malformed
from .tokens import prompt_tokens

Result = TypeVar("Result")

MOST_CALLS = 2000
"""Of one run, whatever the budgets say: a run that makes more goes in circles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a call is for: who asks what, under which key it is recorded, and how its answer is read.

    `check` is called before each request and raises ModelFailure where none may be made.
    """

    key: str
    agent: str
    prompt: Prompt
    shape: Shape | None
    check: Callable[[], None]
    hearing: Hearing | None = None


class Caller:
    """Makes the calls of one run. Used from the run's own loop only."""

    def __init__(
        self, *, user: str, budget: RunBudget, ledger: Ledger, clock: Clock, deadline: float, started: float
    ) -> None:
        self._user = user
        self._budget = budget
        self._ledger = ledger
        self._clock = clock
        self._deadline = deadline
        self._started = started
        self._calls: dict[int, ModelCall] = {}
        self._begun = 0

    @property
    def calls(self) -> tuple[ModelCall, ...]:
        """All calls that came to an end, in the order in which they were begun."""
        return tuple(self._calls[number] for number in sorted(self._calls))

    @property
    def exhausted(self) -> bool:
        """Whether the run may make no further call."""
        return self._budget.exhausted or self._begun >= MOST_CALLS or self._clock() >= self._deadline

    async def call(
        self, endpoint: Endpoint, messages: Sequence[Message], errand: Errand, read: Callable[[str], Result]
    ) -> Result:
        """What `read` makes of the model's answer.

        Raises:
            ModelFailure: there is no answer; its code may be "budget" or "accounting".
            Malformed: there is one, and `read` does not take it; its text is the error's `answer`.
        """
        spec = endpoint.spec
        expected = prompt_tokens(messages)
        _fit(spec, messages)
        worst = expected + spec.max_output_tokens
        worst_usd = spec.cost(expected, spec.max_output_tokens)
        reservation = await self._reserve(worst, worst_usd)
        number, self._begun = self._begun, self._begun + 1
        tally, began = Tally(), self._clock()
        outcome, answer = "cancelled", ""
        try:
            completion = await endpoint.call(
                messages,
                errand.shape,
                tally=tally,
                deadline=self._deadline,
                check=errand.check,
                hearing=errand.hearing,
            )
            answer, outcome = completion.text, "malformed"
            result = _read(completion, read)
            outcome = "ok"
        except ModelFailure as failure:
            outcome, answer = failure.code, failure.text
            raise
        finally:
            call = self._record(spec, messages, errand, tally, began, answer, outcome)
            self._calls[number] = call
            self._settle(reservation, call, worst, worst_usd)
        return result

    async def _reserve(self, tokens: int, usd: float) -> Reservation | None:
        if self._begun >= MOST_CALLS:
            raise ModelFailure("budget", f"the run made {MOST_CALLS:,} calls, the most that any run may")
        try:
            self._budget.reserve(tokens, usd)
        except OverBudget as error:
            raise ModelFailure("budget", str(error)) from error
        try:
            return await self._ledger.reserve(self._user, usd)
        except BaseException as error:
            self._budget.release(tokens, usd)
            if isinstance(error, OverBudget):
                raise ModelFailure("budget", str(error)) from error
            if isinstance(error, CatalogError):
                raise ModelFailure("accounting", f"spending cannot be recorded: {error}") from error
            raise

    def _settle(self, reservation: Reservation | None, call: ModelCall, worst: int, worst_usd: float) -> None:
        self._budget.settle(
            call.tokens_in + call.tokens_out, call.cost_usd, reserved_tokens=worst, reserved_usd=worst_usd
        )
        self._ledger.settle(reservation, call)

    def _record(
        self,
        spec: ModelSpec,
        messages: Sequence[Message],
        errand: Errand,
        tally: Tally,
        began: float,
        answer: str,
        outcome: str,
    ) -> ModelCall:
        ended = self._clock()
        return ModelCall(
            key=errand.key,
            agent=errand.agent,
            prompt=errand.prompt.name,
            prompt_version=errand.prompt.version,
            tier=spec.tier,
            model=spec.model,
            locality=spec.locality,
            messages=tuple(dict(one) for one in messages),
            response=answer,
            outcome=outcome,
            attempts=tally.attempts,
            tokens_in=tally.tokens_in,
            tokens_out=tally.tokens_out,
            cost_usd=spec.cost(tally.tokens_in, tally.tokens_out),
            at_ms=round((began - self._started) * 1000),
            ms=round((ended - began) * 1000),
        )


def _read(completion: Completion, read: Callable[[str], Result]) -> Result:
    try:
        return read(completion.text)
    except Malformed as error:
        error.answer = completion.text
        if completion.cut:
            raise Malformed("it was cut off at the limit of tokens; be brief", completion.text) from error
        raise


def _fit(spec: ModelSpec, messages: Sequence[Message]) -> None:
    """Refuses a prompt that surely does not fit: some servers cut it without a word."""
    size = sum(len(one["content"].encode("utf-8", "replace")) for one in messages) // 5
    if spec.context is not None and size > spec.context:
        raise ModelFailure(
            "too_long",
            f"the prompt has at least {size:,} tokens, {spec.model} takes {spec.context:,}; see context_tokens",
        )
