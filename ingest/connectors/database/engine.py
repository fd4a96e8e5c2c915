"""Connections to databases: their addresses, drivers, read-only sessions, and what their errors mean."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ...errors import MissingLibrary, SourceError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine
    from sqlalchemy.exc import SQLAlchemyError

_CONNECT_LIMIT_S = 20
_QUERY_LIMIT_MS = 3600 * 1000
_EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "mssql": "mssql", "oracle": "oracle"}
_DRIVERS = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
_DRIVERS |= {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_LIMITS = {"psycopg": "connect_timeout", "pymysql": "connect_timeout", "pyodbc": "timeout", "pymssql": "login_timeout"}
_FOR_GOOD = re.compile(
    r"authentication failed|no password supplied|access denied|login failed|permission denied|not authorized|"
    r"does not exist|read.only transaction|unknown database|cannot open database|ORA-01017",
    re.IGNORECASE,
)
_SQLITE_PASSES = re.compile(r"locked|busy|disk I/O|unable to open", re.IGNORECASE)


def url_of(text: str) -> URL:
    """The address of a database, with the driver that Groundcrew brings where none is named.

    Raises:
        SourceError: it is no address. The text is not repeated, as it may hold a password.
    """
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise MissingLibrary("sqlalchemy", "database", "reading a database") from error
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError) as error:
        raise SourceError(
            "the url of a database source is none: it reads postgresql://user:password@host/database, or "
            "sqlite:////folder/file.db",
            retryable=False,
        ) from error
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def shown_url(url: URL) -> str:
    """The uri of a database, without user, password and driver."""
    database = url.database or ""
    if is_file(url):
        database = os.path.abspath(database)
    host = f"[{url.host}]" if ":" in (url.host or "") else url.host or ""
    return "/".join(part for part in (f"db://{host}", quote(database.strip("/"), safe="/")) if part)


def is_file(url: URL) -> bool:
    """Whether the database is a file on this machine."""
    return url.get_backend_name() == "sqlite" and not (url.database or ":").startswith((":", "file:"))


def expect_file(url: URL) -> None:
    """SQLite makes an empty database where there is none: every row would look gone. Raises `SourceError` first."""
    if is_file(url) and not os.path.isfile(url.database or ""):
        raise SourceError(f"no such database file: {os.path.abspath(url.database or '')}")


def open_engine(url: URL) -> Engine:
    """An engine with one connection, whose transactions read only and see one state where the database can do so.

    Raises:
        MissingLibrary: the driver is not installed.
        SourceError: no dialect of this name is known, or a database file is not there.
    """
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import NoSuchModuleError

    expect_file(url)
    backend = url.drivername.split("+")[0]
    options: dict[str, Any] = {"pool_pre_ping": True}
    if backend == "postgresql":
        options["execution_options"] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    if backend != "sqlite":
        options |= {"pool_size": 1, "max_overflow": 0}
    try:
        limit = _LIMITS.get(url.get_driver_name())
        if limit is not None and limit not in url.query:
            options["connect_args"] = {limit: _CONNECT_LIMIT_S}
        engine = create_engine(url, **options)
    except NoSuchModuleError as error:
        raise SourceError(f"no kind of database is called {url.drivername!r}", retryable=False) from error
    except ImportError as error:
        raise MissingLibrary(
            error.name or url.drivername, _EXTRAS.get(backend, "database"), f"reading a {backend} database"
        ) from error
    if (statement := _session_statement(backend)) is not None:

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _: object) -> None:
            cursor = connection.cursor()
            cursor.execute(statement)
            cursor.close()
            connection.commit()

    return engine


def _session_statement(backend: str) -> str | None:
    match backend:
        case "sqlite":
            return "PRAGMA query_only = ON"
        case "postgresql":
            return f"SET statement_timeout = {_QUERY_LIMIT_MS}"
        case "mysql" | "mariadb":
            return "SET SESSION TRANSACTION READ ONLY"
        case _:
            return None


def explained(error: SQLAlchemyError, url: URL, source: str) -> SourceError:
    """What a library's error means: the first line that the database said, and whether waiting may help."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    said = str(error.orig if isinstance(error, DBAPIError) else error)
    first = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    if url.password:
        first = first.replace(str(url.password), "***")
    if not isinstance(error, DBAPIError):
        return SourceError(f"the database of the source {source}: {first}", retryable=False)
    passing = error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
    if url.get_backend_name() == "sqlite":
        retryable = bool(_SQLITE_PASSES.search(first))
    else:
        retryable = passing and not _FOR_GOOD.search(first)
    if retryable or (passing and url.get_backend_name() != "sqlite"):
        return SourceError(f"{shown_url(url)} cannot be reached: {first}", retryable=retryable)
    return SourceError(f"the query of the source {source} is refused by the database: {first}", retryable=False)
