"""The command line. Results go to standard output, progress and logs to standard error.

Exit status: 0 done, 1 a check found a failure, 2 bad use or configuration, 3 the work failed.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from .cli_context import As, Config, Json, platform_of, running
from .cli_conversations import conversations_app
from .cli_evaluation import evaluate
from .cli_reviews import review_app
from .cli_runs import runs_app

Confirmed = Annotated[
    bool,
    typer.Option("--confirm-removals", help="Take out documents that are gone, however many there are."),
]

app = typer.Typer(
    name="groundcrew",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Cited, verified answers from a company's own documents.",
)
sources_app = typer.Typer(no_args_is_help=True, help="Sources: what is indexed, how fresh, and what could not be read.")
app.add_typer(sources_app, name="sources")
app.add_typer(runs_app, name="runs")
app.add_typer(review_app, name="review")
app.add_typer(conversations_app, name="conversations")


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    source: Annotated[str | None, typer.Option("--source", metavar="NAME", help="The source they belong to.")] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="WHO",
            help=("Who may read them: everyone, group:NAME or user:NAME; repeat for several. Default: an admin only."),
        ),
    ] = None,
    confirmed: Confirmed = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make the index hold exactly what PATH holds: add, update, remove."""
    from .console import show_report

    with running(config, as_json) as run:
        run.show(run.backend.ingest(paths, source, tuple(allow or ()), confirmed=confirmed), show_report)


@app.command()
def search(
    query: Annotated[str, typer.Argument()],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    user: As = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="KEY=VALUE",
            help="Only what passes: source, format, document, kind, title, label, after, before, on, year, or a key of "
            "the documents' metadata. The query may say it too: source:handbook after:2025 -draft.",
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option("--budget", min=1, max=100_000, metavar="TOKENS", help="Show what fits into so many."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show ranked passages."""
    from .commands import parse_where
    from .console import show_hits

    with running(config, as_json) as run:
        hits = run.backend.search(query, k, user, parse_where(where or []), budget)
        run.show(hits, show_hits)


@app.command()
def ask(
    question: Annotated[str, typer.Argument()],
    user: As = None,
    conversation: Annotated[str | None, typer.Option("--conversation", metavar="ID")] = None,
    mode: Annotated[str, typer.Option("--mode", metavar="auto|extractive|small|large")] = "auto",
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Answer a question, every sentence with a checked citation."""
    from .console import show_answer

    with running(config, as_json) as run:
        answer = run.backend.ask(question, user, mode, conversation)
        run.show(answer, show_answer)


@sources_app.command("list")
def sources_list(as_json: Json = False, config: Config = None) -> None:
    """List sources, their state and freshness."""
    from .console import show_sources

    with running(config, as_json) as run:
        run.show(run.backend.sources(), show_sources)


@sources_app.command("sync")
def sources_sync(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    confirmed: Confirmed = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Bring one configured source, or all, into step."""
    from .console import show_report

    with running(config, as_json) as run:
        run.show(run.backend.sync(name, confirmed=confirmed), show_report)


@sources_app.command("remove")
def sources_remove(
    name: Annotated[str, typer.Argument(metavar="NAME")], as_json: Json = False, config: Config = None
) -> None:
    """Take a source that is no longer configured out, with all its documents."""
    from .console import put

    with running(config, as_json) as run:
        run.show(
            run.backend.remove_source(name), lambda done: put(f"{done['removed']} documents of {name} are taken out")
        )


@sources_app.command("quarantine")
def sources_quarantine(as_json: Json = False, config: Config = None) -> None:
    """List what could not be read, why, and what to do about it."""
    from .console import show_quarantine

    with running(config, as_json) as run:
        run.show(run.backend.quarantine(), show_quarantine)


app.command("eval")(evaluate)


@app.command()
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is found.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Prove that catalog, vectors, lexical index and model agree; exit 1 when they do not."""
    from .doctor import show

    with running(config, as_json) as run:
        found = run.backend.doctor(repair=repair)
        run.show(found, show)
        if not found["ok"]:
            raise typer.Exit(1)


@app.command()
def watch(config: Config = None) -> None:
    """Keep the configured folders in step until stopped."""
    from .serving import run_watch

    with platform_of(config) as platform:
        run_watch(platform)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host", help="Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Default: 8321.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Serve the HTTP API and the web page; keep the configured sources in step."""
    from .serving import run_server

    with platform_of(config) as platform:
        run_server(platform, host, port, as_json=as_json)


@app.command()
def demo(
    serving: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve afterwards, until Ctrl-C.")] = True,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535)] = None,
    as_json: Json = False,
) -> None:
    """Ingest the sample company into a fresh home, answer a question from it, and serve it."""
    from .demo import run_demo

    run_demo(serving=serving, port=port, as_json=as_json)


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and exits with its status. Every expected error is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # No character of a document ends a command because the terminal cannot show it.
            stream.reconfigure(errors="replace")
    status = _status(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more as it ends, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _status(arguments: list[str]) -> int:
    try:
        result = app(args=arguments, standalone_mode=False, prog_name="groundcrew")
        return result if isinstance(result, int) else 0
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        print("stopped", file=sys.stderr)
        return 130
    except SystemExit as end:
        # typer ends with 1 when whoever reads the output has read enough, as in `groundcrew search … | head`.
        return 0 if isinstance(end.__context__, BrokenPipeError) else 3
    except typer.TyperException as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        return _fail(message, "bad_use", 2, arguments, as_it_is=type(error).__name__ == "NoArgsIsHelpError")
    except Exception as error:
        from .errors import KNOWN_ERRORS, code_of, outcome_of

        if not isinstance(error, KNOWN_ERRORS):
            traceback.print_exc()
        return _fail(str(error), code_of(error), outcome_of(error).exit_status, arguments)


def _fail(message: str, code: str, status: int, arguments: list[str], *, as_it_is: bool = False) -> int:
    """Tells of an error: one line, unless the message is the help."""
    from .console import print_json, say

    line = " ".join(message.split())
    say(message if as_it_is else f"groundcrew: {line}")
    if "--json" in arguments:
        print_json({"error": {"code": code, "message": line}})
    return status
