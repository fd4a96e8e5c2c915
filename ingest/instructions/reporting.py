"""What the quarantine says of a document that holds planted instructions; it is indexed all the same."""

from __future__ import annotations

import re

from ..errors import Problem
from ..model import ParsedDocument, RawFile
from .planted import planted_instructions

_WEB_PAGES = (".html", ".htm", ".xhtml")
_COMMENT = re.compile(rb"<!--(.{1,20000}?)-->", re.DOTALL)
CODE = "planted_instructions"
_FEW_WORDS = 8
_LONGEST_QUOTE = 60
_MEND = (
    "look at it: answers leave such words out; take them out of the file, or exclude it with `exclude` if you don't "
    "trust it"
)


def instruction_gaps(document: ParsedDocument, raw: RawFile) -> tuple[Problem, ...]:
    """One problem when the document's text, or a comment of a web page, holds planted instructions, none otherwise.

    It names the place of the first, quotes a few of its words, and says how many there are.
    """
    found = planted_instructions(document.text)
    if not found:
        return _in_comments(raw)
    first = found[0]
    quote = few_words(document.text[first.start : first.end])
    more = f", and {len(found) - 1} more such places" if len(found) > 1 else ""
    reason = f'"{quote}" reads like an instruction to an assistant: it {first.reason}{more}'
    return (Problem(code=CODE, reason=reason, mend=_MEND, part=_place(document, first.start)),)


def _in_comments(raw: RawFile) -> tuple[Problem, ...]:
    """Comments of a web page never reach its text, and so no answer; they are told of all the same."""
    if not raw.name.lower().endswith(_WEB_PAGES):
        return ()
    for comment in _COMMENT.finditer(raw.data):
        text = comment[1].decode("utf-8", "replace")
        found = [one for one in planted_instructions(text) if one.orders]
        if found:
            line = raw.data.count(b"\n", 0, comment.start()) + 1
            quote = few_words(text[found[0].start : found[0].end])
            reason = f'"{quote}", in a comment that no reader sees, reads like an instruction to an assistant'
            return (Problem(code=CODE, reason=reason, mend=_MEND, part=f"comment in line {line}"),)
    return ()


def few_words(text: str) -> str:
    """The first words of a stretch, on one line, with nothing in them that a screen would act on."""
    shown = "".join(c if c.isprintable() else " " for c in text[: 4 * _LONGEST_QUOTE])
    words = shown.split()
    quote = " ".join(words[:_FEW_WORDS])
    cut = len(words) > _FEW_WORDS or len(quote) > _LONGEST_QUOTE or len(text) > 4 * _LONGEST_QUOTE
    return quote[:_LONGEST_QUOTE] + ("…" if cut else "")


def _place(document: ParsedDocument, start: int) -> str:
    """Where an offset stands, as a person would look for it."""
    if document.verbatim:
        return f"line {document.text.count(chr(10), 0, start) + 1}"
    segment = next((s for s in document.segments if s.end > start), None)
    if segment is None:
        return "text"
    if segment.page is not None:
        return f"page {segment.page}"
    if segment.sheet is not None:
        return f"sheet {segment.sheet}, cell {segment.cell}" if segment.cell else f"sheet {segment.sheet}"
    if segment.slide is not None:
        return f"slide {segment.slide}"
    return f"line {segment.line_start}" if segment.line_start is not None else "text"
