"""Word files (DOCX): what `unstructured` does not visit is made ordinary first, then it reads the file."""

from __future__ import annotations

import copy
import html
import io
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from ..model import ElementKind, ParsedDocument, RawFile
from .building import TextBuilder, title_from_name
from .containers import open_container
from .refusing import refuse_damaged
from .tables import add_table
from .unstructured import word_pieces

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
# Wrappers whose content reads as if they were not there.
_WRAPPERS = tuple(_W + tag for tag in ("ins", "moveTo", "smartTag", "customXml", "fldSimple"))
_REMOVED = tuple(
    _W + tag for tag in ("del", "moveFrom", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "instrText", "delText")
)
_MAX_BOLD_WORDS = 12
_BOLD_LEVEL = 7
_MAX_BOLD_RUN = 2
_HEADING_NAME = re.compile(r"(?:heading \d|title|subtitle|toc ?heading)$", re.IGNORECASE)


def parse_word(raw: RawFile, *, file_format: str = "docx") -> ParsedDocument:
    """Structure a DOCX file. Page headers and footers are not part of its text.

    Raises `ParseError` (`damaged`, `empty`, `unsafe_archive`).
    """
    with open_container(raw.data, "Word") as archive:
        try:
            data = _prepared(archive)
        except (KeyError, etree.XMLSyntaxError, zipfile.BadZipFile) as error:
            refuse_damaged("Word", error)
    builder = TextBuilder()
    title: str | None = None
    for piece in word_pieces(data):
        if piece.kind is ElementKind.TABLE_ROW:
            if piece.table is not None and _holds_all(piece.table, piece.text):
                add_table(builder, piece.table)
            else:
                builder.add(ElementKind.PARAGRAPH, piece.text)
            continue
        if piece.kind is ElementKind.HEADING and title is None and piece.level == 1:
            title = piece.text
        builder.add(piece.kind, _folded(piece.text), level=piece.level)
    return builder.build(title=title or title_from_name(raw.name), file_format=file_format)


def _holds_all(table: str, text: str) -> bool:
    """False for a table with a broken grid, from whose markup the library leaves out cells."""
    return len("".join(text.split())) <= len("".join(html.unescape(re.sub(r"<[^>]*>", "", table)).split()))


def _folded(text: str) -> str:
    """Text with tabs and runs of spaces as single spaces; line breaks within the paragraph stay."""
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def _prepared(archive: zipfile.ZipFile) -> bytes:
    """The file again, with hidden stretches of its text as ordinary paragraphs."""
    body_path = _body_path(archive)
    root = etree.fromstring(_part(archive, body_path), _parser())
    styles = _Styles(archive)
    _unwrap(root)
    _add_notes(root, archive)
    _move_boxes(root)
    _mark_headings(root, styles)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as copy_:
        written: set[str] = set()
        for part in archive.infolist():
            if part.filename in written or part.is_dir():
                continue
            written.add(part.filename)
            if part.filename == body_path:
                copy_.writestr(part.filename, etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
            elif part.filename == styles.path and styles.root is not None:
                copy_.writestr(part.filename, etree.tostring(styles.root, xml_declaration=True, encoding="UTF-8"))
            elif not part.filename.startswith("word/media/"):
                copy_.writestr(part.filename, archive.read(part))
            else:
                # Pictures are not read here; an empty part keeps the file's relations whole.
                copy_.writestr(part.filename, b"")
    return out.getvalue()


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, recover=True)


def _part(archive: zipfile.ZipFile, path: str) -> bytes:
    return archive.read(path).replace(_STRICT, _TRANSITIONAL)


def _body_path(archive: zipfile.ZipFile) -> str:
    links = archive.read("_rels/.rels").decode("utf-8", "replace")
    for tag in re.findall(r"<Relationship\b[^>]*>", links):
        if 'officeDocument"' in tag and (found := re.search(r'Target="/?([^"]+)"', tag)):
            return found.group(1)
    return "word/document.xml"


def _unwrap(root: etree._Element) -> None:
    """Open tracked insertions, content controls and fields; drop what was deleted."""
    for node in list(root.iter(_MC + "AlternateContent")):
        # The fallback repeats the choice for old programs.
        for fallback in node.findall(_MC + "Fallback"):
            if node.find(_MC + "Choice") is not None:
                node.remove(fallback)
    for node in list(root.iter(*_REMOVED)):
        parent = node.getparent()
        if parent is not None:
            parent.remove(node)
    for node in list(root.iter(*_WRAPPERS)):
        _replace(node, list(node))
    for node in list(root.iter(_W + "sdt")):
        content = node.find(_W + "sdtContent")
        _replace(node, [] if content is None else list(content))


def _replace(node: etree._Element, children: list[etree._Element]) -> None:
    parent = node.getparent()
    if parent is None:
        return
    place = parent.index(node)
    parent.remove(node)
    for offset, child in enumerate(children):
        parent.insert(place + offset, child)


