"""The command line. Results go to standard output, progress and logs to standard error.

Exit status: 0 done, 1 a check found a failure, 2 bad use or configuration, 3 the work failed.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from .wiring import Platform

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")]
As = Annotated[str | None, typer.Option("--as", metavar="USER", help="Ask as this user; without it as an admin.")]

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


@dataclass(slots=True)
class _Run:
    """What every command has: the platform, and how to show a result."""

    platform: Platform
    as_json: bool

    def show(self, value: Callable[[], Any], for_people: Callable[[], None]) -> None:
        """The result as JSON or for people."""
        from .console import print_json

        if self.as_json:
            print_json(value())
        else:
            for_people()

    def hint_if_empty(self) -> None:
        """Says so where nothing can be found because nothing was ingested."""
        from .console import say

        if self.platform.catalog.counts()[0] == 0:
            say(f"nothing is indexed yet in {self.platform.home}: groundcrew ingest PATH")


@contextmanager
def _running(config: Path | None, as_json: bool) -> Iterator[_Run]:
    """Configuration and platform for one command, closed afterwards."""
    from .settings import load_settings
    from .wiring import Platform

    with closing(Platform(load_settings(config))) as platform:
        yield _Run(platform, as_json)


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
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make the index hold exactly what PATH holds: add, update, remove."""
    from dataclasses import asdict

    from .commands import ingest_paths
    from .console import show_report

    with _running(config, as_json) as run:
        report = ingest_paths(run.platform, paths, source, tuple(allow or ()))
        run.show(lambda: asdict(report), lambda: show_report(report))


@app.command()
def search(
    query: Annotated[str, typer.Argument()],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    user: As = None,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="KEY=VALUE", help="Only where source, format or document is VALUE."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show ranked passages."""
    from .commands import parse_where, search_passages
    from .console import show_hits
    from .schemas import hit_json

    with _running(config, as_json) as run:
        hits = search_passages(run.platform, query, k, run.platform.principal(user), parse_where(where or []))
        run.hint_if_empty()
        run.show(lambda: {"hits": [hit_json(hit) for hit in hits]}, lambda: show_hits(hits))


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
    from .commands import ask_question
    from .console import show_answer
    from .schemas import answer_json

    with _running(config, as_json) as run:
        answer = ask_question(run.platform, question, run.platform.principal(user), mode, conversation)
        run.hint_if_empty()
        run.show(lambda: answer_json(answer), lambda: show_answer(answer))


@sources_app.command("list")
def sources_list(as_json: Json = False, config: Config = None) -> None:
    """List sources, their state and freshness."""
    from .commands import source_states
    from .console import show_sources
    from .schemas import source_json

    with _running(config, as_json) as run:
        states = source_states(run.platform)
        run.show(lambda: {"sources": [source_json(state) for state in states]}, lambda: show_sources(states))


@sources_app.command("sync")
def sources_sync(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None, as_json: Json = False, config: Config = None
) -> None:
    """Bring one configured source, or all, into step."""
    from dataclasses import asdict

    from .commands import sync_sources
    from .console import show_report

    with _running(config, as_json) as run:
        report = sync_sources(run.platform, name)
        run.show(lambda: asdict(report), lambda: show_report(report))


@sources_app.command("quarantine")
def sources_quarantine(as_json: Json = False, config: Config = None) -> None:
    """List what could not be read, why, and what to do about it."""
    from .console import show_quarantine
    from .schemas import quarantine_json

    with _running(config, as_json) as run:
        entries = run.platform.catalog.quarantined()
        run.show(
            lambda: {"quarantine": [quarantine_json(entry) for entry in entries]}, lambda: show_quarantine(entries)
        )


@app.command("eval")
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
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Measure answers on a question set; exit 1 out of the gate's bounds."""
    from .evaluation import evaluate_set, show_evaluation

    with _running(config, as_json) as run:
        evaluation = evaluate_set(run.platform, questions, gate)
        run.show(evaluation.as_json, lambda: show_evaluation(evaluation))
        if evaluation.missed:
            raise typer.Exit(1)


@app.command()
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is found.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Prove that catalog, vectors, lexical index and model agree; exit 1 when they do not."""
    from . import doctor as clinic

    with _running(config, as_json) as run:
        if repair:
            clinic.repair(run.platform)
        found = clinic.diagnose(run.platform)
        run.show(
            lambda: {
                "ok": found.ok,
                "problems": list(found.problems),
                "documents": found.documents,
                "chunks": found.chunks,
            },
            lambda: clinic.show(found),
        )
        if not found.ok:
            raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option("--host", help="Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Default: 8321.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Serve the HTTP API and the web page."""
    from .serving import run_server

    with _running(config, as_json) as run:
        run_server(run.platform, host, port, as_json=as_json)


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
