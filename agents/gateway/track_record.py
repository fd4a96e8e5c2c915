"""How each model has done: the share of its claims that were verified, how often it failed, and how long it took.

A model that does badly is demoted for a while: no question is routed to it. Then it is on trial, and takes questions
again: well done, it is as before; badly done, it is demoted anew.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from ingest.database import Database

_log = logging.getLogger("groundcrew.models")

_SCHEMA = (
    """
    create table if not exists model_outcomes (
        id integer primary key, model text not null, at real not null, outcome text not null, ms integer,
        supported integer not null, claims integer not null
    )
    """,
    "create index if not exists model_outcomes_by_model on model_outcomes (model, id)",
    """
    create table if not exists model_demotions (
        model text primary key, at real not null, reason text not null
    ) without rowid
    """,
)
_FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """When a model is demoted. Counted are its last `window` entries, on trial those since the trial began.

    It is when, with 95 % confidence, its support rate is below `support` or its failure rate above `failures`, and
    there are at least `least_claims` claims or `least_calls` calls; on trial, a quarter of them will do. `rest_s` is
    how long it gets no question then.
    """

    window: int = 400
    support: float = 0.6
    failures: float = 0.3
    least_claims: int = 20
    least_calls: int = 12
    rest_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a model stands. `median_ms` is None where it was never asked; `demoted` says that it is not to be."""

    model: str
    claims: int
    supported: int
    calls: int
    failed: int
    malformed: int
    median_ms: int | None
    demoted: bool
    on_trial: bool
    reason: str = ""

    @property
    def support_rate(self) -> float | None:
        """The share of its claims that were verified; None where it made none."""
        return self.supported / self.claims if self.claims else None


class TrackRecord:
    """The record in SQLite, shared by all runs and processes of a home."""

    def __init__(
        self, path: Path, bounds: Bounds | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = Database(path)
        self._bounds = bounds or Bounds()
        self._now = now
        self._ready = False

    def record(
        self, model: str, *, outcome: str = "ok", ms: int | None = None, supported: int = 0, claims: int = 0
    ) -> Standing:
        """Notes a call of a model (with `ms`), or what checking found of its claims; returns how it stands now.

        Raises:
            CatalogError: the file cannot be used.
        """
        if not 0 <= supported <= claims:
            raise ValueError(f"{supported} of {claims} claims cannot be supported")
        self._prepare()
        with self._database.transaction() as connection:
            connection.execute(
                "insert into model_outcomes (model, at, outcome, ms, supported, claims) values (?, ?, ?, ?, ?, ?)",
                (model, self._now().timestamp(), outcome, ms, supported, claims),
            )
            connection.execute(
                "delete from model_outcomes where model = ? and id <= "
                "(select id from model_outcomes where model = ? order by id desc limit 1 offset ?)",
                (model, model, 2 * self._bounds.window),
            )
        return self._judged(model)

    def standing(self, model: str) -> Standing:
        """How a model stands.

        Raises:
            CatalogError: the file cannot be used.
        """
        self._prepare()
        now = self._now().timestamp()
        demotion = self._database.read("select at, reason from model_demotions where model = ?", (model,))
        at, reason = demotion[0] if demotion else (None, "")
        back = None if at is None else at + self._bounds.rest_s
        resting, on_trial = back is not None and now < back, back is not None and now >= back
        rows = self._database.read(
            "select outcome, ms, supported, claims from model_outcomes where model = ? and at >= ? "
            "order by id desc limit ?",
            (model, back if on_trial else 0.0, self._bounds.window),
        )
        called = [(outcome, ms) for outcome, ms, _, _ in rows if ms is not None]
        return Standing(
            model=model,
            claims=sum(claims for *_, claims in rows),
            supported=sum(supported for _, _, supported, _ in rows),
            calls=len(called),
            failed=sum(outcome not in ("ok", "malformed") for outcome, _ in called),
            malformed=sum(outcome == "malformed" for outcome, _ in called),
            median_ms=round(median(ms for _, ms in called)) if called else None,
            demoted=resting,
            on_trial=on_trial,
            reason=reason,
        )

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _judged(self, model: str) -> Standing:
        """The standing after an entry, having demoted or reinstated the model where that is due."""
        standing = self.standing(model)
        if standing.demoted:
            return standing
        reason = self._fault(standing)
        if reason:
            self._demote(model, reason)
            _log.warning(
                "model_demoted model=%s reason=%s supported=%d claims=%d failed=%d malformed=%d calls=%d",
                model, reason, standing.supported, standing.claims, standing.failed, standing.malformed, standing.calls
            )  # fmt: skip
            return self.standing(model)
        if standing.on_trial and self._proved(standing):
            with self._database.transaction() as connection:
                # What was before the trial goes: it would demote the model again at once.
                connection.execute(
                    "delete from model_outcomes where model = ? and at < "
                    "(select at + ? from model_demotions where model = ?)",
                    (model, self._bounds.rest_s, model),
                )
                connection.execute("delete from model_demotions where model = ?", (model,))
            _log.info("model_reinstated model=%s supported=%d claims=%d", model, standing.supported, standing.claims)
            return self.standing(model)
        return standing

    def _fault(self, standing: Standing) -> str:
        """Why the model is to be demoted; empty where it is not."""
        bounds, share = self._bounds, 0.25 if standing.on_trial else 1.0
        if standing.claims >= bounds.least_claims * share:
            _, most = wilson(standing.supported, standing.claims)
            if most < bounds.support:
                return "support"
        bad = standing.failed + standing.malformed
        if standing.calls >= bounds.least_calls * share:
            least, _ = wilson(bad, standing.calls)
            if least > bounds.failures:
                return "malformed" if standing.malformed > standing.failed else _FAILED
        return ""

    def _proved(self, standing: Standing) -> bool:
        """Whether a model on trial has done enough, and well."""
        rate = standing.support_rate
        bad = standing.failed + standing.malformed
        return (
            standing.claims >= self._bounds.least_claims / 4
            and rate is not None
            and rate >= self._bounds.support
            and bad <= standing.calls * self._bounds.failures
        )

    def _demote(self, model: str, reason: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "insert or replace into model_demotions values (?, ?, ?)", (model, self._now().timestamp(), reason)
            )

    def _prepare(self) -> None:
        if not self._ready:
            with self._database.transaction() as connection:
                for statement in _SCHEMA:
                    connection.execute(statement)
            self._ready = True


def wilson(hits: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The Wilson score interval of a share: E. B. Wilson, JASA 22 (1927) 209."""
    if of <= 0:
        return 0.0, 1.0
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    reach = z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)
