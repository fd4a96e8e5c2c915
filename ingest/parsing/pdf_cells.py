"""Cells of a table's rows and the columns they stand in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .pdf_blocks import BULLET, ENUMERATOR
from .pdf_lines import FRAGMENT_GAP, Line, Row, line_of
from .pdf_rules import Rule
from .pdf_words import Word

_NUMBER = re.compile(r"^[$\u20ac\u00a3\u00a5(\u2013\u2014\u2212+-]*[\d.,]*\d[\d.,]*[%)x\u00d7*]*$")
_BLANK_NUMBER = re.compile(r"^[$\u20ac\u00a3\u00a5(]*(?:\u2014|\u2013|-|\u2014%|n/?[am]|nm|\*)[%)]*$", re.IGNORECASE)
_CURRENCY = re.compile(r"^(?:US)?[$\u20ac\u00a3\u00a5]\(?$")
_TAIL = re.compile(r"^(?:%|\)|\)%|pts?|bps|%\))$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_TIGHT_GAP = 0.4  # font sizes, between two numbers
_CURRENCY_REACH = 9.0  # font sizes
_TAIL_REACH = 1.5
_MARKER_REACH = 4.0

Cells = tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A table column's extent across the page, in points."""

    x0: float
    x1: float

    @property
    def middle(self) -> float:
        """Half-way across the column."""
        return (self.x0 + self.x1) / 2


def is_number(text: str) -> bool:
    """True for "1,234", "$ (5.6)%", "12 %" or a dash that stands for nothing."""
    joined = text.replace(" ", "")
    return bool(_NUMBER.match(joined) or _BLANK_NUMBER.match(joined))


def is_value(text: str) -> bool:
    """True for a number that is not a bare year."""
    return is_number(text) and not _YEAR.match(text.strip())


def cells_of(row: Row, vertical: Sequence[Rule]) -> Cells:
    """The row's cells from left to right: cut at wide gaps, at vertical rules and between close numbers.

    Currency and percent signs join the number they belong to, a bullet or enumerator the text behind it.
    """
    words = sorted((word for line in row for word in line.words), key=lambda word: word.x0)
    wide = len(row) > 2
    parts: list[list[Word]] = [[words[0]]]
    for before, word in itertools.pairwise(words):
        gap = word.x0 - before.x1
        size = min(before.size, word.size)
        numbers = wide and gap > _TIGHT_GAP * size and _ends_number(before.text) and _starts_number(word.text)
        if gap > FRAGMENT_GAP * size or numbers or _is_ruled_apart(before, word, vertical):
            parts.append([])
        parts[-1].append(word)
    return tuple(line_of(part) for part in _joined(parts))


def _joined(parts: list[list[Word]]) -> list[list[Word]]:
    cells: list[list[Word]] = []
    for part in parts:
        text = "".join(word.text for word in part)
        if cells:
            last = cells[-1]
            gap = (part[0].x0 - last[-1].x1) / max(part[0].size, 1.0)
            alone = last[0].text if len(last) == 1 else ""
            signed = _CURRENCY.match(alone) and is_number(text) and gap < _CURRENCY_REACH
            tailed = _TAIL.match(text) and last[-1].text[-1:].isalnum() and gap < _TAIL_REACH
            marked = (
                len(cells) == 1
                and (BULLET.match(alone) or ENUMERATOR.match(alone))
                and not is_number(text)
                and gap < _MARKER_REACH
            )
            if signed or tailed or marked:
                last.extend(part)
                continue
        cells.append(list(part))
    return cells


def _ends_number(text: str) -> bool:
    return is_number(text) or bool(_TAIL.match(text))


def _starts_number(text: str) -> bool:
    return is_number(text) or bool(_CURRENCY.match(text))


def _is_ruled_apart(before: Word, after: Word, vertical: Sequence[Rule]) -> bool:
    return any(before.x1 - 1 <= rule.x0 <= after.x0 + 1 and rule.y0 < after.middle < rule.y1 for rule in vertical)


def columns_of(rows: Sequence[Cells]) -> list[Column]:
    """The columns in which rows of several cells stand, from left to right.

    Cells are taken from the narrowest to the widest: one that overlaps a single column widens it. One that
    overlaps several joins them when they never stand side by side in a row (indented labels do not); else
    it spans them and is left out.
    """
    found: list[_Cluster] = []
    placed = [(cell, number) for number, row in enumerate(rows) if len(row) > 1 for cell in row]
    for cell, number in sorted(placed, key=lambda item: item[0].width):
        touched = [cluster for cluster in found if cell.x0 < cluster.x1 and cell.x1 > cluster.x0]
        if sum(len(cluster.rows) for cluster in touched) > len(set().union(*(c.rows for c in touched))):
            continue
        joined = _Cluster(
            x0=min([cell.x0, *(cluster.x0 for cluster in touched)]),
            x1=max([cell.x1, *(cluster.x1 for cluster in touched)]),
            rows={number}.union(*(cluster.rows for cluster in touched)),
        )
        found = [*(cluster for cluster in found if cluster not in touched), joined]
    return [Column(x0=cluster.x0, x1=cluster.x1) for cluster in sorted(found, key=lambda cluster: cluster.x0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cluster:
    """A column as it grows: its extent and the rows that have a cell in it."""

    x0: float
    x1: float
    rows: set[int]


def column_of(cell: Line, columns: Sequence[Column]) -> int:
    """Index of the column that a cell stands in: the one it covers most, or the nearest."""

    def fit(index: int) -> tuple[float, float]:
        column = columns[index]
        overlap = min(cell.x1, column.x1) - max(cell.x0, column.x0)
        share = overlap / max(min(cell.width, column.x1 - column.x0), 0.1)
        return (round(min(share, 1.0), 2) if overlap > 0 else 0.0, -abs((cell.x0 + cell.x1) / 2 - column.middle))

    best = max(range(len(columns)), key=fit)
    # A long label runs into the columns beside it, but belongs where it starts.
    starting = [i for i, column in enumerate(columns) if column.x0 - 1 <= cell.x0 <= column.x1]
    return starting[0] if starting and cell.width > columns[best].x1 - columns[best].x0 else best
