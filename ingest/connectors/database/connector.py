"""Rows of a database as a source: each row of a query is a document.

The query comes from the configuration and is run as it stands, inside transactions that only read and are always
rolled back; keys are handed over as bound parameters. Access rules see a row's key, its values joined by "/".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile
from ...settings import DatabaseSettings
from ..files import MAX_FILE_BYTES
from ..moments import UNKNOWN_TIME, moment_of
from .engine import expect_file, explained, open_engine, shown_url, url_of
from .rows import (
    file_name,
    key_of,
    key_path,
    key_relative,
    key_types,
    row_document,
    value_text,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Connection, Engine

_LAYOUT = 1
"""Part of every fingerprint; raise it when `row_document` writes a row in another way."""
_ROWS_AT_ONCE = 1000


class DatabaseConnector:
    """Lists the keys of a query's rows and reads one row at a time.

    With a cursor column a listing carries keys and cursors only; without one, every row. Either way the keys that
    are there make known which rows are gone. Rows come in portions, so that a long table does not fill the memory.
    """

    kind = "database"
    scopes: tuple[str, ...] | None = None

    def __init__(self, settings: DatabaseSettings, cache: Path) -> None:
        del cache  # Nothing needs keeping: the database is asked each time.
        if not settings.key:
            raise SourceError("a database source needs `key`: the columns that name a row", retryable=False)
        self._settings = settings
        self._url = url_of(settings.url)
        self._made: Engine | None = None
        self._types: tuple[type, ...] | None = None
        self._shape = json.dumps([_LAYOUT, settings.query, settings.key, settings.title, settings.columns])

    @property
    def location(self) -> str:
        """The database and the source as a uri with the scheme "db", without user and password."""
        return f"{shown_url(self._url)}/{quote(self._settings.name, safe='')}"

    def list(self) -> Listing:
        """All rows of the query.

        Raises:
            MissingLibrary: the database's driver is not installed.
            SourceError: the database cannot be reached, the query is refused, or its keys do not name its rows.
        """
        settings, location = self._settings, self.location
        items: list[Item] = []
        seen: set[str] = set()
        hidden = 0
        types: tuple[type, ...] | None = None
        with self._connected() as connection:
            for record in self._records(connection, self._listed_columns()):
                key = tuple(record[name] for name in settings.key)
                types = self._checked(key, types)
                relative, uri = key_relative(key), f"{location}/{key_path(key)}"
                if uri in seen:
                    raise self._refused(f"two rows have the key {_shown(key)!r}: name columns that tell them apart")
                seen.add(uri)
                if not settings.admits(relative):
                    hidden += 1
                    continue
                title, modified, content = self._summary(record)
                items.append(
                    Item(
                        uri=uri,
                        name=file_name(title),
                        fingerprint=hashlib.sha256(f"{self._shape}\n{content}".encode(errors="replace")).hexdigest(),
                        modified_at=modified,
                        access=settings.access_of(relative),
                        metadata=dict(zip(settings.key, map(value_text, key), strict=True)),
                    )
                )
        self._types = types
        return Listing(items=tuple(items), hidden=hidden)

    def read(self, item: Item) -> RawFile:
        """One row as a Markdown document.

        Raises:
            ParseError: with code "vanished", "ambiguous_key" or "too_large".
            SourceError: the database cannot be reached or refuses the query.
        """
        with self._connected() as connection:
            found = self._found(connection, item.uri.removeprefix(self.location + "/"))
        if not found:
            raise ParseError(
                Problem(
                    code="vanished",
                    reason="the row was listed, then gone before it could be read",
                    mend="the next sync settles it",
                )
            )
        if len(found) > 1:
            raise ParseError(
                Problem(
                    code="ambiguous_key",
                    reason="two rows have this key",
                    mend="name columns in `key` that tell the rows apart",
                )
            )
        data = self._document(found[0]).encode(errors="replace")
        if len(data) > MAX_FILE_BYTES:
            raise ParseError(
                Problem(
                    code="too_large",
                    reason=f"the row has {len(data):,} bytes",
                    mend="name fewer columns in `columns` of the source",
                )
            )
        return RawFile(name=item.name, data=data)

    def _found(self, connection: Connection, path: str) -> tuple[dict[str, object], ...]:
        """The rows whose key stands in a uri as `path`."""
        if self._types is None:
            first = next(self._records(connection, self._settings.key, limit=1), None)
            self._types = key_types(tuple(first[name] for name in self._settings.key)) if first else None
        key = key_of(path, self._types) if self._types is not None else None
        if key is None:
            return ()
        records = self._records(connection, self._read_columns(), key)
        # Databases may hold "a" and "A " equal; uris do not.
        return tuple(one for one in records if key_path([one[name] for name in self._settings.key]) == path)

    def _records(
        self,
        connection: Connection,
        names: Sequence[str] | None,
        key: Sequence[object] | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, object]]:
        """Rows of the query, in portions: these columns (None: all) of all rows, or of those with this key."""
        from sqlalchemy import column, literal, literal_column, quoted_name, select, table
        from sqlalchemy.types import NullType

        query = self._settings.query.strip().rstrip(";")
        if connection.dialect.paramstyle in ("format", "pyformat"):
            query = query.replace("%", "%%")
        # As a table's name that is not quoted: nothing in it is taken for a parameter, as `text` would do.
        columns: Sequence[ColumnClause[object]] = [
            column(name) for name in dict.fromkeys((*self._settings.key, *(names or ())))
        ]
        rows = table(quoted_name(f"(\n{query}\n)", quote=False), *columns).alias("listed")
        wanted = select(*(rows.c[name] for name in names)) if names else select(literal_column("*")).select_from(rows)
        for name, value in zip(self._settings.key, key or (), strict=key is not None):
            # The driver gave this value and takes it as it is; a type of ours would put a cast around it.
            wanted = wanted.where(rows.c[name] == literal(value, NullType()))
        result = connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(wanted.limit(limit))
        with contextlib.closing(result):
            found = tuple(names or result.keys())
            needed = (
                () if names else (*self._settings.key, *self._title_column())
            )  # Others the database refused itself.
            if missing := [one for one in needed if one not in found]:
                raise self._refused(f"it gives no column {missing[0]!r}, but {', '.join(found)}")
            if len(set(found)) < len(found):
                raise self._refused("two of its columns have one name: give them names of their own with `as`")
            for row in result:
                yield dict(zip(found, row, strict=True))

    def _title_column(self) -> tuple[str, ...]:
        return (self._settings.title,) if self._settings.title is not None else ()

    def _listed_columns(self) -> tuple[str, ...] | None:
        if self._settings.cursor is None:
            return self._read_columns()
        return tuple(dict.fromkeys((*self._settings.key, self._settings.cursor, *self._title_column())))

    def _read_columns(self) -> tuple[str, ...] | None:
        if not self._settings.columns:
            return None
        return tuple(dict.fromkeys((*self._settings.key, *self._title_column(), *self._settings.columns)))

    def _summary(self, record: Mapping[str, object]) -> tuple[str, str, str]:
        """A listed row's title, its time, and what its fingerprint is made of."""
        title = self._title(record)
        if self._settings.cursor is None:
            return title, UNKNOWN_TIME, self._document(record)
        cursor = record[self._settings.cursor]
        return title, moment_of(cursor), f"{type(cursor).__name__} {cursor!r} {title}"

    def _title(self, record: Mapping[str, object]) -> str:
        title = value_text(record[self._settings.title]) if self._settings.title is not None else ""
        return title.strip() or _shown([record[name] for name in self._settings.key])

    def _document(self, record: Mapping[str, object]) -> str:
        left_out = (*self._settings.key, self._settings.title)
        names = self._settings.columns or [name for name in record if name not in left_out]
        return row_document(self._title(record), [(name, record[name]) for name in names])

    def _checked(self, key: tuple[object, ...], types: tuple[type, ...] | None) -> tuple[type, ...]:
        """The types of the keys so far; a key that could not be found again by its uri is refused."""
        if None in key:
            column = self._settings.key[key.index(None)]
            raise self._refused(f"a row has no {column!r}, a column of its key: leave such rows out of the query")
        found = key_types(key)
        if found is None or types not in (None, found):
            raise self._refused(f"the key {_shown(key)!r} has a type of its own: cast its columns to text in the query")
        return found

    def _refused(self, reason: str) -> SourceError:
        return SourceError(f"the query of the source {self._settings.name}: {reason}", retryable=False)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and writes nothing; it is always rolled back."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            with self._engine().connect() as connection:
                if connection.dialect.name == "oracle":
                    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                yield connection
        except SQLAlchemyError as error:
            raise explained(error, self._url, self._settings.name) from error

    def close(self) -> None:
        """Closes the connections."""
        if self._made is not None:
            self._made.dispose()
            self._made = None

    def _engine(self) -> Engine:
        if self._made is None:
            self._made = open_engine(self._url)
            weakref.finalize(self, self._made.dispose)
        elif self._url.get_backend_name() == "sqlite":
            expect_file(self._url)
        return self._made


def _shown(key: Sequence[object]) -> str:
    return " / ".join(value_text(value) for value in key)
