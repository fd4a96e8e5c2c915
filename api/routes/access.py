"""Who calls. With no key made, the server answers on loopback only, as one local admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from retrieval.access import Principal

from ..wiring import Platform


def platform_of(request: Request) -> Platform:
    """The platform that the application serves."""
    platform: Platform = request.app.state.platform
    return platform


def caller() -> Principal:
    """The local admin."""
    return Principal(admin=True)


PlatformDep = Annotated[Platform, Depends(platform_of)]
CallerDep = Annotated[Principal, Depends(caller)]
