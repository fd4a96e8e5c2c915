"""Finds mail addresses, handles, personal pages, and addresses of machines. Linear in the length of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from .kinds import Find, Kind

_GAP = r"[ \t]{0,2}(?:\n[ \t>]{0,6})?+"  # where a long address may be broken
_MAIL = re.compile(
    rf"(?<![\w.+%'-])[\w.+%'&/=-]{{1,256}}+{_GAP}@{_GAP}[\w-]{{1,63}}+(?:(?:\.|[ \t]?\.[ \t]?\n[ "
    rf"\t>]{{0,6}}|{_GAP}\.(?=\w))[\w-]{{1,63}}+){{1,8}}+"
)
_AT = r"(?:[ \t]{0,3}[\[({<][ \t]?(?:at|ät|@)[ \t]?[\])}>][ \t]{0,3}|[ \t]{1,3}(?:at|ät|@)[ \t]{1,3})"
_DOT = r"(?:[ \t]{0,3}[\[({<][ \t]?(?:dot|punkt|\.)[ \t]?[\])}>][ \t]{0,3}|[ \t]{1,3}(?:dot|punkt|kropka)[ \t]{1,3}|\.)"
_SPELT_AT = re.compile(_AT, re.IGNORECASE)
_SPELT_LOCAL = re.compile(rf"[\w+-]{{1,64}}(?:{_DOT}[\w+-]{{1,64}}){{0,4}}$", re.IGNORECASE)
_SPELT_DOMAIN = re.compile(rf"[\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{1,5}}", re.IGNORECASE)
_WORD_DOT = re.compile(_DOT.removesuffix(r"|\.)") + ")", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@./:+-])@[A-Za-z_][\w.-]{1,38}+(?![/@])")
_PAGE = re.compile(
    r"(?<![\w.])(?:https?://)?(?:www\.|[a-z]{2}\.)?(?:linkedin\.com/(?:in|pub)/|xing\.com/(?:profile|"
    r"profiles)/|facebook\.com/|fb\.com/|"
    r"instagram\.com/|twitter\.com/|x\.com/|t\.me/|wa\.me/|github\.com/|gitlab\.com/|youtube\.com/@|tiktok\.com/@|"
    r"medium\.com/@|bsky\.app/profile/|mastodon\.social/@|threads\.net/@|orcid\.org/|researchgate\.net/profile/|"
    r"(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}/~)[\w.%@~-]{1,80}+(?!/)",
    re.IGNORECASE,
)
_MAC = re.compile(
    r"(?<![\w:.-])(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})(?![\w:-])",
    re.IGNORECASE,
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_VERSIONED = re.compile(r"(?:\bv|version|release|section|clause|§|nr\.?|no\.?)[ \t]{0,2}$", re.IGNORECASE)
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:\.\d{1,3}){0,3}+(?![\w:])", re.IGNORECASE)


def find_contacts(text: str) -> Iterator[Find]:
    """What lies in `text`, kinds mixed and perhaps overlapping."""
    if "@" in text:
        for match in _MAIL.finditer(text):
            start = match.start() + len(match[0]) - len(match[0].lstrip("'/=.&"))
            yield Find(start=start, end=match.end(), kind=Kind.EMAIL, of=_letters(match[0]).strip("'/=.&"))
        for match in _HANDLE.finditer(text):
            end = match.end() - len(match[0]) + len(match[0].rstrip(".-"))
            yield Find(start=match.start(), end=end, kind=Kind.HANDLE, of=match[0].rstrip(".-").lower())
    yield from _spelt(text)
    if "/" in text:
        for match in _PAGE.finditer(text):
            of = match[0].lower().partition("://")[2] or match[0].lower()
            yield Find(start=match.start(), end=match.end(), kind=Kind.URL, of=of.removeprefix("www.").rstrip("."))
    yield from _machines(text)


def _letters(text: str) -> str:
    return re.sub(r"[\s>]+", "", text).lower()


def _spelt(text: str) -> Iterator[Find]:
    """Addresses whose signs are written as words: "ana at example dot com"."""
    for at in _SPELT_AT.finditer(text):
        domain = _SPELT_DOMAIN.match(text, at.end(), at.end() + 260)
        if domain is None:
            continue
        before = text[max(0, at.start() - 140) : at.start()]
        local = _SPELT_LOCAL.search(before)
        if local is None:
            continue
        bracketed = not at[0].strip(" \t").isalpha()
        if not bracketed and not _WORD_DOT.search(domain[0]) and not re.search(r"[._+\d]|\bdot\b", local[0]):
            continue  # "available at example.com" speaks of a place
        start = at.start() - len(before) + local.start()
        of = re.sub(_DOT, ".", text[start : at.start()] + "@" + domain[0], flags=re.IGNORECASE)
        yield Find(start=start, end=domain.end(), kind=Kind.EMAIL, of=_letters(of))


def _machines(text: str) -> Iterator[Find]:
    if ":" in text or "-" in text or "." in text:
        for match in _MAC.finditer(text):
            yield Find(start=match.start(), end=match.end(), kind=Kind.MAC, of=re.sub(r"\W", "", match[0]).lower())
    for match in _IPV4.finditer(text):
        if all(int(part) < 256 for part in match[0].split(".")) and not _VERSIONED.search(
            text[max(0, match.start() - 12) : match.start()]
        ):
            yield Find(start=match.start(), end=match.end(), kind=Kind.IP, of=match[0])
    if "::" in text or text.count(":") > 6:
        for match in _IPV6.finditer(text):
            try:
                address = IPv6Address(match[0])
            except (AddressValueError, ValueError):
                continue
            if len(match[0]) > 4:
                yield Find(start=match.start(), end=match.end(), kind=Kind.IP, of=address.compressed)
