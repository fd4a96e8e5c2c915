"""Questions and searches."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response, StreamingResponse

from ..commands import ask_question, search_passages
from ..errors import code_of, outcome_of, told_of
from ..schemas import AskBody, SearchBody, answer_json, citation_json, claim_json, search_json
from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1")
_log = logging.getLogger("groundcrew.api")


@router.post("/ask")
async def ask(body: AskBody, platform: PlatformDep, caller: CallerDep) -> Response:
    """One checked answer; with `stream` as server-sent events `stage`, `evidence`, `claim`, `answer`, `error`."""
    if not body.stream:
        answer = await run_in_threadpool(ask_question, platform, body.question, caller, body.mode, body.conversation_id)
        return JSONResponse(answer_json(answer))

    async def events() -> AsyncIterator[str]:
        yield _event("stage", {"stage": "research"})
        try:
            answer = await run_in_threadpool(
                ask_question, platform, body.question, caller, body.mode, body.conversation_id
            )
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

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.post("/search")
def search(body: SearchBody, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Ranked passages."""
    return search_json(*search_passages(platform, body.query, body.k, caller, body.where, body.budget))


def _event(name: str, value: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"
