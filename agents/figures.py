"""Figures and dates of a source, with the way that they are written, so that a result can be written likewise.

`checks.measures` and `checks.dates` read the text; this module adds what a bare figure in a table takes from its column
and row ("Revenue (£m)"), and how to write another value in the same form.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ingest.markup import prose

from .checks.dates import DateMention, date_mentions
from .checks.measures import Measure, measures
from .checks.quantities import CURRENCIES, in_base
from .expressions import NotComputable
from .model import Operand
from .rows import cells_of
from .writing_figures import TIMES, Written

_CORE = re.compile(r"\d(?:[\d.,'’\u00a0\u202f\u2009 ]*\d)?")
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,'’\u00a0\u202f\u2009 ])\d{3})+(?:[.,]\d+)?\Z")
_GERMAN_TIME = re.compile(r"(?:Sekunde|Minute|Stunde|Tag|Woche|Monat|Jahr|Nacht|Nächt|[Tt]age)")
_PLURAL_TIME = re.compile(
    r"\b(?P<unit>seconds|minutes|hours|days|weeks|months|years|Tage|Wochen|Monate|Jahre|Stunden)\b"
)
_CODE = re.compile(r"\b[A-Z]{3}\b")
_BRACKETED = re.compile(r"\((?P<inner>[^()]{1,20})\)")
_SYMBOL = re.compile(r"(?P<symbol>[€$£¥])\s?(?P<rest>\w{0,8})\Z")
_MONTHS = (
    "January February March April May June July August September October November December".split(),
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
)
_LEFT_OUT = frozenset({"ordinal", "phone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure or date at [start, end) of a text. `value` is a number in `unit` ("" for a bare count), a day, or None
    for a date that is no whole day. `limit` is what is said of it: "at least", "up to" and the like;
    `is_rough` that "about" is. `step` is what its last digit stands for."""

    start: int
    end: int
    text: str
    value: Decimal | date | None
    unit: str
    key: Hashable
    written: Written
    upper: Decimal | None = None
    limit: str = ""
    step: Decimal = Decimal(1)
    is_rough: bool = False

    @property
    def is_range(self) -> bool:
        """Whether it runs from `value` to `upper`."""
        return self.upper is not None


def figures_in(text: str) -> list[Figure]:
    """The figures and dates of `text` in order; bare years, weekdays and ordinals are none."""
    found = [_measured(text, measure) for measure in measures(text) if measure.unit not in _LEFT_OUT]
    found += [_dated(text, mention) for mention in date_mentions(text) if mention.month or mention.quarter]
    return sorted(found, key=lambda figure: figure.start)


def figure_of(operand: Operand) -> Figure:
    """The one figure or date that an operand's words are, read where they stand.

    Raises:
        NotComputable: the words do not stand in the span, or are no figure, several, or may be read in two ways.
    """
    wanted = operand.text.strip()
    found: dict[Hashable, Figure] = {}
    for text, labels in _texts(operand):
        for at in _occurrences(text, wanted):
            inside = [f for f in figures_in(text) if f.start < at + len(wanted) and at < f.end]
            if len(inside) > 1:
                raise NotComputable(f"{wanted!r} holds several figures")
            for figure in inside:
                labelled = with_unit(figure, labels)
                found.setdefault((labelled.key, labelled.unit), labelled)
    if not found:
        raise NotComputable(f"{wanted!r} is no figure or date of the cited text")
    if len(found) > 1:
        raise NotComputable(f"{wanted!r} stands for several figures of the cited text")
    figure = next(iter(found.values()))
    if _is_doubtful(figure):
        raise NotComputable(f"{figure.text!r} may be read in two ways")
    return figure


def with_unit(figure: Figure, labels: tuple[str, ...]) -> Figure:
    """A bare figure with the unit that its column, or else its row, names."""
    if figure.unit or not isinstance(figure.value, Decimal):
        return figure
    for label in labels:
        if (named := _unit_named(label)) is not None:
            unit, written = named
            value = figure.value * written.factor
            form = replace(
                figure.written,
                prefix=written.prefix,
                suffix=written.suffix,
                factor=written.factor,
                unit=written.unit,
                german=written.german,
                is_money=written.is_money,
            )
            return replace(
                figure,
                value=value,
                unit=unit,
                written=form,
                key=_key(value, unit, None),
                step=figure.step * written.factor,
            )
    return figure


def factor_of(unit: str) -> tuple[Decimal, str]:
    """How many of the smallest unit of its kind one `unit` is, and which that is: (3600, "second") for an hour."""
    value, base = in_base(Decimal(1), unit or None)
    return value, base or ""


def rendered_date(like: Figure, day: date) -> str:
    """`day` written as the date `like` is."""
    text = like.text
    if re.match(r"\d{4}-", text):
        return day.isoformat()
    if re.match(r"\d{1,2}\.\s?\d", text):
        return f"{day.day:02d}.{day.month:02d}.{day.year}"
    german = like.written.german
    if re.match(r"[A-Za-z]", text):
        return f"{_MONTHS[german][day.month - 1]} {day.day}, {day.year}"
    return written_out(day, german=german)


