"""Ingesting from nothing: Groundcrew beside a plain LlamaIndex pipeline, in one run on the same files and weights.

python -m bench.ingest [--corpus DIR] [--repeat N] [--plain-python FILE] [--sides NAME...] [--json]

Each side runs in a process of its own with the same environment, in alternating order. The plain side is
`bench.plain_llamaindex`, once with the splitter's own overlap of 200 tokens and once with 20; `--plain-python` is an
interpreter whose environment has its libraries, the running one by default. "whole" is the time from the start of the
process to its end; "work" leaves out imports and the loading of the model. Memory is the greatest sum of the
proportional set sizes (PSS: shared pages count once) over the side's process tree, parser processes included, looked
at twice a second. "CPU s" is the processor time of that tree, which other work on the machine changes less than
the clock. The model is the same for all: the all-MiniLM-L6-v2 that is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from api.commands import plan_ingest, run_syncs
from api.settings import Settings
from api.wiring import Platform
from ingest.progress import Progress
from retrieval.embedding import SentenceTransformerEmbedder, bundled_model
from retrieval.ports import Array, Embedder

_ROOT = Path(__file__).resolve().parent.parent
SIDES = {"groundcrew": None, "plain": None, "plain-20": 20}
"""Name to overlap in tokens; None is the library's own."""
_SAMPLE_S = 0.5
_COMPARED = 200
_GOALS = {"ratio": 5.0, "cosine": 0.999, "busy": 0.85}


class TimedEmbedder:
    """An embedder that adds up how long at least one call was under way."""

    def __init__(self, inner: Embedder) -> None:
        self.busy_s = 0.0
        self._inner = inner
        self._lock = threading.Lock()
        self._calls = 0
        self._since = 0.0

    @property
    def dimensions(self) -> int:
        return self._inner.dimensions

    def embed(self, texts: Sequence[str]) -> Array:
        """As the embedder within."""
        with self._lock:
            if self._calls == 0:
                self._since = time.perf_counter()
            self._calls += 1
        try:
            return self._inner.embed(texts)
        finally:
            with self._lock:
                self._calls -= 1
                if self._calls == 0:
                    self.busy_s += time.perf_counter() - self._since

    def embed_tokens(self, texts: Sequence[str]) -> Any:
        """As the embedder within."""
        return self._inner.embed_tokens(texts)


class _Quiet:
    """Stands in for a progress bar."""

    def __enter__(self) -> Any:
        def ignore(_: Progress) -> None: ...

        return ignore

    def __exit__(self, *_: object) -> None:
        return None


def groundcrew_side(corpus: Path, home: Path) -> dict[str, Any]:
    """Ingests into a fresh home; the figures of it. Moments are seconds of the machine's monotonic clock."""
    platform = Platform(Settings(home=home))
    try:
        embedder = platform.__dict__["embedder"] = TimedEmbedder(platform.embedder)
        platform.check_ready()
        embedder.busy_s = 0.0
        ready = time.monotonic()
        report = run_syncs(platform, plan_ingest(platform, [corpus], None, ("everyone",)), lambda _: _Quiet())
        done = time.monotonic()
        chunks = platform.catalog.chunks(platform.catalog.chunk_ids())
        return {
            "ready": ready,
            "done": done,
            "listed": report.added + report.quarantined,
            "files": report.added,
            "chunks": len(chunks),
            "characters": sum(len(chunk.indexed_text) for chunk in chunks.values()),
            "busy": round(embedder.busy_s / report.seconds, 3),
        }
    finally:
        platform.close()


def compare_vectors(home: Path) -> dict[str, Any]:
    """The least cosine between vectors as they are stored and torch's of the same texts."""
    platform = Platform(Settings(home=home))
    try:
        ids = sorted(platform.catalog.chunk_ids())
        chosen = random.Random(7).sample(ids, min(_COMPARED, len(ids)))
        stored = platform.index.vectors_of(chosen)
        chunks = platform.catalog.chunks(chosen)
        expected = SentenceTransformerEmbedder(bundled_model()).embed([chunks[i].indexed_text for i in chosen])
        found = np.stack([stored[i] for i in chosen])
        cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)
        return {"compared": len(chosen), "cosine": round(float(cosines.min()), 6)}
    finally:
        platform.close()


def measure(corpus: Path, sides: Sequence[str], plain_python: str, repeat: int) -> dict[str, Any]:
    """All figures: for each side the median of its runs, and how they compare."""
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in sides}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "groundcrew-0"
        for number in range(repeat):
            for side in sides if number % 2 == 0 else reversed(sides):
                runs[side].append(_run(side, corpus, Path(folder) / f"{side}-{number}", plain_python))
        equality = _call([sys.executable, "-m", "bench.ingest", "--as", "vectors", "--store", str(home)])[0]
    figures: dict[str, Any] = {"corpus": str(corpus), "cores": os.cpu_count(), "load_at_end": os.getloadavg()[0]}
    figures["sides"] = {side: _median(found) for side, found in runs.items()}
    ours = figures["sides"]["groundcrew"]
    for side in sides:
        if side != "groundcrew":
            theirs = figures["sides"][side]
            theirs["ratio_work"] = round(ours["files_per_s_work"] / theirs["files_per_s_work"], 2)
            theirs["ratio_whole"] = round(ours["files_per_s_whole"] / theirs["files_per_s_whole"], 2)
            theirs["ratio_cpu"] = round(theirs["cpu_s"] / theirs["files"] / ours["cpu_s"] * ours["files"], 2)
    return {**figures, **equality, "busy": ours["busy"], "goals": _GOALS}


