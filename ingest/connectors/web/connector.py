"""Web sites as a source: pages reached from start pages or listed in sitemaps, and the documents they link to.

`crawling` decides what is there; here its records become items, and a kept body the bytes that a parser gets.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import weakref
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile
from ...settings import WebSettings
from .cache import Record, SiteCache
from .crawling import Crawl, body_of
from .fetching import MAX_BODY_BYTES, Fetcher
from .pages import decode, main_content
from .robots import Robots
from .urls import configured_url, host_of, name_of, origin_of, path_of

_MIN_PAGES = 4
_CONTENT_VERSION = "1"


class WebConnector:
    """Pages of web sites. Globs and rules go by the path; with several hosts, by the host and the path.

    Bodies are fetched at listing and kept in the cache folder; `read` gives what was listed.
    """

    kind = "web"
    scopes: tuple[str, ...] | None = None

    def __init__(self, settings: WebSettings, cache: Path, sleep: Callable[[float], None] = time.sleep) -> None:
        if not settings.start and not settings.sitemaps:
            raise SourceError(f"the source {settings.name} has neither `start` nor `sitemaps`", retryable=False)
        self._settings = settings
        self._folder = cache
        self._sleep = sleep
        self._places = [configured_url(url, settings.name) for url in settings.start + settings.sitemaps]
        hosts = settings.hosts or tuple({host_of(url) for url in self._places})
        self._one_host = len(hosts) == 1
        self._open: SiteCache | None = None

    @property
    def location(self) -> str:
        """The host of the first start page or sitemap."""
        return origin_of(self._places[0]).rstrip("/")

    def list(self) -> Listing:
        """All pages and documents within reach.

        Raises:
            SourceError: a start page, sitemap or robots.txt cannot be had, a host asks for a long rest or stops
                answering, or the cache folder cannot be written.
        """
        with self._cache() as cache, Fetcher(self._settings, self._sleep) as fetcher:
            crawl = Crawl(self._settings, cache, fetcher, self._relative)
            crawl.run()
            shared = _shared_blocks(cache, crawl.visited)
            cache.set_fact(
                "shared", json.dumps({host: [first, sorted(rest)] for host, (first, rest) in shared.items()})
            )
            items: dict[str, Item] = {}
            hidden = crawl.hidden
            for url in crawl.visited:
                record = cache.get(url)
                if record is None or not record.uri:
                    continue
                if not record.listed or not self._settings.admits(self._relative(record.uri)):
                    hidden += 1
                elif record.uri in items:
                    hidden += 1
                    if record.url == record.uri:
                        items[record.uri] = self._item(record, shared)
                else:
                    items[record.uri] = self._item(record, shared)
            ordered = tuple(items[uri] for uri in sorted(items))
            return Listing(items=ordered, unlisted=tuple(crawl.unlisted), hidden=hidden)

    def read(self, item: Item) -> RawFile:
        """One page's main content as an HTML document in UTF-8, or a linked document as it is.

        Raises:
            ParseError: with code "unreadable", "vanished" or "too_large".
            SourceError: the host asks for a long rest, or the cache folder cannot be used.
        """
        with self._cache() as cache:
            record = cache.by_uri(item.uri)
            body = cache.body(record) if record is not None and record.digest else None
            kind = record.content_type if record is not None else ""
            if body is None:
                kind, body = self._fetch(record.url if record is not None else item.uri)
            if kind != "text/html":
                return RawFile(name=item.name, data=body)
            first, shared = _known_shared(cache).get(host_of(item.uri), ("", frozenset()))
            text = decode(body, "utf-8")
            return RawFile(name=item.name, data=main_content(text, shared, keep_prose=item.uri == first))

    def _item(self, record: Record, shared: dict[str, tuple[str, frozenset[str]]]) -> Item:
        first, repeated = shared.get(host_of(record.uri), ("", frozenset()))
        mark = record.digest or f"unread {record.etag} {record.last_modified}"
        if record.content_type == "text/html":
            cut = sorted(repeated.intersection(record.blocks))
            mark = hashlib.sha256(repr((_CONTENT_VERSION, mark, cut, record.uri == first)).encode()).hexdigest()
        return Item(
            uri=record.uri,
            name=name_of(record.uri, record.content_type),
            fingerprint=mark,
            modified_at=record.modified_at,
            access=self._settings.access_of(self._relative(record.uri)),
            metadata={"title": record.title} if record.title else {},
            size=record.size or None,
        )

    def _fetch(self, url: str) -> tuple[str, bytes]:
        """A body that the cache has lost, with its content type."""
        with Fetcher(self._settings, self._sleep) as fetcher:
            allowed = Robots(fetcher, self._settings.user_agent).allows(url)
            answer = fetcher.get(url) if allowed else None
        if answer is not None and answer.body is not None:
            kind = answer.content_type
            return "text/html" if kind == "application/xhtml+xml" else kind, body_of(answer)
        if answer is not None and answer.too_large:
            raise ParseError(
                Problem(
                    code="too_large",
                    reason=f"it has more than {MAX_BODY_BYTES:,} bytes",
                    mend="leave it out with `exclude`, or publish it in parts",
                )
            )
        if answer is not None and answer.status in (404, 410):
            raise ParseError(
                Problem(
                    code="vanished",
                    reason="it was listed, then gone before it could be read",
                    mend="the next sync settles it",
                )
            )
        said = "robots.txt forbids it" if answer is None else answer.failure or f"it answers {answer.status}"
        raise ParseError(
            Problem(code="unreadable", reason=f"the page cannot be had: {said}", mend="sync again when it answers")
        )

    def _relative(self, url: str) -> str:
        return path_of(url) if self._one_host else f"{host_of(url)}/{path_of(url)}"

    def close(self) -> None:
        """Closes the cache."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _cache(self) -> Iterator[SiteCache]:
        try:
            if self._open is None:
                reach = repr((self._settings.start, self._settings.sitemaps, self._settings.hosts))
                self._open = SiteCache(self._folder, reach)
                weakref.finalize(self, self._open.close)
            yield self._open
        except sqlite3.Error as error:
            if self._open is not None:
                self._open.close()
                self._open = None
            raise SourceError(
                f"the cache of the source {self._settings.name} in {self._folder} cannot be used: sync again, and if "
                "it comes back delete that folder"
            ) from error
        except OSError as error:
            raise SourceError(
                f"the cache of the source {self._settings.name} in {self._folder} cannot be written: {error.strerror}"
            ) from error


def _shared_blocks(cache: SiteCache, visited: dict[str, None]) -> dict[str, tuple[str, frozenset[str]]]:
    """For each host the page that keeps what is said on most of its pages, and the hashes of those blocks."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    pages: Counter[str] = Counter()
    first: dict[str, str] = {}
    for url in visited:
        record = cache.get(url)
        if record is None or not record.listed or record.content_type != "text/html":
            continue
        host = host_of(url)
        pages[host] += 1
        counts[host].update(record.blocks)
        first[host] = min(first.get(host, record.uri), record.uri, key=lambda uri: (len(uri), uri))
    return {
        host: (first[host], frozenset(block for block, count in counts[host].items() if 2 * count > pages[host]))
        for host in pages
        if pages[host] >= _MIN_PAGES
    }


def _known_shared(cache: SiteCache) -> dict[str, tuple[str, frozenset[str]]]:
    found = json.loads(cache.fact("shared") or "{}")
    return {host: (first, frozenset(blocks)) for host, (first, blocks) in found.items()}
