"""Runs are kept whole, outlast their process, and end once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agents.model import ReviewState, Tier
from agents.runs import events
from agents.runs.errors import ReviewClosed, ReviewNotFound, RunNotFound, RunStoreError
from agents.runs.record import RunState
from agents.runs.retention import Retention
from agents.runs.store import RunStore
from retrieval.access import Principal
from tests.agents.runs.run_samples import (
    MEALS,
    START,
    FakeTime,
    answer_of,
    begun,
    call,
    ended,
    happened,
    waiting,
)
from tests.conftest import REPOSITORY

KEEP = Retention(runs=timedelta(days=90), conversations=timedelta(days=30))


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def store(tmp_path: Path, clock: FakeTime) -> Iterator[RunStore]:
    with closing(RunStore(tmp_path / "runs.sqlite", now=clock)) as made:
        yield made


def test_a_run_is_kept_whole(store: RunStore) -> None:
    record = replace(ended(begun()), calls=(call("a"), call("b", tier=Tier.LARGE)))
    store.begin(begun())
    store.finish(record)
    assert store.get("r1") == record


def test_events_are_seen_while_the_run_is_under_way(store: RunStore) -> None:
    store.begin(begun())
    for event in happened()[:6]:
        store.note("r1", event)
    seen = store.get("r1")
    assert seen.status is RunState.RUNNING
    assert seen.events == happened()[:6]
    assert store.latest()[0].stage == "research"
    store.finish(ended(begun()))
    assert store.get("r1").events == happened()


def test_events_that_were_noted_need_not_be_told_again(store: RunStore) -> None:
    store.begin(begun())
    for event in happened():
        store.note("r1", event)
    store.finish(replace(ended(begun()), events=()))
    assert store.get("r1").events == happened()
    assert store.latest()[0].dropped == 1


def test_a_held_answer_is_kept_so_that_it_can_be_checked_anew(store: RunStore) -> None:
    record = waiting(begun())
    store.begin(begun())
    store.finish(record)
    found = store.get("r1")
    assert found == record
    assert found.held is not None
    assert found.held.checked[0].claim == MEALS
    assert store.reviews.waiting() == ["r1"]


def test_a_list_shows_the_latest_first_and_goes_on_where_it_ended(store: RunStore) -> None:
    for n in range(5):
        record = begun(f"r{n}", user="ana" if n % 2 else "bo", at=START + timedelta(seconds=n // 2))
        store.begin(record)
        store.finish(ended(record))
    listed = [run.id for run in store.latest(limit=3)]
    assert listed == ["r4", "r3", "r2"]
    assert [run.id for run in store.latest(before="r2")] == ["r1", "r0"]
    assert [run.id for run in store.latest(owner="user:ana")] == ["r3", "r1"]
    assert store.latest(status=RunState.RUNNING) == []
    assert store.latest(limit=-1) == []
    [summary] = store.latest(limit=1)
    assert (summary.tier, summary.claims, summary.dropped, summary.ms) == ("extractive", 1, 1, 40)


def test_the_tier_of_a_run_is_the_highest_that_gave_a_reply(store: RunStore) -> None:
    store.begin(begun())
    calls = (call("a"), call("b", tier=Tier.LARGE, outcome="timeout"))
    store.finish(replace(ended(begun()), calls=calls))
    [summary] = store.latest()
    assert (summary.tier, summary.model_calls, summary.tokens_in) == ("small", 2, 2000)


def test_a_run_ends_once(store: RunStore) -> None:
    store.begin(begun())
    store.finish(ended(begun()))
    with pytest.raises(RunNotFound):
        store.finish(ended(begun()))
    with pytest.raises(RunNotFound):
        store.finish(ended(begun("other")))
    store.note("r1", happened()[0])
    assert len(store.get("r1").events) == len(happened())


def test_a_run_that_cannot_be_written_can_be_brought_to_another_end(store: RunStore) -> None:
    store.begin(begun())
    store.note("r1", happened()[0])
    broken = replace(ended(begun()), versions={"code": object()})  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        store.finish(broken)
    store.finish(replace(begun(), status=RunState.FAILED, ended_at="2026-03-02T09:00:01.000Z"))
    assert store.get("r1").status is RunState.FAILED
    assert len(store.get("r1").events) == 1


_DIES = """
import os, sys
from pathlib import Path
from agents.runs.retention import Retention
from agents.runs.store import RunStore
from tests.agents.runs.run_samples import begun, happened, waiting
store = RunStore(Path(sys.argv[1]))
store.begin(begun("lost"))
for event in happened()[:6]:
    store.note("lost", event)
store.get("lost")
store.begin(begun("held"))
store.finish(waiting(begun("held"), hours=1e5))
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_run_whose_process_died_shows_as_failed_and_a_review_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-c", _DIES, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=REPOSITORY,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with closing(RunStore(path)) as store:
            assert store.get("lost").status is RunState.RUNNING
            process.kill()
            process.wait()
            lost = store.get("lost")
            assert lost.status is RunState.FAILED
            assert lost.events[:-1] == happened()[:6]
            assert lost.events[-1].data["code"] == "interrupted"
            assert store.reviews.waiting() == ["held"]
            store.reviews.decide(
                "held",
                ReviewState.APPROVED,
                by="bo",
                why=None,
                status=RunState.ANSWERED,
                answer=answer_of("held", MEALS),
            )
            assert store.get("held").status is RunState.ANSWERED
    assert list((tmp_path / "runs.sqlite.alive").iterdir()) == []


