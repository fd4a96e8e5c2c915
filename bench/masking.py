"""Masks runs of made-up texts with planted personal data and counts what is left; looks at what is masked needlessly.

python -m bench.masking [--runs 1000] [--seed 1] [--corpus DIR ...] [--show N] [--through-gateway] [--json]

With --through-gateway the texts go as prompts through the gateway to a model that is configured as remote: leaks are
then counted in the requests that it received, and replies are compared with the real values.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.gateway.privacy import PERSONAL, Kind, Masker
from agents.gateway.privacy.knowing import Known
from agents.gateway.privacy.recognising import recognise

from .masking_gateway import exchanges
from .masking_texts import Sample, sample
from .reporting import say

_PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+[A-Z]*\]")
_TEXTS = {".md", ".txt", ".csv", ".json", ".eml", ".html"}
_MOST_CHARACTERS = 20_000


def measure(runs: int, first: int, show: int) -> dict[str, Any]:
    """Per kind: planted, leaked, the share with Wilson's interval; and whether every text came back."""
    tally = _Tally(show)
    unfaithful = 0
    for seed in range(first, first + runs):
        one = sample(seed)
        masker = Masker()
        masked = masker.mask_all(one.texts)
        unfaithful += [masker.unmask(text) for text in masked] != list(one.texts)
        tally.add(seed, one, masked)
    return {"kinds": tally.rows(), "not_restored": unfaithful}


def through_gateway(runs: int, first: int, show: int) -> dict[str, Any]:
    """The same of the requests that a remote model received; `not_restored` counts the replies that came back
    without the real values, or with others."""
    tally = _Tally(show)
    unfaithful = requests = 0
    samples = [sample(seed) for seed in range(first, first + runs)]
    for seed, exchange in enumerate(exchanges(one.texts for one in samples), start=first):
        requests += len(exchange.sent) // 2
        unfaithful += exchange.reply != exchange.wanted
        tally.add(seed, samples[seed - first], exchange.sent)
    return {"kinds": tally.rows(), "not_restored": unfaithful, "requests": requests}


class _Tally:
    """Counts what was planted and what is left of it, per kind; prints the first `show` leaks."""

    def __init__(self, show: int) -> None:
        self._show = show
        self._planted: Counter[str] = Counter()
        self._leaked: Counter[str] = Counter()
        self._runs = self._leaking = 0

    def add(self, seed: int, one: Sample, masked: Sequence[str]) -> None:
        """One run, as it was masked."""
        left = [_bare(_PLACEHOLDER.sub("\n", text)) for text in masked]
        before = self._leaked.total()
        for datum in one.planted:
            who = "listed" if datum.known else "unlisted"
            name = f"PERSON, {who}" if datum.kind is Kind.PERSON else datum.kind.value
            self._planted[name] += 1
            if any(_survives(datum.surface, datum.kind, text) for text in left):
                self._leaked[name] += 1
                if self._leaked.total() <= self._show:
                    say(f"run {seed}: {name} {datum.surface!r} in {masked}")
        self._runs += 1
        self._leaking += self._leaked.total() > before

    def rows(self) -> dict[str, dict[str, float]]:
        """By kind, for all data, and for runs."""
        rows = {name: _row(count, self._leaked[name]) for name, count in sorted(self._planted.items())}
        rows["all"] = _row(self._planted.total(), self._leaked.total())
        rows["runs"] = _row(self._runs, self._leaking)
        return rows


def _bare(text: str) -> str:
    """Letters and digits in small, disguises undone; other signs become one space."""
    plain = unicodedata.normalize("NFKC", text).translate(dict.fromkeys(map(ord, "\u200b\u00ad"), ""))
    return " " + " ".join(re.findall(r"[^\W_]+", plain.casefold())) + " "


def _survives(surface: str, kind: Kind, text: str) -> bool:
    """A name as a word; anything else also without the signs between its groups."""
    wanted = _bare(surface).strip()
    if kind is Kind.PERSON:
        return f" {wanted} " in text
    return wanted in text or (len(wanted) > 6 and wanted.replace(" ", "") in text.replace(" ", ""))


def _row(planted: int, leaked: int) -> dict[str, float]:
    low, high = _wilson(leaked, planted)
    return {"planted": planted, "leaked": leaked, "rate": round(leaked / max(1, planted), 5), "low": low, "high": high}


def _wilson(hits: int, count: int) -> tuple[float, float]:
    z, count = 1.96, max(1, count)
    share = hits / count
    middle, spread = (
        share + z * z / (2 * count),
        z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)),
    )
    return round(max(0.0, (middle - spread) / (1 + z * z / count)), 5), round(
        (middle + spread) / (1 + z * z / count), 5
    )


def over_masking(folder: Path, show: int) -> dict[str, Any]:
    """Of a folder's texts: the words masked, per kind; with `show`, a sample of them for people to judge."""
    words = 0
    masked: Counter[str] = Counter()
    seen: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _TEXTS):
        text = path.read_text(encoding="utf-8", errors="replace")[:_MOST_CHARACTERS]
        words += len(text.split())
        for find in recognise(text, Known(50_000)):
            found = text[find.start : find.end]
            masked[find.kind.value] += len(found.split())
            seen.append(
                f"{find.kind.value:<10} {' '.join(text[max(0, find.start - 30) : find.start].split())} "
                f">>{' '.join(found.split())}<<"
            )
    random.Random(7).shuffle(seen)
    for line in seen[:show]:
        say(line)
    return {
        "words": words,
        "masked": sum(masked.values()),
        "share": round(sum(masked.values()) / max(1, words), 4),
        "kinds": dict(masked),
    }


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, action="append", default=[])
    parser.add_argument("--show", type=int, default=0, help="leaks, and masked words of each corpus, to print")
    parser.add_argument("--through-gateway", action="store_true", help="count in what a remote model was sent")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    measured = through_gateway if arguments.through_gateway else measure
    result = measured(arguments.runs, arguments.seed, arguments.show)
    result["corpora"] = {str(folder): over_masking(folder, arguments.show) for folder in arguments.corpus}
    if arguments.json:
        print(json.dumps(result))
        return
    for name in [*PERSONAL, "PERSON, listed", "PERSON, unlisted", "all", "runs"]:
        row = result["kinds"].get(str(name))
        if row:
            print(
                f"{name:<18} planted {row['planted']:>6}  leaked {row['leaked']:>4}  {row['rate']:.4f} "
                f"[{row['low']:.4f} to {row['high']:.4f}]"
            )
    if "requests" in result:
        print(f"requests received {result['requests']}")
    print(f"{'replies' if 'requests' in result else 'texts'} not restored {result['not_restored']}")
    for name, row in result["corpora"].items():
        print(f"{name}: {row['masked']} of {row['words']} words masked ({row['share']:.2%}) {row['kinds']}")


if __name__ == "__main__":
    main()
