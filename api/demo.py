"""`groundcrew demo`: a fresh home with the sample company, a question answered on the way, then served."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from retrieval.access import Principal

from .commands import ask_question, sync_sources
from .console import print_json, say, show_answer, show_report
from .errors import UsageError
from .schemas import answer_json
from .serving import run_server
from .settings import CONFIG_NAME, DEFAULT_HOME, HOME, load_settings
from .wiring import Platform

_MARK = "made-by-demo"
QUESTION = "Who has to approve business class?"


def run_demo(*, serving: bool, port: int | None, as_json: bool) -> None:
    """Runs the demo in GROUNDCREW_HOME, which must be new or an earlier demo's.

    Raises:
        UsageError: the home holds an index of the user's own.
    """
    home = Path(os.environ.get(HOME) or DEFAULT_HOME).expanduser()
    _prepare(home)
    platform = Platform(load_settings(home / CONFIG_NAME))
    try:
        say(f"Ingesting the sample company into {home} …")
        report = sync_sources(platform, None)
        answer = ask_question(platform, QUESTION, Principal(admin=True))
        if as_json:
            print_json(answer_json(answer))
        else:
            show_report(report)
            print(f"\n> {QUESTION}\n")
            show_answer(answer)
            print(f'\nAsk your own:  {_command()} ask "How many days of leave can be carried over?"', flush=True)
        if serving:
            print(flush=True)
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
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise UsageError(
            f"{home} holds an index of your own, which the demo would replace; "
            f"set {HOME} to another folder for the demo"
        )
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / _MARK).write_text("Made by `groundcrew demo`, which replaces it at its next start.\n", encoding="utf-8")
    sample = sample_folder()
    text = (sample / CONFIG_NAME).read_text(encoding="utf-8")
    text = text.replace('path = "company"', f'path = "{(sample / "company").as_posix()}"')
    (home / CONFIG_NAME).write_text(text, encoding="utf-8")


def _command() -> str:
    program = Path(sys.argv[0])
    if program.name.startswith("groundcrew"):
        try:
            return str(program.resolve().relative_to(Path.cwd().resolve()))
        except ValueError:
            return program.name
    return f"{Path(sys.executable).name} -m api"
