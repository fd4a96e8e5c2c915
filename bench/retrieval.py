"""Holds Groundcrew's search against what a user would pick instead: same passages, same model, one run.

python -m bench.retrieval --set DIR [--systems NAME...] [--half 1|2] [--pieces passages|chunks]
                          [--with KEY=VALUE]... [--cache DIR] [--reranker PATH] [--json]

DIR holds passages.jsonl ({id, title, text}) and questions.jsonl ({question, gold_ids}). Every figure comes with its
bootstrap interval, Groundcrew is compared with each other system query by query, and a system whose libraries are
not installed is skipped and named. `make install` with the extra `bench` installs them all; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any, TypeVar

from api.settings import RetrievalSection
from retrieval.embedding import bundled_model
from retrieval.metrics import ranking_scores
from retrieval.model import Hit

from .baselines import Piece, Search
from .caching import remembered
from .passages import RERANKED, Order, Passage, PassageHome, Question, read_set, with_title
from .reporting import comparison, figures, only_result_on_stdout, say

T = TypeVar("T")

OURS = "groundcrew"
OURS_RERANKED = "groundcrew+reranker"
CUTS = (5, 10, 20)
_DEPTH = 20
_READY = "ready"
"""Asked before the clock runs: what loads at the first query is no part of one."""
_CHUNK_DEPTH = 60
"""How many chunks are asked for where several may belong to one passage."""
BASELINES = {
    "bm25": ("plain", "build_bm25", "bm25s PyStemmer"),
    "dense": ("plain", "build_dense", "sentence-transformers"),
    "rrf": ("plain", "build_rrf", "bm25s PyStemmer sentence-transformers"),
    "llamaindex": (
        "llamaindex",
        "build",
        "llama-index-retrievers-bm25 llama-index-vector-stores-chroma llama-index-embeddings-huggingface",
    ),
    "haystack": ("haystack", "build", "haystack-ai sentence-transformers-haystack"),
    "txtai": ("txtai", "build", "txtai"),
}
"""Module, function and the packages to install, by the system's name."""
_OFFLINE = {
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Skipped(Exception):
    """A system cannot be measured here; the text says why and what would mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one system did: each query's figures in the order of the questions, and milliseconds a query."""

    scores: tuple[dict[str, float], ...]
    milliseconds: tuple[float, ...]
    failures: int
    build_s: float

    def of(self, wanted: Sequence[bool]) -> Outcome:
        """What it did on some of the questions."""
        return replace(
            self,
            scores=tuple(compress(self.scores, wanted)),
            milliseconds=tuple(compress(self.milliseconds, wanted)),
        )

    def summary(self) -> dict[str, Any]:
        """Each figure with its interval, and the times."""
        return {
            **figures(self.scores),
            "query_ms_median": round(statistics.median(self.milliseconds), 2),
            "build_s": round(self.build_s, 1),
            "failed_queries": self.failures,
        }


def measure(search: Search, questions: Sequence[Question], build_s: float = 0.0) -> Outcome:
    """Asks every question. One that a system fails on counts as nothing found."""
    scores, milliseconds, failures = [], [], 0
    for question in questions:
        started = time.perf_counter()
        try:
            found = search(question.text, _DEPTH)
        except Exception as error:
            failures += 1
            found = []
            say(f"  a query failed: {type(error).__name__}: {error}")
        milliseconds.append((time.perf_counter() - started) * 1000)
        scores.append(ranking_scores(found, question.gold, CUTS))
    return Outcome(scores=tuple(scores), milliseconds=tuple(milliseconds), failures=failures, build_s=build_s)


def baseline(name: str, pieces: Sequence[tuple[str, str]], folder: Path) -> Search:
    """A system over (passage id, text) pieces, answering with the ids of passages.

    Raises:
        Skipped: its libraries are not installed.
    """
    module, function, packages = BASELINES[name]
    # Its own names for the pieces: ids may be anything, and twice there.
    numbered: list[Piece] = [(f"p{row}", text) for row, (_, text) in enumerate(pieces)]
    passage_of = {f"p{row}": passage_id for row, (passage_id, _) in enumerate(pieces)}
    depth = _DEPTH if len(set(passage_of.values())) == len(pieces) else _CHUNK_DEPTH
    try:
        build = getattr(importlib.import_module(f"{__package__}.baselines.{module}"), function)
        search = build(numbered, bundled_model(), folder)
    except ImportError as error:
        raise Skipped(f"{error.name or error} is not installed; pip install {packages}") from error
    return lambda query, k: list(dict.fromkeys(passage_of[one] for one in search(query, max(depth, k))))[:k]


def run(
    passages: Sequence[Passage],
    questions: Sequence[Question],
    names: Sequence[str],
    *,
    chunked: bool = False,
    half: int | None = None,
    retrieval: RetrievalSection | None = None,
    cache: Path | None = None,
    reranker: str | None = None,
) -> dict[str, Any]:
    """Figures of each system and how Groundcrew does against each other one."""
    everything = questions
    questions = [question for question in everything if half in (None, question.half)]
    if cache is None:
        everything = questions  # Nobody would come back for the other half.
    outcomes: dict[str, Outcome] = {}
    skipped: dict[str, str] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        ours = PassageHome(Path(folder) / "home", retrieval, cache)
        try:
            cut, build_s = _timed(lambda: ours.index(passages))
            say(f"{OURS}: {len(cut)} chunks in {build_s:.1f} s")
            if OURS in names:
                ours.search(_READY, _DEPTH)
                outcomes[OURS] = measure(ours.search, questions, build_s)
            if reranker is not None:
                order = _reranking(reranker)
                ours.search(_READY, _DEPTH, order)
                outcomes[OURS_RERANKED] = measure(lambda q, k: ours.search(q, k, order), questions, build_s)
        finally:
            ours.close()
        pieces = [(i, chunk.indexed_text) for i, chunk in cut] if chunked else [(p.id, with_title(p)) for p in passages]
        for name in names:
            if name == OURS:
                continue
            place = Path(folder) / name
            place.mkdir()
            try:
                kept = remembered(
                    cache,
                    (name, pieces, [(question.text, sorted(question.gold)) for question in everything]),
                    lambda n=name, at=place: asdict(_measured(n, pieces, everything, at)),
                )
                outcomes[name] = Outcome(**kept).of([half in (None, question.half) for question in everything])
                say(f"{name}: measured")
            except Skipped as reason:
                skipped[name] = str(reason)
            except Exception as error:  # What another system makes of a set must not end the run.
                skipped[name] = f"it failed: {type(error).__name__}: {error}"
            if name in skipped:
                say(f"{name}: skipped, {skipped[name]}")
    return {
        "systems": {name: outcome.summary() for name, outcome in outcomes.items()},
        "comparisons": _comparisons(outcomes),
        "skipped": skipped,
    }


def _measured(name: str, pieces: Sequence[Piece], questions: Sequence[Question], folder: Path) -> Outcome:
    search, build_s = _timed(lambda: baseline(name, pieces, folder))
    search(_READY, _DEPTH)
    return measure(search, questions, build_s)


def _comparisons(outcomes: dict[str, Outcome]) -> dict[str, Any]:
    if OURS not in outcomes:
        return {}
    mine = outcomes[OURS].scores
    return {name: comparison(mine, other.scores) for name, other in outcomes.items() if name != OURS}


def _reranking(name: str) -> Order:
    """Orders hits by a cross-encoder, without a limit of time: what it could do at best."""
    from retrieval.reranking import CrossEncoderReranker, rerank

    model = CrossEncoderReranker(name)

    def order(question: str, hits: list[Hit]) -> list[Hit]:
        found, _ = rerank(model, question, hits, top=RERANKED, budget_s=float("inf"), clock=time.perf_counter)
        return found

    return order


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def evaluate(folder: Path, names: Sequence[str], half: int | None, **how: Any) -> dict[str, Any]:
    """The whole report on a set.

    Raises:
        SystemExit: the set cannot be read, or no question of it has an answer.
    """
    passages, asked = read_set(folder)
    answered = [q for q in asked if q.gold]
    questions = [q for q in answered if half in (None, q.half)]
    if not questions:
        raise SystemExit(f"{folder}: no question names a passage that answers it")
    known = {passage.id for passage in passages}
    return {
        "set": str(folder),
        "half": half,
        "passages": len(passages),
        "questions": len(questions),
        "questions_without_gold": sum(not q.gold for q in asked),
        "gold_ids_not_in_passages": len({one for q in questions for one in q.gold} - known),
        **run(passages, answered, names, half=half, **how),
    }


def show(report: dict[str, Any]) -> None:
    """The report for people."""
    print(f"{report['set']}: {report['passages']} passages, {report['questions']} questions")
    names = [f"{kind}@{k}" for kind in ("recall", "pass") for k in CUTS] + ["mrr", "ndcg@10"]
    print(f"{'':<20}" + "".join(f"{name:>20}" for name in names) + f"{'ms':>8}")
    for name, system in report["systems"].items():
        cells = [f"{system[f]['value']:.3f} [{system[f]['low']:.3f} {system[f]['high']:.3f}]" for f in names]
        print(f"{name:<20}" + "".join(f"{cell:>20}" for cell in cells) + f"{system['query_ms_median']:>8.1f}")
    for name, reason in report["skipped"].items():
        print(f"{name:<20}skipped: {reason}")
    for name, compared in report["comparisons"].items():
        for figure in ("recall@10", "mrr"):
            c = compared[figure]
            print(
                f"{OURS} against {name}, {figure}: {c['wins']} won, {c['losses']} lost, {c['ties']} alike, "
                f"{c['difference']:+.3f}, p = {c['p']:.4f}"
            )


def retrieval_settings(entries: Sequence[str]) -> RetrievalSection | None:
    """["dense_weight=0.5"] to the section of the configuration; None without entries."""
    values = {}
    for entry in entries:
        key, sign, value = entry.partition("=")
        if not sign:
            raise SystemExit(f"--with {entry!r} is not KEY=VALUE")
        try:
            values[key.removeprefix("retrieval.")] = json.loads(value)
        except ValueError:
            values[key.removeprefix("retrieval.")] = value
    return RetrievalSection.model_validate(values) if values else None


def main() -> None:
    """Prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True, dest="folder", metavar="DIR")
    names = (OURS, *BASELINES)
    parser.add_argument(
        "--systems", nargs="+", choices=names, default=list(names), metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--half", type=int, choices=(1, 2), help="Ask only one half of the questions.")
    parser.add_argument("--pieces", choices=("passages", "chunks"), default="passages", help="What the others index.")
    parser.add_argument("--with", action="append", default=[], dest="settings", metavar="KEY=VALUE")
    parser.add_argument(
        "--cache",
        type=Path,
        help="Keep vectors and the other systems' outcomes, their times included, here for a next run.",
    )
    parser.add_argument("--reranker", metavar="PATH", help="Measure Groundcrew with this cross-encoder as well.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ.update(_OFFLINE)
    with only_result_on_stdout():
        report = evaluate(
            arguments.folder,
            arguments.systems,
            arguments.half,
            chunked=arguments.pieces == "chunks",
            retrieval=retrieval_settings(arguments.settings),
            cache=arguments.cache,
            reranker=arguments.reranker,
        )
    if arguments.json:
        print(json.dumps(report))
    else:
        show(report)


if __name__ == "__main__":
    main()
