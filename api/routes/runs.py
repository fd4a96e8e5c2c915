"""What the crew did. Somebody else's run does not exist for the caller."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from ..run_schemas import FeedbackBody
from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1/runs")


@router.get("")
def runs(
    platform: PlatformDep,
    caller: CallerDep,
    status: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
    before: str | None = None,
) -> dict[str, Any]:
    """The latest runs that the caller may see."""
    return platform.run_access.runs(caller, status, limit, before)


@router.get("/graph")
def graph(platform: PlatformDep, _: CallerDep) -> dict[str, Any]:
    """The rules of engagement as Mermaid text."""
    return platform.run_access.graph()


@router.get("/stats")
def stats(
    platform: PlatformDep, caller: CallerDep, days: Annotated[float, Query(gt=0, le=3650)] = 30
) -> dict[str, Any]:
    """Cost and time of all runs of the last days; for an admin."""
    return platform.run_access.stats(caller, days)


@router.get("/{run_id}")
def run(run_id: str, platform: PlatformDep, caller: CallerDep, explain: bool = False) -> dict[str, Any]:
    """One run, as far as the caller may see it now; with `explain`, why it ended as it did."""
    return platform.run_access.run(caller, run_id, explained=explain)


@router.post("/{run_id}/stop")
def stop(run_id: str, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Stops a run that is under way."""
    return platform.run_access.stop(caller, run_id)


@router.post("/{run_id}/replay")
def replay(run_id: str, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Does a run again and compares the answers; for an admin."""
    return platform.run_access.replay(caller, run_id)


@router.post("/{run_id}/feedback")
def feedback(run_id: str, body: FeedbackBody, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """What the asker thought of an answer."""
    return platform.run_access.feedback(caller, run_id, helpful=body.helpful, why=body.why)
