"""HTML pages: boilerplate out, layout tables opened, read by `unstructured`, aligned to their lines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree, html

from ..model import ElementKind, ParsedDocument
from .aligning import LineFinder, markup_finder, stripped
from .building import TextBuilder, title_from_name
from .refusing import refuse_empty
from .tables import add_table
from .unstructured import Piece, web_pieces

_DROPPED = (
    "script", "style", "template", "noscript", "nav", "iframe", "object", "embed", "svg", "canvas", "button",
    "select", "dialog", "head",
)  # fmt: skip
_BOILERPLATE_ROLES = frozenset(("navigation", "search", "menu", "menubar", "banner", "contentinfo", "dialog"))
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SKIP_LINK = re.compile(r"\s*skip to (?:the )?(?:main )?(?:content|navigation)\s*$", re.IGNORECASE)
# What the library drops with all that is in it, under a name that it reads. Struck text (`del`) stands on the
# page, if crossed out.
_RENAMED = {
    **dict.fromkeys(("figure", "form", "fieldset", "details", "search"), "div"),
    **dict.fromkeys(("figcaption", "legend", "summary", "textarea"), "p"),
    **dict.fromkeys(("label", "math", "del", "ins", "output"), "span"),
}
# Numeric references to these code points mean the characters of Windows, as browsers know.
_WINDOWS = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_BLOCKS_IN_LAYOUT = frozenset(("table", "h1", "h2", "h3", "h4", "h5", "h6", "form", "article", "section"))
_MAX_CELL_WORDS = 120
_MIN_MAIN_SHARE = 0.4
_MIN_PROSE = 0.93
_MAX_DEPTH = 100


def parse_web(name: str, text: str) -> ParsedDocument:
    """Structure a decoded HTML page. Raises `ParseError` (code `empty`) for a page without text."""
    return parse_converted(name, text, file_format="html", finder=markup_finder(text))


def parse_converted(name: str, text: str, *, file_format: str, finder: LineFinder | None) -> ParsedDocument:
    """As `parse_web`, for a page that was made from a file of another format; `finder` knows its lines."""
    builder = TextBuilder()
    title = add_web(builder, text, finder)
    if builder.is_empty:
        # Nesting beyond all limits: better without structure than not at all.
        builder.add(ElementKind.PARAGRAPH, stripped(text))
    return builder.build(title=title or title_from_name(name), file_format=file_format)


def add_web(builder: TextBuilder, text: str, finder: LineFinder | None = None, *, deeper: int = 0) -> str | None:
    """Append the content of a page to `builder` and return the page's title, if it has one."""
    root = _tree(text)
    title = _title(root)
    _clean(root)
    _choose_main(root)
    _flatten(root)
    tables = _own_tables(root)
    for piece in web_pieces(_markup(root)):
        own = next(tables.get(_squeezed(piece.text), iter(())), None) if piece.table is not None else None
        _add_piece(builder, piece if own is None else replace(piece, table=own), finder, deeper)
    return title


def _markup(node: etree._Element) -> str:
    return str(html.tostring(node, encoding="unicode", with_tail=False)).translate(_WINDOWS)


def _own_tables(root: etree._Element) -> dict[str, Iterator[str]]:
    """The page's tables by their text: in its own markup of them the library forgets which cells are merged."""
    found: dict[str, list[str]] = defaultdict(list)
    for table in root.iter("table"):
        found[_squeezed("".join(table.itertext()).translate(_WINDOWS))].append(_markup(table))
    return {text: iter(tables) for text, tables in found.items()}


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _add_piece(builder: TextBuilder, piece: Piece, finder: LineFinder | None, deeper: int) -> None:
    if piece.kind is ElementKind.CODE:
        # A whole document may stand in one `pre`.
        for block in re.split(r"\n[ \t]*\n", piece.text):
            kind = ElementKind.PARAGRAPH if _is_prose(block) else ElementKind.CODE
            builder.add(kind, block, place=finder.find(block) if finder is not None else None)
        return
    place = finder.find(piece.text) if finder is not None and piece.text.strip() else None
    if piece.kind is ElementKind.TABLE_ROW and piece.table is not None:
        add_table(builder, piece.table, place, finder=finder)
        return
    kind = ElementKind.PARAGRAPH if piece.kind is ElementKind.TABLE_ROW else piece.kind
    level = None if piece.level is None else piece.level + deeper
    builder.add(kind, piece.text, level=level, place=place)


