"""The library `unstructured`, fenced in: the only module that imports it, offline and without telemetry.

It reads Word files, slides and web pages. What it would lose is made visible to it beforehand (`word`,
`webpages`) or added afterwards (`slides`).
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from ..model import ElementKind

# Read once when the library is imported: no usage ping, no advertisement on standard output.
_QUIET = {"SCARF_NO_ANALYTICS": "true", "DO_NOT_TRACK": "true", "UNSTRUCTURED_DISABLE_NOTICE": "1"}
# "" switches language detection off: no answer depends on it, and it costs more than the parsing.
_LANGUAGES = [""]
_MAX_LEVEL = 9
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that the library found, in reading order.

    `table` is the markup of a table (`kind` is TABLE_ROW then); `number` the slide, `level` a heading's depth
    from 1.
    """

    kind: ElementKind
    text: str
    level: int | None = None
    table: str | None = None
    number: int | None = None


def word_pieces(data: bytes) -> list[Piece]:
    """The pieces of a DOCX file, without its page headers and footers."""
    _prepare()
    from unstructured.partition.docx import partition_docx

    return _pieces(partition_docx(file=io.BytesIO(data), languages=_LANGUAGES, include_page_breaks=False))


def slide_pieces(data: bytes) -> list[Piece]:
    """The pieces of a PPTX file with their slide numbers, without notes."""
    _prepare()
    from unstructured.partition.pptx import partition_pptx

    found = partition_pptx(
        file=io.BytesIO(data), languages=_LANGUAGES, include_page_breaks=False, include_slide_notes=False
    )
    # Only the title shape begins at depth 0; deeper "titles" are short lines of any box.
    return _pieces(found, deepest_heading=0)


def web_pieces(markup: str) -> list[Piece]:
    """The pieces of an HTML page."""
    _prepare()
    from unstructured.partition.html import partition_html

    return _pieces(partition_html(text=markup, languages=_LANGUAGES))


def _pieces(elements: Iterable[Any], deepest_heading: int = _MAX_LEVEL) -> list[Piece]:
    pieces: list[Piece] = []
    for element in elements:
        if element.category in ("Header", "Footer", "PageBreak") and type(element).__name__ != "Text":
            continue
        depth = element.metadata.category_depth or 0
        kind = _kind(element.category, depth, deepest_heading)
        pieces.append(
            Piece(
                kind=kind,
                text=element.text,
                level=min(depth + 1, _MAX_LEVEL) if kind is ElementKind.HEADING else None,
                table=element.metadata.text_as_html if kind is ElementKind.TABLE_ROW else None,
                number=element.metadata.page_number,
            )
        )
    return pieces


def _kind(category: str, depth: int, deepest_heading: int) -> ElementKind:
    match category:
        case "Title" if depth <= deepest_heading:
            return ElementKind.HEADING
        case "ListItem":
            return ElementKind.LIST_ITEM
        case "Table":
            return ElementKind.TABLE_ROW
        case "CodeSnippet":
            return ElementKind.CODE
        case _:
            return ElementKind.PARAGRAPH


@cache
def _prepare() -> None:
    """Switch the library's ping and notice off, and keep it from its language model.

    At its first text the library would download a spaCy model; importing spaCy alone takes seconds and
    200 MiB, since it loads torch. Its sentences and word classes only tell narrative from short text, a
    difference that is not used here, so a small module with the same functions takes their place.
    """
    os.environ.update(_QUIET)
    tokenize = ModuleType("unstructured.nlp.tokenize")
    vars(tokenize).update(sent_tokenize=_sentences, word_tokenize=str.split, pos_tag=_word_classes)
    sys.modules.setdefault(tokenize.__name__, tokenize)
    logging.getLogger("unstructured").setLevel(logging.ERROR)


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(text) if sentence]


def _word_classes(text: str) -> list[tuple[str, str]]:
    return [(word, "") for word in text.split()]
