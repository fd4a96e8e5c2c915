"""Due times against a plain walk through the minutes, and the scheduler with a clock of its own."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.scheduling import (
    Schedule,
    Scheduler,
    check_cron,
    check_run,
    check_time_zone,
    key_of,
    latest_due,
    next_due,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()

SHIFTS = [
    ("Europe/Oslo", datetime(2026, 3, 29, 1, tzinfo=UTC)),
    ("Europe/Oslo", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),  # half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Antarctica/Troll", datetime(2026, 3, 29, 1, tzinfo=UTC)),  # two hours
    ("Antarctica/Troll", datetime(2026, 10, 25, 1, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a whole day
    ("Asia/Kolkata", datetime(2026, 2, 28, 18, 30, tzinfo=UTC)),
    ("UTC", datetime(2024, 2, 29, tzinfo=UTC)),
]


def values(field: str, lowest: int, highest: int, names: list[str], first: int) -> set[int]:
    """What a cron field means, spelled out for the tests alone."""
    found: set[int] = set()
    for part in field.replace("mon-1", "1").split(","):
        span, _, step = part.partition("/")
        if span == "*":
            low, high = lowest, highest
        else:
            ends = [names.index(end) + first if end in names else int(end) for end in span.split("-")]
            low, high = ends[0], ends[-1]
        found.update(range(low, high + 1, int(step or 1)))
    return found


def matcher(cron: str) -> Callable[[datetime], bool]:
    minute, hour, day, month, weekday = cron.split()
    minutes, hours = values(minute, 0, 59, [], 0), values(hour, 0, 23, [], 0)
    days, months = values(day, 1, 31, [], 0), values(month, 1, 12, MONTHS, 1)
    weekdays = values(weekday, 0, 6, WEEKDAYS, 0)

    def matches(wall: datetime) -> bool:
        by_day, by_weekday = wall.day in days, wall.isoweekday() % 7 in weekdays
        # Days of the week that are all of them restrict nothing, as the star does.
        free = {day, weekday} & {"*", "*/1"} or len(weekdays) == 7
        either = by_day and by_weekday if free else by_day or by_weekday
        return wall.minute in minutes and wall.hour in hours and wall.month in months and either

    return matches


def walked(cron: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Every due time in (start, end], found by looking at each minute: a wall time counts when it is first passed."""
    matches = matcher(cron)
    due = []
    passed = start.astimezone(zone).replace(tzinfo=None)
    moment = start
    while moment < end:
        moment += MINUTE
        wall = moment.astimezone(zone).replace(tzinfo=None)
        is_due = False
        while passed < wall:
            passed += MINUTE
            is_due = is_due or matches(passed)
        if is_due:
            due.append(moment)
    return due


def field(low: int, high: int, names: list[str] | None = None) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    word = number.map(str) if not names else number.map(lambda n: names[n - low])
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(1, high)
    one = st.one_of(number.map(str), word, span, st.tuples(span, step).map(lambda s: f"{s[0]}/{s[1]}"))
    every = step.map(lambda n: f"*/{n}")
    return st.one_of(st.just("*"), every, one, st.lists(one, min_size=2, max_size=3).map(",".join))


CRONS = st.tuples(
    field(0, 59), field(0, 23), field(1, 31), st.one_of(st.just("*"), field(1, 12, MONTHS)), field(0, 6, WEEKDAYS)
).map(" ".join)


@settings(max_examples=120, deadline=None)
@given(
    cron=st.one_of(CRONS, st.tuples(field(0, 59), field(0, 4)).map(lambda f: f"{f[0]} {f[1]} * * *")),
    shift=st.sampled_from(SHIFTS),
    seconds=st.integers(-5 * 3600, 5 * 3600),
)
@example(cron="30 2 * * *", shift=SHIFTS[0], seconds=0)
@example(cron="* * */3 * 0-6", shift=SHIFTS[0], seconds=0)
@example(cron="30 2 * * *", shift=SHIFTS[1], seconds=1800)
@example(cron="5-5/2 3-3 * jun-jun mon-1", shift=SHIFTS[2], seconds=0)
@example(cron="*/7 * */2 * mon", shift=SHIFTS[8], seconds=60)
def test_due_times_are_those_of_a_walk_through_the_minutes(
    cron: str, shift: tuple[str, datetime], seconds: int
) -> None:
    zone, now = ZoneInfo(shift[0]), shift[1] + timedelta(seconds=seconds)
    start, end = shift[1] - timedelta(hours=7), shift[1] + timedelta(hours=7)
    due = walked(cron, zone, start, end)

    latest = latest_due(cron, zone, now)
    following = next_due(cron, zone, now)

    before, after = [d for d in due if d <= now], [d for d in due if d > now]
    assert latest == before[-1] if before else latest is None or latest <= start
    assert following == after[0] if after else following is None or following > end


