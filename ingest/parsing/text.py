"""Plain text and source code, verbatim: the canonical text is the decoded file itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..model import Element, ElementKind, ParsedDocument
from .building import title_from_name
from .refusing import refuse_empty

_BULLET = re.compile("[ \t]*[-*+•·‣▪◦●○\u2013\u2014][ \t]+\\S")
_NUMBER = re.compile(r"[ \t]*(?:\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|[a-z]\.)[ \t]+\S")
_UNDERLINE = re.compile(r"[ \t]*(=+|-+|~+|\*+|_+)[ \t]*$")
_SECTION = re.compile(
    r"(?:(?:section|chapter|article|part|annex|appendix|abschnitt|kapitel|artikel|teil|anlage)\s+[\dIVXLC]+\b.*"
    r"|\d{1,2}(?:\.\d{1,2}){0,4}\.?[ \t]+[^\W\d_].*)$",
    re.IGNORECASE,
)
_MAX_HEADING = 90
_MIN_UNDERLINE = 3
_MIN_CAPITALS = 4


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def parse_text(name: str, text: str, *, file_format: str = "text", code: bool = False) -> ParsedDocument:
    """Structure a decoded text file; `code` makes each block between blank lines a code element.

    Raises `ParseError` (code `empty`) when the text holds only whitespace.
    """
    if not text.strip():
        refuse_empty()
    elements: list[Element] = []
    blocks = list(_blocks(text))
    for index, block in enumerate(blocks):
        if code:
            elements.append(_element(ElementKind.CODE, block))
            continue
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        elements.extend(_structure(block, following))
    title = title_from_name(name)
    first = elements[0]
    if first.kind is ElementKind.HEADING:
        title = " ".join(text[first.start : first.end].split())
    return ParsedDocument(title=title, text=text, elements=tuple(elements), format=file_format, verbatim=True)


def _blocks(text: str) -> Iterator[list[_Line]]:
    """Runs of lines between lines that are blank."""
    block: list[_Line] = []
    position = 0
    for line in text.split("\n"):
        if line.strip():
            block.append(_Line(position, line))
        elif block:
            yield block
            block = []
        position += len(line) + 1
    if block:
        yield block


def _structure(block: list[_Line], following: list[_Line] | None) -> Iterator[Element]:
    if len(block) > 1 and _is_underline(block[1].text) and len(block[0].text.strip()) <= _MAX_HEADING:
        level = 1 if block[1].text.strip()[0] == "=" else 2
        yield _element(ElementKind.HEADING, block[:1], level=level)
        if len(block) > 2:
            yield from _structure(block[2:], following)
        return
    if len(block) == 1 and (level := _heading_level(block[0].text.strip(), following)):
        yield _element(ElementKind.HEADING, block, level=level)
        return
    yield from _paragraphs_and_items(block)


def _is_underline(line: str) -> bool:
    found = _UNDERLINE.match(line)
    return found is not None and len(found.group(1)) >= _MIN_UNDERLINE


def _heading_level(line: str, following: list[_Line] | None) -> int:
    """The level of a line that stands alone and reads as a heading; 0 when it does not."""
    if len(line) > _MAX_HEADING or line.endswith((".", ",", ";", "!", "?")) or following is None:
        return 0
    letters = [char for char in line if char.isalpha()]
    if len(letters) >= _MIN_CAPITALS and all(char.isupper() for char in letters):
        return 2
    next_line = following[0].text
    if _SECTION.match(line) and not (_NUMBER.match(next_line) or _BULLET.match(next_line)):
        number = line.split(maxsplit=1)[0].rstrip(".")
        return 2 + number.count(".")
    return 0


def _paragraphs_and_items(block: list[_Line]) -> Iterator[Element]:
    marked = [bool(_BULLET.match(line.text) or _NUMBER.match(line.text)) for line in block]
    # One marked line inside a paragraph is more likely a hard wrap before "2019. " than a list.
    if not (marked[0] or sum(marked) > 1):
        yield _element(ElementKind.PARAGRAPH, block)
        return
    begin = 0
    for index in range(1, len(block) + 1):
        if index == len(block) or marked[index]:
            kind = ElementKind.LIST_ITEM if marked[begin] else ElementKind.PARAGRAPH
            yield _element(kind, block[begin:index])
            begin = index


def _element(kind: ElementKind, lines: list[_Line], level: int | None = None) -> Element:
    first, last = lines[0], lines[-1]
    start = first.start + len(first.text) - len(first.text.lstrip())
    return Element(kind=kind, start=start, end=last.start + len(last.text.rstrip()), level=level)
