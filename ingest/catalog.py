"""The catalog: which documents exist, at which version, with which chunks and for whom. One SQLite file.

The catalog decides what exists. The search indexes may for a moment hold more than it names, never less of
what it names: chunks are announced here before they are written there, become real when they are committed,
and what is superseded or removed is remembered as waste until the indexes have dropped it. Readers take
only what the catalog names, so a new version replaces the old one for all of them in one transaction.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .database import Database
from .encoding import chunk_from_row, chunk_to_row
from .errors import CatalogError, Problem
from .model import Access, Chunk, Document, KnownDocument, NewDocument, QuarantineEntry, SourceState
from .schema import SCHEMA, SCHEMA_VERSION
from .succession import Succession, find_successions

_DOCUMENT = """select d.id, d.source, d.uri, d.title, d.format, d.version, d.modified_at, d.access_id, a.allow, a.label
               from documents d join access a on a.id = d.access_id"""


class Catalog:
    """Reads and writes the catalog file. Safe to share among threads; each thread gets its own connection."""

    def __init__(self, path: Path) -> None:
        """Opens the catalog, making it when it is missing.

        Raises:
            CatalogError: the file is no catalog, is damaged or was written by another version.
        """
        self._database = Database(path)
        self.id = uuid.uuid4().hex
        try:
            with self._database.transaction() as db:
                if not db.execute("select 1 from sqlite_master where name = 'meta'").fetchone():
                    for statement in SCHEMA.split(";"):
                        db.execute(statement)
                    db.execute(
                        "insert into meta values ('schema', ?), ('revision', '0'), ('writer', '')",
                        (str(SCHEMA_VERSION),),
                    )
                found = db.execute("select value from meta where key = 'schema'").fetchone()
        except CatalogError:
            self.close()
            raise
        if found is None or found[0] != str(SCHEMA_VERSION):
            self.close()
            raise CatalogError(
                f"{path} was written by another version of groundcrew (schema {found and found[0]}, "
                f"this one reads {SCHEMA_VERSION}); ingest into a new GROUNDCREW_HOME"
            )

    def close(self) -> None:
        """Closes every thread's connection."""
        self._database.close()

    def revision(self) -> tuple[int, str]:
        """How often the indexes were changed, and the `id` of the catalog object that did it last."""
        values = dict(self._database.read("select key, value from meta"))
        return int(values["revision"]), str(values["writer"])

    def _revise(self, db: sqlite3.Connection) -> None:
        db.execute("update meta set value = cast(value as integer) + 1 where key = 'revision'")
        db.execute("update meta set value = ? where key = 'writer'", (self.id,))

    # --- what a sync needs ---------------------------------------------------------------------------------

    def known(self, source: str) -> dict[str, KnownDocument]:
        """The source's documents by uri."""
        rows = self._database.read(
            "select uri, id, version, fingerprint, pipeline, access_id from documents where source = ?", (source,)
        )
        return {row[0]: KnownDocument(*row[1:]) for row in rows}

    def known_quarantine(self, source: str) -> dict[str, tuple[str, str]]:
        """uri to (fingerprint, pipeline) of files that could not be read, whole or in part."""
        rows = self._database.read("select uri, fingerprint, pipeline from quarantine where source = ?", (source,))
        return {uri: (fingerprint, pipeline) for uri, fingerprint, pipeline in rows}

    def access_id(self, access: Access) -> int:
        """The number of this access, made when it is new. Equal accesses share one."""
        key = (json.dumps(sorted(set(access.allow))), access.label or "")
        query = "select id from access where allow = ? and label = ?"
        # Read first: a sync asks this for every unchanged file, and nearly always it is known.
        rows = self._database.read(query, key)
        if not rows:
            with self._database.transaction() as db:
                db.execute("insert or ignore into access (allow, label) values (?, ?)", key)
                rows = db.execute(query, key).fetchall()
        return int(rows[0][0])

    def announce(self, chunk_ids: Iterable[str]) -> None:
        """Notes chunks that are about to be written to the indexes: waste, unless they are committed."""
        with self._database.transaction() as db:
            self._revise(db)
            db.executemany(
                "insert or ignore into waste select ? where not exists (select 1 from chunks where id = ?)",
                [(i, i) for i in chunk_ids],
            )

    def commit(self, documents: Sequence[NewDocument]) -> None:
        """Makes these documents, their texts and chunks current, all at once; what they replace becomes waste."""
        with self._database.transaction() as db:
            self._revise(db)
            for new in documents:
                self._put(db, new)

    def _put(self, db: sqlite3.Connection, new: NewDocument) -> None:
        d = new.document
        db.execute("insert or ignore into waste select id from chunks where document_id = ?", (d.id,))
        db.execute("delete from chunks where document_id = ?", (d.id,))
        db.execute(
            """insert into documents (id, source, uri, title, format, version, fingerprint, pipeline, modified_at,
                access_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
               on conflict (id) do update set title = excluded.title, format = excluded.format,
                version = excluded.version, fingerprint = excluded.fingerprint, pipeline = excluded.pipeline,
                modified_at = excluded.modified_at, access_id = excluded.access_id""",
            (
                d.id,
                d.source,
                d.uri,
                d.title,
                d.format,
                d.version,
                new.fingerprint,
                new.pipeline,
                d.modified_at,
                d.access_id,
            ),
        )
        db.execute("insert or replace into versions values (?, ?, ?, ?)", (d.id, d.version, new.text, new.created_at))
        db.execute("delete from successions where document_id = ?", (d.id,))
        db.executemany(
            "insert into successions values (?, ?, ?)", [(d.id, s.kind, s.name) for s in find_successions(new.text)]
        )
        db.executemany(
            "insert into chunks values (?, ?, ?, ?)", [(c.id, d.id, c.ordinal, chunk_to_row(c)) for c in new.chunks]
        )
        db.executemany("delete from waste where chunk_id = ?", [(c.id,) for c in new.chunks])
        db.execute("delete from quarantine where source = ? and uri = ?", (d.source, d.uri))
        for gap in new.gaps:
            self._quarantine(db, d.source, d.uri, gap, new.created_at, new.fingerprint, new.pipeline)

    def refresh(self, document_id: str, fingerprint: str, modified_at: str, access_id: int) -> None:
        """Notes what changed about a file whose content did not."""
        with self._database.transaction() as db:
            self._revise(db)
            db.execute(
                "update documents set fingerprint = ?, modified_at = ?, access_id = ? where id = ?",
                (fingerprint, modified_at, access_id, document_id),
            )

    def remove(self, document_ids: Iterable[str]) -> None:
        """Forgets documents with all their versions; their chunks become waste."""
        with self._database.transaction() as db:
            self._revise(db)
            for document_id in document_ids:
                db.execute("insert or ignore into waste select id from chunks where document_id = ?", (document_id,))
                db.execute(
                    "delete from quarantine where (source, uri) in (select source, uri from documents where id = ?)",
                    (document_id,),
                )
                db.execute("delete from documents where id = ?", (document_id,))

    def quarantine(self, source: str, uri: str, problem: Problem, since: str, fingerprint: str, pipeline: str) -> None:
        """Notes that a file could not be read; a repeated note keeps its first date."""
        with self._database.transaction() as db:
            self._quarantine(db, source, uri, problem, since, fingerprint, pipeline)

    def release(self, source: str, uris: Iterable[str]) -> None:
        """Drops quarantine entries of files that are gone."""
        with self._database.transaction() as db:
            db.executemany("delete from quarantine where source = ? and uri = ?", [(source, uri) for uri in uris])

    def waste(self, limit: int) -> list[str]:
        """Chunk ids that the indexes may still hold and must drop."""
        return [row[0] for row in self._database.read("select chunk_id from waste limit ?", (limit,))]

    def discarded(self, chunk_ids: Sequence[str]) -> None:
        """Notes that the indexes have dropped these."""
        with self._database.transaction() as db:
            self._revise(db)
            db.executemany("delete from waste where chunk_id = ?", [(i,) for i in chunk_ids])

    def synced(self, name: str, kind: str, location: str, at: str) -> None:
        """Notes that a sync of a source came to its end."""
        with self._database.transaction() as db:
            db.execute("insert or replace into sources values (?, ?, ?, ?)", (name, kind, location, at))

    # --- what readers need ---------------------------------------------------------------------------------

    def accesses(self) -> dict[int, Access]:
        """Every access that some document has or had, by number."""
        return {
            row[0]: Access(allow=tuple(json.loads(row[1])), label=row[2] or None)
            for row in self._database.read("select id, allow, label from access")
        }

    def documents(self, ids: Iterable[str] | None = None) -> Iterator[Document]:
        """The documents with these ids, or all, in order of uri."""
        if ids is None:
            rows = self._database.read(f"{_DOCUMENT} order by d.uri")
        else:
            rows = self._select(f"{_DOCUMENT} where d.id in", list(ids))
        for row in rows:
            yield Document(
                id=row[0],
                source=row[1],
                uri=row[2],
                title=row[3],
                format=row[4],
                version=row[5],
                modified_at=row[6],
                access_id=row[7],
                access=Access(allow=tuple(json.loads(row[8])), label=row[9] or None),
            )

    def successions(self) -> dict[str, list[Succession]]:
        """What documents say of replacing others, by document id."""
        found: dict[str, list[Succession]] = {}
        for document_id, kind, name in self._database.read("select document_id, kind, name from successions"):
            found.setdefault(document_id, []).append(Succession(kind=kind, name=name))
        return found

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks with these ids that are current, by id."""
        rows = self._select(
            "select c.id, c.document_id, d.version, c.ordinal, c.body from chunks c "
            "join documents d on d.id = c.document_id where c.id in",
            list(ids),
        )
        return {row[0]: chunk_from_row(*row) for row in rows}

    def chunk_ids(self, document_id: str | None = None) -> list[str]:
        """The ids of all current chunks, or of one document's, in order."""
        if document_id is None:
            rows = self._database.read("select id from chunks")
        else:
            rows = self._database.read("select id from chunks where document_id = ? order by ordinal", (document_id,))
        return [row[0] for row in rows]

    def text(self, document_id: str, version: str | None = None) -> str | None:
        """The canonical text of a version, the current one by default; None when it is not kept."""
        rows = self._database.read(
            "select v.text from versions v join documents d on d.id = v.document_id "
            "where d.id = ? and v.version = coalesce(?, d.version)",
            (document_id, version),
        )
        return str(rows[0][0]) if rows else None

    def quarantined(self) -> list[QuarantineEntry]:
        """All that could not be read, in order of source and uri."""
        rows = self._database.read(
            "select source, uri, part, code, reason, mend, since from quarantine order by source, uri, part"
        )
        return [
            QuarantineEntry(source=r[0], uri=r[1], part=r[2] or None, code=r[3], reason=r[4], mend=r[5], since=r[6])
            for r in rows
        ]

    def sources(self) -> list[SourceState]:
        """The sources that were synced at least once."""
        rows = self._database.read(
            """select s.name, s.kind, s.location, s.last_sync,
                (select count(*) from documents d where d.source = s.name),
                (select count(*) from chunks c join documents d on d.id = c.document_id where d.source = s.name),
                (select count(*) from quarantine q where q.source = s.name)
               from sources s order by s.name"""
        )
        return [
            SourceState(
                name=r[0], kind=r[1], location=r[2], last_sync=r[3], documents=r[4], chunks=r[5], quarantined=r[6]
            )
            for r in rows
        ]

    def counts(self) -> tuple[int, int]:
        """(documents, chunks)."""
        [row] = self._database.read("select (select count(*) from documents), (select count(*) from chunks)")
        return int(row[0]), int(row[1])

    def damage(self) -> list[str]:
        """What SQLite's own integrity check finds; empty when all is well."""
        rows = [str(row[0]) for row in self._database.read("pragma integrity_check(5)")]
        return [] if rows == ["ok"] else rows

    # --- inside --------------------------------------------------------------------------------------------

    @staticmethod
    def _quarantine(
        db: sqlite3.Connection, source: str, uri: str, problem: Problem, since: str, fingerprint: str, pipeline: str
    ) -> None:
        db.execute(
            """insert into quarantine values (?, ?, ?, ?, ?, ?, ?, ?, ?)
               on conflict do update set code = excluded.code, reason = excluded.reason, mend = excluded.mend,
                fingerprint = excluded.fingerprint, pipeline = excluded.pipeline""",
            (source, uri, problem.part or "", problem.code, problem.reason, problem.mend, since, fingerprint, pipeline),
        )

    def _select(self, query: str, ids: list[str]) -> list[tuple[str, ...]]:
        """Runs `query` + a list of ids, in batches that SQLite accepts. Order is not kept."""
        rows: list[tuple[str, ...]] = []
        for start in range(0, len(ids), 500):
            batch = ids[start : start + 500]
            marks = ",".join("?" * len(batch))
            rows += self._database.read(f"{query} ({marks})", batch)
        return rows
