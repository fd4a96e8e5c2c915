"""Errors of the ingest floor.

IngestError
├── SourceError        a source cannot be listed at all (missing path, no permission, server down)
│   └── MissingLibrary an optional library that a source needs is not installed
├── ParseError         one file cannot be read: it goes to quarantine, the sync goes on
└── CatalogError       the catalog is missing, damaged or from another version
"""

from __future__ import annotations

from dataclasses import dataclass


class IngestError(Exception):
    """Base of every error raised on this floor."""

    code: str = "ingest_error"
    retryable: bool = False


class SourceError(IngestError):
    """A source cannot be listed, or is gone halfway; nothing of it is removed.

    `retryable` says whether waiting may help; `retry_after_s` is how long the system asked to be left alone.
    """

    code = "source_unavailable"

    def __init__(self, message: str, *, retryable: bool = True, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_s = retry_after_s


class MissingLibrary(SourceError):
    """An optional library is not installed; the message names the command that installs it."""

    code = "missing_library"

    def __init__(self, library: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the library {library}, which is not installed: pip install 'groundcrew[{extra}]'",
            retryable=False,
        )


class CatalogError(IngestError):
    """The catalog cannot be opened; the message names the file and the mend."""

    code = "catalog_unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a file, or a part of one, could not be read, in words that a person can act on.

    `part` names the piece inside the file ("page 3", "attachment scan.tiff"); None is the whole file.
    """

    code: str
    reason: str
    mend: str
    part: str | None = None


class ParseError(IngestError):
    """One file cannot be turned into text. Carries the `Problem` that the quarantine shows."""

    code = "unreadable"

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code}: {problem.reason}")
        self.problem = problem
