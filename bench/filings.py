"""Whether the search chooses the right document: questions that name a company and a period, over filings as PDF.

python -m bench.filings --set DIR [--home DIR] [--json]

DIR holds docs/ and questions.jsonl ({question, source_glob, type, chunk_type}). The files go through the whole
pipeline; that takes minutes, so `--home` keeps the result for the next run, which then reads only what has changed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from api.commands import ingest_paths
from api.settings import Settings
from api.wiring import Platform
from ingest.model import Document
from retrieval.access import Principal
from retrieval.metrics import pass_at, reciprocal_rank
from retrieval.model import Hit, Query

from .passages import read_rows
from .reporting import Row, figures, only_result_on_stdout, say, show_figures

_CUTS = (1, 3, 5)
_HITS = 20
_MOST_HITS = 1280


@contextmanager
def ingested(folder: Path, home: Path | None) -> Iterator[Platform]:
    """A platform whose home holds exactly the folder's files: a kept home, or one for this run alone."""
    with tempfile.TemporaryDirectory() as temporary:
        platform = Platform(Settings(home=(home or Path(temporary) / "home").absolute()))
        with closing(platform):
            report = ingest_paths(platform, [folder], None, ())
            say(f"{report.added} files added, {report.unchanged} unchanged, {report.chunks} chunks written")
            yield platform


def name_of(document: Document) -> str:
    """A document's file name."""
    return unquote(document.uri).rsplit("/", 1)[-1]


def right_documents(glob: str, documents: Sequence[Document]) -> frozenset[str]:
    """The ids of documents whose file name, with or without its suffix, the glob matches."""
    return frozenset(
        d.id for d in documents if fnmatchcase(name_of(d), glob) or fnmatchcase(name_of(d).rsplit(".", 1)[0], glob)
    )


def ranked_documents(platform: Platform, question: str, k: int) -> tuple[list[str], float]:
    """The first k distinct documents of the search, and the milliseconds of its first call."""
    wanted, first_ms = _HITS, None
    while True:
        started = time.perf_counter()
        hits: list[Hit] = platform.searcher.search(Query(text=question, principal=Principal(admin=True), k=wanted))
        first_ms = first_ms or (time.perf_counter() - started) * 1000
        found = list(dict.fromkeys(hit.document.id for hit in hits))
        if len(found) >= k or len(hits) < wanted or wanted >= _MOST_HITS:
            return found[:k], first_ms
        wanted *= 4


def measure(folder: Path, home: Path | None) -> dict[str, Any]:
    """Figures for questions that one document answers, for each type, and for all.

    Raises:
        SystemExit: the set cannot be read, or no question of it fits a file.
    """
    rows = read_rows(folder / "questions.jsonl", ("question", "source_glob"))
    groups: dict[str, list[Row]] = {}
    times, unmatched = [], 0
    with ingested(folder / "docs", home) as platform:
        documents = list(platform.catalog.documents())
        for row in rows:
            gold = right_documents(str(row["source_glob"]), documents)
            if not gold:
                unmatched += 1
                say(f"no file fits {row['source_glob']!r}: {row['question']}")
                continue
            ranked, milliseconds = ranked_documents(platform, str(row["question"]), max(_CUTS))
            times.append(milliseconds)
            scores = {f"document@{k}": pass_at(ranked, gold, k) for k in _CUTS}
            scores["mrr"] = reciprocal_rank(ranked, gold)
            for name in _groups_of(row, len(gold)):
                groups.setdefault(name, []).append(scores)
    if not times:
        raise SystemExit(f"{folder}: no question names a file that is there")
    return {
        "set": str(folder),
        "documents": len(documents),
        "questions": len(times),
        "questions_without_file": unmatched,
        "query_ms_median": round(statistics.median(times), 1),
        "groups": {name: {"questions": len(scores), **figures(scores)} for name, scores in groups.items()},
    }


def _groups_of(row: dict[str, Any], right: int) -> Iterator[str]:
    yield "all"
    kind = str(row.get("type") or "")
    if kind.casefold().startswith("single") or (right == 1 and not kind.casefold().startswith("multi")):
        yield "single-document"
    if kind:
        yield kind
        if row.get("chunk_type"):
            yield f"{kind}, {row['chunk_type']}"


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True, dest="folder", metavar="DIR")
    parser.add_argument("--home", type=Path, help="Keep what is ingested here.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with only_result_on_stdout():
        report = measure(arguments.folder, arguments.home)
    if arguments.json:
        print(json.dumps(report))
        return
    for name, group in report["groups"].items():
        show_figures(f"{name} ({group.pop('questions')})", group)


if __name__ == "__main__":
    main()
