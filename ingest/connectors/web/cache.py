"""What is kept of a site between two listings: validators, links and hashes in SQLite, bodies as files.

It is only a cache. A damaged one is thrown away whole, and `complete` is false until a listing has reached its end:
then nothing may be concluded from a page that it does not know.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_LAYOUT = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One URL as it last answered. Hashes are hexadecimal SHA-256; `modified_at` is UTC, ISO 8601.

    `redirect` set: it led there, and all else is empty. `uri` is the document's, a canonical link respected. `blocks`
    are hashes of the text blocks at the page's edges. A page that is not `listed` is kept for its links.
    """

    url: str
    uri: str = ""
    redirect: str = ""
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    digest: str = ""
    size: int = 0
    modified_at: str = ""
    title: str = ""
    links: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    listed: bool = True


class SiteCache:
    """The cache folder of one site; one process at a time. Raises `sqlite3.Error` and `OSError` as they come."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._bodies = folder / "bodies"
        self._bodies.mkdir(parents=True, exist_ok=True)
        for left in self._bodies.glob("*.part"):
            left.unlink(missing_ok=True)
        self._base = self._open(key)

    def close(self) -> None:
        """Closes the database."""
        self._base.close()

    @property
    def complete(self) -> bool:
        """Whether every document listed before is known here."""
        return self.fact("complete") != ""

    def get(self, url: str) -> Record | None:
        """What is known of a URL."""
        row = self._base.execute("SELECT fields FROM pages WHERE url = ?", (url,)).fetchone()
        return _record(row[0]) if row else None

    def by_uri(self, uri: str) -> Record | None:
        """The record that holds a document: that of its own URL before others that name it as canonical."""
        rows = self._base.execute("SELECT fields FROM pages WHERE uri = ? ORDER BY url = uri DESC, url", (uri,))
        row = rows.fetchone()
        return _record(row[0]) if row else None

    def records(self) -> Iterator[Record]:
        """All records in order of their URLs."""
        for (fields,) in self._base.execute("SELECT fields FROM pages ORDER BY url"):
            yield _record(fields)

    def put(self, record: Record) -> None:
        """Adds or replaces a record. It is durable at once, so that a crash costs one page."""
        fields = json.dumps(asdict(record), ensure_ascii=False)
        with self._base:
            self._base.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", (record.url, record.uri, fields))

    def drop(self, urls: Iterable[str]) -> None:
        """Forgets URLs and what was kept of them."""
        with self._base:
            for url in urls:
                self._base.execute("DELETE FROM pages WHERE url = ?", (url,))
                self._body(url).unlink(missing_ok=True)

    def set_complete(self) -> None:
        """Says that a listing came to its end."""
        self.set_fact("complete", "1")

    def fact(self, name: str) -> str:
        """A fact about the whole site; "" when it is not known."""
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_fact(self, name: str, value: str) -> None:
        """Keeps a fact about the whole site."""
        with self._base:
            self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def keep_body(self, url: str, data: bytes) -> None:
        """Keeps a body, whole or not at all."""
        path = self._body(url)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        os.replace(part, path)

    def has_body(self, record: Record) -> bool:
        """Whether a body of the right size is there."""
        try:
            return self._body(record.url).stat().st_size == record.size
        except OSError:
            return False

    def body(self, record: Record) -> bytes | None:
        """The body; None when it is lost or damaged."""
        try:
            data = self._body(record.url).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == record.digest else None

    def _body(self, url: str) -> Path:
        return self._bodies / hashlib.sha256(url.encode()).hexdigest()

    def _open(self, key: str) -> sqlite3.Connection:
        path = self._folder / "site.sqlite"
        try:
            base = self._connect(path, key)
        except (sqlite3.DatabaseError, ValueError, TypeError, KeyError):
            for suffix in ("", "-journal", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            base = self._connect(path, key)
        return base

    def _connect(self, path: Path, key: str) -> sqlite3.Connection:
        base = sqlite3.connect(path, check_same_thread=False)
        try:
            with base:
                base.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT)")
                base.execute("CREATE TABLE IF NOT EXISTS pages (url TEXT PRIMARY KEY, uri TEXT, fields TEXT)")
                base.execute("CREATE INDEX IF NOT EXISTS by_uri ON pages (uri)")
            for (fields,) in base.execute("SELECT fields FROM pages"):
                _record(fields)
            self._take_key(base, f"{_LAYOUT} {key}")
        except BaseException:
            base.close()
            raise
        return base

    @staticmethod
    def _take_key(base: sqlite3.Connection, key: str) -> None:
        """Other settings reach other pages: what was complete for them is not for these."""
        with base, contextlib.closing(base.cursor()) as cursor:
            known = cursor.execute("SELECT value FROM facts WHERE name = 'key'").fetchone()
            if known != (key,):
                cursor.execute("DELETE FROM facts")
                cursor.execute("INSERT INTO facts VALUES ('key', ?)", (key,))


def _record(fields: str) -> Record:
    found = json.loads(fields)
    return Record(**found | {"links": tuple(found["links"]), "blocks": tuple(found["blocks"])})
