"""Figures in a text with what they measure: value, unit, currency, scale, range, and if "about" or "up to" is said.

Figures that belong to a date are left to `dates`, those inside a product or document number ("TN-55", "4.2.1") to
`names`. English and German are read; units are written in `units_of_measure`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from .dates import date_mentions
from .quantities import CURRENCIES, SCALES, in_base, number_words, scale_after, unit_after

Bound = Literal["", "more", "at least", "less", "at most"]

_DIGITS = re.compile(
    r"\d{1,3}(?:[.,'’\u00a0\u202f\u2009 ]\d{3})+(?!\d)(?:[.,]\d{1,2}(?!\d))?"  # 1,200 and 1 200 and 1.200,50
    r"|\d+(?:[.,]\d+)?"
)
_CLOCK = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-4])(?::(?P<minute>[0-5]\d)(?!\d|:\d\d\d)(?::[0-5]\d)?|\.(?P<dotted>[0-5]\d)(?=\s?(?:[ap]\.?m\b|uhr\b)))?"
    r"\s?(?P<half>[ap]\.m\.|[ap]m\b)?(?P<uhr>\s?uhr\b)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+|(?<![\w.+%-])[\w.+%-]{1,64}@[\w.-]{1,250}\w")
_PHONE = re.compile(r"(?<![\w+])\+\d[\d ()/-]{5,18}\d(?!\w)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_SYMBOL_BEFORE = re.compile(r"(?:(?P<symbol>US\$|C\$|A\$|[€$£¥])|(?<![A-Za-z])(?P<code>[A-Z]{3}))[\s\u00a0]?\Z")
_SIGN = re.compile(r"(?<![\w)%])[-−–+]\Z")
_HEDGE = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|circa|ca\.?|roughly|nearly|almost|some|estimated|in the region of"
    r"|etwa|rund|ungefähr|zirka|knapp|fast|gut|an estimated)\s(?:an?\s|the\s|eine[nrms]?\s)?|[~≈±]\s?)\Z",
    re.IGNORECASE,
)
_LIMITS: tuple[tuple[Bound, str, str], ...] = (
    (
        "at most",
        "up to|at most|no more than|not more than|maximum of|max\\.?|a maximum|no longer than|not longer than"
        "|not exceed|not exceeding|no later than|no greater than|limited to|capped at|höchstens|maximal|bis zu"
        "|nicht mehr als|nicht länger als|not to exceed|maximum",
        "≤|<=",
    ),
    (
        "at least",
        "at least|no less than|not less than|no fewer than|not fewer than|minimum of|min\\.?|a minimum|minimum"
        "|mindestens|wenigstens|minimal|nicht weniger als",
        "≥|>=",
    ),
    (
        "more",
        "more than|over|above|exceeds?|exceeding|greater than|longer than|older than|higher than|larger than|beyond"
        "|mehr als|über|länger als|älter als|höher als|größer als|better than",
        ">",
    ),
    (
        "less",
        "less than|under|below|fewer than|shorter than|younger than|lower than|smaller than"
        "|weniger als|unter|kürzer als|jünger als|niedriger als|kleiner als",
        "<",
    ),
)
_BOUNDS: tuple[tuple[Bound, re.Pattern[str]], ...] = tuple(
    (bound, re.compile(rf"(?:\b(?:{words})\s(?:an?\s|the\s)?|(?:{marks})\s?)\Z", re.IGNORECASE))
    for bound, words, marks in _LIMITS
)
_BOUND_AFTER: tuple[tuple[Bound, re.Pattern[str]], ...] = (
    ("at least", re.compile(r"\s?\+(?!\w)|(?:\s[\w%]+)?\s(?:or|and) (?:more|above|over|older|longer)\b", re.I)),
    ("at least", re.compile(r"(?:\s[\w%]+)?\s(?:oder|und) (?:mehr|darüber)\b", re.I)),
    ("at most", re.compile(r"(?:\s[\w%]+)?\s(?:or|and) (?:less|fewer|below|under|younger)\b", re.I)),
    ("at most", re.compile(r"(?:\s[\w%]+)?\s(?:oder|und) (?:weniger|darunter)\b", re.I)),
    ("at most", re.compile(r"(?:\s[\w%]+)?\s(?:at (?:the )?most|or earlier|maximum|max\b)", re.I)),
    ("at least", re.compile(r"(?:\s[\w%]+)?\s(?:at (?:the )?least|minimum)\b", re.I)),
)  # fmt: skip
_RANGE = re.compile(r"\s?(?P<join>[-–—]|to|bis|and|und)\s?")
_BETWEEN = re.compile(r"\b(?:between|zwischen)\s(?:\S{1,12}\s)?\Z", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|von|vom)\s(?:\S{1,12}\s)?\Z", re.IGNORECASE)
_WORD_START = re.compile(r"[A-Za-zÀ-ÿ_][\w]*(?:[-_./#][\w]*)*\Z")
_CODE_TAIL = re.compile(r"[-–]?[A-Z]{1,2}\b(?![-\s]?\w)|[a-zA-Z_]|[-/]\d|\.\d|[-/][A-Z]\w*\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A figure at [start, end) of a text, its scale word applied: "£1.2 bn" is 1200000000 GBP.

    `unit` is canonical ("EUR", "%", "day", "clock" in minutes since midnight, "ordinal"), None where none is written.
    `step` is what the last written digit stands for (100000000 there). A range has `upper`. `other` is the second
    reading of "1.200", which is a thousand in German and one and a bit in English. `worded` is a number in words,
    `loose` a range that may as well be a way from one value to another ("from 3 to 5").
    """

    value: Decimal
    unit: str | None
    start: int
    end: int
    hedged: bool = False
    step: Decimal = Decimal(1)
    bound: Bound = ""
    upper: Decimal | None = None
    other: Decimal | None = None
    worded: bool = False
    loose: bool = False

    def base(self) -> tuple[Decimal, str | None]:
        """Value and unit in the smallest unit of its kind, so that 2 weeks and 14 days are one."""
        return in_base(self.value, self.unit)


