"""Dates in a text, in the ways that English and German write them, and whether a claim's agree with its evidence's.

A mention holds what was written and no more: "5 January" has no year. Two mentions agree when nothing that both say
differs. `dates_agree` is the check; `measures` leaves to this module every figure that belongs to a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

_MONTH_NAMES = """
    january januar jänner jan / february februar feber feb / march märz mar mär mrz / april apr / may mai /
    june juni jun / july juli jul / august aug / september sept sep / october oktober oct okt /
    november nov / december dezember dec dez
"""
MONTHS = {name: n for n, names in enumerate(_MONTH_NAMES.split("/"), 1) for name in names.split()}
_DAY_NAMES = """
    monday montag / tuesday dienstag / wednesday mittwoch / thursday donnerstag / friday freitag /
    saturday samstag sonnabend / sunday sonntag
"""
WEEKDAYS = {name: n for n, names in enumerate(_DAY_NAMES.split("/")) for name in names.split()}
_ORDINALS = {
    word: n
    for n, words in enumerate(("first 1st erste", "second 2nd zweite", "third 3rd dritte", "fourth 4th vierte"), 1)
    for word in words.split()
}
_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_FULL = "|".join(name.capitalize() for name in MONTHS if (len(name) > 3 and name != "sept") or name in ("may", "mai"))
_JOIN = r"\s{0,2}(?:-|–|to|until|bis|and|und|or)\s{0,2}"
_TH = r"(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d|[.,]\d)"
_BEFORE_MONTH = re.compile(
    r"\b(?:in|on|of|by|until|till|since|from|to|end|early|late|mid|during|before|after|each|every|last|next|this|and|or"
    r"|im|ab|bis|seit|ende|anfang|mitte|vom|zum|und|oder)[\s-]{1,2}\Z",
    re.IGNORECASE,
)
_BEFORE_DAY = re.compile(r"\b(?:am|vom|bis|zum|ab|seit|den|der|dem)\s\Z", re.IGNORECASE)
_BEFORE_YEAR = re.compile(
    r"\b(?:in|of|since|by|until|till|from|to|year|during|before|after|end|for|and|or|jahr|jahre|im|seit|ab|bis|von|der)"
    r"\s\Z|[(/–-]\Z",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"[\s\u00a0-](?:[a-zäöü]+s\b|people\b|staff\b|EUR\b|USD\b|GBP\b|[€$£%]|million|Mio|mm\b|km?\b|m\b)|[%€$£]|\s?[a-z]\d?\b"
)
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("iso", r"(?<![\w-])(?P<year>\d{4})(?P<mark>[-/])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?![\w-])"),
        ("iso", r"(?<![\w-])(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?=T\d\d:\d\d)"),
        ("iso", r"(?<![\w/.-])(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])(?![\w-])"),
        ("dotted", r"(?<![\w.])(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?(?P<year>\d{4})(?!\w)"),
        ("dotted", r"(?<![\w.])(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<short>\d\d)(?![\w.]\d|\w)"),
        ("bare day", r"(?<![\w.])(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\.(?!\d)"),
        ("slashed", r"(?<![\w/])(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?:(?P<year>\d{4})|(?P<short>\d\d))(?![\w/])"),
        (
            "named",
            rf"(?<![\w.,/-])(?:(?P<from>\d{{1,2}}){_TH}(?:\s(?P<frommonth>{_MONTH}))?{_JOIN})?(?P<day>\d{{1,2}}){_TH}"
            rf"(?:\sof)?[\s\u00a0-]{{1,2}}(?P<name>{_MONTH})(?:,?[\s\u00a0-]{{1,2}}{_YEAR})?",
        ),
        (
            "named",
            rf"\b(?P<name>{_MONTH})\s(?:the\s)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.,:]\d|\s?%|\w)"
            rf"(?:{_JOIN}(?P<until>\d{{1,2}})(?!\d|[.,:]\d|\w|\s?%))?(?:,?\s{_YEAR})?",
        ),
        ("quarter", r"(?<!\w)(?P<year>\d{4})[\s/-]?Q(?P<quarter>[1-4])\b"),
        ("quarter", r"\bQ(?P<quarter>[1-4])(?:\s?(?P<fiscal>FY)|[\s/-])?\s?(?:of\s)?(?P<year>(?:19|20)\d\d)?(?!\w)"),
        (
            "quarter",
            r"\b(?P<nth>first|second|third|fourth|1st|2nd|3rd|4th|(?:erste|zweite|dritte|vierte)[nsrm]?|[1-4]\.)\s"
            r"(?:quarter|quartal)s?\b(?:\s(?:of|des)(?:\sthe)?)?(?:\s(?P<fiscal>FY|fiscal(?: year)?|financial year))?"
            r"(?:\s?(?P<year>(?:19|20)\d\d)\b)?",
        ),
        ("half", r"\bH(?P<half>[12])[\s/-](?:of\s)?(?P<year>(?:19|20)\d\d)\b"),
        (
            "half",
            r"\b(?P<nth>first|second|(?:erste|zweite)[nsrm]?|[12]\.)\s(?:half of|halbjahr)\s"
            r"(?P<year>(?:19|20)\d\d)\b",
        ),
        (
            "fiscal",
            r"\b(?P<fiscal>FY|fiscal(?: year)?|financial year|geschäftsjahr(?:e?s)?)\s?'?(?:(?P<year>(?:19|20)\d\d)"
            r"|(?P<short>\d\d))(?![\w/])",
        ),
        ("week", r"\b(?:calendar week|kalenderwoche|kw|week)\s(?P<week>[1-5]?\d)(?!\w|[.,]\d|\s?%)"),
        ("weekday", r"\b(?P<weekday>" + "|".join(WEEKDAYS) + r")s?\b"),
    )
)  # fmt: skip
_MONTH_ALONE = re.compile(rf"\b(?P<name>{_FULL})\b(?:{_JOIN}(?P<other>{_FULL})\b)?(?:,?\s(?:of\s)?{_YEAR})?")
_SHORT_MONTH_YEAR = re.compile(rf"\b(?P<name>{_MONTH})[\s'-]{{1,2}}{_YEAR}", re.IGNORECASE)
_BARE_YEAR = re.compile(r"(?<![\w.,/:+-])(?P<year>(?:19|20)\d\d)(?![\w/:]|[.,]\d|-\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class DateMention:
    """A date, or a part of the calendar, as it stands at [start, end) of a text. `weekday` is 0 for Monday.

    `swappable` says that day and month could be meant the other way round ("5/1/2026").
    """

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None
    half: int | None = None
    week: int | None = None
    weekday: int | None = None
    fiscal: bool = False
    swappable: bool = False

    def as_date(self) -> date | None:
        """The day meant, None unless day, month and year are given and exist."""
        if self.year is None or self.month is None or self.day is None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except ValueError:
            return None


def date_mentions(text: str) -> list[DateMention]:
    """The dates of a text in order; none overlaps another."""
    return list(_mentions(text))


def agrees(claimed: DateMention, shown: DateMention) -> bool:
    """Whether the claimed date follows from the shown one. A missing year on either side is no difference."""
    if claimed.fiscal != shown.fiscal and (claimed.year is not None and shown.year is not None):
        return False
    if claimed.year is not None and shown.year is not None and claimed.year != shown.year:
        return False
    if claimed.year is not None and shown.year is None and _parts(claimed) == (None,) * 6:
        return False
    orders = {_parts(shown)}
    if shown.swappable or claimed.swappable:
        month, day, *rest = _parts(shown)
        orders.add((day, month, *rest))
    return any(_covers(order, _parts(claimed), shown) for order in orders)


def same_kind(first: DateMention, second: DateMention) -> bool:
    """Whether both say the same parts of a date, so that one can take the other's place."""
    mine, theirs = _parts(first), _parts(second)
    return all((a is None) == (b is None) for a, b in zip(mine, theirs, strict=True))


