"""One attempt at a sync: does the work, follows its progress, and tells how it ended in plain JSON.

`jobs.py` puts attempts into the queue and keeps what they return.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ingest.errors import SourceError
from ingest.model import SyncReport
from ingest.progress import Progress

from .errors import KNOWN_ERRORS, code_of
from .job import JobProgress

_RATE_WINDOW_S = 30
_SAVE_EVERY_S = 1.0
_logger = logging.getLogger(__name__)


class Cancelled(Exception):
    """A sync stopped because `is_cancelled` became true."""


class SyncWork(Protocol):
    """Syncs one source (or "*" for all), in the calling thread.

    It looks at `is_cancelled` at least once a file and raises `Cancelled` when that is true: a job was cancelled, or
    the process ends and the job shall go on after the next start.

    Raises:
        SourceError: tried again when `retryable`, after `retry_after_s` at the soonest.
        Cancelled: it was told to stop.
    """

    def __call__(
        self,
        source: str,
        options: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> SyncReport: ...


class Interrupted(BaseException):
    """The process ends in the middle of an attempt. Nothing is recorded for it, so the next start runs it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often and how soon a failed attempt is tried again: the delay doubles, less up to a half at random."""

    attempts: int
    first_delay_s: float
    longest_delay_s: float

    def delay_s(self, attempt: int, error: SourceError) -> float:
        """Seconds from this attempt (counted from 1) to the next; never sooner than the source asked for."""
        doubled = self.first_delay_s * 2.0 ** min(attempt - 1, 64)
        delay = min(self.longest_delay_s, doubled) * random.uniform(0.5, 1.0)
        return round(max(delay, error.retry_after_s or 0.0), 3)


class Run:
    """An attempt that runs in this process: its progress, and whether it shall stop."""

    def __init__(self, stopping: threading.Event, save: Callable[[JobProgress], None]) -> None:
        self.is_cancelled = False
        self._stopping = stopping
        self._save = save
        self._latest: Progress | None = None
        self._saved_at = float("-inf")
        self._samples: deque[tuple[float, int]] = deque(maxlen=_RATE_WINDOW_S)

    def sync(
        self, work: SyncWork, source: str, options: Mapping[str, Any], attempt: int, retries: Retries
    ) -> dict[str, Any]:
        """Does the work. The outcome is JSON: `status`, with `report` or `error`, and `delay_s` before the next try.

        Raises:
            Interrupted: the process ends.
        """
        try:
            return {"status": "done", "report": asdict(self._sync(work, source, options))}
        except Cancelled:
            if self._stopping.is_set() and not self.is_cancelled:
                raise Interrupted from None
            return {"status": "cancelled"}
        except SourceError as error:
            failure = {"code": error.code, "message": str(error)}
            if error.retryable and attempt < retries.attempts:
                return {"status": "retrying", "error": failure, "delay_s": retries.delay_s(attempt, error)}
            return {"status": "failed", "error": failure}
        except Exception as error:
            _logger.exception("job_failed source=%s", source)
            known = isinstance(error, KNOWN_ERRORS)
            message = str(error) if known else f"the program failed ({type(error).__name__}); its log tells why"
            return {"status": "failed", "error": {"code": code_of(error), "message": message}}
        finally:
            self._sample()

    def _sync(self, work: SyncWork, source: str, options: Mapping[str, Any]) -> SyncReport:
        if self._should_stop():
            raise Cancelled
        return work(source, options, self._note, self._should_stop)

    def _should_stop(self) -> bool:
        return self.is_cancelled or self._stopping.is_set()

    def _note(self, progress: Progress) -> None:
        self._latest = progress
        if time.monotonic() >= self._saved_at + _SAVE_EVERY_S:
            self._sample()

    def _sample(self) -> None:
        now = self._saved_at = time.monotonic()
        if self._latest is not None:
            self._samples.append((now, self._latest.done))
        if (progress := self.progress(now)) is not None:
            self._save(progress)

    def progress(self, now: float) -> JobProgress | None:
        """How far it is, how fast and for how long."""
        if (latest := self._latest) is None:
            return None
        begun, done = self._samples[0] if self._samples else (now, latest.done)
        rate = (latest.done - done) / (now - begun) if now > begun else None
        return JobProgress(
            done=latest.done,
            total=latest.total,
            chunks=latest.chunks,
            name=latest.name,
            rate=None if rate is None else round(rate, 2),
            seconds_left=round((latest.total - latest.done) / rate, 1) if rate else None,
        )
