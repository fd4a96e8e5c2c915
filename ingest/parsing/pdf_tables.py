"""Finds tables in the rows of one column of text and makes a block of each of their rows.

A table is a run of rows with several cells each, together with the labels between them. Text around it goes
to `pdf_blocks`. What does not clearly stand in columns stays text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..model import ElementKind
from .pdf_blocks import BULLET, ENUMERATOR, Block, Typography, blocks_of
from .pdf_cells import Cells, Column, cells_of, column_of, columns_of, is_number, is_value
from .pdf_headers import column_names, header_cells, header_length
from .pdf_lines import Line, Row
from .pdf_rules import Rule, Rules

_MOST_LABELS = 4
_SECTION = re.compile(r"^(?:item|part|note|section|exhibit)\s+\w{1,4}\s*[.:]?$", re.IGNORECASE)
_WIDEST_GAP = 3.6  # line heights between two rows of one table
_TIGHT = 0.9
_HEADER_REACH = 1.3
_MOST_HEADER_ROWS = 8
_FEWEST_ROWS = 2
_SAME_PLACE = 12.0  # points
_MARKED_CELLS = 2
_MOSTLY_RULED = 0.7
_LARGER = 1.25


@dataclass(slots=True, kw_only=True)
class TableMemory:
    """The columns of the last table, for one that goes on after a page break without its header."""

    columns: list[Column] = field(default_factory=list)
    names: tuple[str, ...] = ()
    fresh: bool = False

    def turn_page(self) -> None:
        """A new page starts: only its first table may continue the last one."""
        self.fresh = bool(self.names)

    def remember(self, columns: list[Column], names: tuple[str, ...]) -> None:
        """Notes the table just written."""
        self.columns, self.names, self.fresh = columns, names, False

    def continued(self, columns: list[Column]) -> tuple[str, ...]:
        """The last table's names when `columns` lie where its columns lay, else empty."""
        if not self.fresh or len(columns) != len(self.columns):
            return ()
        same = all(
            min(abs(a.x0 - b.x0), abs(a.x1 - b.x1)) < _SAME_PLACE for a, b in zip(columns, self.columns, strict=True)
        )
        return self.names if same else ()


def blocks_with_tables(rows: Sequence[Row], rules: Rules, typography: Typography, memory: TableMemory) -> list[Block]:
    """Blocks of one column's rows, in order; every fragment ends up in exactly one block."""
    if not rows:
        return []
    cells = [cells_of(row, rules.vertical) for row in rows]
    left, right = min(row[0].x0 for row in rows), max(row[-1].x1 for row in rows)
    blocks: list[Block] = []
    pending = index = 0
    while index < len(rows):
        end = _table_end(cells, index, left, right) if _is_tabular(cells[index]) else index
        columns = _data_columns(cells[index:end])
        if not _is_table(cells[index:end], columns):
            index += 1
            continue
        start = _first_row(cells, pending, index, end, columns)
        if not _is_table(cells[start:end], columns):
            index += 1
            continue
        blocks.extend(blocks_of(rows[pending:start], typography))
        blocks.extend(_table_blocks(cells[start:end], columns, rules, memory))
        pending = index = end
    blocks.extend(blocks_of(rows[pending:], typography))
    return blocks


def _is_tabular(row: Cells) -> bool:
    if len(row) < _MARKED_CELLS:
        return False
    return not (len(row) == _MARKED_CELLS and _is_marker_only(row))


def _is_marker_only(row: Cells) -> bool:
    """True when the first of two cells is only the marker of a list item or a numbered heading."""
    text = row[0].text
    marker = BULLET.match(text) or ENUMERATOR.match(text) or _SECTION.match(text)
    return bool(marker) and not is_number(row[1].text)


def _gap(above: Cells, below: Cells) -> float:
    """Free height between two rows, in heights of the lower one."""
    height = max(1.0, *(cell.height for cell in below))
    return (min(cell.y0 for cell in below) - max(cell.y1 for cell in above)) / height


def _table_end(cells: Sequence[Cells], first: int, left: float, right: float) -> int:
    """Index behind the last row of the run that starts with the tabular row `first`."""
    end = first + 1
    second_column = cells[first][1].x0
    labels = 0
    index = first + 1
    while index < len(cells) and _gap(cells[index - 1], cells[index]) < _WIDEST_GAP:
        row = cells[index]
        if row[0].size > _LARGER * cells[first][0].size:
            break
        if _is_tabular(row):
            second_column = min(second_column, row[1].x0)
            labels, end = 0, index + 1
        else:
            labels += 1
            if labels > _MOST_LABELS or _is_prose(row, second_column, left, right):
                break
        index += 1
    # A wrapped label or text of the last row belongs to it.
    while end < len(cells) and len(cells[end]) == 1 and _continues(cells[end - 1], cells[end]):
        if _is_prose(cells[end], second_column, left, right):
            break
        end += 1
    return end


def _is_prose(row: Cells, second_column: float, left: float, right: float) -> bool:
    line = row[0]
    starts_left = line.x0 < left + 3 * line.size
    return starts_left and line.x1 > second_column + 3 * line.size and line.width > 0.6 * (right - left)


def _continues(above: Cells, below: Cells) -> bool:
    return _gap(above, below) < 0.5 and below[0].text[:1].islower()


def _is_table(rows: Sequence[Cells], columns: Sequence[Column]) -> bool:
    tabular = [row for row in rows if len(row) > 1]
    if len(tabular) < 2 or len(columns) < 2:
        return False
    numeric = sum(is_number(cell.text) for row in tabular for cell in row[1:])
    if numeric >= 2:
        return True
    # Prose that happens to have wide gaps has them at a different place on each line.
    crossing = sum(
        sum(cell.x0 < column.x1 and cell.x1 > column.x0 for column in columns) > 1 for row in tabular for cell in row
    )
    filled = sum(len(row) >= 2 for row in tabular) / len(rows)
    return crossing <= 0.1 * len(tabular) and filled > 0.3 and len(tabular) >= max(2, len(columns) - 1)


