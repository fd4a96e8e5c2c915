"""The commands `groundcrew conversations`: what was asked in a row, seen by whoever asked."""

from __future__ import annotations

from typing import Annotated

import typer

from .cli_context import As, Config, Json, running

conversations_app = typer.Typer(no_args_is_help=True, help="Conversations: what was asked in a row; private to each.")
ConversationId = Annotated[str, typer.Argument(metavar="ID")]


@conversations_app.command("list")
def conversations_list(user: As = None, as_json: Json = False, config: Config = None) -> None:
    """List conversations, the latest first."""
    from .conversation_console import show_conversations

    with running(config, as_json) as run:
        run.show(run.backend.conversations(user), show_conversations)


@conversations_app.command("show")
def conversations_show(
    conversation_id: ConversationId, user: As = None, as_json: Json = False, config: Config = None
) -> None:
    """Show the questions of a conversation, what they referred to, and what stayed open."""
    from .conversation_console import show_conversation

    with running(config, as_json) as run:
        run.show(run.backend.conversation(conversation_id, user), show_conversation)


@conversations_app.command("export")
def conversations_export(
    conversation_id: ConversationId, user: As = None, as_json: Json = False, config: Config = None
) -> None:
    """Print a conversation whole, with its answers, as JSON."""
    from .console import print_json

    with running(config, as_json) as run:
        print_json(run.backend.conversation(conversation_id, user))


@conversations_app.command("delete")
def conversations_delete(
    conversation_id: ConversationId, user: As = None, as_json: Json = False, config: Config = None
) -> None:
    """Delete a conversation and the runs of its turns."""
    from .console import put

    with running(config, as_json) as run:
        run.show(
            run.backend.delete_conversation(conversation_id, user),
            lambda found: put(f"conversation {found['id']} is deleted, with {found['runs']} runs"),
        )
