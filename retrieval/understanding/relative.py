"""Times counted from today ("last year", "i fjor"), and the wish for the newest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from .dates import month_days, months_days, quarter_of, year_days
from .model import Period

_UNITS = {
    "day": "day days tag tage tagen tages dag dager dagene",
    "week": "week weeks woche wochen uke uka uken uker ukene",
    "month": "month months monat monats monate monaten måned måneden måneder månedene",
    "quarter": "quarter quarters quartal quartals quartale quartalen kvartal kvartalet kvartaler kvartalene",
    "year": "year years jahr jahrs jahres jahre jahren år året årene",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_UNIT = "(?P<unit>" + "|".join(sorted(_UNIT_OF, key=len, reverse=True)) + r")(?!\w)(?![- ](?:end|old|over))"
_PLURALS = frozenset(
    """
    days weeks months quarters years tage tagen wochen monate quartale quartalen jahre jahren dager dagene uker ukene
    måneder månedene kvartaler kvartalene årene
    """.split()
)
"""Several of them, how many is not said: no time that could be looked for."""
_COUNT_WORDS = (
    "two zwei to", "three drei tre", "four vier fire", "five fünf fem", "six sechs seks", "seven sieben sju",
    "eight acht åtte", "nine neun ni", "ten zehn ti", "eleven elf elleve", "twelve zwölf tolv",
)  # fmt: skip
_COUNTS = {word: number for number, words in enumerate(_COUNT_WORDS, 2) for word in words.split()}
_COUNT = r"(?P<count>\d{1,2}|" + "|".join(sorted(_COUNTS, key=len, reverse=True)) + ")"
_LAST = r"last|previous|prior|past|letzte[nrsm]?|vergangene[nrsm]?|vorige[nrsm]?|forrige|siste|sist"
_THIS = r"this|current|diese[nrsm]?|laufende[nrsm]?|dette|denne|inneværende"
_NEXT = r"next|coming|nächste[nrsm]?|kommende[nrsm]?|neste"
_ONE = re.compile(
    rf"(?<!\w)(?:(?P<last>{_LAST})|(?P<this>{_THIS})|(?P<next>{_NEXT}))\s{{1,3}}(?P<fiscal>fiscal\s{{1,3}}|financial\s{{1,3}})?{_UNIT}",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    rf"(?<!\w)(?:{_LAST}|letzten|vergangenen|de\s{{1,3}}siste)\s{{1,3}}{_COUNT}\s{{1,3}}(?:fiscal\s{{1,3}})?{_UNIT}",
    re.IGNORECASE,
)
_FIXED = re.compile(
    r"(?<!\w)(?:(?P<yesterday>yesterday|gestern|i\s{1,3}går)|(?P<today>today|heute|i\s{1,3}dag)|(?P<lastyear>i\s{1,3}fjor|vorjahre?s?)"
    r"|(?P<thisyear>i\s{1,3}år|heuer|year[- ]to[- ]date|ytd))(?!\w)",
    re.IGNORECASE,
)
_NEWEST = re.compile(
    r"(?<!\w)(?:latest|newest|most\s{1,3}recent(?:ly)?|up[- ]to[- ]date|currently|in\s{1,3}force|aktuell\w{0,3}"
    r"|neueste\w?|jüngste\w?"
    r"|derzeit\w{0,3}|nyeste|gjeldende|nåværende|siste\s{1,3}(?:versjon\w*|utgave\w*|nytt)"
    r"|current(?!\s{1,3}(?:assets?|liabilit\w+|accounts?|ratio|portion|tax\w*|maturit\w+|directory|thread|user|time|node|element"
    r"|index|line|position|value|state))(?!\w))(?!\w)",
    re.IGNORECASE,
)


def wants_newest(text: str) -> bool:
    """Whether the latest is asked for, in words rather than by a date."""
    return _NEWEST.search(text) is not None


def relative_periods(text: str, today: date) -> Iterator[Period]:
    """The times of `text` that count from today, those of several units first."""
    for match in _SEVERAL.finditer(text):
        count = _COUNTS.get(match["count"].lower()) or int(match["count"])
        if count:
            yield _spanning(match, *_several(_unit(match), count, today))
    for match in _ONE.finditer(text):
        if match["unit"].lower() in _PLURALS:
            continue
        step = -1 if match["last"] else 1 if match["next"] else 0
        unit = _unit(match)
        first, last = _shifted(unit, step, today)
        yield Period(
            first=first, last=last, start=match.start(), end=match.end(), fiscal=bool(match["fiscal"]),
            year=first.year if unit in ("year", "quarter") else None,
            quarter=quarter_of(first) if unit == "quarter" else None,
        )  # fmt: skip
    for match in _FIXED.finditer(text):
        if match["yesterday"] or match["today"]:
            yield _spanning(match, *_shifted("day", -1 if match["yesterday"] else 0, today))
        else:
            yield _spanning(match, *_shifted("year", -1 if match["lastyear"] else 0, today))


def _unit(match: re.Match[str]) -> str:
    return _UNIT_OF[match["unit"].lower()]


def _spanning(match: re.Match[str], first: date, last: date) -> Period:
    return Period(first=first, last=last, start=match.start(), end=match.end())


def _several(unit: str, count: int, today: date) -> tuple[date, date]:
    """The last `count` units up to today: whole years and quarters, the current one included."""
    first, _ = _shifted(unit, 1 - count if unit in ("day", "week") else -count, today)
    return first, today


def _shifted(unit: str, step: int, today: date) -> tuple[date, date]:
    """First and last day of the unit that lies `step` units from the current one."""
    match unit:
        case "day":
            day = _moved(today, step)
            return day, day
        case "week":
            monday = _moved(today, 7 * step - today.weekday())
            return monday, _moved(monday, 6)
        case "month":
            return months_days(today.year, today.month + step, 1) if step else month_days(today.year, today.month)
        case "quarter":
            return months_days(today.year, 3 * quarter_of(today) - 2 + 3 * step, 3)
        case _:
            return year_days(min(max(today.year + step, 1), 9998))


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return day
