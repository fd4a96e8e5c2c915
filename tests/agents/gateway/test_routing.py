"""Which tier a question begins with, and which it goes on with."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from agents.gateway.routing import escalation, route_tier
from agents.gateway.track_record import Standing
from agents.model import Mode, Tier
from tests.agents.gateway.conftest import FakeProvider, Verdicts, Workshop, plain_spec, prompt

BOTH = (Tier.SMALL, Tier.LARGE)


def standing(*, demoted: bool = False, on_trial: bool = False) -> Standing:
    return Standing(
        model="m",
        claims=0,
        supported=0,
        calls=0,
        failed=0,
        malformed=0,
        median_ms=None,
        demoted=demoted,
        on_trial=on_trial,
    )


@pytest.mark.parametrize(
    ("complexity", "mode", "tiers", "tier"),
    [
        ("lookup", "auto", BOTH, Tier.SMALL),
        ("multi", "auto", BOTH, Tier.LARGE),
        ("comparison", "auto", BOTH, Tier.LARGE),
        ("calculation", "auto", BOTH, Tier.LARGE),
        ("something new", "auto", BOTH, Tier.LARGE),
        ("lookup", "auto", (Tier.LARGE,), Tier.LARGE),
        ("multi", "auto", (Tier.SMALL,), Tier.SMALL),
        ("multi", "auto", (), Tier.EXTRACTIVE),
        ("multi", "extractive", BOTH, Tier.EXTRACTIVE),
        ("multi", "small", BOTH, Tier.SMALL),
        ("lookup", "large", BOTH, Tier.LARGE),
        ("lookup", "large", (Tier.SMALL,), Tier.SMALL),
        ("lookup", "small", (Tier.LARGE,), Tier.EXTRACTIVE),
    ],
)
def test_simple_questions_go_to_small_models_and_hard_ones_to_large(
    complexity: str, mode: Mode, tiers: tuple[Tier, ...], tier: Tier
) -> None:
    found = route_tier(complexity=complexity, mode=mode, tiers=tiers, standings={})
    assert found.tier == tier
    assert found.why


@pytest.mark.parametrize(
    ("demoted", "complexity", "tier"),
    [
        ((Tier.SMALL,), "lookup", Tier.LARGE),
        ((Tier.LARGE,), "multi", Tier.SMALL),
        ((Tier.LARGE,), "lookup", Tier.SMALL),
        (BOTH, "lookup", Tier.EXTRACTIVE),
    ],
)
def test_a_demoted_model_gets_no_question(demoted: tuple[Tier, ...], complexity: str, tier: Tier) -> None:
    standings = {one: standing(demoted=True) for one in demoted}
    found = route_tier(complexity=complexity, mode="auto", tiers=BOTH, standings=standings)
    assert found.tier == tier
    assert "demoted" in found.why or complexity == "lookup"


def test_a_model_on_trial_gets_questions_and_the_route_says_so() -> None:
    found = route_tier(complexity="lookup", mode="auto", tiers=BOTH, standings={Tier.SMALL: standing(on_trial=True)})
    assert found.tier == Tier.SMALL
    assert "on trial" in found.why


def test_who_asks_for_a_tier_gets_it_though_it_is_demoted() -> None:
    standings = {Tier.LARGE: standing(demoted=True)}
    assert route_tier(complexity="lookup", mode="large", tiers=BOTH, standings=standings).tier == Tier.LARGE


def test_only_the_small_tier_is_escalated_from() -> None:
    def after(tier: Tier, mode: Mode = "auto", tiers: tuple[Tier, ...] = BOTH, demoted: bool = False) -> Tier | None:
        return escalation(tier, mode=mode, tiers=tiers, standings={Tier.LARGE: standing(demoted=demoted)})

    assert after(Tier.SMALL) == Tier.LARGE
    assert after(Tier.LARGE) is None
    assert after(Tier.EXTRACTIVE) is None
    assert after(Tier.SMALL, mode="small") is None
    assert after(Tier.SMALL, tiers=(Tier.SMALL,)) is None
    assert after(Tier.SMALL, demoted=True) is None


def test_calls_are_on_the_record_by_themselves_and_claims_when_told(workshop: Workshop, tmp_path: Path) -> None:
    provider = FakeProvider("no json", '{"claims": ["a"]}')
    gateway = workshop.gateway(plain_spec(), opening=lambda _: provider)
    session = gateway.session("run", "anna")
    asyncio.run(session.ask(prompt(), Verdicts, agent="a", tier=Tier.SMALL))
    gateway.record("small", supported=2, claims=3)
    found = gateway.standings()[Tier.SMALL]
    assert (found.calls, found.malformed, found.failed, found.supported, found.claims) == (2, 1, 0, 2, 3)


def test_a_model_whose_claims_fail_is_demoted_for_the_next_question(workshop: Workshop) -> None:
    gateway = workshop.gateway(plain_spec(), plain_spec(tier=Tier.LARGE, model="large"))
    for _ in range(10):
        gateway.record("small", supported=0, claims=3)
    found = route_tier(complexity="lookup", mode="auto", tiers=BOTH, standings=gateway.standings())
    assert found.tier == Tier.LARGE
    assert "the small model is demoted" in found.why
