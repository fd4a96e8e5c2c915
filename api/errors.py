"""Errors of the api floor, and the one table from every floor's errors to an exit status and an HTTP status.

ApiError
├── UsageError    bad use of a command or bad configuration: exit 2
├── Refused       the caller may not do this: HTTP 403
├── NotFound      no such thing, or none that the caller may see: HTTP 404
└── WorkFailed    the work itself failed: exit 3
    └── HomeHeld  another process is writing to the home
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.errors import AgentError, EngagementError, EvaluationError, QuestionRefused, RunStopped, TooManyQuestions
from agents.runs.errors import (
    ConversationNotFound,
    ReviewClosed,
    ReviewNotFound,
    ReviewRefused,
    RunNotFound,
    RunNotStoppable,
    RunStoreError,
)
from agents.token_store import TokenStoreError
from ingest.errors import CatalogError, IngestError, SourceError
from retrieval.errors import FilterError, ModelError, RetrievalError, SearchIndexError


class ApiError(Exception):
    """Base of every error raised on this floor."""

    code: str = "api_error"


class UsageError(ApiError):
    """Bad use or configuration; the message says what and how to mend it."""

    code = "bad_use"


class NotFound(ApiError):
    """There is no such thing, or none that the caller may see."""

    code = "not_found"


class Refused(ApiError):
    """The caller may not do this."""

    code = "refused"


class WorkFailed(ApiError):
    """The work was well asked for and failed."""

    code = "failed"


class HomeHeld(WorkFailed):
    """Another process is writing to the home."""

    code = "home_held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an error shows: process exit status, HTTP status, title of the problem."""

    exit_status: int
    http_status: int
    title: str


_OUTCOMES: tuple[tuple[type[Exception], Outcome], ...] = (
    (UsageError, Outcome(exit_status=2, http_status=400, title="Bad request")),
    (Refused, Outcome(exit_status=2, http_status=403, title="Refused")),
    (NotFound, Outcome(exit_status=2, http_status=404, title="Not found")),
    (TooManyQuestions, Outcome(exit_status=2, http_status=429, title="Too many questions")),
    (RunStopped, Outcome(exit_status=3, http_status=409, title="Stopped")),
    (EngagementError, Outcome(exit_status=2, http_status=503, title="Bad rules or policy")),
    (QuestionRefused, Outcome(exit_status=2, http_status=422, title="Question refused")),
    (RunNotFound, Outcome(exit_status=2, http_status=404, title="Not found")),
    (ReviewNotFound, Outcome(exit_status=2, http_status=404, title="Not found")),
    (ConversationNotFound, Outcome(exit_status=2, http_status=404, title="Not found")),
    (RunNotStoppable, Outcome(exit_status=2, http_status=409, title="Not under way")),
    (ReviewClosed, Outcome(exit_status=2, http_status=409, title="Review closed")),
    (ReviewRefused, Outcome(exit_status=2, http_status=422, title="Decision refused")),
    (FilterError, Outcome(exit_status=2, http_status=422, title="Bad filter")),
    (EvaluationError, Outcome(exit_status=2, http_status=422, title="Bad question set")),
    (SourceError, Outcome(exit_status=2, http_status=422, title="Source unavailable")),
    (CatalogError, Outcome(exit_status=3, http_status=503, title="Catalog unusable")),
    (RunStoreError, Outcome(exit_status=3, http_status=503, title="Runs unusable")),
    (TokenStoreError, Outcome(exit_status=3, http_status=503, title="Token vectors unusable")),
    (SearchIndexError, Outcome(exit_status=3, http_status=503, title="Search index unusable")),
    (ModelError, Outcome(exit_status=3, http_status=503, title="Model unusable")),
    (WorkFailed, Outcome(exit_status=3, http_status=500, title="Failed")),
)
KNOWN_ERRORS = (ApiError, IngestError, RetrievalError, AgentError)
_UNKNOWN = Outcome(exit_status=3, http_status=500, title="Internal error")


def outcome_of(error: BaseException) -> Outcome:
    """The outcome of the most specific class that the table knows."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), _UNKNOWN)


def told_of(error: BaseException) -> str:
    """What a caller from outside is told: why a request was refused, yet nothing of the inside when the work failed."""
    if not isinstance(error, KNOWN_ERRORS):
        return "the request failed; the server's log tells why"
    if outcome_of(error).http_status >= 500:
        return "the server's index or model needs attention; its operator finds the cause with `groundcrew doctor`"
    return str(error)


def code_of(error: BaseException) -> str:
    """The error's stable code."""
    return str(getattr(error, "code", "internal_error"))
