"""Plants attacks into clean texts, as whoever can write into a document, a mail or a table would."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Position = Literal["start", "middle", "end"]
POSITIONS: tuple[Position, ...] = ("start", "middle", "end")

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]?\s+(?=\S)|\n+(?=\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """An instruction that does not belong into any document, and its kind."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A text with an attack in it, at [start, end)."""

    text: str
    start: int
    end: int


def read_attacks(path: Path) -> list[Attack]:
    """Attacks of a JSONL file with `kind` and `text`."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Attack(kind=row["kind"], text=row["text"]) for row in rows]


def read_contexts(path: Path) -> list[str]:
    """Clean texts: the `context` of each row of a JSONL file, or a text file as it is."""
    if path.suffix != ".jsonl":
        return [path.read_text(encoding="utf-8", errors="replace")]
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row["context"] for row in rows]


def plant(context: str, attack: str, position: Position, chance: random.Random, separator: str = "\n") -> Planted:
    """The context with the attack before it, behind it, or where a random sentence or line of it ends."""
    match position:
        case "start":
            at = 0
        case "end":
            at = len(context)
        case "middle":
            places = [found.end() for found in _SENTENCE_END.finditer(context)]
            at = chance.choice(places) if places else len(context) // 2
    before, after = context[:at], context[at:]
    start = len(before) + len(separator) * bool(before)
    text = f"{before}{separator if before else ''}{attack}{separator if after else ''}{after}"
    return Planted(text=text, start=start, end=start + len(attack))


def sample(items: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """At most `count` of the items, drawn without replacement."""
    return list(items) if len(items) <= count else chance.sample(list(items), count)
