"""Where runs are kept: one SQLite file, written when a run begins, now and then while it lasts, and when it ends.

What a run says about itself may be lost with the power, never with the process; a review outlasts both. A run whose
process is gone shows as failed: every process holds a lock beside the file for as long as it lives.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.database import Database, Holding

from . import events as happenings
from .encoding import encode, storable
from .errors import RunNotFound, RunStoreError
from .liveness import Liveness
from .model import RunEvent
from .ongoing import Ongoing
from .record import Feedback, RunRecord, RunState, RunSummary, utc
from .retention import Retention, delete_old
from .reviews import Reviews
from .rows import (
    RECORD,
    SUMMARY,
    insert_calls,
    insert_events,
    insert_review,
    insert_run,
    record_of,
    summary_of,
    update_run,
)
from .schema import SCHEMA, SCHEMA_VERSION

_HOLDING = Holding(
    error=RunStoreError, name="file of runs", mend="move it aside: past runs are in it, no documents", lazy=True
)
_INTERRUPTED = "the process that worked on it ended; ask again"
_TIDY_EVERY = timedelta(hours=1)
MAX_LISTED = 200
SHORTEST_NAME = 6
"""Characters that the beginning of an id must have to name a run."""
LARGEST_RECORD = 4_000_000


def _now() -> datetime:
    return datetime.now(UTC)


class RunStore:
    """Safe to share among threads and processes. `reviews` are what runs wait for; `largest` bounds the size of a
    record's events and model calls, in characters of JSON. What is older than `keep` goes as new runs begin."""

    def __init__(
        self,
        path: Path,
        *,
        keep: Retention | None = None,
        now: Callable[[], datetime] = _now,
        largest: int = LARGEST_RECORD,
    ) -> None:
        """Opens the file, making it when it is missing.

        Raises:
            RunStoreError: it is damaged, or was written by another version.
        """
        self.database = Database(path, _HOLDING)
        self._keep = keep
        self._tidied_at: datetime | None = None
        self._now = now
        self._largest = largest
        self.reviews = Reviews(self.database, now)
        self._lock = threading.Lock()
        self._ongoing: dict[str, Ongoing] = {}
        self._process = secrets.token_hex(8)
        self._liveness = Liveness(path.with_name(path.name + ".alive"), self._process)
        try:
            self._prepare(path)
            self._fail_orphans()
        except RunStoreError:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the file. Runs that are still under way will show as failed."""
        self.database.close()
        self._liveness.close()

    def begin(self, record: RunRecord) -> None:
        """A run is under way. It must be brought to an end by `finish`, whatever happens."""
        self._liveness.hold()
        self._tidy()
        with self._lock:
            self._ongoing[record.id] = Ongoing(self._largest)
        with self.database.transaction() as db:
            insert_run(db, record, self._process)
        for event in record.events:
            self.note(record.id, event)

    def note(self, run_id: str, event: RunEvent) -> None:
        """An event of a run that is under way here; written before long. Nothing happens when it is not."""
        with self._lock:
            run = self._ongoing.get(run_id)
            if run is None:
                return
            due = run.add(event)
        if due:
            self._flush(run_id)

    def finish(self, record: RunRecord) -> None:
        """The run has ended, or waits for review: the record takes the place of what began.

        Of its events, those are written that were not noted before; it may leave out all that were.

        Raises:
            RunNotFound: it did not begin here, or has ended before.
        """
        with self._lock:
            run = self._ongoing.pop(record.id, None)
        if run is None:
            raise RunNotFound(record.id)
        before = replace(run, waiting=list(run.waiting))
        try:
            self._finish(run, record)
        except BaseException:
            with self._lock:
                self._ongoing[record.id] = before  # It can be brought to another end.
            raise

    def get(self, run_id: str) -> RunRecord:
        """A run, whole, with what has happened so far.

        Raises:
            RunNotFound: there is none of that id.
        """
        self._fail_orphans()
        self.reviews.expire()
        self._flush(run_id)
        rows = self.database.read(RECORD, (run_id,))
        if not rows:
            raise RunNotFound(run_id)
        return record_of(
            rows[0],
            self.database.read(
                "select at_ms, stage, agent, what, data from events where run_id = ? order by number", (run_id,)
            ),
            self.database.read("select body from calls where run_id = ? order by number", (run_id,)),
            self.reviews.of(run_id),
            self._feedback(run_id),
        )

    def latest(
        self,
        *,
        owner: str | None = None,
        status: RunState | None = None,
        limit: int = 50,
        before: str | None = None,
        conversation: str | None = None,
    ) -> list[RunSummary]:
        """The latest runs first: of one owner (see `owner_of`) or of all, before the run with the id `before`."""
        self._fail_orphans()
        self.reviews.expire()
        conditions, values = ["1 = 1"], []
        for condition, value in (
            ("r.owner = ?", owner),
            ("r.status = ?", None if status is None else status.value),
            ("r.conversation_id = ?", conversation),
            ("(r.started_at, r.id) < (select started_at, id from runs where id = ?)", before),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        rows = self.database.read(
            f"{SUMMARY} where {' and '.join(conditions)} order by r.started_at desc, r.id desc limit ?",
            (*values, max(0, min(limit, MAX_LISTED))),
        )
        return [summary_of(row) for row in rows]

    def find(self, name: str, owner: str | None = None) -> str:
        """The id of the one run, of this owner or of all, that has the id `name` or whose id begins with it.

        Raises:
            RunNotFound: there is none, or there are several.
        """
        name = storable(name)
        own = "" if owner is None else " and owner = ?"
        values = () if owner is None else (owner,)
        rows = self.database.read(f"select id from runs where id = ?{own}", (name, *values))
        if not rows and len(name) >= SHORTEST_NAME:
            rows = self.database.read(
                f"select id from runs where id >= ? and id < ?{own} limit 2", (name, name + "\U0010ffff", *values)
            )
        if len(rows) != 1:
            raise RunNotFound(name)
        return str(rows[0][0])

    def counts(self) -> dict[str, int]:
        """How many runs are kept, by status."""
        return dict(self.database.read("select status, count(*) from runs group by status"))

    def owner(self, run_id: str) -> str | None:
        """Whose run it is; None for nobody's.

        Raises:
            RunNotFound: there is none of that id.
        """
        rows = self.database.read("select owner from runs where id = ?", (run_id,))
        if not rows:
            raise RunNotFound(run_id)
        return None if rows[0][0] is None else str(rows[0][0])

    def ask_to_stop(self, run_id: str, why: str) -> None:
        """Leaves word for whichever process works on the run."""
        with self.database.transaction() as db:
            db.execute("update runs set stop = ? where id = ? and status = 'running'", (why, run_id))

    def stop_asked(self, run_id: str) -> str | None:
        """Why the run is to stop; None when nobody asked. Cheap enough to be looked at several times a second."""
        rows = self.database.read("select stop from runs where id = ?", (run_id,))
        return None if not rows or rows[0][0] is None else str(rows[0][0])

    def feedback(self, run_id: str, *, helpful: bool, why: str | None) -> Feedback:
        """What the asker thought; the latest word counts.

        Raises:
            RunNotFound: there is no such run.
        """
        self.owner(run_id)
        given = Feedback(helpful=helpful, why=None if why is None else storable(why), at=utc(self._now()))
        with self.database.transaction() as db:
            db.execute("insert or replace into feedback values (?, ?, ?, ?)", (run_id, helpful, given.why, given.at))
        return given

    def expire(self, keep: Retention) -> tuple[int, int]:
        """Deletes runs and conversations that are older; returns how many of each. What waits for review stays."""
        self.reviews.expire()
        return delete_old(self.database, keep, self._now())

    def _tidy(self) -> None:
        """Deletes what is old, at most once an hour."""
        now = self._now()
        if self._keep is not None and (self._tidied_at is None or now - self._tidied_at >= _TIDY_EVERY):
            self._tidied_at = now
            self.expire(self._keep)

    def _finish(self, run: Ongoing, record: RunRecord) -> None:
        first, noted = run.take(record.events)
        calls = run.bodies(record.calls)
        with self.database.transaction(durable=record.review is not None) as db:
            insert_events(db, record.id, first, noted)
            insert_calls(db, record.id, calls)
            update_run(db, record, dropped=run.dropped, cut=run.cut)
            if record.review is not None:
                insert_review(db, record.id, record.review)

    def _flush(self, run_id: str) -> None:
        """Writes the events that wait."""
        with self._lock:
            run = self._ongoing.get(run_id)
            if run is None or not run.waiting:
                return
            first, noted = run.take()
        with self.database.transaction() as db:
            insert_events(db, run_id, first, noted)
            db.execute("update runs set stage = ? where id = ?", (noted[-1][0].stage, run_id))

    def _fail_orphans(self) -> None:
        """Brings runs to an end whose process is gone."""
        rows = self.database.read(
            "select distinct process from runs where status = 'running' and process <> ?", (self._process,)
        )
        for [process] in rows:
            if self._liveness.is_alive(process):
                continue
            with self.database.transaction() as db:
                orphans = db.execute(
                    "select r.id, r.stage, (select count(*) from events where run_id = r.id), "
                    "(select max(at_ms) from events where run_id = r.id) from runs r "
                    "where status = 'running' and process = ?",
                    (process,),
                ).fetchall()
                for run_id, stage, number, at_ms in orphans:
                    event = happenings.ended(at_ms or 0, stage, status="failed", code="interrupted", why=_INTERRUPTED)
                    insert_events(db, run_id, number, [(event, encode(event.data))])
                    db.execute(
                        "update runs set status = 'failed', ended_at = ? where id = ?", (utc(self._now()), run_id)
                    )

    def _feedback(self, run_id: str) -> Feedback | None:
        rows = self.database.read("select helpful, why, at from feedback where run_id = ?", (run_id,))
        return Feedback(helpful=bool(rows[0][0]), why=rows[0][1], at=rows[0][2]) if rows else None

    def _prepare(self, path: Path) -> None:
        with self.database.transaction(durable=True) as db:
            if not db.execute("select 1 from sqlite_master where name = 'meta'").fetchone():
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
                db.execute("insert into meta values ('schema', ?)", (str(SCHEMA_VERSION),))
            found = db.execute("select value from meta where key = 'schema'").fetchone()
        if found is None or found[0] != str(SCHEMA_VERSION):
            raise RunStoreError(
                f"{path} was written by another version of groundcrew (schema {found and found[0]}, this one reads "
                f"{SCHEMA_VERSION}); move it aside: past runs are in it, no documents"
            )
