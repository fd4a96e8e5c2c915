"""When scheduled work is due: cron expressions in time zones, and the thread that fires them.

What is due is a pure function of the expression, the zone and the clock, so nothing has to be counted while the
process runs: after a stop, a suspended machine or a clock that jumped, the same look finds the latest due time that
has not run, and runs it once. `api.jobs` holds what is fired; this module knows neither jobs nor documents.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DEFAULT_TIME_ZONE = "UTC"
"""What a schedule without a zone runs by: the same on every machine and in every container."""

_LONGEST_WAIT_S = 30.0
"""How long the thread waits at most: a clock that jumped and a machine that slept show only when it looks."""

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "sun mon tue wed thu fri sat".split()
_FIELD = re.compile(r"[0-9a-z*,/-]+", re.ASCII)
_RUN = re.compile(r"sync:(\*|[^*]+)|(report|eval):.+", re.DOTALL)
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Something to run at set times.

    `cron` has five fields: minute, hour, day of month, month, day of week. When both kinds of day are other than *,
    either one suffices. `time_zone` is an IANA name. `run` is one of sync:SOURCE, sync:*, report:NAME, eval:NAME.
    """

    name: str
    cron: str
    time_zone: str = DEFAULT_TIME_ZONE
    run: str


def key_of(schedule: Schedule, due: datetime) -> str:
    """Names one run of a schedule: the same each time that it is fired for the same due time."""
    return f"schedule:{schedule.name}@{_text_of(due)}"


def check_cron(text: str) -> str:
    """The expression, if it is one.

    Raises:
        ValueError: it is none, or it never comes (30 February); the message says what was expected.
    """
    from croniter import CroniterError, croniter

    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(
            "expected five fields: minute hour day-of-month month day-of-week, as in '0 6 * * mon-fri'; "
            f"this has {len(fields)}"
        )
    for field in fields:
        strange = [word for word in re.findall("[a-z]+", field) if word not in _MONTHS + _WEEKDAYS]
        if not _FIELD.fullmatch(field) or strange or "*" in field.split(",")[1:] or field.startswith("*,"):
            raise ValueError(f"expected numbers, names like mon or jan, and * , - / in a cron field, not {field!r}")
    try:
        croniter(_plain(text), datetime(2001, 1, 1)).get_next(datetime)  # noqa: DTZ001 - any wall time will do
    except (CroniterError, ValueError, KeyError) as error:
        raise ValueError(f"expected a cron expression like '0 6 * * mon-fri', and this cannot be: {error}") from error
    return text


def check_time_zone(text: str) -> str:
    """The name, if it is a time zone.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        ZoneInfo(text)
    except (OSError, KeyError, ValueError) as error:
        raise ValueError("expected the name of a time zone, as in 'Europe/Oslo' or 'UTC'") from error
    return text


def check_run(text: str) -> str:
    """What to run, if it is of a known kind.

    Raises:
        ValueError: it is not.
    """
    if not _RUN.fullmatch(text):
        raise ValueError("expected sync:SOURCE, sync:* (all sources), report:NAME or eval:NAME")
    return text


def latest_due(cron: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The last due time at or before `now`, in UTC; None when there was none within croniter's 50 years.

    A wall time that does not exist that day is due at the shift; one that exists twice is due the first time.
    """
    from croniter import CroniterBadDateError, croniter

    local = now.astimezone(zone)
    # In the hour that comes again, everything up to its end was due the first time round.
    again = local.replace(fold=0).utcoffset() or timedelta()
    wall = local.replace(tzinfo=None, fold=0) + (
        again - (local.utcoffset() or timedelta()) if local.fold else timedelta()
    )
    # croniter looks strictly before its start, in whole seconds.
    walls = croniter(_plain(cron), wall.replace(microsecond=0) + timedelta(seconds=1))
    with suppress(CroniterBadDateError):
        while True:
            due = _instant(walls.get_prev(datetime), zone)
            if due <= now:
                return due
    return None


