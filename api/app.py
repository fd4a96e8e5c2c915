"""The HTTP application. Errors are problem documents (RFC 9457) and never tell what is inside."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from .errors import KNOWN_ERRORS, code_of, outcome_of
from .routes import asking, documents, health, ingestion, page
from .wiring import Platform

_log = logging.getLogger("groundcrew.api")
_MAX_BODY = 1_000_000
_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


def create_app(platform: Platform) -> FastAPI:
    """The application over one platform."""
    app = FastAPI(title="Groundcrew", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.platform = platform
    app.middleware("http")(_guard)
    for routes in (asking, documents, ingestion, health, page):
        app.include_router(routes.router)
    for kind in KNOWN_ERRORS:
        app.add_exception_handler(kind, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unknown)
    return app


def problem(status: int, title: str, detail: str, code: str) -> JSONResponse:
    """A problem document."""
    return JSONResponse(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code},
        status_code=status,
        media_type="application/problem+json",
    )


async def _guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    host = request.headers.get("host", "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name not in _LOOPBACK_NAMES:
        # Some page in a browser may have had its own name resolved to 127.0.0.1 to reach a local server.
        return problem(421, "Wrong host", "this server answers under 127.0.0.1 and localhost only", "wrong_host")
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > _MAX_BODY:
        return problem(413, "Too large", f"the body has {length} bytes; at most {_MAX_BODY} are taken", "too_large")
    return await call_next(request)


async def _known(_request: Request, error: Exception) -> Response:
    outcome = outcome_of(error)
    if outcome.http_status >= 500:
        _log.error("request_failed", exc_info=error)
        return problem(
            outcome.http_status,
            outcome.title,
            "the server's index or model needs attention; its operator finds the cause with `groundcrew doctor`",
            code_of(error),
        )
    return problem(outcome.http_status, outcome.title, str(error), code_of(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return problem(422, "Bad request", f"{place}: {first['msg']}", "bad_request")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(
        error.status_code, "Not found" if error.status_code == 404 else "Refused", str(error.detail), "refused"
    )


async def _unknown(_request: Request, error: Exception) -> Response:
    _log.error("request_failed", exc_info=error)
    return problem(500, "Internal error", "the request failed; the server's log tells why", "internal_error")
