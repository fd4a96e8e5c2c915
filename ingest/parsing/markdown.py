"""Markdown, verbatim: the canonical text is the decoded file, its structure comes from block tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ..markup import plain
from ..model import Element, ElementKind, ParsedDocument
from .building import title_from_name
from .refusing import refuse_empty

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?\n)?\1[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_PIPE = re.compile(r"(?<!\\)(?:\\\\)*\|")


@cache
def _block_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    # Only blocks are needed here; inline parsing costs most of the time.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def parse_markdown(name: str, text: str) -> ParsedDocument:
    """Structure a decoded Markdown file. Raises `ParseError` (code `empty`) for a blank one."""
    if not text.strip():
        refuse_empty()
    elements: list[Element] = []
    title: str | None = None
    body = text
    if front := _FRONT_MATTER.match(text):
        inner_start, inner_end = front.span(2)
        if inner_start >= 0 and (found := _trimmed(text, inner_start, inner_end)):
            elements.append(Element(kind=ElementKind.PARAGRAPH, start=found[0], end=found[1]))
            title = _front_title(text[inner_start:inner_end])
        # Blank lines in its place keep the line numbers of what follows.
        body = "\n" * text.count("\n", 0, front.end()) + text[front.end() :]
    elements.extend(_Reader(text).read(_block_parser().parse(body)))
    if title is None:
        title = _first_heading(text, elements) or title_from_name(name)
    if not elements:
        # Nothing but comments or link definitions: what stands there is kept as it stands.
        start, end = _trimmed(text, 0, len(text)) or (0, len(text))
        elements.append(Element(kind=ElementKind.PARAGRAPH, start=start, end=end))
    return ParsedDocument(
        title=title, text=text, elements=tuple(elements), format="markdown", verbatim=True, markup="markdown"
    )


def _front_title(front_matter: str) -> str | None:
    found = _FRONT_TITLE.search(front_matter)
    return (found.group(1).strip("\"'").strip() or None) if found else None


def _first_heading(text: str, elements: list[Element]) -> str | None:
    """The first heading of the highest level among the first few, which is where titles stand."""
    headings = [e for e in elements if e.kind is ElementKind.HEADING][:3]
    if not headings:
        return None
    best = min(headings, key=lambda e: (e.level or 9, e.start))
    return plain(text[best.start : best.end]) or None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """[start, end) without whitespace at its ends, None when nothing else is in it."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if left < right else None


class _Reader:
    """Turns block tokens, which carry line ranges, into elements with offsets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._columns: tuple[str, ...] = ()
        self._in_header = False

    def read(self, tokens: list[Token]) -> Iterator[Element]:
        item_just_opened = False
        for before, token in pairwise([*tokens[:1], *tokens]):
            match token.type:
                case "list_item_open":
                    item_just_opened = True
                case "bullet_list_open" | "ordered_list_open" | "blockquote_open" | "paragraph_open":
                    pass
                case "inline" if before.type == "heading_open":
                    yield from self._inline(ElementKind.HEADING, token, level=int(before.tag[1]))
                case "inline" if before.type == "paragraph_open":
                    kind = ElementKind.LIST_ITEM if item_just_opened else ElementKind.PARAGRAPH
                    yield from self._inline(kind, token)
                    item_just_opened = False
                case "thead_open":
                    self._columns, self._in_header = (), True
                case "thead_close":
                    self._in_header = False
                case "tr_open":
                    yield from self._row(token)
                case "fence":
                    yield from self._fence(token)
                case "code_block":
                    yield from self._span(ElementKind.CODE, *_range(token))
                case "html_block":
                    yield from self._html(token)
                case "list_item_close":
                    item_just_opened = False

    def _inline(self, kind: ElementKind, token: Token, level: int | None = None) -> Iterator[Element]:
        content = token.content.strip().split("\n")
        first, _ = _range(token)
        last = first + len(content) - 1
        if not content[0] or last >= len(self._lines):
            return
        start = self._find(first, self._lines[first].find(content[0]))
        end = self._find(last, self._lines[last].rfind(content[-1])) + len(content[-1])
        yield Element(kind=kind, start=start, end=min(end, self._starts[last] + len(self._lines[last])), level=level)

    def _find(self, line: int, column: int) -> int:
        if column < 0:
            # Tabs inside were expanded by the block parser: fall back on the line's own text.
            column = len(self._lines[line]) - len(self._lines[line].lstrip())
        return self._starts[line] + column

    def _span(self, kind: ElementKind, first: int, last: int) -> Iterator[Element]:
        last = min(last, len(self._lines))
        if first >= last:
            return
        start, end = self._starts[first], self._starts[last] - 1
        if (found := _trimmed(self._text, start, end)) is None:
            return
        # The indentation of a code block's first line is part of the code.
        start = max(start, self._text.rfind("\n", 0, found[0]) + 1) if kind is ElementKind.CODE else found[0]
        yield Element(kind=kind, start=start, end=found[1])

    def _fence(self, token: Token) -> Iterator[Element]:
        first, last = _range(token)
        count = token.content.count("\n")
        yield from self._span(ElementKind.CODE, first + 1, min(first + 1 + count, last))

    def _html(self, token: Token) -> Iterator[Element]:
        if _TAG.sub("", _COMMENT.sub("", token.content)).strip():
            yield from self._span(ElementKind.PARAGRAPH, *_range(token))

    def _row(self, token: Token) -> Iterator[Element]:
        line, _ = _range(token)
        raw = self._lines[line]
        begin = len(raw) - len(raw.lstrip(" \t>"))
        spans = [(self._starts[line] + a, self._starts[line] + b) for a, b in _cells(raw, begin)]
        if not spans or all(a == b for a, b in spans):
            return
        if self._in_header:
            self._columns = tuple(plain(self._text[a:b]) for a, b in spans)
        if self._columns:
            spans = spans[: len(self._columns)]
        yield Element(
            kind=ElementKind.TABLE_ROW,
            start=self._starts[line] + begin,
            end=self._starts[line] + len(raw.rstrip()),
            columns=self._columns[: len(spans)],
            cells=tuple(spans),
            is_header=self._in_header,
        )


def _range(token: Token) -> tuple[int, int]:
    if token.map is None:
        raise ValueError(f"block token without lines: {token.type}")
    return token.map[0], token.map[1]


def _cells(line: str, begin: int) -> Iterator[tuple[int, int]]:
    """Spans of the cells of a table row, without the whitespace around their text."""
    pipes = [found.end() - 1 for found in _PIPE.finditer(line, begin)]
    end = len(line.rstrip())
    edges = [begin - 1, *pipes, end]
    if pipes and pipes[0] == begin:
        edges = edges[1:]
    if pipes and pipes[-1] == end - 1:
        edges = edges[:-1]
    for left, right in pairwise(edges):
        piece = line[left + 1 : right]
        start = left + 1 + len(piece) - len(piece.lstrip())
        yield start, max(start, left + 1 + len(piece.rstrip()))