def next_due(cron: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first due time after `now`, in UTC; None when there is none within croniter's 50 years."""
    from croniter import CroniterBadDateError, croniter

    walls = croniter(_plain(cron), now.astimezone(zone).replace(tzinfo=None, fold=0, microsecond=0))
    with suppress(CroniterBadDateError):
        while True:
            due = _instant(walls.get_next(datetime), zone)
            if due > now:
                return due
    return None


def _plain(cron: str) -> str:
    """The expression as croniter reads it right: to it 5-5 is the whole range, and */1 some of the days."""
    minute, hour, day, month, weekday = ("*" if field == "*/1" else field for field in cron.lower().split())
    for number, name in enumerate(_MONTHS, 1):
        month = month.replace(name, str(number))
    for number, name in enumerate(_WEEKDAYS):
        weekday = weekday.replace(name, str(number))
    return re.sub(r"\b(\d+)-\1\b(/\d+)?", r"\1", f"{minute} {hour} {day} {month} {weekday}")


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a wall time: the first of two, and the shift for one that is skipped."""
    early = wall.replace(tzinfo=zone).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return early
    # Both readings of a skipped time miss it: fold=1 lies before the shift, fold=0 after it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), early
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


class Scheduler:
    """Fires schedules when they are due, from one thread.

    `fire` is called with the due time in UTC; it hands the work on and returns. It may be called again for the same
    due time after a crash between firing and writing `state`, so it must be idempotent by `key_of`. When it raises,
    it is called again at the next look. `clock` gives the time, with a zone.

    Raises:
        ValueError: two schedules have one name, or an expression or zone is none.
    """

    def __init__(
        self,
        schedules: Sequence[Schedule],
        fire: Callable[[Schedule, datetime], object],
        state: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        longest_wait_s: float = _LONGEST_WAIT_S,
    ) -> None:
        names = [schedule.name for schedule in schedules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"there are two schedules of the name {name!r}; each needs one of its own")
        for schedule in schedules:
            check_cron(schedule.cron)
            check_time_zone(schedule.time_zone)
        self._schedules = tuple(schedules)
        self._zones = {schedule.name: ZoneInfo(schedule.time_zone) for schedule in schedules}
        self._fire = fire
        self._state = state
        self._clock = clock
        self._longest_wait_s = longest_wait_s
        self._last: dict[str, datetime] = {}
        self._warned: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Catches up what was missed, once for each schedule, then waits for what comes."""
        if self._thread is not None:
            raise RuntimeError("the scheduler runs already")
        self._stopping.clear()
        self.load()
        self._thread = threading.Thread(target=self._run, name="schedules", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; returns when it has ended. A stopped scheduler may be started again."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def next_runs(self) -> list[tuple[Schedule, datetime]]:
        """When each schedule is due next (UTC), the soonest first."""
        now = self._clock()
        runs = [(schedule, self._next(schedule, now)) for schedule in self._schedules]
        return sorted(((schedule, due) for schedule, due in runs if due is not None), key=lambda run: run[1])

    def load(self) -> None:
        """Takes the last due times from the state file. A schedule that is new or changed starts from now."""
        now = self._clock().astimezone(UTC)
        known = _read(self._state)
        self._last = {}
        for schedule in self._schedules:
            entry = known.get(schedule.name, {"last": now})
            is_same = entry == _entry(schedule, entry["last"])
            self._last[schedule.name] = entry["last"] if is_same else now
        self._write()

    def tick(self) -> None:
        """Looks once: fires what is due and has not run."""
        now = self._clock().astimezone(UTC)
        for schedule in self._schedules:
            last = self._last[schedule.name]
            if last - now > timedelta(days=1) and schedule.name not in self._warned:
                self._warned.add(schedule.name)
                _logger.warning(
                    "schedule_ahead_of_clock name=%s last=%s: it waits for the clock; if the last run's date is wrong, "
                    "remove %s",
                    schedule.name,
                    _text_of(last),
                    self._state,
                )
            due = latest_due(schedule.cron, self._zones[schedule.name], now)
            if due is None or due <= last:
                continue
            try:
                self._fire(schedule, due)
            except Exception:
                _logger.exception("schedule_not_fired name=%s due=%s", schedule.name, _text_of(due))
                continue
            self._last[schedule.name] = due
            self._write()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.tick()
            now = self._clock()
            soonest = min((due for _, due in self.next_runs()), default=now + timedelta(days=1))
            self._stopping.wait(min(max((soonest - now).total_seconds(), 0.0), self._longest_wait_s))

    def _next(self, schedule: Schedule, now: datetime) -> datetime | None:
        # After a clock that went back, what has run already is not next.
        after = max(now.astimezone(UTC), self._last.get(schedule.name, now.astimezone(UTC)))
        return next_due(schedule.cron, self._zones[schedule.name], after)

    def _write(self) -> None:
        entries = {s.name: _entry(s, self._last[s.name]) for s in self._schedules}
        value = {
            "version": 1,
            "schedules": {name: {**entry, "last": _text_of(entry["last"])} for name, entry in entries.items()},
        }
        half = self._state.with_name(self._state.name + ".new")
        try:
            self._state.parent.mkdir(parents=True, exist_ok=True)
            with half.open("w", encoding="utf-8") as file:
                json.dump(value, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, self._state)
        except OSError as error:
            # The run itself was handed on, and its key keeps it from running twice after a restart.
            _logger.error("schedule_state_not_written file=%s reason=%s", self._state, error.strerror)  # noqa: TRY400 - its trace tells nothing


def _entry(schedule: Schedule, last: datetime) -> dict[str, Any]:
    return {"cron": schedule.cron, "time_zone": schedule.time_zone, "run": schedule.run, "last": last}


def _read(state: Path) -> dict[str, dict[str, Any]]:
    """The entries by name; empty when there is no file, or a damaged one."""
    try:
        value = json.loads(state.read_text(encoding="utf-8"))
        return {
            name: {**entry, "last": datetime.fromisoformat(entry["last"]).astimezone(UTC)}
            for name, entry in value["schedules"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _logger.warning(
            "schedule_state_damaged file=%s reason=%s: schedules start anew, nothing missed is caught up", state, error
        )
        return {}


def _text_of(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
