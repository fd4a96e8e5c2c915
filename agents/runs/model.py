"""What a run leaves behind while it goes on: what happened, and what models were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..model import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One thing that happened in a run, `at_ms` after its start. `data` is JSON: what it was given or found."""

    at_ms: int
    stage: str
    agent: str
    what: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a language model, whole: what was sent (masked where it was remote) and what came back.

    `outcome` is "ok" or the error's code; `attempts` counts requests. Money is USD, time milliseconds since the start
    of the run. `key` names the call for replay: the same prompt of the same run has the same key.
    """

    key: str
    agent: str
    prompt: str
    prompt_version: str
    tier: Tier
    model: str
    locality: str
    messages: tuple[Mapping[str, str], ...]
    response: str
    outcome: str
    attempts: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    at_ms: int
    ms: int
