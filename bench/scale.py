"""Searching homes of growing size, with and without a filter by access, beside a LlamaIndex fusion retriever.

python -m bench.scale [--chunks N ...] [--queries N] [--plain-up-to N] [--chroma-up-to N] [--folder DIR] [--json]

The homes hold made-up text, ten chunks to a document. A few thousand sentences are embedded by the real model; a
chunk's vector is the mean of its sentences', since to embed a million chunks takes hours. A query is embedded by the
real model each time, within the time that is shown. The filtered queries are asked by someone who may read 5 % of the
documents. Each side runs in a process of its own, warm; times are milliseconds at one client, memory is what the
process holds after the queries. Above `--chroma-up-to` chunks the vectors go into the mapped file alone, from which
searches read, and not into Chroma, whose graph of a million rows takes hours to build, and the terms of the lexical
index are worked out once for each sentence. The other side, up to `--plain-up-to` chunks, is a QueryFusionRetriever
over LlamaIndex's BM25 retriever and a Chroma store with a metadata filter, its BM25 mask made beforehand; it needs the
packages of the extra "bench" and llama-index-retrievers-bm25.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from api.settings import Settings
from api.wiring import Platform
from bench.scale_plain import open_plain
from bench.scale_text import pieces, questions, sentences, title
from ingest.chunking import chunk_id
from ingest.model import Access, Chunk, Document, Element, ElementKind, NewDocument
from ingest.recording import Recorder, edition_of
from retrieval.access import Principal
from retrieval.analysis import index_terms
from retrieval.embedding import bundled_model
from retrieval.lexical_rows import Stemmer, row_with
from retrieval.model import Query
from retrieval.ports import Array
from retrieval.vector_file import VectorFile
from retrieval.vectors import VECTOR_FILE

PER_DOCUMENT = 10
_GROUPS = 20
_SENTENCES = 3000
_PER_CHUNK = 6
_NAMES = 20_000
_NAMES_PER_CHUNK = 8
_REPLACING = 100
"""Every so many documents one says that it takes another's place."""
_BATCH = 10_000
_K = 10
_STEM = Stemmer()
_GOALS = {"median": 20.0, "p95": 50.0}
_MADE_AT = "2026-01-01T00:00:00Z"


def build(folder: Path, count: int, with_chroma: bool) -> None:
    """Makes a home. Batches are large, since each is a commit of the lexical index."""
    platform = Platform(Settings(home=folder / "home"))
    recorder = Recorder(platform.catalog)
    numbers = [recorder.access_id(Access(allow=(f"group:g{n}",))) for n in range(_GROUPS)]
    file = VectorFile(folder / "home" / "vectors" / VECTOR_FILE, platform.embedder.dimensions)
    vectors = np.load(folder / "sentences.npy")
    batch: list[tuple[int, str, Array]] = []
    for piece in pieces(count, vectors):
        if len(batch) >= _BATCH and piece[0] != batch[-1][0]:
            _write(platform, recorder, file, numbers, batch, with_chroma)
            batch = []
        batch.append(piece)
    _write(platform, recorder, file, numbers, batch, with_chroma)
    platform.close()


def _write(
    platform: Platform,
    recorder: Recorder,
    file: VectorFile,
    numbers: Sequence[int],
    batch: Sequence[tuple[int, str, Array]],
    with_chroma: bool,
) -> None:
    chunks: list[Chunk] = []
    documents: dict[int, tuple[Document, str]] = {}
    for number, text, _ in batch:
        document, before = documents.get(number) or (_document(number, numbers[number % _GROUPS]), "")
        start = len(before) + 1 if before else 0
        documents[number] = document, f"{before}\n{text}" if before else text
        chunks.append(_chunk(document, text, start))
    by_id = {document.id: document for document, _ in documents.values()}
    vectors = np.stack([vector for _, _, vector in batch])
    recorder.stage(chunks, {one: edition_of(document.version, "1") for one, document in by_id.items()})
    if with_chroma:
        platform.index.write(chunks, vectors, by_id)
    else:
        file.append([chunk.id for chunk in chunks], vectors)
        platform.index.lexical.write_rows({one.id: _row(one, by_id[one.document_id]) for one in chunks})
    recorder.commit(
        [
            NewDocument(
                document=document,
                text=text,
                gaps=(),
                fingerprint="1",
                identity="",
                pipeline="1",
                created_at=_MADE_AT,
            )
            for document, text in documents.values()
        ]
    )


def _row(chunk: Chunk, document: Document) -> Any:
    """What the lexical index makes of a chunk, the terms of each sentence worked out once."""
    body: Counter[str] = Counter()
    for sentence in chunk.text.split(". "):
        body.update(_terms(sentence) if ", form " in sentence else _named_terms(sentence))
    return row_with(chunk.id, document, "en", Counter(_terms(document.title)), body)


def _named_terms(sentence: str) -> Iterator[str]:
    for part in sentence.split(", "):
        yield from _terms(part)


@lru_cache(maxsize=100_000)
def _terms(text: str) -> tuple[str, ...]:
    return tuple(index_terms(text, "en", _STEM))


def _document(number: int, access_id: int) -> Document:
    return Document(
        id=f"{number:032x}",
        source="bench",
        uri=f"bench://home/{number}.md",
        title=title(number),
        format="markdown",
        version=f"sha256:{number:064x}",
        modified_at=_MADE_AT,
        access=Access(allow=(f"group:g{number % _GROUPS}",)),
        access_id=access_id,
    )


