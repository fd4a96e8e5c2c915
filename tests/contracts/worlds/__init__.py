"""Systems under test, one module each: what a system holds can be changed, and a connector looks at it.

A module here defines `make(folder)`, which starts the system with its files in an empty folder. Where a program that
it needs is not installed, it calls `pytest.skip` with the program's name.
"""

from __future__ import annotations

from typing import Protocol

from ingest.ports import Connector


class World(Protocol):
    """A running system. Names are relative paths such as "sub/b.txt"; a system without paths takes them as keys."""

    def put(self, name: str, text: str) -> None:
        """Adds a document with these words in it, or changes the one of this name."""
        ...

    def delete(self, name: str) -> None:
        """Takes a document away."""
        ...

    def uri(self, name: str) -> str:
        """The uri under which the connector lists it."""
        ...

    def connector(self) -> Connector:
        """A new connector, as a new process would make it; what earlier ones kept on disk is there."""
        ...

    def fail(self) -> None:
        """From now on the system cannot be reached."""
        ...

    def close(self) -> None:
        """Stops the system."""
        ...
