"""Markdown to readable plain text, for any slice of a document: a quote, a heading, a table cell."""

from __future__ import annotations

import html
import re

from .model import Markup

# What no later rule may touch waits in a list; "\ue000" + index + "\ue001" stands for them.
_HELD = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")
_CODE = re.compile(r"(?<![`\\])(`{1,3})(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>|\\\n", re.IGNORECASE)
_AUTOLINK = re.compile(r"<((?:https?|ftp|mailto):[^\s<>]*|[^\s<>@]+@[^\s<>@]+)>", re.IGNORECASE)
_HTML_NAMES = (
    "a abbr address article aside audio b blockquote body button caption center cite code col colgroup dd "
    "del details dfn div dl dt em "
    "embed fieldset figcaption figure font footer form h[1-6] head header hr html i "
    "iframe img input ins kbd label legend li link main map mark menu meta nav noscript object ol option p "
    "param picture pre q s samp script section select small source span strike strong style sub summary sup "
    "svg path table tbody td template textarea tfoot th thead time title tr tt u ul var video wbr"
).replace(" ", "|")
_TAG = re.compile(rf"</?(?:{_HTML_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_COMPONENT = re.compile(r"<[A-Z]\w*(?:\s+[\w-]+=(?:\"[^\"]*\"|\{[^{}]*\}))*\s*/>")
_LABEL = r"((?:[^\[\]]|\[[^\[\]]*\]){0,2000})"
_TARGET = (
    r"\(\s*(?:<[^<>\n]*>|(?:[^\s()]|\((?:[^\s()]|\([^\s()]*\))*\))*)"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)"
)
_IMAGE = re.compile(rf"!\[{_LABEL}\]{_TARGET}(?:\{{[^{{}}]*\}})?")
_LINK = re.compile(rf"\[{_LABEL}\]{_TARGET}")
_REFERENCE = re.compile(r"(?<![\w\]])!?\[([^\[\]]+)\]\[[^\[\]]*\]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\](?!:)")
_URL = re.compile(r"(?:https?|ftp)://[^\s<>()\[\]*`|\"]+(?<![_~.,;:!?'])|www\.[^\s<>()\[\]*`|\"]+(?<![_~.,;:!?'])")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_STRIKE = re.compile(r"(?<!~)~~(?=[^\s~])(.+?)(?<=[^\s~])~~(?!~)", re.DOTALL)
_STRONG = (
    re.compile(r"(?<![\w*/])\*\*\*(?=[^\s*/.])(.+?)(?<=[^\s*/])\*\*\*(?![*/])", re.DOTALL),
    re.compile(r"(?<![\w*/])\*\*(?=[^\s*/.])(.+?)(?<=[^\s*/])\*\*(?![*/])", re.DOTALL),
    re.compile(r"(?<![\w_/])__(?=[^\s_/.])(?![a-z0-9_]+__(?!\w))(.+?)(?<=[^\s_/])__(?![\w/])", re.DOTALL),
)
_EMPHASIS = (
    re.compile(r"(?<![\w*/.)\]])\*(?=[^\s*/.,;:)?|])([^*]+?)(?<=[^\s*/(,|])\*(?![\w*/])"),
    re.compile(r"(?<![\w/.)\]])_(?=[^\s_/.,;:)?|])([^_]+(?:(?<=\w)_(?=\w)[^_]+)*)(?<=[^\s_/(,|])_(?![\w/])"),
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_RULE_LINE = re.compile(r"^[ \t>]*(?:(?:=+|(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|`{3,}[^`]*|~{3,}[^~]*))$")
_DELIMITER_ROW = re.compile(r"^[ \t>]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?[ \t]*)?$")
_MARKERS = re.compile(r"^[ \t]*(?:>[ \t]?)*[ \t]*")
_BULLET = re.compile(r"^(?:[-*+][ \t]+)+(?:\[[ xX]\][ \t]+)?")
_NUMBER = re.compile(r"^\d{1,3}[.)][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S)")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$")


def prose(text: str, markup: Markup) -> str:
    """A slice of canonical text as a person reads it: markup rendered, whitespace folded to single spaces."""
    return plain(text) if markup == "markdown" else fold(text)


def fold(text: str) -> str:
    """Whitespace folded to single spaces, none at the ends."""
    return " ".join(text.split())


def plain(text: str) -> str:
    """Readable plain text of a Markdown slice, whitespace folded to single spaces.

    Links and images become their label, emphasis and code their content, HTML tags vanish, markers at line
    starts and table borders are dropped. What only looks like markup (snake_case, URLs, addresses, globs,
    arithmetic) stays as it is, so plain prose comes back unchanged but for its whitespace.
    """
    held: list[str] = []

    def hold(piece: str) -> str:
        held.append(piece)
        return f"\ue000{len(held) - 1}\ue001"

    text = _PRIVATE.sub(lambda m: hold(m.group()), text)
    text = "\n".join(_unmark(line, first=not number) for number, line in enumerate(text.split("\n")))
    text = _CODE.sub(lambda m: hold(m.group(2)), text)
    text = _BREAK.sub(" ", text)
    text = _ESCAPED.sub(lambda m: hold(m.group(1)), text)
    text = _AUTOLINK.sub(lambda m: hold(m.group(1)), _COMMENT.sub(" ", text))
    text = _IMAGE.sub(lambda m: m.group(1), text)
    text = _LINK.sub(lambda m: m.group(1), text)
    text = _FOOTNOTE.sub("", _REFERENCE.sub(lambda m: m.group(1), text))
    text = _COMPONENT.sub(" ", _TAG.sub("", text))
    text = _EMAIL.sub(lambda m: hold(m.group()), _URL.sub(lambda m: hold(m.group()), text))
    text = _STRIKE.sub(lambda m: m.group(1), text)
    for pattern in (*_STRONG, *_EMPHASIS):
        text = pattern.sub(lambda m: m.group(1), text)
    text = _ENTITY.sub(lambda m: html.unescape(m.group()), text)
    return " ".join(_release(text, held).split())


def _unmark(line: str, *, first: bool) -> str:
    """A line without block markers and table borders; empty when it is nothing but markup."""
    if _RULE_LINE.match(line) or (_DELIMITER_ROW.match(line) and "-" in line):
        return ""
    rest = line[_MARKERS.match(line).end() :] if line.lstrip().startswith(">") else line.lstrip()  # type: ignore[union-attr]
    rest = _BULLET.sub("", rest)
    if first:
        # On later lines a number is as likely the wrapped end of a sentence.
        rest = _NUMBER.sub("", rest)
    if heading := _HEADING.match(rest):
        return heading.group(1)
    bare = rest.strip()
    if bare.startswith("|"):
        rest = bare[1:].removesuffix("|")
    return rest


def _release(text: str, held: list[str]) -> str:
    """Put held pieces back; a held address may itself contain held characters."""
    return _HELD.sub(lambda m: _release(held[int(m.group(1))], held), text)
