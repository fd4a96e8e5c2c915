"""A circuit breaker: a model that failed several times in a row is left alone for a while, then tried once."""

from __future__ import annotations

import threading
from typing import Literal

from agents.ports import Clock

from .settings import Patience

State = Literal["closed", "open", "half_open"]


class CircuitBreaker:
    """Shared by all runs; every method is one short critical section.

    Closed: requests pass. Open: none does, for `open_s`. Half open: one passes, and closes it or opens it anew.
    """

    def __init__(self, patience: Patience, clock: Clock) -> None:
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._trial_at: float | None = None

    @property
    def state(self) -> State:
        """How it stands now."""
        with self._lock:
            return self._state()

    def admit(self) -> bool:
        """Whether a request may be made now. One that was admitted must be reported to `succeeded` or `failed`."""
        with self._lock:
            match self._state():
                case "closed":
                    return True
                case "open":
                    return False
                case "half_open":
                    # A trial that nobody reported on, its run having died, is not waited for.
                    busy = self._trial_at is not None and self._clock() - self._trial_at < self._patience.open_s
                    if not busy:
                        self._trial_at = self._clock()
                    return not busy

    def succeeded(self) -> None:
        """The model answered."""
        with self._lock:
            self._failures, self._opened_at, self._trial_at = 0, None, None

    def released(self) -> None:
        """The request came to an end that says nothing about the model: it was cancelled."""
        with self._lock:
            self._trial_at = None

    def failed(self, *, at_once: bool = False) -> bool:
        """The model failed; with `at_once` one failure is enough. True when this opened the circuit."""
        with self._lock:
            self._failures += 1
            trial = self._opened_at is not None
            if not (at_once or trial or self._failures >= self._patience.failures):
                return False
            opened = self._state() != "open"
            self._opened_at, self._trial_at = self._clock(), None
            return opened

    def _state(self) -> State:
        if self._opened_at is None:
            return "closed"
        return "open" if self._clock() - self._opened_at < self._patience.open_s else "half_open"
