"""Sitemaps (sitemaps.org, protocol 0.9): XML, an index of others, plain lists, each also gzipped."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from ...errors import SourceError
from .urls import canonical_url

_MAX_BYTES = 64 * 1024 * 1024
_MAX_SITEMAPS = 1000
_GZIP = b"\x1f\x8b"


def sitemap_urls(sitemaps: tuple[str, ...], load: Callable[[str], bytes], limit: int) -> tuple[str, ...]:
    """The page URLs that sitemaps name, in order, once each, at most `limit`. `load` gives a sitemap's bytes.

    Raises:
        SourceError: one of them cannot be read: what it lists would look removed.
    """
    found: dict[str, None] = {}
    queue, seen = list(sitemaps), set(sitemaps)
    while queue and len(found) < limit:
        sitemap = queue.pop(0)
        pages, others = _entries(sitemap, _unpacked(sitemap, load(sitemap)))
        found.update(dict.fromkeys(pages))
        fresh = [other for other in dict.fromkeys(others) if other not in seen]
        seen.update(fresh)
        queue.extend(fresh)
        if len(seen) > _MAX_SITEMAPS:
            raise SourceError(
                f"the sitemap {sitemap} leads to more than {_MAX_SITEMAPS:,} others: name those that are wanted",
                retryable=False,
            )
    return tuple(found)[:limit]


def _unpacked(sitemap: str, data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(data, _MAX_BYTES)
    except zlib.error as error:
        raise SourceError(f"the sitemap {sitemap} is damaged: its gzip data cannot be unpacked") from error
    if not unpacker.eof:
        raise SourceError(f"the sitemap {sitemap} is cut off, or unpacks to more than {_MAX_BYTES:,} bytes")
    return found


def _entries(sitemap: str, data: bytes) -> tuple[list[str], list[str]]:
    from lxml import etree

    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        lines = [line for line in data.decode("utf-8-sig", "replace").splitlines() if line.strip()]
        listed = [found for found in map(canonical_url, lines) if found]
        if not lines or len(listed) < len(lines):
            raise SourceError(f"{sitemap} is no sitemap: it is neither XML nor a list of URLs", retryable=False)
        return listed, []
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        raise SourceError(f"the sitemap {sitemap} is no XML that can be read, near line {error.lineno}") from error
    kind = etree.QName(root).localname
    if kind not in ("urlset", "sitemapindex"):
        raise SourceError(f"{sitemap} is no sitemap: it begins with <{kind}>", retryable=False)
    places: list[str] = []
    for entry in root:
        for node in entry if isinstance(entry.tag, str) else ():
            if isinstance(node.tag, str) and etree.QName(node).localname == "loc":
                place = canonical_url(node.text or "")
                if place is not None:
                    places.append(place)
    return (places, []) if kind == "urlset" else ([], places)
