"""The calculator: exact arithmetic over figures that are cited, shown the way that the sources write them.

It refuses rather than guesses: other currencies, other units, ranges, working days and half dates have no result.
`figures` reads what is written, `composing` says it in a sentence, a check recomputes it. No model takes part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, DecimalException, localcontext
from typing import assert_never

from .expressions import PRECISION, NotComputable
from .figures import Figure, factor_of, figure_of, rendered_date
from .model import Computation, Operand, Operation
from .writing_figures import Written

MOST_OPERANDS = 200
_TWO = 2
_HUNDRED = Decimal(100)
_CALENDAR_UNITS = {"month": 1, "quarter": 3, "year": 12}
_POINTS = " percentage points"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """Operands brought to one way of writing: `values` are what stands in front of `written`'s unit."""

    values: tuple[Decimal, ...]
    decimals: int
    written: Written
    unit: str


def compute(operation: Operation, operands: Sequence[Operand]) -> Computation:
    """Works out `operation` over `operands` in their order.

    Raises:
        NotComputable: an operand is no single figure or date, the units do not go together, or there are too few or too
            many of them; the message says which.
    """
    if not 1 <= len(operands) <= MOST_OPERANDS:
        raise NotComputable(f"{len(operands)} figures: a calculation takes from one to {MOST_OPERANDS}")
    read = [figure_of(operand) for operand in operands]
    try:
        with localcontext(PRECISION):
            result = _result(operation, read)
    except (DecimalException, OverflowError) as error:
        raise NotComputable("the figures are too large or too small to compute with") from error
    return Computation(operation=operation, operands=tuple(operands), result=result)


def recomputes(computation: Computation) -> bool:
    """Whether a computation comes out again, from its operands as they stand in their sources."""
    try:
        return compute(computation.operation, computation.operands).result == computation.result
    except NotComputable:
        return False


def _result(operation: Operation, read: Sequence[Figure]) -> str:  # noqa: PLR0911 - one operation a case
    match operation:
        case Operation.SUM | Operation.AVERAGE:
            return _total(read, average=operation is Operation.AVERAGE)
        case Operation.DIFFERENCE:
            return _difference(*_pair(read, operation))
        case Operation.PRODUCT:
            return _product(read)
        case Operation.RATIO:
            return _ratio(*_pair(read, operation))
        case Operation.SHARE | Operation.GROWTH:
            return _percentage(operation, *_pair(read, operation))
        case Operation.LARGEST:
            return read[ranked(read)[-1]].text
        case Operation.SMALLEST:
            return read[ranked(read)[0]].text
        case Operation.DAYS_BETWEEN:
            return _days_between(*_pair(read, operation))
        case Operation.DATE_AFTER:
            return _date_after(*_pair(read, operation))
        case _ as unknown:
            assert_never(unknown)


def _pair(read: Sequence[Figure], operation: Operation) -> tuple[Figure, Figure]:
    if len(read) != _TWO:
        raise NotComputable(f"{operation.value.replace('_', ' ')} takes two figures, not {len(read)}")
    return read[0], read[1]


def _total(read: Sequence[Figure], *, average: bool) -> str:
    shared = _shared(read)
    total = sum(shared.values, Decimal(0))
    if not average:
        return shared.written.show(total, shared.decimals)
    mean = total / len(shared.values)
    return shared.written.show(*_rounded(mean, shared.decimals, shared.decimals + 1))


def _difference(one: Figure, other: Figure) -> str:
    shared = _shared([one, other])
    value = shared.values[0] - shared.values[1]
    written = shared.written if shared.unit != "%" else shared.written.counted(_POINTS)
    return written.show(value, shared.decimals)


def _product(read: Sequence[Figure]) -> str:
    """At most one operand carries a unit; the others are plain counts, or percentages of it."""
    values = [_number(figure) for figure in read]
    of_unit = [figure for figure in read if figure.unit not in ("", "%")]
    if len(of_unit) > 1:
        raise NotComputable(f"{of_unit[0].text} times {of_unit[1].text} has no unit that the sources name")
    main = of_unit[0] if of_unit else next((figure for figure in read if figure.unit == ""), None)
    if main is None:
        raise NotComputable("percentages are not multiplied with each other")
    product = Decimal(1)
    for figure, value in zip(read, values, strict=True):
        product *= (value / _HUNDRED) if figure.unit == "%" else value
    shown = product / main.written.factor
    least = main.written.decimals
    return main.written.show(*_rounded(shown, least, max(least, _TWO)))


def _ratio(one: Figure, other: Figure) -> str:
    if other.unit == "" and one.unit != "":
        value, divisor = _number(one) / one.written.factor, _nonzero(_number(other), other)
        return one.written.show(*_rounded(value / divisor, one.written.decimals, max(one.written.decimals, _TWO)))
    shared = _shared([one, other])
    quotient = shared.values[0] / _nonzero(shared.values[1], other)
    return shared.written.bare().show(*_rounded(quotient, 0, _TWO))


