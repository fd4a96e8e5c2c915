"""Rows of `runs.sqlite` as records, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from ingest.database import Connection

from ..checks.model import Verdict
from ..model import Answer, Mode, Review, ReviewState, Tier
from .encoding import decode, encode
from .model import ModelCall, RunEvent
from .record import (
    Feedback,
    Held,
    RunRecord,
    RunState,
    RunSummary,
    owner_of,
)

RECORD = """select id, started_at, ended_at, user, groups, admin, question, resolved, conversation_id, mode, status,
            stage, versions, answer, held, cut from runs where id = ?"""
SUMMARY = """select r.id, r.started_at, r.ended_at, r.user, r.question, r.conversation_id, r.mode, r.status, r.stage,
             r.tier, r.claims, r.dropped, r.model_calls, r.tokens_in, r.tokens_out, r.cost_usd, r.ms, v.state
             from runs r left join reviews v on v.run_id = r.id"""
_BEARING = (Verdict.SUPPORTED, Verdict.PARTIAL)
_TIERS = tuple(tier.value for tier in Tier)


def insert_run(db: Connection, record: RunRecord, process: str) -> None:
    """The row of a run that begins."""
    db.execute(
        "insert into runs (id, process, started_at, owner, user, groups, admin, question, resolved, conversation_id, "
        "mode, status, stage, versions) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.id,
            process,
            record.started_at,
            owner_of(record.principal),
            record.user,
            json.dumps(record.groups),
            record.admin,
            record.question,
            record.resolved,
            record.conversation_id,
            record.mode,
            RunState.RUNNING.value,
            record.stage,
            encode(record.versions),
        ),
    )


def update_run(db: Connection, record: RunRecord, *, dropped: int, cut: int) -> None:
    """The row of a run that ends, with the figures that lists and statistics read."""
    answer, held = record.answer, record.held
    claims = answer.claims if answer is not None else ()
    routed = held.answer if held is not None else answer
    db.execute(
        "update runs set ended_at = ?, resolved = ?, status = ?, stage = ?, versions = ?, answer = ?, held = ?, "
        "tier = ?, claims = ?, supported = ?, dropped = ?, model_calls = ?, tokens_in = ?, tokens_out = ?, "
        "cost_usd = ?, ms = ?, cut = cut + ? where id = ?",
        (
            record.ended_at,
            record.resolved,
            record.status.value,
            record.stage,
            encode(record.versions),
            None if answer is None else encode(answer),
            None if held is None else encode(held),
            _highest(None if routed is None else routed.route.mode, record.calls),
            len(claims),
            sum(claim.verdict is Verdict.SUPPORTED for claim in claims),
            dropped,
            sum(call.attempts for call in record.calls),
            sum(call.tokens_in for call in record.calls),
            sum(call.tokens_out for call in record.calls),
            sum(call.cost_usd for call in record.calls),
            elapsed_ms(record.started_at, record.ended_at),
            cut,
            record.id,
        ),
    )


def insert_events(db: Connection, run_id: str, first: int, events: Sequence[tuple[RunEvent, str]]) -> None:
    """Events with their data as JSON, numbered from `first`."""
    db.executemany(
        "insert into events values (?, ?, ?, ?, ?, ?, ?)",
        [
            (run_id, first + n, event.at_ms, event.stage, event.agent, event.what, data)
            for n, (event, data) in enumerate(events)
        ],
    )


def insert_calls(db: Connection, run_id: str, calls: Sequence[tuple[ModelCall, str]]) -> None:
    """Model calls with their whole bodies as JSON."""
    db.executemany(
        "insert into calls values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                run_id,
                n,
                call.tier.value,
                call.model,
                call.outcome,
                call.tokens_in,
                call.tokens_out,
                call.cost_usd,
                call.ms,
                body,
            )
            for n, (call, body) in enumerate(calls)
        ],
    )


def insert_review(db: Connection, run_id: str, review: Review) -> None:
    """A review that begins to wait."""
    db.execute(
        "insert into reviews (run_id, state, reasons, risk, requested_at, expires_at) values (?, ?, ?, ?, ?, ?)",
        (run_id, review.state.value, encode(review.reasons), review.risk, review.requested_at, review.expires_at),
    )


def record_of(
    row: Sequence[Any],
    events: Sequence[Sequence[Any]],
    calls: Sequence[Sequence[Any]],
    review: Review | None,
    feedback: Feedback | None,
) -> RunRecord:
    """A record from a row of `RECORD` and what belongs to it."""
    return RunRecord(
        id=row[0],
        started_at=row[1],
        ended_at=row[2],
        user=row[3],
        groups=tuple(json.loads(row[4])),
        admin=bool(row[5]),
        question=row[6],
        resolved=row[7],
        conversation_id=row[8],
        mode=cast(Mode, row[9]),
        status=RunState(row[10]),
        stage=row[11],
        versions=json.loads(row[12]),
        answer=None if row[13] is None else decode(Answer, row[13]),
        held=None if row[14] is None else decode(Held, row[14]),
        cut=row[15],
        events=tuple(event_of(one) for one in events),
        calls=tuple(decode(ModelCall, one[0]) for one in calls),
        review=review,
        feedback=feedback,
    )


def event_of(row: Sequence[Any]) -> RunEvent:
    """An event from (at_ms, stage, agent, what, data)."""
    return RunEvent(at_ms=row[0], stage=row[1], agent=row[2], what=row[3], data=json.loads(row[4]))


def review_of(row: Sequence[Any]) -> Review:
    """A review from (state, reasons, risk, requested_at, expires_at, decided_at, decided_by, why)."""
    return Review(
        state=ReviewState(row[0]),
        reasons=tuple(json.loads(row[1])),
        risk=row[2],
        requested_at=row[3],
        expires_at=row[4],
        decided_at=row[5],
        decided_by=row[6],
        why=row[7],
    )


def summary_of(row: Sequence[Any]) -> RunSummary:
    """A summary from a row of `SUMMARY`."""
    return RunSummary(
        id=row[0],
        started_at=row[1],
        ended_at=row[2],
        user=row[3],
        question=row[4],
        conversation_id=row[5],
        mode=row[6],
        status=RunState(row[7]),
        stage=row[8],
        tier=row[9],
        claims=row[10],
        dropped=row[11],
        model_calls=row[12],
        tokens_in=row[13],
        tokens_out=row[14],
        cost_usd=row[15],
        ms=row[16],
        review=None if row[17] is None else ReviewState(row[17]),
    )


def elapsed_ms(started_at: str, ended_at: str | None) -> int | None:
    """Milliseconds between two times of a record; None while it is under way."""
    if ended_at is None:
        return None
    return round((datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)).total_seconds() * 1000)


def _highest(named: str | None, calls: Sequence[ModelCall]) -> str | None:
    """The highest tier that gave a usable reply; where none did, the one that the route names."""
    used = [_TIERS.index(call.tier.value) for call in calls if call.outcome == "ok"]
    return _TIERS[max(used)] if used else named
