"""From the rows of one column to blocks: paragraphs, headings and list items.

A block becomes one element. Table rows are blocks, too (`pdf_tables` makes them), with one part a cell.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ..model import ElementKind
from .pdf_lines import Line, Row, line_of

BULLET = re.compile(
    r"^[\u2022\u2023\u25aa\u25ab\u25cf\u25cb\u25e6\u25a0\u25a1\u25b6\u2043\u2219\u00b7\u2713\u27a2o*\u2013-]$"
)
ENUMERATOR = re.compile(
    r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\((?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})\)|\d{1,2}(?:\.\d{1,2})+\.?)$"
)
_SIZE_CHANGE = 0.12
_LARGER = 1.1
_LONGEST_HEADING = 160
_MOST_HEADING_LINES = 4
_SENTENCE_END = (".", "!", "?", ":", ";")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a page in reading order. `parts` are a row's cells, or the single part of any other block;
    each part is its printed lines. `columns` names the parts of a table row."""

    kind: ElementKind
    parts: tuple[tuple[Line, ...], ...]
    level: int | None = None
    columns: tuple[str, ...] = ()
    is_header: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Typography:
    """What is usual in a document: the body's font size, whether it is bold, and the levels of larger sizes."""

    body_size: float
    body_is_bold: bool
    levels: Mapping[float, int]

    def level_of(self, line: Line) -> int | None:
        """The heading level that a line's type suggests, None for body type."""
        size = round(line.size * 2) / 2
        if size > self.body_size * _LARGER:
            return self.levels.get(size, min(len(self.levels) + 1, 6))
        if line.bold and not self.body_is_bold and size >= self.body_size * 0.9:
            return min(len(self.levels) + 1, 6)
        return None


def blocks_of(rows: Sequence[Row], typography: Typography) -> list[Block]:
    """Paragraphs, headings and list items of one column's rows, in order; no fragment is left out."""
    lines = [line_of([word for fragment in row for word in fragment.words]) for row in rows]
    if not lines:
        return []
    right = max(line.x1 for line in lines)
    left = min(line.x0 for line in lines)
    step = _usual_step(lines)
    groups: list[list[Line]] = [[lines[0]]]
    for before, line in itertools.pairwise(lines):
        if _starts_block(groups[-1], before, line, (left, right), step):
            groups.append([line])
        else:
            groups[-1].append(line)
    return [_classify(tuple(group), typography) for group in groups]


def _usual_step(lines: Sequence[Line]) -> float:
    """The usual distance between the bottoms of two lines of one paragraph, in multiples of line height."""
    steps = [
        (after.y1 - before.y1) / max(after.height, 1.0)
        for before, after in itertools.pairwise(lines)
        if after.y1 > before.y1
    ]
    if not steps:
        return 1.2
    usual = median(steps)
    even = sum(abs(step - usual) < 0.1 * usual for step in steps) / len(steps)
    # In a list of one-line paragraphs the median is their distance, not the distance of lines.
    return usual if even > 0.7 and usual < 2.6 and len(steps) > 5 else min(usual, 1.35)


def is_list_start(line: Line) -> bool:
    """True when a line opens with a bullet or an enumerator that is followed by text."""
    if len(line.words) < 2:
        return False
    first = line.words[0].text
    return bool(BULLET.match(first) or ENUMERATOR.match(first))


def _starts_block(group: Sequence[Line], before: Line, line: Line, margins: tuple[float, float], step: float) -> bool:
    left, right = margins
    size = max(line.size, 1.0)
    resized = abs(before.size - line.size) > _SIZE_CHANGE * max(before.size, line.size)
    apart = line.y1 - before.y1 > 1.3 * step * max(min(line.height, before.height), 1.0)
    if resized or apart or line.y1 < before.y0:
        return True
    if is_list_start(line):
        return not (len(group[0].words[0].text) > 1 and line.words[0].text == "-")
    filled = before.x1 > right - 0.15 * (right - left)
    if before.bold != line.bold and not (filled and line.text[:1].islower()):
        return not filled or before.bold != group[0].bold or len(group) == 1
    ended = before.text.endswith(_SENTENCE_END)
    if before.x1 < right - 0.3 * (right - left) and ended and not line.text[:1].islower():
        return True
    if is_list_start(group[0]):
        # Lines of an item hang under its text; one that returns to the margin after a short line is new.
        return line.x0 < group[0].words[1].x0 - size and not filled
    centred = abs((line.x0 + line.x1) - (before.x0 + before.x1)) < size
    indented = line.x0 > before.x0 + size and line.x0 < before.x0 + 5 * size
    return indented and not centred and ended and len(group) > 1


def _classify(lines: tuple[Line, ...], typography: Typography) -> Block:
    text = " ".join(line.text for line in lines)
    level = _heading_level(lines, text, typography)
    if level is not None:
        return Block(kind=ElementKind.HEADING, parts=(lines,), level=level)
    kind = ElementKind.LIST_ITEM if is_list_start(lines[0]) else ElementKind.PARAGRAPH
    return Block(kind=kind, parts=(lines,))


def _heading_level(lines: Sequence[Line], text: str, typography: Typography) -> int | None:
    if len(lines) > _MOST_HEADING_LINES or len(text) > _LONGEST_HEADING or not re.search(r"[^\W\d_]{2}", text):
        return None
    levels = [typography.level_of(line) for line in lines]
    if any(level is None for level in levels):
        return None
    if lines[0].size <= typography.body_size * _LARGER and (
        (text.endswith((".", ";", ",")) and len(text.split()) > 6) or BULLET.match(lines[0].words[0].text)
    ):
        return None
    return levels[0]
