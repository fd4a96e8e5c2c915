"""Reading order: finds side-by-side columns of prose and puts their rows one column after the other.

Rows whose gaps share one free vertical strip (a gutter) form a band. A band counts as columns when both sides
read like prose; a table has gutters, too, but its lines are short or numeric, and it is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from .pdf_lines import Line, Row
from .pdf_rules import Rules

_MIN_GUTTER = 0.8  # font sizes
_MIN_ROWS = 3
_MIN_FILL = 0.55
_MIN_WORDS = 3
_MAX_NUMERIC = 0.35
_MAX_DEPTH = 4
_TRAILING_GAP = 1.5
_LEVEL = 0.12
_LEVEL_SHARE = 0.4
_FEWEST_STAGGERED = 5
_NUMERIC = re.compile(r"^[^A-Za-z]*\d[^A-Za-z]*$|^[$%\u2014\u2013-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Rows [first, last] that leave the strip from `left` to `right` free."""

    first: int
    last: int
    left: float
    right: float


def in_reading_order(rows: Sequence[Row], rules: Rules, depth: int = 0) -> list[list[Row]]:
    """Regions of one column each, in reading order; every fragment of `rows` is in exactly one of them."""
    regions: list[list[Row]] = []
    plain: list[Row] = []
    index = 0
    while index < len(rows):
        band = _widest_band(rows, index, rules) if depth < _MAX_DEPTH else None
        if band is None:
            plain.append(rows[index])
            index += 1
            continue
        if plain:
            regions.append(plain)
            plain = []
        middle = (band.left + band.right) / 2
        inside = rows[band.first : band.last + 1]
        for side in (_part(inside, middle, left=True), _part(inside, middle, left=False)):
            regions.extend(in_reading_order(side, rules, depth + 1))
        index = band.last + 1
    if plain:
        regions.append(plain)
    return regions


def _part(rows: Sequence[Row], middle: float, *, left: bool) -> list[Row]:
    parts = (tuple(line for line in row if ((line.x0 + line.x1) / 2 < middle) == left) for row in rows)
    return [part for part in parts if part]


def _widest_band(rows: Sequence[Row], first: int, rules: Rules) -> Band | None:
    """The band starting at row `first` that holds the most rows, if any reads like columns."""
    bands = [
        _grow(rows, first, before.x1, after.x0) for before, after in zip(rows[first], rows[first][1:], strict=False)
    ]
    good = [band for band in bands if band.last - band.first + 1 >= _MIN_ROWS and _is_prose_band(rows, band, rules)]
    return max(good, key=lambda band: band.last, default=None)


def _grow(rows: Sequence[Row], first: int, left: float, right: float) -> Band:
    last = last_two_sided = first
    for index in range(first, len(rows)):
        narrowed = _narrow(rows[index], left, right)
        if narrowed is None:
            break
        middle = sum(narrowed) / 2
        sides = {(line.x0 + line.x1) / 2 < middle for line in rows[index]}
        if len(sides) == 1 and index > first and _is_detached(rows[index - 1], rows[index]):
            break
        left, right = narrowed
        last = index
        if len(sides) > 1:
            last_two_sided = index
    if last - last_two_sided > 3 * (last_two_sided - first + 1):
        last = last_two_sided
    return Band(first=first, last=last, left=left, right=right)


def _is_detached(before: Row, after: Row) -> bool:
    gap = min(line.y0 for line in after) - max(line.y1 for line in before)
    return gap > _TRAILING_GAP * max(line.height for line in after)


def _narrow(row: Row, left: float, right: float) -> tuple[float, float] | None:
    """The part of the strip that this row leaves free, None when it blocks it."""
    middle = (left + right) / 2
    for line in row:
        if (line.x0 + line.x1) / 2 < middle:
            left = max(left, line.x1)
        else:
            right = min(right, line.x0)
    size = min(line.size for line in row)
    return (left, right) if right - left >= _MIN_GUTTER * size else None


def _is_prose_band(rows: Sequence[Row], band: Band, rules: Rules) -> bool:
    middle = (band.left + band.right) / 2
    inside = rows[band.first : band.last + 1]
    sides = [[line for row in _part(inside, middle, left=left) for line in row] for left in (True, False)]
    if any(len(side) < _MIN_ROWS for side in sides):
        return False
    top, bottom = min(line.y0 for line in inside[0]), max(line.y1 for line in inside[-1])
    crossing = [rule for rule in rules.horizontal if rule.x0 < band.left and rule.x1 > band.right]
    if sum(top + 2 < rule.y0 < bottom - 2 for rule in crossing) > 1:
        return False
    return all(_is_prose(side) for side in sides) or _is_staggered(inside, middle)


def _is_staggered(rows: Sequence[Row], middle: float) -> bool:
    """True when the lines of the two sides mostly stand at different heights, as cells of a table never do."""
    left, right = _part(rows, middle, left=True), _part(rows, middle, left=False)
    fewest = min(len(left), len(right))
    level = sum(abs(row[0].y1 - row[-1].y1) < _LEVEL * row[0].height for row in rows if row[0].x1 < middle < row[-1].x0)
    return fewest >= _FEWEST_STAGGERED and level < _LEVEL_SHARE * fewest


def _is_prose(lines: Sequence[Line]) -> bool:
    width = max(line.x1 for line in lines) - min(line.x0 for line in lines)
    words = [word.text for line in lines for word in line.words]
    numeric = sum(bool(_NUMERIC.match(word)) for word in words) / len(words)
    # Columns within this side show as several fragments on one row; sum them up.
    filled: dict[float, float] = {}
    counted: dict[float, int] = {}
    for line in lines:
        key = round(line.y1 / 4)
        filled[key] = filled.get(key, 0.0) + line.width
        counted[key] = counted.get(key, 0) + len(line.words)
    return (
        numeric <= _MAX_NUMERIC
        and median(filled.values()) >= _MIN_FILL * width
        and (median(counted.values()) >= _MIN_WORDS or median(len(line.text) for line in lines) >= 15)
    )