def _run(side: str, corpus: Path, store: Path, plain_python: str) -> dict[str, Any]:
    if side == "groundcrew":
        own = ["-m", "bench.ingest", "--as", "groundcrew", "--corpus", str(corpus), "--store", str(store)]
        command = [sys.executable, *own]
    else:
        command = [plain_python, "-m", "bench.plain_llamaindex", str(corpus), str(store)]
        command += ["--model", str(bundled_model())]
        command += [] if SIDES[side] is None else ["--overlap", str(SIDES[side])]
    before = _cpu_of_children()
    figures, whole, peak = _call(command)
    cpu = _cpu_of_children() - before
    work = figures.pop("done") - figures.pop("ready")
    return {
        **figures,
        "work_s": round(work, 2),
        "whole_s": round(whole, 2),
        "files_per_s_work": round(figures["files"] / work, 3),
        "files_per_s_whole": round(figures["files"] / whole, 3),
        "chunks_per_s_work": round(figures["chunks"] / work, 1),
        "cpu_s": round(cpu, 1),
        "peak_mib": peak,
    }


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _call(command: list[str]) -> tuple[dict[str, Any], float, int]:
    """The JSON value in a command's last line, its seconds, and the peak memory of its process tree in MiB."""
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False"}
    started = time.monotonic()
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command, cwd=_ROOT, env={**os.environ, **offline}, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        peak = _Peak(process.pid)
        output = process.communicate()[0]
        whole = time.monotonic() - started
        peak.stop()
        if process.returncode:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
            raise SystemExit(f"{' '.join(command[:4])} failed with status {process.returncode}: {' '.join(last)}")
    return json.loads(output.decode().strip().splitlines()[-1]), whole, peak.mib


class _Peak:
    """Looks at the memory of a process and all below it until stopped."""

    def __init__(self, root: int) -> None:
        self.mib = 0
        self._root = root
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stopped.wait(_SAMPLE_S):
            self.mib = max(self.mib, sum(_pss_kib(pid) for pid in _tree(self._root)) // 1024)


def _tree(root: int) -> list[int]:
    below: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name, in parentheses, may hold anything.
                parent = int(Path("/proc", entry, "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            below.setdefault(parent, []).append(int(entry))
    found = [root]
    for pid in found:
        found += below.get(pid, [])
    return found


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _median(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians of what was timed, the rest as in the first run."""
    timed = [key for key in runs[0] if key == "busy" or key.endswith(("_s", "_mib", "_work", "_whole"))]
    return {**runs[0], **{key: round(statistics.median(run[key] for run in runs), 3) for key in timed}}


def show(figures: dict[str, Any]) -> None:
    """The table for people."""
    columns = ("files", "chunks", "work_s", "whole_s", "files_per_s_work", "files_per_s_whole", "chunks_per_s_work")
    names = ("files", "chunks", "work s", "whole s", "files/s work", "files/s whole", "chunks/s", "CPU s", "peak MiB")
    print(f"{'':<14}" + "".join(f"{name:>14}" for name in names))
    for side, found in figures["sides"].items():
        print(f"{side:<14}" + "".join(f"{found[column]!s:>14}" for column in (*columns, "cpu_s", "peak_mib")))
    for side, found in figures["sides"].items():
        if side != "groundcrew":
            label = f"files/s against {side} (overlap {found['overlap']})"
            print(
                f"{label}: work {found['ratio_work']}, whole {found['ratio_whole']}, CPU {found['ratio_cpu']};", end=" "
            )
            print(f"goal 5 {_met(found, 'ratio')}")
            if found["files_of_raw_bytes"]:
                print(f"{side} took raw bytes for text in {len(found['files_of_raw_bytes'])} files")
    print(f"least cosine to torch over {figures['compared']} chunks: {figures['cosine']}; goal 0.999", end=" ")
    print("met" if figures["cosine"] >= _GOALS["cosine"] else "missed")
    print(f"share of time the embedder is busy: {figures['busy']}; goal 0.85", end=" ")
    print("met" if figures["busy"] >= _GOALS["busy"] else "missed")


def _met(found: dict[str, Any], goal: str) -> str:
    return "met" if found["ratio_work"] >= _GOALS[goal] else "missed"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=_ROOT / "data" / "company")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--plain-python", default=sys.executable)
    parser.add_argument("--sides", nargs="+", choices=list(SIDES), default=list(SIDES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--as", dest="role", choices=("groundcrew", "vectors"), help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role == "groundcrew":
        print(json.dumps(groundcrew_side(arguments.corpus, arguments.store)))
    elif arguments.role == "vectors":
        print(json.dumps(compare_vectors(arguments.store)))
    else:
        sides = list(dict.fromkeys(["groundcrew", *arguments.sides]))
        figures = measure(arguments.corpus.resolve(), sides, arguments.plain_python, arguments.repeat)
        print(json.dumps(figures)) if arguments.json else show(figures)


if __name__ == "__main__":
    main()
