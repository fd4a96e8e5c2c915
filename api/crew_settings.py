"""What the configuration says about the crew: its models and budgets, its rules, its records and its reviewers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from .sourcing import Section


class ModelSection(Section):
    """A language model that the crew may use."""

    kind: Literal["openai", "anthropic", "ollama"]
    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    locality: Literal["local", "remote"] = "remote"
    price_in: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)
    timeout_s: float = Field(default=30.0, gt=0)
    context_tokens: int | None = Field(default=None, ge=1024)
    max_output_tokens: int = Field(default=2048, ge=64)


class CrewSection(Section):
    """How the crew works: rules of engagement in place of the shipped ones, and a folder of policies (both files or
    folders relative to the configuration's), and how many questions one person may ask within a minute.

    With `embed_ahead` a served home embeds the sentences of its documents while nobody asks, for quicker answers; their
    vectors take about `embedded_mb` of disk at most, 10 kB a sentence.
    """

    engagement: Path | None = None
    policies: Path | None = None
    questions_per_minute: int | None = Field(default=60, ge=1)
    embed_ahead: bool = True
    embedded_mb: int = Field(default=256, ge=1)


class BudgetSection(Section):
    """What language models may cost, in USD, tokens and calls; without a bound where nothing is said. A day is one of
    UTC. Over a budget the crew goes on without a model."""

    run_usd: float | None = Field(default=None, ge=0)
    run_tokens: int | None = Field(default=None, ge=0)
    run_calls: int | None = Field(default=None, ge=0)
    user_day_usd: float | None = Field(default=None, ge=0)
    day_usd: float | None = Field(default=None, ge=0)


class RunsSection(Section):
    """How long the records of runs and conversations are kept."""

    keep_days: float = Field(default=90.0, gt=0)
    conversation_days: float = Field(default=30.0, gt=0)


class ReviewsSection(Section):
    """Who besides an admin decides on answers that wait for a person, and how long those wait."""

    reviewers: list[str] = Field(default_factory=list)
    expire_hours: float = Field(default=72.0, gt=0)

    @field_validator("reviewers")
    @classmethod
    def _names(cls, names: list[str]) -> list[str]:
        for name in names:
            if not name.startswith(("group:", "user:")):
                raise ValueError(f"{name!r} is neither group:NAME nor user:NAME")
        return names
