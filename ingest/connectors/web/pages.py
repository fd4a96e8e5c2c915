"""HTML pages: decoded, their links and canonical URL found, boilerplate taken out, what repeats across pages told.

Only elements are taken out, no word is added or moved, so that what is left stands in the page in this order. Out go
scripts, navigation, cookie banners, and headers, footers and asides that belong to the page and not to its `main` or
`article`; then the blocks at a page's edges that most pages of the host have too (`strip_repeated`).
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

if TYPE_CHECKING:
    from lxml import etree

_ALWAYS = frozenset(("script", "style", "template", "nav", "iframe", "object", "embed", "svg", "canvas", "dialog"))
_OF_PAGE = frozenset(("header", "footer", "aside"))
_ROLES = frozenset(("navigation", "search", "menu", "menubar", "banner", "contentinfo", "dialog", "alertdialog"))
_COOKIES = re.compile(
    r"(?:cookie|consent|gdpr)s?[-_]*(?:banner|notice|bar|popup|pop-up|modal|overlay|message|dialog|law|info|box|wall)"
    r"|onetrust|usercentrics|cookiebot|cc-window|klaro|didomi",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr legend li main ol p pre section summary table tbody td tfoot th thead"
    " tr ul".split()
)
_EDGE = 40
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a listing wants of a page. `links` are absolute, in order, once each; `blocks` as in `Record`."""

    title: str
    canonical: str
    links: tuple[str, ...]
    blocks: tuple[str, ...]
    index: bool
    follow: bool


def decode(data: bytes, charset: str) -> str:
    """The text of a page: by its byte order mark, the header's charset, its own declaration, then by its bytes."""
    names = [name for mark, name in _MARKS if data.startswith(mark)] + [charset]
    declared = _META.search(data[:4096])
    names += [declared[1].decode("ascii", "replace")] if declared else []
    for name in [*names, "utf-8"]:
        # Browsers read these three as Windows's own, and pages rely on it.
        known = "cp1252" if name.lower() in ("iso-8859-1", "latin1", "us-ascii") else name
        try:
            return data.decode(known).removeprefix("\ufeff")
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def page_facts(text: str, url: str) -> PageFacts:
    """Title, canonical link, links, edge blocks and the robots rules of a page."""
    root = _tree(text)
    base = urljoin(url, next((node.get("href", "") for node in root.iter("base")), "") or url)
    canonical, rules = "", ""
    links: dict[str, None] = {}
    for node in root.iter("link", "meta", "a", "area"):
        href = node.get("href") or ""
        if node.tag == "link" and "canonical" in (node.get("rel") or "").lower().split():
            canonical = canonical or _joined(base, href)
        elif node.tag == "meta" and (node.get("name") or "").lower() == "robots":
            rules += (node.get("content") or "").lower()
        elif node.tag in ("a", "area") and href and "nofollow" not in (node.get("rel") or "").lower().split():
            links[_joined(base, href)] = None
    title = next((_text(node) for node in root.iter("title")), "")
    _clean(root)
    found = [_hash(words) for node, words in _blocks(root) if not _is_main(node)]
    edges = dict.fromkeys(found[:_EDGE] + found[-_EDGE:])
    closed = "none" in rules.replace(",", " ").split()
    return PageFacts(
        title=title[:300],
        canonical=canonical,
        links=tuple(link for link in links if link),
        blocks=tuple(edges),
        index="noindex" not in rules and not closed,
        follow="nofollow" not in rules and not closed,
    )


