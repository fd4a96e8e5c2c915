"""The JSON shapes of runs, reviews and conversations; and what HTTP takes in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.conversations import Conversation, Turn
from agents.model import CheckedClaim, Review
from agents.runs.encoding import plain
from agents.runs.events import span_data
from agents.runs.record import RunRecord, RunSummary
from agents.runs.replaying import Replay

from .schemas import answer_json

Json = dict[str, Any]
LONGEST_WHY = 2000


class FeedbackBody(BaseModel):
    """POST /v1/runs/{id}/feedback."""

    model_config = ConfigDict(extra="forbid")
    helpful: bool
    why: str | None = Field(default=None, max_length=LONGEST_WHY)


class DecisionBody(BaseModel):
    """POST /v1/reviews/{run_id}."""

    model_config = ConfigDict(extra="forbid")
    decision: Literal["approve", "reject"]
    why: str | None = Field(default=None, max_length=LONGEST_WHY)


def summary_json(run: RunSummary) -> Json:
    """A run in a list."""
    found: Json = plain(run)
    return found


def run_json(record: RunRecord, *, withheld: bool, gone: list[str]) -> Json:
    """A run, whole. `withheld` says that something is missing that the reader may not see; `gone` are the ids of
    documents that it names and that are no longer there."""
    return {
        "id": record.id,
        "question": record.question,
        "resolved": record.resolved,
        "user": record.user,
        "groups": list(record.groups),
        "admin": record.admin,
        "conversation_id": record.conversation_id,
        "mode": record.mode,
        "status": record.status.value,
        "stage": record.stage,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "answer": None if record.answer is None else answer_json(record.answer),
        "held": None if record.held is None else answer_json(record.held.answer),
        "review": review_json(record.review),
        "events": plain(record.events),
        "calls": plain(record.calls),
        "versions": dict(record.versions),
        "feedback": plain(record.feedback),
        "withheld": withheld,
        "gone": gone,
        "cut": record.cut,
    }


def review_json(review: Review | None) -> Json | None:
    """Why an answer waits for a person, and what they decided."""
    return None if review is None else plain(review)


def waiting_json(record: RunRecord) -> Json:
    """A review in a list."""
    assert record.review is not None
    return {
        "run_id": record.id,
        "question": record.question,
        "user": record.user,
        **plain(record.review),
    }


def held_json(record: RunRecord, explanation: Json) -> Json:
    """A review as the reviewer sees it: the answer as it would be released, its claims with their evidence and what
    checking found, what was rejected, and which policies spoke."""
    assert record.review is not None
    held = record.held
    return {
        **waiting_json(record),
        "answer": None if held is None else answer_json(held.answer),
        "claims": [] if held is None else [checked_json(item) for item in held.checked],
        "rejected": explanation["rejected"],
        "policies": explanation["policies"],
        "planted": explanation["planted"],
    }


def checked_json(item: CheckedClaim) -> Json:
    """A claim with its verdict, evidence and findings."""
    return {
        "text": item.claim.text,
        "kind": item.claim.kind.value,
        "verdict": item.verdict.value,
        "score": item.score,
        "checks": asdict(item.checks),
        "note": item.note,
        "words": list(item.words),
        "findings": plain(item.findings),
        "evidence": [span_data(span) for span in item.claim.evidence],
    }


def conversation_json(conversation: Conversation) -> Json:
    """A conversation in a list."""
    return asdict(conversation)


def turn_json(turn: Turn, answer: Json | None) -> Json:
    """A turn with what its run answered, as far as its owner may see it now; None where the run is not kept."""
    return {**asdict(turn), "open_points": list(turn.open_points), "answer": answer}


def replay_json(replay: Replay) -> Json:
    """What doing a run again gave."""
    return {
        "run_id": replay.run_id,
        "same": replay.same,
        "differences": plain(replay.differences),
        "changed_documents": list(replay.changed),
    }