def _add_notes(root: etree._Element, archive: zipfile.ZipFile) -> None:
    """Put each footnote and endnote after the paragraph that refers to it."""
    for kind in ("footnote", "endnote"):
        try:
            notes = etree.fromstring(_part(archive, f"word/{kind}s.xml"), _parser())
        except (KeyError, etree.XMLSyntaxError):
            continue
        by_id = {note.get(_W + "id"): note for note in notes.iter(_W + kind)}
        for reference in list(root.iter(f"{_W}{kind}Reference")):
            note = by_id.get(reference.get(_W + "id"))
            host = next(reference.iterancestors(_W + "p"), None)
            if note is None or host is None:
                continue
            _unwrap(note)
            _insert_after(host, [copy.deepcopy(paragraph) for paragraph in note.iter(_W + "p")])


def _move_boxes(root: etree._Element) -> None:
    """Put the paragraphs of a text box after the paragraph that it is anchored in."""
    for box in reversed(list(root.iter(_W + "txbxContent"))):
        host = next(box.iterancestors(_W + "p"), None)
        if host is None:
            continue
        _insert_after(host, [child for child in box if child.tag in (_W + "p", _W + "tbl")])


def _insert_after(host: etree._Element, blocks: list[etree._Element]) -> None:
    parent = host.getparent()
    if parent is None:
        return
    place = parent.index(host) + 1
    for offset, block in enumerate(blocks):
        parent.insert(place + offset, block)


class _Styles:
    """The file's paragraph styles: names, heading levels, and new heading styles derived from them."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.path = "word/styles.xml"
        self.root: etree._Element | None = None
        self._by_id: dict[str, etree._Element] = {}
        self._derived: set[str] = set()
        try:
            self.root = etree.fromstring(_part(archive, self.path), _parser())
        except (KeyError, etree.XMLSyntaxError):
            return
        for style in self.root.iter(_W + "style"):
            self._by_id.setdefault(style.get(_W + "styleId") or "", style)

    def chain(self, style_id: str | None) -> Iterator[etree._Element]:
        """The style and the styles that it is based on, nearest first."""
        seen: set[str] = set()
        while style_id and style_id not in seen and (style := self._by_id.get(style_id)) is not None:
            seen.add(style_id)
            yield style
            style_id = _value(style, "basedOn")

    def heading(self, style_id: str | None, level: int) -> str | None:
        """The id of a style named "heading LEVEL" that is based on `style_id`."""
        if self.root is None:
            return None
        derived = f"{style_id or 'Normal'}AsHeading{level}"
        if derived not in self._derived:
            style = etree.SubElement(self.root, _W + "style", {_W + "type": "paragraph", _W + "styleId": derived})
            etree.SubElement(style, _W + "name", {_W + "val": f"heading {level}"})
            if style_id:
                etree.SubElement(style, _W + "basedOn", {_W + "val": style_id})
            self._derived.add(derived)
        return derived


def _value(node: etree._Element, tag: str) -> str | None:
    child = node.find(_W + tag)
    return None if child is None else child.get(_W + "val")


def _mark_headings(root: etree._Element, styles: _Styles) -> None:
    """Give paragraphs that are headings by outline level, or look like one, a style that says so."""
    paragraphs = [p for p in root.iter(_W + "p") if next(p.iterancestors(_W + "tc"), None) is None]
    bold = [_is_bold_line(p) for p in paragraphs]
    for index, paragraph in enumerate(paragraphs):
        properties = paragraph.find(_W + "pPr")
        style_id = None if properties is None else _value(properties, "pStyle")
        names = [_value(style, "name") or "" for style in styles.chain(style_id)]
        if names and _HEADING_NAME.match(names[0]):
            continue
        level = _outline_level(properties, style_id, styles)
        if level is None and bold[index] and not all(bold[index : index + _MAX_BOLD_RUN + 1]):
            level = _BOLD_LEVEL
        if level is None or not _text(paragraph).strip():
            continue
        if (derived := styles.heading(style_id, level)) is None:
            continue
        if properties is None:
            properties = etree.Element(_W + "pPr")
            paragraph.insert(0, properties)
        for old in properties.findall(_W + "pStyle"):
            properties.remove(old)
        new = etree.Element(_W + "pStyle", {_W + "val": derived})
        properties.insert(0, new)


def _outline_level(properties: etree._Element | None, style_id: str | None, styles: _Styles) -> int | None:
    """The heading level, from 1, that the paragraph or its style chain sets; None for body text."""
    value = None if properties is None else _value(properties, "outlineLvl")
    for style in styles.chain(style_id):
        if value is not None:
            break
        inner = style.find(_W + "pPr")
        value = None if inner is None else _value(inner, "outlineLvl")
    return int(value) + 1 if value is not None and value.isdigit() and int(value) < 9 else None


def _is_bold_line(paragraph: etree._Element) -> bool:
    text = _text(paragraph).strip()
    if not text or len(text.split()) > _MAX_BOLD_WORDS or text.endswith((".", ",", ";")):
        return False
    if paragraph.find(f"{_W}pPr/{_W}numPr") is not None:
        return False
    runs = [run for run in paragraph.iter(_W + "r") if _text(run).strip()]
    return bool(runs) and all(_is_bold(run) for run in runs)


def _is_bold(run: etree._Element) -> bool:
    bold = run.find(f"{_W}rPr/{_W}b")
    return bold is not None and (bold.get(_W + "val") or "true").lower() not in ("0", "false", "off")


def _text(node: etree._Element) -> str:
    return "".join(text.text or "" for text in node.iter(_W + "t"))
