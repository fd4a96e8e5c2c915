"""Liveness and readiness."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from .access import PlatformDep

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(platform: PlatformDep) -> dict[str, Any]:
    """The catalog opens and an empty search runs: questions can be answered."""
    documents, chunks = platform.catalog.counts()
    platform.embedder.embed(["ready"])
    return {"status": "ready", "documents": documents, "chunks": chunks}
