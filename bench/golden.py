"""Ingests a folder into a fresh home and measures answers on a question set: quality, time to answer, peak memory.

python -m bench.golden [--corpus DIR] [--set FILE.jsonl] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from agents.evaluating import count, evaluate, read_questions
from agents.model import Answer, Request
from api.commands import ingest_paths
from api.settings import Settings
from api.wiring import Platform
from retrieval.access import Principal

_DATA = Path(__file__).resolve().parent.parent / "data"


def measure(corpus: Path, question_set: Path) -> dict[str, Any]:
    """Figures of one run. Times in milliseconds, memory in MiB."""
    questions = read_questions(question_set)
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Settings(home=Path(folder) / "home"))
        try:
            report = ingest_paths(platform, [corpus], None, ())
            times: list[float] = []

            def ask(question: str) -> Answer:
                started = time.perf_counter()
                answer = platform.crew.ask(Request(question=question, principal=Principal(admin=True)))
                times.append((time.perf_counter() - started) * 1000)
                return answer

            figures = count(evaluate(questions, ask))
        finally:
            platform.close()
    return {
        "files": report.added,
        "quarantined": report.quarantined,
        "chunks": report.chunks,
        "ingest_s": report.seconds,
        "answerable": figures.answerable,
        "unanswerable": figures.unanswerable,
        **figures.shares(),
        "ask_ms_median": round(statistics.median(times)),
        "ask_ms_p95": round(statistics.quantiles(times, n=20)[-1]),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=_DATA / "company")
    parser.add_argument("--set", type=Path, default=_DATA / "golden.jsonl", dest="question_set")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.corpus, arguments.question_set)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<20} {value}")


if __name__ == "__main__":
    main()
