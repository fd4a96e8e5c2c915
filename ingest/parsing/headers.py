"""Which rows of a table are its header, and what its columns are called."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"[-+(]?\s*[$€£¥]?\s*[-+]?(?:\d[\d.,'\s]*|\.\d+)\s*(?:%|[$€£¥]|[a-zA-Z]{1,4})?\s*\)?$")
_DATE = re.compile(r"\d{4}-\d{1,2}(?:-\d{1,2})?\b.{0,15}$|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}$|\d{1,2}:\d{2}(?::\d{2})?$")
_TRUTH = {"true", "false", "yes", "no"}
# Years and other periods are numbers that do head columns.
_YEAR = re.compile(r"(?:.{0,20}\D)?(?:19|20)\d\d(?:\D.{0,12})?$|(?:FY|[QH])\s?\d{1,4}\b.{0,8}$", re.IGNORECASE)
_MAX_NAME = 80
_LOOK_AHEAD = 20
_MAX_HEADER_ROWS = 3


def is_typed(cell: str) -> bool:
    """True for a cell that holds a number, an amount, a date, a time or a truth value."""
    cell = cell.strip()
    if not cell:
        return False
    if cell.lower() in _TRUTH or _NUMBER.match(cell) or _DATE.match(cell):
        return True
    # Part numbers, phone numbers, codes.
    letters = sum(map(str.isalpha, cell))
    return sum(map(str.isdigit, cell)) > letters


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """The index of the row that names the columns, None when no row reads as one.

    `rows` are the first rows of a table, each a list of cell texts with "" for an empty cell. Rows above the
    header may hold a title in a few cells.
    """
    width = max((_filled(row) for row in rows[:_LOOK_AHEAD]), default=0)
    if width == 0:
        return None
    for index, row in enumerate(rows):
        if width > 1 and (_filled(row) <= 1 or (_filled(row) * 2 <= width and not any(map(_is_value, row)))):
            continue
        return index if _names_columns(row, rows[index + 1 : index + 1 + _LOOK_AHEAD], width) else None
    return None


def last_header_row(rows: Sequence[Sequence[str]], first: int) -> int:
    """The last row of a header that begins at `first`: names under names that stand over several columns."""
    last = first
    while last + 1 < min(len(rows) - 1, first + _MAX_HEADER_ROWS):
        upper = [cell for cell in rows[last] if cell.strip()]
        lower = [cell for cell in rows[last + 1] if cell.strip()]
        spans = len(set(upper)) < len(upper) or len(upper) < len(lower)
        if not spans or not lower or any(map(_is_value, lower)):
            break
        if not any(is_typed(cell) for row in rows[last + 2 : last + 5] for cell in row):
            break
        last += 1
    return last


def _is_value(cell: str) -> bool:
    return is_typed(cell) and not _YEAR.match(cell.strip())


def _filled(row: Sequence[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _names_columns(row: Sequence[str], below: Sequence[Sequence[str]], width: int) -> bool:
    names = [cell.strip() for cell in row if cell.strip()]
    if not below or len(names) * 2 <= width or any(len(name) > _MAX_NAME or name.endswith(":") for name in names):
        return False
    typed = [name for name in names if _is_value(name)]
    if len(typed) * 4 > len(names):
        return False
    if _contrasts(row, below):
        return True
    # All text: a header is short, and none of its names comes again below.
    if len(set(names)) < len(names) or width == 1:
        return False
    return all(
        name not in {r[column].strip() for r in below if column < len(r)}
        for column, name in enumerate(cell.strip() for cell in row)
        if name
    )


def _contrasts(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """True when some column has text at its head and mostly typed cells below."""
    for column, name in enumerate(row):
        if not name.strip() or _is_value(name):
            continue
        cells = [r[column] for r in below if column < len(r) and r[column].strip()]
        if cells and sum(map(is_typed, cells)) * 2 > len(cells) and not _YEAR.match(name.strip()):
            return True
    return False
