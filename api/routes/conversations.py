"""The caller's own conversations; nobody else's exist for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from .access import CallerDep, PlatformDep

router = APIRouter(prefix="/v1/conversations")


@router.get("")
def conversations(platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """The caller's conversations, the latest first."""
    return platform.run_access.conversations(caller)


@router.get("/{conversation_id:path}")
def conversation(conversation_id: str, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """One conversation whole, with each answer as far as the caller may see it now."""
    return platform.run_access.conversation(caller, conversation_id)


@router.delete("/{conversation_id:path}")
def delete(conversation_id: str, platform: PlatformDep, caller: CallerDep) -> dict[str, Any]:
    """Deletes one conversation and the runs of its turns."""
    return platform.run_access.delete_conversation(caller, conversation_id)
