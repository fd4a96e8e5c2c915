"""What a sync job is, as callers see it, and what a sync must be to run as one.

`jobs.py` runs them. A job's attempts are rows of its database; `job_of` reads them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from ingest.model import SyncReport

from .errors import WorkFailed

Status = Literal["queued", "running", "retrying", "done", "failed", "cancelled"]


class JobsUnusable(WorkFailed):
    """The jobs database cannot be used; the message names the file and the mend."""

    code = "jobs_unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far a sync is. `rate` is files/s over the last half minute; None: not known yet."""

    done: int
    total: int
    chunks: int
    name: str
    rate: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed, or why its last attempt did."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One sync that was asked for. Times are UTC in ISO 8601; `attempt` counts the attempts begun."""

    id: str
    kind: Literal["sync"] = "sync"
    source: str
    options: Mapping[str, Any]
    status: Status
    attempt: int
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
    next_attempt_at: str | None = None
    progress: JobProgress | None = None
    report: SyncReport | None = None
    error: JobError | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ("done", "failed", "cancelled")


class AttemptRow(Protocol):
    """What is read of a stored attempt. Times are milliseconds since 1970; `input` holds the arguments."""

    workflow_id: str
    status: Any
    input: Any
    output: Any
    attributes: Any
    created_at: int | None
    dequeued_at: int | None
    completed_at: int | None
    delay_until_epoch_ms: int | None
    recovery_attempts: int | None


def attempt_id(job_id: str, attempt: int) -> str:
    """The id of a job's attempt, counted from 1."""
    return job_id if attempt == 1 else f"{job_id}.{attempt}"


def arguments_of(row: AttemptRow) -> tuple[str, str, Mapping[str, Any], int]:
    """Job id, source, options and number of an attempt."""
    job_id, source, options, attempt = row.input["args"]
    return job_id, source, options, attempt


def attributes_of(row: AttemptRow) -> Mapping[str, Any]:
    """What is noted beside a job's first attempt: keys, cancelled, progress."""
    return row.attributes or {}


def job_of(attempts: Sequence[AttemptRow], progress: JobProgress | None = None) -> Job:
    """A job from its stored attempts. `progress` is what the process knows of one that runs."""
    # The next attempt is queued a moment before the one before it is recorded as ended.
    ends = [_outcome(row)["status"] == "retrying" and row.status == "SUCCESS" for row in attempts]
    attempts = attempts[: ends.index(False) + 1] if False in ends else attempts
    first, last = attempts[0], attempts[-1]
    job_id, source, options, _ = arguments_of(first)
    number = arguments_of(last)[3]
    outcome = _outcome(last)
    failure = outcome.get("error")
    if failure is None and len(attempts) > 1 and last.status in ("ENQUEUED", "DELAYED"):
        failure = _outcome(attempts[-2]).get("error")
    saved = attributes_of(first).get("progress")
    status: Status = outcome["status"]
    has_ended = status in ("done", "failed", "cancelled")
    if progress is None and saved:
        progress = JobProgress(**{**_known(JobProgress, saved), "seconds_left": None})
    return Job(
        id=job_id,
        source=source,
        options=options,
        status=status,
        attempt=number if last.recovery_attempts else number - 1,
        created_at=_time(first.created_at) or "",
        started_at=_time(first.dequeued_at),
        ended_at=_time(last.completed_at) if has_ended else None,
        next_attempt_at=_time(last.delay_until_epoch_ms) if last.status == "DELAYED" else None,
        progress=progress,
        report=SyncReport(**_known(SyncReport, outcome["report"])) if "report" in outcome else None,
        error=JobError(**failure) if failure else None,
    )


_STANDING = {"ENQUEUED": "queued", "DELAYED": "retrying", "PENDING": "running", "CANCELLED": "cancelled"}


def _outcome(row: AttemptRow) -> Mapping[str, Any]:
    """How an attempt ended or stands: `status`, and `report` or `error` where there is one."""
    if row.status == "SUCCESS":
        outcome: Mapping[str, Any] = row.output
        return outcome
    if row.status in _STANDING:
        return {"status": _STANDING[row.status]}
    code, message = "internal_error", "the program failed; its log tells why"
    if row.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        code, message = "gave_up", "the program ended too many times in the middle of this sync; it is not tried again"
    return {"status": "failed", "error": {"code": code, "message": message}}


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that this version of the program has a field for."""
    return {field.name: values[field.name] for field in fields(kind) if field.name in values}


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def check_database(database: Path) -> None:
    """Makes the folder and the file, or reads through the one that is there.

    Raises:
        sqlite3.Error, OSError: it cannot be used.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database)) as connection:
        (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(state)
        connection.execute(
            "PRAGMA journal_mode = WAL"
        )  # Kept in the file: a commit is one write, and readers wait for none.


@contextmanager
def usable(database: Path) -> Iterator[None]:
    """Tells what goes wrong with the database inside in words that a person can act on.

    Raises:
        JobsUnusable: something did.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise JobsUnusable(
            f"the jobs database {database} cannot be used ({reason}): see that its folder can be written and the disk "
            "has room; if the file is damaged, move it aside: it holds the list of jobs and no documents"
        ) from error