def _is_prose(text: str) -> bool:
    """True for typewritten text, which old pages set as preformatted too."""
    return len(text) > 0 and sum(char.isalpha() or char in " \n.," for char in text) >= _MIN_PROSE * len(text)


def _tree(text: str) -> etree._Element:
    if not text.strip():
        refuse_empty()
    # A declared encoding contradicts text that is decoded already.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1)
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    assert isinstance(root, etree._Element)
    return root


def _title(root: etree._Element) -> str | None:
    for path in (".//h1", ".//title"):
        for found in root.iterfind(path):
            title = " ".join("".join(found.itertext()).split())
            if title:
                return title[:200]
    return None


def _clean(root: etree._Element) -> None:
    """Take out what a reader of the page does not read, and open tables that only lay the page out."""
    for node in list(root.iter()):
        if node is root or node.getparent() is None or not isinstance(node.tag, str) or node.tag == "body":
            continue
        hidden = node.get("hidden") is not None or _HIDDEN_STYLE.search(node.get("style") or "")
        boilerplate = node.tag in _DROPPED or (node.get("role") or "").lower() in _BOILERPLATE_ROLES
        skips = node.tag == "a" and _SKIP_LINK.match("".join(node.itertext()))
        if hidden or boilerplate or skips:
            node.drop_tree()
        elif node.tag in _RENAMED:
            node.tag = _RENAMED[node.tag]
        elif node.tag == "caption":
            _move_caption(node)
    for table in reversed(list(root.iter("table"))):
        if _is_layout(table):
            _open_table(table)


def _move_caption(caption: etree._Element) -> None:
    """Put a table's caption before the table, where it is a paragraph of its own."""
    table = next(caption.iterancestors("table"), None)
    if table is not None:
        caption.drop_tree()
        caption.tag, caption.tail = "p", None
        table.addprevious(caption)


def _is_layout(table: etree._Element) -> bool:
    if (table.get("role") or "").lower() == "presentation":
        return True
    if any(node.tag in _BLOCKS_IN_LAYOUT for node in table.iterdescendants() if isinstance(node.tag, str)):
        return True
    if max((len(row) for row in table.iter("tr")), default=0) <= 1:
        return True
    return any(len("".join(cell.itertext()).split()) > _MAX_CELL_WORDS for cell in table.iter("td", "th"))


def _open_table(table: etree._Element) -> None:
    """Turn a table into plain divisions, so that what its cells hold stands in the page itself."""
    for node in list(table.iter("td", "th", "tr", "tbody", "thead", "tfoot", "caption", "colgroup", "col")):
        owner = next(node.iterancestors("table"), None)
        if owner is table:
            node.tag = "div"
            node.attrib.clear()
    table.tag = "div"
    table.attrib.clear()


def _flatten(root: etree._Element) -> None:
    """Take out tags nested deeper than the library's parser goes, which would drop their text unseen."""
    depth = 0
    too_deep: list[etree._Element] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if event == "start" and depth > _MAX_DEPTH:
            too_deep.append(node)
    for node in reversed(too_deep):
        node.drop_tag()


def _choose_main(root: etree._Element) -> None:
    """Keep the library from taking a small `main` for the whole page."""
    body = root.find("body")
    main = root.find(".//main")
    if body is None or main is None:
        return
    if len("".join(main.itertext())) < _MIN_MAIN_SHARE * len("".join(body.itertext())):
        for node in root.iter("main"):
            node.tag = "div"
