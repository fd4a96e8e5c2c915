"""From pages of words to one document: the steps that a PDF and a scanned picture share.

Order: running headers and footers go; per page, text of each reading direction is turned upright, put in
reading order, cut into tables, paragraphs, headings and list items, and written as canonical text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import Problem
from ..model import ElementKind, ParsedDocument
from .building import title_from_name
from .pdf_blocks import Block, Typography
from .pdf_columns import in_reading_order
from .pdf_lines import Row, line_of, rows_of, upright, without_overprints
from .pdf_rules import Rules
from .pdf_running import EdgeRow, edge_rows, running_rows
from .pdf_tables import TableMemory, blocks_with_tables
from .pdf_text import PdfTextWriter, spellings_of
from .pdf_words import Word
from .refusing import refuse_empty

_SKEWED = 4
_LARGER = 1.1
_LEVELS = 5
_LONGEST_TITLE = 200
_TITLE_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """One page's words, packed so that thousands of pages fit in memory, and its ruling lines.

    `shape` has one row a word: x0, y0, x1, y1, size, bold, turn.
    """

    number: int
    width: float
    height: float
    texts: str
    shape: NDArray[np.float32] = field(repr=False)
    rules: Rules

    @classmethod
    def pack(cls, number: int, size: tuple[float, float], words: Sequence[Word], rules: Rules) -> PageContent:
        """Packs a page; `number` counts from 1, `size` is width and height in points."""
        shape = np.array([(w.x0, w.y0, w.x1, w.y1, w.size, w.bold, w.turn) for w in words], dtype=np.float32).reshape(
            len(words), 7
        )
        return cls(
            number=number,
            width=size[0],
            height=size[1],
            texts="\n".join(word.text for word in words),
            shape=shape,
            rules=rules,
        )

    def words(self) -> list[Word]:
        """The words, in the order in which they were packed."""
        if not len(self.shape):
            return []
        return [
            Word(text=text, x0=x0, y0=y0, x1=x1, y1=y1, size=size, bold=bool(bold), turn=int(turn))
            for text, (x0, y0, x1, y1, size, bold, turn) in zip(
                self.texts.split("\n"), self.shape.tolist(), strict=True
            )
        ]


def compose(
    pages: Sequence[PageContent], *, title: str, name: str, file_format: str, gaps: Sequence[Problem] = ()
) -> ParsedDocument:
    """The document that these pages make; an empty `title` is filled with the largest text of the first
    page, or with the file's `name`.

    Raises ParseError (code `empty`) when there is no text at all.
    """
    typography = typography_of(pages)
    edges: list[EdgeRow] = []
    spellings: Counter[str] = Counter()
    for page in pages:
        edges.extend(edge_rows(page.number, _upright_rows(page.words()), page.height))
        spellings.update(spellings_of(page.texts))
    running = running_rows(edges, len(pages))
    writer = PdfTextWriter(spellings)
    memory = TableMemory()
    for page in pages:
        _write_page(page, running.get(page.number, set()), typography, writer, memory)
    if not writer.elements:
        refuse_empty()
    return ParsedDocument(
        title=title or _largest_text(pages[0], typography) or title_from_name(name),
        text=writer.text(),
        elements=tuple(writer.elements),
        format=file_format,
        segments=tuple(writer.segments),
        gaps=tuple(gaps),
    )


def typography_of(pages: Sequence[PageContent]) -> Typography:
    """Body size (the one most letters are set in), whether the body is bold, and a level for larger sizes."""
    letters: Counter[tuple[float, bool]] = Counter()
    for page in pages:
        if not len(page.shape):
            continue
        lengths = np.array([len(text) for text in page.texts.split("\n")])
        sizes = np.round(page.shape[:, 4] * 2) / 2
        for size in np.unique(sizes):
            for bold in (0, 1):
                count = int(lengths[(sizes == size) & (page.shape[:, 5] == bold)].sum())
                if count:
                    letters[(float(size), bool(bold))] += count
    by_size: Counter[float] = Counter()
    for (size, _), count in letters.items():
        by_size[size] += count
    body = by_size.most_common(1)[0][0] if by_size else 10.0
    larger = sorted((size for size in by_size if size > body * _LARGER), reverse=True)
    return Typography(
        body_size=body,
        body_is_bold=letters[(body, True)] > letters[(body, False)],
        levels={size: min(rank, _LEVELS) for rank, size in enumerate(larger, start=1)},
    )


def _upright_rows(words: Sequence[Word]) -> list[Row]:
    return rows_of(without_overprints([word for word in words if word.turn == 0]))


def _write_page(
    page: PageContent, running: set[int], typography: Typography, writer: PdfTextWriter, memory: TableMemory
) -> None:
    size = (page.width, page.height)
    words = page.words()
    rows = [row for index, row in enumerate(_upright_rows(words)) if index not in running]
    memory.turn_page()
    for region in in_reading_order(rows, page.rules):
        for block in blocks_with_tables(region, page.rules, typography, memory):
            writer.write(block, page=page.number, turn=0, size=size)
    for turn in sorted({word.turn for word in words} - {0}):
        turned = [upright(word, *size) for word in words if word.turn == turn]
        aside = len(turned) * 2 < len(words)
        for block in _turned_blocks(turned, turn, typography, memory):
            # A stamp along the margin is large, but no heading.
            plain = replace(block, kind=ElementKind.PARAGRAPH, level=None)
            kept = plain if aside and block.kind is ElementKind.HEADING else block
            writer.write(kept, page=page.number, turn=turn, size=size)


def _turned_blocks(words: Sequence[Word], turn: int, typography: Typography, memory: TableMemory) -> list[Block]:
    if turn == _SKEWED:
        # Slanted text, such as a watermark, has no rows; it keeps the file's own order.
        lines = tuple(line_of([word]) for word in words)
        return [Block(kind=ElementKind.PARAGRAPH, parts=(lines,))]
    rows = rows_of(without_overprints(words))
    return [
        block
        for region in in_reading_order(rows, Rules())
        for block in blocks_with_tables(region, Rules(), typography, memory)
    ]


def _largest_text(page: PageContent, typography: Typography) -> str:
    """The lines of a page set in its largest type, empty when nothing stands out from the body."""
    lines = [line_of([word for part in row for word in part.words]) for row in _upright_rows(page.words())]
    lines = [line for line in lines if len(re.findall(r"[^\W\d_]", line.text)) > 2]
    largest = max((line.size for line in lines), default=0.0)
    if largest <= typography.body_size * _LARGER:
        return ""
    first = next(index for index, line in enumerate(lines) if line.size == largest)
    title: list[str] = []
    for line in lines[first : first + _TITLE_LINES]:
        if line.size < 0.95 * largest:
            break
        title.append(line.text)
    return " ".join(title)[:_LONGEST_TITLE]
