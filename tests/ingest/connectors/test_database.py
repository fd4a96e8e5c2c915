"""The database connector on SQLite files and on a PostgreSQL server."""

from __future__ import annotations

import sqlite3
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from ingest.connectors.database import DatabaseConnector
from ingest.connectors.database.engine import shown_url, url_of
from ingest.connectors.database.rows import file_name, key_of, key_path, key_types, row_document
from ingest.connectors.moments import moment_at, moment_of
from ingest.errors import MissingLibrary, ParseError, SourceError
from ingest.model import Access, Item, Listing
from ingest.parsing import parse
from ingest.settings import AccessRule, DatabaseSettings
from tests.ingest.connectors.postgres import PASSWORD, Postgres

EVERYONE = Access(allow=("everyone",))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="the library psycopg is not installed")
    with Postgres() as server:
        yield server


class Sqlite:
    """An SQLite file that other programs write to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.execute("create table tickets (id integer primary key, title text, body text, changed text)")

    def execute(self, statement: str, *rows: tuple[object, ...]) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executemany(statement, rows) if rows else connection.execute(statement)

    def add(self, *rows: tuple[object, ...]) -> None:
        self.execute("insert or replace into tickets values (?, ?, ?, ?)", *rows)

    def url(self) -> str:
        return f"sqlite:///{self.path}"


@pytest.fixture
def sqlite(tmp_path: Path) -> Sqlite:
    return Sqlite(tmp_path / "crm.db")


def connect(url: str, query: str = "select * from tickets", **settings: object) -> DatabaseConnector:
    settings = {"key": ("id",), "access": EVERYONE} | settings
    return DatabaseConnector(DatabaseSettings(name="crm", url=url, query=query, **settings), Path("/nowhere"))  # type: ignore[arg-type]


def by_key(listing: Listing) -> dict[str, Item]:
    return {item.uri.rsplit("/", 1)[1]: item for item in listing.items}


def text(connector: DatabaseConnector, item: Item) -> str:
    return connector.read(item).data.decode()


# --- a row as a document -------------------------------------------------------------------------------------


def test_a_row_becomes_a_heading_lines_and_sections(sqlite: Sqlite) -> None:
    sqlite.add((7, "Printer  on\nfire", "It burns.\n\nStill *burning* | now.", "2026-01-05"))
    connector = connect(sqlite.url(), title="title")
    [item] = connector.list().items
    assert item.name == "Printer on fire.md"
    assert item.uri == f"db://{sqlite.path}/crm/7"
    assert item.metadata == {"id": "7"}
    assert text(connector, item) == (
        "# Printer on fire\n\n**changed**: 2026-01-05\n\n## body\n\nIt burns.\n\nStill *burning* | now.\n"
    )


def test_columns_choose_the_text_and_their_order(sqlite: Sqlite) -> None:
    sqlite.add((7, "t", "b", "c"))
    [titled] = connect(sqlite.url(), title="title").list().items
    assert text(connect(sqlite.url(), title="title"), titled) == "# t\n\n**body**: b\n\n**changed**: c\n"
    for columns, expected in (
        (("changed", "body"), "# 7\n\n**changed**: c\n\n**body**: b\n"),
        (("id",), "# 7\n\n**id**: 7\n"),
        ((), "# 7\n\n**title**: t\n\n**body**: b\n\n**changed**: c\n"),
    ):
        for cursor in (None, "changed"):
            connector = connect(sqlite.url(), columns=columns, cursor=cursor)
            [item] = connector.list().items
            assert text(connector, item) == expected


def test_values_stand_as_they_are() -> None:
    columns: list[tuple[str, object]] = [
        ("amount", Decimal("1234567890.10")),
        ("big", Decimal("1E+3")),
        ("ratio", 0.1),
        ("count", 2**70),
        ("paid", True),
        ("day", date(2026, 1, 5)),
        ("at", datetime(2026, 1, 5, 9, 0, tzinfo=UTC)),
        ("clock", time(9, 30)),
        ("uuid", UUID(int=1)),
        ("json", {"a": ["ü", Decimal("1.50")]}),
        ("null", None),
        ("empty", "  "),
        ("photo", b"\x00\x01"),
        ("long", "x" * 300),
    ]
    assert row_document("t", columns) == (
        "# t\n\n**amount**: 1234567890.10\n\n**big**: 1000\n\n**ratio**: 0.1\n\n**count**: 1180591620717411303424\n\n"
        "**paid**: true\n\n**day**: 2026-01-05\n\n**at**: 2026-01-05T09:00:00+00:00\n\n**clock**: 09:30:00\n\n"
        '**uuid**: 00000000-0000-0000-0000-000000000001\n\n**json**: {"a": ["ü", "1.50"]}\n\n'
        f"<!-- photo: 2 bytes left out -->\n\n## long\n\n{'x' * 300}\n"
    )


def test_what_is_left_out_is_no_words_of_the_row(sqlite: Sqlite) -> None:
    sqlite.add((1, "t", b"\x00picture", None))
    connector = connect(sqlite.url())
    [item] = connector.list().items
    parsed = parse(connector.read(item))
    assert parsed.format == "markdown"
    assert [parsed.text[one.start : one.end] for one in parsed.elements] == ["1", "**title**: t"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-05 09:00:00", "2026-01-05T09:00:00Z"),
        ("2026-01-05T09:00:00+02:00", "2026-01-05T07:00:00Z"),
        (datetime(2026, 1, 5, 9, 0, 0, 500, tzinfo=UTC), "2026-01-05T09:00:00.000500Z"),
        (date(2026, 1, 5), "2026-01-05T00:00:00Z"),
        (17, "1970-01-01T00:00:00Z"),
        ("v17", "1970-01-01T00:00:00Z"),
        (None, "1970-01-01T00:00:00Z"),
    ],
)
def test_a_cursor_that_is_a_time_is_the_time_of_change(value: object, expected: str) -> None:
    assert moment_of(value) == expected


def test_a_commit_may_say_any_year() -> None:
    assert moment_at(1_767_603_600) == "2026-01-05T09:00:00Z"
    assert moment_at(10**15) == moment_at(0) == "1970-01-01T00:00:00Z"


# --- keys ----------------------------------------------------------------------------------------------------

KEYS = [
    "plain",
    "a/b",
    "new\nline",
    "\U0001f389",
    "%41",
    "x" * 255,
    "..",
    "",
    " ",
    "it's",
    'q"; drop table t; --',
    ":a",
]


def test_odd_keys_have_uris_of_their_own_and_are_found_again(sqlite: Sqlite) -> None:
    sqlite.execute("create table odd (k text, body text)")
    sqlite.execute("insert into odd values (?, ?)", *((key, f"text {n}") for n, key in enumerate(KEYS)))
    connector = connect(sqlite.url(), "select * from odd", key=("k",))
    items = connector.list().items
    assert len({item.uri for item in items}) == len(KEYS)
    assert all(item.uri.startswith(connector.location + "/") and item.uri.isascii() for item in items)
    assert all("\n" not in item.name and "/" not in item.name for item in items)
    fresh = connect(sqlite.url(), "select * from odd", key=("k",))
    found = [text(fresh, item).rstrip().partition("**body**: ")[2] for item in items]
    assert found == [f"text {n}" for n in range(len(KEYS))]


def test_a_key_of_several_columns_is_a_path_for_globs_and_rules(sqlite: Sqlite) -> None:
    sqlite.execute("create table deals (region text, number int, body text)")
    sqlite.execute("insert into deals values (?, ?, ?)", ("north", 1, "a"), ("south", 1, "b"), ("south", 2, "c"))
    south = Access(allow=("group:south",))
    connector = connect(
        sqlite.url(),
        "select * from deals",
        key=("region", "number"),
        rules=(AccessRule(glob="south/**", access=south),),
        exclude=("south/2",),
    )
    listing = connector.list()
    assert {item.uri.removeprefix(connector.location): item.access for item in listing.items} == {
        "/north/1": EVERYONE,
        "/south/1": south,
    }
    assert listing.hidden == 1
    assert [text(connector, item) for item in listing.items] == [
        "# north / 1\n\n**body**: a\n",
        "# south / 1\n\n**body**: b\n",
    ]
    assert listing.items[0].metadata == {"region": "north", "number": "1"}


@pytest.mark.parametrize(
    "key",
    [
        ("a", 1),
        (Decimal("1.50"), UUID(int=7)),
        (date(2026, 1, 5), datetime(2026, 1, 5, 9, 0, tzinfo=UTC)),
        (0.1, -5),
        ("\ud800", "é/%"),
    ],
)
def test_a_key_comes_back_whole_out_of_its_path(key: tuple[object, ...]) -> None:
    types = key_types(key)
    assert types is not None
    assert key_of(key_path(key), types) == key
    assert key_of(key_path(key) + "/more", types) is None


def test_a_key_that_names_two_rows_or_none_is_an_error(sqlite: Sqlite) -> None:
    sqlite.execute("create table odd (a text, b int)")
    sqlite.execute("insert into odd values (?, ?)", ("x", 1), ("x", 2), ("y", 1), ("z", None))
    for query, key, said in (
        ("select * from odd where b > 0", ("a",), "two rows have the key 'x'"),
        ("select * from odd", ("a", "b"), "a row has no 'b'"),
        ("select a from odd union select b from odd where b > 0", ("a",), "a type of its own"),
        ("select x'00' as a", ("a",), "a type of its own"),
        ("select a from odd", ("nothing",), "no column 'nothing', but a"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            connect(sqlite.url(), query, key=key).list()
        assert not caught.value.retryable
    with pytest.raises(SourceError, match="needs `key`"):
        connect(sqlite.url(), key=())


def test_a_row_that_was_doubled_since_the_listing_is_a_problem_of_that_row(sqlite: Sqlite) -> None:
    sqlite.execute("create table odd (a text)")
    sqlite.execute("insert into odd values (?)", ("x",))
    connector = connect(sqlite.url(), "select * from odd", key=("a",))
    [item] = connector.list().items
    sqlite.execute("insert into odd values (?)", ("x",))
    with pytest.raises(ParseError, match="two rows"):
        connector.read(item)


# --- what changed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cursor", [None, "changed"])
def test_changes_and_deletions_are_seen(sqlite: Sqlite, cursor: str | None) -> None:
    sqlite.add((1, "a", "one", "2026-01-01"), (2, "b", "two", "2026-01-01"), (3, "c", "three", None))
    before = by_key(connect(sqlite.url(), cursor=cursor).list())
    assert by_key(connect(sqlite.url(), cursor=cursor).list()) == before
    sqlite.add((1, "a", "changed", "2026-01-02"), (3, "c", "three, too", "2026-01-02"))
    sqlite.execute("delete from tickets where id = 2")
    connector = connect(sqlite.url(), cursor=cursor)
    after = by_key(connector.list())
    assert set(after) == {"1", "3"}
    assert all(after[key].fingerprint != before[key].fingerprint for key in after)
    assert "three, too" in text(connector, after["3"])
    with pytest.raises(ParseError) as caught:
        connector.read(before["2"])
    assert caught.value.problem.code == "vanished"


def test_with_a_cursor_only_it_decides_and_without_one_every_shown_column_does(sqlite: Sqlite) -> None:
    sqlite.add((1, "a", "one", "1"))
    shown = {"columns": ("body",)}
    [with_cursor] = connect(sqlite.url(), cursor="changed", **shown).list().items
    [without] = connect(sqlite.url(), **shown).list().items
    sqlite.add((1, "not shown", "one", "1"))
    assert connect(sqlite.url(), **shown).list().items == (without,)
    sqlite.add((1, "not shown", "other", "1"))
    assert connect(sqlite.url(), cursor="changed", **shown).list().items == (with_cursor,)
    assert connect(sqlite.url(), **shown).list().items != (without,)


def test_another_choice_of_columns_changes_every_fingerprint(sqlite: Sqlite) -> None:
    sqlite.add((1, "a", "one", "1"))
    settings: list[dict[str, object]] = [
        {},
        {"columns": ("body",)},
        {"title": "title"},
        {"query": "select * from tickets where 1"},
    ]
    found = [connect(sqlite.url(), cursor="changed", **one).list().items[0].fingerprint for one in settings]
    assert len(set(found)) == len(settings)


def test_an_emptied_table_is_an_empty_listing(sqlite: Sqlite) -> None:
    assert connect(sqlite.url()).list() == Listing(items=())
    item = Item(uri=f"db://{sqlite.path}/crm/1", name="x", fingerprint="", modified_at="", access=EVERYONE)
    with pytest.raises(ParseError, match="vanished"):
        connect(sqlite.url()).read(item)


def test_the_bodies_of_rows_are_not_held_at_once(sqlite: Sqlite) -> None:
    rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) select i as id, "
    connector = connect(sqlite.url(), rows + "replace(hex(zeroblob(20000)), '0', 'x') as body from n")
    connector.list()
    tracemalloc.start()
    assert len(connector.list().items) == 3000  # 120 MB of text
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80_000_000


# --- what goes wrong -----------------------------------------------------------------------------------------


def test_a_query_stands_in_sql_as_it_is_written(sqlite: Sqlite) -> None:
    sqlite.add((1, "100% :sure: 'x'", "12:30:15", "1"))
    query = "select *, ':a' as colon, '%s' as percent from tickets where title like '100% :sure:%' -- a comment :b %"
    connector = connect(sqlite.url(), query)
    [item] = connector.list().items
    assert "**colon**: :a\n\n**percent**: %s" in text(connector, item)
    assert (
        len(connect(sqlite.url(), "with t as (select * from tickets) select * from t order by id;\n").list().items) == 1
    )


def test_a_query_cannot_write(sqlite: Sqlite) -> None:
    sqlite.add((1, "a", "b", "c"))
    for query in (
        "delete from tickets returning id",
        "select id from tickets); delete from tickets; --",
        "drop table tickets",
    ):
        with pytest.raises(SourceError) as caught:
            connect(sqlite.url(), query).list()
        assert not caught.value.retryable
    assert len(connect(sqlite.url()).list().items) == 1


def test_a_wrong_query_says_what_the_database_says(sqlite: Sqlite) -> None:
    for query, said in (("select * from missing", "no such table: missing"), ("selec 1", "syntax error")):
        with pytest.raises(SourceError, match=said) as caught:
            connect(sqlite.url(), query).list()
        assert not caught.value.retryable
        assert "\n" not in str(caught.value)
    for settings in ({"cursor": "nothing"}, {"title": "nothing"}, {"columns": ("nothing",)}):
        with pytest.raises(SourceError, match="nothing"):
            connect(sqlite.url(), **settings).list()


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path, sqlite: Sqlite) -> None:
    connector = connect(sqlite.url())
    connector.list()
    sqlite.path.rename(tmp_path / "away.db")
    for other in (connector, connect(sqlite.url())):
        with pytest.raises(SourceError, match="no such database file") as caught:
            other.list()
        assert caught.value.retryable
    assert not sqlite.path.exists()


def test_a_locked_file_is_worth_another_try_and_a_broken_one_is_not(sqlite: Sqlite, tmp_path: Path) -> None:
    with closing(sqlite3.connect(sqlite.path)) as writer:
        writer.execute("begin exclusive")
        with pytest.raises(SourceError, match="locked") as caught:
            connect(sqlite.url() + "?timeout=0.1").list()
    assert caught.value.retryable
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(SourceError, match="not a database") as caught:
        connect(f"sqlite:///{tmp_path}/broken.db").list()
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [
        ("postgresql://u:Pass1@h/d", "psycopg", "postgres"),
        ("postgres://u:Pass1@h/d", "psycopg", "postgres"),
        ("mysql://u:Pass1@h/d", "pymysql", "mysql"),
        ("mariadb://u:Pass1@h/d", "pymysql", "mysql"),
        ("mssql://u:Pass1@h/d", "pyodbc", "mssql"),
        ("mssql+pymssql://u:Pass1@h/d", "pymssql", "mssql"),
        ("oracle://u:Pass1@h/d", "oracledb", "oracle"),
    ],
)
def test_a_missing_driver_is_named_with_its_command(
    monkeypatch: pytest.MonkeyPatch, url: str, library: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingLibrary) as caught:
        connect(url).list()
    assert f"library {library}," in str(caught.value)
    assert f"groundcrew[{extra}]" in str(caught.value)
    assert "Pass1" not in str(caught.value)


def test_an_address_that_is_none_is_refused_without_repeating_it() -> None:
    for url in ("nothing", "postgresql://u:Pass1@h:port/d", "nosuch://u:Pass1@h/d"):
        with pytest.raises(SourceError) as caught:
            connect(url).list()
        assert "Pass1" not in str(caught.value)
        assert not caught.value.retryable


def test_the_address_for_people_holds_no_user_and_no_password() -> None:
    assert shown_url(url_of("postgresql+psycopg://u:Pass1@db.example:5433/my crm")) == "db://db.example/my%20crm"
    assert shown_url(url_of("postgresql://u:Pass1@[::1]/crm")) == "db://[::1]/crm"
    assert "Pass1" not in repr(DatabaseSettings(name="n", url="x://u:Pass1@h/d", query="q", key=("k",)))
    assert file_name("a/b\nc") == "a-b c.md"


# --- PostgreSQL ----------------------------------------------------------------------------------------------


@pytest.fixture
def table(postgres: Postgres) -> Callable[[str], str]:
    """Makes a table `t` anew and gives the server's address."""

    def make(columns: str, *rows: str) -> str:
        postgres.execute("drop table if exists t", f"create table t ({columns})")
        postgres.execute(*(f"insert into t values ({row})" for row in rows))
        return postgres.url()

    return make


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("bigint", "9007199254740993"),
        ("smallint", "-1"),
        ("uuid", "'00000000-0000-0000-0000-000000000007'"),
        ("numeric(12,4)", "12.5000"),
        ("double precision", "0.1"),
        ("date", "'2026-01-05'"),
        ("timestamp", "'2026-01-05 09:00:00.123456'"),
        ("timestamptz", "'2026-01-05 09:00:00+02'"),
        ("text", "'it''s 100% :a /'"),
        ("char(5)", "'ab'"),
        ("varchar(9)", "'ü'"),
        ("mood", "'happy'"),
    ],
)
def test_keys_of_every_type_find_their_row(
    postgres: Postgres, table: Callable[..., str], column: str, value: str
) -> None:
    postgres.execute("drop table if exists t", "drop type if exists mood", "create type mood as enum ('happy', 'sad')")
    url = table(f"k {column} primary key, body text", f"{value}, 'found'")
    connector = connect(url, "select * from t", key=("k",))
    [item] = connector.list().items
    assert "**body**: found" in text(connector, item)
    assert "**body**: found" in text(connect(url, "select * from t", key=("k",)), item)
    assert PASSWORD not in repr(item)


