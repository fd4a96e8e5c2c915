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
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from .changes import Changes, read_changes
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
                    db.executemany(
                        "insert into meta values (?, ?)",
                        [("schema", str(SCHEMA_VERSION)), ("revision", "0"), ("changes_after", "0"), ("writer", "")],
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
        """How often anything changed, here or in the indexes, and the `id` of the catalog object that did it last."""
        values = dict(self._database.read("select key, value from meta"))
        return int(values["revision"]), str(values["writer"])

    def changes(self, since: int | None) -> Changes:
        """The documents that changed after this revision, read at one moment; all where that cannot be told."""
        return read_changes(self._database, since)

    def accesses(self) -> dict[int, Access]:
        """Every access that some document has or had, by number."""
        return {row[0]: _access(row[1], row[2]) for row in self._database.read("select id, allow, label from access")}

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
                access=_access(row[8], row[9]),
                metadata=json.loads(row[10]) if row[10] != "{}" else {},
            )

    def successions(self, ids: Collection[str], title_keys: Collection[str]) -> dict[str, list[Succession]]:
        """What these documents say of replacing others, and those that say to replace one of these titles; by id."""
        naming = self._database.read_each(
            "select document_id from replaced_titles where title_key in", list(title_keys)
        )
        found: dict[str, list[Succession]] = {}
        for document_id, kind, name in self._database.read_each(
            "select document_id, kind, name from successions where document_id in",
            list({*ids, *(row[0] for row in naming)}),
        ):
            found.setdefault(document_id, []).append(Succession(kind=kind, name=name))
        return found

    def titled(self, title_keys: Collection[str]) -> set[str]:
        """The ids of the documents that have one of these titles, given as `title_key`."""
        rows = self._database.read_each("select id from documents where title_key in", list(title_keys))
        return {row[0] for row in rows}

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """The chunks with these ids that are current, by id."""
        rows = self._database.read_each(
            "select c.id, c.document_id, d.version, c.ordinal, c.body from chunks c "
            "join documents d on d.id = c.document_id where c.current = 1 and c.id in",
            list(ids),
        )
        return {row[0]: chunk_from_row(*row) for row in rows}

    def owners(self, chunk_ids: Sequence[str]) -> dict[str, str]:
        """Those of the chunks that are current, each with the id of its document; no text is read."""
        rows = self._database.read_each(
            "select id, document_id from chunks where current = 1 and id in", list(chunk_ids)
        )
        return dict(rows)

    def metadata_keys(self, accesses: Collection[int] | None) -> list[str]:
        """The keys that the metadata of documents with these accesses hold, of all documents for None; in order."""
        within = "" if accesses is None else "where access_id in (select value from json_each(?))"
        rows = self._database.read(
            f"select distinct m.key from documents, json_each(documents.metadata) m {within} order by m.key",
            () if accesses is None else (json.dumps(sorted(accesses)),),
        )
        return [str(row[0]) for row in rows]

    def chunks_of(self, document_id: str, first: int, last: int) -> list[Chunk]:
        """The current chunks of a document whose ordinals lie between two, both included, in order."""
        rows = self._database.read(
            "select c.id, c.document_id, d.version, c.ordinal, c.body from chunks c "
            "join documents d on d.id = c.document_id "
            "where c.document_id = ? and c.current = 1 and c.ordinal between ? and ? order by c.ordinal",
            (document_id, first, last),
        )
        return [chunk_from_row(*row) for row in rows]

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

    def excerpt(self, document_id: str, version: str, start: int, end: int) -> str | None:
        """[start, end) of a version's canonical text, without the rest of it; None when it is not kept."""
        rows = self._database.read(
            "select substr(text, ?, ?) from versions where document_id = ? and version = ?",
            (start + 1, end - start, document_id, version),
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


@lru_cache(maxsize=4096)
def _access(allow: str, label: str) -> Access:
    """Documents by the thousand share a few of these."""
    return Access(allow=tuple(json.loads(allow)), label=label or None)
