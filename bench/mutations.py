"""Makes true sentences of any documents false, a small change each, and counts how many the claim checks notice.

python -m bench.mutations --corpus DIR_OR_JSONL... [--each 500] [--seed 1] [--show] [--json]

Each sentence is its own evidence once, and its paragraph is a second time. Said besides: how many sentences the checks
refuse as they stand and lightly reworded, and by which check.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.checks.modality import modality
from agents.checks.model import Finding
from agents.checks.names import names_agree
from agents.checks.negation import negation
from agents.checks.numbers import numbers
from agents.checks.scope import scope
from agents.checks.timing import dates
from agents.sentences import split_sentences
from ingest.markup import plain

from .mutating import MUTATORS, rewordings
from .reporting import Row, figures, show_figures

CHECKS: tuple[Callable[[str, Sequence[str]], Finding], ...] = (numbers, dates, names_agree, negation, modality, scope)
_BLOCK = re.compile(r"\n[ \t]*\n")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+", re.MULTILINE)
_SKIP = re.compile(r"^\s*(?:#|\||```|~~~|<|:::|---|!\[|import |export |\{)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][a-zA-Z-]+(?: [A-Z][a-zA-Z-]+){0,2}(?![\w'’])")
_FEWEST_WORDS, _MOST_WORDS = 5, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sentence of a document, taken as true, and the paragraph that it stands in."""

    text: str
    paragraph: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A sentence made false: of what kind, by what change, and what it was."""

    kind: str
    how: str
    text: str
    sample: Sample


def samples(paths: Sequence[Path]) -> list[Sample]:
    """The sentences of all .md and .txt files below the folders, and of the texts in .jsonl files, each once."""
    found: dict[str, Sample] = {}
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.suffix in (".md", ".txt")) if path.is_dir() else [path]
        for file in files:
            for paragraph in _paragraphs(file):
                for text in _sentences(paragraph):
                    found.setdefault(text, Sample(text=text, paragraph=paragraph, source=file.name))
    return list(found.values())


def mutations(given: Sequence[Sample], kind: str, each: int, seed: int = 1) -> list[Mutation]:
    """`each` false sentences of one kind, at most one way of a kind from a sentence, the ways as even as can be."""
    draw = random.Random(f"{seed} {kind}")
    pool = names_in(given) if kind == "names" else []
    by_way: dict[str, list[Mutation]] = defaultdict(list)
    shuffled = list(given)
    draw.shuffle(shuffled)
    for sample in shuffled:
        if sample.text.endswith("?"):
            continue
        ways: dict[str, str] = {}
        for how, text in MUTATORS[kind](sample.text, sample.paragraph, draw, pool):
            if text != sample.text and text not in sample.paragraph:
                ways.setdefault(how, text)
        for how, text in ways.items():
            if len(by_way[how]) < each:
                by_way[how].append(Mutation(kind=kind, how=how, text=text, sample=sample))
    chosen: list[Mutation] = []
    for place in range(each):
        for found in by_way.values():
            if place < len(found) and len(chosen) < each:
                chosen.append(found[place])
    return chosen


def names_in(given: Sequence[Sample]) -> list[str]:
    """What is capitalised inside sentences and hardly ever written small: people, firms, products, places."""
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for sample in given:
        if len(re.findall(r"\b(?:der|die|das|und|nicht|wird|mit)\b", sample.text)) > 1:
            continue  # German writes every noun so
        small.update(re.findall(r"\b[a-z]+\b", sample.text))
        capital.update(m.group() for m in _CAPITAL.finditer(sample.text))
    dated = re.compile(
        r"\b(?:[A-Z][a-z]+days?|January|February|March|April|May|June|July|August|September|October|November|December)\b"
    )
    return sorted(
        name
        for name, _ in capital.items()
        if not dated.search(name) and len(name) > 2 and not any(small[word.lower()] for word in re.split("[ -]", name))
    )


def refusals(claim: str, evidence: Sequence[str]) -> list[Finding]:
    """What the checks have against a claim."""
    return [finding for check in CHECKS if not (finding := check(claim, evidence)).agrees]


def _paragraphs(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".jsonl":
        for line in text.splitlines():
            yield from _texts(json.loads(line))
        return
    text = _FENCE.sub("\n\n", _FRONT.sub("", text))
    for block in _BLOCK.split(text):
        if block.strip() and not _SKIP.match(block):
            items = _ITEM.split(block)
            yield "\n".join(filter(None, (plain(item) for item in items)))


def _texts(value: Any) -> Iterator[str]:
    """The longer texts of a JSON value; a list of texts is one paragraph."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield "\n".join(value)
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _sentences(paragraph: str) -> Iterator[str]:
    for line in paragraph.split("\n"):
        for start, end in split_sentences(line):
            text = line[start:end]
            count = len(text.split())
            if _FEWEST_WORDS <= count <= _MOST_WORDS and text[0].isalnum() and text[-1] in ".!":
                yield text


def main() -> None:
    """Prints how many mutations of each kind are caught, and how many true sentences are refused."""
    parser = argparse.ArgumentParser(prog="bench.mutations", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--corpus", type=Path, nargs="+", required=True, help="folders of Markdown and text, or JSONL files"
    )
    parser.add_argument("--each", type=int, default=500, help="mutations of each kind (default 500)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print what was not caught, and what was refused")
    parser.add_argument("--json", action="store_true", help="print one JSON value")
    given = parser.parse_args()
    found = samples(given.corpus)
    shown: list[str] = []
    result = {
        "caught": _caught(found, given.each, given.seed, shown),
        "refused": _refused(found, given.each, given.seed, shown),
    }
    if given.json:
        print(json.dumps({"sentences": len(found), **result}))
        return
    print(f"{len(found)} sentences")
    for title, part in result.items():
        show_figures(title, part)
    if given.show:
        print("\n".join(shown))


def _caught(found: Sequence[Sample], each: int, seed: int, shown: list[str]) -> dict[str, dict[str, float]]:
    rows: list[Row] = []
    for kind in MUTATORS:
        for mutation in mutations(found, kind, each, seed):
            alone = bool(refusals(mutation.text, [mutation.sample.text]))
            among = bool(refusals(mutation.text, [mutation.sample.paragraph]))
            rows.append({kind: alone, f"{kind}, paragraph": among, f"{kind}: {mutation.how}": alone and among})
            if not (alone and among):
                shown.append(
                    f"MISSED {kind} ({mutation.how}) {alone=} {among=}\n   {mutation.sample.text}\n   {mutation.text}"
                )
    return figures(rows)


def _refused(found: Sequence[Sample], each: int, seed: int, shown: list[str]) -> dict[str, dict[str, float]]:
    """The share of true sentences refused, as they stand and reworded, alone and among their paragraph."""
    draw = random.Random(seed)
    rows: list[Row] = []
    for sample in draw.sample(list(found), min(len(found), 2 * each)):
        for how, text in [("exact", sample.text), *rewordings(sample.text)]:
            if how != "exact" and text == sample.text:
                continue
            row: dict[str, float] = {}
            for where, evidence in (("", [sample.text]), (", paragraph", [sample.paragraph])):
                against = refusals(text, evidence)
                row[("exact" if how == "exact" else "reworded") + where] = bool(against)
                row |= {f"{how}{where}": bool(against)}
                if against:
                    shown.append(
                        f"REFUSED {how}{where} {[(f.check, f.note) for f in against]}\n   {sample.text}\n   {text}"
                    )
            rows.append(row)
        rows.append({"lead-in": bool(refusals(sample.text, ["The following applies:", f"- {sample.text}"]))})
    return figures(rows)


if __name__ == "__main__":
    main()
