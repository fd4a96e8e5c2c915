"""What the crew costs over retrieval when no language model is configured, by stage.

python -m bench.overhead [--corpus DIR] [--set FILE.jsonl] [--questions N] [--json]

Ingests the corpus into a fresh home, then asks each lookup question of the set three ways, side by side: `search` is
retrieval alone; `cold` is an answer with nothing embedded before; `warm` is an answer as a served home gives it once
its idle thread has embedded the sentences of all chunks, to a question never asked before. The crew's own part is
the answer's time less that of its searches. The machine's load is reported: under load only ratios mean much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from agents.evaluating import read_questions
from agents.model import Request
from agents.remembering import RememberedEmbeddings
from agents.researcher import PASSAGES
from agents.units import embedded_texts
from api.commands import ingest_paths
from api.settings import Settings
from api.wiring import Platform
from bench.reporting import only_result_on_stdout, say
from retrieval.access import Principal
from retrieval.model import Query

_DATA = Path(__file__).resolve().parent.parent / "data"
_LOOKUPS = ("fact", "lookup")
_ADMIN = Principal(admin=True)


class Stopwatch:
    """Milliseconds by stage of what is asked at the moment; wraps the methods of the crew's parts."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    def wrap(self, owner: object, method: str, stage: str) -> None:
        """From now on the method's time counts as the stage's."""
        inner = getattr(owner, method)

        def timed(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return inner(*given, **named)
            finally:
                self.spent[stage] += (time.perf_counter() - started) * 1000

        setattr(owner, method, timed)

    def lap(self, work: Callable[[], object]) -> dict[str, float]:
        """The stages of one piece of work, with `total`."""
        self.spent.clear()
        started = time.perf_counter()
        work()
        return {**self.spent, "total": (time.perf_counter() - started) * 1000}


def measure(corpus: Path, question_set: Path, most: int) -> dict[str, Any]:
    """Figures of one run, in milliseconds."""
    questions = [one.question for one in read_questions(question_set) if one.answerable and one.type in _LOOKUPS][:most]
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(Settings(home=Path(folder) / "home"))
        try:
            ingest_paths(platform, [corpus], None, ())
            platform.check_ready()
            return _measure(platform, questions)
        finally:
            platform.close()


def _measure(platform: Platform, questions: Sequence[str]) -> dict[str, Any]:
    parts, watch = platform.crew_parts, Stopwatch()
    for owner, method, stage in (
        (parts.researcher, "_search", "retrieve"),
        (parts.researcher, "research", "research"),
        (parts.analyst, "_extracted", "draft"),
        (parts.analyst, "_judged", "draft: judge"),
        (parts.compliance, "verify", "verify"),
        (parts.store, "begin", "record: begin"),
        (parts.store, "finish", "record: finish"),
    ):
        watch.wrap(owner, method, stage)

    def ask(question: str) -> dict[str, float]:
        lap = watch.lap(lambda: platform.crew.ask(Request(question=question, principal=_ADMIN)))
        return {**lap, "own": lap["total"] - lap.get("retrieve", 0.0)}

    ask(questions[0])
    say("an answer with nothing embedded before, for each question")
    cold = []
    for question in questions:
        parts.analyst.embeddings = RememberedEmbeddings(platform.embedder)
        cold.append(ask(question))
    say("the texts of all chunks are embedded")
    filled = RememberedEmbeddings(platform.embedder, most_bytes=1 << 30)
    started = time.perf_counter()
    _fill(platform, filled)
    seconds = time.perf_counter() - started
    # Its memory of questions is empty; only documents' texts are known.
    parts.analyst.embeddings = filled
    search, warm = [], []
    for question in questions:
        query = Query(text=question, principal=_ADMIN, k=PASSAGES)
        search.append(watch.lap(lambda query=query: platform.searcher.search(query)))  # type: ignore[misc]
        warm.append(ask(question))
    figures = {"search": _stages(search), "cold": _stages(cold), "warm": _stages(warm)}
    return {
        "questions": len(questions),
        "load": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
        "filling_s": round(seconds, 1),
        "held_mb": round(filled.held_bytes / 1e6, 1),
        "own_over_search": round(figures["warm"]["own"]["median"] / figures["search"]["total"]["median"], 2),
        "ms": figures,
    }


def _fill(platform: Platform, memory: RememberedEmbeddings) -> None:
    documents = {document.id: document for document in platform.catalog.documents()}
    for chunk in platform.catalog.chunks(platform.catalog.chunk_ids()).values():
        memory.token_matrix(embedded_texts(chunk, documents[chunk.document_id].title), platform.embedder.dimensions)


def _stages(laps: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    found = {}
    for name in dict.fromkeys(name for lap in laps for name in lap):
        values = [lap.get(name, 0.0) for lap in laps]
        p95 = statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
        found[name] = {"median": round(statistics.median(values), 2), "p95": round(p95, 2)}
    return found


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=_DATA / "company")
    parser.add_argument("--set", type=Path, default=_DATA / "golden.jsonl", dest="question_set")
    parser.add_argument("--questions", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with only_result_on_stdout():
        figures = measure(arguments.corpus, arguments.question_set, arguments.questions)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        if name != "ms":
            print(f"{name:<20} {value}")
    for way, stages in figures["ms"].items():
        for stage, value in stages.items():
            print(f"{way:<7} {stage:<16} median {value['median']:>8.2f} ms   p95 {value['p95']:>8.2f} ms")


if __name__ == "__main__":
    main()
