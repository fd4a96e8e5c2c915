"""Writes a canonical text piece by piece and notes where each piece stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import Problem
from ..model import Element, ElementKind, ParsedDocument, Segment
from .refusing import refuse_empty

CELL_SEPARATOR = " | "
_TIGHT = {ElementKind.TABLE_ROW, ElementKind.LIST_ITEM}
# Lone surrogates come out of damaged office files and cannot be stored as UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a piece stands in the file: the fields of a `Segment` without its offsets."""

    line_start: int | None = None
    line_end: int | None = None
    page: int | None = None
    sheet: str | None = None
    cell: str | None = None
    slide: int | None = None


class TextBuilder:
    """Collects pieces into one canonical text with elements, segments and gaps.

    Pieces are parted by a blank line; rows of a table and items of a list by a line break.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._last: ElementKind | None = None
        self._elements: list[Element] = []
        self._segments: list[Segment] = []
        self.gaps: list[Problem] = []

    @property
    def is_empty(self) -> bool:
        """True until a piece was added."""
        return not self._elements

    def add_lines(self, lines: Sequence[str], places: Sequence[Place | None]) -> None:
        """Append one paragraph of several lines, each of which stands at its own place."""
        start = self._length + (2 if self._pieces else 0)
        self.add(ElementKind.PARAGRAPH, "\n".join(lines))
        for line, place in zip(lines, places, strict=True):
            self._note(start, start + len(line), place)
            start += len(line) + 1

    def add(self, kind: ElementKind, text: str, *, level: int | None = None, place: Place | None = None) -> None:
        """Append one piece; whitespace at its ends is dropped, and so is a piece without text."""
        text = _UNSTORABLE.sub("\ufffd", text).strip()
        if not text:
            return
        start = self._append(kind, text)
        self._elements.append(Element(kind=kind, start=start, end=self._length, level=level))
        self._note(start, self._length, place)

    def add_row(
        self,
        cells: Sequence[str],
        *,
        columns: Sequence[str] = (),
        is_header: bool = False,
        place: Place | None = None,
        cell_places: Sequence[Place] = (),
    ) -> None:
        """Append one table row, its non-empty cells joined with " | ".

        `columns` is empty or names each of `cells`; cells without text are left out with their column.
        `cell_places`, when given, runs parallel to `cells` and gives one segment a cell.
        """
        cleaned = [" ".join(_UNSTORABLE.sub("\ufffd", cell).split()) for cell in cells]
        filled = [index for index, cell in enumerate(cleaned) if cell]
        if not filled:
            return
        start = self._append(ElementKind.TABLE_ROW, CELL_SEPARATOR.join(cleaned[index] for index in filled))
        spans: list[tuple[int, int]] = []
        position = start
        for index in filled:
            spans.append((position, position + len(cleaned[index])))
            if cell_places:
                self._note(*spans[-1], cell_places[index])
            position = spans[-1][1] + len(CELL_SEPARATOR)
        self._elements.append(
            Element(
                kind=ElementKind.TABLE_ROW,
                start=start,
                end=self._length,
                columns=tuple(columns[index] for index in filled) if columns else (),
                cells=tuple(spans),
                is_header=is_header,
            )
        )
        if not cell_places:
            self._note(start, self._length, place)

    def end_table(self) -> None:
        """Part the next row from the rows before it, which belong to another table."""
        self._last = None

    def embed(self, document: ParsedDocument, *, deeper: int = 0) -> None:
        """Append a whole document. Its headings sink by `deeper` levels; its lines, which count in
        another file than this one, are forgotten, while pages, sheets and slides stay."""
        self._last = None
        start = self._append(ElementKind.PARAGRAPH, document.text)
        for element in document.elements:
            self._elements.append(
                replace(
                    element,
                    start=element.start + start,
                    end=element.end + start,
                    cells=tuple((first + start, last + start) for first, last in element.cells),
                    level=None if element.level is None else element.level + deeper,
                )
            )
        for segment in document.segments:
            moved = replace(
                segment,
                start=segment.start + start,
                end=segment.end + start,
                line_start=None,
                line_end=None,
            )
            if moved.page or moved.sheet or moved.slide:
                self._segments.append(moved)
        self._last = None

    def build(self, *, title: str, file_format: str) -> ParsedDocument:
        """The finished document; `ParseError` (code `empty`) when no piece was added."""
        if self.is_empty:
            refuse_empty()
        return ParsedDocument(
            title=" ".join(title.split()),
            text="".join(self._pieces),
            elements=tuple(self._elements),
            format=file_format,
            segments=tuple(self._segments),
            gaps=tuple(self.gaps),
        )

    def _append(self, kind: ElementKind, text: str) -> int:
        if self._pieces:
            separator = "\n" if kind in _TIGHT and kind == self._last else "\n\n"
            self._pieces.append(separator)
            self._length += len(separator)
        start = self._length
        self._pieces.append(text)
        self._length += len(text)
        self._last = kind
        return start

    def _note(self, start: int, end: int, place: Place | None) -> None:
        if place is None:
            return
        self._segments.append(
            Segment(
                start=start,
                end=end,
                line_start=place.line_start,
                line_end=place.line_end,
                page=place.page,
                sheet=place.sheet,
                cell=place.cell,
                slide=place.slide,
            )
        )


def title_from_name(name: str) -> str:
    """A readable title from a file name: no suffix, underscores and hyphens as spaces (dates keep theirs)."""
    stem = name.rsplit(".", 1)[0] if "." in name.strip(".") else name
    stem = re.sub(r"_+|(?<!\d)-+|-+(?!\d)", " ", stem)
    return " ".join(stem.split()) or name
