"""The calculator: exact, in the sources' own way of writing, refusing what has no plain result."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.calculating import compute, recomputes
from agents.expressions import NotComputable, evaluate
from agents.figures import figure_of, figures_in
from agents.model import Operand, Operation
from tests.agents.passages import operand, passage, unit


def result(operation: Operation, *texts: str) -> str:
    return compute(operation, [operand(text) for text in texts]).result


@pytest.mark.parametrize(
    ("operation", "texts", "expected"),
    [
        (Operation.SUM, ("£1,450", "£50"), "£1,500"),
        (Operation.SUM, ("£1.2m", "£300,000"), "£1,500,000"),
        (Operation.SUM, ("2 hours", "30 minutes"), "150 minutes"),
        (Operation.SUM, ("2 hours", "3 days"), "74 hours"),
        (Operation.SUM, ("4.50 EUR", "5.50 EUR"), "10.00 EUR"),
        (Operation.SUM, ("1.450 EUR", "12,50 EUR"), "1.462,50 EUR"),
        (Operation.DIFFERENCE, ("£118.4m", "£109.7m"), "£8.7m"),
        (Operation.DIFFERENCE, ("8.1 %", "7.4 %"), "0.7 percentage points"),
        (Operation.DIFFERENCE, ("24 months", "1 year"), "12 months"),
        (Operation.DIFFERENCE, ("£30", "£45"), "-£15"),
        (Operation.GROWTH, ("£109.7m", "£118.4m"), "7.9 %"),
        (Operation.GROWTH, ("200", "150"), "-25 %"),
        (Operation.SHARE, ("50 EUR", "400 EUR"), "12.5 %"),
        (Operation.RATIO, ("£30", "£12"), "2.5"),
        (Operation.PRODUCT, ("3", "£12.50"), "£37.50"),
        (Operation.PRODUCT, ("15 %", "£8,400"), "£1,260"),
        (Operation.AVERAGE, ("4,50 Euro", "5,00 Euro"), "4,75 Euro"),
        (Operation.AVERAGE, ("£12", "£13"), "£12.50"),
        (Operation.LARGEST, ("£165", "£125", "£95"), "£165"),
        (Operation.SMALLEST, ("6 weeks", "2 months", "30 days"), None),
        (Operation.SMALLEST, ("6 weeks", "30 days"), "30 days"),
        (Operation.LARGEST, ("3 March 2025", "1 April 2024"), "3 March 2025"),
        (Operation.DAYS_BETWEEN, ("3 March 2025", "5 April 2025"), "33 days"),
        (Operation.DATE_AFTER, ("3 March 2025", "30 days"), "2 April 2025"),
        (Operation.DATE_AFTER, ("March 3, 2025", "2 weeks"), "March 17, 2025"),
        (Operation.DATE_AFTER, ("2025-03-03", "1 year"), "2026-03-03"),
        (Operation.DATE_AFTER, ("03.03.2025", "2 Wochen"), "17.03.2025"),
        (Operation.DATE_AFTER, ("3. März 2025", "1 Monat"), "3. April 2025"),
    ],
)
def test_results_are_exact_and_written_as_the_operands_are(
    operation: Operation, texts: tuple[str, ...], expected: str | None
) -> None:
    if expected is None:
        with pytest.raises(NotComputable):
            result(operation, *texts)
    else:
        assert result(operation, *texts) == expected


@pytest.mark.parametrize(
    ("operation", "texts"),
    [
        (Operation.SUM, ("5 EUR", "3 GBP")),
        (Operation.SUM, ("5 EUR", "3")),
        (Operation.SUM, ("2 days", "3 months")),
        (Operation.SUM, ("10 to 12 weeks", "3 weeks")),
        (Operation.DIFFERENCE, ("17:00", "16:00")),
        (Operation.DIFFERENCE, ("1.250 kg", "3 kg")),
        (Operation.DIFFERENCE, ("5 EUR",)),
        (Operation.RATIO, ("5 EUR", "0 EUR")),
        (Operation.GROWTH, ("8 %", "9 %")),
        (Operation.GROWTH, ("0 EUR", "5 EUR")),
        (Operation.PRODUCT, ("5 EUR", "3 EUR")),
        (Operation.LARGEST, ("5 EUR", "5 EUR")),
        (Operation.DAYS_BETWEEN, ("5/1/2026", "3 March 2026")),
        (Operation.DAYS_BETWEEN, ("March 2026", "3 March 2026")),
        (Operation.DATE_AFTER, ("3 March 2025", "10 working days")),
        (Operation.DATE_AFTER, ("31 January 2025", "1 month")),
        (Operation.DATE_AFTER, ("3 March 2025", "999999999 days")),
        (Operation.SUM, ()),
    ],
)
def test_what_would_be_a_guess_is_refused(operation: Operation, texts: tuple[str, ...]) -> None:
    with pytest.raises(NotComputable):
        result(operation, *texts)


def test_a_bare_cell_takes_the_unit_of_its_column_or_its_row() -> None:
    priced = passage("Prices", rows=[("Part", "List price GBP"), ("Kit", "146.00"), ("Seal", "9.50")])
    parts = [Operand(text=text, span=unit(priced, text).span) for text in ("146.00", "9.50")]
    assert compute(Operation.SUM, parts).result == "155.50 GBP"
    record = passage("Record", rows=[("Year to 30 September", "2024", "2025"), ("Revenue (£m)", "109.7", "118.4")])
    years = [Operand(text=text, span=unit(record, text).span) for text in ("118.4", "109.7")]
    assert compute(Operation.DIFFERENCE, years).result == "£8.7m"


def test_an_operand_that_does_not_stand_in_its_source_or_stands_there_twice_is_refused() -> None:
    with pytest.raises(NotComputable, match="no figure"):
        figure_of(operand("25 EUR", "The cap is 250 EUR."))
    with pytest.raises(NotComputable, match="several"):
        figure_of(operand("25", "The cap is 25 EUR or 25 GBP."))
    assert figure_of(operand("25", "The cap is 25 EUR.")).unit == "EUR"


def test_a_computation_with_another_result_does_not_come_out_again() -> None:
    made = compute(Operation.SUM, [operand("5 EUR"), operand("7 EUR")])
    assert recomputes(made)
    assert not recomputes(type(made)(operation=made.operation, operands=made.operands, result="13 EUR"))


_amounts = st.decimals(min_value=0, max_value=9_999_999, places=2)


@settings(deadline=None)
@given(st.lists(_amounts, min_size=2, max_size=6))
def test_sums_are_those_of_decimals_and_do_not_depend_on_order(amounts: list[Decimal]) -> None:
    texts = [f"{amount:,.2f} EUR" for amount in amounts]
    assert result(Operation.SUM, *texts) == f"{sum(amounts):,.2f} EUR" == result(Operation.SUM, *texts[::-1])


@settings(deadline=None)
@given(_amounts, _amounts)
def test_a_difference_added_to_what_was_taken_off_gives_the_whole(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    rest = result(Operation.DIFFERENCE, f"£{high:,.2f}", f"£{low:,.2f}")
    assert result(Operation.SUM, rest, f"£{low:,.2f}") == f"£{high:,.2f}"


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2080, 1, 1)), st.integers(1, 9000))
def test_days_after_and_days_between_undo_each_other(start: date, days: int) -> None:
    later = result(Operation.DATE_AFTER, start.isoformat(), f"{days} days")
    assert later == (start + timedelta(days=days)).isoformat()
    assert result(Operation.DAYS_BETWEEN, start.isoformat(), later) == f"{days:,} {'day' if days == 1 else 'days'}"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_reading_figures_never_fails(text: str) -> None:
    for figure in figures_in(text):
        assert text[figure.start : figure.end] == figure.text


def test_an_expression_is_worked_out_over_named_operands() -> None:
    operands = {"a": Decimal("12.5"), "b": Decimal(4)}
    assert evaluate("(a + b) * 2 - -b / 8", operands) == Decimal("33.5")
    assert evaluate("a / b", operands) == Decimal("3.125")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "a +",
        "(a",
        "a b",
        "c",
        "a ** 2",
        "a.real",
        "__import__('os')",
        "1 / 0",
        "a / (b - 4)",
        "(" * 60 + "a" + ")" * 60,
        "-" * 80 + "a",
        "a" * 500,
        "1" * 30,
        "+".join("a" * 90),
    ],
)
def test_an_expression_that_is_none_or_too_large_is_refused(expression: str) -> None:
    with pytest.raises(NotComputable):
        evaluate(expression, {"a": Decimal(1), "b": Decimal(4)})


@settings(deadline=None)
@given(st.text(alphabet="ab12+-*/() .", max_size=120))
def test_an_expression_has_a_value_or_is_refused(expression: str) -> None:
    try:
        value = evaluate(expression, {"a": Decimal(3), "b": Decimal("0.5")})
    except NotComputable:
        return
    assert isinstance(value, Decimal)
