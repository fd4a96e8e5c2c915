"""Questions and searches."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from agents.model import Answer
from agents.runs.model import RunEvent
from retrieval.access import Principal

from ..commands import ask_question, search_passages
from ..errors import code_of, outcome_of, told_of
from ..schemas import AskBody, SearchBody, answer_json, citation_json, claim_json, search_json
from ..wiring import Platform
from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1")
_log = logging.getLogger("groundcrew.api")


@router.post("/ask")
async def ask(body: AskBody, platform: PlatformDep, caller: CallerDep) -> Response:
    """One checked answer; with `stream` as server-sent events `stage`, `evidence`, `claim`, `answer`, `error`."""
    if not body.stream:
        answer = await run_in_threadpool(ask_question, platform, body.question, caller, body.mode, body.conversation_id)
        return JSONResponse(answer_json(answer))

    return StreamingResponse(
        _events(platform, body, caller), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(platform: Platform, body: AskBody, caller: Principal) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    stages: asyncio.Queue[str | None] = asyncio.Queue()

    def listen(event: RunEvent) -> None:
        if event.what == "entered":
            loop.call_soon_threadsafe(stages.put_nowait, _event("stage", {"stage": event.stage, "agent": event.agent}))

    def work() -> Answer:
        try:
            return ask_question(platform, body.question, caller, body.mode, body.conversation_id, listen)
        finally:
            loop.call_soon_threadsafe(stages.put_nowait, None)

    answering = asyncio.ensure_future(run_in_threadpool(work))
    while (stage := await stages.get()) is not None:
        yield stage
    try:
        answer = await answering
    except Exception as error:
        # The response has begun, so that no handler can turn the error into a problem document.
        if outcome_of(error).http_status >= 500:
            _log.error("request_failed", exc_info=error)
        yield _event("error", {"code": code_of(error), "detail": told_of(error)})
        return
    yield _event("evidence", {"citations": [citation_json(citation) for citation in answer.citations]})
    # Claims are sent only once they are checked and released.
    for claim in answer.claims:
        yield _event("claim", claim_json(claim))
    yield _event("answer", answer_json(answer))


@router.post("/search")
def search(body: SearchBody, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Ranked passages."""
    return search_json(*search_passages(platform, body.query, body.k, caller, body.where, body.budget))


def _event(name: str, value: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"
