"""Reads the rows of workbooks: XLSX with openpyxl, XLS with xlrd, merged cells resolved."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .cellvalues import shown
from .refusing import refuse_protected

# Full loading knows merged cells but holds the sheet in memory; rows of more XML than this are streamed.
_MAX_LOADED = 24 << 20
_MAX_MERGED = 1000
_MOST_EMPTY_ROWS = 3
_FORMULA_WITHOUT_VALUE = re.compile(
    rb"<(?:\w+:)?c\b[^>]*>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with text; `column` and `row` count from 1, `span` is the number of columns it is merged over."""

    column: int
    row: int
    text: str
    span: int = 1

    @property
    def name(self) -> str:
        """The cell's address, such as "B7"."""
        return f"{_letters(self.column)}{self.row}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's rows, empty ones as empty lists, and how many formulas in it have no stored result."""

    name: str
    rows: Iterable[list[Cell]]
    uncomputed: int = 0


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def office_sheets(data: bytes, archive: zipfile.ZipFile) -> Iterator[Sheet]:
    """The sheets of an XLSX workbook, `archive` being the same file opened."""
    from openpyxl import load_workbook

    size = sum(p.file_size for p in archive.infolist() if p.filename.startswith("xl/worksheets/"))
    streamed = size > _MAX_LOADED
    book = load_workbook(io.BytesIO(data), read_only=streamed, data_only=True, keep_links=False)
    uncomputed = _uncomputed(archive)
    for index, sheet in enumerate(book.worksheets):
        if streamed:
            # The size that a sheet claims for itself is often wrong.
            sheet.reset_dimensions()
        yield Sheet(sheet.title, _office_rows(sheet, _merges(sheet)), uncomputed.get(index, 0))


@dataclass(frozen=True, slots=True)
class _Merges:
    """Merged ranges of a sheet, by (row, column).

    A range over rows is repeated in each of them, since its text stands beside them all: `anchors` gives for
    such a place the range's top left one. `widths` gives the number of columns from that place on.
    """

    anchors: dict[tuple[int, int], tuple[int, int]]
    widths: dict[tuple[int, int], int]


def _merges(sheet: object) -> _Merges:
    merges = _Merges({}, {})
    for area in getattr(getattr(sheet, "merged_cells", None), "ranges", ()):
        corner = (area.min_row, area.min_col)
        merges.widths[corner] = min(area.max_col - area.min_col + 1, _MAX_MERGED)
        if area.max_row - area.min_row < _MAX_MERGED:
            for row in range(area.min_row + 1, area.max_row + 1):
                merges.anchors[row, area.min_col] = corner
    return merges


def _office_rows(sheet: object, merges: _Merges) -> Iterator[list[Cell]]:
    repeated: dict[tuple[int, int], str] = {}
    corners = set(merges.anchors.values())
    for row in _filled_rows(sheet):
        cells: list[Cell] = []
        is_own = False
        for cell in row:
            # Streamed rows hold placeholders without a position for empty cells.
            place = (getattr(cell, "row", 0), getattr(cell, "column", 0))
            if cell.value is None:
                if text := repeated.get(merges.anchors.get(place, (0, 0))):
                    cells.append(Cell(place[1], place[0], text))
                continue
            text = shown(cell.value, cell.number_format)
            if place in corners:
                repeated[place] = text
            if text.strip():
                cells.append(Cell(place[1], place[0], text, merges.widths.get(place, 1)))
                is_own = True
        # A row of nothing but repeated cells shows no more than the row above.
        yield cells if is_own else []


def _filled_rows(sheet: object) -> Iterator[Iterable[Any]]:
    """The rows of cells that a sheet holds, empty ones between them as well, though never many in a row.

    A single stray cell in the last row and column would make iter_rows go through, and keep, 17 billion of them.
    """
    held = getattr(sheet, "_cells", None)
    if held is None:  # Streamed.
        yield from sheet.iter_rows()  # type: ignore[attr-defined]
        return
    above = 0
    for number, places in groupby(sorted(held), key=lambda place: place[0]):
        for _ in range(min(number - above - 1, _MOST_EMPTY_ROWS)):
            yield ()
        yield [held[place] for place in places]
        above = number


def _uncomputed(archive: zipfile.ZipFile) -> dict[int, int]:
    """How many formulas without a stored result each worksheet has, by its place in the workbook."""
    counts: dict[int, int] = {}
    for index, path in enumerate(_sheet_paths(archive)):
        try:
            content = archive.read(path)
        except KeyError:
            continue
        if b"<f" in content or b":f" in content:
            count = sum(1 for found in _FORMULA_WITHOUT_VALUE.finditer(content) if b't="e"' not in found.group())
            if count:
                counts[index] = count
    return counts


def _sheet_paths(archive: zipfile.ZipFile) -> list[str]:
    """Paths of the worksheets in the order of the workbook, without chart sheets."""
    try:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return []
    targets: dict[str, str] = {}
    for tag in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if fields.get("Type", "").endswith("/worksheet"):
            targets[fields.get("Id", "")] = fields.get("Target", "")
    paths: list[str] = []
    for tag in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        found = re.search(r'\b\w+:id="([^"]*)"', tag)
        if found and (target := targets.get(found.group(1))):
            paths.append(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
    return paths


def legacy_sheets(data: bytes) -> Iterator[Sheet]:
    """The sheets of an XLS workbook. Raises `ParseError` (`password_protected`)."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, on_demand=True, logfile=io.StringIO(), formatting_info=True)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            refuse_protected("Excel")
        raise
    for name in book.sheet_names():
        sheet = book.sheet_by_name(name)
        yield Sheet(name, _legacy_rows(book, sheet))
        book.unload_sheet(name)


def _legacy_rows(book: object, sheet: object) -> Iterator[list[Cell]]:
    import xlrd

    for number in range(sheet.nrows):  # type: ignore[attr-defined]
        cells: list[Cell] = []
        for column in range(sheet.row_len(number)):  # type: ignore[attr-defined]
            cell = sheet.cell(number, column)  # type: ignore[attr-defined]
            form = _legacy_format(book, cell)
            value: object = cell.value
            if cell.ctype == xlrd.XL_CELL_DATE:
                value = _legacy_date(float(cell.value), book.datemode)  # type: ignore[attr-defined]
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                value = bool(cell.value)
            elif cell.ctype == xlrd.XL_CELL_ERROR:
                value = xlrd.error_text_from_code.get(cell.value, "#ERROR")
            text = shown(value, form)
            if text.strip():
                cells.append(Cell(column + 1, number + 1, text))
        yield cells


def _legacy_format(book: object, cell: object) -> str | None:
    index = cell.xf_index  # type: ignore[attr-defined]
    if index is None:
        return None
    key = book.xf_list[index].format_key  # type: ignore[attr-defined]
    form = book.format_map.get(key)  # type: ignore[attr-defined]
    return None if form is None else str(form.format_str)


def _legacy_date(value: float, mode: int) -> object:
    import xlrd

    try:
        moment = xlrd.xldate.xldate_as_datetime(value, mode)
    except (ValueError, OverflowError):
        return value
    return moment.time() if value < 1 else dt.datetime.fromisoformat(moment.isoformat())
