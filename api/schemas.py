"""The JSON shapes that people and programs hold on to, made from the domain types; and what HTTP takes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.model import Abstention, Answer, Citation, Claim
from ingest.model import Box, Document, Locator, QuarantineEntry, SourceState
from retrieval.model import Hit, Passage

from .job import Job


class AskBody(BaseModel):
    """POST /v1/ask."""

    model_config = ConfigDict(extra="forbid")
    question: str
    conversation_id: str | None = None
    mode: Literal["auto", "extractive", "small", "large"] = "auto"
    stream: bool = False


class SyncBody(BaseModel):
    """POST /v1/sync: one configured source, or all of them; POST /v1/sources/{name}/sync."""

    model_config = ConfigDict(extra="forbid")
    source: str | None = None
    confirm_removals: bool = False


class IngestBody(BaseModel):
    """POST /v1/ingest: absolute paths on this machine."""

    model_config = ConfigDict(extra="forbid")
    paths: list[str] = Field(min_length=1)
    source: str | None = None
    allow: list[str] = []
    confirm_removals: bool = False


class RemoveBody(BaseModel):
    """POST /v1/sources/remove."""

    model_config = ConfigDict(extra="forbid")
    source: str


class DoctorBody(BaseModel):
    """POST /v1/doctor."""

    model_config = ConfigDict(extra="forbid")
    repair: bool = False


class SearchBody(BaseModel):
    """POST /v1/search."""

    model_config = ConfigDict(extra="forbid")
    query: str
    k: int = Field(default=10, ge=1, le=100)
    where: dict[str, str] = {}
    budget: int | None = Field(default=None, ge=1, le=100_000)


def document_json(document: Document) -> dict[str, Any]:
    """A document as it stands in hits and citations."""
    return {
        "id": document.id,
        "uri": document.uri,
        "title": document.title,
        "source": document.source,
        "version": document.version,
        "modified_at": document.modified_at,
        "metadata": dict(document.metadata),
    }


def locator_json(locator: Locator) -> dict[str, Any]:
    """A locator; boxes are {page, x0, y0, x1, y1} in points from the page's top left corner."""
    return {
        "start": locator.start,
        "end": locator.end,
        "line_start": locator.line_start,
        "line_end": locator.line_end,
        "page": locator.page,
        "boxes": None if locator.boxes is None else [_box_json(b) for b in locator.boxes],
        "sheet": locator.sheet,
        "cells": locator.cells,
        "slide": locator.slide,
        "headings": list(locator.headings),
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One ranked passage."""
    return {
        "rank": hit.rank,
        "score": hit.score,
        "document": document_json(hit.document),
        "locator": locator_json(hit.locator),
        "text": hit.chunk.text,
        "why": dict(hit.why),
    }


def passage_json(passage: Passage) -> dict[str, Any]:
    """One packed passage; `context` (title, headings, column names) is no part of the text."""
    return {
        "score": passage.score,
        "document": document_json(passage.document),
        "locator": locator_json(passage.locator),
        "text": passage.text,
        "context": passage.context,
        "tokens": passage.tokens,
    }


def search_json(hits: Sequence[Hit], passages: Sequence[Passage] | None) -> dict[str, Any]:
    """What a search found; `passages` only where a budget was given."""
    found: dict[str, Any] = {"hits": [hit_json(hit) for hit in hits]}
    if passages is not None:
        found["passages"] = [passage_json(passage) for passage in passages]
    return found


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer in the contract's shape."""
    return {
        "run_id": answer.run_id,
        "question": answer.question,
        "conversation_id": answer.conversation_id,
        "status": answer.status.value,
        "answer": answer.answer,
        "claims": [claim_json(claim) for claim in answer.claims],
        "citations": [citation_json(citation) for citation in answer.citations],
        "abstention": None if answer.abstention is None else _abstention_json(answer.abstention),
        "unanswered": None if answer.unanswered is None else _abstention_json(answer.unanswered),
        "review": None if answer.review is None else asdict(answer.review),
        "notices": list(answer.notices),
        "resolved_question": answer.resolved,
        "route": asdict(answer.route),
        "usage": asdict(answer.usage),
        "timing_ms": asdict(answer.timing_ms),
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """One sentence of an answer with what checking it found."""
    return {
        "text": claim.text,
        "citations": list(claim.citations),
        "verdict": claim.verdict.value,
        "score": claim.score,
        "checks": asdict(claim.checks),
        "note": claim.note,
        "kind": claim.kind.value,
        "computation": claim.computation,
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    """A cited span. `header` names the columns of a cited table row."""
    return {
        "id": citation.id,
        "citation_id": citation.citation_id,
        "document": document_json(citation.document),
        "locator": locator_json(citation.locator),
        "quote": citation.quote,
        "header": list(citation.header),
        "withheld": list(citation.withheld),
    }


def quarantine_json(entry: QuarantineEntry) -> dict[str, Any]:
    """A file, or a part of one, that could not be read."""
    return asdict(entry)


def source_json(state: SourceState) -> dict[str, Any]:
    """A source and its freshness."""
    return asdict(state)


def job_json(job: Job) -> dict[str, Any]:
    """A job, how far it is, and what it did."""
    return asdict(job)


def _abstention_json(abstention: Abstention) -> dict[str, Any]:
    return {
        "reason": abstention.reason,
        "looked_for": abstention.looked_for,
        "nearest": [citation_json(citation) for citation in abstention.nearest],
    }


def _box_json(box: Box) -> dict[str, float]:
    return {
        "page": box.page,
        "x0": round(box.x0, 1),
        "y0": round(box.y0, 1),
        "x1": round(box.x1, 1),
        "y1": round(box.y1, 1),
    }
