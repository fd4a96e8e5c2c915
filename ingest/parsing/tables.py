"""Tables given as HTML markup: rows of cells with merged cells resolved, and their header."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree, html

from .aligning import LineFinder
from .building import Place, TextBuilder
from .headers import header_row, last_header_row

_MAX_SPAN = 200
_LOOK_AHEAD = 24


@dataclass(frozen=True, slots=True)
class Grid:
    """A table laid out: `texts[row][column]`, a merged cell's text in every place that it covers.

    `owned[row]` are the columns where a cell of that row begins; cells merged over rows begin in each.
    `named` counts the rows at the top that the markup itself declares as header.
    """

    texts: list[list[str]]
    owned: list[list[int]]
    named: int


def read_grid(markup: str) -> Grid:
    """Lay out the first table in `markup`; cells of a nested table are part of the cell around them."""
    root = html.fragment_fromstring(markup, create_parent="div")
    table = root if root.tag == "table" else root.find(".//table")
    if table is None:
        return Grid([], [], 0)
    texts: list[list[str]] = []
    owned: list[list[int]] = []
    named = 0
    below: _Hanging = {}
    for number, row in enumerate(_rows(table)):
        line: list[str] = []
        begins: list[int] = []
        hanging, below = below, {}
        _hang(hanging, below, line, begins)
        for cell in row.iterchildren("td", "th"):
            text = " ".join(" ".join(_texts(cell)).split())
            begins.append(len(line))
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            for place in range(across):
                if down > 1:
                    below[len(line)] = (down - 1, text, place == 0)
                line.append(text)
            _hang(hanging, below, line, begins)
        if number == named and _is_declared_header(row):
            named += 1
        texts.append(line)
        owned.append(begins)
    width = max(map(len, texts), default=0)
    for line in texts:
        line.extend([""] * (width - len(line)))
    return Grid(texts, owned, named)


def add_table(
    builder: TextBuilder, markup: str, place: Place | None = None, *, finder: LineFinder | None = None
) -> None:
    """Append the rows of the table in `markup`, each with the names of its columns.

    The rows stand at `place`, or where `finder` finds each of them.
    """
    grid = read_grid(markup)
    first, last = _header(grid)
    builder.end_table()
    columns: list[str] = []
    for number, (line, begins) in enumerate(zip(grid.texts, grid.owned, strict=True)):
        is_header = first <= number <= last
        if is_header:
            columns = [_extended(name, text) for name, text in zip(columns or [""] * len(line), line, strict=True)]
        named = columns if first <= number else []
        cells = [line[column] for column in begins]
        builder.add_row(
            cells,
            columns=[named[column] for column in begins] if named else (),
            is_header=is_header,
            place=(finder.find_within(" ".join(cells), place) if finder else None) or place,
        )
    builder.end_table()


def _header(grid: Grid) -> tuple[int, int]:
    """First and last row of the header; (0, -1) for a table without one."""
    if grid.named and grid.named < len(grid.texts):
        return 0, grid.named - 1
    head = [
        [text if column in begins else "" for column, text in enumerate(line)]
        for line, begins in zip(grid.texts[:_LOOK_AHEAD], grid.owned[:_LOOK_AHEAD], strict=True)
    ]
    first = header_row(head)
    if first is None:
        return 0, -1
    last = last_header_row(head, first)
    while first and len(grid.owned[first - 1]) < len(list(filter(None, grid.texts[first - 1]))):
        # Names that stand over several columns are part of the header.
        first -= 1
    return first, last


def _extended(name: str, text: str) -> str:
    return name if text == name or not text else f"{name} {text}".strip()


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for child in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        if child.tag == "tr":
            yield child
        else:
            yield from child.iterchildren("tr")


def _texts(cell: etree._Element) -> Iterator[str]:
    """Stretches of text in a cell; only block elements and line breaks part words."""
    pending: list[str] = []
    for event, node in etree.iterwalk(cell, events=("start", "end", "comment", "pi")):
        is_element = isinstance(node.tag, str)
        if is_element and node is not cell and node.tag not in _INLINE:
            pending.append(" ")
        if event == "start" and node.text:
            pending.append(node.text)
        if event != "start" and node is not cell and node.tail:
            pending.append(node.tail)
    yield "".join(pending)


_INLINE_TAGS = (
    "a abbr b bdi bdo cite code del dfn em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr"
)
_INLINE = frozenset(_INLINE_TAGS.split())


def _is_declared_header(row: etree._Element) -> bool:
    parent = row.getparent()
    if parent is not None and parent.tag == "thead":
        return True
    cells: Sequence[etree._Element] = list(row.iterchildren("td", "th"))
    return bool(cells) and all(cell.tag == "th" for cell in cells)


_Hanging = dict[int, tuple[int, str, bool]]


def _hang(hanging: _Hanging, below: _Hanging, line: list[str], begins: list[int]) -> None:
    """Fill in cells that rows above merged downwards, and hand on those that reach further."""
    while (found := hanging.pop(len(line), None)) is not None:
        rows, text, is_first = found
        if rows > 1:
            below[len(line)] = (rows - 1, text, is_first)
        if is_first:
            begins.append(len(line))
        line.append(text)


def _span(cell: etree._Element, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdigit() else 1
