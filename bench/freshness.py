"""How soon an edited file answers, and a deleted one no longer does, while `groundcrew watch` or `serve` runs.

python -m bench.freshness [--corpus DIR] [--changes N] [--serve] [--json]

The corpus is copied, and a fresh home is brought into step with the copy. Then, N times: a paragraph of new words
goes into some text file, and another text file is deleted (and put back, which is not timed as a change). Half of the
edits write the file in place, half write another one and rename it, as editors do. An edit is timed from the return of
the write until a search finds the new words, a deletion from the return of the unlink until a search within that
document finds nothing. The search is that of a reading process on the same home; with `--serve` POST /v1/search.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from api.settings import Settings
from api.wiring import Platform
from ingest.catalog import Catalog
from ingest.syncing import document_id_of
from retrieval.access import Principal
from retrieval.model import Query

_ROOT = Path(__file__).resolve().parent.parent
_SOURCE = "bench"
_TEXT = (".md", ".txt")
_POLL_S = 0.02
_IN_STEP_S = 1800.0
_ANSWER_S = 60.0
_GOALS = {"median": 1.0, "p95": 2.0}
_SYLLABLES = ("ba", "ke", "li", "mo", "nu", "pra", "sto", "tri", "vel", "zam")

Search = Callable[[str, dict[str, str]], list[str]]
"""The texts that a query finds, with filters."""


class Changer:
    """Edits and deletes the files of a folder, and times how soon a search sees it."""

    def __init__(self, folder: Path, search: Search, seed: int = 5) -> None:
        self._files = sorted(p for p in folder.rglob("*") if p.suffix in _TEXT and p.is_file())
        if not self._files:
            raise SystemExit(f"{folder} holds no text files ({', '.join(_TEXT)})")
        self._search = search
        self._chance = random.Random(seed)

    def edit(self) -> float:
        """Seconds until an added paragraph is found."""
        path = self._chance.choice(self._files)
        text = path.read_bytes().decode()
        word = "".join(self._chance.choices(_SYLLABLES, k=6))
        paragraphs = text.split("\n\n")
        place = self._chance.randint(1, len(paragraphs))
        paragraphs.insert(place, f"The {word} allowance is {self._chance.randint(20, 900)} euros from now on.")
        changed = "\n\n".join(paragraphs).encode()
        if self._chance.random() < 0.5:
            path.write_bytes(changed)
        else:
            other = path.with_name(f".{path.name}.tmp")
            other.write_bytes(changed)
            other.replace(path)
        seconds = self._until(lambda: self._finds(word, path), path)
        # The paragraph goes again, so that files keep their size.
        path.write_bytes(text.encode())
        self._until(lambda: not self._finds(word, path), path)
        return seconds

    def delete(self) -> tuple[float, float]:
        """Seconds until a deleted file is found no longer, and until the file is found again once it is back."""
        path = self._chance.choice(self._files)
        within = {"document": document_id_of(_SOURCE, path.as_uri())}
        query = path.stem.replace("-", " ")
        if not self._search(query, within):
            raise SystemExit(f"{path} is not found before it is deleted")
        kept = path.read_bytes()
        path.unlink()
        gone = self._until(lambda: not self._search(query, within), path)
        path.write_bytes(kept)
        return gone, self._until(lambda: bool(self._search(query, within)), path)

    def _finds(self, word: str, path: Path) -> bool:
        # Within the document: one that another document replaces ranks below others that share a word.
        within = {"document": document_id_of(_SOURCE, path.as_uri())}
        return any(word in text for text in self._search(f"{word} allowance", within))

    @staticmethod
    def _until(is_so: Callable[[], bool], path: Path) -> float:
        started = time.perf_counter()
        while not is_so():
            if time.perf_counter() - started > _ANSWER_S:
                raise SystemExit(f"a change of {path} was not seen within {_ANSWER_S:.0f} s")
            time.sleep(_POLL_S)
        return time.perf_counter() - started


def measure(corpus: Path, changes: int, *, serve: bool) -> dict[str, Any]:
    """The figures of N edits and N deletions, in seconds."""
    with tempfile.TemporaryDirectory() as root:
        folder, home = Path(root).resolve() / "corpus", Path(root).resolve() / "home"
        shutil.copytree(corpus, folder)
        config = Path(root) / "groundcrew.toml"
        config.write_text(
            f'[sources.{_SOURCE}]\nkind = "files"\npath = {json.dumps(str(folder))}\nallow = ["everyone"]\n',
            encoding="utf-8",
        )
        with _keeping_in_step(home, config, serve=serve) as address, closing(Platform(Settings(home=home))) as platform:
            _wait_in_step(platform.catalog)
            changer = Changer(folder, _http_search(address) if serve else _reader(platform))
            edits, deletions, returns = [], [], []
            for number in range(changes):
                edits.append(changer.edit())
                gone, back = changer.delete()
                deletions.append(gone)
                returns.append(back)
                print(f"\r{number + 1} of {changes}", end="", file=sys.stderr, flush=True)
            print(file=sys.stderr)
            documents, chunks = platform.catalog.counts()
    return {
        "mode": "serve" if serve else "watch",
        "documents": documents,
        "chunks": chunks,
        "changes": changes,
        "edit": _spread(edits),
        "deletion": _spread(deletions),
        "return": _spread(returns),
        "goals": _GOALS,
    }


@contextmanager
def _keeping_in_step(home: Path, config: Path, *, serve: bool) -> Iterator[str]:
    """Runs `watch` or `serve`; gives the server's URL, empty for `watch`."""
    command = [sys.executable, "-m", "api", *(("serve", "--port", "0", "--json") if serve else ("watch",))]
    environment = {**os.environ, "GROUNDCREW_HOME": str(home)}
    with (
        (home.parent / "log").open("w+b") as log,
        subprocess.Popen(
            [*command, "--config", str(config)], cwd=_ROOT, env=environment, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        try:
            address = ""
            if serve and process.stdout is not None:
                told = b""
                while not told.rstrip().endswith(b"}"):
                    if not (line := process.stdout.readline()):
                        log.seek(0)
                        raise SystemExit(f"serve did not start: {log.read().decode(errors='replace')}")
                    told += line
                address = json.loads(told)["url"]
            yield address
        finally:
            process.terminate()
            process.wait(30)


def _wait_in_step(catalog: Catalog) -> None:
    started = time.monotonic()
    while not any(state.last_sync for state in catalog.sources()):
        if time.monotonic() - started > _IN_STEP_S:
            raise SystemExit(f"the home was not in step within {_IN_STEP_S:.0f} s")
        time.sleep(0.2)


def _reader(platform: Platform) -> Search:
    def search(query: str, where: dict[str, str]) -> list[str]:
        asked = Query(text=query, principal=Principal(user="reader"), k=5, where=where)
        return [hit.chunk.text for hit in platform.searcher.search(asked)]

    return search


def _http_search(address: str) -> Search:
    def search(query: str, where: dict[str, str]) -> list[str]:
        body = json.dumps({"query": query, "k": 5, "where": where}).encode()
        request = urllib.request.Request(f"{address}/v1/search", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as response:
            return [hit["text"] for hit in json.load(response)["hits"]]

    return search


def _spread(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile (nearest rank) and greatest."""
    ordered = sorted(seconds)
    p95 = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    return {"median": round(statistics.median(ordered), 3), "p95": round(p95, 3), "most": round(ordered[-1], 3)}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=_ROOT / "data" / "company")
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.corpus.resolve(), arguments.changes, serve=arguments.serve)
    if arguments.json:
        print(json.dumps(figures))
        return
    print(f"{figures['mode']}: {figures['documents']} documents, {figures['chunks']} chunks")
    for what in ("edit", "deletion", "return"):
        found = figures[what]
        is_met = found["median"] <= _GOALS["median"] and found["p95"] <= _GOALS["p95"]
        goal = "" if what == "return" else f"; goals 1 s and 2 s {'met' if is_met else 'missed'}"
        print(f"{what:<9} median {found['median']} s, 95th percentile {found['p95']} s, most {found['most']} s{goal}")


if __name__ == "__main__":
    main()
