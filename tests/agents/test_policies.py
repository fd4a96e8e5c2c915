"""Policies: when a rule applies, and what is refused when they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.errors import EngagementError
from agents.policies import Situation, load_policies
from retrieval.access import Principal

REPOSITORY = Path(__file__).resolve().parents[2]
ANA = Principal(user="ana", groups=frozenset({"sales"}))
ASKED = Situation(question="What is the discount for resellers?", principal=ANA)


def policies(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    (tmp_path / "one.yaml").write_text(f"name: one\nrules:\n{text}", encoding="utf-8")
    return load_policies(tmp_path)


def rule(when: str, then: str = "then: review\n    why: because") -> str:
    return f"  - id: a\n    when: {when}\n    {then}\n"


@pytest.mark.parametrize(
    ("when", "applies"),
    [
        ("{}", True),
        (r"{ question: ['\bdiscount\b'] }", True),
        (r"{ question: ['\bsalary\b', 'RESELLERS'] }", True),
        (r"{ question: ['\bsalary\b'] }", False),
        ("{ asker_in: ['group:sales'] }", True),
        ("{ asker_in: ['group:hr', 'user:bo'] }", False),
        ("{ asker_not_in: ['group:sales'] }", False),
        ("{ asker_not_in: ['group:hr'] }", True),
        ("{ labels: [restricted] }", False),
        ("{ conflict: true }", False),
        ("{ conflict: false }", True),
        ("{ support_below: 0.5 }", False),
        ("{ claim: ['x'] }", False),
    ],
)
def test_a_rule_applies_when_all_that_it_names_holds(when: str, applies: bool, tmp_path: Path) -> None:
    assert bool(policies(tmp_path, rule(when)).applying("review", ASKED)) is applies


def test_what_an_answer_rests_on_counts(tmp_path: Path) -> None:
    found = policies(tmp_path, rule("{ labels: [restricted], sources: [board], support_below: 0.5 }"))
    situation = replace(ASKED, labels=frozenset({"restricted"}), sources=frozenset({"board"}), support=0.4)
    assert found.applying("review", situation)
    assert not found.applying("review", replace(situation, support=0.6))


def test_an_admin_belongs_to_every_group(tmp_path: Path) -> None:
    found = policies(tmp_path, rule("{ asker_not_in: ['group:hr'] }"))
    assert not found.applying("review", replace(ASKED, principal=Principal(admin=True)))


def test_wording_changes_whole_words_only(tmp_path: Path) -> None:
    found = policies(tmp_path, rule("{}", "then: wording\n    replace: { Co2: CO2, 'fjord range': Fjord }"))
    assert found.reworded("Co2 and Co2x in the fjord range.", ASKED) == "CO2 and Co2x in the Fjord."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule("{ question: ['('] }"), "no regular expression"),
        (rule("{ asker_in: [hr] }"), "none of everyone, group:NAME, user:NAME"),
        (rule("{ questions: ['x'] }"), "questions"),
        (rule("{}", "then: explode"), "rules.0.then"),
        (rule("{}", "then: block"), "needs 'why'"),
        (rule("{}", "then: disclaim"), "needs 'text'"),
        (rule("{}", "then: withhold\n    kinds: [shoe_size]"), "kinds"),
        (rule("{}") + rule("{}"), "two rules have the id 'a'"),
        ("  - [", "cannot be read"),
    ],
)
def test_a_policy_that_cannot_be_used_stops_the_start(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(EngagementError, match=told):
        policies(tmp_path, text)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngagementError, match="missing"):
        load_policies(tmp_path / "missing")


def test_the_sample_policies_are_read() -> None:
    found = load_policies(REPOSITORY / "data" / "policies")
    assert {rule.then for rule in found.rules} >= {"block", "review", "ban", "disclaim", "wording", "withhold"}
    assert found.retention.runs_days == 90
