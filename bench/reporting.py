"""What the measurements of retrieval have in common: figures with their intervals, and one JSON value on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from typing import Any

from retrieval.metrics import compare, interval

Row = Mapping[str, float]
"""One question's figures by name."""


def figures(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The mean of each figure with its interval, over the questions that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: rounded(asdict(interval([row[name] for row in rows if name in row]))) for name in names}


def comparison(mine: Sequence[Row], others: Sequence[Row]) -> dict[str, dict[str, float]]:
    """How the first does against the second, figure by figure; both have the same questions in the same order."""
    return {
        name: rounded(asdict(compare([row[name] for row in mine], [row[name] for row in others]))) for name in mine[0]
    }


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers to four places."""
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in values.items()}


def show_figures(title: str, found: Mapping[str, Mapping[str, float]]) -> None:
    """One line a figure, for people."""
    for name, one in found.items():
        print(f"{title:<32} {name:<18} {one['value']:.3f}  [{one['low']:.3f} to {one['high']:.3f}]")


def say(line: str) -> None:
    """Progress: standard error."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def only_result_on_stdout() -> Iterator[None]:
    """Whatever a library prints goes to standard error, also when it writes past Python."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
