"""When one figure bears out another: value, unit, range, bounds and rounding."""

from __future__ import annotations

from decimal import Decimal

from .measures import Measure

_HEDGE_TOLERANCE = Decimal("0.05")


def same_figure(claimed: Measure, shown: Measure) -> bool:
    """Whether what is claimed follows from what is shown: "1.2 bn" from "1,198 million", "2 weeks" from "14 days"."""
    if not same_dimension(claimed, shown):
        return False
    if claimed.upper is not None or shown.upper is not None:
        return _ranges_agree(claimed, shown)
    return (claimed.bound == shown.bound and _values_agree(claimed, shown)) or _implied(claimed, shown)


def same_dimension(claimed: Measure, shown: Measure) -> bool:
    """Whether both count the same kind of thing, so that they can be compared at all. A unit left out fits any."""
    mine, theirs = claimed.base()[1], shown.base()[1]
    if mine == theirs:
        return True
    if mine is None or theirs is None:
        return not {"clock", "phone", "ordinal", "%"} & {mine, theirs}
    return False


def same_value(claimed: Measure, shown: Measure) -> bool:
    """Whether the values agree, bounds aside."""
    return same_dimension(claimed, shown) and claimed.upper == shown.upper and _values_agree(claimed, shown)


def _values_agree(claimed: Measure, shown: Measure) -> bool:
    held = [shown.base()[0]]
    if shown.other is not None and shown.unit == claimed.unit:
        held.append(shown.other)
    said = [(claimed.base()[0], claimed.step * _factor(claimed))]
    if claimed.other is not None:
        said.append((claimed.other, Decimal("0.001")))
    return any(_close(value, step, other, claimed) for value, step in said for other in held)


def _factor(measure: Measure) -> Decimal:
    one, _ = Measure(value=Decimal(1), unit=measure.unit, start=0, end=0).base()
    return one


def _close(said: Decimal, step: Decimal, held: Decimal, claimed: Measure) -> bool:
    if said == held:
        return True
    difference = abs(said - held)
    if claimed.hedged:
        return difference <= max(abs(held) * _HEDGE_TOLERANCE, Decimal(0))
    # "1.2 billion" rounds 1,198 million: only a figure with a scale word or a decimal is read as rounded.
    rounded = step >= 1000 or step < 1
    return rounded and difference * 2 <= step and said != 0 and difference <= abs(held) * _HEDGE_TOLERANCE


def _ranges_agree(claimed: Measure, shown: Measure) -> bool:
    if claimed.upper is not None and shown.upper is not None:
        low, high = _values_agree(claimed, shown), _values_agree(_top(claimed), _top(shown))
        return low and high
    if claimed.upper is None:
        # Of a way from one value to another, each end can be told alone.
        ends = (shown.loose or claimed.bound != "") and (
            _values_agree(claimed, shown) or _values_agree(claimed, _top(shown))
        )
        return ends and (shown.loose or _is_end(claimed, shown))
    return False


def _is_end(claimed: Measure, shown: Measure) -> bool:
    """Whether "at least 3" or "up to 5" tells an end of "3 to 5"."""
    if claimed.bound == "at least":
        return _values_agree(claimed, shown)
    return claimed.bound == "at most" and _values_agree(claimed, _top(shown))


def _top(measure: Measure) -> Measure:
    upper = measure.value if measure.upper is None else measure.upper
    return Measure(value=upper, unit=measure.unit, start=measure.start, end=measure.end, step=measure.step)


def _implied(claimed: Measure, shown: Measure) -> bool:
    """Whether a limit that is claimed follows: "more than 50" from 62, "at least 50" not from 50.

    A limit put to the very figure of the evidence is a change of what it says, although the figure keeps to it.
    """
    if not claimed.bound or claimed.base()[1] != shown.base()[1]:
        return False
    upwards = ("more", "at least")
    said, held = claimed.base()[0], shown.base()[0]
    if shown.bound:
        return said == held and (claimed.bound, shown.bound) in (("at least", "more"), ("at most", "less"))
    return held > said if claimed.bound in upwards else held < said
