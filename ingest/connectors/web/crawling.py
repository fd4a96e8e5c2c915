"""One walk over a site: which pages are there, which are gone, and which must be kept for want of an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ...errors import Problem, SourceError
from ...model import Unlisted
from ...settings import Pattern, WebSettings
from .cache import Record, SiteCache
from .fetching import Answer, Fetcher
from .pages import decode, page_facts
from .robots import Robots
from .sitemaps import sitemap_urls
from .urls import canonical_url, configured_url, host_of, is_unwanted

_GONE = (404, 410)
_MOVED = (301, 302, 303, 307, 308)
_MOVED_FOR_GOOD = (301, 308)


class Crawl:
    """Walks breadth first, one level of links after the other, and keeps what it learns in the cache.

    After `run`, `visited` are the URLs whose records stand in the cache and are confirmed, `unlisted` the places that
    could not be looked at, `hidden` the number of URLs that rules or their kind leave out.
    """

    def __init__(
        self, settings: WebSettings, cache: SiteCache, fetcher: Fetcher, relative: Callable[[str], str]
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._fetcher = fetcher
        self._relative = relative
        self._robots = Robots(fetcher, settings.user_agent)
        self._excluded = Pattern(settings.exclude)
        self._start = tuple(configured_url(url, settings.name) for url in settings.start)
        self._sitemaps = tuple(configured_url(url, settings.name) for url in settings.sitemaps)
        self._hosts = frozenset(settings.hosts or map(host_of, self._start + self._sitemaps))
        self._needed = set(self._start)
        self._levels: list[list[str]] = [[] for _ in range(max(0, settings.depth) + 1)]
        self._seen: set[str] = set()
        self._gone: set[str] = set()
        self._kept: set[str] = set()
        self._complete = cache.complete
        self._blind = False
        self.visited: dict[str, None] = {}
        self.unlisted: list[Unlisted] = []
        self.hidden = 0

    def run(self) -> None:
        """Walks.

        Raises:
            SourceError: a start page, sitemap or robots.txt cannot be had, or a host stops answering.
        """
        limit = self._settings.max_pages
        self._enqueue(self._start, 0)
        self._enqueue(sitemap_urls(self._sitemaps, self._load_sitemap, 50 * limit), len(self._levels) - 1)
        count = 0
        left: list[str] = []
        for depth, level in enumerate(self._levels):
            for url in level:  # A redirect appends to the level that is being walked.
                if count >= limit:
                    left.append(url)
                    continue
                if url not in self._needed and self._excluded.matches(self._relative(url)):
                    self.hidden += 1
                    continue
                count += 1
                self._visit(url, depth)
        if left:
            self._limit_reached(left)
        self._finish()

    def _visit(self, url: str, depth: int) -> None:
        if not self._robots.allows(url):
            if url in self._needed:
                raise SourceError(f"robots.txt forbids the start page {url}: ask the site's owner", retryable=False)
            self.hidden += 1
            self._gone.add(url)
            return
        answer, known = self._load(url)
        status = answer.status
        if status in _MOVED:
            self._redirected(url, depth, answer)
        elif status in _GONE and url not in self._needed:
            self._gone.add(url)
        elif status in (200, 304) and known is not None:
            self.visited[url] = None
            self._enqueue(known.links, depth + 1)
        elif status == 200:
            if url in self._needed:
                raise SourceError(f"the start page {url} is no page or document: it is {answer.content_type!r}")
            self.hidden += 1
            self._gone.add(url)
        else:
            self._failed(url, depth, answer)

    def _load(self, url: str, *, any_type: bool = False) -> tuple[Answer, Record | None]:
        """The answer for a URL, and its record when it has been confirmed or made anew."""
        known = self._cache.get(url)
        headers = {}
        if known is not None and known.digest and self._cache.has_body(known):
            if known.etag:
                headers["If-None-Match"] = known.etag
            if known.last_modified:
                headers["If-Modified-Since"] = known.last_modified
        answer = self._fetcher.get(url, headers, any_type=any_type)
        if answer.status == 304 and headers:
            return answer, known
        if answer.status != 200 or (answer.body is None and not answer.too_large):
            return answer, None
        if any_type:
            answer = replace(answer, content_type="application/octet-stream")  # Kept byte by byte.
        record = make_record(url, answer, known)
        if not any_type:
            record = self._with_page(record, answer)
        if answer.body is not None:
            self._cache.keep_body(url, body_of(answer))
        self._cache.put(record)
        return answer, record

    def _with_page(self, record: Record, answer: Answer) -> Record:
        if record.content_type != "text/html" or answer.body is None:
            return replace(record, uri=record.url)
        facts = page_facts(decode(answer.body, answer.charset), record.url)
        links = [canonical_url(link) for link in facts.links] if facts.follow else []
        return replace(
            record,
            uri=self._own_uri(record.url, facts.canonical),
            title=facts.title,
            links=tuple(dict.fromkeys(link for link in links if link and link != record.url)),
            blocks=facts.blocks,
            listed=facts.index,
        )

    def _own_uri(self, url: str, canonical: str) -> str:
        """The canonical link, on the same host and where the same people may read it; otherwise the page's own URL."""
        found = canonical_url(canonical) if canonical else None
        if found is None or host_of(found) != host_of(url) or not self._robots.allows(found):
            return url
        there, here = self._relative(found), self._relative(url)
        settings = self._settings
        same = settings.admits(there) == settings.admits(here) and settings.access_of(there) == settings.access_of(here)
        return found if same else url

    def _redirected(self, url: str, depth: int, answer: Answer) -> None:
        target = canonical_url(answer.headers.get("location", ""), url)
        if target is not None and self._is_ours(target):
            self._cache.put(Record(url=url, redirect=target, listed=False))
            self.visited[url] = None
            if url in self._needed:
                self._needed.add(target)
            if target not in self._seen:
                self._seen.add(target)
                self._levels[depth].append(target)
            return
        if url in self._needed:
            raise SourceError(
                f"the start page {url} leads to {host_of(target) if target else 'nowhere'}: "
                "name that host in `hosts`, or another start page",
                retryable=False,
            )
        self.hidden += 1
        if answer.status in _MOVED_FOR_GOOD:
            self._gone.add(url)
        else:
            # A detour, to a page that asks to sign in perhaps: what is known stays.
            self._keep(url, depth, "moved_for_now", f"it leads to {host_of(target) if target else 'nowhere'} for now")

    def _failed(self, url: str, depth: int, answer: Answer) -> None:
        said = f"it answers {answer.status}" if answer.status else answer.failure
        if url in self._needed:
            raise SourceError(
                f"the start page {url} cannot be had ({said}); nothing is removed: check the URL, sync again later",
                retryable=answer.status not in (401, 403, *_GONE),
            )
        known = self._keep(url, depth, "unreachable_page", said)
        if not known and (answer.status == 0 or answer.status >= 500):
            if self._complete:
                self.unlisted.append(_unlisted(url, "unreachable_page", said))
            else:
                self._go_blind(url, said)

    def _keep(self, url: str, depth: int, code: str, said: str) -> bool:
        """Keeps what is known of a page and walks on through the links it had; whether anything is known."""
        known = self._cache.get(url)
        if known is None:
            return False
        self._kept.add(url)
        self.unlisted.extend(_unlisted(place, code, said) for place in dict.fromkeys((url, known.uri)) if place)
        self._enqueue((known.redirect,) if known.redirect else (), depth)
        self._enqueue(known.links, depth + 1)
        return True

    def _go_blind(self, url: str, said: str) -> None:
        """Nothing is known of what lies behind a page: then all of the site stays as it is."""
        if not self._blind:
            self._blind = True
            for origin in self._everywhere():
                self.unlisted.append(
                    Unlisted(
                        prefix=origin,
                        problem=Problem(
                            code="unreachable_page",
                            reason=f"{url}: {said}; what it leads to is not known, so nothing of the site is removed",
                            mend="sync again when it answers, or leave it out with `exclude`",
                        ),
                    )
                )

    def _limit_reached(self, left: list[str]) -> None:
        said = f"max_pages ({self._settings.max_pages:,}) is reached, at least {len(left):,} pages were not looked at"
        places = [left[0]]
        if self._complete:
            places += [record.uri or record.url for record in self._cache.records() if not self._is_settled(record.url)]
        else:
            self._blind = True
            places += self._everywhere()
        for place in dict.fromkeys(places):
            problem = Problem(code="too_many_pages", reason=said, mend="raise `max_pages`, or narrow with `exclude`")
            self.unlisted.append(Unlisted(prefix=place, problem=problem))

    def _everywhere(self) -> list[str]:
        """Prefixes of every URL that may be known."""
        schemes = {url.partition(":")[0] for url in self._seen}
        return sorted(f"{scheme}://{host}" for scheme in schemes for host in self._hosts)

    def _is_settled(self, url: str) -> bool:
        return url in self.visited or url in self._gone or url in self._kept

    def _finish(self) -> None:
        self._cache.drop(self._gone)
        if not self.unlisted:
            self._cache.drop([one.url for one in self._cache.records() if not self._is_settled(one.url)])
        if not self._blind:
            self._cache.set_complete()

    def _enqueue(self, urls: tuple[str, ...], depth: int) -> None:
        if depth < len(self._levels):
            for url in urls:
                if url not in self._seen and (url in self._needed or self._is_ours(url)):
                    self._seen.add(url)
                    self._levels[depth].append(url)

    def _is_ours(self, url: str) -> bool:
        host = host_of(url)
        return (host in self._hosts or host.rsplit(":", 1)[0] in self._hosts) and not is_unwanted(url)

    def _load_sitemap(self, url: str) -> bytes:
        for _ in range(5):
            answer, known = self._load(url, any_type=True)
            target = canonical_url(answer.headers.get("location", ""), url) if answer.status in _MOVED else None
            if target is None:
                break
            url = target
        data = self._cache.body(known) if known is not None else None
        if known is None or data is None:
            if known is not None:
                self._cache.drop([url])
            said = f"answers {answer.status}" if answer.status else f"cannot be had: {answer.failure}"
            raise SourceError(f"the sitemap {url} {said}; nothing is removed: check its URL, sync again later")
        self.visited[url] = None
        return data


