"""A run that is under way in this process: what of it is not yet written, and how much room it has left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .encoding import encode
from .model import ModelCall, RunEvent

_FLUSH_EVENTS = 64
_FLUSH_S = 0.25


@dataclass(slots=True)
class Ongoing:
    """Events that wait to be written, how many were, and the characters of JSON that there is still room for."""

    room: int
    waiting: list[RunEvent] = field(default_factory=list)
    written: int = 0
    dropped: int = 0
    cut: int = 0
    flushed_at: float = field(default_factory=time.monotonic)

    def add(self, event: RunEvent) -> bool:
        """Takes an event; whether it is time to write those that wait."""
        self.waiting.append(event)
        return len(self.waiting) >= _FLUSH_EVENTS or time.monotonic() - self.flushed_at >= _FLUSH_S

    def take(self, more: Sequence[RunEvent] = ()) -> tuple[int, list[tuple[RunEvent, str]]]:
        """The events to write now, with their data as JSON, and the number of the first.

        `more` is the run's whole history, or empty: of it, those are taken that were never added. Where there is no
        room left, that an event happened is all that is kept.
        """
        events = [*self.waiting, *more[self.written + len(self.waiting) :]]
        first, self.waiting = self.written, []
        self.written += len(events)
        self.dropped += sum(event.what == "dropped" for event in events)
        self.flushed_at = time.monotonic()
        return first, [(event, self._fit(encode(event.data), '{"cut":true}')) for event in events]

    def bodies(self, calls: Sequence[ModelCall]) -> list[tuple[ModelCall, str]]:
        """Model calls with their whole bodies as JSON; without messages and reply where there is no room left."""
        return [(call, self._fit(encode(call), encode(replace(call, messages=(), response="")))) for call in calls]

    def _fit(self, text: str, shorter: str) -> str:
        if len(text) > self.room:
            text = shorter
            self.cut += 1
        self.room -= len(text)
        return text
