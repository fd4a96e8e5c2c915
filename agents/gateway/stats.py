"""What answers cost, by tier, and what they would have cost with the large model alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.model import Tier
from agents.runs.model import ModelCall

_ORDER = (Tier.EXTRACTIVE, Tier.SMALL, Tier.LARGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """USD for so many tokens."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """What one run used. `tier` is the highest that answered it, `verified_claims` are those it released, `ms` is the
    time from question to answer."""

    run_id: str
    tier: Tier
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    verified_claims: int
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFigures:
    """Runs of one tier together, or of all (`tier` is None).

    `large_only_usd` is what the same tokens cost at the large model's price; None where that is not known.
    """

    tier: Tier | None
    runs: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    verified_claims: int
    median_ms: int
    p95_ms: int
    large_only_usd: float | None

    @property
    def usd_per_claim(self) -> float | None:
        """Cost of a verified claim; None where there is none."""
        return self.cost_usd / self.verified_claims if self.verified_claims else None

    @property
    def large_only_usd_per_claim(self) -> float | None:
        """The same with the large model alone."""
        if self.large_only_usd is None or not self.verified_claims:
            return None
        return self.large_only_usd / self.verified_claims

    @property
    def saved(self) -> float | None:
        """The share of the large model's cost that was saved; None where that is not known or nothing."""
        if not self.large_only_usd:
            return None
        return 1 - self.cost_usd / self.large_only_usd


def run_figures(run_id: str, calls: Sequence[ModelCall], *, verified_claims: int, ms: int) -> RunFigures:
    """What a run used, from its recorded calls."""
    answered = [call.tier for call in calls if call.outcome == "ok"]
    return RunFigures(
        run_id=run_id,
        tier=max(answered, key=_ORDER.index, default=Tier.EXTRACTIVE),
        calls=len(calls),
        tokens_in=sum(call.tokens_in for call in calls),
        tokens_out=sum(call.tokens_out for call in calls),
        cost_usd=math.fsum(call.cost_usd for call in calls),
        verified_claims=verified_claims,
        ms=ms,
    )


def tier_stats(runs: Iterable[RunFigures], large: Price | None = None) -> tuple[TierFigures, ...]:
    """Figures for each tier that has runs, cheapest first, and for all together at the end.

    `large` is the large model's price. The baseline takes the tokens as they were: a larger model might have needed
    fewer calls, since its claims are repaired less often, so it is an upper bound of what was saved.
    """
    by_tier: dict[Tier, list[RunFigures]] = {}
    for run in runs:
        by_tier.setdefault(run.tier, []).append(run)
    everything = [run for found in by_tier.values() for run in found]
    tiers = [_together(tier, by_tier[tier], large) for tier in _ORDER if tier in by_tier]
    return (*tiers, _together(None, everything, large))


def _together(tier: Tier | None, runs: Sequence[RunFigures], large: Price | None) -> TierFigures:
    tokens_in = sum(run.tokens_in for run in runs)
    tokens_out = sum(run.tokens_out for run in runs)
    times = sorted(run.ms for run in runs)
    return TierFigures(
        tier=tier,
        runs=len(runs),
        calls=sum(run.calls for run in runs),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost_usd=math.fsum(run.cost_usd for run in runs),
        verified_claims=sum(run.verified_claims for run in runs),
        median_ms=_at(times, 0.5),
        p95_ms=_at(times, 0.95),
        large_only_usd=large.of(tokens_in, tokens_out) if large is not None else None,
    )


def _at(times: Sequence[int], share: float) -> int:
    """The nearest-rank quantile; 0 of nothing."""
    return times[max(0, math.ceil(share * len(times)) - 1)] if times else 0
