"""From words to printed lines: rows of words at one height, cut into fragments at wide gaps.

All coordinates here are those of an upright frame: words that run down, up or upside down are turned first
(`upright`), laid out like any other text, and their boxes turned back at the end (`displayed`).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .pdf_words import Word

# A gap wider than this many font sizes separates two fragments (columns, cells) of one row.
FRAGMENT_GAP = 0.9
_MIN_OVERLAP = 0.5
_SURE_OVERLAP = 0.9
_TANGLE = 0.3
_STEP = 0.35
_MAX_HEIGHT_RATIO = 2.2
_LINES_IN_REACH = 8
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_MOSTLY = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Words that stand side by side at one height, in reading order, with their common box and style."""

    words: tuple[Word, ...]
    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool

    @property
    def width(self) -> float:
        """Extent across, in points."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Extent down, in points."""
        return self.y1 - self.y0


Row = tuple[Line, ...]
"""The fragments of one printed row, from left to right."""


def line_of(words: Sequence[Word]) -> Line:
    """One line of at least one word; words are put in reading order."""
    ordered = sorted(words, key=lambda word: word.x0)
    text = " ".join([word.text for word in ordered])
    if not text.isascii() and len(_RIGHT_TO_LEFT.findall(text)) * 2 > len(text) - len(ordered):
        ordered.reverse()
        text = " ".join([word.text for word in ordered])
    letters = bold = 0
    sizes: dict[float, int] = {}
    for word in ordered:
        count = len(word.text)
        letters += count
        bold += count if word.bold else 0
        sizes[word.size] = sizes.get(word.size, 0) + count
    usual = max(sizes, key=lambda size: sizes[size])
    return Line(
        words=tuple(ordered),
        text=text,
        x0=ordered[0].x0 if len(ordered) == 1 else min([word.x0 for word in ordered]),
        y0=min([word.y0 for word in ordered]),
        x1=max([word.x1 for word in ordered]),
        y1=max([word.y1 for word in ordered]),
        size=round(usual, 1),
        bold=bold >= _MOSTLY * letters,
    )


def rows_of(words: Iterable[Word]) -> list[Row]:
    """All rows from top to bottom, each cut into fragments."""
    groups: list[list[Word]] = []
    tallest: list[Word] = []
    for word in sorted(words, key=lambda word: (word.middle, word.x0)):
        found = _matching_row(word, tallest)
        if found is None:
            groups.append([word])
            tallest.append(word)
            continue
        groups[found].append(word)
        if word.y1 - word.y0 > tallest[found].y1 - tallest[found].y0:
            tallest[found] = word
    rows = [fragments_of(part) for group in groups for part in _untangled(group)]
    return sorted(rows, key=lambda row: (min(line.y1 for line in row), row[0].x0))


def _matching_row(word: Word, tallest: Sequence[Word]) -> int | None:
    best, best_overlap = None, _MIN_OVERLAP
    top, bottom = word.y0, word.y1
    height = max(bottom - top, 0.1)
    for index in range(len(tallest) - 1, max(-1, len(tallest) - _LINES_IN_REACH), -1):
        other = tallest[index]
        if other.y1 <= top or other.y0 >= bottom:
            continue
        other_height = max(other.y1 - other.y0, 0.1)
        small, large = (height, other_height) if height < other_height else (other_height, height)
        overlap = (min(bottom, other.y1) - max(top, other.y0)) / small
        if overlap > best_overlap and large < _MAX_HEIGHT_RATIO * small:
            if overlap > _SURE_OVERLAP:
                return index
            best, best_overlap = index, overlap
    return best


def _untangled(group: list[Word]) -> list[list[Word]]:
    """Splits a group whose words lie over one another: lines of two columns that a third one bridges."""
    ordered = sorted(group, key=lambda word: word.x0)
    tangled = any(
        before.x1 - after.x0 > _TANGLE * min(before.x1 - before.x0, after.x1 - after.x0)
        and abs(before.middle - after.middle) > _STEP * min(before.y1 - before.y0, after.y1 - after.y0)
        for before, after in itertools.pairwise(ordered)
    )
    if not tangled:
        return [group]
    parts: list[list[Word]] = []
    for word in sorted(group, key=lambda word: word.middle):
        if parts and word.middle - parts[-1][0].middle <= _STEP * (word.y1 - word.y0):
            parts[-1].append(word)
        else:
            parts.append([word])
    return parts


def fragments_of(words: Sequence[Word]) -> Row:
    """Cuts words of one height at gaps wider than `FRAGMENT_GAP` font sizes."""
    ordered = sorted(words, key=lambda word: word.x0)
    parts: list[list[Word]] = [[ordered[0]]]
    reach = ordered[0].x1
    for word in ordered[1:]:
        if word.x0 - reach > FRAGMENT_GAP * min(word.size, parts[-1][-1].size):
            parts.append([])
        parts[-1].append(word)
        reach = max(reach, word.x1)
    return tuple(line_of(part) for part in parts)


def without_overprints(words: Sequence[Word]) -> list[Word]:
    """Drops words that are printed twice at the same place, as some programs do to make them look bold."""
    kept: list[Word] = []
    seen: dict[str, list[Word]] = {}
    for word in words:
        twins = seen.setdefault(word.text, [])
        slack = 0.15 * word.size
        if any(abs(word.x0 - twin.x0) < slack and abs(word.y0 - twin.y0) < slack for twin in twins):
            continue
        twins.append(word)
        kept.append(word)
    return kept


def upright(word: Word, width: float, height: float) -> Word:
    """The word in the frame in which it reads from left to right; `width` and `height` of the displayed page."""
    match word.turn:
        case 1:
            return replace(word, x0=word.y0, y0=width - word.x1, x1=word.y1, y1=width - word.x0)
        case 2:
            return replace(word, x0=width - word.x1, y0=height - word.y1, x1=width - word.x0, y1=height - word.y0)
        case 3:
            return replace(word, x0=height - word.y1, y0=word.x0, x1=height - word.y0, y1=word.x1)
        case _:
            return word


def displayed(
    box: tuple[float, float, float, float], turn: int, width: float, height: float
) -> tuple[float, float, float, float]:
    """The reverse of `upright`, for a box as x0, y0, x1, y1."""
    x0, y0, x1, y1 = box
    match turn:
        case 1:
            return width - y1, x0, width - y0, x1
        case 2:
            return width - x1, height - y1, width - x0, height - y0
        case 3:
            return y0, height - x1, y1, height - x0
        case _:
            return box
