"""Days, months, quarters and years as spans of days."""

from __future__ import annotations

import re
from datetime import date, timedelta

DATE_FORMS = "2024-03-31, 2024-03, 2024-Q1 or 2024"
_FORM = re.compile(r"(\d{4})(?:[-/.](?:(\d{1,2})(?:[-/.](\d{1,2}))?|[Qq]([1-4])))?", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1000, 9998


def days_of(value: str) -> tuple[date, date] | None:
    """The first day of a written day, month, quarter or year and the first day after it; None for anything else."""
    found = _FORM.fullmatch(value.strip())
    if found is None or not _FIRST_YEAR <= int(found[1]) <= _LAST_YEAR:
        return None
    year = int(found[1])
    if found[4]:
        first, last = quarter_days(year, int(found[4]))
    elif found[3]:
        day = safe_date(year, int(found[2]), int(found[3]))
        if day is None:
            return None
        first = last = day
    elif found[2]:
        if not 1 <= int(found[2]) <= 12:
            return None
        first, last = month_days(year, int(found[2]))
    else:
        first, last = year_days(year)
    return first, last + timedelta(days=1)


def safe_date(year: int, month: int, day: int) -> date | None:
    """The day, None where there is none such."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def month_days(year: int, month: int) -> tuple[date, date]:
    """First and last day of a month."""
    return months_days(year, month, 1)


def quarter_days(year: int, quarter: int) -> tuple[date, date]:
    """First and last day of a calendar quarter, 1 to 4."""
    return months_days(year, 3 * quarter - 2, 3)


def year_days(year: int) -> tuple[date, date]:
    """First and last day of a calendar year."""
    return date(year, 1, 1), date(year, 12, 31)


def months_days(year: int, month: int, count: int) -> tuple[date, date]:
    """First and last day of `count` months from one on. Years outside the calendar become its nearest."""
    return _first_of(year, month), _first_of(year, month + count) - timedelta(days=1)


def _first_of(year: int, month: int) -> date:
    months = year * 12 + month - 1
    return date(min(max(months // 12, 1), 9999), months % 12 + 1, 1)


def quarter_of(day: date) -> int:
    """The calendar quarter of a day."""
    return (day.month + 2) // 3
