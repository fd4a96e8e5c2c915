"""Errors of the ingest floor.

IngestError
├── SourceError        a source cannot be listed at all (missing path, no permission)
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
    """A source cannot be listed; nothing of it is changed."""

    code = "source_unavailable"
    retryable = True


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
