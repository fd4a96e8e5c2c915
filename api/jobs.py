"""Durable sync jobs on DBOS and SQLite: queued, run one at a time for a source, tried again, cancelled, recovered.

The only module that imports dbos. A job is a chain of DBOS workflows, one an attempt: the first has the job's id, the
second `ID.2` and so on, so that a job that waits for its next attempt holds no place in the queue. A sync is safe to
repeat, so an attempt that was cut off simply runs again. What workflows take and return is plain JSON: nothing is
pickled, and a later version reads what an earlier one wrote. DBOS lives in module globals: one `Jobs` a process.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .attempting import Cancelled, Interrupted, Retries, Run, SyncWork
from .errors import NotFound, WorkFailed
from .job import (
    Job,
    JobProgress,
    arguments_of,
    attempt_id,
    attributes_of,
    check_database,
    job_of,
    usable,
)

if TYPE_CHECKING:
    from dbos import WorkflowStatus

__all__ = ["Cancelled", "Job", "Jobs", "SyncWork"]

_NAME = "sync"
_APPLICATION_VERSION = "1"
"""DBOS recovers only what the same version began. A changed program must recover its jobs, so this never changes."""

_MAX_RECOVERIES = 100
"""After how many restarts in the middle of it a job counts as what brings the process down."""

_AT_ONCE = 2
_KEEP_DAYS = 30
_TIDY_EVERY = 100
_one_in_a_process = threading.Lock()
_logger = logging.getLogger(__name__)


class Jobs:
    """The queue of sync jobs in one SQLite file. Its methods may be called from any thread without an event loop.

    A failed attempt is tried again up to `attempts` times in all, after `first_delay_s` doubled each time, up to
    `longest_delay_s`, less up to a half at random. Ended jobs are kept for 30 days, the newest `keep` at most.
    `poll_s` is how long a job may wait for a free place to be noticed.

    Raises:
        JobsUnusable: the database is damaged, cannot be written, or is full. Any method may.
    """

    def __init__(
        self,
        database: Path,
        work: SyncWork,
        *,
        attempts: int = 5,
        first_delay_s: float = 2.0,
        longest_delay_s: float = 300.0,
        keep: int = 1000,
        poll_s: float = 0.5,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._work = work
        self._retries = Retries(attempts=attempts, first_delay_s=first_delay_s, longest_delay_s=longest_delay_s)
        self._keep = keep
        self._poll_s = poll_s
        self._clock = clock
        self._changed = threading.Condition()
        self._sources: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._runs: dict[str, Run] = {}
        self._returned: deque[str] = deque(maxlen=2 * _AT_ONCE)
        self._stopping = threading.Event()
        self._workflow: Callable[..., dict[str, Any]] | None = None
        self._last_id = 0

    def start(self) -> None:
        """Opens the database and goes on with what was cut off."""
        if not _one_in_a_process.acquire(blocking=False):
            raise RuntimeError("jobs run already in this process")
        try:
            with usable(self._database):
                check_database(self._database)
                self._launch()
                self._tidy()
        except BaseException:
            self._destroy()
            raise

    def stop(self, timeout_s: float = 30.0) -> None:
        """Lets running syncs end at their next look at `is_cancelled`; the next start runs them again."""
        with self._changed:
            if self._workflow is None:
                return
            self._stopping.set()
            deadline = time.monotonic() + timeout_s
            if not self._changed.wait_for(lambda: not self._runs, timeout_s):
                _logger.warning("jobs_still_running count=%d", len(self._runs))
        # DBOS records how an attempt ended after it has returned.
        while (
            (returned := [*self._returned])
            and time.monotonic() < deadline
            and self._list(workflow_ids=returned, status="PENDING")
        ):
            time.sleep(0.01)
        self._destroy()

    def submit(self, source: str, options: Mapping[str, Any] | None = None, *, key: str | None = None) -> Job:
        """Asks for a sync. It is on disk when this returns.

        A job that is queued for the same source and options, or that was ever asked for with the same `key`, is
        given back instead of a new one. `options` are JSON values.
        """
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowAttributes, SetWorkflowID

        wanted = json.loads(json.dumps(dict(options or {})))
        with self._changed, usable(self._database):
            if key is not None:
                for row in self._list(has_parent=False, load_input=False, load_output=False):
                    if key in attributes_of(row).get("keys", []) and (first := self._first(row.workflow_id)):
                        return self._job(first)
            for row in self._list(status="ENQUEUED", has_parent=False):
                if list(arguments_of(row)[1:3]) == [source, wanted]:
                    if key is not None:
                        keys = [*attributes_of(row).get("keys", []), key]
                        DBOS.update_workflow_attributes(row.workflow_id, {"keys": keys}, merge=True)
                    return self._job(row)
            job_id = self._new_id()
            noted = SetWorkflowAttributes({"keys": [key]} if key is not None else {})
            with SetWorkflowID(job_id), SetEnqueueOptions(queue_partition_key=source), noted:
                DBOS.enqueue_workflow(_NAME, self._attempt(), job_id, source, wanted, 1)
            if len(self._list(has_parent=False, offset=self._keep + _TIDY_EVERY, limit=1, load_input=False)) > 0:
                self._tidy()
            return self._job(self._list(workflow_ids=[job_id])[0])

    def get(self, job_id: str) -> Job | None:
        """The job as it is now; None when there is none of that id."""
        with usable(self._database):
            return None if (first := self._first(job_id)) is None else self._job(first)

    def list(self, limit: int = 50) -> Sequence[Job]:
        """The newest jobs, the newest first."""
        with usable(self._database):
            # DBOS orders by the second; ids order within it.
            rows = self._list(has_parent=False, sort_desc=True, limit=limit + 50)
            return [self._job(row) for row in sorted(rows, key=lambda row: row.workflow_id, reverse=True)[:limit]]

    def cancel(self, job_id: str) -> bool:
        """Keeps a job from going on: at once when it waits, at its next look when it runs. False: it has ended."""
        from dbos import DBOS

        with self._changed, usable(self._database):
            first = self._first(job_id)
            if first is None or self._job(first).has_ended:
                return False
            DBOS.update_workflow_attributes(job_id, {"cancelled": True}, merge=True)
            # Never one that runs: DBOS would let the source's next job in beside it. One that is said to run and does
            # not could not record its end, on a disk that was full: this frees its source.
            states = {"ENQUEUED", "DELAYED", "PENDING"}
            if (run := self._runs.get(job_id)) is not None:
                run.is_cancelled = True
                states.remove("PENDING")
            DBOS.cancel_workflows([row.workflow_id for row in self._chain(first) if row.status in states])
            return True

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job once it has ended, or as it is after `timeout_s`.

        Raises:
            NotFound: there is none of that id.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            if (job := self.get(job_id)) is None:
                raise NotFound(f"there is no job {job_id}")
            left = deadline - time.monotonic()
            if job.has_ended or left <= 0 or self._stopping.wait(min(left, 0.1)):
                return job

    def _run_attempt(self, job_id: str, source: str, options: dict[str, Any], attempt: int) -> dict[str, Any]:
        """The workflow: one attempt, and the next one put into the queue when it is worth one."""
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        with self._changed:
            if self._stopping.is_set():
                raise Interrupted
            run = self._runs[job_id] = Run(self._stopping, lambda progress: self._save(job_id, progress))
        try:
            # A step's result is kept: recovered after it, the sync is not run again.
            outcome = DBOS.run_step({"name": "attempt"}, self._sync, run, job_id, source, options, attempt)
            with self._changed:
                if outcome["status"] == "retrying" and run.is_cancelled:
                    outcome = {"status": "cancelled"}
                if outcome["status"] == "retrying":
                    later = SetEnqueueOptions(queue_partition_key=source, delay_seconds=outcome["delay_s"])
                    with SetWorkflowID(attempt_id(job_id, attempt + 1)), later:
                        DBOS.enqueue_workflow(_NAME, self._attempt(), job_id, source, options, attempt + 1)
            self._returned.append(attempt_id(job_id, attempt))
            return outcome
        finally:
            with self._changed:
                del self._runs[job_id]
                self._changed.notify_all()

    def _sync(self, run: Run, job_id: str, source: str, options: dict[str, Any], attempt: int) -> dict[str, Any]:
        """The step."""
        with self._changed:
            (first,) = self._list(workflow_ids=[job_id], load_output=False)
            run.is_cancelled = run.is_cancelled or bool(attributes_of(first).get("cancelled"))
        # The queue runs a source's jobs one by one; a job cancelled in the moment it starts frees its place early.
        with self._sources[source]:
            outcome = run.sync(self._work, source, options, attempt, self._retries)
        if self._workflow is None:
            raise Interrupted  # It did not stop in time: there is nowhere left to put its outcome.
        return outcome

    def _save(self, job_id: str, progress: JobProgress) -> None:
        """Puts the progress on disk. A disk that is full must not end a sync for this."""
        from dbos import DBOS
        from dbos import error as dbos_error
        from sqlalchemy.exc import SQLAlchemyError

        try:
            DBOS.update_workflow_attributes(job_id, {"progress": asdict(progress)}, merge=True)
        except (SQLAlchemyError, dbos_error.DBOSException) as error:
            _logger.warning("job_progress_not_saved id=%s reason=%s", job_id, type(error).__name__)

    def _launch(self) -> None:
        """Starts DBOS: nothing of it listens on a port or leaves the machine, and its log goes where all logs go."""
        from dbos import DBOS, DBOSPortableJSONSerializer
        from sqlalchemy import URL

        log = logging.getLogger("dbos")
        log.addHandler(logging.NullHandler())  # Where it finds no handler, DBOS puts one that writes to the console.
        self._stopping.clear()
        DBOS(
            config={
                "name": "groundcrew",
                "system_database_url": URL.create("sqlite", database=str(self._database)).render_as_string(),
                "application_version": _APPLICATION_VERSION,
                "executor_id": "local",
                "enable_otlp": False,
                "serializer": DBOSPortableJSONSerializer(),
                "notification_listener_polling_interval_sec": 0.25,  # Nothing listens, and stopping waits for it.
                "log_level": "CRITICAL",  # A launch that fails is told by its exception.
            }
        )

        def attempt(*arguments: Any) -> dict[str, Any]:
            return self._run_attempt(*arguments)

        self._workflow = DBOS.workflow(name=_NAME, max_recovery_attempts=_MAX_RECOVERIES)(attempt)
        DBOS.launch()
        DBOS.register_queue(
            _NAME, worker_concurrency=_AT_ONCE, partition_concurrency=1, polling_interval_sec=self._poll_s
        )
        log.setLevel(logging.WARNING)

    def _destroy(self) -> None:
        try:
            from dbos import DBOS

            DBOS.destroy(destroy_registry=True)
        finally:
            self._workflow = None
            _one_in_a_process.release()

    def _attempt(self) -> Callable[..., dict[str, Any]]:
        if self._workflow is None:
            raise WorkFailed("this process does not run jobs: it has not begun to, or it stops")
        return self._workflow

    def _list(self, **query: Any) -> Sequence[WorkflowStatus]:
        from dbos import DBOS

        self._attempt()
        return DBOS.list_workflows(name=_NAME, **query)

    def _chain(self, first: WorkflowStatus) -> Sequence[WorkflowStatus]:
        """A job's attempts in their order."""
        later = self._list(workflow_id_prefix=f"{first.workflow_id}.", has_parent=True)
        return [first, *sorted(later, key=lambda row: int(arguments_of(row)[3]))]

    def _job(self, first: WorkflowStatus) -> Job:
        run = self._runs.get(first.workflow_id)
        went_on = (first.output or {}).get("status") == "retrying"
        return job_of(self._chain(first) if went_on else [first], run.progress(time.monotonic()) if run else None)

    def _first(self, job_id: str) -> WorkflowStatus | None:
        return next(iter(self._list(workflow_ids=[job_id], has_parent=False)), None)

    def _new_id(self) -> str:
        """Ids sort by time, also within a second, which DBOS does not: a source's jobs run in the order asked for."""
        self._last_id = max(self._last_id + 1, int(self._clock().timestamp() * 1000))
        return f"{self._last_id:011x}{secrets.token_hex(4)}"

    def _tidy(self) -> None:
        """Deletes ended jobs that are old or too many."""
        from dbos import DBOS

        cutoff = (self._clock() - timedelta(days=_KEEP_DAYS)).isoformat()
        old = self._list(has_parent=False, completed_before=cutoff, limit=1000)
        surplus = self._list(has_parent=False, sort_desc=True, offset=self._keep, limit=1000)
        ended = [row.workflow_id for row in (*old, *surplus) if self._job(row).has_ended]
        DBOS.delete_workflows(ended, delete_children=True)