def test_of_many_who_decide_one_is_heard(store: RunStore) -> None:
    store.begin(begun())
    store.finish(waiting(begun()))
    outcomes: list[str] = []
    refused: list[int] = []
    start = threading.Barrier(6)

    def decide(n: int) -> None:
        start.wait()
        try:
            if n % 2:
                store.reviews.decide(
                    "r1", ReviewState.REJECTED, by=f"p{n}", why="no", status=RunState.REJECTED, answer=None
                )
            else:
                store.reviews.decide(
                    "r1",
                    ReviewState.APPROVED,
                    by=f"p{n}",
                    why=None,
                    status=RunState.ANSWERED,
                    answer=answer_of("r1", MEALS),
                )
            outcomes.append(f"p{n}")
        except ReviewClosed:
            refused.append(n)

    threads = [threading.Thread(target=decide, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [by] = outcomes
    assert len(refused) == 5
    found = store.get("r1")
    assert found.review is not None
    assert found.review.decided_by == by
    assert found.status is (RunState.REJECTED if int(by[1]) % 2 else RunState.ANSWERED)
    assert [event.what for event in found.events].count("decided") == 1


def test_a_review_expires(store: RunStore, clock: FakeTime) -> None:
    store.begin(begun())
    store.finish(waiting(begun(), hours=1))
    clock.pass_(minutes=59)
    assert store.reviews.waiting() == ["r1"]
    clock.pass_(minutes=1)
    assert store.reviews.waiting() == []
    assert store.get("r1").status is RunState.EXPIRED
    with pytest.raises(ReviewClosed, match="expired at 2026-03-02T10:00:00"):
        store.reviews.decide(
            "r1", ReviewState.APPROVED, by="bo", why=None, status=RunState.ANSWERED, answer=answer_of("r1", MEALS)
        )


def test_what_never_waited_cannot_be_decided(store: RunStore) -> None:
    store.begin(begun())
    store.finish(ended(begun()))
    for run_id in ("r1", "none"):
        with pytest.raises(ReviewNotFound):
            store.reviews.decide(run_id, ReviewState.REJECTED, by="bo", why="no", status=RunState.REJECTED, answer=None)


def test_feedback_replaces_earlier_feedback(store: RunStore) -> None:
    with pytest.raises(RunNotFound):
        store.feedback("r1", helpful=True, why=None)
    store.begin(begun())
    store.finish(ended(begun()))
    store.feedback("r1", helpful=True, why=None)
    store.feedback("r1", helpful=False, why="the wrong year")
    found = store.get("r1").feedback
    assert found is not None
    assert (found.helpful, found.why) == (False, "the wrong year")


def test_what_is_old_goes_but_not_what_waits(store: RunStore, clock: FakeTime, tmp_path: Path) -> None:
    for run_id, make in (("old", ended), ("held", waiting)):
        store.begin(begun(run_id))
        store.finish(make(begun(run_id)) if make is ended else waiting(begun(run_id), hours=24 * 365))
    clock.pass_(days=91)
    late = begun("new", at=clock.now)
    store.begin(late)
    store.finish(ended(late))
    assert store.expire(KEEP) == (1, 0)
    assert {run.id for run in store.latest()} == {"held", "new"}
    left = store.database.read("select count(*) from events where run_id = 'old'")
    assert left == [(0,)]


def test_what_is_old_goes_as_new_runs_begin(tmp_path: Path, clock: FakeTime) -> None:
    with closing(RunStore(tmp_path / "runs.sqlite", keep=KEEP, now=clock)) as store:
        store.begin(begun("old"))
        store.finish(ended(begun("old")))
        clock.pass_(days=91)
        store.begin(begun("new", at=clock.now))
        assert [run.id for run in store.latest()] == ["new"]


def test_a_record_never_grows_past_its_bound(tmp_path: Path) -> None:
    with closing(RunStore(tmp_path / "small.sqlite", largest=20_000)) as store:
        store.begin(begun())
        for n in range(200):
            store.note("r1", events.limited(n, "draft", limit="rounds", used=n, allowed=1, why="x" * 1000))
        calls = tuple(call(str(n), response="y" * 5000) for n in range(10))
        store.finish(replace(ended(begun()), events=(), calls=calls))
        found = store.get("r1")
    assert len(found.events) == 200
    assert len(found.calls) == 10
    assert sum(len(str(event.data)) for event in found.events) < 40_000
    assert found.calls[-1].response == ""
    assert found.calls[-1].tokens_in == 1000
    assert found.cut > 150


def test_a_file_of_another_version_or_none_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with closing(RunStore(path)):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("update meta set value = '99'")
        db.commit()
    with pytest.raises(RunStoreError, match="another version"):
        RunStore(path)
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    with pytest.raises(RunStoreError, match="not a readable file of runs"):
        RunStore(path)


def test_two_stores_of_one_file_see_each_others_runs(store: RunStore, tmp_path: Path) -> None:
    with closing(RunStore(tmp_path / "runs.sqlite")) as other:
        store.begin(begun())
        assert other.get("r1").status is RunState.RUNNING
        store.finish(ended(begun()))
        assert other.get("r1").status is RunState.ANSWERED
        assert other.owner("r1") == "user:ana"


def test_an_unnamed_caller_owns_nothing(store: RunStore) -> None:
    store.begin(begun(user=None))
    assert store.owner("r1") is None
    assert begun(user=None).principal == Principal(groups=frozenset({"finance"}))
