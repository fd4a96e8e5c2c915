"""Does a computed claim come out again? The calculation is done anew from the operands' own words, in decimals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation
from math import prod
from typing import assert_never

from ..model import Computation, Operation
from .dates import date_mentions
from .measures import Measure, measures
from .model import Finding

_DAY = Decimal(86400)


class NotComputable(ValueError):
    """The operands do not allow the operation; the message says why."""


def computed(computation: Computation) -> Finding:
    """The result follows from the operands at the precision that it is written with, in their unit."""
    try:
        agrees, expected = _recompute(computation)
    except (NotComputable, DivisionByZero, InvalidOperation) as error:
        note = str(error) if isinstance(error, NotComputable) else "the operands do not allow it"
        return _finding(computation, agrees=False, contradicts=False, note=f"cannot be computed: {note}")
    note = "" if agrees else f"{computation.operation} gives {expected}, not {computation.result}"
    return _finding(computation, agrees=agrees, contradicts=not agrees, note=note)


def _finding(computation: Computation, *, agrees: bool, contradicts: bool, note: str) -> Finding:
    words = () if agrees else (computation.result,)
    return Finding(
        check="computed", agrees=agrees, score=float(agrees), words=words, contradicts=contradicts, note=note
    )


def _recompute(computation: Computation) -> tuple[bool, str]:
    for operand in computation.operands:
        if " ".join(operand.text.split()) not in " ".join(operand.span.quote.split()):
            raise NotComputable(f"{operand.text!r} does not stand in its source")
    texts = [operand.text for operand in computation.operands]
    match computation.operation:
        case Operation.DAYS_BETWEEN:
            return _days_between(texts, computation.result)
        case Operation.DATE_AFTER:
            return _date_after(texts, computation.result)
        case _:
            return _arithmetic(computation.operation, texts, computation.result)


def _arithmetic(operation: Operation, texts: Sequence[str], result: str) -> tuple[bool, str]:
    figures = [_figure(text) for text in texts]
    if len(figures) < 2:
        raise NotComputable("it takes two figures at least")
    units = {figure.base()[1] for figure in figures}
    if len(units) > 1 and operation is not Operation.PRODUCT:
        raise NotComputable("the figures have different units")
    values = [figure.base()[0] for figure in figures]
    value, unit = _value(operation, values, figures)
    said = _figure(result)
    expected = f"{value.normalize():f} {unit or ''}".strip()
    return said.base()[1] in _units(operation, unit, figures) and _rounds_to(value, said), expected


def _value(operation: Operation, values: Sequence[Decimal], figures: Sequence[Measure]) -> tuple[Decimal, str | None]:
    """The result in the smallest unit, and that unit."""
    unit = figures[0].base()[1]
    first, second = values[0], values[1]
    result: tuple[Decimal, str | None]
    match operation:
        case Operation.SUM:
            result = sum(values, Decimal(0)), unit
        case Operation.DIFFERENCE:
            result = first - second, unit
        case Operation.PRODUCT:
            named = [figure.base()[1] for figure in figures if figure.unit is not None]
            result = prod(values, start=Decimal(1)), named[0] if len(named) == 1 else None
        case Operation.RATIO:
            result = first / second, None
        case Operation.SHARE:
            result = first / second * 100, "%"
        case Operation.GROWTH:
            result = (second - first) / abs(first) * 100, "%"
        case Operation.AVERAGE:
            result = sum(values, Decimal(0)) / len(values), unit
        case Operation.LARGEST:
            result = max(values), unit
        case Operation.SMALLEST:
            result = min(values), unit
        case Operation.DAYS_BETWEEN | Operation.DATE_AFTER:
            raise NotComputable("it takes dates")
        case _:
            assert_never(operation)
    return result


def _units(operation: Operation, unit: str | None, figures: Sequence[Measure]) -> set[str | None]:
    """The units that a result may be written in: two percentages differ by percentage points."""
    if operation is Operation.DIFFERENCE and unit == "%":
        return {"percentage point", "%"}
    if operation is Operation.PRODUCT and {figure.unit for figure in figures} - {None} == {"%"}:
        return {None, "%"}
    return {unit}


def _rounds_to(value: Decimal, said: Measure) -> bool:
    """Whether a result, rounded to the last place that is written, is what is written."""
    one, _ = Measure(value=Decimal(1), unit=said.unit, start=0, end=0).base()
    written = [said.base()[0]] + ([said.other * one] if said.other is not None else [])
    return any(abs(abs(value) - abs(held)) * 2 <= said.step * one and _same_sign(value, held) for held in written)


def _same_sign(value: Decimal, held: Decimal) -> bool:
    # "fell by 5 %" tells a growth of minus five without its sign.
    return value * held >= 0 or held > 0


def _days_between(texts: Sequence[str], result: str) -> tuple[bool, str]:
    if len(texts) != 2:
        raise NotComputable("it takes two dates")
    days = Decimal((_day(texts[1]) - _day(texts[0])).days)
    said = _figure(result)
    fits = said.base()[1] == "second" and abs(days) * _DAY == abs(said.base()[0])
    return fits, f"{days} days"


def _date_after(texts: Sequence[str], result: str) -> tuple[bool, str]:
    if len(texts) != 2:
        raise NotComputable("it takes a date and a length of time")
    expected = date_after(_day(texts[0]), _figure(texts[1]))
    return _day(result) == expected, expected.isoformat()


def date_after(start: date, length: Measure) -> date:
    """The day a length of time after `start`; a month after 31 January is the last day of February.

    Raises:
        NotComputable: the length is no whole number of days, weeks, months or years, or it is of working days.
    """
    amount, unit = length.base()
    try:
        if unit == "second" and amount % _DAY == 0:
            return start + timedelta(days=int(amount / _DAY))
        if unit == "month" and amount == amount.to_integral_value():
            months = start.year * 12 + start.month - 1 + int(amount)
            year, month = divmod(months, 12)
            return _last_day_at_most(year, month + 1, start.day)
    except (OverflowError, ValueError) as error:
        raise NotComputable("the date lies outside the calendar") from error
    raise NotComputable("the length is no whole number of days, weeks, months or years")


def _last_day_at_most(year: int, month: int, day: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, min(day, (following - timedelta(days=1)).day))


def _figure(text: str) -> Measure:
    found = [measure for measure in measures(text) if measure.upper is None]
    if len(found) != 1:
        raise NotComputable(f"{text!r} is not one figure")
    return found[0]


def _day(text: str) -> date:
    days = [day for mention in date_mentions(text) if (day := mention.as_date()) is not None]
    if len(days) != 1:
        raise NotComputable(f"{text!r} is not one day")
    return days[0]
