"""The rules of engagement: what is refused at start, and that the crew's own workflow follows them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agents.crew import CrewWorkflow
from agents.engagement import DEFAULT_RULES, STEPS, load_engagement
from agents.errors import EngagementError

SHIPPED = DEFAULT_RULES.read_text(encoding="utf-8")


def test_the_shipped_rules_hold_every_step_of_the_workflow() -> None:
    rules = load_engagement()
    own = {name for name in vars(CrewWorkflow) if hasattr(getattr(CrewWorkflow, name), "_step_config")}
    assert own == set(STEPS) == set(rules.steps)


def test_a_hand_over_that_no_rule_names_is_refused() -> None:
    rules = load_engagement()
    rules.check_handover("verify", "repair")
    with pytest.raises(EngagementError, match=r"'draft' hand to no 'release'"):
        rules.check_handover("draft", "release")


def test_the_researcher_may_call_no_model() -> None:
    rules = load_engagement()
    assert not rules.may_call("research", "models")
    assert rules.may_call("draft", "models")


FAULTS = {
    'to = ["route", "release"]': ('to = ["route", "nowhere"]', "steps.admit.to names 'nowhere'"),
    'agent = "planner"': ('agent = "nobody"', r"steps.plan.agent is 'nobody'"),
    'to = ["repair", "release"]': ('to = ["repair"]', "no way leads from steps"),
    'to = ["verify"]\n\n[steps.release]': ("to = []\n\n[steps.release]", "steps.repair.to is empty"),
    "repairs = 2 ": ("repairs = 99 ", "limits.repairs"),
    "seconds = 120": ("minutes = 2", "minutes|seconds"),
    'to = ["draft"]': ('to = ["draft", "plan"]', "research → plan|plan → research"),
    "[steps.route]": ("[steps.rout]", "no step|nowhere|'route'"),
}


@pytest.mark.parametrize("part", sorted(FAULTS))
def test_rules_under_which_a_run_could_not_end_stop_the_start(part: str, tmp_path: Path) -> None:
    instead, told = FAULTS[part]
    assert part in SHIPPED
    path = tmp_path / "rules.toml"
    path.write_text(SHIPPED.replace(part, instead, 1), encoding="utf-8")
    with pytest.raises(EngagementError, match=told) as found:
        load_engagement(path)
    assert "rules.toml" in str(found.value)


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngagementError, match=r"rules\.toml"):
        load_engagement(tmp_path / "rules.toml")
    (tmp_path / "rules.toml").write_text("[agents", encoding="utf-8")
    with pytest.raises(EngagementError, match=r"rules\.toml"):
        load_engagement(tmp_path / "rules.toml")


def test_the_shipped_file_is_toml_and_says_what_each_agent_does() -> None:
    agents = tomllib.loads(SHIPPED)["agents"]
    assert all(agent["job"] and agent["gets"] and agent["hands_over"] for agent in agents.values())
