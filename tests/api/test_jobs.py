"""Jobs on the real DBOS and SQLite; what they do is a fake that can be held, failed and watched."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.attempting import Retries
from api.errors import WorkFailed
from api.job import JobError, JobsUnusable
from api.jobs import Cancelled, Job, Jobs
from ingest.errors import MissingLibrary, SourceError
from ingest.model import SyncReport
from ingest.progress import Progress

REPOSITORY = Path(__file__).resolve().parents[2]
LONG = 30.0
"""No test waits this long; it only bounds one that hangs."""


class Work:
    """Ends at once with a report, unless its source is held, or the next of its `errors` is raised."""

    def __init__(self) -> None:
        self.errors: defaultdict[str, list[Exception]] = defaultdict(list)
        self.held: set[str] = set()
        self.done_of_ten = 3
        self.begun: list[tuple[str, Mapping[str, Any]]] = []
        self.running: list[str] = []
        self.most_at_once: defaultdict[str, int] = defaultdict(int)
        self.changed = threading.Condition()

    def __call__(
        self,
        source: str,
        options: Mapping[str, Any],
        on_progress: Callable[[Progress], None],
        is_cancelled: Callable[[], bool],
    ) -> SyncReport:
        with self.changed:
            self.begun.append((source, options))
            self.running.append(source)
            self.most_at_once[source] = max(self.most_at_once[source], self.running.count(source))
            self.most_at_once["*"] = max(self.most_at_once["*"], len(self.running))
            self.changed.notify_all()
        try:
            on_progress(Progress(done=self.done_of_ten, total=10, chunks=7, name="leave.md"))
            while source in self.held:
                if is_cancelled():
                    raise Cancelled
                with self.changed:
                    self.changed.wait(0.01)
            if self.errors[source]:
                raise self.errors[source].pop(0)
            return SyncReport(added=2, chunks=7)
        finally:
            with self.changed:
                self.running.remove(source)
                self.changed.notify_all()

    def wait_for_runs(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.begun) >= count, LONG)

    def release(self, source: str) -> None:
        self.held.discard(source)


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was opened once, so that no test waits for it to be made."""
    database = tmp_path_factory.mktemp("jobs") / "jobs.sqlite"
    jobs = Jobs(database, Work(), poll_s=0.02)
    jobs.start()
    jobs.stop()
    return database


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty_database, tmp_path / "jobs.sqlite"))


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def open_jobs(database: Path) -> Iterator[Callable[..., Jobs]]:
    """Starts jobs on the test's database; a second call is a restart."""
    opened: list[Jobs] = []

    def start(work: Work, **options: Any) -> Jobs:
        if opened:
            opened.pop().stop()
        jobs = Jobs(database, work, **{"first_delay_s": 0.01, "poll_s": 0.02, **options})
        jobs.start()
        opened.append(jobs)
        return jobs

    yield start
    for jobs in opened:
        jobs.stop()


def until(jobs: Jobs, job: Job, is_so: Callable[[Job], bool]) -> Job:
    """The job once something is so of it."""
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        if (now := jobs.get(job.id)) and is_so(now):
            return now
        time.sleep(0.01)
    raise AssertionError(f"never came: {now}")


def test_a_job_runs_and_keeps_what_it_did(open_jobs: Callable[..., Jobs], work: Work) -> None:
    jobs = open_jobs(work)

    asked = jobs.submit("handbook", {"full": True})
    ended = jobs.wait(asked.id, LONG)

    assert asked.status in ("queued", "running")  # A free worker may have taken it already.
    assert (asked.kind, asked.options) == ("sync", {"full": True})
    assert (ended.status, ended.attempt, ended.report) == ("done", 1, SyncReport(added=2, chunks=7))
    assert ended.created_at <= (ended.started_at or "") <= (ended.ended_at or "")
    assert ended.created_at.endswith("Z")
    assert work.begun == [("handbook", {"full": True})]
    assert jobs.list() == [ended]
    assert jobs.get("nothing") is None
    assert not jobs.cancel(ended.id)
    assert not jobs.cancel("nothing")