@pytest.mark.parametrize(
    ("zone", "day", "due"),
    [
        # 2:30 is skipped: it is due at the shift, when clocks go from 2:00 to 3:00.
        ("Europe/Oslo", datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        # 2:30 and 1:30 come twice: the first counts.
        ("Europe/Oslo", datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_skipped_time_is_due_at_the_shift_and_a_repeated_one_once(zone: str, day: datetime, due: datetime) -> None:
    found = next_due("30 2 * * *", ZoneInfo(zone), day)

    assert found == due
    assert next_due("30 2 * * *", ZoneInfo(zone), found) > due + timedelta(hours=20)


def test_a_repeated_hour_in_new_york_runs_once() -> None:
    zone = ZoneInfo("America/New_York")
    first = next_due("30 1 * * *", zone, datetime(2026, 11, 1, 4, tzinfo=UTC))

    assert first == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert next_due("30 1 * * *", zone, first) == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
    assert latest_due("30 1 * * *", zone, datetime(2026, 11, 1, 6, 45, tzinfo=UTC)) == first


@pytest.mark.parametrize(
    "cron", ["0 6 * * mon-fri", "*/15 * * * *", "0,30 8-18/2 1 JAN,jul *", "0 0 29 2 *", "0 0 * * 7"]
)
def test_cron_expressions_are_taken(cron: str) -> None:
    assert check_cron(cron) == cron


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@daily",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 30 2 *",
        "R R * * *",
        "H * * * *",
        "0 0 L * *",
        "0 0 * * mon#1",
        "a b c d e",
        "*/0 * * * *",
        "5-1-2 * * * *",
        "0 0 mon * *",
        ", * * * *",
        "٣ * * * *",
        "0 6 * * mon-",
        "0 6 * * *,mon",
        "0 6 1,* * mon",
    ],
)
def test_what_is_no_cron_expression_is_refused_with_what_was_expected(cron: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        check_cron(cron)


@pytest.mark.parametrize(
    "zone", ["Europe", "Mars/Phobos", "../etc/passwd", "/etc/localtime", "", "a" * 300, "Europe/\0"]
)
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="expected the name of a time zone"):
        check_time_zone(zone)


def test_what_runs_is_of_a_known_kind() -> None:
    for run in ("sync:handbook", "sync:*", "report:weekly", "eval:golden"):
        assert check_run(run) == run
    for run in ("sync:", "sync", "rm -rf /", "report:", "sync:a*"):
        with pytest.raises(ValueError, match="expected sync:SOURCE"):
            check_run(run)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


MONDAY = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAILY = Schedule(name="handbook", cron="0 6 * * *", time_zone="Europe/Oslo", run="sync:handbook")


class Bench:
    """A scheduler under a clock that stands still until it is moved."""

    def __init__(self, state: Path, *schedules: Schedule, now: datetime = MONDAY) -> None:
        self.clock = Clock(now)
        self.state = state
        self.schedules = schedules or (DAILY,)
        self.fired: list[tuple[str, datetime]] = []
        self.failures = 0
        self.restart()

    def restart(self, *schedules: Schedule) -> None:
        self.schedules = schedules or self.schedules
        self.scheduler = Scheduler(self.schedules, self.fire, self.state, clock=self.clock)
        self.scheduler.load()

    def fire(self, schedule: Schedule, due: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError("no queue")
        self.fired.append((schedule.name, due))

    def at(self, moment: datetime) -> list[tuple[str, datetime]]:
        """What fires when the clock shows this."""
        self.fired = []
        self.clock.now = moment
        self.scheduler.tick()
        return self.fired


def six(day: int) -> tuple[str, datetime]:
    return "handbook", datetime(2026, 6, day, 4, tzinfo=UTC)


def test_a_new_schedule_catches_up_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "schedules.json")

    assert bench.at(MONDAY) == []
    assert bench.at(six(2)[1] - MINUTE) == []
    assert bench.at(six(2)[1]) == [six(2)]
    assert bench.at(six(2)[1] + MINUTE) == []


def test_of_the_runs_missed_while_down_the_latest_is_caught_up_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "schedules.json")
    bench.clock.now = MONDAY + 5 * DAY
    bench.restart()

    assert bench.at(MONDAY + 5 * DAY) == [six(6)]
    bench.restart()
    assert bench.at(MONDAY + 5 * DAY) == []


def test_a_clock_that_jumps_ahead_runs_the_latest_missed_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "schedules.json")

    assert bench.at(MONDAY + 3 * DAY) == [six(4)]
    assert bench.at(MONDAY + 3 * DAY + MINUTE) == []