def body_of(answer: Answer) -> bytes:
    """An answer's body as it is kept: what is text, in UTF-8."""
    assert answer.body is not None
    if answer.content_type == "text/html":
        return decode(answer.body, answer.charset).encode("utf-8", "replace")
    if answer.content_type.startswith("text/") and answer.charset not in ("", "utf-8", "utf8", "us-ascii"):
        return decode(answer.body, answer.charset).encode("utf-8", "replace")
    return answer.body


def make_record(url: str, answer: Answer, known: Record | None) -> Record:
    """What is kept of a URL, without what its page says. A body that did not change keeps its date."""
    body = body_of(answer) if answer.body is not None else b""
    digest = hashlib.sha256(body).hexdigest() if answer.body is not None else ""
    said = answer.headers.get("last-modified", "")
    kind = "text/html" if answer.content_type == "application/xhtml+xml" else answer.content_type
    return Record(
        url=url,
        etag=answer.headers.get("etag", ""),
        last_modified=said,
        content_type=kind,
        digest=digest,
        size=len(body),
        modified_at=_moment(said) or (known.modified_at if known and known.digest == digest else "") or _now(),
        listed=answer.body is not None or answer.too_large,
    )


def _moment(header: str) -> str:
    try:
        return parsedate_to_datetime(header).astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, TypeError, OverflowError):
        return ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _unlisted(place: str, code: str, said: str) -> Unlisted:
    return Unlisted(
        prefix=place,
        problem=Problem(code=code, reason=f"the page {said}", mend="what is indexed of it stays; sync again later"),
    )