def _data_columns(rows: Sequence[Cells]) -> list[Column]:
    """Columns of the rows that hold values, or of all rows in a table of words."""
    valued = [row for row in rows if _has_value(row)]
    return columns_of(valued if len(valued) >= _FEWEST_ROWS else rows)


def _has_value(row: Cells) -> bool:
    return any(is_value(cell.text) for cell in row[1:])


def _first_row(cells: Sequence[Cells], lowest: int, first: int, end: int, columns: Sequence[Column]) -> int:
    """Index of a table's topmost row, header rows included.

    From the first row that holds values upwards: rows go with the table while they stand close together,
    over its columns. Titles above it do not.
    """
    top = first
    if sum(_has_value(row) for row in cells[first:end]) >= _FEWEST_ROWS:
        top = next(index for index in range(first, end) if _has_value(cells[index]))
    start = top
    for index in range(top - 1, max(lowest, top - _MOST_HEADER_ROWS) - 1, -1):
        row = cells[index]
        if _gap(row, cells[index + 1]) > (_HEADER_REACH if start < top else _WIDEST_GAP):
            break
        if _stands_over(row, columns):
            start = index
        elif row[0].x1 > columns[1].x0 or (index > top - 2 * (_MOST_LABELS - 1) and len(row) > 1):
            break
    return start


def _stands_over(row: Cells, columns: Sequence[Column]) -> bool:
    """True when some cell stands over columns to the right of the labels and no title crosses into them."""
    beyond = [cell for cell in row if cell.x0 > columns[0].x1 or cell.x0 > columns[1].x0 - 3 * cell.size]
    labels = [cell for cell in row if cell not in beyond]
    if any(cell.x1 > columns[1].x0 for cell in labels):
        return False
    inside = all(cell.x1 < columns[-1].x1 + 3 * cell.size for cell in beyond)
    return bool(beyond) and inside


def _table_blocks(cells: Sequence[Cells], columns: list[Column], rules: Rules, memory: TableMemory) -> list[Block]:
    length = header_length(cells, columns, rules)
    blocks: list[Block] = []
    names: tuple[str, ...] = ()
    if length:
        names = column_names(cells[:length], columns, rules)
        parts = tuple(tuple(lines) for lines in header_cells(cells[:length], columns, rules))
        blocks.append(Block(kind=ElementKind.TABLE_ROW, parts=parts, is_header=True))
    else:
        names = memory.continued(columns)
    memory.remember(columns, names)
    for row in _merged_rows(cells[length:], columns, rules):
        used = sorted(row)
        blocks.append(
            Block(
                kind=ElementKind.TABLE_ROW,
                parts=tuple(tuple(row[index]) for index in used),
                columns=tuple(names[index] for index in used) if names else (),
            )
        )
    return blocks


def _merged_rows(rows: Sequence[Cells], columns: Sequence[Column], rules: Rules) -> list[dict[int, list[Line]]]:
    """Table rows as lines by column; printed rows that only continue the row above or below are joined."""
    merged: list[dict[int, list[Line]]] = []
    previous: Cells | None = None
    gridded = _is_grid(rows, columns, rules)
    for row in rows:
        placed = _placed(row, columns)
        if previous is not None and merged and _belongs(merged[-1], previous, placed, row, rules if gridded else None):
            for index, lines in placed.items():
                merged[-1].setdefault(index, []).extend(lines)
        else:
            merged.append(placed)
        previous = row
    return merged


def _placed(row: Cells, columns: Sequence[Column]) -> dict[int, list[Line]]:
    placed: dict[int, list[Line]] = {}
    for cell in row:
        placed.setdefault(column_of(cell, columns), []).append(cell)
    return placed


def _belongs(
    above: dict[int, list[Line]], previous: Cells, placed: dict[int, list[Line]], row: Cells, grid: Rules | None
) -> bool:
    """True when the printed row `row` goes on with the table row `above`."""
    if grid is not None:
        upper, lower = max(c.y1 for c in previous), min(c.y0 for c in row)
        return not any(upper - 2 <= rule.y0 <= lower + 2 and _crosses(rule, row) for rule in grid.horizontal)
    if _gap(previous, row) > 0.5:
        return False
    if set(above) == {0} and 0 in placed:
        # A label that wraps before its numbers.
        label = above[0][-1].text
        return placed[0][0].text[:1].islower() and not label.endswith(":")
    if set(placed) == {0}:
        return placed[0][0].text[:1].islower()
    return 0 not in placed and 0 in above and not any(is_number(cell.text) for cell in row)


def _crosses(rule: Rule, row: Cells) -> bool:
    return rule.x0 <= row[0].x0 + 2 and rule.x1 >= row[0].x0 + min(row[0].width, 20.0)


def _is_grid(rows: Sequence[Cells], columns: Sequence[Column], rules: Rules) -> bool:
    """True when rules run between the columns along most of the table and between several rows."""
    if not rows:
        return False
    top, bottom = min(c.y0 for c in rows[0]), max(c.y1 for c in rows[-1])
    upright = sum(
        min(rule.y1, bottom) - max(rule.y0, top)
        for rule in rules.vertical
        if rule.y0 < bottom and rule.y1 > top and columns[0].x1 - 2 <= rule.x0 <= columns[-1].x0 + 2
    )
    heights = {round(rule.y0) for rule in rules.horizontal if top < rule.y0 < bottom and rule.x0 < columns[0].x1}
    return upright >= _MOSTLY_RULED * (bottom - top) and len(heights) >= 1
