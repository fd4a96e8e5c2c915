"""Types of the retrieval floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ingest.model import Chunk, Document, Locator

from .access import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is searched for, by whom, with which exact filters (see `understanding`).

    `today` is the day that "last year" counts from; None is the day it is.
    """

    text: str
    principal: Principal
    k: int = 10
    where: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFilter:
    """What both indexes filter by before they rank. The default admits everything.

    `access` holds the numbers of the accesses that are admitted. A chunk passes when its document has, for each key of
    `any_of`, one of the values, and for no key of `none_of` one of them; keys are "source", "format", "document" (its
    id) and those of its metadata. `after` (included) and `before` (not) bound `modified_at`, ISO 8601.
    """

    access: frozenset[int] | None = None
    any_of: tuple[tuple[str, frozenset[str]], ...] = ()
    none_of: tuple[tuple[str, frozenset[str]], ...] = ()
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk that was found. `rank` counts from 1; `score` is comparable within one result only.

    `why` holds each signal's own value: "dense" (cosine), "lexical" (BM25), absent where a signal did not find it,
    and "superseded" where another document that the asker may read takes this one's place.
    """

    rank: int
    score: float
    document: Document
    chunk: Chunk
    locator: Locator
    why: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Evidence as it is handed on: one stretch of a version's canonical text, exactly `canonical[start:end]`.

    `context` is what its reader needs besides (title, headings, lead-in, column names) and is no part of the text.
    `chunk_ids` are the hits that it was made of, best first; `tokens` counts context and text.
    """

    document: Document
    start: int
    end: int
    text: str
    context: str
    locator: Locator
    score: float
    tokens: int
    chunk_ids: tuple[str, ...]
