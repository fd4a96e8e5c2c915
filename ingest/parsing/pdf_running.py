"""Running headers and footers: rows at the edge of many pages that say the same, but for the page number."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from .pdf_lines import Row

_DEPTH = 4
_MARGIN = 0.1  # of the page's height
_SKIPPED = 1
_TEXT_ALONE = 2  # parts of a key that holds no number
_SERIES = 4  # pages
_LONG_DOCUMENT = 20  # pages
_FEWEST_IN_LONG = 5
_SAME_HEIGHT = 3.0  # points
_FEWEST_PAGES = 3
_MOST_NUMBERS = 4
_LONGEST = 200
_MANY_CELLS = 2
_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"^[ivxlc]{1,8}$")
_PAGE_MARK = re.compile(r"^(?:page|seite|p\.)\s*\d+(?:\s*(?:of|von|/)\s*\d+)?$", re.IGNORECASE)
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRow:
    """A row near an edge of a page. `index` counts rows from the top, `depth` from that edge."""

    page: int
    index: int
    depth: int
    at_top: bool
    text: str
    height: float
    in_margin: bool
    is_tight_row: bool


def edge_rows(page: int, rows: Sequence[Row], page_height: float) -> list[EdgeRow]:
    """The outermost rows of a page at its top and bottom, which may turn out to be running lines."""
    found = []
    for at_top in (True, False):
        for depth in range(min(_DEPTH, len(rows))):
            index = depth if at_top else len(rows) - 1 - depth
            row = rows[index]
            y0, y1 = min(line.y0 for line in row), max(line.y1 for line in row)
            text = " ".join(line.text for line in row)
            if len(text) > _LONGEST:
                continue
            inner = index + 1 if at_top else index - 1
            found.append(
                EdgeRow(
                    page=page,
                    index=index,
                    depth=depth,
                    at_top=at_top,
                    text=text,
                    height=y1,
                    in_margin=y1 < _MARGIN * page_height if at_top else y0 > (1 - _MARGIN) * page_height,
                    is_tight_row=len(row) >= _MANY_CELLS
                    and 0 <= inner < len(rows)
                    and _distance(row, rows[inner]) < 0.8 * (y1 - y0),
                )
            )
    return found


def _distance(one: Row, other: Row) -> float:
    upper, lower = sorted((one, other), key=lambda row: row[0].y0)
    return min(line.y0 for line in lower) - max(line.y1 for line in upper)


def running_rows(edges: Sequence[EdgeRow], pages: int) -> dict[int, set[int]]:
    """For each page the indices of its rows that are running headers or footers.

    A row counts when its text, but for one number that follows the page number, stands on at least three
    pages: at one height within the margin, or with nothing but other such rows between it and the edge.
    """
    members: dict[tuple[object, ...], list[EdgeRow]] = defaultdict(list)
    for edge in edges:
        if not edge.is_tight_row:
            for key in _keys(edge):
                members[key].append(edge)
    at_height: set[EdgeRow] = set()
    anywhere: set[EdgeRow] = set()
    for key, group in members.items():
        if len({edge.page for edge in group}) < min(_FEWEST_PAGES, max(pages, 2)):
            continue
        if pages < _FEWEST_PAGES and not _counts_pages(group):
            continue
        if len(key) == _TEXT_ALONE and not _comes_in_series({edge.page for edge in group}, pages):
            continue
        heights = Counter(round(edge.height / _SAME_HEIGHT) for edge in group)
        for edge in group:
            place = round(edge.height / _SAME_HEIGHT)
            if sum(heights[place + step] for step in (-1, 0, 1)) >= min(_FEWEST_PAGES, pages):
                at_height.add(edge)
        # A number that counts with the pages is stronger evidence than words that come again.
        share = 0.08 if len(key) > _TEXT_ALONE else 0.3
        if len({edge.page for edge in group}) >= max(_FEWEST_PAGES, share * pages):
            anywhere.update(group)
    return _select(edges, at_height, anywhere)


def _select(edges: Sequence[EdgeRow], at_height: set[EdgeRow], anywhere: set[EdgeRow]) -> dict[int, set[int]]:
    removed: dict[int, set[int]] = defaultdict(set)
    outermost: dict[tuple[int, bool], int] = defaultdict(int)
    for edge in sorted(edges, key=lambda edge: edge.depth):
        side = (edge.page, edge.at_top)
        is_outermost = outermost[side] == edge.depth
        steady = edge in at_height
        # One row that changes, such as a chapter's title, may stand outside of one that stays.
        near = edge.in_margin and edge.depth - outermost[side] <= _SKIPPED
        alone = bool(_PAGE_MARK.match(edge.text)) and edge.in_margin
        if alone or (steady and (is_outermost or near)) or (is_outermost and edge in anywhere):
            removed[edge.page].add(edge.index)
            if is_outermost:
                outermost[side] += 1
    return dict(removed)


def _keys(edge: EdgeRow) -> list[tuple[object, ...]]:
    """What makes two rows the same: the whole text, or the text with one number that follows the page."""
    text = edge.text.strip().lower()
    keys: list[tuple[object, ...]] = []
    if not text.isdigit():
        keys.append((edge.at_top, text))
    if _ROMAN.match(text):
        keys.append((edge.at_top, "roman", _roman_value(text) - edge.page))
    for match in list(_NUMBER.finditer(text))[:_MOST_NUMBERS]:
        if len(match.group()) < 6:
            masked = text[: match.start()] + "#" + text[match.end() :]
            keys.append((edge.at_top, masked, int(match.group()) - edge.page))
    return keys


def _comes_in_series(found: set[int], pages: int) -> bool:
    """True when three of the pages lie close together, as those of a chapter do, left and right apart.

    In a long document a few pages in a row may open with the same heading, so that more are asked for.
    """
    ordered = sorted(found)
    if pages >= _LONG_DOCUMENT and len(ordered) < _FEWEST_IN_LONG:
        return False
    return any(last - first <= _SERIES for first, last in zip(ordered, ordered[2:], strict=False))


def _counts_pages(group: Sequence[EdgeRow]) -> bool:
    return all(edge.in_margin for edge in group) and len({edge.text for edge in group}) > 1


def _roman_value(text: str) -> int:
    values = [_VALUES[letter] for letter in text]
    return sum(-value if value < max(values[index + 1 :], default=0) else value for index, value in enumerate(values))
