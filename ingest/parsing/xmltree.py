"""XML files: records whose fields are leaves become table rows, other text becomes paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ..model import ElementKind, ParsedDocument
from .building import Place, TextBuilder, title_from_name
from .refusing import refuse, refuse_empty
from .text import parse_text

_ENTITY = re.compile(r"<!\s*ENTITY", re.IGNORECASE)
_MAX_ROW_WORDS = 120
_MIN_FIELDS = 2


def parse_xml(name: str, text: str) -> ParsedDocument:
    """Structure a decoded XML file; a file that is not well-formed is kept as plain text.

    Attributes are left out, as tags are: they are names and references, not prose. Raises `ParseError`
    (`empty`, `unsafe_xml` for entity declarations).
    """
    if not text.strip():
        refuse_empty()
    if _ENTITY.search(text[:65_536]):
        refuse(
            "unsafe_xml",
            "The XML file declares entities, which can make a small file grow without limit.",
            "Save it without a document type declaration, or exclude it with `exclude`.",
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        # The declaration may name another encoding than the one that the text was decoded from.
        bare = re.sub(r"^\s*<\?xml[^>]*\?>", lambda m: "\n" * m.group().count("\n"), text, count=1)
        root = etree.fromstring(bare.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return parse_text(name, text, file_format="xml", code=True)
    builder = TextBuilder()
    _add(builder, root)
    if builder.is_empty:
        # All is in attributes (configuration, drawings): the source is what there is to quote.
        return parse_text(name, text, file_format="xml", code=True)
    return builder.build(title=title_from_name(name), file_format="xml")


def _add(builder: TextBuilder, root: etree._Element) -> None:
    # An explicit stack: nesting may be deeper than Python's own.
    stack = [root]
    while stack:
        node = stack.pop()
        if not isinstance(node.tag, str):
            continue
        if _is_mixed(node):
            _add_paragraph(builder, node, "".join(_all_text(node)))
            continue
        children = [child for child in node if isinstance(child.tag, str)]
        if not children:
            _add_paragraph(builder, node, node.text or "")
        elif _is_record(children):
            _add_record(builder, children)
        else:
            stack.extend(reversed(children))


def _is_mixed(node: etree._Element) -> bool:
    """True for text with elements inside it, such as a paragraph with emphasis."""
    if len(node) == 0:
        return False
    return bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def _all_text(node: etree._Element) -> Iterator[str]:
    for text in node.itertext():
        yield str(text)


def _is_record(children: list[etree._Element]) -> bool:
    if len(children) < _MIN_FIELDS or any(len(child) for child in children):
        return False
    if len({child.tag for child in children}) * 2 < len(children):
        return False
    return sum(len((child.text or "").split()) for child in children) <= _MAX_ROW_WORDS


def _add_record(builder: TextBuilder, fields: list[etree._Element]) -> None:
    builder.add_row(
        [field.text or "" for field in fields],
        columns=[etree.QName(field).localname for field in fields],
        place=_place(fields[0], fields[-1]),
    )


def _add_paragraph(builder: TextBuilder, node: etree._Element, text: str) -> None:
    builder.add(ElementKind.PARAGRAPH, " ".join(text.split()), place=_place(node, node))


def _place(first: etree._Element, last: etree._Element) -> Place | None:
    start, end = first.sourceline, last.sourceline
    if start is None or end is None:
        return None
    lines = "".join(str(text) for text in last.itertext()).count("\n")
    return Place(line_start=start, line_end=end + lines)
