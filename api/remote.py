"""What commands ask for, done by the process that serves the home: an index never has two writers."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from ingest.model import SyncReport
from ingest.progress import Progress, merge

from .backend import Json
from .console import progress_bar, say
from .errors import UsageError, WorkFailed
from .presence import Address
from .sourcing import absolute

_POLL_S = 0.2
_ANSWER_S = 600.0
AS_USER = "Groundcrew-As"
"""The header by which the owner of a home asks as somebody else."""


class Remote:
    """Meets `backend.Backend` over HTTP on this machine."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client = httpx.Client(
            base_url=address.url,
            headers={"Authorization": f"Bearer {address.token}"},
            timeout=httpx.Timeout(_ANSWER_S, connect=10.0),
            trust_env=False,  # No proxy lies between two processes of one machine.
        )

    def ingest(self, paths: Sequence[Path], source: str | None, allow: tuple[str, ...], *, confirmed: bool) -> Json:
        """Brings the index into step with the paths."""
        body = {
            "paths": [str(absolute(path)) for path in paths],
            "source": source,
            "allow": list(allow),
            "confirm_removals": confirmed,
        }
        return self._follow(self._call("POST", "/v1/ingest", body)["jobs"])

    def sync(self, name: str | None, *, confirmed: bool) -> Json:
        """Syncs one configured source, or all."""
        body = {"source": name, "confirm_removals": confirmed}
        return self._follow(self._call("POST", "/v1/sync", body)["jobs"])

    def search(self, query: str, k: int, user: str | None, where: dict[str, str], budget: int | None) -> Json:
        """Ranked passages, and what of them fits a budget of tokens."""
        return self._call("POST", "/v1/search", {"query": query, "k": k, "where": where, "budget": budget}, user)

    def ask(self, question: str, user: str | None, mode: str, conversation: str | None) -> Json:
        """One checked answer."""
        body = {"question": question, "mode": mode, "conversation_id": conversation}
        return self._call("POST", "/v1/ask", body, user)

    def sources(self) -> Json:
        """Sources and their freshness."""
        return self._call("GET", "/v1/sources")

    def quarantine(self) -> Json:
        """What could not be read."""
        return self._call("GET", "/v1/quarantine")

    def remove_source(self, name: str) -> Json:
        """Takes a source and all its documents out."""
        return self._call("POST", "/v1/sources/remove", {"source": name})

    def doctor(self, *, repair: bool) -> Json:
        """What disagrees, after mending it where asked to."""
        return self._call("POST", "/v1/doctor", {"repair": repair})

    def runs(self, user: str | None, status: str | None, limit: int, before: str | None) -> Json:
        """The latest runs that the user may see."""
        wanted = {"status": status, "limit": limit, "before": before}
        given = urlencode({key: value for key, value in wanted.items() if value is not None})
        return self._call("GET", f"/v1/runs?{given}", user=user)

    def run(self, run_id: str, user: str | None, *, explained: bool) -> Json:
        """One run, with its explanation where asked for."""
        return self._call("GET", f"/v1/runs/{_part(run_id)}?explain={str(explained).lower()}", user=user)

    def graph(self) -> Json:
        """The rules of engagement as Mermaid text."""
        return self._call("GET", "/v1/runs/graph")

    def stats(self, days: float) -> Json:
        """Cost and time of the runs of the last days."""
        return self._call("GET", f"/v1/runs/stats?days={days}")

    def replay(self, run_id: str) -> Json:
        """A run done again, and whether the same came out."""
        return self._call("POST", f"/v1/runs/{_part(run_id)}/replay")

    def stop_run(self, run_id: str, user: str | None) -> Json:
        """Stops a run that is under way."""
        return self._call("POST", f"/v1/runs/{_part(run_id)}/stop", user=user)

    def reviews(self, user: str | None) -> Json:
        """The answers that wait and that the user may decide on."""
        return self._call("GET", "/v1/reviews", user=user)

    def review(self, run_id: str, user: str | None) -> Json:
        """One held answer with its evidence and findings."""
        return self._call("GET", f"/v1/reviews/{_part(run_id)}", user=user)

    def decide(self, run_id: str, user: str | None, decision: str, why: str | None) -> Json:
        """Approves or rejects a held answer."""
        return self._call("POST", f"/v1/reviews/{_part(run_id)}", {"decision": decision, "why": why}, user)

    def conversations(self, user: str | None) -> Json:
        """The user's conversations."""
        return self._call("GET", "/v1/conversations", user=user)

    def conversation(self, conversation_id: str, user: str | None) -> Json:
        """One conversation of the user's, whole."""
        return self._call("GET", f"/v1/conversations/{_part(conversation_id)}", user=user)

    def delete_conversation(self, conversation_id: str, user: str | None) -> Json:
        """Deletes one conversation of the user's."""
        return self._call("DELETE", f"/v1/conversations/{_part(conversation_id)}", user=user)

    def close(self) -> None:
        """Lets go of the connection."""
        self._client.close()

    def _follow(self, jobs: Sequence[Json]) -> Json:
        """Waits for jobs, one after another, showing how far each is; adds up what they did."""
        reports: list[SyncReport] = []
        failures: list[Json] = []
        for place, started in enumerate(jobs):
            try:
                job = self._watch(started)
            except KeyboardInterrupt:
                for unfinished in jobs[place:]:
                    self._call("POST", f"/v1/jobs/{unfinished['id']}/cancel")
                raise
            if job["status"] == "done":
                reports.append(SyncReport(**job["report"]))
            else:
                failures.append(job)
        if failures:
            told = "; ".join(
                f"{job['source']}: {(job['error'] or {}).get('message', job['status'])}" for job in failures
            )
            raise _as_error((failures[0]["error"] or {}).get("code", "failed"), told, bad_use=False)
        return asdict(merge(reports))

    def _watch(self, job: Json) -> Json:
        """The job once it has ended."""
        told: str | None = None
        with progress_bar(job["source"]) as update:
            while job["status"] in ("queued", "running", "retrying"):
                time.sleep(_POLL_S)
                job = self._call("GET", f"/v1/jobs/{job['id']}")
                if job["progress"] is not None:
                    at = job["progress"]
                    update(Progress(done=at["done"], total=at["total"], chunks=at["chunks"], name=at["name"]))
                if job["status"] == "retrying" and told != job["next_attempt_at"]:
                    told = job["next_attempt_at"]
                    why = (job["error"] or {}).get("message")
                    say(f"{job['source']}: {why}; tried again at {told}, Ctrl-C gives up")
        return job

    def _call(self, method: str, path: str, body: Json | None = None, user: str | None = None) -> Json:
        # A header holds ASCII only; a name is sent percent-encoded.
        headers = {AS_USER: quote(user)} if user is not None else {}
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise UsageError("a path, name or question is no valid text; write it as UTF-8") from error
        try:
            response = self._client.request(method, path, json=body, headers=headers)
            found: Any = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise WorkFailed(
                f"the process that serves this home at {self._address.url} does not answer ({type(error).__name__}); "
                "stop it, then try again"
            ) from error
        if response.is_success:
            return dict(found)
        raise _as_error(
            str(found.get("code", "failed")),
            str(found.get("detail", response.reason_phrase)),
            bad_use=response.status_code < httpx.codes.INTERNAL_SERVER_ERROR,
        )


def _part(name: str) -> str:
    """A name as one part of a path."""
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise UsageError("an id is no valid text; take it from the list") from error


def _as_error(code: str, message: str, *, bad_use: bool) -> UsageError | WorkFailed:
    # A source that cannot be listed is bad use here as well, whoever found out.
    error = (UsageError if bad_use or code in ("source_unavailable", "missing_library") else WorkFailed)(message)
    error.code = code
    return error
