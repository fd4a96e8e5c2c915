"""What a listing of Slack already brought along, kept until it is read: one SQLite file, made anew each time."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path


class Spool:
    """Texts by uri and fingerprint. A listing writes a new file beside the old one and puts it in its place at the
    end, so that nothing of a message that was deleted stays behind. Lost, or not writable, it holds nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "slack.sqlite"
        self._next = folder / "slack.sqlite.new"
        self._writing: sqlite3.Connection | None = None

    def begin(self) -> None:
        """Starts a new file."""
        self.abandon()
        with suppress(OSError, sqlite3.Error):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writing = sqlite3.connect(self._next)
            self._writing.executescript(
                "pragma journal_mode = off; pragma synchronous = off;"
                "create table spooled (uri text primary key, fingerprint text, body text) without rowid;"
            )

    def put(self, uri: str, fingerprint: str, body: str) -> None:
        """Keeps a text in the new file."""
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.execute("insert or replace into spooled values (?, ?, ?)", (uri, fingerprint, body))

    def finish(self) -> None:
        """Puts the new file in the place of the old one."""
        if self._writing is not None:
            with suppress(sqlite3.Error, OSError):
                self._writing.commit()
                self._writing.close()
                self._writing = None
                os.replace(self._next, self._path)
        self.abandon()

    def abandon(self) -> None:
        """Drops a new file that was not finished."""
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.close()
            self._writing = None
        with suppress(OSError):
            self._next.unlink(missing_ok=True)

    def get(self, uri: str, fingerprint: str) -> str | None:
        """The text of an item as it was listed, None when it is not held."""
        if not self._path.is_file():
            return None
        try:
            connection = sqlite3.connect(self._path)
        except sqlite3.Error:
            return None
        try:
            query = "select body from spooled where uri = ? and fingerprint = ?"
            row = connection.execute(query, (uri, fingerprint)).fetchone()
        except sqlite3.Error:
            return None
        finally:
            connection.close()
        return str(row[0]) if row else None