def measures(text: str) -> list[Measure]:
    """The figures of a text in order; none overlaps another or a date."""
    return list(_measures(text))


@lru_cache(maxsize=512)
def _measures(text: str) -> tuple[Measure, ...]:
    taken = bytearray(len(text))  # which characters belong to something
    spans = [(mention.start, mention.end) for mention in date_mentions(text)]
    for start, end in spans + [match.span() for match in _ADDRESS.finditer(text)]:
        taken[start:end] = b"\1" * (end - start)
    found: list[Measure] = []
    for match in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        _take(found, taken, Measure(value=Decimal(digits), unit="phone", start=match.start(), end=match.end()))
    for match in _CLOCK.finditer(text):
        if (clock := _clock(match)) is not None:
            _take(found, taken, clock)
    for match in _DIGITS.finditer(text):
        if not any(taken[match.start() : match.end()]) and (measure := _read(text, match)) is not None:
            _take(found, taken, measure)
    for start, end, value, ordinal in number_words(text):
        _take(found, taken, _worded(text, start, end, value, ordinal=ordinal))
    found.sort(key=lambda measure: measure.start)
    return tuple(_with_ranges(text, found))


def _take(found: list[Measure], taken: bytearray, measure: Measure) -> None:
    if not any(taken[measure.start : measure.end]):
        found.append(measure)
        taken[measure.start : measure.end] = b"\1" * (measure.end - measure.start)


def _clock(match: re.Match[str]) -> Measure | None:
    minute = match["minute"] or match["dotted"]
    if minute is None and match["half"] is None and match["uhr"] is None:
        return None
    hour = int(match["hour"])
    half = (match["half"] or "").lower().replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    value = Decimal(hour * 60 + int(minute or 0))
    return Measure(value=value, unit="clock", start=match.start(), end=match.end())


def _read(text: str, match: re.Match[str]) -> Measure | None:
    """The figure with its signs, scale and unit; None inside a product, section or version number."""
    start, end = match.span()
    unit = None
    before = text[max(0, start - 40) : start]
    symbol = _SYMBOL_BEFORE.search(before)
    if symbol and (found := CURRENCIES.get((symbol["symbol"] or symbol["code"]).lower())):
        unit, before = found, before[: symbol.start()]
    elif _is_code(text, before, end):
        return None
    start -= 0 if symbol is None or unit is None else len(symbol.group())
    value, other, step = _value(match.group())
    if (
        _SIGN.search(before)
        and (unit or not before[-2:-1].isalnum())
        and before[-1:] in "-−"
        and before[-2:-1] in ("", " ", "(")
    ):
        value, other, start, before = -value, None, start - 1, before[:-1]
    ordinal = _ORDINAL.match(text, end)
    if ordinal:
        return Measure(value=value, unit="ordinal", start=start, end=ordinal.end())
    return _closed(text, before, Measure(value=value, other=other, step=step, unit=unit, start=start, end=end))


