"""Writes what outlives a run: spending, and how models did. One thread of its own, so that no run waits for a disk.

What is reserved is waited for, since the call depends on it; what is settled is written behind the run's back, and in
order, so that the next reservation sees it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from agents.runs.model import ModelCall

from .budgeting import Reservation, Spending
from .track_record import TrackRecord

_log = logging.getLogger("groundcrew.models")
Result = TypeVar("Result")

_SAYS_NOTHING = frozenset({"cancelled", "closed", "deadline", "circuit_open", "restricted", "rate_limited", "too_long"})
"""Outcomes that are no fault of the model."""


class Ledger:
    """Spending and track record behind one writer."""

    def __init__(self, spending: Spending, track_record: TrackRecord) -> None:
        self._spending = spending
        self._track_record = track_record
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model-ledger")

    async def reserve(self, user: str, usd: float) -> Reservation | None:
        """Sets money aside; None where a call costs nothing.

        Raises:
            OverBudget: the user's or the day's budget does not hold it.
            CatalogError: the file cannot be used.
        """
        if usd <= 0:
            return None
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writer, self._spending.reserve, user, usd)

    def settle(self, reservation: Reservation | None, call: ModelCall) -> None:
        """Counts what a call cost, and how the model did. Does not wait."""
        try:
            self._writer.submit(self._write, lambda: self._settle(reservation, call))
        except RuntimeError:  # The process is ending: what was set aside stays counted as spent.
            _log.warning("model_ledger_not_written reason=closed")

    def do(self, work: Callable[[], Result]) -> Result:
        """Does `work` after all that was asked for before, and waits for it."""
        return self._writer.submit(work).result()

    def close(self) -> None:
        """Writes what is left and closes the files."""
        self._writer.shutdown(wait=True)
        self._spending.close()
        self._track_record.close()

    def _settle(self, reservation: Reservation | None, call: ModelCall) -> None:
        if reservation is not None:
            self._spending.settle(reservation, call.cost_usd)
        if call.outcome not in _SAYS_NOTHING:
            self._track_record.record(call.model, outcome=call.outcome, ms=call.ms)

    @staticmethod
    def _write(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # The run is not to fail for it: at worst too much counts as spent.
            _log.warning("model_ledger_not_written reason=%s", type(error).__name__)