def written_out(day: date, *, german: bool = False) -> str:
    """A day in words: "3 March 2025", in German "3. März 2025"."""
    return f"{day.day}{'.' if german else ''} {_MONTHS[german][day.month - 1]} {day.year}"


def _texts(operand: Operand) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The texts that an operand may stand in, each with what names its unit: a row cell by cell, other text whole."""
    cells = cells_of(operand.span)
    for cell in cells:
        yield cell.text, (cell.column, cells[0].text if cell is not cells[0] else "")
    if not cells:
        yield prose(operand.span.quote, operand.span.chunk.markup), ()


def _occurrences(text: str, wanted: str) -> Iterator[int]:
    """Where `wanted` stands, not inside a longer number or word."""
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(wanted) : at + len(wanted) + 2]
        if not (before.isalnum() and wanted[0].isalnum()) and not re.match(
            r"[.,]?\d" if wanted[-1].isdecimal() else r"\w", after
        ):
            yield at
        at = text.find(wanted, at + 1)


def _measured(text: str, measure: Measure) -> Figure:
    words = text[measure.start : measure.end]
    unit = measure.unit or ""
    return Figure(
        start=measure.start,
        end=measure.end,
        text=words,
        value=measure.value,
        unit=unit,
        key=_key(measure.value, unit, measure.upper),
        written=_written(words, measure.value, unit),
        upper=measure.upper,
        limit=measure.bound,
        step=measure.step,
        is_rough=measure.hedged,
    )


def _dated(text: str, mention: DateMention) -> Figure:
    words = text[mention.start : mention.end]
    day = None if mention.swappable else mention.as_date()
    key = ("date", mention.year, mention.month, mention.day, mention.quarter)
    german = bool(re.match(r"\d{1,2}\.\s?[A-Za-zÄäMmJ]", words)) or bool(
        re.search(r"(?:Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember)\b", words)
    )
    return Figure(
        start=mention.start,
        end=mention.end,
        text=words,
        value=day,
        unit="date",
        key=key,
        written=Written(german=german or bool(re.match(r"\d{1,2}\.\d", words))),
    )


def _key(value: Decimal, unit: str, upper: Decimal | None) -> Hashable:
    based, base = in_base(value, unit or None)
    return (base or "", based.normalize(), None if upper is None else in_base(upper, unit or None)[0].normalize())


def _written(words: str, value: Decimal, unit: str) -> Written:
    german = bool(_GERMAN_TIME.search(words))
    time = unit if unit in TIMES else ""
    core = _CORE.search(words)
    if core is None:
        return Written(unit=time, german=german)
    digits = core.group()
    grouped = _GROUPED.match(digits)
    group = grouped["mark"] if grouped else ""
    marks = [mark for mark in digits if mark in ".," and mark != group]
    point = marks[-1] if marks else ("," if group == "." else ".")
    decimals = len(digits) - digits.rfind(point) - 1 if marks else 0
    shown = Decimal(
        "".join(c for c in (digits.replace(group, "") if group else digits).replace(point, ".") if c in "0123456789.")
    )
    return Written(
        prefix=words[: core.start()].lstrip("-−–+"),
        suffix=words[core.end() :],
        group=group or ("." if point == "," else ","),
        point=point,
        decimals=decimals,
        factor=abs(value) / shown if shown else Decimal(1),
        unit=time,
        german=german,
        is_money=unit in CURRENCIES.values(),
    )


def _unit_named(label: str) -> tuple[str, Written] | None:
    """The unit that a column's or a row's name gives, with its scale: "Revenue (£m)", "Price GBP", "Months from …"."""
    for match in _BRACKETED.finditer(label):
        if (found := _unit_of(match["inner"].strip())) is not None:
            return found
    if re.search(r"\b(?:per|pro|je)\b|/", label):
        return None
    codes = [code for code in _CODE.findall(label) if code.lower() in CURRENCIES]
    if len(codes) == 1:
        return _unit_of(codes[0])
    times = _PLURAL_TIME.findall(label)
    return _unit_of(times[0]) if len(times) == 1 else None


def _unit_of(words: str) -> tuple[str, Written] | None:
    symbol = _SYMBOL.match(words)
    sample = f"{symbol['symbol']}5{symbol['rest']}" if symbol else f"5 {words}"
    read = measures(sample)
    if len(read) != 1 or read[0].unit in (None, *_LEFT_OUT) or read[0].end != len(sample):
        return None
    unit = read[0].unit or ""
    return unit, _written(sample, read[0].value, unit)


def _is_doubtful(figure: Figure) -> bool:
    """Whether "1.250" may be a thousand or one and a bit: only money is never written with three decimals."""
    core = _CORE.search(figure.text)
    return (
        core is not None
        and isinstance(figure.value, Decimal)
        and figure.unit not in CURRENCIES.values()
        and bool(re.fullmatch(r"\d{1,3}\.\d{3}", core.group()))
    )
