"""Figures are read with their units, scales and limits, however they are written."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.agreement import same_figure
from agents.checks.measures import Measure, measures


def only(text: str) -> Measure:
    (found,) = measures(text)
    return found


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("£1.2 bn", "1200000000", "GBP"),
        ("1,200 million", "1200000000", None),
        ("1 200 000 000", "1200000000", None),
        ("£2m", "2000000", "GBP"),
        ("30k", "30000", None),
        ("12 per cent", "12", "%"),
        ("12%", "12", "%"),
        ("5 Prozent", "5", "%"),
        ("1.200,50 €", "1200.50", "EUR"),
        ("1,2 Mio. Euro", "1200000", "EUR"),
        ("EUR 60", "60", "EUR"),
        ("twenty-five days", "25", "day"),
        ("two hundred and fifty people", "250", None),
        ("a dozen boxes", "12", None),
        ("drei Tage", "3", "day"),
        ("zwölf Monate", "12", "month"),
        ("a 14-day notice", "14", "day"),
        ("5 working days", "5", "working day"),
        ("3rd", "3", "ordinal"),
        ("17:30", "1050", "clock"),
        ("5 pm", "1020", "clock"),
        ("-5%", "-5", "%"),
        ("45 pence", "45", "penny"),
    ],
)
def test_a_figure_is_read(text: str, value: str, unit: str | None) -> None:
    found = only(text)
    assert found.base()[0] in (
        Decimal(value),
        Decimal(value) / 100 if unit == "penny" else Decimal(value) * found.base()[0] / found.value,
    )
    assert found.unit == ("penny" if unit == "penny" else unit)


@pytest.mark.parametrize(
    "text",
    ["TN-55", "CO2", "4.2.1", "10-Q", "SB-2025-07", "24/7", "2FA", "https://a.example/9", "5 January 2026"],
)
def test_a_figure_inside_a_name_or_date_is_none(text: str) -> None:
    assert measures(text) == []


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("more than 50", "more"), ("at least 50", "at least"), ("50 or more", "at least"), ("up to 50 EUR", "at most"),
        ("no more than 30 days", "at most"), ("under 2 years", "less"), ("mindestens 3 Tage", "at least"), ("50", ""),
    ],
)  # fmt: skip
def test_a_limit_belongs_to_its_figure(text: str, bound: str) -> None:
    assert only(text).bound == bound


@pytest.mark.parametrize(
    "text", ["3-5 days", "3 to 5 days", "between 3 and 5 days", "3 bis 5 Tage", "three to five days"]
)
def test_a_range_is_one_figure(text: str) -> None:
    found = only(text)
    assert (found.value, found.upper, found.unit) == (3, 5, "day")


@pytest.mark.parametrize(
    ("claimed", "shown", "agrees"),
    [
        ("1.2 bn", "1,198 million", True),
        ("£1.2 bn", "£1,100 million", False),
        ("about 1,200", "1,198", True),
        ("1,200", "1,198", False),
        ("2 weeks", "14 days", True),
        ("14 hours", "14 days", False),
        ("60 EUR", "60 USD", False),
        ("12 %", "12 percent", True),
        ("12", "12 %", False),
        ("more than 50", "62", True),
        ("more than 50", "up to 50", False),
        ("at least 50", "50 or more", True),
        ("up to 50", "at most 50", True),
        ("50", "up to 50", False),
        ("at least 50", "50", False),
        ("4 days", "3-5 days", False),
        ("3 to 5 days", "3-5 days", True),
        ("£240", "£240,000", False),
        ("1.200 EUR", "1,200 EUR", True),
        ("0.5 km", "500 m", True),
        ("1 year", "12 months", True),
    ],
)
def test_what_agrees(claimed: str, shown: str, agrees: bool) -> None:
    assert same_figure(only(claimed), only(shown)) is agrees


numbers = st.integers(1, 10**9).filter(lambda number: not 1900 <= number < 2100)  # those may be years
units = st.sampled_from(["", " EUR", " days", " kg", " %", " million", " people"])


@settings(max_examples=50, deadline=None)
@given(numbers, units)
def test_writing_a_figure_differently_changes_nothing(number: int, unit: str) -> None:
    written = [
        f"{number}{unit}",
        f"{number:,}{unit}",
        f"{number:,}{unit}".replace(",", " "),
        f"{number:,}{unit}".replace(",", "."),
    ]
    first = only(written[0])
    assert all(same_figure(only(other), first) and same_figure(first, only(other)) for other in written)


@settings(max_examples=50, deadline=None)
@given(numbers, numbers, units)
def test_another_value_never_agrees(number: int, other: int, unit: str) -> None:
    assert same_figure(only(f"{number:,}{unit}"), only(f"{other:,}{unit}")) is (number == other)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_and_spans_lie_in_order(text: str) -> None:
    found = measures(text)
    assert all(0 <= m.start < m.end <= len(text) for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
