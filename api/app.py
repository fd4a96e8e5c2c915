"""The HTTP application. Errors are problem documents (RFC 9457) and never tell what is inside."""

from __future__ import annotations

import ipaddress
import logging
import re
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .background import Background
from .errors import KNOWN_ERRORS, code_of, outcome_of, told_of
from .routes import asking, conversations, documents, health, ingestion, page, reviews, runs
from .routes.access import is_owner
from .wiring import Platform

_log = logging.getLogger("groundcrew.api")
_MAX_BODY = 1_000_000
_HOST = re.compile(r"(\[(?P<bracketed>[0-9a-fA-F:.]+)\]|(?P<plain>[^:\[\]]+))(:\d+)?")


def create_app(platform: Platform, background: Background | None = None, owner_token: str | None = None) -> FastAPI:
    """The application over one platform. `owner_token` is what the commands of the home's owner show."""
    app = FastAPI(title="Groundcrew", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.platform = platform
    app.state.background = background
    app.state.owner_token = owner_token
    app.add_middleware(_Guard)
    for routes in (asking, documents, runs, reviews, conversations, ingestion, health, page):
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


def is_loopback(host: str) -> bool:
    """Whether a host name or address always means this machine."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Guard:
    """Lets in requests that name this machine and whose body is of a size to be taken; hands the body on whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        refusal = _refuse_host(request) or _refuse_origin(request) or _refuse_length(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        body = b""
        try:
            # A body sent in chunks announces no length.
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MAX_BODY:
                    await _too_large()(scope, receive, send)
                    return
        except ClientDisconnect:
            return
        unread = [body]

        async def replay() -> Message:
            return {"type": "http.request", "body": unread.pop(), "more_body": False} if unread else await receive()

        await self._app(scope, replay, send)


def _refuse_host(request: Request) -> Response | None:
    named = _HOST.fullmatch(request.headers.get("host", ""))
    if named is None or not is_loopback(named["bracketed"] or named["plain"]):
        # Some page in a browser may have had its own name resolved to 127.0.0.1 to reach a local server.
        return problem(421, "Wrong host", "this server answers under 127.0.0.1 and localhost only", "wrong_host")
    return None


def _refuse_origin(request: Request) -> Response | None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return None
    origin = request.headers.get("origin")
    named = None if origin is None else urlsplit(origin).hostname
    if request.headers.get("sec-fetch-site") == "cross-site" or (origin is not None and not is_loopback(named or "")):
        # A page from elsewhere, open in a browser on this machine, may send requests though it cannot read the answers.
        return problem(403, "Refused", "requests of other sites' pages are not taken", "cross_site")
    return None


def _refuse_length(request: Request) -> Response | None:
    length = request.headers.get("content-length", "0")
    return _too_large() if length.isdigit() and int(length) > _MAX_BODY else None


def _too_large() -> Response:
    return problem(413, "Too large", f"at most {_MAX_BODY} bytes of body are taken", "too_large")


async def _known(request: Request, error: Exception) -> Response:
    outcome = outcome_of(error)
    if outcome.http_status >= 500:
        _log.error("request_failed", exc_info=error)
    told = str(error) if is_owner(request) else told_of(error)
    return problem(outcome.http_status, outcome.title, told, code_of(error))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    # A key may be a lone surrogate, which no response can carry.
    place = ".".join(str(part) for part in first["loc"]).encode(errors="replace").decode()
    return problem(422, "Bad request", f"{place}: {first['msg']}", "bad_request")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = "Not found" if error.status_code == 404 else "Refused"
    response = problem(error.status_code, title, str(error.detail), "refused")
    response.headers.update(error.headers or {})
    return response


async def _unknown(_request: Request, error: Exception) -> Response:
    _log.error("request_failed", exc_info=error)
    return problem(500, "Internal error", told_of(error), "internal_error")