def _chunk(document: Document, text: str, start: int) -> Chunk:
    end = start + len(text)
    return Chunk(
        id=chunk_id(document.id, document.version, start, end),
        document_id=document.id,
        version=document.version,
        ordinal=start,
        start=start,
        end=end,
        text=text,
        indexed_text=f"{document.title}\n{text}",
        headings=(),
        lead_in=None,
        elements=(Element(kind=ElementKind.PARAGRAPH, start=start, end=end),),
        segments=(),
        first_line=1,
        markup="plain",
        tokens=len(text.split()),
    )


def ask(folder: Path, count: int) -> dict[str, Any]:
    """Groundcrew's figures on a home."""
    platform = Platform(Settings(home=folder / "home"))
    started = time.perf_counter()
    platform.check_ready()
    ready = time.perf_counter() - started
    someone = Principal(user="someone", groups=frozenset({"g7"}))

    def search(principal: Principal) -> Callable[[str], int]:
        return lambda text: len(platform.searcher.search(Query(text=text, principal=principal, k=_K)))

    found = {"all": timed(search(Principal(admin=True)), count), "filtered": timed(search(someone), count)}
    held = memory()  # Before it is closed, which lets go of the most.
    platform.close()
    return {**found, "ready_s": ready, **held}


def ask_plain(folder: Path, chunks: int, count: int) -> dict[str, Any]:
    """The other side's figures on the same chunks."""
    rows = [
        (str(n), text, f"g{document % _GROUPS}", vector)
        for n, (document, text, vector) in enumerate(pieces(chunks, np.load(folder / "sentences.npy")))
    ]
    every, filtered = open_plain(folder / "plain", rows, bundled_model(), _K, "g7")
    del rows
    return {"all": timed(every, count), "filtered": timed(filtered, count), **memory()}


def timed(search: Callable[[str], int], count: int) -> dict[str, float]:
    """Milliseconds of `count` queries after five that are not counted, and the fewest results."""
    asked = questions(count + 5)
    for text in asked[:5]:
        search(text)
    took, fewest = [], _K
    for text in asked[5:]:
        started = time.perf_counter()
        fewest = min(fewest, search(text))
        took.append((time.perf_counter() - started) * 1000)
    return {"median": statistics.median(took), "p95": float(np.percentile(took, 95)), "fewest": float(fewest)}


def memory() -> dict[str, float]:
    """MiB that this process holds, and apart from them the pages of mapped files, which the system may take back."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    own, mapped = (int(status[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
    return {"mib": own, "mapped_mib": mapped}


def child(*arguments: object) -> dict[str, Any]:
    """Runs one side in a process of its own; its figures."""
    command = [sys.executable, "-m", "bench.scale", "--side", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    value: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return value


def measure(folder: Path, chunks: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Both sides at one size, and their ratio."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        os.link(folder / "sentences.npy", Path(place) / "sentences.npy")
        started = time.perf_counter()
        child("build", place, chunks, int(chunks <= arguments.chroma_up_to))
        row: dict[str, Any] = {"chunks": chunks, "built_s": time.perf_counter() - started}
        row["groundcrew"] = child("ask", place, chunks, arguments.queries)
        if chunks <= arguments.plain_up_to:
            row["llamaindex"] = child("plain", place, chunks, arguments.queries)
            for name in ("all", "filtered"):
                row[f"ratio_{name}"] = row["llamaindex"][name]["median"] / row["groundcrew"][name]["median"]
    row["meets_goals"] = all(
        row["groundcrew"][name][figure] <= goal for name in ("all", "filtered") for figure, goal in _GOALS.items()
    )
    return row


def run_side(side: str, folder: Path, chunks: int, number: int) -> dict[str, Any]:
    """What a child process does."""
    if side == "build":
        build(folder, chunks, with_chroma=bool(number))
        return {}
    return ask(folder, number) if side == "ask" else ask_plain(folder, chunks, number)


def show(row: dict[str, Any], *, with_head: bool) -> None:
    """Rows of a table for people."""
    if with_head:
        heads = f"{'all: median':>12} {'p95':>8} {'5 %: median':>12} {'p95':>8} {'MiB':>7} {'mapped':>7}"
        print(f"{'chunks':>9} {'side':<11} {heads}")
    for side in ("groundcrew", "llamaindex"):
        if side in row:
            a, f = row[side]["all"], row[side]["filtered"]
            print(
                f"{row['chunks']:>9,} {side:<11} {a['median']:>9.1f} ms {a['p95']:>8.1f} {f['median']:>9.1f} ms "
                f"{f['p95']:>8.1f} {row[side]['mib']:>7.0f} {row[side]['mapped_mib']:>7.0f}"
            )
    if "ratio_all" in row:
        print(f"{'':>9} faster by {row['ratio_all']:.1f} times, filtered {row['ratio_filtered']:.1f} times")
    sys.stdout.flush()


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--plain-up-to", type=int, default=100_000, help="The largest size for the other side.")
    parser.add_argument("--chroma-up-to", type=int, default=100_000, help="The largest size that Chroma stores too.")
    parser.add_argument("--folder", type=Path, help="Where the homes are made and removed again.")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        side, folder, chunks, number = arguments.side
        print(json.dumps(run_side(side, Path(folder), int(chunks), int(number))))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        embedder = Platform(Settings(home=Path(folder) / "none")).embedder
        np.save(Path(folder) / "sentences.npy", embedder.embed(sentences()))
        rows = []
        for chunks in arguments.chunks:
            rows.append(measure(Path(folder), chunks, arguments))
            if not arguments.json:
                show(rows[-1], with_head=len(rows) == 1)
    if arguments.json:
        print(json.dumps({"goals": _GOALS, "sizes": rows}))


if __name__ == "__main__":
    main()
