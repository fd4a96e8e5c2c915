"""A run done again from its record, and whether the same comes out.

An extractive run gives the same answer as long as the documents are the same; one with models gives it because the
recorded replies are given instead of calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..model import Answer
from .encoding import plain
from .errors import RunNotFound
from .record import RunRecord, RunState

_IGNORED = ("run_id", "usage", "timing_ms", "review")
_REPLAYED = (RunState.ANSWERED, RunState.ABSTAINED, RunState.NEEDS_REVIEW, RunState.BLOCKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was: `where` in the answer, what it was and what it is now, as JSON."""

    where: str
    before: Any
    now: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What doing a run again gave. `changed` are the documents of the old answer that have another version now, or are
    gone: they explain a difference."""

    run_id: str
    differences: tuple[Difference, ...]
    changed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the answer is the same, ids and times aside."""
        return not self.differences


def replay(
    record: RunRecord, again: Callable[[RunRecord], Answer], versions: Callable[[list[str]], dict[str, str]]
) -> Replay:
    """Does a run again and compares. `versions` gives the present version of each document that there still is.

    Raises:
        RunNotFound: the run has no answer to compare with.
    """
    before = record.held.answer if record.held is not None else record.answer
    if before is None or record.status not in (*_REPLAYED, RunState.REJECTED, RunState.EXPIRED):
        raise RunNotFound(record.id)
    cited = {citation.document.id: citation.document.version for citation in before.citations}
    present = versions(list(cited))
    return Replay(
        run_id=record.id,
        differences=compare(before, again(record)),
        changed=tuple(sorted(one for one, version in cited.items() if present.get(one) != version)),
    )


def compare(before: Answer, now: Answer) -> tuple[Difference, ...]:
    """All fields in which two answers differ, but for ids, usage and times."""
    first, second = plain(before), plain(now)
    for name in _IGNORED:
        first.pop(name, None)
        second.pop(name, None)
    return tuple(_differences("", first, second))


def _differences(where: str, before: Any, now: Any) -> list[Difference]:
    if before == now:
        return []
    if isinstance(before, dict) and isinstance(now, dict):
        found = []
        for key in sorted({*before, *now}):
            found += _differences(f"{where}.{key}" if where else key, before.get(key), now.get(key))
        return found
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [
            one
            for place, (old, new) in enumerate(zip(before, now, strict=True))
            for one in _differences(f"{where}[{place}]", old, new)
        ]
    return [Difference(where=where, before=before, now=now)]
