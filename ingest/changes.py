"""Which documents changed since when: what keeps an index in memory, in any process, in step with the catalog.

Each write that readers can see raises the catalog's revision and notes its documents here, in the same transaction.
The log is bounded: whoever last read before its first entry reads everything anew.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .database import Database

MOST_CHANGES = 20_000
"""Entries that are kept. The older half goes when there are more."""


class DocumentState(NamedTuple):
    """What filters ask of a document, and the ids of its current chunks."""

    id: str
    source: str
    format: str
    modified_at: str
    access_id: int
    metadata: Mapping[str, str]
    chunk_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The documents that changed up to `revision`, as they are now, and the ids of those that are gone.

    With `is_all` they are all documents that there are, and what is not among them is gone.
    """

    revision: int
    is_all: bool
    documents: tuple[DocumentState, ...]
    gone: frozenset[str]


def note_changes(db: sqlite3.Connection, revision: int, document_ids: Iterable[str]) -> None:
    """Notes that these documents changed with this revision; drops what is older than the log reaches back."""
    db.executemany(
        "insert into changes (revision, document_id) values (?, ?)",
        [(revision, document_id) for document_id in document_ids],
    )
    [first] = db.execute("select min(number) from changes").fetchone()
    [last] = db.execute("select max(number) from changes").fetchone()
    if first is not None and last - first >= MOST_CHANGES:
        [cut] = db.execute("select revision from changes where number = ?", (last - MOST_CHANGES // 2,)).fetchone()
        _forget_changes(db, cut)


def note_all_changed(db: sqlite3.Connection, revision: int) -> None:
    """Notes that everything must be read anew."""
    _forget_changes(db, revision)


def _forget_changes(db: sqlite3.Connection, until: int) -> None:
    db.execute("delete from changes where revision <= ?", (until,))
    db.execute("update meta set value = ? where key = 'changes_after'", (str(until),))


def read_changes(database: Database, since: int | None) -> Changes:
    """What changed after revision `since`; everything where that is None or the log does not reach back."""
    with database.snapshot():
        meta = dict(database.read("select key, value from meta"))
        revision = int(meta["revision"])
        if since is None or not int(meta["changes_after"]) <= since <= revision:
            return Changes(revision=revision, is_all=True, documents=_states(database, None), gone=frozenset())
        rows = database.read("select distinct document_id from changes where revision > ?", (since,))
        changed = [row[0] for row in rows]
        documents = _states(database, changed)
    gone = frozenset(changed).difference(one.id for one in documents)
    return Changes(revision=revision, is_all=False, documents=documents, gone=gone)


def _states(database: Database, ids: list[str] | None) -> tuple[DocumentState, ...]:
    about = "select id, source, format, modified_at, access_id, metadata from documents"
    current = "select document_id, id from chunks where current = 1"
    if ids is None:
        rows, pairs = database.read(about), database.read(current)
    else:
        rows = database.read_each(f"{about} where id in", ids)
        pairs = database.read_each(f"{current} and document_id in", ids)
    chunks: dict[str, list[str]] = {}
    for document_id, chunk_id in pairs:
        chunks.setdefault(document_id, []).append(chunk_id)
    return tuple(
        DocumentState(
            id=row[0],
            source=row[1],
            format=row[2],
            modified_at=row[3],
            access_id=row[4],
            metadata=json.loads(row[5]),
            chunk_ids=tuple(chunks.get(row[0], ())),
        )
        for row in rows
    )
