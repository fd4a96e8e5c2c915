"""Header rows of a table, and the column names that they make together."""

from __future__ import annotations

from collections.abc import Sequence

from .pdf_cells import Cells, Column, column_of, is_number, is_value
from .pdf_lines import Line
from .pdf_rules import Rule, Rules

_MOST_HEADER_ROWS = 7
_FEWEST_NUMERIC = 0.3


def header_length(rows: Sequence[Cells], columns: Sequence[Column], rules: Rules) -> int:
    """How many of the first rows are header rows; 0 when there is no sign of a header."""
    data = [cell for row in rows for cell in row[1:]]
    numeric = sum(is_number(cell.text) for cell in data)
    if data and numeric >= _FEWEST_NUMERIC * len(data):
        return _before_first_value(rows, columns)
    return _styled_apart(rows, columns, rules)


def _before_first_value(rows: Sequence[Cells], columns: Sequence[Column]) -> int:
    first_value = next(
        (i for i, row in enumerate(rows) if any(is_value(c.text) and column_of(c, columns) > 0 for c in row)),
        len(rows),
    )
    length = 0
    for index in range(min(first_value, _MOST_HEADER_ROWS)):
        if any(column_of(cell, columns) > 0 or len(columns) == 1 for cell in rows[index]):
            length = index + 1
    return length if length < len(rows) else 0


def _styled_apart(rows: Sequence[Cells], columns: Sequence[Column], rules: Rules) -> int:
    """For a table of words: leading bold rows over others that are not, or one row above a single rule."""
    bold = 0
    while bold < len(rows) and all(cell.bold for cell in rows[bold]):
        bold += 1
    if 0 < bold <= _MOST_HEADER_ROWS and bold < len(rows):
        return bold
    if len(rows) < 3 or len(rows[0]) < len(columns):
        return 0
    across = [rule for rule in rules.horizontal if rule.x0 < columns[0].x1 and rule.x1 > columns[-1].x0]

    def ruled(above: Cells, below: Cells) -> bool:
        top, bottom = min(cell.y0 for cell in above), max(cell.y1 for cell in below)
        edge = min(cell.y0 for cell in below)
        return any(top + 2 < rule.y0 < bottom - 2 and rule.y0 <= edge + 2 for rule in across)

    short = all(len(cell.words) <= 6 and not is_value(cell.text) for cell in rows[0])
    return int(short and ruled(rows[0], rows[1]))


def column_names(rows: Sequence[Cells], columns: Sequence[Column], rules: Rules) -> tuple[str, ...]:
    """One name a column: the words above it from top to bottom, those that span several columns first."""
    names: list[list[str]] = [[] for _ in columns]
    for row in rows:
        for cell in row:
            for index in _columns_under(cell, row, columns, rules):
                names[index].append(cell.text)
    return tuple(" ".join(name) for name in names)


def header_cells(rows: Sequence[Cells], columns: Sequence[Column], rules: Rules) -> list[list[Line]]:
    """Header cells in reading order, the lines of a cell that runs over several rows put together.

    Cells that span columns come first, then one cell a column.
    """
    spanning: list[tuple[set[int], list[Line]]] = []
    single: dict[int, list[Line]] = {}
    for row in rows:
        for cell in row:
            under = set(_columns_under(cell, row, columns, rules))
            if len(under) == 1:
                single.setdefault(under.pop(), []).append(cell)
                continue
            known = next((lines for span, lines in spanning if span == under), None)
            if known is None:
                spanning.append((under, [cell]))
            else:
                known.append(cell)
    return [lines for _, lines in spanning] + [single[index] for index in sorted(single)]


def _columns_under(cell: Line, row: Cells, columns: Sequence[Column], rules: Rules) -> list[int]:
    overlapped = [i for i, column in enumerate(columns) if cell.x0 < column.x1 and cell.x1 > column.x0]
    if len(columns) > 1 and 0 in overlapped and cell.x0 <= columns[0].x0 + cell.size:
        return [0]
    middle = (cell.x0 + cell.x1) / 2
    below = [
        rule
        for rule in rules.horizontal
        if cell.y1 - 0.4 * cell.height <= rule.y0 <= cell.y1 + 2.2 * cell.height
        and rule.x0 - 2 <= middle <= rule.x1 + 2
    ]
    ruled: list[int] = []
    if below:
        nearest = min(rule.y0 for rule in below)
        # Adjacent pieces of one rule count together when they touch.
        left, right = _extent([rule for rule in rules.horizontal if abs(rule.y0 - nearest) < 1], middle)
        ruled = [i for i, column in enumerate(columns) if left - 2 <= column.middle <= right + 2]
        spans_all = len(ruled) >= len(columns) and len(row) > 1
        if ruled and not spans_all and set(overlapped) <= set(ruled):
            return ruled
    if overlapped:
        return overlapped
    return [column_of(cell, columns)]


def _extent(rules: Sequence[Rule], middle: float) -> tuple[float, float]:
    pieces = sorted((rule.x0, rule.x1) for rule in rules)
    groups: list[list[float]] = []
    for x0, x1 in pieces:
        if groups and x0 - groups[-1][1] < 1.5:
            groups[-1][1] = max(groups[-1][1], x1)
        else:
            groups.append([x0, x1])
    for x0, x1 in groups:
        if x0 - 2 <= middle <= x1 + 2:
            return x0, x1
    return middle, middle
