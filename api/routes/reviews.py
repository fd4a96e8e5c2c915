"""Answers that wait for a person. What the caller may not decide on does not exist for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from ..run_schemas import DecisionBody
from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1/reviews")


@router.get("")
def reviews(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """What waits, the longest waiting first."""
    return platform.review_access.reviews(caller)


@router.get("/{run_id}")
def review(run_id: str, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """One held answer with its claims, their evidence and what checking found."""
    return platform.review_access.review(caller, run_id)


@router.post("/{run_id}")
def decide(run_id: str, body: DecisionBody, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Approves or rejects; gives what the asker gets now."""
    return platform.review_access.decide(caller, run_id, body.decision, body.why)
