"""Liveness and readiness."""

from __future__ import annotations

from fastapi import APIRouter

from .access import PlatformDep

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(platform: PlatformDep) -> dict[str, str]:
    """A search runs through catalog, indexes and model: questions can be answered. Tells no more to whoever asks."""
    platform.check_ready()
    return {"status": "ready"}
