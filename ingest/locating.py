"""From a span of canonical text to the place in the file where a person finds it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .model import Box, Chunk, Locator, Segment

_CELL = re.compile(r"([A-Z]+)(\d+)$")


def locate(chunk: Chunk, start: int, end: int) -> Locator:
    """The locator of [start, end), offsets of the canonical text, which must lie inside the chunk.

    Raises:
        ValueError: the span is empty or not inside the chunk.
    """
    if not chunk.start <= start < end <= chunk.end:
        raise ValueError(f"span [{start}, {end}) is not inside chunk [{chunk.start}, {chunk.end})")
    if chunk.first_line is not None:
        first = chunk.first_line + chunk.text.count("\n", 0, start - chunk.start)
        # A line break belongs to the line that it ends.
        last = first + chunk.text.count("\n", start - chunk.start, end - chunk.start - 1)
        return Locator(start=start, end=end, line_start=first, line_end=last, headings=chunk.headings)
    touched = [s for s in chunk.segments if s.end > start and s.start < end]
    lines = [n for s in touched for n in (s.line_start, s.line_end) if n is not None]
    sheets = [s.sheet for s in touched if s.sheet is not None]
    sheet = sheets[0] if sheets else None
    return Locator(
        start=start,
        end=end,
        headings=chunk.headings,
        line_start=min(lines, default=None),
        line_end=max(lines, default=None),
        page=_first([s.page for s in touched]),
        boxes=_boxes(touched),
        sheet=sheet,
        cells=cell_range([s.cell for s in touched if s.cell is not None and s.sheet == sheet]),
        slide=_first([s.slide for s in touched]),
    )


def cell_range(cells: Sequence[str]) -> str | None:
    """The smallest range that holds all cells: ["A4", "C4"] gives "A4:C4", one cell stays itself."""
    parsed = [(_column_number(m[1]), int(m[2]), m[1]) for cell in cells if (m := _CELL.match(cell))]
    if not parsed:
        return None
    left, right = min(parsed), max(parsed)
    top, bottom = min(p[1] for p in parsed), max(p[1] for p in parsed)
    first, last = f"{left[2]}{top}", f"{right[2]}{bottom}"
    return first if first == last else f"{first}:{last}"


def _boxes(segments: Sequence[Segment]) -> tuple[Box, ...] | None:
    boxes = tuple(s.box for s in segments if s.box is not None)
    return boxes or None


def _first(numbers: Sequence[int | None]) -> int | None:
    return next((n for n in numbers if n is not None), None)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
