"""The command `groundcrew eval`. Nothing heavy is imported before it runs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    questions: Annotated[Path, typer.Argument(metavar="SET.jsonl")],
    gate: Annotated[
        Path | None,
        typer.Option(
            "--gate",
            metavar="FILE",
            help="A JSON file of least shares of right and rightly_abstained, greatest of wrong and abstained.",
        ),
    ] = None,
    other: Annotated[
        str | None,
        typer.Option("--compare", metavar="RUN", help="An earlier run, by its id or file, to compare with."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="SECTION.KEY=VALUE", help="A setting for this run, such as retrieval.engine=torch."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")] = False,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")] = None,
) -> None:
    """Measure answers and retrieval on a question set; exit 1 out of the gate's bounds."""
    from .console import print_json
    from .evaluation import evaluate_set, overridden
    from .evaluation_report import show_evaluation
    from .settings import load_settings
    from .wiring import Platform

    settings = overridden(load_settings(config), overrides or ())
    with closing(Platform(settings)) as platform:
        evaluation = evaluate_set(platform, questions, gate, other, overrides or ())
        if as_json:
            print_json(evaluation.as_json())
        else:
            show_evaluation(evaluation)
        if evaluation.missed:
            raise typer.Exit(1)
