"""Times that a query asks for: years, fiscal years, quarters, months, days, and those counted from today.

English, German and Norwegian forms. A number is a year only where nothing says that it is an amount, a count,
a room, a standard or a part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from .dates import month_days, months_days, quarter_days, quarter_of, safe_date, year_days
from .model import Period
from .relative import relative_periods

_MONTH_NAMES = (
    "january jan januar jänner januari", "february feb februar", "march mar märz mrz mars", "april apr",
    "may mai maj", "june jun juni", "july jul juli", "august aug", "september sept sep",
    "october oct oktober okt", "november nov", "december dec dezember dez desember des",
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_MONTH = "(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_SHORT = r"(?P<year>(?:19|20)\d\d|\d\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th|\.)?"
_END = r"(?![\w%]|[.,]\d)"
_START = r"(?<![\w$€£¥#.,/-])"
_FISCAL = (
    r"(?:fy|fiscal(?:\s{1,3}years?)?|financial\s{1,3}years?|gj"
    r"|(?:dem\s{1,3})?geschäftsjahr(?:e|es)?|regnskapsår(?:et)?)"
)
_OF = r"(?:[\s,]{1,3}(?:of|in|from|for|des|im|von|i|av|the)){0,2}[\s,]{0,3}"
_NUMBERS = {
    "1": "first 1st erste erstes ersten erster første", "2": "second 2nd zweite zweites zweiten zweiter andre",
    "3": "third 3rd dritte drittes dritten dritter tredje", "4": "fourth 4th vierte viertes vierten vierter fjerde",
}  # fmt: skip
_ORDINALS = {word: int(number) for number, words in _NUMBERS.items() for word in words.split()}
_ORDINAL = "(?P<ordinal>" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + r"|[1-4]\.)"
_ENDED = (
    r"(?:(?P<length>three|six|nine|twelve|3|6|9|12)[\s-]{1,3}months?(?:\s{1,3}period)?|(?:fiscal\s{1,3}|financial\s{1,3})?"
    r"(?P<span>quarter|quarterly\s{1,3}period|year))\s{1,3}(?:ended|ending)(?:\s{1,3}on)?\s{1,3}"
)
_LENGTHS = {"three": 3, "six": 6, "nine": 9, "twelve": 12, "quarter": 3, "year": 12}


def _rule(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_START}{pattern}{_END}", re.IGNORECASE)


_ANY_ENDED = rf"(?:{_ENDED})?"
_DATES = (
    _rule(rf"{_ANY_ENDED}(?P<year>(?:19|20)\d\d)-(?P<number>[01]\d)-(?P<day>[0-3]\d)(?:T[\d:.]{{4,12}}Z?)?"),
    _rule(rf"{_ANY_ENDED}(?P<day>[0-3]?\d)\.\s?(?P<number>[01]?\d)\.\s?{_YEAR}"),
    _rule(rf"{_ANY_ENDED}(?P<number>[0-3]?\d)/(?P<day>[0-3]?\d)/{_YEAR}"),
    _rule(rf"{_ANY_ENDED}{_MONTH}\s{{1,3}}{_DAY},?\s{{1,3}}{_YEAR}"),
    _rule(rf"{_ANY_ENDED}{_DAY}\s{{1,3}}(?:of\s{{1,3}})?{_MONTH},?\s{{1,3}}{_YEAR}"),
)
_QUARTERS = (
    _rule(rf"Q(?P<quarter>[1-4])(?:[\s,/-]{{0,4}}|{_OF})(?P<fiscal>{_FISCAL})?[\s'’]{{0,4}}{_SHORT}"),
    _rule(rf"(?:(?P<fiscal>{_FISCAL})[\s'’]{{0,4}})?{_YEAR}[\s,/-]{{0,4}}Q(?P<quarter>[1-4])"),
    _rule(r"(?P<fiscal>fy)\s?'?(?P<year>\d\d)[\s,/-]{0,4}Q(?P<quarter>[1-4])"),
    _rule(rf"(?P<quarter>[1-4])Q[\s'’/]{{0,4}}(?P<fiscal>fy)?{_SHORT}"),
    _rule(
        rf"{_ORDINAL}\s{{1,3}}(?P<fiscal>fiscal\s{{1,3}})?(?:quarter|quartals?|kvartal){_OF}(?P<fiscal2>{_FISCAL})?[\s'’]{{0,4}}{_YEAR}"
    ),
)
_HALVES = (
    _rule(rf"H(?P<half>[12])[\s,/'’-]{{0,4}}(?P<fiscal>fy)?\s?{_SHORT}"),
    _rule(rf"(?P<half>[12])H[\s,/'’-]{{0,4}}(?P<fiscal>fy)?\s?{_SHORT}"),
    _rule(r"(?P<fiscal>fy)\s?(?P<year>(?:20)?\d\d)[\s,/-]{0,4}H(?P<half>[12])"),
    _rule(rf"{_ORDINAL}\s{{1,3}}(?:half|halbjahrs?|halvår){_OF}(?P<fiscal>{_FISCAL})?\s?{_YEAR}"),
)
_MONTHS = (
    _rule(rf"{_MONTH}{_OF}{_YEAR}"),
    _rule(r"(?P<year>(?:19|20)\d\d)-(?P<number>0[1-9]|1[0-2])"),
    _rule(r"(?P<number>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d)"),
)
_BARE_QUARTER = re.compile(r"(?<![\w-])(?:Q(?P<quarter>[1-4])|(?P<other>[1-4])Q)(?![\w-])")
_RANGE = _rule(
    rf"(?P<fiscal>{_FISCAL}\s{{0,3}})?(?P<year>(?:19|20)\d\d)\s?(?:[-–—/]|to\b|through\b|until\b|bis\b|til\b)\s?"
    rf"(?:{_FISCAL}\s{{0,3}})?(?P<until>(?:19|20)\d\d|\d\d)"
)
_BETWEEN = _rule(
    r"(?:between|zwischen|mellom)\s{1,3}(?P<year>(?:19|20)\d\d)\s{1,3}(?:and|und|og)\s{1,3}(?P<until>(?:19|20)\d\d)"
)
_FISCAL_YEAR = re.compile(rf"(?<![\w-])(?P<fiscal>{_FISCAL})\s?['’]?{_SHORT}{_END}", re.IGNORECASE)
_DECADE = re.compile(r"(?<!\w)(?P<year>(?:19|20)\d0)['’]?(?:s|er)\b")
_PLAIN = re.compile(r"(?<![\w$€£¥#.,/+=*:-])(?P<year>(?:19|20)\d\d)(?![\w%€$£]|[.,:/]\d|-\d|-\w)")
_NO_YEAR_BEFORE = re.compile(
    r"(?:\b(?:iso|iec|din|en|ieee|rfc|cve|nist|ansi|astm|port|room|rooms|raum|zimmer|rom|no|nr|number|nummer|page|seite"
    r"|side|section|line|zeile|linje|error|fehler|feil|code|part|model|modell|type|typ|version|article|artikel|chapter"
    r"|kapitel|step|ticket|issue|invoice|rechnung|faktura|order|bestellung|id|building|usd|eur|gbp|nok|sek|dkk|chf|kr"
    r"|euro|than|least|minst|als|mindestens|enn|nearly|exactly|genau|rund|circa|approximately|form|formular|skjema"
    r"|windows|server|office|exchange|sharepoint|bin|zip|plz|extension|timeout|limit)|§)[.:]?\s{0,2}$",
    re.IGNORECASE,
)
_NO_YEAR_AFTER = re.compile(
    r"\s{0,2}(?:employees?|people|persons?|users?|customers?|clients?|members?|staff|seats?|licen[cs]es?|units?|pieces?|items?"
    r"|shares?|euros?|dollars?|eur|usd|gbp|nok|sek|dkk|chf|kr|kroner|pounds?|hours?|days?|weeks?|months?|minutes?"
    r"|seconds?|years?|ms|km|kg|m|mm|cm|miles?|meters?|metres?|mb|gb|kb|tb|bytes?|tokens?|words?|characters?|lines?|pages?|rows?"
    r"|records?|documents?|files?|requests?|times?|percent|prozent|prosent|points?|steps?|million|billion|mio|mrd|mill"
    r"|mitarbeiter\w*|personen|personer|nutzer\w*|kunden|stunden|tagen?|wochen|monaten?|minuten|sekunden|jahren|stück"
    r"|ansatte|kunder|brukere|timer|dager|uker|watts?|volts?|square)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")
_MOST_YEARS = 50
_Found = Callable[[re.Match[str], date | None], "Period | None"]


def find_periods(text: str, today: date | None) -> tuple[Period, ...]:
    """The times that `text` names, in order, none within another. `today` is what relative ones count from:
    without it there are none.
    """
    taken = bytearray(len(text))
    found: list[Period] = []

    def claim(period: Period | None) -> None:
        if period is not None and not any(taken[period.start : period.end]):
            taken[period.start : period.end] = b"\x01" * (period.end - period.start)
            found.append(period)

    # Every one of these has a figure in it.
    for pattern, read in _READERS if _FIGURE.search(text) else ():
        for match in pattern.finditer(text):
            claim(read(match, today))
    for match in _PLAIN.finditer(text):
        if not _NO_YEAR_BEFORE.search(text, max(0, match.start() - 20), match.start()) and not _NO_YEAR_AFTER.match(
            text, match.end()
        ):
            claim(_year(match, today))
    for period in relative_periods(text, today) if today is not None else ():
        claim(period)
    for period in list(_bare_quarters(text, today, found)):
        claim(period)
    return tuple(sorted(found, key=lambda period: period.start))


def years_of(periods: tuple[Period, ...]) -> tuple[int, ...]:
    """The years asked for, ascending; a span of years gives each of them, none gives more than fifty."""
    years: set[int] = set()
    for period in periods:
        if period.exact:
            last = period.last.year if period.year is None else period.year
            first = period.first.year if period.year is None else period.year
            years.update(range(max(first, last - _MOST_YEARS), last + 1))
    return tuple(sorted(years))


def _date(match: re.Match[str], _: date | None) -> Period | None:
    part = match.groupdict()
    year, day = int(part["year"]), int(part["day"])
    number = int(part["number"]) if part.get("number") else MONTHS[part["month"].lower()]
    if number > 12 and day <= 12:  # 31/12/2024: the day stands first.
        number, day = day, number
    last = safe_date(year, number, day)
    if last is None:
        return None
    length = part.get("length") or part.get("span")
    if not length:
        return _period(match, last, last, year=year)
    months = _LENGTHS.get(length.lower().split()[0].removesuffix("ly")) or int(length)
    ends_month = (last + timedelta(days=1)).day == 1
    first = (
        months_days(year, number - months + 1, 1)[0] if ends_month else last - timedelta(days=round(months * 30.4) - 1)
    )
    return _period(match, first, last, year=year)


def _quarter(match: re.Match[str], today: date | None) -> Period | None:
    part = match.groupdict()
    quarter = int(part["quarter"]) if part.get("quarter") else _ordinal(part["ordinal"])
    year = _full_year(part["year"], today)
    fiscal = bool(part.get("fiscal") or part.get("fiscal2"))
    return _period(match, *quarter_days(year, quarter), year=year, quarter=quarter, fiscal=fiscal)


def _half(match: re.Match[str], today: date | None) -> Period | None:
    part = match.groupdict()
    half = int(part["half"]) if part.get("half") else _ordinal(part["ordinal"])
    year = _full_year(part["year"], today)
    if half > 2:
        return None
    return _period(match, *months_days(year, 6 * half - 5, 6), year=year, fiscal=bool(part.get("fiscal")))


def _month(match: re.Match[str], _: date | None) -> Period | None:
    part = match.groupdict()
    number = int(part["number"]) if part.get("number") else MONTHS[part["month"].lower()]
    return _period(match, *month_days(int(part["year"]), number), year=int(part["year"]))


def _range(match: re.Match[str], _: date | None) -> Period | None:
    part = match.groupdict()
    first = int(part["year"])
    until = int(part["until"]) + (first // 100 * 100 if len(part["until"]) == 2 else 0)
    if not first < until <= first + _MOST_YEARS:
        return None
    return _period(match, date(first, 1, 1), date(until, 12, 31), fiscal=bool(part.get("fiscal")))


def _year(match: re.Match[str], today: date | None) -> Period | None:
    year = _full_year(match["year"], today)
    return _period(match, *year_days(year), year=year, fiscal=bool(match.groupdict().get("fiscal")))


def _decade(match: re.Match[str], _: date | None) -> Period | None:
    return _period(match, date(int(match["year"]), 1, 1), date(int(match["year"]) + 9, 12, 31))


def _bare_quarters(text: str, today: date | None, found: list[Period]) -> Iterator[Period]:
    """Quarters without a year: that of the next time named ("Q1 and Q2 2023"), else the latest that has begun."""
    dated = sorted((p.start, p.year) for p in found if p.year is not None)
    for match in _BARE_QUARTER.finditer(text):
        quarter = int(match["quarter"] or match["other"])
        year = next((y for start, y in dated if start > match.start()), dated[-1][1] if dated else None)
        if year is None and today is None:
            continue
        days = quarter_days(year or _latest(quarter, today or date.max), quarter)
        yield Period(
            first=days[0], last=days[1], start=match.start(), end=match.end(), year=year, quarter=quarter,
            exact=year is not None,
        )  # fmt: skip


def _latest(quarter: int, today: date) -> int:
    return today.year if quarter <= quarter_of(today) else today.year - 1


def _period(
    match: re.Match[str],
    first: date,
    last: date,
    *,
    year: int | None = None,
    quarter: int | None = None,
    fiscal: bool = False,
) -> Period:
    return Period(
        first=first, last=last, start=match.start(), end=match.end(), year=year, quarter=quarter, fiscal=fiscal
    )  # fmt: skip


def _ordinal(word: str) -> int:
    return int(word[0]) if word[0].isdecimal() else _ORDINALS[word.lower()]


def _full_year(written: str, today: date | None) -> int:
    """ "22" is 2022; what would lie more than 30 years ahead is of the last century."""
    if len(written) == 4:
        return int(written)
    year = 2000 + int(written)
    return year if year <= (today.year if today else 2030) + 30 else year - 100


_READERS: tuple[tuple[re.Pattern[str], _Found], ...] = (
    *((pattern, _date) for pattern in _DATES),
    *((pattern, _quarter) for pattern in _QUARTERS),
    *((pattern, _half) for pattern in _HALVES),
    (_MONTHS[0], _month),
    (_BETWEEN, _range),
    *((pattern, _month) for pattern in _MONTHS[1:]),
    (_RANGE, _range),
    (_FISCAL_YEAR, _year),
    (_DECADE, _decade),
)
