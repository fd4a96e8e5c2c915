"""Slack's Web API: one call, or all pages of one, with its rate limits kept and its errors named."""

from __future__ import annotations

import ipaddress
import re
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...errors import MissingLibrary, SourceError
from ...settings import SlackSettings

if TYPE_CHECKING:
    import httpx

LONGEST_WAIT_S = 60.0
"""A longer wait that Slack asks for ends the sync, to be tried again then."""

_PATIENCE = 20
_DEFAULT_WAIT_S = 30.0
_PASSING = frozenset("internal_error fatal_error service_unavailable request_timeout team_added_to_org".split())
_TOKEN = frozenset(
    "invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type "
    "org_login_required access_denied two_factor_setup_required".split()
)


class SlackRefusal(Exception):
    """The API answered with an error; `code` is Slack's own word for it, `needed` the scope that is missing."""

    def __init__(self, method: str, code: str, needed: str) -> None:
        super().__init__(f"{method}: {code}" + (f" (needs the scope {needed})" if needed else ""))
        self.code = code
        self.needed = needed


class SlackApi:
    """Calls the Web API with a token. `sleep` waits for so many seconds."""

    def __init__(self, settings: SlackSettings, sleep: Callable[[float], None]) -> None:
        self._settings = settings
        self._sleep = sleep
        self._opened: httpx.Client | None = None

    def pages(self, method: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """All pages of a method that is paged by cursor.

        Raises:
            SlackRefusal: the API refuses.
            SourceError: as `call`; or the pages do not come to an end.
        """
        cursor, seen = "", set[str]()
        while True:
            page = self.call(method, **parameters, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                if page.get("has_more"):
                    raise SourceError(f"Slack's {method} breaks off before its end; the next sync tries again")
                return
            if cursor in seen:
                raise SourceError(f"Slack's {method} gives the same page again and again; the next sync tries again")
            seen.add(cursor)

    def call(self, method: str, **parameters: str) -> dict[str, Any]:
        """One answer of the API, after waits that it asked for.

        Raises:
            SlackRefusal: it refuses this call.
            SourceError: it cannot be reached, refuses the token, or asks for a wait of more than a minute.
        """
        failed = False
        for _ in range(_PATIENCE):
            response = self._send(method, parameters, last=failed)
            if response is None:
                failed = True
                continue
            answer = _body(response)
            if response.status_code == 429 or (answer or {}).get("error") in ("ratelimited", "rate_limited"):
                self._wait(method, response)
                continue
            if response.status_code >= 500 or (answer or {}).get("error") in _PASSING:
                if failed:
                    raise SourceError(f"Slack cannot answer {method} for now (status {response.status_code})")
                failed = True
                self._sleep(1.0)
                continue
            return self._accepted(method, response.status_code, answer)
        raise SourceError(f"Slack puts {method} off again and again", retry_after_s=LONGEST_WAIT_S)

    def close(self) -> None:
        """Closes the connections; the next call opens them again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _send(self, method: str, parameters: dict[str, str], *, last: bool) -> httpx.Response | None:
        client = self._client()
        import httpx

        try:
            return client.post(method, data=parameters)
        except httpx.HTTPError as error:
            if last:
                raise SourceError(
                    f"Slack cannot be reached at {urlsplit(self._settings.base_url).netloc}: {type(error).__name__}"
                ) from error
            return None

    def _wait(self, method: str, response: httpx.Response) -> None:
        try:
            wait = max(float(response.headers.get("Retry-After", "")), 0.0)
        except ValueError:
            wait = _DEFAULT_WAIT_S
        if wait > LONGEST_WAIT_S:
            raise SourceError(f"Slack asks to leave {method} alone for {wait:.0f} s", retry_after_s=wait)
        self._sleep(wait)

    def _accepted(self, method: str, status: int, answer: dict[str, Any] | None) -> dict[str, Any]:
        if answer is None or status != 200:
            raise SourceError(
                f"{urlsplit(self._settings.base_url).netloc} does not answer {method} as Slack does (status {status}): "
                "check `base_url`",
                retryable=False,
            )
        if answer.get("ok") is True:
            return answer
        code = str(answer.get("error") or "unknown_error")
        if code in _TOKEN and method not in ("conversations.history", "conversations.replies"):
            raise self._token_refused(code)
        if code in _TOKEN - {"access_denied"}:
            raise self._token_refused(code)
        raise SlackRefusal(method, code, str(answer.get("needed") or ""))

    def _token_refused(self, code: str) -> SourceError:
        return SourceError(
            f"Slack refuses the token of the source {self._settings.name} ({code}): give a valid one in `token`",
            retryable=False,
        )

    def _client(self) -> httpx.Client:
        if self._opened is None:
            try:
                import httpx
            except ImportError as error:
                raise MissingLibrary("httpx", "slack", "reading Slack") from error
            settings = self._settings
            if not re.fullmatch(r"[\x21-\x7e]+", settings.token):
                raise SourceError(
                    f"`token` of the source {settings.name} is empty or holds a blank or control character",
                    retryable=False,
                )
            address = urlsplit(settings.base_url)
            if address.scheme != "https" and not (address.scheme == "http" and _is_loopback(address.hostname or "")):
                raise SourceError(f"`base_url` of the source {settings.name} must begin with https://", retryable=False)
            self._opened = httpx.Client(
                base_url=settings.base_url,
                headers={"Authorization": f"Bearer {settings.token}"},
                timeout=settings.timeout_s,
                follow_redirects=False,  # A token goes to no other server.
            )
            weakref.finalize(self, self._opened.close)
        return self._opened


def _body(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
