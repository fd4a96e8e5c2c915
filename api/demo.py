"""`groundcrew demo`: a fresh home with the sample company, a question answered on the way, then served."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from retrieval.access import Principal

from .commands import ask_question, sync_sources
from .console import print_json, put, say, show_answer, show_report
from .errors import UsageError, WorkFailed
from .presence import ADDRESS, LOCK, find_server
from .schemas import answer_json
from .serving import run_server
from .settings import CONFIG_NAME, HOME, Settings, home_folder, load_settings
from .wiring import LOCK_NAME, Platform

_MARK = "made-by-demo"
_DATABASES = ("catalog", "jobs", "runs", "models", "tokens")
_EMPTY_HOME = {
    *(name + end for name in _DATABASES for end in (".sqlite", ".sqlite-shm", ".sqlite-wal")),
    *("vectors", "lexical", "runs.sqlite.alive", "schedules.json", "connectors", ADDRESS, LOCK),
}
_SOURCE = "company"
"""The sample's source, as data/groundcrew.toml names it."""
QUESTION = "From what flight length can I fly business class?"


def run_demo(*, serving: bool, port: int | None, as_json: bool) -> None:
    """Runs the demo in GROUNDCREW_HOME, which must be new or an earlier demo's.

    Raises:
        UsageError: the home holds an index of the user's own.
        WorkFailed: another process is writing to the home.
    """
    home = home_folder()
    address = find_server(home)
    if address is not None:
        raise WorkFailed(f"{home} is being served at {address.url}; stop that first")
    _prepare(home)
    platform = Platform(load_settings(home / CONFIG_NAME))
    try:
        say(f"Ingesting the sample company into {home} …")
        report = sync_sources(platform, None)
        answer = ask_question(platform, QUESTION, Principal(admin=True))
        if as_json:
            print_json(answer_json(answer))
        else:
            show_report(asdict(report))
            put(f"\n> {QUESTION}\n")
            show_answer(answer_json(answer))
            put(f'\nAsk your own:  {_command()} ask "How many days of leave can be carried over?"')
        if serving:
            put("")
            run_server(platform, None, port, any_port=True)
    finally:
        platform.close()


def sample_folder() -> Path:
    """Where the sample company lies: beside the packages in a checkout, inside this one when installed."""
    here = Path(__file__).resolve().parent
    for folder in (here / "data", here.parent / "data"):
        if (folder / "company").is_dir():
            return folder
    raise UsageError("the sample company is not part of this installation")


def _prepare(home: Path) -> None:
    """Empties the home, unless something of the user's own is in it, and configures the sample company there."""
    holds = set(os.listdir(home)) - {LOCK_NAME} if os.path.isdir(home) else set()
    marked = _MARK in holds
    # Asking in an empty folder makes an empty home, which is nobody's loss.
    if not marked and holds - _EMPTY_HOME:
        raise _refusal(home, "files")
    with closing(Platform(Settings(home=home))) as platform, platform.locked():
        if "catalog.sqlite" in holds:
            own = {s.name for s in platform.catalog.sources()} | {d.source for d in platform.catalog.documents()}
            own -= {_SOURCE} if marked else set()
            platform.close()
            if own:
                raise _refusal(home, f"documents of source {', '.join(sorted(own))}")
        for path in (home / name for name in holds - {_MARK}):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        _configure(home)


def _refusal(home: Path, what: str) -> UsageError:
    return UsageError(
        f"{home} holds {what} of your own, which the demo would replace; set {HOME} to another folder for the demo"
    )


def _configure(home: Path) -> None:
    (home / _MARK).write_text("Made by `groundcrew demo`, which replaces it at its next start.\n", encoding="utf-8")
    sample = sample_folder()
    text = (sample / CONFIG_NAME).read_text(encoding="utf-8")
    for key, name in (("path", "company"), ("policies", "policies")):
        text = text.replace(f'{key} = "{name}"', f'{key} = "{(sample / name).as_posix()}"')
    (home / CONFIG_NAME).write_text(text, encoding="utf-8")


def _command() -> str:
    program = Path(sys.argv[0])
    if program.name.startswith("groundcrew"):
        try:
            return str(program.resolve().relative_to(Path.cwd().resolve()))
        except ValueError:
            return program.name
    return f"{Path(sys.executable).name} -m api"
