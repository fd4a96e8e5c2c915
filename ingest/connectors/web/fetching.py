"""One HTTP client for a listing: polite, bounded, without cookies, proxies or credentials.

What an answer means for a page is decided above; here it is only told apart from no answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import TYPE_CHECKING

from ...errors import MissingLibrary, SourceError
from ...settings import WebSettings
from .urls import guessed_type, host_of, is_document

if TYPE_CHECKING:
    import httpx

MAX_BODY_BYTES = 64 * 1024 * 1024
"""A larger answer is not read to its end."""

_MAX_WAIT_S = 20.0
_MAX_TRIES = 3
_MAX_DUMB = 5
_BUSY = (429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said. `status` 0: nothing, for the reason in `failure`. `body` is None where it was not wanted
    or is too large (`too_large`)."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None
    content_type: str = ""
    charset: str = ""
    failure: str = ""
    too_large: bool = False


class Fetcher:
    """Gets URLs one at a time. Use it with `with`.

    `delays` may be raised for a host above the configured delay, in seconds.
    """

    def __init__(self, settings: WebSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        try:
            import httpx
        except ImportError as error:
            raise MissingLibrary("httpx", "web", "reading web pages") from error
        self._settings = settings
        self._sleep = sleep
        self._last: dict[str, float] = {}
        self._dumb: dict[str, int] = {}
        self.delays: dict[str, float] = {}
        self._errors = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
        self._client: httpx.Client = httpx.Client(
            trust_env=False,
            follow_redirects=False,
            timeout=settings.timeout_s,
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": settings.user_agent, "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None, *, any_type: bool = False) -> Answer:
        """One URL's answer; redirects are answers. A body is read when its type may be a document, or `any_type`.

        Raises:
            SourceError: the host asks to be left alone for longer than a short wait, or has stopped answering.
        """
        host = host_of(url)
        for attempt in range(1, _MAX_TRIES + 1):
            self._pace(host)
            answer = self._send(url, dict(headers or {}), any_type)
            wait = _retry_after(answer)
            if answer.status not in _BUSY or (answer.status == 503 and wait is None):
                break
            if (wait is not None and wait > _MAX_WAIT_S) or attempt == _MAX_TRIES:
                raise SourceError(
                    f"{host} answers {answer.status} and asks to be left alone"
                    + (f" for {wait:.0f} s" if wait is not None else "")
                    + ": sync later, or raise `delay_s`",
                    retry_after_s=wait,
                )
            self._sleep(float(attempt) if wait is None else wait)
        self._dumb[host] = 0 if answer.status else self._dumb.get(host, 0) + 1
        if self._dumb[host] >= _MAX_DUMB:
            raise SourceError(f"{host} has stopped answering ({answer.failure}): nothing is removed; sync again later")
        return answer

    def _pace(self, host: str) -> None:
        delay = max(self._settings.delay_s, self.delays.get(host, 0.0))
        last = self._last.get(host)
        if last is not None and (left := last + delay - time.monotonic()) > 0:
            self._sleep(left)
        self._last[host] = time.monotonic()

    def _send(self, url: str, headers: dict[str, str], any_type: bool) -> Answer:
        try:
            with self._client.stream("GET", url, headers=headers) as response:
                kind, charset = _content_type(response.headers.get("content-type", ""), url)
                body, too_large = None, False
                if response.status_code == 200 and (any_type or is_document(kind)):
                    body, too_large = self._body(response)
                return Answer(
                    status=response.status_code,
                    headers=dict(response.headers),
                    body=body,
                    content_type=kind,
                    charset=charset,
                    too_large=too_large,
                )
        except self._errors as error:
            return Answer(status=0, headers={}, failure=_reason(error))

    def _body(self, response: httpx.Response) -> tuple[bytes | None, bool]:
        found = bytearray()
        # A body may trickle: the limit on each wait does not bound the whole.
        until = time.monotonic() + 10 * self._settings.timeout_s
        for piece in response.iter_bytes():
            found += piece
            if len(found) > MAX_BODY_BYTES:
                return None, True
            if time.monotonic() > until:
                import httpx

                raise httpx.ReadTimeout("the answer took too long")
        return bytes(found), False


def _content_type(header: str, url: str) -> tuple[str, str]:
    kind, *parameters = header.split(";")
    kind = kind.strip().lower()
    charset = ""
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
    if kind in ("", "application/octet-stream", "binary/octet-stream", "text/plain"):
        # Servers that do not know a suffix say one of these.
        kind = guessed_type(url) or kind
    return kind, charset


def _retry_after(answer: Answer) -> float | None:
    """Seconds that the server asks to be left alone, given as a number or as a date (RFC 9110, 10.2.3)."""
    value = answer.headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if "Timeout" in name:
        return "no answer in time"
    if "CERTIFICATE" in str(error).upper():
        return "its TLS certificate is not trusted"
    return "no connection" if "Connect" in name else "the connection broke"
