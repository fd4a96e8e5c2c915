"""Counts the commonest content stems of a body of texts: `agents/checks/common_stems.json`.

    python -m bench.common_stems --english PATH ... [--german PATH ...] [--write [FILE]]

Paths are .md, .txt and .jsonl files, or folders of them; of a JSONL file every longer text counts. A stem counts once
for each sentence that holds it, and each sentence counts once. German words take every seventh place of the list.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agents.checks.features_reading import STEMS_PATH
from agents.words import STOPWORDS, stem, words_of
from bench.mutations import samples

ENGLISH, GERMAN = 3500, 500
_GERMAN_EVERY = 7
_LONGEST = 20


def counted(paths: Sequence[Path]) -> Counter[str]:
    """For each content stem the number of sentences that hold it."""
    found: Counter[str] = Counter()
    for sample in samples(paths):
        words = {word for word, _, _ in words_of(sample.text)}
        found.update({stem(w) for w in words if w.lower() not in STOPWORDS and w.isalpha() and len(w) < _LONGEST})
    return found


def merged(english: Counter[str], german: Counter[str]) -> list[str]:
    """Both languages in one list, commonest first; a stem of both keeps its earlier place."""
    places = {one: float(rank) for rank, (one, _) in enumerate(_ranked(english)[:ENGLISH])}
    for rank, (one, _) in enumerate(_ranked(german)[:GERMAN]):
        places[one] = min(_GERMAN_EVERY * rank + _GERMAN_EVERY / 2, places.get(one, float("inf")))
    return sorted(places, key=lambda one: (places[one], one))


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def main() -> None:
    """Counts, and prints the head of the list or writes all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--english", type=Path, nargs="+", required=True)
    parser.add_argument("--german", type=Path, nargs="*", default=[])
    parser.add_argument("--write", type=Path, nargs="?", const=STEMS_PATH, help="write the list")
    arguments = parser.parse_args()
    stems = merged(counted(arguments.english), counted(arguments.german))
    if arguments.write:
        about = (
            "The commonest content stems of English and German prose, commonest first, by the number of sentences "
            f"that hold them. Counted by bench/common_stems.py over {len(arguments.english) + len(arguments.german)} "
            "files and folders."
        )
        kept = json.dumps({"about": about, "stems": stems}, ensure_ascii=False, separators=(",", ":"))
        arguments.write.write_text(kept + "\n", encoding="utf-8")
    else:
        print(f"{len(stems)} stems: {' '.join(stems[:60])}")


if __name__ == "__main__":
    main()
