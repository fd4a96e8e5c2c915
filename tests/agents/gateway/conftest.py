"""A gateway on scripted models, with waits that take no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agents.gateway.failures import ModelFailure
from agents.gateway.gateway import Gateway
from agents.gateway.ports import Completion, Message, Shape
from agents.gateway.settings import Budgets, Kind, ModelSpec, Patience
from agents.model import Tier
from agents.ports import Prompt
from tests.model_server import ModelServer, Script

PERSON = "Anna Muster"


class Verdicts(BaseModel):
    """The reply that tests ask for."""

    claims: list[str]
    sure: bool = True


class NameMasker:
    """Knows one name."""

    note = "Placeholders such as [PERSON_1] stand for names."
    counts: Mapping[str, int] = {}

    def mask_all(self, texts: Sequence[str]) -> list[str]:
        return [self.mask(text) for text in texts]

    def mask(self, text: str) -> str:
        return text.replace(PERSON, "[PERSON_1]")

    def unmask(self, text: str) -> str:
        return text.replace("[PERSON_1]", PERSON)


class Waits:
    """Sleeps no moment, and remembers for how long it should have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class HandClock:
    """Monotonic seconds that pass when the test says so; sleeping passes them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


Said = str | ModelFailure | Completion


class FakeProvider:
    """Says what it is told to in turn, the last for good; meets `Provider`. For what needs no protocol."""

    def __init__(self, *said: Said, clock: HandClock | None = None, takes_s: float = 0.0) -> None:
        self._said = list(said)
        self._clock = clock
        self._takes_s = takes_s
        self.asked: list[Sequence[Message]] = []

    async def chat(self, messages: Sequence[Message], shape: Shape | None) -> Completion:
        self.asked.append(messages)
        if self._clock is not None:
            self._clock.now += self._takes_s
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        if isinstance(said, ModelFailure):
            raise said
        if isinstance(said, Completion):
            return said
        return Completion(text=said, tokens_in=100, tokens_out=20, counted=True)

    async def stream(self, messages: Sequence[Message], heard: Callable[[str], None]) -> Completion:
        completion = await self.chat(messages, None)
        heard(completion.text)
        return completion

    async def close(self) -> None:
        pass


def prompt(user: str = "What is said?", system: str = "Answer in JSON.", name: str = "draft") -> Prompt:
    return Prompt(name=name, version="1", system=system, user=user)


def plain_spec(**options: Any) -> ModelSpec:
    """A model that no server stands behind, for a fake provider."""
    return ModelSpec(**{"tier": Tier.SMALL, "kind": "openai", "model": "small"} | options)


def spec(server: ModelServer, *, kind: Kind = "openai", tier: Tier = Tier.SMALL, **options: Any) -> ModelSpec:
    """A model on a scripted server, called after its tier unless it has a name."""
    url = server.url if kind == "openai" else server.host
    return ModelSpec(
        **{"tier": tier, "kind": kind, "model": tier.value, "base_url": url, "timeout_s": 20.0, "api_key": "k"}
        | options
    )


class Workshop:
    """Makes servers and gateways, and closes them when the test ends."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.database = folder / "models.db"
        self.waits = Waits()
        self._stack = stack

    def server(self, script: Script, **options: Any) -> ModelServer:
        return self._stack.enter_context(ModelServer(script, **options))

    def gateway(self, *specs: ModelSpec, budgets: Budgets | None = None, **options: Any) -> Gateway:
        made = Gateway(
            specs,
            budgets or Budgets(),
            NameMasker,
            self.database,
            **{"sleep": self.waits, "patience": Patience(failures=50), "uniform": lambda low, high: high} | options,
        )
        self._stack.callback(made.close)
        return made

    def one(self, script: Script, **options: Any) -> tuple[ModelServer, Gateway]:
        """A server, and a gateway with its one model."""
        server = self.server(script)
        return server, self.gateway(spec(server, **options))


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with ExitStack() as stack:
        yield Workshop(tmp_path, stack)
