"""Takes the danger out of an answer's text: links only to cited sources, no pictures, no HTML."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

_REFERENCE = re.compile(
    r"^[ \t]{0,3}\[[^\]\n]{1,200}\]:[ \t]*<?(?:[a-z][a-z0-9+.-]{1,30}:(?=\S)|www\.|//)[^\n]*$",
    re.MULTILINE | re.IGNORECASE,
)
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,500})\](?:\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)|\[[^\]\n]{0,200}\])")
_LINK = re.compile(r"\[([^\[\]\n]{0,500})\]\(([^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)")
_TAGS = (
    "a abbr area article audio b base blockquote body br button canvas center code div dl dt dd embed em fieldset "
    "font footer "
    "form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins label li link main map marquee "
    "math meta "
    "nav object ol option p param picture pre s script section select small source span strong style sub sup svg "
    "table tbody "
    "td textarea template tfoot th thead title tr track u ul video"
)
_TAG = re.compile(rf"<(?:!--|/?(?:{'|'.join(_TAGS.split())})(?![\w-]))[^<>]{{0,2000}}>?", re.IGNORECASE)
_SCRIPT = re.compile(
    r"<(script|style|iframe|object|svg)\b[^<>]{0,2000}>.{0,20000}?</\1\s{0,9}>", re.IGNORECASE | re.DOTALL
)
_ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,30}://|\b(?:javascript|data|vbscript|file|blob|mailto|tel):(?=\S)|"
    r"(?<![\w@/])//(?=[\w-]+\.)|"
    r"\bwww\d?\.)[^\s<>\"'`|\\^{}]+",
    re.IGNORECASE,
)
_AUTOLINK = re.compile(r"<((?:https?|ftp|mailto):[^<>\s]{1,2000})>", re.IGNORECASE)
_SPACES = frozenset("\u00a0\u202f\u2009")
_KEPT_MARKS = "\ue000\ue001"
_KEPT = re.compile(f"{_KEPT_MARKS[0]}(\\d+){_KEPT_MARKS[1]}")
_MOST_LAYERS = 4
_LIVE = re.compile(
    rf"\](?=\()|<(?=!--|/?(?:{'|'.join(_TAGS.split())})(?![\w-]))|(?:javascript|vbscript):|https?://", re.IGNORECASE
)
_TRAILING = ".,;:!?)]}»”’*_"
_REMOVED = "[link removed]"
_SAFE_SCHEMES = frozenset(("http", "https", "file"))


def defang(answer: str, allowed_uris: Collection[str]) -> str:
    """The answer with links only to `allowed_uris`, those of cited sources, and without pictures and HTML.

    A link elsewhere is reduced to its text, a bare address to a note that it was removed. Addresses are compared whole,
    but for a fragment (`#...`); what stands after a `?` counts.
    """
    text = "".join(c for c in answer if c in "\n\t" or (c.isprintable() and c not in _KEPT_MARKS) or c in _SPACES)
    links = _Links({_bare(uri) for uri in allowed_uris})
    for _ in range(_MOST_LAYERS):
        before = text
        text = _AUTOLINK.sub(lambda found: found.group(1), text)
        text = _TAG.sub("", _SCRIPT.sub("", text))
        text = _IMAGE.sub(lambda found: found.group(1), _REFERENCE.sub("", text))
        text = _ADDRESS.sub(links.address, _LINK.sub(links.link, text))
        if text == before:
            break
    # Whatever was nested deeper than that is no answer's honest writing: it is broken up.
    return links.restored(_LIVE.sub(lambda mark: mark.group()[0] + " " + mark.group()[1:], text))


class _Links:
    """Decides on links one by one; those that stay are set aside, so that no later step takes them apart."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = allowed
        self._kept: list[str] = []

    def link(self, found: re.Match[str]) -> str:
        """What stands for a Markdown link."""
        label, target = found.group(1), (found.group(2).split() or [""])[0].strip("<>")
        if _is_allowed(target, self._allowed):
            shown = label if label.strip() == target else _ADDRESS.sub(_REMOVED, label)
            return self._keep(f"[{self.restored(shown)}]({target})")
        return _REMOVED if _ADDRESS.search(label) else label

    def address(self, found: re.Match[str]) -> str:
        """What stands for a bare address."""
        whole = found.group()
        target = whole.rstrip(_TRAILING)
        if whole[len(target) :].startswith(")") and target.count("(") > target.count(")"):
            target += ")"
        return (self._keep(target) if _is_allowed(target, self._allowed) else _REMOVED) + whole[len(target) :]

    def restored(self, text: str) -> str:
        """The text with what was set aside back in its place."""
        return _KEPT.sub(lambda found: self._kept[int(found.group(1))], text)

    def _keep(self, shown: str) -> str:
        self._kept.append(shown)
        return f"{_KEPT_MARKS[0]}{len(self._kept) - 1}{_KEPT_MARKS[1]}"


def _is_allowed(address: str, allowed: Collection[str]) -> bool:
    scheme = address.partition(":")[0].lower()
    return scheme in _SAFE_SCHEMES and _bare(address) in allowed


def _bare(uri: str) -> str:
    try:
        parts = urlsplit(uri.strip())
    except ValueError:
        return uri.strip()
    return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), fragment="").geturl()
