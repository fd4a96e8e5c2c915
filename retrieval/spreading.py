"""Spreads hits over documents, for questions that no single document answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from .model import Hit

_REPEATED = 0.85
"""What each hit of a document before it leaves of a hit's score when the next place is given."""


def spread(hits: Sequence[Hit], k: int) -> list[Hit]:
    """The k best hits, ranked anew, each counting less the more of its document come before it."""
    left = list(hits)
    taken: list[Hit] = []
    seen: Counter[str] = Counter()
    while left and len(taken) < k:
        best = max(left, key=lambda hit: (hit.score * _REPEATED ** seen[hit.document.id], -hit.rank))
        left.remove(best)
        seen[best.document.id] += 1
        taken.append(replace(best, rank=len(taken) + 1))
    return taken