def test_a_clock_that_goes_back_runs_nothing_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(tmp_path / "schedules.json")
    assert bench.at(MONDAY + 3 * DAY) == [six(4)]

    assert bench.at(MONDAY) == []
    bench.restart()
    assert bench.at(MONDAY + DAY) == []
    assert bench.scheduler.next_runs() == [(DAILY, six(5)[1])]
    assert bench.at(six(4)[1]) == []
    assert bench.at(six(5)[1]) == [six(5)]
    assert "schedule_ahead_of_clock name=handbook" in caplog.text
    assert str(tmp_path / "schedules.json") in caplog.text


def test_a_fire_that_fails_is_tried_again_at_the_next_look(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = Schedule(name="other", cron="0 4 * * *", run="sync:*")
    bench = Bench(tmp_path / "schedules.json", DAILY, other)
    bench.failures = 1

    assert bench.at(six(2)[1]) == [("other", six(2)[1])], "one that fails holds no other up"
    assert "schedule_not_fired name=handbook" in caplog.text
    bench.restart()
    assert bench.at(six(2)[1] + MINUTE) == [six(2)]


def test_a_changed_schedule_counts_as_new(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "schedules.json")
    bench.clock.now = MONDAY + 2 * DAY
    bench.restart(Schedule(name="handbook", cron="0 7 * * *", run="sync:handbook"))

    assert bench.at(MONDAY + 2 * DAY) == []
    assert bench.at(datetime(2026, 6, 4, 7, tzinfo=UTC)) == [("handbook", datetime(2026, 6, 4, 7, tzinfo=UTC))]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"schedules": {"handbook": {}}}', '{"schedules": 7}', "\0\0"])
def test_a_damaged_state_starts_anew_with_one_warning(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "schedules.json"
    state.write_text(damage)

    bench = Bench(state)

    assert bench.at(MONDAY) == []
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(state) in caplog.text
    assert json.loads(state.read_text())["schedules"]["handbook"]["last"] == "2026-06-01T12:00:00Z"


def test_a_state_that_cannot_be_written_runs_nothing_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    bench = Bench(tmp_path / "file" / "schedules.json")

    assert bench.at(six(2)[1]) == [six(2)]
    assert bench.at(six(2)[1] + MINUTE) == []
    assert "schedule_state_not_written" in caplog.text


def test_a_crash_between_firing_and_writing_fires_the_same_key_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "schedules.json")
    before = bench.state.read_text()
    bench.at(six(2)[1])
    bench.state.write_text(before)
    bench.restart()

    (again,) = bench.at(six(2)[1] + MINUTE)

    assert key_of(DAILY, again[1]) == "schedule:handbook@2026-06-02T04:00:00Z"


def test_two_schedules_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two schedules of the name 'handbook'"):
        Scheduler([DAILY, DAILY], lambda *_: None, tmp_path / "schedules.json")


def test_the_thread_fires_and_ends(tmp_path: Path) -> None:
    clock = Clock(MONDAY)
    fired = threading.Event()
    scheduler = Scheduler(
        [DAILY], lambda *_: fired.set(), tmp_path / "schedules.json", clock=clock, longest_wait_s=0.01
    )
    scheduler.start()
    clock.now = MONDAY + DAY

    assert fired.wait(20)
    scheduler.stop()
    assert "schedules" not in {thread.name for thread in threading.enumerate()}
    scheduler.start()
    scheduler.stop()
