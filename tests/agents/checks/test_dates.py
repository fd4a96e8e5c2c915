"""Dates are the same however they are written, and other days are not."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.dates import agrees, date_mentions
from agents.checks.timing import dates

GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
days = st.dates(min_value=date(1950, 1, 1), max_value=date(2090, 12, 31))


def written(day: date) -> list[str]:
    month = f"{day:%B}"
    return [
        day.isoformat(), f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day.day}. {GERMAN[day.month - 1]} {day.year}", f"the {day.day}th of {month}, {day.year}",
        f"{day:%b} {day.day}, {day.year}",
    ]  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(days)
def test_a_day_is_the_same_in_every_writing(day: date) -> None:
    for text in written(day):
        (found,) = date_mentions(f"It is due on {text}, at the latest.")
        assert found.as_date() == day, text


@settings(max_examples=50, deadline=None)
@given(days, days, st.integers(0, 6), st.integers(0, 6))
def test_another_day_never_agrees(day: date, other: date, one: int, two: int) -> None:
    claim, evidence = f"The audit is on {written(day)[one]}.", f"The audit is on {written(other)[two]}."
    assert dates(claim, [evidence]).agrees is (day == other)


@pytest.mark.parametrize(
    ("claimed", "shown", "agreed"),
    [
        ("5 January", "5 January 2026", True),
        ("5 January 2026", "5 January", True),
        ("January 2026", "5 January 2026", True),
        ("5 January 2026", "January 2026", False),
        ("2026", "5 January 2026", True),
        ("2027", "5 January 2026", False),
        ("Q1 2026", "first quarter of 2026", True),
        ("1. Quartal 2026", "Q1 2026", True),
        ("Q2 2026", "Q1 2026", False),
        ("FY2026", "financial year 2026", True),
        ("Monday", "5 January 2026", True),
        ("Friday", "5 January 2026", False),
        ("5/1/2026", "5 January 2026", True),
        ("1/5/2026", "5 January 2026", True),
        ("Montag", "Monday", True),
        ("week 31", "KW 31", True),
    ],
)
def test_what_agrees(claimed: str, shown: str, agreed: bool) -> None:
    (mine,), (theirs,) = date_mentions(claimed), date_mentions(shown)
    assert agrees(mine, theirs) is agreed


def test_both_ends_of_a_range_take_month_and_year() -> None:
    assert [m.as_date() for m in date_mentions("20 to 28 May 2025")] == [date(2025, 5, 20), date(2025, 5, 28)]


@pytest.mark.parametrize("text", ["You may go.", "2000 people", "SB-2025-07", "section 5.1. The", "march on"])
def test_what_is_no_date(text: str) -> None:
    assert date_mentions(text) == []


def test_another_date_in_a_like_sentence_contradicts() -> None:
    finding = dates("The works close on 24 December.", ["The works close on 23 December.", "Hull: 30 May."])
    assert (finding.agrees, finding.contradicts, finding.words) == (False, True, ("24 December",))


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_and_spans_lie_in_order(text: str) -> None:
    found = date_mentions(text)
    assert all(0 <= m.start < m.end <= len(text) for m in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