def _parts(mention: DateMention) -> tuple[int | None, ...]:
    return (mention.month, mention.day, mention.quarter, mention.half, mention.week, mention.weekday)


def _covers(shown: tuple[int | None, ...], claimed: tuple[int | None, ...], mention: DateMention) -> bool:
    for place, (said, held) in enumerate(zip(claimed, shown, strict=True)):
        if said is None or said == held:
            continue
        if held is None and place == 5:
            whole = mention.as_date()  # a weekday follows from a whole date
            if whole is not None and whole.weekday() == said:
                continue
        in_quarter = mention.month is not None and not mention.fiscal and (mention.month + 2) // 3 == said
        if held is None and place == 2 and in_quarter:
            continue
        return False
    return True


@lru_cache(maxsize=512)
def _mentions(text: str) -> tuple[DateMention, ...]:
    taken: list[DateMention] = []
    mask = bytearray(len(text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            _take(taken, mask, _read(kind, match, text))
    for pattern in (_SHORT_MONTH_YEAR, _MONTH_ALONE):
        for match in pattern.finditer(text):
            _take(taken, mask, _months(match, text))
    for match in _BARE_YEAR.finditer(text):
        if _is_year(match, text):
            _take(taken, mask, [DateMention(start=match.start(), end=match.end(), year=int(match["year"]))])
    return tuple(sorted(taken, key=lambda mention: mention.start))


def _take(taken: list[DateMention], mask: bytearray, found: Iterable[DateMention]) -> None:
    """Keeps mentions where no earlier one stands; `mask` marks the characters that are taken."""
    new = list(found)
    if new and not any(mask[new[0].start : new[-1].end]):
        mask[new[0].start : new[-1].end] = b"\1" * (new[-1].end - new[0].start)
        taken.extend(new)


def _is_year(match: re.Match[str], text: str) -> bool:
    """Whether four digits are a year, not a count such as "2000 people"."""
    before = text[max(0, match.start() - 12) : match.start()]
    if before[-1:] in tuple("€$£#") or before.rstrip()[-1:] in tuple("€$£"):
        return False
    return bool(_BEFORE_YEAR.search(before)) or not _COUNTS.match(text, match.end())


def _read(kind: str, match: re.Match[str], text: str) -> Iterator[DateMention]:
    given = {name: value for name, value in match.groupdict().items() if value}
    numbers: dict[str, int] = {
        name: int(given[name]) for name in ("year", "month", "day", "quarter", "half", "week") if name in given
    }
    if "short" in given:
        numbers["year"] = 2000 + int(given["short"])
    if "name" in given:
        numbers["month"] = MONTHS[given["name"].lower().rstrip(".")]
    if "weekday" in given:
        numbers["weekday"] = WEEKDAYS[given["weekday"].lower()]
    if "nth" in given:
        nth = given["nth"].lower()
        numbers[kind] = int(nth[0]) if nth[0].isdecimal() else _ORDINALS[nth if nth in _ORDINALS else nth[:-1]]
    swappable = kind == "slashed" and numbers["month"] <= 12 and numbers["day"] <= 12
    if kind == "slashed" and numbers["month"] > 12:
        numbers["month"], numbers["day"] = numbers["day"], numbers["month"]
    if kind == "bare day" and not _BEFORE_DAY.search(text[max(0, match.start() - 6) : match.start()]):
        return
    if not (1 <= numbers.get("month", 1) <= 12 and 1 <= numbers.get("day", 1) <= 31):
        return
    end = match.end() - (1 if match.group().endswith(".") and "name" in given and not _abbreviated(match) else 0)
    whole = DateMention(start=match.start(), end=end, fiscal="fiscal" in given, swappable=swappable, **numbers)
    yield from _ends(whole, given, match)


def _abbreviated(match: re.Match[str]) -> bool:
    name = match["name"].lower().rstrip(".")
    return len(name) <= 4 and name not in ("may", "mai", "juni", "juli", "june", "july")


def _ends(whole: DateMention, given: dict[str, str], match: re.Match[str]) -> Iterator[DateMention]:
    """Both ends of "20 to 28 May" and "May 3-5", or the one date."""
    if "from" in given and 1 <= int(given["from"]) <= 31:
        month = MONTHS[given["frommonth"].lower().rstrip(".")] if "frommonth" in given else whole.month
        yield replace(
            whole, end=match.end("frommonth" if "frommonth" in given else "from"), day=int(given["from"]), month=month
        )
        yield replace(whole, start=match.start("day"))
    elif "until" in given and 1 <= int(given["until"]) <= 31:
        yield replace(whole, end=match.end("day"))
        yield replace(whole, start=match.start("until"), day=int(given["until"]))
    else:
        yield whole


def _months(match: re.Match[str], text: str) -> Iterator[DateMention]:
    name = match["name"].lower().rstrip(".")
    groups = match.groupdict()
    other, year = groups.get("other"), groups.get("year")
    before = text[max(0, match.start() - 12) : match.start()]
    if name in ("may", "mai", "march") and not (year or other or _BEFORE_MONTH.search(before)):
        return
    first = DateMention(start=match.start(), end=match.end(), month=MONTHS[name], year=int(year) if year else None)
    if other:
        yield replace(first, end=match.end("name"))
        yield replace(first, start=match.start("other"), month=MONTHS[other.lower()])
    else:
        yield first
