"""What a mail source remembers between two syncs, in one SQLite file that may be lost at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_SCHEMA = """
pragma secure_delete = on;
create table if not exists place (name text primary key, state text not null) without rowid;
create table if not exists message (
    place text not null, key text not null, value text not null, primary key (place, key)
) without rowid;
"""


class MailCache:
    """Places (a folder on a server, an mbox), each with a state and, by key, a text for each of its messages.

    A file that is damaged is made anew; where none can be kept, what is remembered lasts as long as the object.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "mail.sqlite"
        self._opened: sqlite3.Connection | None = None

    def state(self, place: str) -> str | None:
        """The state with which a place was last kept, None for an unknown one."""
        rows = self._ask("select state from place where name = ?", (place,))
        return str(rows[0][0]) if rows else None

    def messages(self, place: str) -> dict[str, str]:
        """All that is kept of a place's messages, by key."""
        return {
            str(key): str(value) for key, value in self._ask("select key, value from message where place = ?", (place,))
        }

    def keep(self, place: str, state: str, added: Mapping[str, str], gone: Iterable[str] = ()) -> None:
        """Adds and removes messages of a place and sets its state, all of it or nothing."""
        with suppress(sqlite3.Error), self._connection() as transaction:
            transaction.execute("insert or replace into place values (?, ?)", (place, state))
            transaction.executemany("delete from message where place = ? and key = ?", ((place, key) for key in gone))
            transaction.executemany(
                "insert or replace into message values (?, ?, ?)", ((place, key, value) for key, value in added.items())
            )

    def forget(self, place: str) -> None:
        """Drops a place with its messages."""
        with suppress(sqlite3.Error), self._connection() as transaction:
            transaction.execute("delete from place where name = ?", (place,))
            transaction.execute("delete from message where place = ?", (place,))

    def forget_all_but(self, places: Collection[str]) -> None:
        """Drops every place that is not named."""
        for (name,) in self._ask("select name from place", ()):
            if name not in places:
                self.forget(str(name))

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _ask(self, query: str, values: tuple[str, ...]) -> list[tuple[object, ...]]:
        try:
            return self._connection().execute(query, values).fetchall()
        except sqlite3.DatabaseError:
            self._discard()
            return []

    def _discard(self) -> None:
        self.close()
        for suffix in ("", "-journal"):
            with suppress(OSError):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            try:
                self._opened = self._open()
            except (sqlite3.DatabaseError, OSError):
                self._discard()
                try:
                    self._opened = self._open()
                except (sqlite3.DatabaseError, OSError):
                    self._opened = _prepared(":memory:")
        return self._opened

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return _prepared(str(self._path))


def _prepared(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    try:
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
