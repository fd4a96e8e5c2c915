"""The web page: three static files, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

_WEB = Path(__file__).resolve().parent.parent / "web"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@router.get("/")
def index() -> FileResponse:
    """The page."""
    return FileResponse(_WEB / "index.html", headers=_HEADERS)


@router.get("/page.css")
def style() -> FileResponse:
    """Its style."""
    return FileResponse(_WEB / "page.css", headers=_HEADERS)


@router.get("/page.js")
def script() -> FileResponse:
    """Its behaviour."""
    return FileResponse(_WEB / "page.js", headers=_HEADERS)
