"""One SQLite file, shared among threads, whose failures come out as one error that names the file and the mend."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CatalogError

Connection = sqlite3.Connection
"""What `transaction` hands out, by a name for those that write rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a file holds, for its errors: `error` is raised, `name` says what it is, `mend` what to do when it is
    damaged (with {path} and {folder}). Of a `lazy` file, what was written last may be lost when the power fails, never
    when the process dies.
    """

    error: type[Exception]
    name: str
    mend: str
    lazy: bool = False


CATALOG = Holding(
    error=CatalogError,
    name="catalog",
    mend="move the folder {folder} aside and ingest again: the documents themselves are not in it",
)


class Database:
    """Each thread gets a connection of its own; readers never wait for a writer (write-ahead log).

    Where CatalogError stands below, it is the error of what the file holds.
    """

    def __init__(self, path: Path, holding: Holding = CATALOG) -> None:
        self._path = path
        self._holding = holding
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: list[tuple[threading.Thread, sqlite3.Connection]] = []

    def read(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises:
            CatalogError: the file is damaged or cannot be read.
        """
        with self._translated():
            return self._connection.execute(query, values).fetchall()

    def read_each(
        self, query: str, values: Sequence[Any], rest: str = "", *, before: tuple[Any, ...] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of `query` + a list of values + `rest`, in batches that SQLite accepts. Order is not kept.

        `before` are the values of what `query` asks for besides.
        """
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(values), 500):
            batch = values[start : start + 500]
            marks = ",".join("?" * len(batch))
            rows += self.read(f"{query} ({marks}) {rest}", (*before, *batch))
        return rows

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed when the block ends, rolled back when it raises.

        `durable` makes this one, and all before it, outlast a power cut although the file is `lazy`.

        Raises:
            CatalogError: the file is damaged, locked for long, or cannot be written.
        """
        with self._translated():
            connection = self._connection
            forced = durable and self._holding.lazy
            if forced:
                connection.execute("pragma synchronous = full")
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:  # SQLite has rolled back by itself when the disk is full.
                    connection.execute("rollback")
                raise
            finally:
                if forced:
                    connection.execute("pragma synchronous = normal")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it this thread reads the file as it was at one moment, whatever is written meanwhile."""
        with self._translated():
            connection = self._connection
            connection.execute("begin")
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")

    def truncate_log(self) -> None:
        """Moves the write-ahead log into the file and empties it, so that it keeps nothing of what was deleted."""
        with self._translated():
            self._connection.execute("pragma wal_checkpoint(truncate)")

    def close(self) -> None:
        """Closes every thread's connection."""
        with self._lock:
            for _, connection in self._opened:
                connection.close()
            self._opened.clear()
            self._local = threading.local()

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Closed from whichever thread calls close(), hence check_same_thread.
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                connection.execute("pragma journal_mode = wal")
                connection.execute(f"pragma synchronous = {'normal' if self._holding.lazy else 'full'}")
                connection.execute("pragma foreign_keys = on")
                # What is deleted is overwritten with zeros, in the file as well.
                connection.execute("pragma secure_delete = on")
            except BaseException:
                connection.close()  # One without these would keep what it should delete.
                raise
            self._local.connection = connection
            with self._lock:
                self._close_orphans()
                self._opened.append((threading.current_thread(), connection))
        return connection

    def _close_orphans(self) -> None:
        """Servers come and go with threads: a connection ends with the thread that it was opened for."""
        for orphan in [pair for pair in self._opened if not pair[0].is_alive()]:
            orphan[1].close()
            self._opened.remove(orphan)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # A fault of this program, not of the file.
        except sqlite3.OperationalError as error:
            raise self._holding.error(
                f"the {self._holding.name} {self._path} cannot be used ({error}); see that no other process holds "
                "it, that its folder can be written and that the disk is not full"
            ) from error
        except (sqlite3.DatabaseError, OSError) as error:
            mend = self._holding.mend.format(path=self._path, folder=self._path.parent)
            raise self._holding.error(
                f"{self._path} is not a readable {self._holding.name} ({error}); {mend}"
            ) from error
