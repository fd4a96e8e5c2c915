"""Token vectors of what documents say, kept on disk beside the indexes: a restart and other processes have them too.

They are derived from texts and go with these: each text is held by the chunks that say it, and dropped with the last
of them. The file is no more than a saving of time: a damaged one, or one of another model, is made anew.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from ingest.database import Connection, Database, Holding

from .errors import AgentError
from .remembering import Halves

_log = logging.getLogger("groundcrew.tokens")

MOST_BYTES = 256_000_000
_VERSION = "1"
_SCHEMA = """
create table about (made_for text not null);
create table texts (key blob primary key, dimensions integer not null, halves blob not null);
create table chunks (number integer primary key autoincrement, id text not null unique);
create table said (number integer not null references chunks on delete cascade, key blob not null,
 primary key (number, key)) without rowid;
create index said_key on said (key)
"""
_TABLES = ("said", "chunks", "texts", "about")
_EVICTED_AT_ONCE = 64


class TokenStoreError(AgentError):
    """The file of token vectors cannot be used; answers come without it, more slowly."""

    code = "token_store"


_HOLDING = Holding(error=TokenStoreError, name="file of token vectors", mend="delete it: it is made anew", lazy=True)


class TokenStore:
    """Token vectors by text, for one embedding `model`. Safe to share among threads and processes.

    It holds about `most_bytes`; the chunks that came first go first.
    """

    def __init__(self, path: Path, model: str, *, most_bytes: int = MOST_BYTES) -> None:
        """Opens the file; makes it anew when it is damaged or holds what another model gave.

        Raises:
            TokenStoreError: it cannot be written.
        """
        self._made_for = f"{_VERSION} {model}"
        self._most_bytes = most_bytes
        self._database = Database(path, _HOLDING)
        try:
            self._prepare()
        except TokenStoreError:
            self._database.close()
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._database = Database(path, _HOLDING)
            self._prepare()

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def read(self, texts: Sequence[str]) -> Mapping[str, Halves]:
        """The vectors of those of the texts that are held, (tokens, d) each. A failure counts as holding none."""
        keys = {_key(text): text for text in texts}
        try:
            rows = self._database.read_each("select key, dimensions, halves from texts where key in", list(keys))
        except TokenStoreError:
            _log.warning("token_store.unreadable", exc_info=True)
            return {}
        return {
            keys[key]: np.frombuffer(halves, dtype="<u2").astype(np.uint16, copy=False).reshape(-1, dimensions)
            for key, dimensions, halves in rows
        }

    def write(self, chunk_id: str, said: Mapping[str, Halves]) -> None:
        """Keeps what a chunk says, and drops what came first when there is too much.

        Raises:
            TokenStoreError: the file cannot be written.
        """
        with self._database.transaction() as db:
            _drop(db, [chunk_id])
            [number] = db.execute("insert into chunks (id) values (?) returning number", (chunk_id,)).fetchone()
            keyed = {_key(text): halves for text, halves in said.items()}
            db.executemany(
                "insert or ignore into texts values (?, ?, ?)",
                [(key, halves.shape[1], halves.astype("<u2").tobytes()) for key, halves in keyed.items()],
            )
            db.executemany("insert into said values (?, ?)", [(number, key) for key in keyed])
            while _bytes_in(db) > self._most_bytes:
                oldest = db.execute("select id from chunks order by number limit ?", (_EVICTED_AT_ONCE,)).fetchall()
                if not oldest:
                    break
                _drop(db, [row[0] for row in oldest])

    def remove(self, chunk_ids: Collection[str]) -> None:
        """Drops what only these chunks say; unknown ids are ignored.

        Raises:
            TokenStoreError: the file cannot be written.
        """
        if not chunk_ids:
            return
        with self._database.transaction() as db:
            dropped = _drop(db, chunk_ids)
        if dropped:
            self._database.truncate_log()

    def keep_only(self, chunk_ids: Collection[str]) -> int:
        """Drops what is held for any other chunk; returns for how many.

        Raises:
            TokenStoreError: the file cannot be used.
        """
        surplus = self.chunk_ids() - set(chunk_ids)
        self.remove(surplus)
        return len(surplus)

    def chunk_ids(self) -> set[str]:
        """The chunks whose texts are held.

        Raises:
            TokenStoreError: the file cannot be read.
        """
        return {row[0] for row in self._database.read("select id from chunks")}

    @property
    def is_full(self) -> bool:
        """Whether the next chunk would drive out another.

        Raises:
            TokenStoreError: the file cannot be read.
        """
        [[pages, free, size]] = self._database.read(_SIZE)
        return bool((pages - free) * size >= self._most_bytes * 0.95)

    def _prepare(self) -> None:
        with self._database.transaction() as db:
            if db.execute("select 1 from sqlite_master where name = 'about'").fetchone():
                if db.execute("select made_for from about").fetchall() == [(self._made_for,)]:
                    return
                for table in _TABLES:
                    db.execute(f"drop table if exists {table}")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("insert into about values (?)", (self._made_for,))


_SIZE = "select page_count, freelist_count, page_size from pragma_page_count, pragma_freelist_count, pragma_page_size"


def _bytes_in(db: Connection) -> int:
    pages, free, size = db.execute(_SIZE).fetchone()
    return int((pages - free) * size)


def _drop(db: Connection, chunk_ids: Collection[str]) -> int:
    dropped = 0
    for chunk_id in chunk_ids:
        row = db.execute("select number from chunks where id = ?", (chunk_id,)).fetchone()
        if row is None:
            continue
        keys = db.execute("select key from said where number = ?", row).fetchall()
        db.execute("delete from chunks where number = ?", row)
        dropped += 1
        db.executemany("delete from texts where key = ?1 and not exists (select 1 from said where key = ?1)", keys)
    return dropped


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:20]
