"""How much of the text that answers a question comes back within a budget of tokens, and how much else, in characters.

python -m bench.chunking --set DIR [--home DIR] [--budget 1000] [--per-corpus] [--json]

DIR holds corpora/*.txt|md and questions.jsonl ({question, corpus, references: [{content, start_index, end_index}]}).
Questions are asked over all corpora at once, with `--per-corpus` within the one that answers. `--home` keeps what is
ingested for the next run.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrieval.access import Principal
from retrieval.embedding import ModelTokenizer, bundled_model
from retrieval.metrics import Span, span_scores
from retrieval.model import Hit, Query
from retrieval.packing import Packer

from .filings import ingested, name_of
from .passages import read_rows
from .reporting import Row, figures, only_result_on_stdout, show_figures

_HITS = 30
Pack = Callable[[str, Sequence[Hit], int], dict[str, list[Span]]]
"""(question, hits, budget in tokens) to the spans that are returned, by document."""


def place_of(content: str, start: int, text: str) -> Span | None:
    """Where a reference stands in the canonical text: there, or at the nearest place with the same words.

    `start` is where it stood in the file. White space may differ, words may not; None when it stands nowhere.
    """
    if text[start : start + len(content)] == content:
        return start, start + len(content)
    places = [match.span() for match in re.finditer(re.escape(content), text)]
    if not places and content.split():
        places = [m.span() for m in re.finditer(r"\s+".join(map(re.escape, content.split())), text)]
    return min(places, key=lambda place: abs(place[0] - start), default=None)


def hits_in_order(tokenizer: ModelTokenizer) -> Pack:
    """Takes hits as they come until the budget is spent, the last one cut: what there is without packing."""

    def pack(_question: str, hits: Sequence[Hit], budget: int) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for hit in hits:
            [offsets] = tokenizer([hit.chunk.text])
            length = len(hit.chunk.text) if len(offsets) <= budget else offsets[budget - 1][1]
            found.setdefault(hit.document.id, []).append((hit.chunk.start, hit.chunk.start + length))
            budget -= len(offsets)
            if budget <= 0:
                break
        return found

    return pack


def packer(own: Packer) -> Pack:
    """The product's own packing of evidence."""

    def pack(question: str, hits: Sequence[Hit], budget: int) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for passage in own.pack(question, hits, budget):
            found.setdefault(passage.document.id, []).append((passage.start, passage.end))
        return found

    return pack


def measure(folder: Path, home: Path | None, budget: int, *, per_corpus: bool, packed: bool = True) -> dict[str, Any]:
    """Figures over all questions and for each corpus.

    Raises:
        SystemExit: the set cannot be read, or names a corpus that is not there.
    """
    rows = read_rows(folder / "questions.jsonl", ("question", "corpus", "references"))
    groups: dict[str, list[Row]] = {}
    unmapped = left_out = 0
    with ingested(folder / "corpora", home) as platform:
        ids = {name_of(document).rsplit(".", 1)[0]: document.id for document in platform.catalog.documents()}
        texts = {name: platform.catalog.text(document_id) or "" for name, document_id in ids.items()}
        pack = packer(platform.packer) if packed else hits_in_order(ModelTokenizer(bundled_model()))
        for row in rows:
            name, question = str(row["corpus"]), str(row["question"])
            if name not in ids:
                raise SystemExit(f"{folder}: no file of corpus {name!r}")
            wanted = [place_of(one["content"], int(one["start_index"]), texts[name]) for one in row["references"]]
            unmapped += wanted.count(None)
            spans = [span for span in wanted if span is not None and span[0] < span[1]]
            if not spans:
                left_out += 1
                continue
            where: Mapping[str, str] = {"document": ids[name]} if per_corpus else {}
            query = Query(text=question, principal=Principal(admin=True), k=_HITS, where=where)
            found = pack(question, platform.searcher.search(query), budget)
            scores = span_scores(found, {ids[name]: spans})
            for title in ("all", name):
                groups.setdefault(title, []).append(
                    {"recall": scores.recall, "precision": scores.precision, "iou": scores.iou}
                )
    return {
        "set": str(folder),
        "budget_tokens": budget,
        "per_corpus": per_corpus,
        "packed": packed,
        "questions": len(groups.get("all", ())),
        "references_not_mapped": unmapped,
        "questions_without_reference": left_out,
        "groups": {name: {"questions": len(scores), **figures(scores)} for name, scores in groups.items()},
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True, dest="folder", metavar="DIR")
    parser.add_argument("--home", type=Path, help="Keep what is ingested here.")
    parser.add_argument("--budget", type=int, default=1000, help="Tokens of the embedding model; default 1000.")
    parser.add_argument("--per-corpus", action="store_true")
    parser.add_argument("--unpacked", action="store_true", help="Take the hits as they come instead of packing them.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with only_result_on_stdout():
        report = measure(
            arguments.folder,
            arguments.home,
            arguments.budget,
            per_corpus=arguments.per_corpus,
            packed=not arguments.unpacked,
        )
    if arguments.json:
        print(json.dumps(report))
        return
    for name, group in report["groups"].items():
        show_figures(f"{name} ({group.pop('questions')})", group)
    print(f"{report['references_not_mapped']} references could not be mapped")


if __name__ == "__main__":
    main()
