"""Who calls. With no key made, the server answers on loopback only, as one local admin."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request

from retrieval.access import Principal

from ..background import Background
from ..errors import NotFound, Refused
from ..remote import AS_USER
from ..wiring import Platform


def platform_of(request: Request) -> Platform:
    """The platform that the application serves."""
    platform: Platform = request.app.state.platform
    return platform


def is_owner(request: Request) -> bool:
    """Whether the caller shows the token that lies in the home, which only its owner can read."""
    token: str | None = request.app.state.owner_token
    shown = request.headers.get("authorization", "").encode(errors="replace")
    return token is not None and secrets.compare_digest(shown, f"Bearer {token}".encode())


def caller(request: Request, platform: Annotated[Platform, Depends(platform_of)]) -> Principal:
    """The local admin, or whom the owner of the home asks as."""
    user = request.headers.get(AS_USER)
    if user is not None and not is_owner(request):
        raise Refused("only the owner of the home may ask as somebody else; ask again")
    return platform.principal(None if user is None else unquote(user))


def owner(request: Request) -> None:
    """Lets in the owner of the home alone: what they may ask for reaches beyond the index.

    Raises:
        Refused: it is somebody else.
    """
    if not is_owner(request):
        raise Refused("this is for the commands of the home's owner on this machine")


def background_of(request: Request) -> Background:
    """The jobs of the server."""
    background: Background | None = request.app.state.background
    if background is None:
        raise NotFound("this server runs no jobs")
    return background


OwnerDep = Annotated[None, Depends(owner)]
BackgroundDep = Annotated[Background, Depends(background_of)]
PlatformDep = Annotated[Platform, Depends(platform_of)]
CallerDep = Annotated[Principal, Depends(caller)]
