"""How far a sync is, and what several did together, for whoever waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .model import SyncReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sync is: files looked at of all files, chunks written, and the file at hand."""

    done: int
    total: int
    chunks: int
    name: str


def merge(reports: Sequence[SyncReport]) -> SyncReport:
    """The sum of several reports."""
    total = SyncReport()
    for r in reports:
        total = replace(
            total,
            added=total.added + r.added,
            updated=total.updated + r.updated,
            removed=total.removed + r.removed,
            unchanged=total.unchanged + r.unchanged,
            quarantined=total.quarantined + r.quarantined,
            chunks=total.chunks + r.chunks,
            seconds=round(total.seconds + r.seconds, 3),
            embedded=total.embedded + r.embedded,
            held=total.held + r.held,
        )
    return total
