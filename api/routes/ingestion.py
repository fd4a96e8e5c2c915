"""What is indexed, what could not be read, and the jobs that bring sources into step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from ..errors import NotFound
from ..local import Local
from ..schemas import DoctorBody, IngestBody, RemoveBody, SyncBody, job_json
from .access import BackgroundDep, CallerDep, OwnerDep, PlatformDep

router = APIRouter(prefix="/v1")
_ACCEPTED = 202


@router.get("/sources")
def sources(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Sources and their freshness; for an admin."""
    return Local(platform).sources() if caller.admin else {"sources": []}


@router.get("/quarantine")
def quarantine(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Files that could not be read, and why; for an admin."""
    return Local(platform).quarantine() if caller.admin else {"quarantine": []}


@router.post("/sources/{name}/sync")
def sync(name: str, background: BackgroundDep, caller: CallerDep, body: SyncBody | None = None) -> Response:
    """A job that brings one configured source into step; for an admin."""
    if not caller.admin:
        raise NotFound(f"no source {name!r}")
    [job] = background.submit_sync(name, confirmed=body is not None and body.confirm_removals)
    return JSONResponse(job_json(job), status_code=_ACCEPTED, headers={"Location": f"/v1/jobs/{job.id}"})


@router.post("/sources/remove")
def remove(body: RemoveBody, platform: PlatformDep, _: OwnerDep) -> dict[str, Any]:
    """Takes a source that is no longer configured out, with all its documents; for the owner of the home."""
    return Local(platform).remove_source(body.source)


@router.post("/sync")
def sync_all(body: SyncBody, background: BackgroundDep, _: OwnerDep) -> Response:
    """A job for a configured source, or one for each; for the owner of the home."""
    jobs = background.submit_sync(body.source, confirmed=body.confirm_removals)
    return JSONResponse({"jobs": [job_json(job) for job in jobs]}, status_code=_ACCEPTED)


@router.post("/ingest")
def ingest(body: IngestBody, background: BackgroundDep, _: OwnerDep) -> Response:
    """A job for each path on this machine; for the owner of the home."""
    paths = [Path(path) for path in body.paths]
    jobs = background.submit_ingest(paths, body.source, body.allow, confirmed=body.confirm_removals)
    return JSONResponse({"jobs": [job_json(job) for job in jobs]}, status_code=_ACCEPTED)


@router.get("/jobs")
def jobs(background: BackgroundDep, caller: CallerDep) -> dict[str, Any]:
    """The latest jobs; for an admin."""
    return {"jobs": [job_json(job) for job in background.jobs.list()] if caller.admin else []}


@router.get("/jobs/{job_id}")
def job(job_id: str, background: BackgroundDep, caller: CallerDep) -> dict[str, Any]:
    """One job: how far it is, or what it did; for an admin."""
    found = background.jobs.get(job_id) if caller.admin else None
    if found is None:
        raise NotFound(f"no job {job_id!r}")
    return job_json(found)


@router.post("/jobs/{job_id}/cancel")
def cancel(job_id: str, background: BackgroundDep, caller: CallerDep) -> dict[str, Any]:
    """Keeps a job from going on; for an admin. What it has done by then stays done."""
    if not caller.admin or background.jobs.get(job_id) is None:
        raise NotFound(f"no job {job_id!r}")
    return {"cancelled": background.jobs.cancel(job_id)}


@router.post("/doctor")
def doctor(body: DoctorBody, platform: PlatformDep, _: OwnerDep) -> dict[str, Any]:
    """What disagrees, after mending it where asked to; for the owner of the home."""
    return Local(platform).doctor(repair=body.repair)
