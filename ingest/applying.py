"""One sync under way: settles what has not changed, and makes current what has, batch by batch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .catalog import Catalog
from .errors import Problem
from .model import Access, Document, Item, KnownDocument, NewDocument
from .pipeline import Batch, Fetched, Piece
from .ports import ChunkSink
from .progress import Progress
from .recording import Recorder, edition_of

PIPELINE = "4"
"""Raised whenever parsing, chunking or the search for planted instructions gives other results, so that unchanged files
are read again."""


@dataclass(slots=True)
class Tally:
    """What was done with the items so far."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    chunks: int = 0
    embedded: int = 0

    @property
    def done(self) -> int:
        """Items that are settled."""
        return self.added + self.updated + self.unchanged + self.quarantined


@dataclass(slots=True)
class InFlight:
    """Documents that some sync of this process is putting together; what is staged of them is no waste.

    `pen` is held while chunks are staged, written and committed, and while waste is dropped: never both at once.
    """

    pen: threading.RLock
    documents: set[str]


class SyncRun:
    """The state of one sync. Items are settled in one thread while `write` runs in another."""

    def __init__(
        self,
        catalog: Catalog,
        recorder: Recorder,
        sink: ChunkSink,
        in_flight: InFlight,
        *,
        source: str,
        pipeline: str,
        known: Mapping[str, KnownDocument],
        quarantine: Mapping[str, tuple[str, str]],
        total: int,
        unchanged: int,
        now: str,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._catalog = catalog
        self._recorder = recorder
        self._sink = sink
        self._in_flight = in_flight
        self._pipeline = pipeline
        self._known = known
        self._quarantine = quarantine
        self._total = total
        self._now = now
        self._on_progress = on_progress
        self._mine: set[str] = set()
        self._access_ids: dict[Access, int] = {}
        self._lock = threading.Lock()
        self.source = source
        self.tally = Tally(unchanged=unchanged)
        self._tell("")

    def settle(self, item: Item) -> bool:
        """Settles an item whose content nothing has touched: only its access has changed, or it is in quarantine."""
        state = self._known.get(item.uri)
        noted = self._quarantine.get(item.uri)
        if not item.fingerprint or (noted is not None and noted != (item.fingerprint, self._pipeline)):
            return False
        if state is None:
            if noted is not None:
                self._count(item, quarantined=1)
            return noted is not None
        if state.fingerprint != item.fingerprint or not self._is_current(state):
            return False
        taken_over = self._take_over_access(item, state)
        self._count(item, updated=int(taken_over), unchanged=int(not taken_over))
        return True

    def is_same_content(self, item: Item, version: str) -> bool:
        """Settles an item that was touched but holds the same bytes."""
        state = self._known.get(item.uri)
        if state is None or state.version != version or not self._is_current(state) or item.uri in self._quarantine:
            return False
        self._recorder.refresh(state.id, item.fingerprint, item.identity, item.modified_at, item.metadata)
        taken_over = self._take_over_access(item, state)
        self._count(item, updated=int(taken_over), unchanged=int(not taken_over))
        return True

    def refuse(self, item: Item, problem: Problem) -> None:
        """Quarantines an item. An older version of it stops answering: the file no longer says that.

        Where the read itself was refused or interrupted, the file may be whole behind it: what is indexed stays, yet
        follows the source in who may read it, and the file is tried again at every sync.
        """
        state = self._known.get(item.uri)
        keep = problem.code in ("unreadable", "interrupted")
        if state is not None and keep:
            self._take_over_access(item, state)
        elif state is not None:
            self._recorder.remove([state.id])
        fingerprint = "" if keep else item.fingerprint
        self._recorder.quarantine(self.source, item.uri, problem, self._now, fingerprint, self._pipeline)
        self._count(item, quarantined=1)

    def write(self, batches: Sequence[Batch]) -> None:
        """Stages and indexes the pieces' chunks, then makes the documents that are whole current at once."""
        pieces = [piece for batch in batches for piece in batch.pieces]
        chunks = [chunk for piece in pieces for chunk in piece.chunks]
        documents = {p.fetched.task.document_id: self._document(p) for p in pieces if p.parsed is not None}
        with self._in_flight.pen:
            self._mine |= documents.keys()
            self._in_flight.documents |= documents.keys()
            if chunks:
                editions = {i: edition_of(d.version, self._pipeline) for i, d in documents.items()}
                self._recorder.stage(chunks, editions)
                vectors = np.concatenate([batch.vectors for batch in batches if len(batch.vectors)])
                self._sink.write(chunks, vectors, documents)
            whole = [piece for piece in pieces if piece.is_last]
            self._recorder.commit([self._new(p, documents[p.fetched.task.document_id]) for p in whole])
            self._land([piece.fetched.task.document_id for piece in whole])
        with self._lock:
            self.tally.chunks += len(chunks)
            self.tally.embedded += sum(batch.embedded for batch in batches)
        for piece in pieces:
            if piece.problem is not None:
                self._land([piece.fetched.task.document_id])
                self.refuse(piece.fetched.item, piece.problem)
            elif piece.is_last:
                self._count_written(piece.fetched)

    def land_all(self) -> None:
        """Lets go of what is in flight still, when the sync has ended one way or another: it is waste."""
        self._land(list(self._mine))

    def _land(self, ids: Sequence[str]) -> None:
        with self._in_flight.pen:
            self._mine.difference_update(ids)
            self._in_flight.documents.difference_update(ids)

    def _document(self, piece: Piece) -> Document:
        item, task, parsed = piece.fetched.item, piece.fetched.task, piece.parsed
        assert parsed is not None
        return Document(
            id=task.document_id,
            source=self.source,
            uri=item.uri,
            title=parsed.title or item.name,
            format=parsed.format,
            version=task.version,
            modified_at=item.modified_at,
            access=item.access,
            access_id=self._access_id(item.access),
            metadata=item.metadata,
        )

    def _new(self, piece: Piece, document: Document) -> NewDocument:
        item, parsed = piece.fetched.item, piece.parsed
        assert parsed is not None
        return NewDocument(
            document=document,
            text=parsed.text,
            gaps=parsed.gaps,
            fingerprint=item.fingerprint,
            identity=item.identity,
            pipeline=self._pipeline,
            created_at=self._now,
            replaces=piece.fetched.replaces,
        )

    def _count_written(self, fetched: Fetched) -> None:
        if fetched.item.uri in self._known:
            self._count(fetched.item, updated=1)
        else:
            self._count(fetched.item, added=1, removed=int(fetched.replaces is not None))

    def _is_current(self, state: KnownDocument) -> bool:
        return state.pipeline.partition("+")[0] == PIPELINE

    def _take_over_access(self, item: Item, state: KnownDocument) -> bool:
        """Whether the item's access differs from what the catalog knows; then it is taken over."""
        access_id = self._access_id(item.access)
        if access_id == state.access_id:
            return False
        chunks = list(self._catalog.chunks(self._catalog.chunk_ids(state.id)).values())
        documents = {
            d.id: replace(d, access_id=access_id, access=item.access) for d in self._catalog.documents([state.id])
        }
        with self._in_flight.pen:
            # The indexes first: should this be cut off between the two, the next sync sees the difference still.
            # Nobody gains by it meanwhile, since every hit's access is read from the catalog as well.
            self._sink.set_access(chunks, documents)
            self._recorder.set_access(state.id, access_id)
        return True

    def _access_id(self, access: Access) -> int:
        found = self._access_ids.get(access)
        if found is None:
            found = self._access_ids[access] = self._recorder.access_id(access)
        return found

    def _count(self, item: Item, **done: int) -> None:
        with self._lock:
            for name, number in done.items():
                setattr(self.tally, name, getattr(self.tally, name) + number)
            self._tell(item.name)

    def _tell(self, name: str) -> None:
        self._on_progress(Progress(done=self.tally.done, total=self._total, chunks=self.tally.chunks, name=name))
