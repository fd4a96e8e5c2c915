"""The catalog: which documents exist, at which version, with which chunks and for whom. One SQLite file.

The catalog decides what exists. The search indexes may for a moment hold more than it names, never less of
what it names: chunks are staged here before they are written there, become current when their document is
committed, and what is superseded or removed is remembered as waste until the indexes have dropped it. Readers take
only what is current, so a new version replaces the old one for all of them in one transaction. `recording` holds
what a sync writes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .database import Database
from .encoding import chunk_from_row
from .errors import CatalogError
from .model import Access, Chunk, Document, QuarantineEntry, SourceState
from .schema import SCHEMA, SCHEMA_VERSION
from .succession import Succession

_DOCUMENT = """select d.id, d.source, d.uri, d.title, d.format, d.version, d.modified_at, d.access_id, a.allow, a.label,
               d.metadata from documents d join access a on a.id = d.access_id"""


class Catalog:
    """Reads and writes the catalog file. Safe to share among threads; each thread gets its own connection."""

    def __init__(self, path: Path) -> None:
        """Opens the catalog, making it when it is missing.

        Raises:
            CatalogError: the file is no catalog, is damaged or was written by another version.
        """
        self.database = self._database = Database(path)
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
            rows = self._database.read_each(f"{_DOCUMENT} where d.id in", list(ids))
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
                metadata=json.loads(row[10]),
            )

    def successions(self) -> dict[str, list[Succession]]:
        """What documents say of replacing others, by document id."""
        found: dict[str, list[Succession]] = {}
        for document_id, kind, name in self._database.read("select document_id, kind, name from successions"):
            found.setdefault(document_id, []).append(Succession(kind=kind, name=name))
        return found

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks with these ids that are current, by id."""
        rows = self._database.read_each(
            "select c.id, c.document_id, d.version, c.ordinal, c.body from chunks c "
            "join documents d on d.id = c.document_id where c.current = 1 and c.id in",
            list(ids),
        )
        return {row[0]: chunk_from_row(*row) for row in rows}

    def chunk_ids(self, document_id: str | None = None) -> list[str]:
        """The ids of all current chunks, or of one document's, in order."""
        if document_id is None:
            rows = self._database.read("select id from chunks where current = 1")
        else:
            rows = self._database.read(
                "select id from chunks where document_id = ? and current = 1 order by ordinal", (document_id,)
            )
        return [row[0] for row in rows]

    def noncurrent_ids(self) -> list[str]:
        """The ids of chunks that the indexes may hold although no reader sees them: in flight, or waste."""
        return [row[0] for row in self._database.read("select id from chunks where current = 0")]

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
                (select count(*) from chunks c join documents d on d.id = c.document_id
                 where c.current = 1 and d.source = s.name),
                (select count(*) from quarantine q where q.source = s.name), s.held, s.problem, s.problem_at
               from sources s order by s.name"""
        )
        return [
            SourceState(
                name=r[0],
                kind=r[1],
                location=r[2],
                last_sync=r[3],
                documents=r[4],
                chunks=r[5],
                quarantined=r[6],
                held=r[7],
                problem=r[8],
                problem_at=r[9],
            )
            for r in rows
        ]

    def counts(self) -> tuple[int, int]:
        """(documents, chunks)."""
        [row] = self._database.read(
            "select (select count(*) from documents), (select count(*) from chunks where current = 1)"
        )
        return int(row[0]), int(row[1])

    def damage(self) -> list[str]:
        """What SQLite's own integrity check finds; empty when all is well."""
        rows = [str(row[0]) for row in self._database.read("pragma integrity_check(5)")]
        return [] if rows == ["ok"] else rows
