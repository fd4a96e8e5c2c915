"""The commands `groundcrew review`: answers that wait for a person."""

from __future__ import annotations

from typing import Annotated

import typer

from .cli_context import As, Config, Json, running
from .cli_runs import RunId

review_app = typer.Typer(no_args_is_help=True, help="Answers that wait for a person.")


@review_app.command("list")
def review_list(user: As = None, as_json: Json = False, config: Config = None) -> None:
    """List what waits, the longest waiting first."""
    from .review_console import show_reviews

    with running(config, as_json) as run:
        run.show(run.backend.reviews(user), show_reviews)


@review_app.command("show")
def review_show(run_id: RunId, user: As = None, as_json: Json = False, config: Config = None) -> None:
    """Show a held answer: its claims, their evidence, and what compliance found."""
    from .review_console import show_review

    with running(config, as_json) as run:
        run.show(run.backend.review(run_id, user), show_review)


@review_app.command("approve")
def review_approve(
    run_id: RunId,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="Kept with the run.")] = None,
    user: As = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Release a held answer, after its claims were checked anew."""
    from .review_console import show_decision

    with running(config, as_json) as run:
        run.show(run.backend.decide(run_id, user, "approve", why), show_decision)


@review_app.command("reject")
def review_reject(
    run_id: RunId,
    why: Annotated[str | None, typer.Option("--why", metavar="TEXT", help="The asker reads it.")] = None,
    user: As = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Keep a held answer back for good."""
    from .review_console import show_decision

    with running(config, as_json) as run:
        run.show(run.backend.decide(run_id, user, "reject", why), show_decision)
