"""How a request to a model fails. Inside the gateway only; callers see `ModelUnavailable`."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_RETRYABLE = frozenset({"connection", "timeout", "cut_off", "rate_limited", "server_error", "bad_response"})
_UNBILLED = frozenset(
    {"connection", "rate_limited", "server_error", "unauthorized", "rejected", "too_long", "circuit_open"}
)


class ModelFailure(Exception):
    """A request failed. `code` is one of the reasons in the package's docstring, `wait_s` what the server asked for.

    `text` is what had come of an answer that broke off. The message never holds what the server sent.
    """

    def __init__(self, code: str, message: str, *, wait_s: float | None = None, text: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.wait_s = wait_s
        self.text = text

    @property
    def retryable(self) -> bool:
        """Whether the same request may do better a moment later."""
        return self.code in _RETRYABLE

    @property
    def billed(self) -> bool:
        """Whether the provider may charge for what it read."""
        return self.code not in _UNBILLED


def failure_of_status(status: int, wait_s: float | None = None) -> ModelFailure:
    """The failure that an HTTP status means."""
    match status:
        case 401 | 403:
            return ModelFailure("unauthorized", f"the model's server refused the key (HTTP {status}); see api_key_env")
        case 429:
            return ModelFailure("rate_limited", "the model's server is asked too often (HTTP 429)", wait_s=wait_s)
        case 408:
            return ModelFailure("timeout", "the model's server gave up waiting (HTTP 408)", wait_s=wait_s)
        case 413:
            return ModelFailure("too_long", "the prompt is too long for the model's server (HTTP 413)")
        case _ if status >= 500:
            return ModelFailure("server_error", f"the model's server failed (HTTP {status})", wait_s=wait_s)
        case _:
            return ModelFailure("rejected", f"the model's server does not take the request (HTTP {status})")


def failure_from(error: BaseException) -> ModelFailure:
    """What an error of an HTTP or a provider's library means. They wrap each other's, so all its causes are looked at.

    The libraries are told by their classes' names: there are two of HTTP and three of providers, none loaded here.
    """
    chain = _chain(error)
    for one in chain:
        if isinstance(one, ModelFailure):
            return one
        status = getattr(one, "status_code", None)
        if isinstance(status, int) and status >= 400:
            headers = getattr(getattr(one, "response", None), "headers", {})
            return failure_of_status(status, wait_in(headers.get("retry-after")))
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    if "TimeoutError" in names or "TimeoutException" in names:
        return ModelFailure("timeout", "the model's server did not answer in time; see timeout_s")
    if any("complete message body" in str(one) for one in chain):
        return ModelFailure("cut_off", "the model's answer broke off")
    if names & {"OSError", "APIConnectionError", "TransportError"}:
        return ModelFailure("connection", "the model's server cannot be reached; see base_url")
    return ModelFailure("bad_response", f"the model's server sent what cannot be read ({type(error).__name__})")


def _chain(error: BaseException) -> list[BaseException]:
    """An error and its causes, the outermost first."""
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and len(found) < 10:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found


def wait_in(header: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date. None where it says nothing readable."""
    if header is None or len(header) > 64:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - (now or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if seconds == seconds and seconds < 1e9 else None  # noqa: PLR0124 - NaN is not itself
