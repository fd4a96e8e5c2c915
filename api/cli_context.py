"""What every command has: its common options, who does its work, and how to show a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from .backend import Backend
    from .wiring import Platform

Json = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")]
As = Annotated[str | None, typer.Option("--as", metavar="USER", help="Ask as this user; without it as an admin.")]


@dataclass(slots=True)
class Run:
    """One command under way: who does the work, and how its result is shown."""

    backend: Backend
    as_json: bool

    def show(self, value: Any, for_people: Callable[[Any], None]) -> None:
        """The result as JSON or for people."""
        from .console import print_json

        (print_json if self.as_json else for_people)(value)


@contextmanager
def platform_of(config: Path | None) -> Iterator[Platform]:
    """Configuration and platform of this process, closed afterwards."""
    from .settings import load_settings
    from .wiring import Platform

    with closing(Platform(load_settings(config))) as platform:
        yield platform


@contextmanager
def running(config: Path | None, as_json: bool) -> Iterator[Run]:
    """What a command needs. A process that serves the home does the work, this one where there is none."""
    from .presence import find_server
    from .settings import load_settings

    address = find_server(load_settings(config).home)
    if address is None:
        from .local import Local

        with platform_of(config) as platform:
            yield Run(Local(platform), as_json)
    else:
        from .remote import Remote

        with closing(Remote(address)) as remote:
            yield Run(remote, as_json)
