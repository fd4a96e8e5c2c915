"""What the crew needs from the floor below and from outside, as Protocols that `api.wiring` fulfils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel

from retrieval.model import Hit, Query

from .checks.model import Verification
from .model import Tier, Usage
from .runs.model import ModelCall

Reply = TypeVar("Reply", bound=BaseModel)


class Search(Protocol):
    """Ranked passages that the query's principal may read."""

    def __call__(self, query: Query) -> Sequence[Hit]: ...


class Clock(Protocol):
    """Monotonic seconds."""

    def __call__(self) -> float: ...


class Verifier(Protocol):
    """Holds a claim against the texts that it cites, as plain prose; pure and without a model server."""

    def __call__(self, claim: str, evidence: Sequence[str]) -> Verification: ...


class Entailment(Protocol):
    """The probability in [0, 1] that each claim follows from its evidence: a cross-encoder, or a model as judge."""

    def __call__(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> Sequence[float]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a model is asked. `name` and `version` say which prompt it is; `system` holds instructions alone, `user`
    the question and whatever was retrieved, fenced as data."""

    name: str
    version: str
    system: str
    user: str


class ModelSession(Protocol):
    """The language models of one run: budgets, masking, retries and the record lie behind it.

    `restrict` makes the rest of the run local: what is labelled `restricted` reaches no remote model.
    """

    @property
    def tiers(self) -> Sequence[Tier]:
        """The tiers that a call may be made to now, cheapest first; empty when the run must go on without a model."""
        ...

    @property
    def calls(self) -> Sequence[ModelCall]:
        """All calls so far."""
        ...

    @property
    def usage(self) -> Usage: ...

    @property
    def masked(self) -> Mapping[str, int]:
        """How many personal data of each kind were replaced in what went to remote models."""
        ...

    def restrict(self) -> None: ...

    async def ask(self, prompt: Prompt, reply: type[Reply], *, agent: str, tier: Tier) -> Reply:
        """A reply in the wanted shape, from the tier asked for or, where that fails, from a lower one.

        Raises:
            ModelUnavailable: no model gave one: out of reach, out of budget, malformed to the last, or not allowed.
        """
        ...
