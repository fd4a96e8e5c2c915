"""Budgets: reserved before a call, settled after it, remembered after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.errors import ModelUnavailable
from agents.gateway.budgeting import OverBudget, RunBudget, Spending
from agents.gateway.failures import ModelFailure
from agents.gateway.gateway import Gateway
from agents.gateway.ports import Completion
from agents.gateway.settings import Budgets, Patience
from agents.model import Tier
from tests.agents.gateway.conftest import FakeProvider, Verdicts, Workshop, plain_spec, prompt

PRICED = plain_spec(price_in=1.0, price_out=10.0, max_output_tokens=100)
GOOD = Completion(text='{"claims": []}', tokens_in=1000, tokens_out=50, counted=True)  # 0.0015 USD


def made(workshop: Workshop, provider: FakeProvider, budgets: Budgets) -> Gateway:
    return workshop.gateway(PRICED, budgets=budgets, opening=lambda _: provider)


def ask(gateway: Gateway, user: str = "anna", times: int = 1) -> list[str]:
    """The outcome of each of so many questions, one after another in one run."""
    session = gateway.session("run", user)

    async def asked() -> list[str]:
        found = []
        for _ in range(times):
            try:
                await session.ask(prompt(), Verdicts, agent="analyst", tier=Tier.SMALL)
                found.append("ok")
            except ModelUnavailable as error:
                found.append(f"{error.reason}: {error}")
        return found

    return asyncio.run(asked())


def test_what_a_call_cost_is_counted_not_what_was_set_aside(workshop: Workshop) -> None:
    gateway = made(workshop, FakeProvider(GOOD), Budgets())
    ask(gateway, times=2)
    ask(gateway, "ben")
    assert gateway.spent_today() == pytest.approx(0.0045)
    assert gateway.spent_today("anna") == pytest.approx(0.003)


@pytest.mark.parametrize(
    ("budgets", "name"),
    [
        (Budgets(run_usd=0.002), "run_usd"),
        (Budgets(user_day_usd=0.002), "user_day_usd"),
        (Budgets(day_usd=0.002), "day_usd"),
        (Budgets(run_calls=1), "run_calls"),
        (Budgets(run_tokens=1100), "run_tokens"),
    ],
    ids=["run", "user", "day", "calls", "tokens"],
)
def test_over_budget_nobody_is_asked_and_the_budget_is_named(workshop: Workshop, budgets: Budgets, name: str) -> None:
    provider = FakeProvider(GOOD)
    first, second = ask(made(workshop, provider, budgets), times=2)
    assert first == "ok"
    assert second.startswith("budget: ")
    assert name in second
    assert len(provider.asked) == 1


def test_one_user_s_budget_is_not_another_s(workshop: Workshop) -> None:
    gateway = made(workshop, FakeProvider(GOOD), Budgets(user_day_usd=0.002))
    assert ask(gateway)[0] == "ok"
    assert ask(gateway, "ben")[0] == "ok"
    assert ask(gateway)[0].startswith("budget")


def test_a_restart_forgets_nothing(workshop: Workshop) -> None:
    budgets = Budgets(day_usd=0.002)
    gateway = made(workshop, FakeProvider(GOOD), budgets)
    ask(gateway)
    gateway.close()
    assert ask(made(workshop, FakeProvider(GOOD), budgets))[0].startswith("budget")


def test_refused_requests_cost_nothing_and_unanswered_ones_may(workshop: Workshop) -> None:
    gateway = made(workshop, FakeProvider(ModelFailure("server_error", "no")), Budgets())
    ask(gateway)
    assert gateway.spent_today() == 0
    gateway.close()
    gateway = made(workshop, FakeProvider(ModelFailure("timeout", "no")), Budgets())
    ask(gateway)
    assert gateway.spent_today() > 0


def test_calls_side_by_side_do_not_exceed_a_budget_together(workshop: Workshop) -> None:
    provider = FakeProvider(GOOD)
    gateway = made(workshop, provider, Budgets(day_usd=0.0035))
    session = gateway.session("run", "anna")

    async def ten() -> list[object]:
        asking = (session.ask(prompt(str(n)), Verdicts, agent="a", tier=Tier.SMALL) for n in range(10))
        return await asyncio.gather(*asking, return_exceptions=True)

    results = asyncio.run(ten())
    assert 1 <= sum(isinstance(one, Verdicts) for one in results) <= 3
    assert gateway.spent_today() <= 0.0045


def test_a_model_that_costs_nothing_is_asked_whatever_was_spent(workshop: Workshop) -> None:
    gateway = workshop.gateway(plain_spec(), budgets=Budgets(day_usd=0.0), opening=lambda _: FakeProvider(GOOD))
    assert ask(gateway) == ["ok"]


def test_where_spending_cannot_be_written_nothing_is_spent(workshop: Workshop) -> None:
    workshop.database.mkdir(parents=True)  # a folder where the file should be
    provider = FakeProvider(GOOD)
    assert ask(made(workshop, provider, Budgets(day_usd=1.0)))[0].startswith("accounting")
    assert provider.asked == []


def test_a_day_ends_at_midnight_of_utc(tmp_path: Path) -> None:
    now = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC)]
    spending = Spending(tmp_path / "models.db", Budgets(day_usd=1.0), lambda: now[0])
    spending.reserve("anna", 0.9)
    with pytest.raises(OverBudget):
        spending.reserve("anna", 0.2)
    now[0] += timedelta(minutes=1)
    spending.reserve("anna", 0.2)
    assert spending.spent() == pytest.approx(0.2)
    spending.close()


def test_a_call_over_midnight_is_settled_on_the_day_it_began(tmp_path: Path) -> None:
    now = [datetime(2026, 3, 1, 23, 59, tzinfo=UTC)]
    spending = Spending(tmp_path / "models.db", Budgets(), lambda: now[0])
    reservation = spending.reserve("anna", 0.9)
    now[0] += timedelta(minutes=2)
    spending.settle(reservation, 0.1)
    assert spending.spent() == 0
    now[0] -= timedelta(minutes=2)
    assert spending.spent() == pytest.approx(0.1)
    spending.close()


def test_a_process_that_dies_during_a_call_leaves_its_worst_case_counted(tmp_path: Path) -> None:
    first = Spending(tmp_path / "models.db", Budgets(day_usd=1.0))
    first.reserve("anna", 0.9)
    first.close()
    second = Spending(tmp_path / "models.db", Budgets(day_usd=1.0))
    with pytest.raises(OverBudget):
        second.reserve("anna", 0.2)
    second.close()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=40), st.floats(0.1, 3))
def test_a_run_never_uses_more_than_its_budget(calls: list[tuple[float, float]], bound: float) -> None:
    budget = RunBudget(Budgets(run_usd=bound))
    spent = 0.0
    for worst, share in calls:
        try:
            budget.reserve(10, worst)
        except OverBudget:
            continue
        cost = worst * share
        budget.settle(10, cost, reserved_tokens=10, reserved_usd=worst)
        spent += cost
    assert spent <= bound + 1e-6
    assert budget.usd == pytest.approx(spent)


def test_patience_is_no_way_around_a_budget(workshop: Workshop) -> None:
    provider = FakeProvider("no json")
    gateway = workshop.gateway(
        PRICED, budgets=Budgets(run_calls=1), opening=lambda _: provider, patience=Patience(attempts=5)
    )
    assert ask(gateway)[0].startswith("budget")  # asking again is a call of its own
    assert len(provider.asked) == 1
