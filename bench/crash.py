"""Kills syncs with SIGKILL at random moments, and proves that one more sync makes each of them good.

python -m bench.crash [--kills 50] [--corpus DIR] [--files N] [--seed N] [--json]

Half of the kills hit a home that is being filled for the first time, half one that takes over changes: edits,
renames, deletions, copies and other access. After each, one sync by a new process must leave a home that equals one
filled at once from the same files, and no process of the killed sync may be left. Exit 1 when any of that fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from api.commands import plan_sync, run_syncs
from api.wiring import Platform
from ingest.progress import Progress
from retrieval.embedding import OpenVinoEmbedder, bundled_model
from retrieval.ports import Array
from tests.ingest.equality import differences, make_platform

_ROOT = Path(__file__).resolve().parent.parent
_WORDS = (
    "hydraulic",
    "invoice",
    "pension",
    "calibration",
    "holiday",
    "supplier",
    "torque",
    "audit",
    "visitor",
    "spare",
)
_STARTED_S = 0.3
"""Before that the interpreter has not begun on the program."""
_GONE_WITHIN_S = 150.0
"""A parser that is busy when its parent dies ends at the latest with its alarm."""


class RememberingEmbedder(OpenVinoEmbedder):
    """The real model, asked once a text: what the killed home is held against is filled many times over."""

    def __init__(self) -> None:
        super().__init__(bundled_model())
        self._known: dict[str, Array] = {}

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors, in order."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if new:
            self._known.update(zip(new, super().embed(new), strict=True))
        return super().embed([]) if not texts else self._stacked(texts)

    def _stacked(self, texts: Sequence[str]) -> Array:
        return np.stack([self._known[text] for text in texts])


@dataclass(slots=True, kw_only=True)
class Trial:
    """One kill and what came of it. `at_s` counts from the start of the process."""

    kind: str
    scope: str
    at_s: float
    hit: bool = False
    documents: int = 0
    gone_after_s: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Laboratory:
    """A folder, its configuration, and homes that are filled from it by the command line itself."""

    def __init__(self, root: Path, corpus: Path, files: int, chance: random.Random) -> None:
        self.root = root
        self.folder = root / "files"
        self.home = root / "home"
        self.config = root / "groundcrew.toml"
        self._chance = chance
        self._embedder = RememberingEmbedder()
        self._edits = 0
        found = sorted(path for path in corpus.rglob("*") if path.is_file() and not path.name.startswith("."))
        for path in found if files >= len(found) else sorted(chance.sample(found, files)):
            target = self.folder / path.relative_to(corpus)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        self._configure()

    def _configure(self) -> None:
        group = f"group{self._edits % 2}"
        self.config.write_text(
            f'[sources.files]\nkind = "files"\npath = "{self.folder}"\nallow = ["everyone"]\n'
            f'rules = [{{ glob = "**/*{self._edits % 5}*", allow = ["group:{group}"] }}]\n',
            encoding="utf-8",
        )

    def edit(self) -> None:
        """Some files change, move, go, come or are copied, and other people may read some."""
        self._edits += 1
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        chosen = self._chance.sample(files, min(len(files), 9))
        for path in chosen[:3]:
            self._append(path)
        for path in chosen[3:5]:
            path.rename(path.with_name(f"moved{self._edits}-{path.name[-60:]}"))
        for path in chosen[5:7]:
            shutil.copyfile(path, path.with_name(f"copy{self._edits}-{path.name[-60:]}"))
        for path in chosen[7:]:
            path.unlink()
        for number in range(2):
            self._append(self.folder / f"new{self._edits}-{number}.md")
        self._configure()

    def _append(self, path: Path) -> None:
        """Adds a paragraph to a text; replaces another kind of file by one."""
        if path.suffix not in (".md", ".txt", ".rst"):
            path.unlink(missing_ok=True)
            path = path.with_suffix(".md")
        words = " ".join(self._chance.choices(_WORDS, k=40))
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n\nRevision {self._edits} of {self._chance.random()}: {words}.\n")

    def start(self, tag: str) -> subprocess.Popen[bytes]:
        """`groundcrew sources sync` in a process of its own. The tag is found again in all that it starts."""
        return subprocess.Popen(
            [sys.executable, "-m", "api", "sources", "sync", "--config", str(self.config), "--confirm-removals"],
            cwd=_ROOT,
            env={"PATH": os.environ["PATH"], "GROUNDCREW_HOME": str(self.home), "CRASH_TAG": tag},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def whole_sync(self) -> tuple[float, str]:
        """Seconds of an uninterrupted sync, and what it complains of."""
        started = time.monotonic()
        with self.start("whole") as process:
            said = process.communicate()[1].decode(errors="replace")
        return time.monotonic() - started, "" if process.returncode == 0 else said[-500:]

    def differences(self) -> tuple[int, list[str]]:
        """Documents held, and in what the home differs from one that is filled at once."""
        fresh_home = self.root / "fresh"
        shutil.rmtree(fresh_home, ignore_errors=True)
        mine = make_platform(self.home, self._embedder, self.config)
        fresh = make_platform(fresh_home, self._embedder, self.config)
        try:
            run_syncs(fresh, plan_sync(fresh, None), _silent)
            found = differences(mine, fresh, self.folder) + self._redone(mine)
            return mine.catalog.counts()[0], found
        finally:
            mine.close()
            fresh.close()

    @staticmethod
    def _redone(platform: Platform) -> list[str]:
        """What a further sync finds to do; it should be nothing."""
        report = run_syncs(platform, plan_sync(platform, None), _silent)
        done = report.added + report.updated + report.removed + report.chunks
        return [f"a further sync is not idle: {report}"] if done else []


def _silent(_: str) -> AbstractContextManager[Callable[[Progress], None]]:
    return nullcontext(lambda _: None)


def tagged(tag: str) -> list[int]:
    """Processes that run with this tag in their environment."""
    wanted = f"CRASH_TAG={tag}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if state != "Z" and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # It ended meanwhile, or is another user's.
            continue
    return found


def kill(laboratory: Laboratory, trial: Trial, tag: str) -> None:
    """Starts a sync and kills it: the process alone, or it and all that it has started, at the same moment."""
    with laboratory.start(tag) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(trial.at_s)
        if process.poll() is not None:
            process.communicate()
            return
        trial.hit = True
        victims = tagged(tag) if trial.scope == "all" else [process.pid]
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.communicate()
    killed = time.monotonic()
    while tagged(tag):
        if time.monotonic() - killed > _GONE_WITHIN_S:
            trial.wrong.append(f"processes are left after {_GONE_WITHIN_S:.0f} s: {tagged(tag)}")
            break
        time.sleep(0.05)
    trial.gone_after_s = round(time.monotonic() - killed, 2)


def run(corpus: Path, kills: int, files: int, seed: int) -> dict[str, Any]:
    """The figures of all trials. Times in seconds."""
    chance = random.Random(seed)
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as root:
        laboratory = Laboratory(Path(root), corpus, files, chance)
        usual = {"fresh": laboratory.whole_sync()[0]}
        laboratory.edit()
        usual["update"] = laboratory.whole_sync()[0]
        for number in range(2 * kills):
            # A sync may end before its moment comes; that is no kill.
            if sum(trial.hit for trial in trials) >= kills:
                break
            kind = "fresh" if number % 2 == 0 else "update"
            if kind == "fresh":
                shutil.rmtree(laboratory.home)
            else:
                laboratory.edit()
            scope = "all" if number % 4 < 2 else "parent"
            trial = Trial(kind=kind, scope=scope, at_s=round(chance.uniform(_STARTED_S, usual[kind]), 2))
            kill(laboratory, trial, f"{os.getpid()}-{number}")
            _, complaint = laboratory.whole_sync()
            trial.documents, wrong = laboratory.differences()
            trial.wrong += wrong + ([complaint] if complaint else [])
            trials.append(trial)
            left = f"gone after {trial.gone_after_s} s" if trial.hit else "it had ended by then"
            print(
                f"{number + 1:>3} {kind:<6} {scope:<6} killed at {trial.at_s:>6.2f} s, {left}; "
                f"{trial.documents} documents{'; ' + '; '.join(trial.wrong) if trial.wrong else ', equal'}",
                file=sys.stderr,
                flush=True,
            )
    return {
        "kills": sum(trial.hit for trial in trials),
        "trials": len(trials),
        "unequal": sum(bool(trial.wrong) for trial in trials),
        "fresh_s": round(usual["fresh"], 1),
        "update_s": round(usual["update"], 1),
        "gone_after_s_median": statistics.median(trial.gone_after_s for trial in trials),
        "gone_after_s_most": max(trial.gone_after_s for trial in trials),
        "wrong": [what for trial in trials for what in trial.wrong],
    }


def main() -> None:
    """Prints the figures; exit 1 when a home was not made good."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--corpus", type=Path, default=_ROOT / "data" / "company")
    parser.add_argument("--files", type=int, default=24, help="how many files of the corpus, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = run(arguments.corpus, arguments.kills, arguments.files, arguments.seed)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<20} {value}")
    sys.exit(1 if figures["unequal"] else 0)


if __name__ == "__main__":
    main()
