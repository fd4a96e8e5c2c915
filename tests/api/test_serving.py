"""A served home: commands speak to the process that serves it, its folders are kept in step, its jobs survive it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli import _status
from tests.conftest import REPOSITORY

DEADLINE_S = 90.0


class Served:
    """A home with its configuration and a folder of documents, served or watched by a process of its own."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.docs = base / "docs"
        self.docs.mkdir()
        self.home.mkdir()
        self.configure()

    def configure(self, more: str = "") -> None:
        text = f'[sources.handbook]\nkind = "files"\npath = "{self.docs}"\nallow = ["group:staff"]\n'
        text += '[users.ana]\ngroups = ["staff"]\n' + more
        (self.home / "groundcrew.toml").write_text(text, encoding="utf-8")

    def write(self, name: str, words: str) -> None:
        (self.docs / name).write_text(f"# {name}\n\n{words}\n", encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        return {"GROUNDCREW_HOME": str(self.home), "PYTHONPATH": str(REPOSITORY), "PATH": os.environ["PATH"]}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "api", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home.parent,
            env=self.environment,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """A command's exit status, output and errors. It runs here, which to whoever serves is another process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setenv("GROUNDCREW_HOME", str(self.home))
            patch.chdir(self.home.parent)
            status = _status(list(arguments))
            for stream in (out, err):
                stream.seek(0)
            return status, out.read(), err.read()

    def json(self, *arguments: str) -> Any:
        status, out, err = self.run(*arguments, "--json")
        assert status == 0, err
        return json.loads(out)

    @contextmanager
    def serving(self) -> Iterator[httpx.Client]:
        with self.start("serve", "--port", "0") as server:
            try:
                assert server.stderr is not None
                line = next(line for line in server.stderr if "Serving" in line)
                with httpx.Client(base_url=line.split()[4], timeout=DEADLINE_S, trust_env=False) as client:
                    client.headers["x-pid"] = str(server.pid)
                    yield client
            finally:
                server.send_signal(signal.SIGTERM)
                try:
                    server.communicate(timeout=DEADLINE_S)
                finally:
                    server.kill()


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, httpx.Client]]:
    """A served home whose one document, cat.md, is indexed. Tests leave it as they found it."""
    served = Served(tmp_path_factory.mktemp("running"))
    served.write("cat.md", "The office cat is called Miezi.")
    with served.serving() as client:
        until(lambda: found(client, "called Miezi"), "the first file is found")
        yield served, client


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def found(client: httpx.Client, words: str) -> bool:
    hits = client.post("/v1/search", json={"query": words, "k": 5}).json()["hits"]
    return any(words in hit["text"] for hit in hits)


def finished(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["status"] in ("done", "failed", "cancelled"), "job ended")
    ended: dict[str, Any] = client.get(f"/v1/jobs/{job['id']}").json()
    return ended


def test_changes_in_a_folder_reach_answers_while_it_is_served(running: tuple[Served, httpx.Client]) -> None:
    served, client = running
    served.write("dog.md", "The office dog is called Bello.")
    until(lambda: found(client, "called Bello"), "a new file is found")
    served.write("dog.md", "The office dog is called Waldi.")
    until(lambda: found(client, "called Waldi") and not found(client, "called Bello"), "an edit is found")
    (served.docs / "dog.md").unlink()
    until(lambda: not found(client, "called Waldi"), "a deleted file is not found")


def test_every_command_works_by_way_of_the_serving_process(running: tuple[Served, httpx.Client]) -> None:
    served, _ = running
    other = served.home.parent / "other"
    other.mkdir()
    (other / "bird.md").write_text("# Bird\n\nThe office bird is called Hansi.\n", encoding="utf-8")
    assert served.json("ingest", str(other), "--allow", "user:ben")["added"] == 1
    assert served.json("sources", "sync", "handbook")["unchanged"] == 1
    states = served.json("sources", "list")["sources"]
    assert {state["name"]: state["documents"] for state in states} == {"handbook": 1, "local": 1}
    assert served.json("sources", "quarantine") == {"quarantine": []}
    assert served.json("doctor")["ok"]
    assert "Miezi" in served.json("ask", "What is the office cat called?")["answer"]
    # Asked as somebody, the serving process shows what they may read and no more.
    seen = {
        user: sorted(h["document"]["title"] for h in served.json("search", "office", "--as", user)["hits"])
        for user in ("ana", "ben", "zoë")
    }
    assert seen == {"ana": ["cat.md"], "ben": ["Bird"], "zoë": []}
    status, _, err = served.run("ingest", str(other / "none"))
    assert (status, err.count("\n")) == (2, 1), err
    status, _, err = served.run("sources", "sync", "nobody")
    assert (status, "no source 'nobody'" in err) == (2, True)
    status, _, err = served.run("sources", "remove", "handbook")
    assert (status, "is configured" in err) == (2, True)
    assert served.json("sources", "remove", "local") == {"source": "local", "removed": 1}
    assert served.json("search", "office bird", "--as", "ben") == {"hits": []}


def test_a_home_is_served_and_watched_by_one_process(running: tuple[Served, httpx.Client]) -> None:
    served, client = running
    for command in (("serve", "--port", "0"), ("watch",)):
        with served.start(*command) as process:
            _, err = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 3
        assert str(client.base_url).rstrip("/") in err


def test_an_address_left_behind_by_a_killed_server_misleads_nobody(served: Served) -> None:
    served.write("cat.md", "The office cat is called Miezi.")
    with served.serving() as client:
        until(lambda: found(client, "called Miezi"), "the first file is found")
        os.kill(int(client.headers["x-pid"]), signal.SIGKILL)
    assert (served.home / "server.json").exists()
    assert served.json("sources", "sync")["unchanged"] == 1
    assert served.json("doctor")["ok"]


def test_what_reaches_beyond_the_index_is_for_the_owner_of_the_home(running: tuple[Served, httpx.Client]) -> None:
    served, client = running
    bodies = {
        "/v1/ingest": {"paths": ["/etc"]},
        "/v1/sync": {},
        "/v1/doctor": {"repair": True},
        "/v1/sources/remove": {"source": "handbook"},
    }
    for path, body in bodies.items():
        for headers in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": "Bearer"}):
            answer = client.post(path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "refused")
    mode = (served.home / "server.json").stat().st_mode
    assert oct(mode & 0o777) == "0o600"
    # Whoever cannot show that they own the home is nobody else either.
    as_ana = client.post("/v1/search", json={"query": "cat"}, headers={"Groundcrew-As": "ana"})
    assert as_ana.status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_pages_from_elsewhere_start_nothing(running: tuple[Served, httpx.Client], headers: dict[str, str]) -> None:
    _, client = running
    answer = client.post("/v1/sources/handbook/sync", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert client.post("/v1/search", json={"query": "cat"}, headers={"Origin": str(client.base_url)}).is_success


def test_a_job_is_asked_for_over_http_and_says_how_it_went(running: tuple[Served, httpx.Client]) -> None:
    _, client = running
    asked = client.post("/v1/sources/handbook/sync")
    assert asked.status_code == 202
    job = asked.json()
    assert asked.headers["location"] == f"/v1/jobs/{job['id']}"
    ended = finished(client, job)
    assert (ended["status"], ended["report"]["unchanged"], ended["error"]) == ("done", 1, None)
    assert client.get("/v1/jobs").json()["jobs"][0]["id"] == job["id"]
    assert client.get("/v1/jobs/nothing").status_code == 404
    assert client.post("/v1/jobs/nothing/cancel").status_code == 404
    assert client.post(f"/v1/jobs/{job['id']}/cancel").json() == {"cancelled": False}
    assert client.post("/v1/sources/nobody/sync").status_code == 400
    figures = client.get("/metrics").text
    assert 'groundcrew_documents{source="handbook"} 1.0' in figures
    assert 'groundcrew_jobs{source="handbook",status="done"}' in figures


def test_a_source_that_fails_is_tried_again_and_says_why(served: Served) -> None:
    served.configure(
        '[sources.crm]\nkind = "database"\nurl = "sqlite:////nowhere/crm.db"\nquery = "select 1"\nkey = ["id"]\n'
    )
    with served.serving() as client:
        job = client.post("/v1/sources/crm/sync").json()
        until(lambda: bool(client.get(f"/v1/jobs/{job['id']}").json()["error"]), "an attempt failed")
        now = client.get(f"/v1/jobs/{job['id']}").json()
        figures = client.get("/metrics").text
        assert 'groundcrew_source_failing{source="crm"} 1.0' in figures
        assert 'groundcrew_documents{source="handbook"}' in figures
        assert "nowhere" in now["error"]["message"]
        assert "nowhere" in {s["name"]: s["problem"] for s in client.get("/v1/sources").json()["sources"]}["crm"]


def test_a_schedule_that_was_missed_is_caught_up_once(served: Served) -> None:
    served.write("cat.md", "The office cat is called Miezi.")
    served.configure('[[schedules]]\ncron = "* * * * *"\nrun = "sync:*"\nname = "minutely"\n')
    with served.serving():
        until((served.home / "schedules.json").exists, "the schedule is remembered")
    state = json.loads((served.home / "schedules.json").read_text(encoding="utf-8"))
    aged = json.loads(json.dumps(state).replace("2026-", "2025-").replace("2027-", "2026-"))
    (served.home / "schedules.json").write_text(json.dumps(aged), encoding="utf-8")
    with served.serving() as client:
        until(lambda: bool(client.get("/v1/jobs").json()["jobs"]), "the missed run is caught up")
        [job] = client.get("/v1/jobs").json()["jobs"][-1:]
        assert finished(client, job)["status"] == "done"
        assert len(client.get("/v1/jobs").json()["jobs"]) <= 2  # Another minute may have begun.


def test_watch_keeps_folders_in_step_for_readers_of_the_home(served: Served) -> None:
    served.write("cat.md", "The office cat is called Miezi.")
    with served.start("watch") as watcher:
        try:
            until(lambda: bool(served.json("search", "Miezi")["hits"]), "the first file is found")
            served.write("dog.md", "The office dog is called Bello.")
            until(lambda: "Bello" in json.dumps(served.json("search", "called Bello")), "a new file is found")
            assert served.json("ingest", str(served.docs / "dog.md"))["unchanged"] == 1
        finally:
            watcher.send_signal(signal.SIGTERM)
            _, err = watcher.communicate(timeout=DEADLINE_S)
    assert watcher.returncode == 0, err
    assert "Watching handbook" in err
