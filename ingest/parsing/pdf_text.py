"""Writes blocks into the canonical text and notes an element for each block and a segment for each line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ..model import Box, Element, ElementKind, Segment
from .building import CELL_SEPARATOR
from .pdf_blocks import Block
from .pdf_lines import Line, displayed

_SOFT_HYPHEN = "\u00ad"
_BROKEN = re.compile(r"([^\W\d_]+)-$")
_LETTERS = re.compile(r"[^\W\d_]+")
_SHORTEST_HALF = 4
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60]")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def spellings_of(text: str) -> Counter[str]:
    """Words of a text in lower case and how often they stand there: compounds with their hyphens, words
    broken at a line's end left out."""
    return Counter(
        match.group().lower() for match in _WORD.finditer(text) if text[match.end() : match.end() + 1] != "-"
    )


def join_at_break(before: str, after: str, spellings: Mapping[str, int]) -> tuple[str, str]:
    """How a line's end meets the next line: the line's text as it is kept, and what stands between them.

    A word broken by a hyphen is joined. Its hyphen stays when the document spells the word with one
    elsewhere, when both halves are words of the document and the whole is not, or when the second half
    starts with a capital or a digit.
    """
    if before.endswith(_SOFT_HYPHEN):
        return before.rstrip(_SOFT_HYPHEN), ""
    if before.endswith("-") and before[-2:-1].isalnum() and after[:1].isalnum():
        broken, rest = _BROKEN.search(before), _LETTERS.match(after)
        if not broken or not rest:
            return before, ""
        joined, compound = (broken[1] + rest[0]).lower(), f"{broken[1]}-{rest[0]}".lower()
        if joined in spellings:
            return before[:-1], ""
        # The second half stands at the start of this very line, so that it must be met once more.
        halves = len(broken[1]) >= _SHORTEST_HALF and broken[1].lower() in spellings
        known = halves and spellings.get(rest[0].lower(), 0) > 1
        return (before, "") if compound in spellings or known or not rest[0].islower() else (before[:-1], "")
    if _CJK.match(before[-1:]) and _CJK.match(after[:1]):
        return before, ""
    return before, " "


class PdfTextWriter:
    """Grows the canonical text of one PDF: elements parted by a line break, pages by a blank line."""

    def __init__(self, spellings: Mapping[str, int]) -> None:
        self._spellings = spellings
        self._pieces: list[str] = []
        self._length = 0
        self.elements: list[Element] = []
        self.segments: list[Segment] = []
        self._page = 0

    def write(self, block: Block, *, page: int, turn: int, size: tuple[float, float]) -> None:
        """Appends one block of a page; `turn` and `size` (points) say how its boxes lie on the page."""
        parts = [part for part in ([line for line in lines if _printed(line)] for lines in block.parts) if part]
        if not parts:
            return
        if self._length:
            self._put("\n" if page == self._page else "\n\n")
        self._page = page
        start = self._length
        cells = []
        per_row = block.kind is ElementKind.TABLE_ROW and all(len(part) == 1 for part in parts)
        for index, lines in enumerate(parts):
            if index:
                self._put(CELL_SEPARATOR)
            first = self._length
            for span, line in zip(self._write_lines(lines), lines, strict=True):
                if not per_row:
                    self._note(span, [line], page, turn, size)
            cells.append((first, self._length))
        if per_row:
            self._note((start, self._length), [part[0] for part in parts], page, turn, size)
        is_row = block.kind is ElementKind.TABLE_ROW
        self.elements.append(
            Element(
                kind=block.kind,
                start=start,
                end=self._length,
                level=block.level,
                columns=block.columns if is_row and len(block.columns) == len(cells) else (),
                cells=tuple(cells) if is_row else (),
                is_header=block.is_header,
            )
        )

    def text(self) -> str:
        """The canonical text so far."""
        return "".join(self._pieces)

    def _write_lines(self, lines: Sequence[Line]) -> list[tuple[int, int]]:
        spans = []
        texts = [_printed(line, keep_end=True) for line in lines]
        for index, text in enumerate(texts):
            kept, separator = text, ""
            if index + 1 < len(texts):
                kept, separator = join_at_break(text, texts[index + 1], self._spellings)
            start = self._length
            self._put(kept.rstrip(_SOFT_HYPHEN))
            spans.append((start, self._length))
            self._put(separator)
        return spans

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _note(
        self, span: tuple[int, int], lines: Sequence[Line], page: int, turn: int, size: tuple[float, float]
    ) -> None:
        if span[0] == span[1]:
            return
        box = (
            min(line.x0 for line in lines),
            min(line.y0 for line in lines),
            max(line.x1 for line in lines),
            max(line.y1 for line in lines),
        )
        x0, y0, x1, y1 = (round(value, 2) for value in displayed(box, turn, *size))
        self.segments.append(
            Segment(start=span[0], end=span[1], page=page, box=Box(page=page, x0=x0, y0=y0, x1=x1, y1=y1))
        )


def _printed(line: Line, *, keep_end: bool = False) -> str:
    """A line's text without soft hyphens inside words; with `keep_end` one at its end stays."""
    text = line.text.replace("\x00", "")
    ends_soft = keep_end and text.endswith(_SOFT_HYPHEN)
    return text.replace(_SOFT_HYPHEN, "") + (_SOFT_HYPHEN if ends_soft else "")
