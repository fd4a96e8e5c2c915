"""A second sync with nothing changed, against the first one and against a bare walk that stats every file.

python -m bench.unchanged [--corpus DIR | --files N] [--repeat N] [--profile] [--json]

`--files` makes that many small Markdown files in a temporary folder. Up to 3,000 files the first sync embeds with the
real model; above that with a stand-in that gives a fixed vector for each text at next to no cost, so that the first
sync looks faster than it is and its ratio to the second one is a lower bound. Times are in seconds, within one
process that is warm; the second sync and the walk are medians. `--profile` shows where a second sync's time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import json
import os
import pstats
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from api.settings import Settings
from api.wiring import Platform
from ingest.connectors.files import FilesConnector
from ingest.model import Access, SyncReport
from ingest.settings import FilesSettings
from retrieval.ports import Array

_REAL_UP_TO = 3000
_PER_FOLDER = 100
_GOALS = {"first_to_second": 100.0, "second_to_walk": 3.0}
_WORDS = """account agreement allowance approval audit budget claim contract customer deadline delivery department
    employee equipment expense factory forecast holiday insurance invoice leave manager meeting notice order overtime
    payment pension permit policy price project quality receipt report safety salary schedule shift site storage
    supplier tax team training transport travel visit warehouse week""".split()


class StandInEmbedder:
    """Unit vectors that follow from the text's hash."""

    dimensions = 384

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors, in order."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            vectors[row] = np.random.default_rng(seed).standard_normal(self.dimensions, dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[Any]:
        """Not asked for here."""
        raise NotImplementedError(f"{len(texts)} texts")


def make_files(root: Path, count: int) -> None:
    """`count` small Markdown files, a hundred to a folder, each with words of its own."""
    chance = random.Random(11)
    for number in range(count):
        folder = root / f"folder-{number // _PER_FOLDER:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        sentences = (" ".join(chance.choices(_WORDS, k=12)) for _ in range(4))
        text = f"# Note {number}\n\n" + ". ".join(sentences) + f". Reference {number}.\n"
        (folder / f"note-{number:06d}.md").write_text(text, encoding="utf-8")


def walk(root: Path) -> int:
    """Stats every file; how many there are."""
    count = 0
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(os.path.join(folder, name))
            count += 1
    return count


def measure(corpus: Path, repeat: int, *, real: bool, profile: bool = False) -> dict[str, Any]:
    """The figures for one folder. Raises `SystemExit` when a second sync finds something to do."""
    settings = FilesSettings(name="bench", path=corpus, access=Access(allow=("everyone",)))
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Settings(home=Path(folder) / "home"))
        if not real:
            platform.__dict__["embedder"] = StandInEmbedder()
        try:
            platform.check_ready()

            def sync() -> SyncReport:
                with platform.writing():
                    return platform.synchronizer.sync(settings.name, FilesConnector(settings))

            first, report = _timed(sync)
            # What was written in the very last moment is read a second time.
            settling, _ = _timed(sync)
            times, walks = [], []
            for _ in range(repeat):
                second, again = _timed(sync)
                if again.added or again.updated or again.removed:
                    raise SystemExit(f"the second sync found something to do: {again}")
                times.append(second)
                walks.append(_timed(lambda: walk(corpus))[0])
            if profile:
                _profile(sync)
            files = walk(corpus)
        finally:
            platform.close()
    second, bare = statistics.median(times), statistics.median(walks)
    return {
        "files": files,
        "chunks": report.chunks,
        "embedder": "real" if real else "stand-in",
        "first_s": round(first, 3),
        "settling_s": round(settling, 4),
        "second_s": round(second, 4),
        "walk_s": round(bare, 4),
        "first_to_second": round(first / second, 1),
        "second_to_walk": round(second / bare, 2),
        "goals": _GOALS,
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _profile(work: Callable[[], Any]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(work)
    pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--corpus", type=Path, default=Path(__file__).resolve().parent.parent / "data" / "company")
    what.add_argument("--files", type=int)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="On standard error.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = arguments.corpus.resolve()
        if arguments.files is not None:
            corpus = Path(folder) / "corpus"
            make_files(corpus, arguments.files)
        real = arguments.files is None or arguments.files <= _REAL_UP_TO
        figures = measure(corpus, arguments.repeat, real=real, profile=arguments.profile)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name in ("files", "chunks", "embedder", "first_s", "settling_s", "second_s", "walk_s"):
        print(f"{name:<16} {figures[name]}")
    over, under = figures["first_to_second"], figures["second_to_walk"]
    print(f"first to second  {over}; goal over 100 {'met' if over > _GOALS['first_to_second'] else 'missed'}")
    print(f"second to walk   {under}; goal under 3 {'met' if under < _GOALS['second_to_walk'] else 'missed'}")


if __name__ == "__main__":
    main()
