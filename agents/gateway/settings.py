"""Which models there are, what may be spent on them, and how patient the gateway is. Values handed in by wiring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from agents.model import Tier

Kind = Literal["openai", "anthropic", "ollama"]
Locality = Literal["local", "remote"]

DEFAULT_URLS: dict[Kind, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
OLLAMA_CONTEXT = 8192
"""Ollama cuts a longer prompt without a word, so its context is always stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A configured model. Prices are USD per million tokens, `timeout_s` is for one whole request.

    `first_token_s` is how long a streamed answer may take to begin; `context_tokens` is what prompt and answer
    together may have, None where nobody said.
    """

    tier: Tier
    kind: Kind
    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    locality: Locality = "remote"
    price_in: float = 0.0
    price_out: float = 0.0
    timeout_s: float = 30.0
    connect_s: float = 5.0
    first_token_s: float = 15.0
    context_tokens: int | None = None
    max_output_tokens: int = 2048

    @property
    def url(self) -> str:
        """Where it is asked."""
        return self.base_url or DEFAULT_URLS[self.kind]

    @property
    def context(self) -> int | None:
        """The tokens that prompt and answer together may have; None where that is not known."""
        return self.context_tokens or (OLLAMA_CONTEXT if self.kind == "ollama" else None)

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """USD for so many tokens."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What may be spent; None is no bound. A day is one of UTC."""

    run_usd: float | None = None
    run_tokens: int | None = None
    run_calls: int | None = None
    user_day_usd: float | None = None
    day_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a request is made anew, and when a model is left alone.

    The wait before attempt n is drawn from [0, min(cap_s, base_s * 2 ** (n - 2))]: full jitter. A server that names
    its own wait is heeded up to `retry_after_cap_s`; with a longer one, the model counts as failed. After `failures`
    attempts in a row that failed it rests for `open_s`, and then one request tries it.
    """

    attempts: int = 3
    base_s: float = 0.5
    cap_s: float = 8.0
    retry_after_cap_s: float = 20.0
    failures: int = 5
    open_s: float = 30.0


def tier_named(name: str) -> Tier:
    """The tier of the configuration's section [models.NAME].

    Raises:
        ValueError: there is no such tier; the message says which there are.
    """
    if name not in (Tier.SMALL, Tier.LARGE):
        raise ValueError(f"there is no tier {name!r}; name the section [models.small] or [models.large]")
    return Tier(name)
