"""Documents and their canonical text. What the caller may not read does not exist."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from ingest.model import Document
from retrieval.access import Principal

from ..errors import NotFound
from ..schemas import document_json
from ..wiring import Platform
from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1/documents")


@router.get("")
def documents(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """All documents that the caller may read."""
    return {"documents": [document_json(d) for d in platform.catalog.documents() if caller.may_read(d.access)]}


@router.get("/{document_id}")
def document(document_id: str, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """One document."""
    return document_json(_readable(platform, caller, document_id))


@router.get("/{document_id}/text", response_class=PlainTextResponse)
def text(document_id: str, platform: PlatformDep, caller: CallerDep, version: str | None = None) -> PlainTextResponse:
    """A version's canonical text, exactly; the current version by default."""
    found = platform.catalog.text(_readable(platform, caller, document_id).id, version or None)
    if found is None:
        raise NotFound("no such version of this document is kept")
    return PlainTextResponse(found)


def _readable(platform: Platform, caller: Principal, document_id: str) -> Document:
    for found in platform.catalog.documents([document_id]):
        if caller.may_read(found.access):
            return found
    raise NotFound("no such document")
