"""The gateway: the configured models as all runs share them, and a session for each run."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from agents.model import Tier
from agents.ports import Clock
from ingest.errors import CatalogError

from .budgeting import RunBudget, Spending
from .calling import Caller
from .endpoint import Endpoint
from .ledger import Ledger
from .looping import LoopThread
from .masking import MaskerFactory
from .ports import Provider, Sleep, Uniform
from .providers import open_provider
from .session import Session
from .settings import Budgets, ModelSpec, Patience
from .track_record import Bounds, Standing, TrackRecord

_log = logging.getLogger("groundcrew.models")
_CLOSING_S = 5.0


class Gateway:
    """Language models of one process. Safe to share among threads and loops. Opens nothing until a session is asked
    for; from then on the models' libraries are loaded beside, so that the first call need not wait for all of it."""

    def __init__(
        self,
        specs: Sequence[ModelSpec],
        budgets: Budgets,
        masker: MaskerFactory,
        database: Path,
        *,
        patience: Patience | None = None,
        bounds: Bounds | None = None,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Sleep = asyncio.sleep,
        uniform: Uniform = random.uniform,
        opening: Callable[[ModelSpec], Provider] = open_provider,
    ) -> None:
        if len({spec.tier for spec in specs}) < len(specs):
            raise ValueError("two models are configured for one tier; keep one")
        self._budgets = budgets
        self._masker = masker
        self._clock = clock
        self._io = LoopThread("model-requests")
        self._spending = Spending(database, budgets, now)
        self._track_record = TrackRecord(database, bounds, now)
        self._ledger = Ledger(self._spending, self._track_record)
        self._endpoints = {
            spec.tier: Endpoint(spec, self._io, opening, patience or Patience(), clock, sleep=sleep, uniform=uniform)
            for spec in specs
        }
        self._prepared = False

    @property
    def models(self) -> Mapping[Tier, ModelSpec]:
        """What is configured, by tier."""
        return {tier: endpoint.spec for tier, endpoint in self._endpoints.items()}

    def session(
        self,
        run_id: str,
        user: str | None,
        *,
        deadline_s: float = 120.0,
        parallel: int = 8,
        budgets: Budgets | None = None,
    ) -> Session:
        """The models of one run, which has `deadline_s` from now. `budgets` are the run's own, instead of those of
        the gateway; the budgets of user and day stay what they are.
        """
        started = self._clock()
        caller = Caller(
            user=user or "",
            budget=RunBudget(budgets or self._budgets),
            ledger=self._ledger,
            clock=self._clock,
            started=started,
            deadline=started + deadline_s,
        )
        self.prepare()
        _log.debug("model_session run=%s", run_id)
        return Session(self._endpoints, caller, self._masker, parallel=parallel)

    def prepare(self) -> None:
        """Begins to load the models' libraries, once, in the thread of requests; does not wait."""
        if not self._prepared and self._endpoints:
            self._prepared = True
            for endpoint in self._endpoints.values():
                self._io.begin(endpoint.prepare())

    def record(
        self, model: str, *, outcome: str = "ok", ms: int | None = None, supported: int = 0, claims: int = 0
    ) -> None:
        """Notes how many of a model's claims were verified. Calls, their outcomes and times are noted by themselves;
        give `outcome` and `ms` only for a call that no session made. Where it cannot be written, the log says so: no
        answer is to fail for it.
        """
        try:
            self._ledger.do(
                lambda: self._track_record.record(model, outcome=outcome, ms=ms, supported=supported, claims=claims)
            )
        except CatalogError as error:
            _log.warning("model_record_not_written model=%s reason=%s", model, error)

    def standings(self) -> Mapping[Tier, Standing]:
        """How each configured model has done; nothing of a model whose record cannot be read."""
        found: dict[Tier, Standing] = {}
        for tier, spec in self.models.items():
            try:
                found[tier] = self._ledger.do(partial(self._track_record.standing, spec.model))
            except CatalogError as error:
                _log.warning("model_record_not_read model=%s reason=%s", spec.model, error)
        return found

    def spent_today(self, user: str | None = None) -> float:
        """USD that were spent on this day of UTC, by one user or by all.

        Raises:
            CatalogError: the record cannot be read.
        """
        return self._ledger.do(lambda: self._spending.spent(user))

    def close(self) -> None:
        """Ends all requests, closes the connections and writes what is left to write."""
        for endpoint in self._endpoints.values():
            with suppress(Exception):  # A connection that does not close is no reason not to close the next.
                self._io.finish(endpoint.close(), _CLOSING_S)
        self._io.close()
        self._ledger.close()
