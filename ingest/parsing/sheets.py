"""Spreadsheets (XLSX, XLSM, XLS): one heading a sheet, one row element a row, one segment a cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from ..errors import Problem
from ..model import ElementKind, ParsedDocument, RawFile
from .building import Place, TextBuilder, title_from_name
from .containers import open_container
from .headers import header_row, is_typed, last_header_row
from .workbooks import Cell, Sheet, legacy_sheets, office_sheets

_HEADER_SEARCH = 24
_MAX_NAME_ROWS = 3
_MIN_NAMES = 3


def parse_sheets(raw: RawFile) -> ParsedDocument:
    """Structure an XLSX, XLSM or XLTX workbook.

    Raises `ParseError` (`empty`, `damaged`, `unsafe_archive`). Formulas without a stored result become gaps.
    """
    with open_container(raw.data, "Excel") as archive:
        return _build(raw, office_sheets(raw.data, archive), "xlsx")


def parse_legacy_sheets(raw: RawFile) -> ParsedDocument:
    """Structure an XLS workbook. Raises `ParseError` (`empty`, `damaged`, `password_protected`)."""
    return _build(raw, legacy_sheets(raw.data), "xls")


def _build(raw: RawFile, sheets: Iterable[Sheet], file_format: str) -> ParsedDocument:
    builder = TextBuilder()
    for sheet in sheets:
        heading_due = True
        for region in _regions(sheet.rows):
            if heading_due:
                builder.add(ElementKind.HEADING, sheet.name, level=1, place=Place(sheet=sheet.name))
                heading_due = False
            _add_region(builder, sheet.name, region)
        if sheet.uncomputed:
            builder.gaps.append(
                Problem(
                    code="uncomputed_formula",
                    reason=f"{sheet.uncomputed} formulas have no stored result, so their values are unknown.",
                    mend="Open the workbook in a spreadsheet program, let it calculate, and save it.",
                    part=f"sheet {sheet.name}",
                )
            )
    return builder.build(title=title_from_name(raw.name), file_format=file_format)


def _regions(rows: Iterable[list[Cell]]) -> Iterator[Iterator[list[Cell]]]:
    """Runs of rows between empty rows; each run must be read to its end before the next.

    One empty row under the first rows, when those hold nothing but names, belongs to the run.
    """
    stream = iter(rows)

    def run(first: list[Cell]) -> Iterator[list[Cell]]:
        yield first
        names_only, count, filled = _is_names(first), 1, len(first)
        for row in stream:
            if not row:
                if not names_only or count > _MAX_NAME_ROWS or filled < _MIN_NAMES:
                    return
                names_only = False
                continue
            yield row
            names_only = names_only and _is_names(row)
            count, filled = count + 1, max(filled, len(row))

    for row in stream:
        if row:
            yield run(row)


def _is_names(row: list[Cell]) -> bool:
    return not any(is_typed(cell.text) for cell in row)


def _add_region(builder: TextBuilder, sheet: str, rows: Iterator[list[Cell]]) -> None:
    head = list(islice(rows, _HEADER_SEARCH))
    dense = [_dense(row, _width(head)) for row in head]
    at = header_row(dense)
    last_header = -1 if at is None else last_header_row(dense, at)
    while at and any(cell.span > 1 for cell in head[at - 1]):
        # Names that stand over several columns are part of the header.
        at -= 1
    columns: dict[int, str] = {}
    builder.end_table()
    for index, row in enumerate(chain(head, rows)):
        if at is not None and at <= index <= last_header:
            _name_columns(columns, row)
        elif len(row) == 1 and (at is None or index < at):
            builder.add(ElementKind.PARAGRAPH, row[0].text, place=Place(sheet=sheet, cell=row[0].name))
            continue
        is_header = at is not None and at <= index <= last_header
        builder.add_row(
            [cell.text for cell in row],
            columns=[columns.get(cell.column, "") for cell in row] if columns else (),
            is_header=is_header,
            cell_places=[Place(sheet=sheet, cell=cell.name) for cell in row],
        )


def _name_columns(columns: dict[int, str], header: list[Cell]) -> None:
    for cell in header:
        name = " ".join(cell.text.split())
        for column in range(cell.column, cell.column + cell.span):
            above = columns.get(column, "")
            columns[column] = above if above == name else f"{above} {name}".strip()


def _width(rows: list[list[Cell]]) -> int:
    return max((cell.column for row in rows for cell in row), default=0)


def _dense(row: list[Cell], width: int) -> list[str]:
    texts = [""] * width
    for cell in row:
        texts[cell.column - 1] = cell.text
    return texts
