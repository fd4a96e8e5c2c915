"""The reviews that runs wait for. Every change is on the disk before it is told; of two who decide, one is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ingest.database import Database

from ..checks.model import Verdict
from ..model import Answer, Review, ReviewState
from ..releasing import rejected
from . import events
from .encoding import decode, encode
from .errors import ReviewClosed, ReviewNotFound
from .record import RunState, utc
from .rows import elapsed_ms, insert_events, review_of

_MOST_WAITING = 1000
"""Reviews that one list shows."""


class Reviews:
    """The reviews in a file of runs."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def waiting(self) -> list[str]:
        """The ids of the runs that wait for a person, the longest waiting first."""
        self.expire()
        rows = self._database.read(
            "select run_id from reviews where state = 'waiting' order by requested_at, run_id limit ?",
            (_MOST_WAITING,),
        )
        return [str(row[0]) for row in rows]

    def of(self, run_id: str) -> Review | None:
        """The review of a run; None where it never waited for one."""
        rows = self._database.read(
            "select state, reasons, risk, requested_at, expires_at, decided_at, decided_by, why from reviews "
            "where run_id = ?",
            (run_id,),
        )
        return review_of(rows[0]) if rows else None

    def decide(
        self, run_id: str, state: ReviewState, *, by: str, why: str | None, status: RunState, answer: Answer | None
    ) -> None:
        """Ends a review that waits, and its run with it, in one step.

        `answer` is what the asker gets from now on; None leaves them what they have.

        Raises:
            ReviewNotFound: the run never waited for review.
            ReviewClosed: it was decided, or has expired.
        """
        self.expire()
        at = utc(self._now())
        with self._database.transaction(durable=True) as db:
            changed = db.execute(
                "update reviews set state = ?, decided_at = ?, decided_by = ?, why = ? "
                "where run_id = ? and state = 'waiting'",
                (state.value, at, by, why, run_id),
            ).rowcount
            if changed:
                [started_at, number] = db.execute(
                    "select r.started_at, (select count(*) from events where run_id = r.id) from runs r where r.id = ?",
                    (run_id,),
                ).fetchone()
                event = events.decided(elapsed_ms(started_at, at) or 0, decision=state.value, by=by, why=why)
                insert_events(db, run_id, number, [(event, encode(event.data))])
                db.execute("update runs set status = ? where id = ?", (status.value, run_id))
                if answer is not None:
                    supported = sum(claim.verdict is Verdict.SUPPORTED for claim in answer.claims)
                    db.execute(
                        "update runs set answer = ?, claims = ?, supported = ? where id = ?",
                        (encode(answer), len(answer.claims), supported, run_id),
                    )
        if not changed:
            raise closed(run_id, self.of(run_id))

    def expire(self) -> int:
        """Closes the reviews whose time is over; returns how many."""
        at = utc(self._now())
        if not self._database.read("select 1 from reviews where state = 'waiting' and expires_at <= ? limit 1", (at,)):
            return 0
        with self._database.transaction(durable=True) as db:
            over = db.execute(
                "update reviews set state = 'expired', decided_at = expires_at "
                "where state = 'waiting' and expires_at <= ? returning run_id",
                (at,),
            ).fetchall()
            for [run_id] in over:
                [answer] = db.execute("select answer from runs where id = ?", (run_id,)).fetchone()
                review = self.of(run_id)
                if answer is not None and review is not None:
                    answer = encode(rejected(decode(Answer, answer), review))
                db.execute("update runs set status = 'expired', answer = ? where id = ?", (answer, run_id))
        return len(over)


def closed(run_id: str, review: Review | None) -> ReviewNotFound | ReviewClosed:
    """Why a review cannot be decided on."""
    match review:
        case None:
            return ReviewNotFound(run_id)
        case Review(state=ReviewState.EXPIRED):
            return ReviewClosed(f"the review of run {run_id} expired at {review.expires_at}; ask the question again")
        case _:
            return ReviewClosed(
                f"run {run_id} was {review.state.value} by {review.decided_by} at {review.decided_at}; "
                "a decision stands, ask the question again for another"
            )