def main_content(text: str, repeated: frozenset[str], *, keep_prose: bool) -> bytes:
    """A page without boilerplate, as an HTML document in UTF-8.

    `repeated` are hashes of blocks that most pages of the host have; those at the page's edges go. With `keep_prose`
    only the ones made of links go: one page keeps what is said on all of them.
    """
    from lxml import html

    root = _tree(text)
    title = next((_text(node) for node in root.iter("title")), "")
    whole = _text(root.find("body"))
    _clean(root)
    _strip_repeated(root, repeated, keep_prose)
    body = root.find("body")
    if whole and not _text(body):
        # Nothing but what looks like boilerplate: then that is what the page says.
        body = _tree(text).find("body")
    head = html.Element("head")
    head.append(html.Element("meta", {"charset": "utf-8"}))
    head.append(html.Element("title"))
    head[-1].text = title
    page = html.Element("html")
    page.extend((head, body))
    return bytes(html.tostring(page, encoding="utf-8", doctype="<!DOCTYPE html>"))


def _tree(text: str) -> etree._Element:
    from lxml import html

    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1).replace("\0", "")
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    data = text.encode("utf-8", "replace") if text.strip() else b"<html></html>"
    return html.document_fromstring(data, parser=parser, ensure_head_body=True)


def _clean(root: etree._Element) -> None:
    for node in list(root.iter()):
        if node is root or node.tag in ("head", "body") or not isinstance(node.tag, str) or node.getparent() is None:
            continue
        if _is_boilerplate(node):
            heading = _only_heading(root, node)
            if heading is not None:
                node.addprevious(heading)
            node.drop_tree()


def _is_boilerplate(node: etree._Element) -> bool:
    if node.tag in _ALWAYS or (node.get("role") or "").lower() in _ROLES:
        return True
    if node.tag in _OF_PAGE:
        return not _is_main(node)
    named = f"{node.get('id') or ''} {node.get('class') or ''}"
    return node.tag in ("div", "section", "p", "form") and _COOKIES.search(named) is not None and not _holds_main(node)


def _is_main(node: etree._Element) -> bool:
    """Whether it stands in the page's main part."""
    return any(
        above.tag in ("main", "article") or (above.get("role") or "").lower() == "main"
        for above in (node, *node.iterancestors())
    )


def _holds_main(node: etree._Element) -> bool:
    return any(True for _ in node.iter("main", "article", "h1"))


def _only_heading(root: etree._Element, node: etree._Element) -> etree._Element | None:
    """The page's first-level heading when it stands in a part that goes and is the only one."""
    headings = list(root.iter("h1"))
    return headings[0] if node.tag == "header" and len(headings) == 1 and node in headings[0].iterancestors() else None


def _strip_repeated(root: etree._Element, repeated: frozenset[str], keep_prose: bool) -> None:
    blocks = list(_blocks(root))
    gone: list[etree._Element] = []
    for run in (blocks, blocks[::-1]):
        for node, words in run:
            if _hash(words) not in repeated or _is_main(node):
                break
            if not keep_prose or _is_links(node, words):
                gone.append(node)
    for node in gone:
        if node.getparent() is not None and node.tag != "body":
            node.drop_tree()


def _blocks(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """The innermost blocks with words in them, in order; a table is one block, for its rows belong together."""
    body = root.find("body")
    if body is None:
        return
    stack = [body]
    while stack:
        node = stack.pop()
        inner = [child for child in node if isinstance(child.tag, str)]
        nested = node.tag != "table" and any(one.tag in _BLOCKS for one in node.iterdescendants())
        if nested:
            own = (node.text or "") + "".join(child.tail or "" for child in inner)
            if own.strip():
                # Words between blocks: the whole is one block, nothing is told apart inside it.
                yield node, _text(node)
            else:
                stack.extend(reversed(inner))
        elif words := _text(node):
            yield node, words


def _is_links(node: etree._Element, words: str) -> bool:
    linked = sum(len(_SPACES.sub(" ", "".join(one.itertext())).strip()) for one in node.iter("a"))
    return linked >= 0.8 * len(words)


def _text(node: etree._Element | None) -> str:
    return _SPACES.sub(" ", " ".join(node.itertext())).strip() if node is not None else ""


def _hash(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:16]


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return ""
