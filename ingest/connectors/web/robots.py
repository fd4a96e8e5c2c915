"""robots.txt of each host (RFC 9309), read with the library protego."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import MissingLibrary, SourceError
from .fetching import Fetcher
from .urls import canonical_url, host_of, origin_of

if TYPE_CHECKING:
    from protego import Protego

_MAX_ROBOTS = 512 * 1024
_MAX_DELAY_S = 60.0
_MAX_REDIRECTS = 5


class Robots:
    """Says which URLs a host lets this user agent fetch; reads each host's robots.txt once."""

    def __init__(self, fetcher: Fetcher, user_agent: str) -> None:
        self._fetcher = fetcher
        self._agent = user_agent
        self._rules: dict[str, Protego | None] = {}

    def allows(self, url: str) -> bool:
        """Whether a URL may be fetched. A host without robots.txt allows everything.

        Raises:
            SourceError: robots.txt cannot be had: what it forbids is not known. Or it asks for too long a delay.
        """
        origin = origin_of(url)
        if origin not in self._rules:
            self._rules[origin] = self._load(origin)
        rules = self._rules[origin]
        return rules is None or bool(rules.can_fetch(url, self._agent))

    def _load(self, origin: str) -> Protego | None:
        try:
            from protego import Protego
        except ImportError as error:
            raise MissingLibrary("protego", "web", "reading robots.txt") from error
        url = origin + "robots.txt"
        for _ in range(_MAX_REDIRECTS):
            answer = self._fetcher.get(url, any_type=True)
            target = canonical_url(answer.headers.get("location", ""), url)
            if not 300 <= answer.status < 400 or target is None:
                break
            url = target
        if 400 <= answer.status < 500:
            return None
        if answer.status != 200 or answer.body is None:
            said = f"answers {answer.status}" if answer.status else f"cannot be had: {answer.failure}"
            raise SourceError(f"{origin}robots.txt {said}; without it nothing is fetched, nothing removed: sync later")
        rules = Protego.parse(answer.body[:_MAX_ROBOTS].decode("utf-8", "replace").lstrip("\ufeff"))
        delay = rules.crawl_delay(self._agent)
        if delay is not None and delay > _MAX_DELAY_S:
            raise SourceError(
                f"{origin}robots.txt asks for {delay:.0f} s between two requests: ask its owner for another rule",
                retryable=False,
            )
        if delay is not None:
            self._fetcher.delays[host_of(origin)] = float(delay)
        return rules
