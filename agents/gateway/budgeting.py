"""What models cost and may cost: worst cases reserved before a call, settled after it.

Spending by user and day is kept in SQLite, so that a restart forgets nothing. A reservation is written before the
request is made: a process that dies in between leaves it standing, so that at worst too much is counted, never too
little.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.database import Database

from .settings import Budgets

_SCHEMA = """
create table if not exists model_spending (
    day text not null, user text not null, usd real not null, primary key (day, user)
) without rowid
"""
_KEPT_DAYS = 400


class OverBudget(Exception):
    """A budget would be exceeded; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Money set aside for a call, to be settled once."""

    day: str
    user: str
    usd: float


class Spending:
    """What was spent by user and day of UTC, durably and across processes."""

    def __init__(self, path: Path, budgets: Budgets, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = Database(path)
        self._budgets = budgets
        self._now = now
        self._ready = False

    def reserve(self, user: str, usd: float) -> Reservation:
        """Sets money aside.

        Raises:
            OverBudget: the user's or the day's budget does not hold it.
            CatalogError: the file cannot be used.
        """
        day = self._day()
        if usd <= 0:
            return Reservation(day=day, user=user, usd=0.0)
        self._prepare()
        with self._database.transaction() as connection:
            rows = connection.execute("select user, usd from model_spending where day = ?", (day,)).fetchall()
            spent = {name: float(amount) for name, amount in rows}
            _hold("the day's budget (day_usd)", self._budgets.day_usd, math.fsum(spent.values()), usd)
            _hold("the user's budget for the day (user_day_usd)", self._budgets.user_day_usd, spent.get(user, 0), usd)
            connection.execute(
                "insert into model_spending values (?, ?, ?) on conflict do update set usd = usd + excluded.usd",
                (day, user, usd),
            )
        return Reservation(day=day, user=user, usd=usd)

    def settle(self, reservation: Reservation, usd: float) -> None:
        """Counts what the call did cost in place of what was set aside.

        Raises:
            CatalogError: the file cannot be used.
        """
        if usd == reservation.usd:
            return
        self._prepare()
        with self._database.transaction() as connection:
            connection.execute(
                "insert into model_spending values (?, ?, max(0, ?)) on conflict do update set usd = max(0, usd + ?)",
                (reservation.day, reservation.user, usd - reservation.usd, usd - reservation.usd),
            )

    def spent(self, user: str | None = None) -> float:
        """USD of today, of one user or of all.

        Raises:
            CatalogError: the file cannot be used.
        """
        self._prepare()
        rows = self._database.read("select user, usd from model_spending where day = ?", (self._day(),))
        return math.fsum(float(usd) for name, usd in rows if user is None or name == user)

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    def _prepare(self) -> None:
        if not self._ready:
            oldest = (self._now().astimezone(UTC).date() - timedelta(days=_KEPT_DAYS)).isoformat()
            with self._database.transaction() as connection:
                connection.execute(_SCHEMA)
                connection.execute("delete from model_spending where day < ?", (oldest,))
            self._ready = True


class RunBudget:
    """What one run may still spend. Used from the run's own loop only."""

    def __init__(self, budgets: Budgets) -> None:
        self._budgets = budgets
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0

    def reserve(self, tokens: int, usd: float) -> None:
        """Sets a call aside.

        Raises:
            OverBudget: the run's budget does not hold it.
        """
        _hold_count("the run's budget of calls (run_calls)", self._budgets.run_calls, self.calls, 1)
        _hold_count("the run's budget of tokens (run_tokens)", self._budgets.run_tokens, self.tokens, tokens)
        _hold("the run's budget (run_usd)", self._budgets.run_usd, self.usd, usd)
        self.calls, self.tokens, self.usd = self.calls + 1, self.tokens + tokens, self.usd + usd

    def settle(self, tokens: int, usd: float, *, reserved_tokens: int, reserved_usd: float) -> None:
        """Counts what the call did use in place of what was set aside."""
        self.tokens += tokens - reserved_tokens
        self.usd = max(0.0, self.usd + usd - reserved_usd)

    def release(self, tokens: int, usd: float) -> None:
        """Gives back what was set aside for a call that was not made."""
        self.calls -= 1
        self.settle(0, 0.0, reserved_tokens=tokens, reserved_usd=usd)

    @property
    def exhausted(self) -> bool:
        """Whether no call at all fits any more."""
        calls, tokens = self._budgets.run_calls, self._budgets.run_tokens
        return (calls is not None and self.calls >= calls) or (tokens is not None and self.tokens >= tokens)


def _hold(name: str, bound: float | None, spent: float, wanted: float) -> None:
    # A model that costs nothing may be asked whatever was spent. The slack is for sums of binary fractions.
    if bound is not None and wanted > 0 and spent + wanted > bound + 1e-9:
        raise OverBudget(f"{name} is {bound:.6g} USD, {spent:.6g} are spent and this call may take {wanted:.6g}")


def _hold_count(name: str, bound: int | None, used: int, wanted: int) -> None:
    if bound is not None and used + wanted > bound:
        raise OverBudget(f"{name} is {bound:,}, {used:,} are used and this call may take {wanted:,}")
