"""Liveness, readiness and figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ..telemetry import CONTENT_TYPE, metrics
from .access import PlatformDep

router = APIRouter()


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/metrics")
def scrape(request: Request, platform: PlatformDep) -> Response:
    """Figures for Prometheus."""
    return Response(metrics(platform, request.app.state.background), media_type=CONTENT_TYPE)


@router.get("/readyz")
def readyz(platform: PlatformDep) -> dict[str, str]:
    """A search runs through catalog, indexes and model: questions can be answered. Tells no more to whoever asks."""
    platform.check_ready()
    return {"status": "ready"}
