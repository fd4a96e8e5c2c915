"""What is computed from the words that were chosen, and what is left out because it is not clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from agents.calculating import recomputes
from agents.checks.computing import computed
from agents.composing import compose
from agents.composing_arranging import arranged, settled
from agents.composing_choosing import plainly_answered, unnamed_sides
from agents.judging import Chosen, PartJudgement
from agents.model import ClaimKind, Draft, DraftClaim, Operation
from agents.question import understand
from retrieval.model import Hit
from tests.agents.passages import chunks_of, passage, plan, unit

CAPS = passage(
    "Travel policy",
    rows=[
        ("City", "Cap per night", "Preferred hotel"),
        ("Hull", "£95", "Ravensgate Lodge"),
        ("London", "£165", "none"),
        ("Manchester", "£125", "Canal Row"),
        ("Kassel", "€105", "Fuldablick"),
    ],
    headings=("Travel policy", "6. Hotels"),
)
REPORT = passage(
    "Annual report",
    rows=[("Measure", "2025", "2024"), ("Revenue", "£118.4m", "£109.7m"), ("Net debt", "£11.8m", "£14.6m")],
)


def answers(question: str, steps: Mapping[str, tuple[Hit, str] | None], operation: Operation) -> tuple[list[str], str]:
    """The texts of the computed claims and the reasons, for steps with the unit that answers each."""
    made = plan(question, *steps, operation=operation, compares=True)
    chosen = {step.id: [unit(*found)] if found else [] for step, found in zip(made.steps, steps.values(), strict=True)}
    claims, reasons = compose(made, chosen, (), {}, chunks_of=chunks_of(CAPS, REPORT))
    claims = tuple(claim for claim in claims if claim.kind is ClaimKind.COMPUTED)
    for claim in claims:
        assert claim.computation is not None
        assert computed(claim.computation).agrees or recomputes(claim.computation)
        assert {operand.span.chunk.id for operand in claim.computation.operands} <= {
            span.chunk.id for span in claim.evidence
        }
    return [claim.text for claim in claims], "; ".join(reasons)


def test_a_difference_names_both_figures_and_what_they_are() -> None:
    steps = {
        "What is the hotel cap in London?": (CAPS, "London"),
        "What is the hotel cap in Manchester?": (CAPS, "Manchester"),
    }
    texts, _ = answers("How much higher is the hotel cap in London than in Manchester?", steps, Operation.DIFFERENCE)
    assert texts == ["The difference is £40: £165 (London) less £125 (Manchester)."]
    reverse = dict(reversed(list(steps.items())))
    assert answers("How much higher is the cap in Manchester?", reverse, Operation.DIFFERENCE)[0] == texts


def test_a_comparison_says_which_is_more() -> None:
    steps = {
        "What is the hotel cap in Hull?": (CAPS, "Hull"),
        "What is the hotel cap in London?": (CAPS, "London"),
    }
    question = "Is the hotel cap higher in Hull or in London?"
    assert answers(question, steps, Operation.LARGEST)[0] == ["£165 (London) is more than £95 (Hull)."]
    assert answers(question, steps, Operation.SMALLEST)[0] == ["£95 (Hull) is less than £165 (London)."]


def test_other_currencies_are_not_compared() -> None:
    steps = {
        "What is the hotel cap in London?": (CAPS, "London"),
        "What is the hotel cap in Kassel?": (CAPS, "Kassel"),
    }
    texts, reason = answers("How much higher is the cap in London than in Kassel?", steps, Operation.DIFFERENCE)
    assert texts == []
    assert "not of one unit: £165, €105" in reason


def test_columns_of_one_row_are_told_apart_by_what_each_step_names() -> None:
    steps = {"What was revenue in 2024?": (REPORT, "Revenue"), "What was revenue in 2025?": (REPORT, "Revenue")}
    texts, _ = answers("By how many per cent did revenue grow from 2024 to 2025?", steps, Operation.GROWTH)
    assert texts == ["The growth is 7.9 %: from £109.7m (2024) to £118.4m (2025)."]
    falling = {"What was net debt in 2024?": (REPORT, "Net debt"), "What was net debt in 2025?": (REPORT, "Net debt")}
    texts, _ = answers("By how many per cent did net debt change?", falling, Operation.GROWTH)
    assert texts == ["The change is -19.2 %: from £14.6m (2024) to £11.8m (2025)."]


def test_sentences_give_the_figure_of_the_clause_that_names_the_step() -> None:
    plans = passage("Plans", "The liability is limited to £50,000 under Plus and £100,000 under Continuous.")
    steps = {
        "How much is the liability under Plus?": (plans, "£50"),
        "How much is the liability under Continuous?": (plans, "£50"),
    }
    texts, _ = answers("How much more is the liability under Continuous than under Plus?", steps, Operation.DIFFERENCE)
    assert texts == ["The difference is £50,000: £100,000 (Continuous) less £50,000 (Plus)."]


def test_dates_are_counted_between() -> None:
    outage = passage("Outage", "The outage began on 4 September 2025.")
    report = passage("Report", "The post-mortem was published on 12 September 2025.")
    steps = {"When was the outage?": (outage, "outage"), "When was the post-mortem published?": (report, "post-mortem")}
    texts, _ = answers("How many days after the outage was the post-mortem published?", steps, Operation.DAYS_BETWEEN)
    assert texts == ["There are 8 days from 4 September 2025 (outage) to 12 September 2025 (post-mortem)."]


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        (
            {"What is the hotel cap in London?": (CAPS, "London"), "What is the hotel cap in Berlin?": None},
            "nothing found",
        ),
        (
            {"What is the hotel cap in London?": (CAPS, "London"), "What is the hotel cap in Berlin?": (CAPS, "Hull")},
            "Berlin",
        ),
        ({"What is the hotel cap?": (CAPS, "London"), "What is the cap in Hull?": (CAPS, "Hull")}, "which row"),
        (
            {"What was revenue?": (REPORT, "Revenue"), "What was net debt in 2024?": (REPORT, "Net debt")},
            "which column",
        ),
        ({"What is the cap in London?": (CAPS, "London"), "What is the London cap?": (CAPS, "London")}, "two things"),
    ],
)
def test_what_is_not_clear_is_not_computed(steps: dict[str, tuple[Hit, str] | None], why: str) -> None:
    texts, reason = answers("What is the difference?", steps, Operation.DIFFERENCE)
    assert texts == []
    assert why in reason


RANGE = passage(
    "Product range",
    rows=[
        ("Model", "Cooling (kW)", "Ammonia charge (kg)", "Weight (kg)"),
        ("FJ-120", "410", "38", "3,150"),
        ("FJ-200", "690", "61", "4,480"),
    ],
)
PLANS = passage(
    "Support plans",
    headings=("Support plans", "Prices for a plant per year"),
    rows=[
        ("Capacity", "Essential", "Plus"),
        ("up to 150 kW", "£1,900", "£4,200"),
        ("151 to 500 kW", "£3,100", "£6,900"),
    ],
)
CRANES = passage("Cranes", "The crane in hall 1 lifts 16 t, the one in hall 3 lifts 25 t, the one in Kassel 12.5 t.")
NOTICE = passage("Hall 3: crane out of use", "The crane in hall 1 lifts 16 t and no more.")


def near(
    question: str, steps: Mapping[str, Sequence[tuple[Hit, str]]], operation: Operation | None, *, chosen: bool = False
) -> tuple[list[DraftClaim], str]:
    """What is composed for steps from the units that came near, or that were chosen for them."""
    made = plan(question, *steps, operation=operation, compares=True)
    units = {step.id: [unit(*one) for one in found] for step, found in zip(made.steps, steps.values(), strict=True)}
    claims, reasons = compose(made, units if chosen else {}, (), units, chunks_of=None)
    return list(claims), "; ".join(reasons)


def test_a_measuring_word_finds_the_column_that_is_named_otherwise() -> None:
    steps = {"How heavy is the FJ-200?": (RANGE, "FJ-200"), "How heavy is the FJ-120?": (RANGE, "FJ-120")}
    texts, _ = answers("How much heavier is the FJ-200 than the FJ-120?", steps, Operation.DIFFERENCE)
    assert texts == ["The difference is 1,330 kg: 4,480 (FJ-200) less 3,150 (FJ-120)."]


def test_a_unit_that_names_all_of_a_step_serves_below_the_threshold_and_is_quoted_beside_the_result() -> None:
    steps = {
        "What is the ammonia charge of an FJ-120?": [(RANGE, "FJ-120"), (RANGE, "FJ-200")],
        "What is the ammonia charge of an FJ-200?": [(RANGE, "FJ-120"), (RANGE, "FJ-200")],
    }
    claims, _ = near("What is the total ammonia charge of an FJ-120 and an FJ-200?", steps, Operation.SUM)
    assert claims[0].text == "The sum is 99 kg: 38 (FJ-120) plus 61 (FJ-200)."
    assert [claim.kind for claim in claims[1:]] == [ClaimKind.QUOTED] * 2
    unnamed = {"What is the ammonia charge of an FJ-450?": [(RANGE, "FJ-200")], **dict([*steps.items()][:1])}
    claims, reason = near("What is the total?", unnamed, Operation.SUM)
    assert not [claim for claim in claims if claim.kind is ClaimKind.COMPUTED]
    assert "nothing found answers 'What is the ammonia charge of an FJ-450?'" in reason


def test_a_number_that_is_asked_for_stands_in_the_range_that_a_row_is_for() -> None:
    rows = [(PLANS, "150 kW"), (PLANS, "500 kW")]
    steps = {"What is the Plus plan for a 300 kW plant?": rows, "What is the Essential plan for a 300 kW plant?": rows}
    claims, _ = near("How much more is the Plus plan?", steps, Operation.DIFFERENCE)
    assert claims[0].text == "The difference is £3,800: £6,900 (Plus) less £3,100 (Essential)."


def test_what_is_named_by_a_number_is_not_taken_from_another() -> None:
    both = [(NOTICE, "hall 1"), (CRANES, "hall 3")]
    steps = {"How much does the crane in hall 3 lift?": both, "How much does the crane in hall 1 lift?": both}
    claims, _ = near("Does the crane in hall 3 lift more than in hall 1?", steps, Operation.LARGEST, chosen=True)
    assert claims[0].text == "25 t is more than 16 t."
    other = {"How much does the crane in hall 2 lift?": both, "How much does the crane in hall 1 lift?": both}
    claims, reason = near("Does the crane in hall 2 lift more than in hall 1?", other, Operation.LARGEST, chosen=True)
    assert not [claim for claim in claims if claim.kind is ClaimKind.COMPUTED]
    assert "hall 2" in reason


def test_what_names_all_that_is_asked_and_stands_alone_is_an_answer_when_it_is_likely() -> None:
    units = [unit(NOTICE, "hall 1"), unit(CAPS, "Hull")]

    def answered(question: str, probability: float, best: float, index: int = 0) -> bool:
        judged = PartJudgement(
            part=understand(question).parts[0], probability=probability, answered=False,
            chosen=(Chosen(index=index, probability=best),), signals={},
        )  # fmt: skip
        return plainly_answered(judged, units)

    asked = "How much does the crane in hall 1 lift?"
    assert answered(asked, 0.6, 0.5)
    assert not answered(asked, 0.45, 0.44)  # not likely
    assert not answered(asked, 0.6, 0.4)  # another comes near
    assert not answered(asked, 0.6, 0.5, index=1)  # the unit speaks of something else
    assert not answered("What is a crane?", 0.6, 0.5)  # one word proves little


def test_a_side_of_a_comparison_whose_answers_name_another_thing_is_unanswered() -> None:
    steps = ("How much does the crane in hall 2 lift?", "How much does the crane in hall 1 lift?")
    asked = plan("Does the crane in hall 2 lift more than in hall 1?", *steps, compares=True)
    chosen = {"q1": [unit(NOTICE, "hall 1")], "q2": [unit(NOTICE, "hall 1")]}
    assert [step.id for step in unnamed_sides(asked, chosen)] == ["q1"]
    assert unnamed_sides(plan(steps[0]), chosen) == ()


def test_the_whole_of_a_share_may_be_a_tables_total() -> None:
    table = passage("Capital plan", rows=[("Project", "Budget"), ("Crane", "640,000"), ("Total", "7,040,000")])
    steps = {"What is the budget for the crane?": (table, "Crane"), "What is the total budget?": (table, "Total")}
    texts, _ = answers("What share of the total budget is the crane?", steps, Operation.SHARE)
    assert texts == ["The share is 9.1 %: 640,000 (Crane) of 7,040,000 (Total)."]


def test_a_comparison_with_a_side_unanswered_and_a_sum_without_figures_are_not_answered() -> None:
    def draft(text: str) -> DraftClaim:
        return DraftClaim(parts=(text,), text="Said.", evidence=unit(CAPS, "Hull").evidence, score=0.7)

    first, second = "What is the cap in Hull?", "What is the cap in Berlin?"
    asked = plan("Is the cap higher in Hull or in Berlin?", first, second, operation=Operation.LARGEST, compares=True)
    half = Draft(claims=(draft(first),), why="no sentence found answers what was asked", missing=(second,))
    left = settled(asked, half, (), ("nothing was computed: nothing found",))
    assert left.claims == ()
    assert left.missing == (first, second)
    assert [span.quote for span in left.nearest] == [unit(CAPS, "Hull").span.quote]
    whole = Draft(claims=(draft(first), draft(second)), why="")
    assert settled(asked, whole, (), ("nothing was computed: not of one unit",)).claims
    total = plan("What are both caps together?", first, second, operation=Operation.SUM)
    assert settled(total, whole, (), ("nothing was computed: which row",)).claims == ()
    stated = (draft("What are both caps together?"),)
    assert settled(total, whole, (), ("nothing was computed: which row",), stated).claims == stated


BUDGET = [
    ("Department", "Actual", "Budget"),
    ("Sales", "4,310,000", "4,580,000"),
    ("Quality", "1,640,000", "1,710,000"),
    ("Finance", "1,960,000", "2,010,000"),
]


def over_table(
    question: str, words: str, operation: Operation, *hits: Hit, whole: bool = True
) -> tuple[list[str], str]:
    made = plan(question, operation=operation)
    found = next(hit for hit in hits if words in hit.chunk.text)
    read = chunks_of(*hits) if whole else None
    claims, reasons = compose(made, {"q1": [unit(found, words)]}, (), {}, chunks_of=read)
    return [claim.text for claim in claims], "; ".join(reasons)


def test_a_column_is_summed_over_all_rows_of_its_table() -> None:
    table = passage("Budget", rows=BUDGET)
    question = "What is the total budget of all departments?"
    assert over_table(question, "Sales", Operation.SUM, table)[0] == [
        "The sum is 8,300,000: 4,580,000 (Sales) plus 1,710,000 (Quality) plus 2,010,000 (Finance)."
    ]
    assert over_table("Which department has the highest budget?", "Quality", Operation.LARGEST, table)[0] == [
        "The largest is 4,580,000 (Sales), of the figures under “Budget”."
    ]


def test_a_table_that_goes_on_is_read_on_or_not_summed() -> None:
    first = passage("Budget", rows=BUDGET[:3])
    second = passage("Budget", rows=[BUDGET[3], ("Total", "7,910,000", "8,300,000")], before=BUDGET[0], ordinal=1)
    question = "What is the total budget of all departments?"
    assert "8,300,000: 4,580,000" in over_table(question, "Sales", Operation.SUM, first, second)[0][0]
    assert "8,300,000: 4,580,000" in over_table(question, "Finance", Operation.SUM, first, second)[0][0]
    texts, reason = over_table(question, "Sales", Operation.SUM, first, second, whole=False)
    assert texts == []
    assert "whole table" in reason


def test_a_sum_that_the_source_states_is_left_to_its_words() -> None:
    table = passage("Budget", rows=[*BUDGET, ("Total", "7,910,000", "8,300,000")])
    assert over_table("What is the total budget of all departments?", "Total", Operation.SUM, table) == ([], "")


def test_results_stand_before_quoted_words_and_nothing_is_said_twice() -> None:
    def claim(text: str, kind: ClaimKind) -> DraftClaim:
        return DraftClaim(parts=(text,), text=text, evidence=(), score=0.5, kind=kind)

    composed = [claim("Preferred.", ClaimKind.QUOTED), claim("They disagree.", ClaimKind.CONFLICT)]
    composed += [claim("It replaces.", ClaimKind.SUPERSESSION), claim("The sum.", ClaimKind.COMPUTED)]
    quoted = [claim("Older.", ClaimKind.QUOTED), claim("Preferred.", ClaimKind.QUOTED)]
    order = [one.text for one in arranged(composed, quoted)]
    assert order == ["The sum.", "Preferred.", "They disagree.", "Older.", "It replaces."]
