"""How far a sync is, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sync is: files looked at of all files, chunks written, and the file at hand."""

    done: int
    total: int
    chunks: int
    name: str
