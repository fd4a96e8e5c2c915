"""What runs beside the requests while a home is served: jobs, watchers and schedules."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.connectors.files import FilesConnector
from ingest.errors import SourceError
from ingest.model import SyncReport
from ingest.progress import Progress
from ingest.watching import Changes, Watcher

from .commands import Sync, close_all, plan_ingest, plan_sync, run_syncs
from .errors import KNOWN_ERRORS, HomeHeld
from .jobs import Cancelled, Job, Jobs
from .scheduling import Schedule, Scheduler, key_of
from .wiring import Platform

_log = logging.getLogger("groundcrew.background")


class Background:
    """Jobs, watchers and schedules of one platform. `start` and `stop` belong to the server."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.jobs = Jobs(platform.home / "jobs.sqlite", self._run_job)
        self._stopping = threading.Event()
        self._watcher = make_watcher(platform, self._stopping)
        self._warmer = platform.crew_parts.warmer
        self._scheduler = Scheduler(
            [section.schedule() for section in platform.settings.schedules],
            self._fire,
            platform.home / "schedules.json",
        )

    def start(self) -> None:
        """Goes on with what was cut off, catches up what was missed, and watches the folders."""
        self.jobs.start()
        self._watcher.start()
        self._scheduler.start()
        if self._warmer is not None:
            self._warmer.start()

    def stop(self) -> None:
        """Ends all threads. A job under way is gone on with at the next start."""
        self._stopping.set()
        if self._warmer is not None:
            self._warmer.stop()
        self._scheduler.stop()
        self._watcher.stop()
        self.jobs.stop()

    def submit_sync(self, name: str | None, *, confirmed: bool) -> list[Job]:
        """A job for a configured source, or one for each. Raises `UsageError`."""
        planned = plan_sync(self._platform, name, confirmed=confirmed)
        close_all(planned)
        options = {"confirmed": True} if confirmed else {}
        return [self.jobs.submit(one.source, options) for one in planned]

    def submit_ingest(
        self, paths: Sequence[Path], source: str | None, allow: Sequence[str], *, confirmed: bool
    ) -> list[Job]:
        """A job for each path. Raises `UsageError` before the first is made."""
        planned = plan_ingest(self._platform, paths, source, tuple(allow), confirmed=confirmed)
        close_all(planned)
        return [
            self.jobs.submit(one.source, {"path": str(path), "allow": list(allow), "confirmed": confirmed})
            for path, one in zip(paths, planned, strict=True)
        ]

    def _run_job(
        self,
        source: str,
        options: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> SyncReport:
        def update(progress: Progress) -> None:
            if is_cancelled():
                raise Cancelled
            on_progress(progress)

        try:
            return run_syncs(self._platform, self._plan(source, options), lambda _: nullcontext(update))
        except HomeHeld as error:
            raise SourceError(str(error)) from error  # It passes, so the job is tried again.

    def _plan(self, source: str, options: Mapping[str, Any]) -> list[Sync]:
        confirmed = bool(options.get("confirmed"))
        if "path" in options:
            allow = tuple(options["allow"])
            return plan_ingest(self._platform, [Path(options["path"])], source, allow, confirmed=confirmed)
        return plan_sync(self._platform, source, confirmed=confirmed)

    def _fire(self, schedule: Schedule, due: datetime) -> None:
        kind, _, name = schedule.run.partition(":")
        if kind != "sync":
            _log.warning("schedule %s: %s cannot be run by this version", schedule.name, schedule.run)
            return
        sources = list(self._platform.settings.sources) if name == "*" else [name]
        for source in sources:
            self.jobs.submit(source, key=f"{key_of(schedule, due)}:{source}")


def make_watcher(platform: Platform, stopping: threading.Event) -> Watcher:
    """Watches the configured folders and syncs what changes in them; `stopping` ends a sync that is under way."""
    folders = platform.settings.folders()

    def go_on(_: Progress) -> None:
        if stopping.is_set():
            raise Cancelled

    def take(changes: Changes) -> None:
        settings = folders[changes.source]
        connector = FilesConnector(settings, None if changes.everything else changes.paths)
        # What was seen to go has gone; that a whole listing lacks much may have another reason.
        limit = settings.removal_limit if changes.everything else 1.0
        with platform.writing():
            report = platform.synchronizer.sync(changes.source, connector, go_on, removal_limit=limit)
        if report.added or report.updated or report.removed or report.held:
            _log.info(
                "%s: %d added, %d updated, %d removed, %d quarantined, %d held back in %.2f s",
                changes.source,
                report.added,
                report.updated,
                report.removed,
                report.quarantined,
                report.held,
                report.seconds,
            )

    def tell(source: str, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            unknown = None if isinstance(error, KNOWN_ERRORS) else error
            _log.error("%s could not be brought into step: %s", source, error, exc_info=unknown)

    return Watcher(folders, take, on_error=tell)
