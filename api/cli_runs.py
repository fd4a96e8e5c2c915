"""The commands `groundcrew runs`: what the crew did, why, what it cost, and whether it would do the same again."""

from __future__ import annotations

from typing import Annotated

import typer

from .cli_context import As, Config, Json, running

runs_app = typer.Typer(no_args_is_help=True, help="Runs: what the crew did, with which evidence, models and cost.")
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Its id, as `runs list` shows it.")]


@runs_app.command("list")
def runs_list(
    status: Annotated[
        str | None, typer.Option("--status", metavar="STATUS", help="Only such: running, answered, needs_review, …")
    ] = None,
    limit: Annotated[int, typer.Option("-n", min=1, max=200, help="How many.")] = 20,
    before: Annotated[str | None, typer.Option("--before", metavar="RUN", help="Those that began before it.")] = None,
    user: As = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List runs, the latest first."""
    from .run_console import show_runs

    with running(config, as_json) as run:
        run.show(run.backend.runs(user, status, limit, before), show_runs)


@runs_app.command("show")
def runs_show(
    run_id: RunId,
    explained: Annotated[
        bool, typer.Option("--explain", help="Say which passages led to which claim, and what was rejected and why.")
    ] = False,
    user: As = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show one run: its answer and what happened, step by step."""
    from .explanation_console import show_explanation
    from .run_console import show_run

    with running(config, as_json) as run:
        run.show(run.backend.run(run_id, user, explained=explained), show_explanation if explained else show_run)


@runs_app.command("graph")
def runs_graph(as_json: Json = False, config: Config = None) -> None:
    """Draw the rules of engagement, who may hand to whom, as Mermaid text."""
    from .console import put

    with running(config, as_json) as run:
        run.show(run.backend.graph(), lambda found: put(found["mermaid"].rstrip()))


@runs_app.command("stats")
def runs_stats(
    days: Annotated[float, typer.Option("--days", min=0.01, max=3650, help="How far back.")] = 30,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show cost per verified claim and time to answer, by tier and against the large model alone."""
    from .run_console import show_stats

    with running(config, as_json) as run:
        run.show(run.backend.stats(days), show_stats)


@runs_app.command("replay")
def runs_replay(run_id: RunId, as_json: Json = False, config: Config = None) -> None:
    """Do a run again, with recorded replies for model calls; exit 1 when the answer is another."""
    from .run_console import show_replay

    with running(config, as_json) as run:
        found = run.backend.replay(run_id)
        run.show(found, show_replay)
        if not found["same"]:
            raise typer.Exit(1)


@runs_app.command("stop")
def runs_stop(run_id: RunId, user: As = None, as_json: Json = False, config: Config = None) -> None:
    """Stop a run that is under way."""
    from .console import put

    with running(config, as_json) as run:
        run.show(run.backend.stop_run(run_id, user), lambda found: put(f"run {found['id']}: {found['status']}"))