def test_a_query_with_percent_signs_casts_and_colons(table: Callable[..., str]) -> None:
    url = table('"Id" int, body jsonb, at timestamptz', """1, '{"a": [1, "ü"]}', '2026-01-05 09:00+00'""")
    query = """select "Id", body, at, '7'::int as n, ':x' as c, 7 % 4 as m from t where body::text like '%a%'"""
    connector = connect(url, query, key=("Id",), cursor="at")
    [item] = connector.list().items
    assert item.modified_at == "2026-01-05T09:00:00Z"
    document = text(connector, item)
    for line in ('**body**: {"a": [1, "ü"]}', "**n**: 7", "**c**: :x", "**m**: 3"):
        assert line in document


def test_postgres_queries_cannot_write(postgres: Postgres, table: Callable[..., str]) -> None:
    url = table("id int", "1")
    postgres.execute("create or replace function wipe() returns int language sql as 'delete from t; select 1'")
    for query in ("select wipe() as id", "with gone as (delete from t returning id) select id from gone"):
        with pytest.raises(SourceError) as caught:
            connect(url, query).list()
        assert not caught.value.retryable
    assert len(connect(url, "select * from t").list().items) == 1


def test_rows_stream_from_the_server_and_see_one_state(postgres: Postgres) -> None:
    query = "select i as id, repeat('x', 20000) as body from generate_series(1, 3000) as i"
    connector = connect(postgres.url(), query)
    connector.list()
    tracemalloc.start()
    assert len(connector.list().items) == 3000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80_000_000


