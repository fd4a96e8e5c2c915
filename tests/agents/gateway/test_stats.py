"""What answers cost, and what they would have cost with the large model alone."""

from __future__ import annotations

import asyncio

import pytest

from agents.gateway.stats import Price, RunFigures, run_figures, tier_stats
from agents.model import Tier
from tests.agents.gateway.conftest import FakeProvider, Verdicts, Workshop, plain_spec, prompt

LARGE = Price(tokens_in=10.0, tokens_out=30.0)


def run(tier: Tier, *, cost: float = 0.0, claims: int = 1, ms: int = 100, tokens: int = 0) -> RunFigures:
    return RunFigures(
        run_id="r",
        tier=tier,
        calls=0 if tier is Tier.EXTRACTIVE else 1,
        tokens_in=tokens,
        tokens_out=tokens,
        cost_usd=cost,
        verified_claims=claims,
        ms=ms,
    )


def test_tiers_come_cheapest_first_and_all_together_last() -> None:
    found = tier_stats([run(Tier.LARGE), run(Tier.EXTRACTIVE), run(Tier.LARGE)])
    assert [(one.tier, one.runs) for one in found] == [(Tier.EXTRACTIVE, 1), (Tier.LARGE, 2), (None, 3)]


def test_cost_per_verified_claim_and_time_to_answer() -> None:
    runs = [run(Tier.SMALL, cost=0.01, claims=n, ms=ms) for n, ms in ((1, 100), (3, 300), (0, 900))]
    small, everything = tier_stats(runs)
    assert small.usd_per_claim == pytest.approx(0.0075)
    assert (small.median_ms, small.p95_ms) == (300, 900)
    assert everything.usd_per_claim == small.usd_per_claim


def test_the_baseline_is_the_same_tokens_at_the_large_model_s_price() -> None:
    runs = [run(Tier.SMALL, cost=0.01, tokens=1000), run(Tier.LARGE, cost=0.04, tokens=1000)]
    *_, everything = tier_stats(runs, LARGE)
    assert everything.large_only_usd == pytest.approx(0.08)
    assert everything.large_only_usd_per_claim == pytest.approx(0.04)
    assert everything.saved == pytest.approx(1 - 0.05 / 0.08)


def test_what_is_not_known_is_not_said() -> None:
    (everything,) = tier_stats([])
    assert (everything.runs, everything.usd_per_claim, everything.large_only_usd, everything.saved) == (
        0,
        None,
        None,
        None,
    )
    extractive, _ = tier_stats([run(Tier.EXTRACTIVE)], LARGE)
    assert extractive.saved is None


def test_a_run_s_figures_come_from_its_recorded_calls(workshop: Workshop) -> None:
    provider = FakeProvider("no json", '{"claims": []}')
    gateway = workshop.gateway(plain_spec(price_in=1.0, price_out=2.0), opening=lambda _: provider)
    session = gateway.session("run", "anna")
    asyncio.run(session.ask(prompt(), Verdicts, agent="a", tier=Tier.SMALL))
    found = run_figures("run", session.calls, verified_claims=2, ms=40)
    assert (found.tier, found.calls, found.tokens_in, found.tokens_out) == (Tier.SMALL, 2, 200, 40)
    assert found.cost_usd == pytest.approx(session.usage.cost_usd)
    assert run_figures("run", (), verified_claims=1, ms=3).tier == Tier.EXTRACTIVE