def _percentage(operation: Operation, one: Figure, other: Figure) -> str:
    if "%" in (one.unit, other.unit):
        raise NotComputable(f"{operation.value} of percentages is not computed: {one.text}, {other.text}")
    shared = _shared([one, other])
    first, second = shared.values
    if operation is Operation.SHARE:
        value = first / _nonzero(second, other) * _HUNDRED
    else:
        if first <= 0 or second < 0:
            raise NotComputable(f"growth from {one.text} to {other.text} has no meaning")
        value = (second - first) / first * _HUNDRED
    return shared.written.counted(" %").show(*_rounded(value, 0, 1))


def ranked(read: Sequence[Figure]) -> list[int]:
    """The places of figures or dates of one kind, smallest or earliest first.

    Raises:
        NotComputable: they are not of one kind, or two of them are equal, so that none comes first or last alone.
    """
    days = [figure.value for figure in read if isinstance(figure.value, date)]
    if days and len(days) != len(read):
        raise NotComputable("a date is not compared with a figure")
    values = [Decimal(day.toordinal()) for day in days] or list(_shared(read).values)
    order = sorted(range(len(read)), key=values.__getitem__)
    if len(read) > 1 and (values[order[0]] == values[order[1]] or values[order[-1]] == values[order[-2]]):
        raise NotComputable("the figures are equal at the end that was asked for")
    return order


def _days_between(one: Figure, other: Figure) -> str:
    first, second = _day(one), _day(other)
    days = (second - first).days
    word = ("Tag" if abs(days) == 1 else "Tage") if one.written.german else ("day" if abs(days) == 1 else "days")
    return f"{days:,} {word}" if not one.written.german else f"{days} {word}"


def _date_after(one: Figure, other: Figure) -> str:
    start, count = _day(one), _number(other)
    if count != int(count):
        raise NotComputable(f"{other.text} is no whole number of days, weeks, months or years")
    try:
        return rendered_date(one, _later(start, int(count), other))
    except (OverflowError, ValueError) as error:
        raise NotComputable(f"{other.text} after {one.text} is no date of the calendar") from error


def _later(start: date, count: int, length: Figure) -> date:
    if length.unit in ("day", "week"):
        return start + timedelta(days=count * (7 if length.unit == "week" else 1))
    if length.unit in _CALENDAR_UNITS:
        months = start.year * 12 + start.month - 1 + count * _CALENDAR_UNITS[length.unit]
        return date(months // 12, months % 12 + 1, start.day)
    raise NotComputable(f"{length.text} is not a length in days, weeks, months or years")


def _day(figure: Figure) -> date:
    if not isinstance(figure.value, date):
        raise NotComputable(f"{figure.text} is not a whole date")
    return figure.value


def _number(figure: Figure) -> Decimal:
    if not isinstance(figure.value, Decimal):
        raise NotComputable(f"{figure.text} is a date, not a figure")
    if figure.is_range or figure.unit == "clock":
        raise NotComputable(f"{figure.text} is a range or a time of day, not one figure")
    return figure.value


def _nonzero(value: Decimal, figure: Figure) -> Decimal:
    if not value:
        raise NotComputable(f"{figure.text} cannot be divided by")
    return value


def _shared(read: Sequence[Figure]) -> _Shared:
    """All operands in one unit and one way of writing.

    Raises:
        NotComputable: their units do not go together.
    """
    values = [_number(figure) for figure in read]
    units = {figure.unit for figure in read}
    if len(units) == 1:
        written = read[0].written
        if any(figure.written.style != written.style for figure in read):
            written = written.whole()
        shown = tuple(value / written.factor for value in values)
        return _Shared(
            values=shown, decimals=_written_decimals(shown, read, written), written=written, unit=read[0].unit
        )
    factors = {unit: factor_of(unit) for unit in units}
    if "" not in units and len({base for _, base in factors.values()}) == 1:
        smallest = min(read, key=lambda figure: factors[figure.unit][0])
        least = factors[smallest.unit][0]
        written = smallest.written.whole()
        converted = tuple(v * factors[f.unit][0] / least for v, f in zip(values, read, strict=True))
        return _Shared(values=converted, decimals=max(map(_decimals, converted)), written=written, unit=smallest.unit)
    named = ", ".join(dict.fromkeys(figure.text for figure in read))
    raise NotComputable(f"the figures are not of one unit: {named}")


def _written_decimals(shown: Sequence[Decimal], read: Sequence[Figure], written: Written) -> int:
    """The most decimals of all: those that were written ("4.50" has two) where all are written alike."""
    if all(figure.written.style == written.style for figure in read):
        return max(figure.written.decimals for figure in read)
    return max(map(_decimals, shown))


def _decimals(value: Decimal) -> int:
    exponent = (
        value.normalize().as_tuple().exponent if value == value.to_integral_value() else value.as_tuple().exponent
    )
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(value: Decimal, least: int, most: int) -> tuple[Decimal, int]:
    """A value and its decimals: as few as show it exactly, from `least` up to `most`, where it is rounded half up."""
    for decimals in range(least, most):
        if value == value.quantize(Decimal(1).scaleb(-decimals)):
            return value, decimals
    return value.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP), most
