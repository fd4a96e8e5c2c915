"""Plants attacks into texts and measures how many are reported, and how many clean texts are reported in error.

    python -m bench.injection --attacks FILE.jsonl --contexts FILE.jsonl ... [--clean PATH ...] [--files PATH ...]
        [--repeats N] [--seed N] [--json]

Each attack ({kind, text}) is planted at the start, in the middle and at the end of `--repeats` contexts of each file
(`context` of each row; a text file is one context). `--files` plants into real files instead, mails (.eml) and Markdown
or text files, which are then parsed as a sync would. A planted attack is reported when some stretch found touches it.
The contexts themselves are measured as clean texts, as is everything under `--clean`, parsed like any file.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

from ingest.errors import ParseError
from ingest.instructions import PlantedInstruction, planted_instructions
from ingest.model import RawFile
from ingest.parsing import parse

from .planting import POSITIONS, Attack, Position, plant, read_attacks, read_contexts, sample
from .reporting import figures, only_result_on_stdout, say

_TEXTS = frozenset((".md", ".txt"))


class Trial(NamedTuple):
    """One attack in one text, and whether it was reported."""

    kind: str
    position: Position
    place: str
    reported: bool


def attacks_in_contexts(
    attacks: Sequence[Attack], places: Mapping[str, Sequence[str]], repeats: int, seed: int
) -> Iterator[Trial]:
    """Every attack at every position of some contexts of each place."""
    chance = random.Random(seed)
    for attack in attacks:
        for place, contexts in places.items():
            for position in POSITIONS:
                for context in sample(contexts, repeats, chance):
                    planted = plant(context, attack.text, position, chance)
                    found = planted_instructions(planted.text)
                    reported = any(p.start < planted.end and planted.start < p.end for p in found)
                    yield Trial(attack.kind, position, place, reported)


def attacks_in_files(attacks: Sequence[Attack], files: Sequence[Path], repeats: int, seed: int) -> Iterator[Trial]:
    """Every attack at every position of some files, which are then parsed as a sync would."""
    chance = random.Random(seed)
    for attack in attacks:
        for position in POSITIONS:
            for path in chance.sample(list(files), min(repeats, len(files))):
                data = _with_attack(path, attack.text, position, chance)
                reported = data is not None and _touches(attack.text, _parsed_text(path.name, data))
                if data is not None:
                    yield Trial(attack.kind, position, path.suffix.removeprefix("."), reported)


def _with_attack(path: Path, attack: str, position: Position, chance: random.Random) -> bytes | None:
    """The file with the attack in its text; None when there is no text to plant it in."""
    if path.suffix != ".eml":
        return plant(path.read_text(encoding="utf-8", errors="replace"), attack, position, chance).text.encode()
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
    if body is None or not isinstance(body, EmailMessage):
        return None
    kind = body.get_content_subtype()
    try:
        text = body.get_content()
        body.set_content(plant(text, attack, position, chance).text, subtype=kind, charset="utf-8")
        return message.as_bytes()
    except (LookupError, ValueError, KeyError):
        return None


def _parsed_text(name: str, data: bytes) -> str:
    try:
        return parse(RawFile(name=name, data=data)).text
    except ParseError:
        return ""


def _touches(attack: str, text: str) -> bool:
    """Whether something reported holds words of the attack; parsing may have broken its lines anew."""
    squeezed = "".join(attack.split())
    return any(
        (piece := "".join(text[p.start : p.end].split())) in squeezed or squeezed in piece or squeezed[:20] in piece
        for p in planted_instructions(text)
    )


def clean_texts(paths: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    """Each text under the paths, as (place, name, text); what cannot be parsed is left out."""
    for path in paths:
        if path.suffix == ".jsonl":
            for number, text in enumerate(read_contexts(path)):
                yield path.stem, f"{path.name}:{number + 1}", text
            continue
        for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
            text = _parsed_text(file.name, file.read_bytes())
            if text:
                yield path.stem, str(file), text


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures: shares with their intervals."""
    attacks = read_attacks(arguments.attacks)
    places = {path.stem: read_contexts(path) for path in arguments.contexts}
    trials = list(attacks_in_contexts(attacks, places, arguments.repeats, arguments.seed))
    if arguments.files:
        files = [f for path in arguments.files for f in ([path] if path.is_file() else sorted(path.rglob("*")))]
        files = [file for file in files if file.suffix in _TEXTS | {".eml"}]
        trials += attacks_in_files(attacks, files, arguments.repeats, arguments.seed)
    clean: dict[str, list[bool]] = defaultdict(list)
    wrongly: list[dict[str, str]] = []
    characters, seconds = 0, 0.0
    for place, name, text in clean_texts([*arguments.contexts, *arguments.clean]):
        started = time.perf_counter()
        found = planted_instructions(text)
        seconds += time.perf_counter() - started
        characters += len(text)
        clean[place].append(bool(found))
        if found:
            wrongly.append({"text": name, "words": _words(text, found[0])})
    rows = [row for place in clean.values() for row in place]
    return {
        "reported": _share([t.reported for t in trials]),
        "by_position": _shares((t.position, t.reported) for t in trials),
        "by_kind": _shares((t.kind, t.reported) for t in trials),
        "by_place": _shares((f"{t.place} {t.position}", t.reported) for t in trials),
        "clean_reported": _share(rows),
        "clean_by_place": {place: _share(found) for place, found in sorted(clean.items())},
        "reported_in_error": wrongly[: arguments.show],
        "ms_per_100_kb": round(seconds * 1e8 / max(1, characters), 1),
    }


def _words(text: str, found: PlantedInstruction) -> str:
    return " ".join(text[found.start : found.end].split())[:120]


def _shares(rows: Iterator[tuple[str, bool]]) -> dict[str, dict[str, float]]:
    by: dict[str, list[bool]] = defaultdict(list)
    for name, reported in rows:
        by[name].append(reported)
    return {name: _share(found) for name, found in sorted(by.items())}


def _share(found: Sequence[bool]) -> dict[str, float]:
    if not found:
        return {"value": 0.0, "low": 0.0, "high": 0.0, "of": 0}
    return {**figures([{"share": float(one)} for one in found])["share"], "of": len(found)}


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attacks", type=Path, required=True)
    parser.add_argument("--contexts", type=Path, nargs="+", default=[])
    parser.add_argument("--clean", type=Path, nargs="*", default=[])
    parser.add_argument("--files", type=Path, nargs="*", default=[])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=50, help="how many of the texts reported in error to name")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with only_result_on_stdout():
        found = measure(arguments)
        say(f"{found['reported']['of']} attacks planted, {found['clean_reported']['of']} clean texts")
    if arguments.json:
        print(json.dumps(found))
        return
    for name in ("reported", "clean_reported"):
        print(_line(name, found[name]))
    for group in ("by_position", "by_kind", "by_place", "clean_by_place"):
        for name, share in found[group].items():
            print(_line(f"{group} {name}", share))
    for wrong in found["reported_in_error"]:
        print(f"in error: {wrong['text']}: {wrong['words']}")
    print(f"{found['ms_per_100_kb']} ms per 100 kB")


def _line(name: str, share: Mapping[str, float]) -> str:
    return f"{name:<56} {share['value']:.3f}  [{share['low']:.3f} to {share['high']:.3f}] of {share['of']}"


if __name__ == "__main__":
    main()
