"""An SQLite database with one table of documents, seen through a query with a cursor column."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ingest.connectors.database import DatabaseConnector
from ingest.model import Access
from ingest.settings import DatabaseSettings

EVERYONE = Access(allow=("everyone",))


class DatabaseWorld:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "crm.db"
        self._cache = folder / "cache"
        self._changes = 0
        self._run("create table notes (name text primary key, body text, changed integer)")

    def _run(self, statement: str, *values: object) -> None:
        with closing(sqlite3.connect(self._file)) as connection, connection:
            connection.execute(statement, values)

    def put(self, name: str, text: str) -> None:
        self._changes += 1
        self._run("insert or replace into notes values (?, ?, ?)", name, text, self._changes)

    def delete(self, name: str) -> None:
        self._run("delete from notes where name = ?", name)

    def uri(self, name: str) -> str:
        return f"db://{quote(str(self._file))}/notes/{quote(name, safe='')}"

    def connector(self) -> DatabaseConnector:
        settings = DatabaseSettings(
            name="notes",
            url=f"sqlite:///{self._file}",
            query="select * from notes",
            key=("name",),
            cursor="changed",
            columns=("body",),
            access=EVERYONE,
        )
        return DatabaseConnector(settings, self._cache)

    def fail(self) -> None:
        self._file.rename(self._file.with_suffix(".moved"))

    def close(self) -> None:
        pass


def make(folder: Path) -> DatabaseWorld:
    """A database without rows."""
    return DatabaseWorld(folder)
