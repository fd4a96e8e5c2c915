"""What EML and MSG mails share: the header block, the body, and attachments embedded with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..errors import ParseError, Problem
from ..model import Element, ElementKind, ParsedDocument, RawFile
from .aligning import LineFinder
from .building import TextBuilder
from .text import parse_text

MAX_DEPTH = 3
_TINY_PICTURE = 10_240
_STUB_WORDS = 25
_STUB = re.compile(r"html|browser|view (?:this|the) (?:e-?mail|message)|plain text", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that travels in a mail. `is_inline` marks pictures that the body shows."""

    name: str
    data: bytes = field(repr=False)
    is_inline: bool = False
    is_picture: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail taken apart: header lines as (name, value), the bodies it offers, and what is attached."""

    subject: str
    headers: Sequence[tuple[str, str]]
    plain: str
    page: str
    attachments: Sequence[Attachment]
    gaps: Sequence[Problem] = ()


def build_mail(mail: Mail, *, file_format: str, depth: int, finder: LineFinder | None) -> ParsedDocument:
    """The canonical text of a mail: header lines, body, attachments. Raises `ParseError` (code `empty`)."""
    builder = TextBuilder()
    builder.gaps.extend(mail.gaps)
    lines = [f"{name}: {value}" for name, value in mail.headers if value]
    if lines:
        builder.add_lines(lines, [finder.find(line) if finder else None for line in lines])
    _add_body(builder, mail, finder)
    for attachment in mail.attachments:
        _add_attachment(builder, attachment, depth)
    return builder.build(title=mail.subject or "(no subject)", file_format=file_format)


def _add_body(builder: TextBuilder, mail: Mail, finder: LineFinder | None) -> None:
    if mail.page.strip() and _is_stub(mail.plain, mail.page):
        from .webpages import add_web

        try:
            add_web(builder, mail.page, finder, deeper=1)
        except ParseError as error:
            builder.gaps.append(_gap(error.problem, "HTML body"))
        return
    if mail.plain.strip():
        document = parse_text("body.txt", mail.plain)
        for element in document.elements:
            _add_element(builder, document.text, element, finder)


def _add_element(builder: TextBuilder, text: str, element: Element, finder: LineFinder | None) -> None:
    piece = text[element.start : element.end]
    level = None if element.level is None else element.level + 1
    builder.add(element.kind, piece, level=level, place=finder.find(piece) if finder else None)


def _is_stub(plain: str, page: str) -> bool:
    """True when the plain body only points to the HTML one, or holds far less than it."""
    words = len(plain.split())
    if words == 0:
        return True
    page_words = len(re.sub(r"<(style|script|head)\b.*?</\1\s*>|<[^>]*>", " ", page, flags=re.S | re.I).split())
    return (words < _STUB_WORDS and bool(_STUB.search(plain))) or words * 3 < page_words


def _add_attachment(builder: TextBuilder, attachment: Attachment, depth: int) -> None:
    if attachment.is_picture and attachment.is_inline and len(attachment.data) <= _TINY_PICTURE:
        # Logos and tracking pixels of signatures.
        return
    part = f"attachment {attachment.name}"
    if depth + 1 > MAX_DEPTH:
        builder.gaps.append(
            Problem(
                code="nested_too_deep",
                reason=f"The attachment lies more than {MAX_DEPTH} mails deep.",
                mend="Save it as a file of its own next to the mail.",
                part=part,
            )
        )
        return
    from . import parse_nested

    try:
        document = parse_nested(RawFile(name=attachment.name, data=attachment.data), depth=depth + 1)
    except ParseError as error:
        builder.gaps.append(_gap(error.problem, part))
        return
    builder.add(ElementKind.HEADING, f"Attachment: {attachment.name}", level=1)
    builder.embed(document, deeper=1)
    builder.gaps.extend(_gap(gap, f"{part}, {gap.part}" if gap.part else part) for gap in document.gaps)


def _gap(problem: Problem, part: str) -> Problem:
    return Problem(code=problem.code, reason=problem.reason, mend=problem.mend, part=part)


def header_lines(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Header fields with their values folded to one line each, without empty ones."""
    return [(name, " ".join(value.split())) for name, value in fields if value and value.strip()]
