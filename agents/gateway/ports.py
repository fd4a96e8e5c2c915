"""What the gateway needs from its parts and from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Message = Mapping[str, str]
"""One message to a model: its `role` (system, user, assistant) and its `content`."""

Sleep = Callable[[float], Awaitable[None]]
Uniform = Callable[[float, float], float]
"""A random number between two bounds."""


class Masking(Protocol):
    """Replaces personal data by placeholders, the same datum by the same one, and puts it back.

    `note` is what a model is told about them. `mask_all` masks texts together: what one of them gives away, say that a
    word is a name, holds for all. Masking may raise AgentError; then nothing is sent.
    """

    @property
    def note(self) -> str: ...

    @property
    def counts(self) -> Mapping[Any, int]:
        """How many different data of each kind were masked."""
        ...

    def mask(self, text: str) -> str: ...

    def mask_all(self, texts: Sequence[str]) -> list[str]: ...

    def unmask(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model said. `counted` says that the token figures are the provider's own, not an estimate."""

    text: str
    tokens_in: int
    tokens_out: int
    counted: bool
    cut: bool = False  # at the limit of tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The wanted shape of a reply: a name and a JSON Schema."""

    name: str
    schema: Mapping[str, Any]


class Provider(Protocol):
    """A model's endpoint. Both raise ModelFailure, whatever goes wrong."""

    async def chat(self, messages: Sequence[Message], shape: Shape | None) -> Completion:
        """The whole answer, in the wanted shape as far as the endpoint can be told one."""
        ...

    async def stream(self, messages: Sequence[Message], heard: Callable[[str], None]) -> Completion:
        """The whole answer; `heard` is given each part as it comes."""
        ...

    async def close(self) -> None: ...
