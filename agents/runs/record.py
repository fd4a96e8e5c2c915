"""The record of a run: who asked what, what happened, which models were called, what was released or held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from retrieval.access import Principal

from ..model import Answer, CheckedClaim, Mode, Review, ReviewState
from .model import ModelCall, RunEvent


class RunState(StrEnum):
    """Where a run stands. The first is under way, `needs_review` waits for a person, all others are final."""

    RUNNING = "running"
    ANSWERED = "answered"
    ABSTAINED = "abstained"
    NEEDS_REVIEW = "needs_review"
    BLOCKED = "blocked"
    STOPPED = "stopped"
    FAILED = "failed"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held back until somebody approves it: the answer as it would be released, and its claims whole, so that
    they can be checked anew when the time comes."""

    answer: Answer
    checked: tuple[CheckedClaim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What the asker thought of an answer."""

    helpful: bool
    why: str | None
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run, whole. Times are UTC, ISO 8601 with milliseconds; `ended_at` is None while it is under way.

    `user`, `groups` and `admin` are those of the asker at the time. `resolved` is the question with references to
    earlier turns put in words, where it had any. `answer` is what the asker got, `held` what waits for approval.
    `versions` names code, prompts and weights. `cut` counts what was left out because the record had grown too large.
    """

    id: str
    started_at: str
    question: str
    mode: Mode
    user: str | None = None
    groups: tuple[str, ...] = ()
    admin: bool = False
    conversation_id: str | None = None
    resolved: str | None = None
    ended_at: str | None = None
    status: RunState = RunState.RUNNING
    stage: str = "admit"
    events: tuple[RunEvent, ...] = ()
    calls: tuple[ModelCall, ...] = ()
    answer: Answer | None = None
    held: Held | None = None
    review: Review | None = None
    feedback: Feedback | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0

    @property
    def principal(self) -> Principal:
        """Who asked, as they were then."""
        return Principal(user=self.user, groups=frozenset(self.groups), admin=self.admin)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run in a list. `tier` is the highest that its route named, None before it was routed; `ms` runs from start to
    end, None while it is under way. `claims` counts released ones, `dropped` those that did not hold."""

    id: str
    started_at: str
    ended_at: str | None
    user: str | None
    question: str
    conversation_id: str | None
    mode: str
    status: RunState
    stage: str
    tier: str | None
    claims: int
    dropped: int
    model_calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    ms: int | None
    review: ReviewState | None


def owner_of(principal: Principal) -> str | None:
    """The name under which runs and conversations belong to somebody; None for a caller without a name, who owns none.

    The local admin, who has no name, is somebody as well.
    """
    if principal.user is not None:
        return f"user:{principal.user}"
    return "admin" if principal.admin else None


def utc(moment: datetime) -> str:
    """A moment as records hold it; sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