def test_postgres_says_what_is_wrong(postgres: Postgres) -> None:
    for url, query, said in (
        (postgres.url(password="Wrong1"), "select 1 as id", "password authentication failed"),
        (postgres.url(user="nobody"), "select 1 as id", "password authentication failed"),
        (postgres.url(database="nothing"), "select 1 as id", "does not exist"),
        (postgres.url(), "select * from nothing", 'relation "nothing" does not exist'),
        (postgres.url(), "selec 1", "syntax error"),
        (postgres.url(), "select 1/0 as id", "division by zero"),
        (postgres.url(), "select 1 as other", "no column 'id', but other"),
        (postgres.url(), "select 1 as id, 2 as a, 3 as a", "two of its columns"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            connect(url, query).list()
        assert not caught.value.retryable, said
        assert "\n" not in str(caught.value)
        assert PASSWORD not in str(caught.value)
        assert "Wrong1" not in str(caught.value)


def test_a_server_that_went_down_is_worth_another_try_and_comes_back(postgres: Postgres) -> None:
    connector = connect(postgres.url(), "select 1 as id, 'x' as body")
    listing = connector.list()
    postgres.stop()
    try:
        for work in (connector.list, lambda: connector.read(listing.items[0])):
            with pytest.raises(SourceError, match="cannot be reached") as caught:
                work()
            assert caught.value.retryable
            assert PASSWORD not in str(caught.value)
    finally:
        postgres.start()
    assert connector.list() == listing


def test_a_listing_that_breaks_off_halfway_is_no_listing(postgres: Postgres) -> None:
    query = "select i as id, 1 / (2500 - i) as body from generate_series(1, 5000) as i"
    with pytest.raises(SourceError, match="division by zero"):
        connect(postgres.url(), query).list()
    dies = "case when i = 2500 then pg_terminate_backend(pg_backend_pid()) end"
    killed = f"select i as id, {dies} as gone from generate_series(1, 5000) as i"
    with pytest.raises(SourceError) as caught:
        connect(postgres.url(), killed).list()
    assert caught.value.retryable
