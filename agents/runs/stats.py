"""What runs cost and how long they took: by tier, by model, and against a large model for everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from statistics import median
from typing import Any

from ingest.database import Database

from ..model import Tier
from .record import utc

Json = dict[str, Any]
_MOST_RUNS = 20_000
"""The latest runs that figures are made of."""
_FINAL = "('answered', 'abstained', 'needs_review', 'blocked', 'rejected', 'expired')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the large model charges, USD per million tokens."""

    price_in: float
    price_out: float

    def cost(self, tokens_in: float, tokens_out: float) -> float:
        """USD."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    tier: str
    status: str
    claims: int
    supported: int
    dropped: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    ms: int


def figures(database: Database, *, since: datetime, large: Prices | None) -> Json:
    """All figures of the runs that began since then. `large` prices the baseline; without it there is none.

    A verified claim is a released one whose verdict is "supported".
    """
    rows = database.read(
        "select coalesce(tier, 'extractive'), status, claims, supported, dropped, tokens_in, tokens_out, cost_usd, "
        f"coalesce(ms, 0) from runs where started_at >= ? and status in {_FINAL} order by started_at desc limit ?",
        (utc(since), _MOST_RUNS),
    )
    names = [one.name for one in fields(_Run)]
    runs = [_Run(**dict(zip(names, row, strict=True))) for row in rows]
    by_tier: dict[str, list[_Run]] = defaultdict(list)
    for run in runs:
        by_tier[run.tier].append(run)
    return {
        "since": utc(since),
        "runs": len(runs),
        "capped": len(runs) == _MOST_RUNS,
        "all": _summed(runs),
        "tiers": {tier.value: _summed(by_tier[tier.value]) for tier in Tier if by_tier[tier.value]},
        "models": _models(database, since),
        "large_only": _baseline(runs, large),
        "feedback": _feedback(database, since),
    }


def _summed(runs: Sequence[_Run]) -> Json:
    verified = sum(run.supported for run in runs)
    cost = sum(run.cost_usd for run in runs)
    times = sorted(run.ms for run in runs)
    return {
        "runs": len(runs),
        "answered": sum(run.status == "answered" for run in runs),
        "abstained": sum(run.status == "abstained" for run in runs),
        "verified_claims": verified,
        "dropped_claims": sum(run.dropped for run in runs),
        "tokens_in": sum(run.tokens_in for run in runs),
        "tokens_out": sum(run.tokens_out for run in runs),
        "cost_usd": round(cost, 6),
        "cost_per_verified_claim_usd": round(cost / verified, 6) if verified else None,
        "median_ms": round(median(times)) if times else None,
        "p95_ms": times[min(len(times) - 1, int(0.95 * len(times)))] if times else None,
    }


def _baseline(runs: Sequence[_Run], large: Prices | None) -> Json | None:
    """What the same runs would have cost on the large model alone.

    A run without a model is counted with the mean tokens of those that had one; without any such run there is nothing
    to go by. The time is the median of the runs that did go to the large model.
    """
    with_model = [run for run in runs if run.tokens_in or run.tokens_out]
    if large is None or not with_model:
        return None
    mean_in = sum(run.tokens_in for run in with_model) / len(with_model)
    mean_out = sum(run.tokens_out for run in with_model) / len(with_model)
    without = len(runs) - len(with_model)
    cost = large.cost(sum(run.tokens_in for run in with_model), sum(run.tokens_out for run in with_model))
    cost += without * large.cost(mean_in, mean_out)
    actual = sum(run.cost_usd for run in runs)
    verified = sum(run.supported for run in runs)
    times = [run.ms for run in runs if run.tier == Tier.LARGE.value]
    return {
        "cost_usd": round(cost, 6),
        "cost_per_verified_claim_usd": round(cost / verified, 6) if verified else None,
        "saved_usd": round(cost - actual, 6),
        "saved_share": round(1 - actual / cost, 4) if cost else None,
        "estimated_runs": without,
        "median_ms": round(median(times)) if times else None,
    }


def _models(database: Database, since: datetime) -> list[Json]:
    """Calls by tier and model."""
    rows = database.read(
        "select c.tier, c.model, count(*), sum(c.outcome <> 'ok'), sum(c.tokens_in), sum(c.tokens_out), "
        "sum(c.cost_usd), avg(c.ms) from calls c join runs r on r.id = c.run_id where r.started_at >= ? "
        "group by c.tier, c.model order by c.tier, c.model",
        (utc(since),),
    )
    return [
        {
            "tier": row[0],
            "model": row[1],
            "calls": row[2],
            "failed": row[3],
            "tokens_in": row[4],
            "tokens_out": row[5],
            "cost_usd": round(row[6], 6),
            "mean_ms": round(row[7]),
        }
        for row in rows
    ]


def _feedback(database: Database, since: datetime) -> Json:
    [(helpful, given)] = database.read(
        "select coalesce(sum(f.helpful), 0), count(*) from feedback f join runs r on r.id = f.run_id "
        "where r.started_at >= ?",
        (utc(since),),
    )
    return {"given": given, "helpful": helpful}
