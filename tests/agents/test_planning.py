"""Questions taken apart into steps, by rules and by a model, and questions left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agents.errors import ModelUnavailable
from agents.evaluating import read_questions
from agents.model import Operation, Tier, Usage
from agents.planning import MOST_STEPS, fill, plan
from agents.planning_model import PlannedStep, PlannedSteps, plan_with_model
from agents.ports import Prompt
from agents.question import understand
from agents.runs.model import ModelCall
from tests.conftest import REPOSITORY

Reply = TypeVar("Reply", bound=BaseModel)


def steps_of(question: str) -> list[str]:
    return [step.question.text for step in plan(understand(question)).steps]


@pytest.mark.parametrize(
    ("question", "steps", "operation"),
    [
        (
            "Is the hotel cap higher in Berlin or in London?",
            ["What is the hotel cap in Berlin?", "What is the hotel cap in London?"],
            Operation.LARGEST,
        ),
        (
            "Is the hotel cap for Munich lower than that for Hamburg?",
            ["What is the hotel cap for Munich?", "What is the hotel cap for Hamburg?"],
            Operation.SMALLEST,
        ),
        (
            "Which is heavier, the FJ-120 or the SK-80?",
            ["How heavy is the FJ-120?", "How heavy is the SK-80?"],
            Operation.LARGEST,
        ),
        (
            "Is Hamburg's hotel cap higher than Kassel's?",
            ["What is Hamburg's hotel cap?", "What is Kassel's hotel cap?"],
            Operation.LARGEST,
        ),
        (
            "Does Kassel or Gdynia have more employees?",
            ["How many employees does Kassel have?", "How many employees does Gdynia have?"],
            Operation.LARGEST,
        ),
        (
            "Are there more people in Hull or in Kassel?",
            ["How many people are there in Hull?", "How many people are there in Kassel?"],
            Operation.LARGEST,
        ),
        (
            "Which contract ends earlier, the one with Sorrel Valves or the one with Tollgate Freight?",
            ["When does the contract with Sorrel Valves end?", "When does the contract with Tollgate Freight end?"],
            Operation.SMALLEST,
        ),
        (
            "Does the FJ-200 take longer to deliver than the FJ-120?",
            ["How long does the FJ-200 take to deliver?", "How long does the FJ-120 take to deliver?"],
            Operation.LARGEST,
        ),
        (
            "Does Kassel have more days of leave than Hull?",
            ["How many days of leave does Kassel have?", "How many days of leave does Hull have?"],
            Operation.LARGEST,
        ),
        (
            "What is the difference between the Gold and Silver support plan in response time?",
            [
                "What is the response time of the Gold support plan?",
                "What is the response time of the Silver support plan?",
            ],
            Operation.DIFFERENCE,
        ),
        (
            "How much more does an FJ-320 weigh than an FJ-200?",
            ["How much does an FJ-320 weigh?", "How much does an FJ-200 weigh?"],
            Operation.DIFFERENCE,
        ),
        (
            "Compare the hotel caps in Hull and London.",
            ["What is the hotel cap in Hull?", "What is the hotel cap in London?"],
            None,
        ),
        (
            "What are the hotel caps in London and Kassel, and which is higher?",
            ["What is the hotel cap in London?", "What is the hotel cap in Kassel?"],
            Operation.LARGEST,
        ),
        (
            "Ist die Hotelgrenze in Berlin oder in London höher?",
            ["Wie hoch ist die Hotelgrenze in Berlin?", "Wie hoch ist die Hotelgrenze in London?"],
            Operation.LARGEST,
        ),
        (
            "Um wie viel höher ist die Hotelgrenze in München als in Hamburg?",
            ["Wie hoch ist die Hotelgrenze in München?", "Wie hoch ist die Hotelgrenze in Hamburg?"],
            Operation.DIFFERENCE,
        ),
    ],
)
def test_a_comparison_asks_for_each_side(question: str, steps: list[str], operation: Operation | None) -> None:
    made = plan(understand(question))
    assert [step.question.text for step in made.steps] == steps
    assert made.operation is operation
    assert made.compares


@pytest.mark.parametrize(
    ("question", "steps", "operation"),
    [
        (
            "What is the total ammonia charge of an FJ-120 and an FJ-200?",
            ["What is the ammonia charge of an FJ-120?", "What is the ammonia charge of an FJ-200?"],
            Operation.SUM,
        ),
        (
            "What do a laptop and a CAD workstation cost together?",
            ["What does a laptop cost?", "What does a CAD workstation cost?"],
            Operation.SUM,
        ),
        (
            "What do the gasket set and the carbon bearing set for a TN-30 cost together?",
            ["What does the gasket set for a TN-30 cost?", "What does the carbon bearing set for a TN-30 cost?"],
            Operation.SUM,
        ),
        (
            "What is the combined weight of an FJ-120 and an FJ-200?",
            ["What is the weight of an FJ-120?", "What is the weight of an FJ-200?"],
            Operation.SUM,
        ),
        (
            "What is the average of the hotel caps in London and Manchester?",
            ["What is the hotel cap in London?", "What is the hotel cap in Manchester?"],
            Operation.AVERAGE,
        ),
        (
            "What is the ratio of the motor power of the FJ-320 to that of the FJ-120?",
            ["What is the motor power of the FJ-320?", "What is the motor power of the FJ-120?"],
            Operation.RATIO,
        ),
        (
            "How much higher was revenue in 2025 than in 2023?",
            ["What was revenue in 2025?", "What was revenue in 2023?"],
            Operation.DIFFERENCE,
        ),
        (
            "How much more per year is the Plus plan than the Essential plan for a 300 kW plant?",
            ["What is the Plus plan per year for a 300 kW plant?", "What is the Essential plan for a 300 kW plant?"],
            Operation.DIFFERENCE,
        ),
        (
            "Um wie viel Euro ist die Hotelobergrenze in Hamburg höher als in Kassel?",
            ["Wie hoch ist die Hotelobergrenze in Hamburg?", "Wie hoch ist die Hotelobergrenze in Kassel?"],
            Operation.DIFFERENCE,
        ),
        (
            "Wie viel schwerer ist die FJ-320 als die FJ-120?",
            ["Wie schwer ist die FJ-320?", "Wie schwer ist die FJ-120?"],
            Operation.DIFFERENCE,
        ),
        (
            "What is the combined budget of Sales and Human resources for FY2026?",
            ["What is the budget of Sales for FY2026?", "What is the budget of Human resources for FY2026?"],
            Operation.SUM,
        ),
        (
            "What is the average weight of the FJ-120 and the FJ-200?",
            ["What is the weight of the FJ-120?", "What is the weight of the FJ-200?"],
            Operation.AVERAGE,
        ),
        (
            "By what percentage did revenue rise from 2023 to 2025?",
            ["What was revenue in 2023?", "What was revenue in 2025?"],
            Operation.GROWTH,
        ),
        (
            "By how much did revenue rise from 2023 to 2025?",
            ["What was revenue in 2025?", "What was revenue in 2023?"],
            Operation.DIFFERENCE,
        ),
        (
            "How many days lie between the outage and the penetration test?",
            ["When was the outage?", "When was the penetration test?"],
            Operation.DAYS_BETWEEN,
        ),
        (
            "What was the net debt as a percentage of revenue in 2025?",
            ["What was the net debt in 2025?", "What was revenue in 2025?"],
            Operation.SHARE,
        ),
        (
            "Um wie viel Prozent ist der Umsatz von 2023 auf 2025 gestiegen?",
            ["Wie hoch war der Umsatz 2023?", "Wie hoch war der Umsatz 2025?"],
            Operation.GROWTH,
        ),
    ],
)
def test_a_calculation_asks_for_its_operands_in_order(question: str, steps: list[str], operation: Operation) -> None:
    made = plan(understand(question))
    assert [step.question.text for step in made.steps] == steps
    assert made.operation is operation


@pytest.mark.parametrize(
    ("question", "operation"),
    [
        ("What is the total annual spend with all German suppliers?", Operation.SUM),
        ("Which Fjord package has the largest ammonia charge?", Operation.LARGEST),
        ("I joined on 3 March 2026. When does my probation end?", Operation.DATE_AFTER),
    ],
)
def test_operands_that_stand_side_by_side_are_one_step(question: str, operation: Operation) -> None:
    made = plan(understand(question))
    assert [step.question.text for step in made.steps] == [question]
    assert made.operation is operation


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        (
            "Who is the manager of the site where the Fjord packages are made?",
            "Where are the Fjord packages made?",
            "Who is the manager of {q1}?",
        ),
        (
            "What is the payment term of the supplier that delivers the rotor sets?",
            "Which supplier delivers the rotor sets?",
            "What is the payment term of {q1}?",
        ),
        (
            "What is the extension of the owner of the travel policy?",
            "Who is the owner of the travel policy?",
            "What is the extension of {q1}?",
        ),
        (
            "Wer leitet den Standort, an dem die Fjord-Pakete gebaut werden?",
            "Wo werden die Fjord-Pakete gebaut?",
            "Wer leitet {q1}?",
        ),
    ],
)
def test_what_is_asked_about_is_found_first(question: str, first: str, second: str) -> None:
    made = plan(understand(question))
    assert [(step.question.text, step.needs) for step in made.steps] == [(first, ()), (second, ("q1",))]
    assert fill(made.steps[1], {"q1": "Graham {q1} Ellerby."}).text == second.replace("{q1}", "Graham q1 Ellerby")


def test_things_asked_side_by_side_are_steps_of_their_own() -> None:
    made = plan(understand("How long is the probation, and who extends it?"))
    assert [step.id for step in made.steps] == ["q1", "q2"]
    assert made.operation is None
    assert not made.compares


def test_more_things_than_steps_are_all_kept() -> None:
    question = " ".join(f"Who approves thing{n} and where?" for n in range(6))
    made = plan(understand(question))
    assert len(made.steps) == MOST_STEPS
    assert "thing5" in made.steps[-1].question.text


def test_plain_questions_are_left_alone() -> None:
    for one in read_questions(REPOSITORY / "data" / "golden.jsonl"):
        if one.type in ("fact", "procedure", "table", "yesno", "person", "date", "supersession", "german"):
            question = understand(one.question)
            made = plan(question)
            assert [step.question for step in made.steps] == [question]
            assert made.operation is None


@pytest.mark.parametrize(
    "question",
    [
        "Who approves orders of more than £30,000?",
        "Are flights longer than 6 hours business class?",
        "Is the warranty longer than usual?",
        "What share of Kestholm does the founding family hold?",
        "How many days after a trip do I have to file my claim?",
        "What is the average age of our employees?",
        "What does the person that I report to have to sign?",
        "May I take the train or the plane?",
    ],
)
def test_what_only_sounds_like_more_is_left_alone(question: str) -> None:
    made = plan(understand(question))
    assert [step.question.text for step in made.steps] == [question]
    assert made.operation is None


@given(
    st.text(max_size=300), st.sampled_from(["{}", "Is {} higher in A or B?", "Who is the head of the site where {}?"])
)
def test_every_text_has_a_plan_that_can_be_carried_out(text: str, frame: str) -> None:
    made = plan(understand(frame.replace("{}", text)))
    assert 1 <= len(made.steps) <= MOST_STEPS
    known: set[str] = set()
    for step in made.steps:
        assert set(step.needs) <= known
        known.add(step.id)


class ScriptedSession:
    """A model session that gives one reply, or none."""

    def __init__(self, reply: BaseModel | None) -> None:
        self._reply = reply
        self.tiers: Sequence[Tier] = (Tier.SMALL,)
        self.calls: Sequence[ModelCall] = ()
        self.usage = Usage()

    def restrict(self) -> None:
        self.tiers = ()

    async def ask(self, prompt: Prompt, reply: type[Reply], *, agent: str, tier: Tier) -> Reply:
        if not isinstance(self._reply, reply):
            raise ModelUnavailable("no model answers")
        return self._reply


def planned(question: str, *steps: tuple[str, str, list[str]], operation: Operation | None = None) -> list[str]:
    reply = PlannedSteps(steps=[PlannedStep(id=a, question=b, needs=c) for a, b, c in steps], operation=operation)
    made = asyncio.run(plan_with_model(understand(question), ScriptedSession(reply), Tier.SMALL))
    return [step.question.text for step in made.steps]


def test_a_models_plan_is_taken_where_it_holds() -> None:
    asked = "Who runs the site in which Fjord packages get built?"
    found = planned(asked, ("q1", "In which site get Fjord packages built?", []), ("q2", "Who runs {q1}?", ["q1"]))
    assert found == ["In which site get Fjord packages built?", "Who runs {q1}?"]


@pytest.mark.parametrize(
    "steps",
    [
        [("q1", "Who runs {q2}?", ["q2"]), ("q2", "Where are Fjord packages built?", ["q1"])],
        [("q1", "Where are Fjord packages built?", []), ("q1", "Who runs the site?", [])],
        [("q1", "Where are Fjord packages built?", []), ("q2", "Who runs {q1}?", [])],
        [("q1", "Where are Fjord packages built?", []), ("q2", "What salary does the chief executive earn?", [])],
        [("q1", "Where are Fjord packages built in 2019?", []), ("q2", "Who runs {q1}?", ["q1"])],
        [("q1", "Where are packages built?", []), ("q2", "Who runs {q1}?", ["q1"])],
    ],
    ids=["cycle", "ids", "unnamed need", "drift", "new figure", "lost name"],
)
def test_a_models_plan_that_does_not_hold_is_set_aside(steps: list[tuple[str, str, list[str]]]) -> None:
    asked = "Who runs the place in which Fjord packages are built?"
    assert planned(asked, *steps) == steps_of(asked)


def test_a_model_that_fails_leaves_the_rules_plan() -> None:
    asked = "Is the hotel cap higher in Berlin or in London?"
    made = asyncio.run(plan_with_model(understand(asked), ScriptedSession(None), Tier.SMALL))
    assert made == plan(understand(asked))
    closed = ScriptedSession(PlannedSteps(steps=[PlannedStep(id="q1", question=asked)]))
    closed.restrict()
    assert asyncio.run(plan_with_model(understand(asked), closed, Tier.SMALL)) == made
