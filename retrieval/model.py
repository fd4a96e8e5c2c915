"""Types of the retrieval floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.model import Chunk, Document, Locator

from .access import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is searched for, by whom, with which exact filters (see `searching.FILTER_KEYS`)."""

    text: str
    principal: Principal
    k: int = 10
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFilter:
    """What both indexes filter by before they rank. `access` None admits every document."""

    access: frozenset[int] | None = None
    terms: tuple[tuple[str, str], ...] = ()


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
