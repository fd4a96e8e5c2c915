"""What is indexed and what could not be read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from ..commands import source_states
from ..schemas import quarantine_json, source_json
from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1")


@router.get("/sources")
def sources(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Sources and their freshness; for an admin."""
    return {"sources": [source_json(state) for state in source_states(platform)] if caller.admin else []}


@router.get("/quarantine")
def quarantine(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Files that could not be read, and why; for an admin."""
    return {"quarantine": [quarantine_json(e) for e in platform.catalog.quarantined()] if caller.admin else []}
