"""What a sync reads from the catalog and writes to it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from .catalog import Catalog
from .changes import note_all_changed, note_changes
from .encoding import chunk_to_row
from .errors import Problem
from .model import Access, Chunk, KnownDocument, NewDocument
from .succession import find_successions, title_key


class Recorder:
    """The writing side of a catalog. Every method is one transaction, and safe to repeat."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._database = catalog.database

    def stamps(self, source: str, pipeline: str, scopes: Sequence[str] | None = None) -> dict[str, str]:
        """uri to `stamp_of` the source's documents; "" where another pipeline made them.

        With `scopes` only those below one of these uris. Made for sources of very many documents, of which hardly
        one has changed.
        """
        stamp = "iif(pipeline = ? or pipeline like ? || '+%', access_id || ' ' || fingerprint, '')"
        query = f"select uri, {stamp} from documents where source = ?"
        return dict(self._within(query, source, scopes, (pipeline, pipeline)))

    def known(self, source: str, uris: Sequence[str]) -> dict[str, KnownDocument]:
        """Those of the source's documents that have one of these uris."""
        columns = "uri, id, version, fingerprint, identity, pipeline, access_id"
        query = f"select {columns} from documents where source = ? and uri in"
        return {row[0]: KnownDocument(*row[1:]) for row in self._database.read_each(query, uris, before=(source,))}

    def known_quarantine(self, source: str, scopes: Sequence[str] | None = None) -> dict[str, tuple[str, str]]:
        """uri to (fingerprint, pipeline) of files that could not be read, whole or in part."""
        rows = self._within("select uri, fingerprint, pipeline from quarantine where source = ?", source, scopes)
        return {uri: (fingerprint, pipeline) for uri, fingerprint, pipeline in rows}

    def access_id(self, access: Access) -> int:
        """The number of this access, made when it is new. Equal accesses share one."""
        key = (json.dumps(sorted(set(access.allow))), access.label or "")
        query = "select id from access where allow = ? and label = ?"
        rows = self._database.read(query, key)
        if not rows:
            with self._database.transaction() as db:
                db.execute("insert or ignore into access (allow, label) values (?, ?)", key)
                rows = db.execute(query, key).fetchall()
        return int(rows[0][0])

    def stage(self, chunks: Iterable[Chunk], editions: Mapping[str, str]) -> None:
        """Notes chunks that are about to be written to the indexes; `editions` maps their document ids.

        Readers don't see them before `commit`. What is staged and never committed is waste.
        """
        with self._database.transaction() as db:
            self._revise(db)
            db.executemany(
                """insert into chunks values (?, ?, ?, ?, 0, ?, ?)
                   on conflict (id) do update set ordinal = excluded.ordinal, text_key = excluded.text_key,
                    body = excluded.body""",
                [
                    (c.id, c.document_id, editions[c.document_id], c.ordinal, text_key(c.indexed_text), chunk_to_row(c))
                    for c in chunks
                ],
            )

    def commit(self, documents: Sequence[NewDocument]) -> None:
        """Makes these documents with their staged chunks current, all at once; what they replace becomes waste."""
        with self._database.transaction() as db:
            self._revise(db, [i for new in documents for i in (new.document.id, new.replaces) if i is not None])
            for new in documents:
                self._put(db, new)

    def holders(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """Text keys to the id of a chunk that the indexes may hold with just this text; waste serves as well."""
        query = "select text_key, id, max(current) from chunks where text_key in"
        rows = self._database.read_each(query, keys, "group by text_key")
        return {key: chunk_id for key, chunk_id, _ in rows}

    def refresh(
        self, document_id: str, fingerprint: str, identity: str, modified_at: str, metadata: Mapping[str, str]
    ) -> None:
        """Notes what changed about a file whose content did not."""
        with self._database.transaction() as db:
            self._revise(db, [document_id])
            db.execute(
                "update documents set fingerprint = ?, identity = ?, modified_at = ?, metadata = ? where id = ?",
                (fingerprint, identity, modified_at, _json(metadata), document_id),
            )

    def set_access(self, document_id: str, access_id: int) -> None:
        """Notes who may read a document from now on."""
        with self._database.transaction() as db:
            self._revise(db, [document_id])
            db.execute("update documents set access_id = ? where id = ?", (access_id, document_id))

    def remove(self, document_ids: Collection[str]) -> None:
        """Forgets documents with all their versions and words; their chunks become waste."""
        if document_ids:
            with self._database.transaction() as db:
                self._revise(db, document_ids)
                for document_id in document_ids:
                    self._forget(db, document_id)

    def forget_source(self, source: str) -> int:
        """Forgets a source with all its documents; returns how many. Their chunks become waste."""
        ids = [row[0] for row in self._database.read("select id from documents where source = ?", (source,))]
        with self._database.transaction() as db:
            self._revise(db, ids)
            for document_id in ids:
                self._forget(db, document_id)
            db.execute("delete from quarantine where source = ?", (source,))
            db.execute("delete from sources where name = ?", (source,))
        return len(ids)

    def quarantine(self, source: str, uri: str, problem: Problem, since: str, fingerprint: str, pipeline: str) -> None:
        """Notes that a file could not be read; a repeated note keeps its first date."""
        with self._database.transaction() as db:
            _quarantine(db, source, uri, problem, since, fingerprint, pipeline)

    def release(self, source: str, uris: Collection[str]) -> None:
        """Drops quarantine entries of files that are gone."""
        if uris:
            with self._database.transaction() as db:
                db.executemany("delete from quarantine where source = ? and uri = ?", [(source, uri) for uri in uris])

    def waste(self, limit: int, in_flight: Collection[str] = ()) -> list[str]:
        """Chunk ids that the indexes may still hold and must drop; not those of documents that are in flight."""
        flying = json.dumps(list(in_flight))
        rows = self._database.read(
            "select id from chunks where current = 0 and document_id not in (select value from json_each(?)) limit ?",
            (flying, limit),
        )
        return [row[0] for row in rows]

    def discarded(self, chunk_ids: Sequence[str]) -> None:
        """Notes that the indexes have dropped these."""
        with self._database.transaction() as db:
            self._revise(db)
            db.executemany("delete from chunks where id = ? and current = 0", [(i,) for i in chunk_ids])

    def expire(self, before: str) -> int:
        """Drops the texts of versions that were superseded before this moment; returns how many."""
        query = "select count(*) from versions where superseded_at is not null and superseded_at < ?"
        expired = int(self._database.read(query, (before,))[0][0])
        if expired:
            with self._database.transaction() as db:
                db.execute("delete from versions where superseded_at is not null and superseded_at < ?", (before,))
        return expired

    def synced(self, name: str, kind: str, location: str, at: str | None, held: int | None) -> None:
        """Notes that a sync of a source came to its end. `at` and `held` stay as they were where they are None."""
        with self._database.transaction() as db:
            db.execute(
                """insert into sources (name, kind, location, last_sync, held) values (?, ?, ?, ?, coalesce(?, 0))
                   on conflict (name) do update set kind = excluded.kind, location = excluded.location,
                    last_sync = coalesce(excluded.last_sync, last_sync), held = coalesce(?, held),
                    problem = null, problem_at = null""",
                (name, kind, location, at, held, held),
            )

    def failed(self, name: str, kind: str, location: str, at: str, problem: str) -> None:
        """Notes that a sync of a source could not come to its end, and why."""
        with self._database.transaction() as db:
            db.execute(
                """insert into sources (name, kind, location, problem, problem_at) values (?, ?, ?, ?, ?)
                   on conflict (name) do update set problem = excluded.problem, problem_at = excluded.problem_at""",
                (name, kind, location, problem, at),
            )

    def revise(self) -> None:
        """Tells everyone that the indexes are others than they have read."""
        with self._database.transaction() as db:
            note_all_changed(db, self._revise(db))

    def _revise(self, db: sqlite3.Connection, document_ids: Iterable[str] = ()) -> int:
        """The next revision, by which readers see these documents changed."""
        db.execute("update meta set value = cast(value as integer) + 1 where key = 'revision'")
        db.execute("update meta set value = ? where key = 'writer'", (self._catalog.id,))
        revision = int(db.execute("select value from meta where key = 'revision'").fetchone()[0])
        note_changes(db, revision, document_ids)
        return revision

    def _put(self, db: sqlite3.Connection, new: NewDocument) -> None:
        d = new.document
        edition = edition_of(d.version, new.pipeline)
        if new.replaces is not None:
            self._forget(db, new.replaces)
        # The old text first: should both have a chunk in common, it stays current.
        db.execute(
            "update chunks set current = (edition = ?), body = iif(edition = ?, body, '') where document_id = ?",
            (edition, edition, d.id),
        )
        db.execute(
            """insert into documents values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
               on conflict (id) do update set title = excluded.title, format = excluded.format,
                version = excluded.version, fingerprint = excluded.fingerprint, identity = excluded.identity,
                pipeline = excluded.pipeline, modified_at = excluded.modified_at, access_id = excluded.access_id,
                metadata = excluded.metadata, title_key = excluded.title_key""",
            (
                d.id,
                d.source,
                d.uri,
                d.title,
                d.format,
                d.version,
                new.fingerprint,
                new.identity,
                new.pipeline,
                d.modified_at,
                d.access_id,
                _json(d.metadata),
                title_key(d.title),
            ),
        )
        db.execute(
            "update versions set superseded_at = ? where document_id = ? and superseded_at is null",
            (new.created_at, d.id),
        )
        db.execute(
            "insert or replace into versions values (?, ?, ?, ?, null)", (d.id, d.version, new.text, new.created_at)
        )
        _put_successions(db, d.id, new.text)
        db.execute("delete from quarantine where source = ? and uri = ?", (d.source, d.uri))
        for gap in new.gaps:
            _quarantine(db, d.source, d.uri, gap, new.created_at, new.fingerprint, new.pipeline)

    @staticmethod
    def _forget(db: sqlite3.Connection, document_id: str) -> None:
        # The rows stay until the indexes have dropped their chunks; their words go now.
        db.execute("update chunks set current = 0, body = '' where document_id = ?", (document_id,))
        db.execute(
            "delete from quarantine where (source, uri) in (select source, uri from documents where id = ?)",
            (document_id,),
        )
        db.execute("delete from documents where id = ?", (document_id,))

    def _within(
        self, query: str, source: str, scopes: Sequence[str] | None, before: tuple[str, ...] = ()
    ) -> list[tuple[Any, ...]]:
        """Rows of a source, by ranges of its index on (source, uri) where scopes are given."""
        if scopes is None:
            return self._database.read(query, (*before, source))
        rows: list[tuple[Any, ...]] = []
        for scope in scopes:
            # "0" follows "/": the range holds all that lies below the folder.
            below = scope.rstrip("/")
            rows += self._database.read(
                f"{query} and (uri = ? or (uri >= ? and uri < ?))",
                (*before, source, scope, below + "/", below + "0"),
            )
        return rows


def edition_of(version: str, pipeline: str) -> str:
    """What a document's chunks were cut from, and by which code: one edition at a time is current."""
    return f"{version}|{pipeline}"


def stamp_of(access_id: int, fingerprint: str) -> str:
    """Equal for a document that nothing has touched, in content or access."""
    return f"{access_id} {fingerprint}"


def text_key(indexed_text: str) -> bytes:
    """Equal for texts that have the same vector."""
    return hashlib.sha256(indexed_text.encode(errors="replace")).digest()[:16]


def _json(metadata: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(metadata.items())), ensure_ascii=True)


def _put_successions(db: sqlite3.Connection, document_id: str, text: str) -> None:
    for table in ("successions", "replaced_titles"):
        db.execute(f"delete from {table} where document_id = ?", (document_id,))
    found = find_successions(text)
    db.executemany("insert into successions values (?, ?, ?)", [(document_id, s.kind, s.name) for s in found])
    db.executemany(
        "insert or ignore into replaced_titles values (?, ?)",
        [(key, document_id) for s in found if s.kind == "replaces" for key in s.title_keys()],
    )


def _quarantine(
    db: sqlite3.Connection, source: str, uri: str, problem: Problem, since: str, fingerprint: str, pipeline: str
) -> None:
    db.execute(
        """insert into quarantine values (?, ?, ?, ?, ?, ?, ?, ?, ?)
           on conflict do update set code = excluded.code, reason = excluded.reason, mend = excluded.mend,
            fingerprint = excluded.fingerprint, pipeline = excluded.pipeline""",
        (source, uri, problem.part or "", problem.code, problem.reason, problem.mend, since, fingerprint, pipeline),
    )
