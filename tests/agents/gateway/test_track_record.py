"""How models did, and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.gateway.track_record import Bounds, TrackRecord, wilson

BOUNDS = Bounds(window=50, support=0.6, failures=0.3, least_claims=20, least_calls=12, rest_s=3600)


class Day:
    """A time of day that passes when the test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def record(tmp_path: Path, day: Day) -> Iterator[TrackRecord]:
    made = TrackRecord(tmp_path / "models.db", BOUNDS, day)
    yield made
    made.close()


def test_a_model_that_was_never_asked_has_no_record(record: TrackRecord) -> None:
    standing = record.standing("small")
    assert (standing.claims, standing.calls, standing.support_rate, standing.median_ms) == (0, 0, None, None)
    assert not standing.demoted


def test_rates_and_times_are_measured(record: TrackRecord) -> None:
    record.record("small", ms=100)
    record.record("small", outcome="malformed", ms=300)
    record.record("small", outcome="timeout", ms=900)
    standing = record.record("small", supported=3, claims=4)
    assert (standing.calls, standing.malformed, standing.failed, standing.median_ms) == (3, 1, 1, 300)
    assert standing.support_rate == 0.75
    assert record.standing("large").calls == 0


def test_a_model_whose_claims_fail_is_demoted_and_a_log_line_says_so(
    record: TrackRecord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "groundcrew.models")
    for _ in range(5):
        standing = record.record("small", supported=1, claims=5)
    assert standing.demoted
    assert standing.reason == "support"
    (line,) = [one.getMessage() for one in caplog.records]
    assert line.startswith("model_demoted model=small reason=support supported=")


def test_few_claims_demote_nobody(record: TrackRecord) -> None:
    assert not record.record("small", supported=0, claims=10).demoted


def test_a_rate_that_may_be_chance_demotes_nobody(record: TrackRecord) -> None:
    for _ in range(4):
        standing = record.record("small", supported=3, claims=6)  # a half, of 24
    assert not standing.demoted


@pytest.mark.parametrize("outcome", ["malformed", "timeout"])
def test_a_model_that_often_fails_is_demoted(record: TrackRecord, outcome: str) -> None:
    for _ in range(14):
        standing = record.record("small", outcome=outcome, ms=5)
    assert standing.demoted
    assert standing.reason == ("malformed" if outcome == "malformed" else "failed")


def demote(record: TrackRecord) -> None:
    for _ in range(5):
        record.record("small", supported=0, claims=5)


def test_after_a_rest_it_is_on_trial_and_reinstated_when_it_does_well(
    record: TrackRecord, day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    demote(record)
    day.now += timedelta(hours=1)
    standing = record.standing("small")
    assert (standing.demoted, standing.on_trial, standing.claims) == (False, True, 0)
    caplog.set_level(logging.INFO, "groundcrew.models")
    standing = record.record("small", supported=9, claims=10)
    assert (standing.demoted, standing.on_trial, standing.claims) == (False, False, 10)
    assert "model_reinstated model=small" in caplog.text


def test_a_bad_trial_demotes_it_sooner(record: TrackRecord, day: Day) -> None:
    demote(record)
    day.now += timedelta(hours=1)
    assert record.record("small", supported=0, claims=6).demoted
    day.now += timedelta(minutes=59)
    assert record.standing("small").demoted
    day.now += timedelta(minutes=1)
    assert record.standing("small").on_trial


def test_old_entries_go_out_of_the_window(record: TrackRecord) -> None:
    for _ in range(19):
        record.record("small", supported=0, claims=1)
    for _ in range(60):
        standing = record.record("small", supported=1, claims=1)
    assert (standing.claims, standing.supported) == (50, 50)


def test_the_record_is_kept_and_bounded(tmp_path: Path, day: Day) -> None:
    first = TrackRecord(tmp_path / "models.db", BOUNDS, day)
    for _ in range(150):
        first.record("small", ms=5)
    rows = first._database.read("select count(*) from model_outcomes")
    first.close()
    assert rows[0][0] <= 2 * BOUNDS.window
    second = TrackRecord(tmp_path / "models.db", BOUNDS, day)
    assert second.standing("small").calls == BOUNDS.window
    second.close()


def test_more_supported_than_there_are_is_a_mistake(record: TrackRecord) -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        record.record("small", supported=3, claims=2)


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share(hits: int, misses: int) -> None:
    of = hits + misses
    least, most = wilson(hits, of)
    assert 0 <= least <= most <= 1
    if of:
        assert least - 1e-9 <= hits / of <= most + 1e-9


def test_the_interval_is_wilson_s() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
