"""A sync that is killed at any moment is made good by the next one: nothing lost, nothing twice, nothing left over.

The killed syncs run in processes of their own, with the real catalog and both real indexes: this file, run as a
program, is such a process. It ends itself with SIGKILL where it is told to.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import ingest.pipeline
from api.wiring import Platform
from ingest.connectors.files import FilesConnector
from ingest.isolating import InlinePool, ParseLimits, ProcessPool
from ingest.model import Access, SyncReport
from ingest.recording import Recorder
from ingest.settings import AccessRule, FilesSettings
from ingest.syncing import Synchronizer
from retrieval.embedding import ModelTokenizer, bundled_model
from tests.fakes import FakeEmbedder, parse_lines
from tests.ingest.equality import differences, make_platform

TOKENIZER = ModelTokenizer(bundled_model())
EVERYONE = Access(allow=("everyone",))
BOARD = (AccessRule(glob="minutes/**", access=Access(allow=("group:board",))),)
BEFORE, HALF, AFTER = "before", "half", "after"
WRITING = [
    ("recorder.stage", BEFORE),
    ("recorder.stage", AFTER),
    ("vectors.write", HALF),
    ("vectors.write", AFTER),
    ("lexical.write", AFTER),
    ("recorder.commit", HALF),
    ("recorder.commit", AFTER),
]
REMOVING = [
    ("recorder.remove", AFTER),
    ("vectors.set_access", AFTER),
    ("lexical.set_access", AFTER),
    ("recorder.set_access", AFTER),
    ("recorder.synced", AFTER),
    ("vectors.remove", AFTER),
    ("lexical.remove", AFTER),
    ("recorder.discarded", BEFORE),
    ("recorder.discarded", AFTER),
]


# --- the process that dies -----------------------------------------------------------------------------------


class Dying:
    """Stands before a real part, and ends the process around the n-th call of one of its methods."""

    def __init__(self, real: Any, name: str, point: str, moment: str, call: int) -> None:
        self._real = real
        self._calls = call
        self._moment = moment
        part, _, self._method = point.partition(".")
        if part != name:
            self._method = ""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)
        return method if name != self._method else lambda *arguments: self._call(method, *arguments)

    def _call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        self._calls -= 1
        if self._calls == 0 and self._moment == BEFORE:
            die()
        if self._calls == 0 and self._moment == HALF:
            half(self._real, self._method, *arguments)
        answer = method(*arguments)
        if self._calls == 0:
            die()
        return answer


def die() -> None:
    """Ends this process as the power going out would: nothing is flushed, nothing is let go of."""
    os.kill(os.getpid(), signal.SIGKILL)


def half(part: Any, method: str, first: Sequence[Any], *rest: Any) -> None:
    """Dies after half of the rows: of a commit, within its transaction."""
    rows = first[: max(1, len(first) // 2)]
    if method == "write":
        documents, vectors = rest
        part.write(rows, documents, vectors[: len(rows)])
        die()
    with part._catalog.database.transaction() as db:
        for new in rows:
            part._put(db, new)
        die()


def run_sync(
    platform: Platform, folder: Path, rules: tuple[AccessRule, ...], point: str, moment: str, call: int
) -> None:
    """A sync that dies at the point; at none when the point is empty."""
    index = platform.index
    index.vectors = Dying(index.vectors, "vectors", point, moment, call)
    index.lexical = Dying(index.lexical, "lexical", point, moment, call)
    pool = (
        InlinePool(parse_lines, TOKENIZER)
        if point
        else ProcessPool(parse_lines, TOKENIZER, size=2, limits=ParseLimits(seconds=20))
    )
    sync = Synchronizer(platform.catalog, index, pool)
    recorder = Recorder(platform.catalog)
    sync._recorder = Dying(recorder, "recorder", point, moment, call)
    sync.sync("files", connect(folder, rules))
    pool.close()


def connect(folder: Path, rules: tuple[AccessRule, ...]) -> FilesConnector:
    return FilesConnector(FilesSettings(name="files", path=folder, access=EVERYONE, rules=rules))


def serve_one(told: str) -> None:
    """HOME FOLDER RULED POINT MOMENT CALL, as JSON: one sync, in few chunks at a time so that there are several."""
    home, folder, ruled, point, moment, call = json.loads(told)
    ingest.pipeline._WRITE_CHUNKS = ingest.pipeline._EMBED_CHUNKS = 6
    platform = make_platform(Path(home), FakeEmbedder())
    run_sync(platform, Path(folder), BOARD if ruled else (), point, moment, call)


def main() -> None:
    """Runs the sync that the argument tells of; without one, one for each line of input, in a process of its own.

    Those share what takes long to import. Each is answered with how it ended.
    """
    if len(sys.argv) > 1:
        serve_one(sys.argv[1])
        print("whole", flush=True)
        return
    importlib.import_module("chromadb")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            serve_one(line)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


# --- the tests -----------------------------------------------------------------------------------------------


class Scene:
    """A folder, a home that is killed, and one that is filled at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "files"
        self.home = root / "home"
        self.rules: tuple[AccessRule, ...] = ()
        self.tag = f"{os.getpid()}-{root.name}-{time.monotonic_ns()}"
        for number in range(8):
            self.put(
                f"notes/{number}.txt", [f"Note {number}, line {line}, on bolt {number * line}." for line in range(5)]
            )
        self.put("minutes/may.txt", ["The board met in May."])
        self.put("minutes/june.txt", ["The board met in June."])

    def put(self, name: str, lines: list[str]) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def edit(self) -> None:
        """Edits, a rename, a copy, a deletion, a new file, and other people who may read some."""
        self.put("notes/0.txt", ["Note 0 is another one now.", "It has two lines."])
        self.put("notes/1.txt", [f"Note 1, line {line}, on bolt {line}." for line in range(6)])
        (self.folder / "notes" / "2.txt").rename(self.folder / "notes" / "two.txt")
        shutil.copyfile(self.folder / "notes" / "3.txt", self.folder / "copy.txt")
        (self.folder / "notes" / "4.txt").unlink()
        (self.folder / "minutes" / "june.txt").unlink()
        self.put("new/first.txt", [f"A new file, line {line}." for line in range(9)])
        self.rules = BOARD

    def told(self, point: str = "", moment: str = "", call: int = 1) -> str:
        """What the process that dies must know."""
        return json.dumps([str(self.home), str(self.folder), bool(self.rules), point, moment, call])

    def sync(self, home: Path | None = None) -> SyncReport:
        """A sync in this process."""
        with opened(home or self.home) as platform, platform.writing():
            sync = Synchronizer(platform.catalog, platform.index, InlinePool(parse_lines, TOKENIZER))
            return sync.sync("files", connect(self.folder, self.rules))

    def assert_made_good(self) -> None:
        """One sync later, the home equals one that was filled at once, and a second one finds nothing to do."""
        self.sync()
        fresh = self.root / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        self.sync(fresh)
        with opened(self.home) as mine, opened(fresh) as other:
            assert differences(mine, other, self.folder) == []
        again = self.sync()
        assert (again.added, again.updated, again.removed, again.chunks) == (0, 0, 0, 0)

    def left_over(self) -> list[int]:
        """Processes that some sync of this scene has started and that run still."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if f"CRASH_TEST={self.tag}".encode() in environment.split(b"\0") and state != "Z":
                found.append(int(folder.name))
        return found


@contextmanager
def opened(home: Path) -> Iterator[Platform]:
    platform = make_platform(home, FakeEmbedder())
    try:
        yield platform
    finally:
        platform.close()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def start(*arguments: str, tag: str = "") -> subprocess.Popen[str]:
    """This file as a program."""
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "CRASH_TEST": tag,
            # It forks, and is to have one thread when it does.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
        },
    )


Die = Callable[..., int]


@pytest.fixture(scope="module")
def die_at() -> Iterator[Die]:
    """Runs a sync of a scene that dies at a point; returns how it ended."""
    with start() as program:

        def run(scene: Scene, point: str, moment: str, call: int = 1) -> int:
            assert program.stdin is not None
            assert program.stdout is not None
            program.stdin.write(scene.told(point, moment, call) + "\n")
            program.stdin.flush()
            ended = int(program.stdout.readline())
            assert ended in (0, -signal.SIGKILL)
            return ended

        yield run
        program.kill()


@pytest.mark.parametrize(("point", "moment"), WRITING)
def test_killed_while_a_new_home_is_filled(scene: Scene, die_at: Die, point: str, moment: str) -> None:
    assert die_at(scene, point, moment, 2) == -signal.SIGKILL
    scene.assert_made_good()


@pytest.mark.parametrize(("point", "moment"), WRITING + REMOVING)
def test_killed_while_changes_are_taken_over(scene: Scene, die_at: Die, point: str, moment: str) -> None:
    scene.sync()
    scene.edit()
    assert die_at(scene, point, moment) == -signal.SIGKILL
    scene.assert_made_good()


def test_killed_again_and_again_until_one_sync_comes_through(scene: Scene, die_at: Die) -> None:
    for point, moment in WRITING:
        die_at(scene, point, moment)
    scene.edit()
    for point, moment in WRITING + REMOVING:
        die_at(scene, point, moment)
    scene.assert_made_good()


@pytest.mark.parametrize("update", [False, True])
def test_killed_at_random_moments_leaves_no_process_behind(scene: Scene, update: bool) -> None:
    if update:
        scene.sync()
        scene.edit()
    chance = random.Random(update)
    for _ in range(2):
        with start(scene.told(), tag=scene.tag) as process:
            time.sleep(chance.uniform(1.0, 4.0))
            process.kill()
        wait_until(lambda: not scene.left_over())
    scene.assert_made_good()


def wait_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


if __name__ == "__main__":
    main()