def test_progress_shows_while_a_job_runs_and_is_kept(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)
    job = jobs.submit("handbook")
    work.wait_for_runs(1)

    running = until(jobs, job, lambda now: now.progress is not None)
    assert running.status == "running"
    assert running.progress is not None
    assert (running.progress.done, running.progress.total, running.progress.name) == (3, 10, "leave.md")
    assert jobs.wait(job.id, 0).status == "running", "a wait that ends early gives the job as it is"

    restarted = open_jobs(work)
    work.wait_for_runs(2)
    work.release("handbook")
    kept = restarted.wait(job.id, LONG)
    assert kept.status == "done"
    assert kept.progress is not None
    assert kept.progress.done == 3


def test_a_source_runs_one_job_at_a_time_in_the_order_asked_for(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)

    asked = [jobs.submit("handbook", {"number": number}) for number in range(5)]
    work.wait_for_runs(1)
    assert [job.id for job in jobs.list()] == [job.id for job in reversed(asked)]
    work.release("handbook")

    assert {jobs.wait(job.id, LONG).status for job in asked} == {"done"}
    assert [options["number"] for _, options in work.begun] == [0, 1, 2, 3, 4]
    assert work.most_at_once["handbook"] == 1


def test_two_sources_run_at_once_and_a_third_waits(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held |= {"a", "b", "c"}
    jobs = open_jobs(work)

    asked = [jobs.submit(source) for source in ("a", "b", "c")]
    work.wait_for_runs(2)
    assert sorted(job.status for job in jobs.list()) == ["queued", "running", "running"]
    for source in ("a", "b", "c"):
        work.release(source)

    assert {jobs.wait(job.id, LONG).status for job in asked} == {"done"}
    assert work.most_at_once["*"] == 2


def test_a_job_that_is_queued_already_is_given_back(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)
    running = jobs.submit("handbook")
    work.wait_for_runs(1)

    queued = jobs.submit("handbook")
    again = jobs.submit("handbook", {})
    other = jobs.submit("handbook", {"full": True})
    elsewhere = jobs.submit("mail")

    assert again.id == queued.id
    assert len({running.id, queued.id, other.id, elsewhere.id}) == 4


def test_a_key_asks_for_one_job_however_often_it_comes(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)
    running = jobs.submit("handbook", key="monday")
    work.wait_for_runs(1)
    queued = jobs.submit("handbook")
    joined = jobs.submit("handbook", key="tuesday")
    work.release("handbook")
    jobs.wait(queued.id, LONG)

    assert jobs.submit("handbook", key="monday").id == running.id
    assert joined.id == queued.id
    restarted = open_jobs(work)
    assert restarted.submit("handbook", key="tuesday").id == queued.id
    assert restarted.submit("handbook", key="wednesday").id not in (running.id, queued.id)


def test_a_source_that_is_down_is_tried_again(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.errors["mail"] = [SourceError("imap.example.org does not answer")] * 2
    jobs = open_jobs(work)

    ended = jobs.wait(jobs.submit("mail").id, LONG)

    assert (ended.status, ended.attempt, ended.error) == ("done", 3, None)
    assert len(work.begun) == 3
    assert len(jobs.list()) == 1


def test_a_job_that_waits_for_its_next_attempt_says_why_and_holds_no_place(
    open_jobs: Callable[..., Jobs], work: Work
) -> None:
    for source in ("a", "b"):
        work.errors[source] = [SourceError("too many requests", retry_after_s=3600)]
    jobs = open_jobs(work)
    waiting = [until(jobs, jobs.submit(source), lambda now: now.status == "retrying") for source in ("a", "b")]

    assert waiting[0].attempt == 1
    assert waiting[0].error == JobError(code="source_unavailable", message="too many requests")
    soonest = (datetime.now(UTC) + timedelta(minutes=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (waiting[0].next_attempt_at or "") > soonest
    assert jobs.wait(jobs.submit("c").id, LONG).status == "done"
    assert jobs.wait(jobs.submit("a").id, LONG).status == "done", "who asks anew need not wait"

    restarted = open_jobs(work)
    assert restarted.get(waiting[0].id) == waiting[0]
    assert restarted.cancel(waiting[0].id)
    assert restarted.wait(waiting[0].id, LONG).status == "cancelled"


def test_what_fails_for_good_is_not_tried_again(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.errors["mail"] = [SourceError("wrong password for imap.example.org", retryable=False)]
    work.errors["s3"] = [MissingLibrary("s3fs", "s3", "an S3 source")]
    work.errors["odd"] = [ValueError("secret text of a document")]
    work.errors["down"] = [SourceError("down")] * 9
    jobs = open_jobs(work, attempts=3)

    ended = {source: jobs.wait(jobs.submit(source).id, LONG) for source in ("mail", "s3", "odd", "down")}

    assert {job.status for job in ended.values()} == {"failed"}
    assert ended["mail"].error == JobError(code="source_unavailable", message="wrong password for imap.example.org")
    assert ended["s3"].error is not None
    assert ended["s3"].error.code == "missing_library"
    assert ended["odd"].error == JobError(
        code="internal_error", message="the program failed (ValueError); its log tells why"
    )
    assert [ended[source].attempt for source in ("mail", "s3", "odd", "down")] == [1, 1, 1, 3]


def test_delays_double_up_to_the_longest_and_honour_what_the_source_asks_for() -> None:
    retries = Retries(attempts=9, first_delay_s=2, longest_delay_s=300)
    down, busy = SourceError("down"), SourceError("busy", retry_after_s=1000)

    for attempt, longest in ((1, 2), (2, 4), (5, 32), (8, 256), (9, 300), (2000, 300)):
        assert longest / 2 <= retries.delay_s(attempt, down) <= longest
    assert retries.delay_s(1, busy) == 1000


def test_a_queued_job_that_is_cancelled_never_runs(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)
    running = jobs.submit("handbook", {"number": 1})
    work.wait_for_runs(1)
    queued = jobs.submit("handbook", {"number": 2})

    assert jobs.cancel(queued.id)
    assert jobs.get(queued.id).status == "cancelled"
    work.release("handbook")
    last = jobs.submit("handbook", {"number": 3})

    assert jobs.wait(last.id, LONG).status == "done"
    assert jobs.get(running.id).status == "done"
    assert [options["number"] for _, options in work.begun] == [1, 3]


def test_a_running_job_that_is_cancelled_stops_at_its_next_look(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)
    job = jobs.submit("handbook")
    work.wait_for_runs(1)

    assert jobs.cancel(job.id)

    ended = jobs.wait(job.id, LONG)
    assert (ended.status, ended.report, ended.error) == ("cancelled", None, None)
    assert ended.ended_at is not None
    assert not work.running


def test_a_cancel_that_meets_a_failing_attempt_ends_the_job(open_jobs: Callable[..., Jobs], work: Work) -> None:
    for number in range(8):
        # The attempt fails while the cancel is on its way: before it, during it or after it.
        source = f"s{number}"
        work.held.add(source)
        work.errors[source] = [SourceError("down", retry_after_s=3600)]
    jobs = open_jobs(work)
    for number in range(8):
        job = jobs.submit(f"s{number}")
        work.wait_for_runs(number + 1)
        release = threading.Timer(number * 0.004, work.release, [f"s{number}"])
        release.start()
        time.sleep(0.012)
        assert jobs.cancel(job.id)
        assert jobs.wait(job.id, LONG).status == "cancelled"
        release.join()


def test_a_stop_in_the_middle_leaves_the_job_to_the_next_start(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.held.add("handbook")
    jobs = open_jobs(work)
    job = jobs.submit("handbook", {"full": True})
    work.wait_for_runs(1)

    again = Work()
    restarted = open_jobs(again)

    assert not work.running
    assert restarted.wait(job.id, LONG).status == "done"
    assert again.begun == [("handbook", {"full": True})]
    assert len(restarted.list()) == 1


KILLED = """
import sys, time
from pathlib import Path
from api.errors import WorkFailed
from api.jobs import Jobs

def work(source, options, on_progress, is_cancelled):
    print("running", flush=True)
    time.sleep(600)

jobs = Jobs(Path(sys.argv[1]), work, poll_s=0.02)
jobs.start()
job = jobs.submit("handbook")
print(job.id, flush=True)
sys.stdin.readline()
print(jobs.cancel(job.id), flush=True)
time.sleep(600)
"""


def killed(database: Path, *, cancelled: bool) -> str:
    """Runs a job in a process that is killed in the middle of it; returns the job's id."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(database)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        lines = {process.stdout.readline().strip(), process.stdout.readline().strip()}
        assert "running" in lines
        if cancelled:
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline().strip() == "True"
        os.kill(process.pid, signal.SIGKILL)
    (job_id,) = lines - {"running"}
    return job_id


def test_a_job_whose_process_is_killed_runs_again_and_ends_once(
    database: Path, open_jobs: Callable[..., Jobs], work: Work
) -> None:
    job_id = killed(database, cancelled=False)
    jobs = open_jobs(work)

    assert jobs.wait(job_id, LONG).status == "done"
    assert work.begun == [("handbook", {})]
    assert [(job.id, job.status) for job in jobs.list()] == [(job_id, "done")]
    again = open_jobs(work)
    assert [(job.id, job.status) for job in again.list()] == [(job_id, "done")]
    assert len(work.begun) == 1


def test_a_cancelled_job_whose_process_is_killed_stays_cancelled(
    database: Path, open_jobs: Callable[..., Jobs], work: Work
) -> None:
    job_id = killed(database, cancelled=True)
    jobs = open_jobs(work)

    assert jobs.wait(job_id, LONG).status == "cancelled"
    assert work.begun == []


def test_old_and_surplus_jobs_are_deleted(open_jobs: Callable[..., Jobs], work: Work) -> None:
    work.errors["flaky"] = [SourceError("down")]
    work.errors["busy"] = [SourceError("busy", retry_after_s=3600)]
    jobs = open_jobs(work)
    waiting = until(jobs, jobs.submit("busy"), lambda now: now.status == "retrying")
    ended = [jobs.wait(jobs.submit(source).id, LONG) for source in ("flaky", "b", "c", "d")]

    fewer = open_jobs(work, keep=2)
    assert [job.id for job in fewer.list()] == [ended[3].id, ended[2].id, waiting.id], "what goes on is kept"
    later = open_jobs(work, clock=lambda: datetime.now(UTC) + timedelta(days=31))
    assert [job.id for job in later.list()] == [waiting.id]


@pytest.mark.parametrize("damage", ["no database", "half a database", "folder", "below a file"])
def test_a_database_that_cannot_be_used_is_named_with_the_mend(
    database: Path, tmp_path: Path, damage: str, work: Work
) -> None:
    match damage:
        case "no database":
            database.write_bytes(b"no database at all" * 100)
        case "half a database":
            whole = database.read_bytes()
            database.write_bytes(whole[: len(whole) // 2])
        case "folder":
            database = tmp_path
        case _:
            (tmp_path / "file").write_text("")
            database = tmp_path / "file" / "jobs.sqlite"

    with pytest.raises(JobsUnusable, match="move it aside") as caught:
        Jobs(database, work).start()

    assert str(database) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_after_a_start_that_failed_another_may_follow(
    tmp_path: Path, open_jobs: Callable[..., Jobs], work: Work
) -> None:
    with pytest.raises(JobsUnusable):
        Jobs(tmp_path, work).start()

    jobs = open_jobs(work)
    with pytest.raises(RuntimeError, match="already"):
        Jobs(tmp_path / "other.sqlite", work).start()
    assert jobs.wait(jobs.submit("handbook").id, LONG).status == "done"


def test_nothing_is_printed_no_port_is_opened_and_no_thread_stays(
    tmp_path: Path,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    used: list[object] = []
    for name in ("bind", "connect"):
        monkeypatch.setattr(socket.socket, name, lambda self, address: used.append(address))
    before = set(threading.enumerate())
    caplog.set_level(logging.DEBUG)
    states: list[str] = []

    def life() -> None:
        # A name that a URL would read otherwise, in a thread that is not the main one.
        jobs = Jobs(tmp_path / "a b#c%20?x=é" / "jobs.sqlite", work, poll_s=0.02)
        jobs.start()
        states.append(jobs.wait(jobs.submit("handbook").id, LONG).status)
        jobs.stop()
        jobs.stop()

    thread = threading.Thread(target=life)
    thread.start()
    thread.join()

    assert states == ["done"]
    assert used == []
    assert set(threading.enumerate()) == before
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name.startswith("dbos")] == []
    assert [path.name for path in tmp_path.iterdir()] == ["a b#c%20?x=é"]
    with pytest.raises(WorkFailed):
        Jobs(tmp_path / "jobs.sqlite", work).submit("handbook")