def _closed(text: str, before: str, bare: Measure) -> Measure:
    """The figure with what follows it, and with the bounds and hedges around it."""
    end, value, other, step, unit = bare.end, bare.value, bare.other, bare.step, bare.unit
    scale, after = scale_after(text, end, currency=unit is not None)
    if scale != 1:
        value, step, end = value * scale, step * scale, after
        other = None if other is None else other * scale
    followed, factor, after = unit_after(text, end)
    if unit is None and followed is not None:
        unit, end, value, step = followed, after, value * factor, step * factor
    bound: Bound = ""
    tail = before.rstrip(" (\u00a0") + " " if before.endswith((" ", "(", "\u00a0")) else before
    hedged = bool(_HEDGE.search(tail))
    if hedged:
        tail = _HEDGE.sub("", tail)
    for name, pattern in _BOUNDS:
        if pattern.search(tail):
            bound = name
            break
    else:
        bound = next((name for name, pattern in _BOUND_AFTER if pattern.match(text, end)), "")
    return replace(bare, value=value, other=other, step=step, unit=unit, end=end, hedged=hedged, bound=bound)


def _is_code(text: str, before: str, end: int) -> bool:
    """Whether the figure is a piece of a name: "TN-55", "CO2", "4.2.1", "10-Q", "1/260"."""
    head = _WORD_START.search(before)
    if head is not None and head.group()[-1:] != "." and head.group().lower().rstrip("-") not in CURRENCIES:
        return True
    if before[-1:] in "./" and before[-2:-1].isalnum() and not before[-2:-1].isalpha():
        return True
    tail = _CODE_TAIL.match(text, end)
    if tail is None:
        return False
    if scale_after(text, end, currency=True)[0] != 1 or unit_after(text, end)[0] or _ORDINAL.match(text, end):
        return False
    return not re.match(r"[-–]\d+(?:[.,]\d+)?(?![\w/]|[-.]\d)", text[end : end + 20])


def _value(written: str) -> tuple[Decimal, Decimal | None, Decimal]:
    """Value, second reading, and what the last digit stands for."""
    parts = re.split(r"[.,'’\s]", written)
    marks = re.findall(r"[.,'’\s]", written)
    grouped = marks and all(len(part) == 3 for part in parts[1:]) and len(set(marks)) == 1 and parts[0] != "0"
    if grouped:
        # "240,000" is never 240 with three noughts behind the mark; "1.200" may be 1.2.
        second = Decimal(f"{parts[0]}.{parts[1]}") if len(parts) == 2 and marks[0] in ".," else None
        other = None if second is None or second == second.to_integral_value() else second
        return Decimal("".join(parts)), other, Decimal(1)
    if not marks:
        return Decimal(written), None, Decimal(1)
    whole, part = "".join(parts[:-1]), parts[-1]
    return Decimal(f"{whole}.{part}"), None, Decimal(1).scaleb(-len(part))


def _worded(text: str, start: int, end: int, value: Decimal, *, ordinal: bool) -> Measure:
    unit = "ordinal" if ordinal else None
    bare = Measure(value=value, unit=unit, start=start, end=end, worded=True)
    return bare if ordinal else _closed(text, text[max(0, start - 40) : start], bare)


def _with_ranges(text: str, found: list[Measure]) -> Iterator[Measure]:
    at = 0
    while at < len(found):
        low = found[at]
        high = found[at + 1] if at + 1 < len(found) else None
        joined = _joined(text, low, high) if high is not None else None
        yield joined or low
        at += 2 if joined else 1


def _joined(text: str, low: Measure, high: Measure) -> Measure | None:
    """Both as one range; None unless the words between and before say so. The first takes the second's unit."""
    join = _RANGE.fullmatch(text, low.end, high.start)
    if join is None or low.upper is not None or "ordinal" in (low.unit, high.unit):
        return None
    before = text[max(0, low.start - 24) : low.start]
    if join["join"] in ("and", "und") and not _BETWEEN.search(before):
        return None
    value, step = low.value, low.step
    if (low.unit is None and high.unit is not None) or (low.unit == high.unit and low.value < high.step):
        scale = next((s for s in SCALES if high.step >= s and value * s < high.value), Decimal(1))
        value, step = value * scale, step * scale
    if (low.unit not in (None, high.unit) and high.unit is not None) or (
        value >= abs(high.value) and high.unit != "clock"
    ):
        return None
    loose = join["join"] in ("to", "bis") and bool(_FROM.search(before))
    return replace(
        high, value=value, upper=high.value, start=low.start, step=min(step, high.step), hedged=low.hedged,
        bound="", loose=loose, unit=high.unit or low.unit,
    )  # fmt: skip
