"""One sync under way: settles what has not changed, queues what has, and writes it in batches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .catalog import Catalog
from .errors import Problem
from .model import Access, Item, KnownDocument, NewDocument
from .ports import ChunkSink

PIPELINE = "1"
"""Raised whenever parsing or chunking gives other results, so that unchanged files are read again."""

_BATCH_CHUNKS = 256


@dataclass(slots=True)
class Tally:
    """What was done with the items so far."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    chunks: int = 0


@dataclass(slots=True)
class _Batch:
    documents: list[NewDocument] = field(default_factory=list)
    chunks: int = 0


class SyncRun:
    """The state of one sync: what is known, what was counted, and the batch being filled."""

    def __init__(
        self,
        catalog: Catalog,
        sink: ChunkSink,
        pipeline: str,
        source: str,
        known: dict[str, KnownDocument],
        quarantine: dict[str, tuple[str, str]],
        now: str,
    ) -> None:
        self._catalog = catalog
        self._sink = sink
        self._pipeline = pipeline
        self._known = known
        self._quarantine = quarantine
        self._now = now
        self._batch = _Batch()
        self.source = source
        self.tally = Tally()

    def is_unchanged(self, item: Item) -> bool:
        """Settles an item that nothing has touched; only its access may have changed."""
        state = self._known.get(item.uri)
        noted = self._quarantine.get(item.uri)
        if noted is not None and noted != (item.fingerprint, self._pipeline):
            return False
        if state is None:
            if noted is not None and item.fingerprint != "unreadable":
                self.tally.quarantined += 1
                return True
            return False
        if state.fingerprint != item.fingerprint or not self._is_current(state):
            return False
        self._settle(item, state)
        return True

    def is_same_content(self, item: Item, version: str) -> bool:
        """Settles an item that was touched but holds the same bytes."""
        state = self._known.get(item.uri)
        if state is None or state.version != version or not self._is_current(state) or item.uri in self._quarantine:
            return False
        self._settle(item, state)
        return True

    def add(self, new: NewDocument) -> None:
        """Queues a parsed document; the batch is written when it is full."""
        self._batch.documents.append(new)
        self._batch.chunks += len(new.chunks)
        if new.document.uri in self._known:
            self.tally.updated += 1
        else:
            self.tally.added += 1
        if self._batch.chunks >= _BATCH_CHUNKS:
            self.flush()

    def flush(self) -> None:
        """Writes the batch: announced, then indexed, then made current in one transaction."""
        if not self._batch.documents:
            return
        chunks = [chunk for new in self._batch.documents for chunk in new.chunks]
        self._catalog.announce([chunk.id for chunk in chunks])
        self._sink.write(chunks, {new.document.id: new.document for new in self._batch.documents})
        self._catalog.commit(self._batch.documents)
        self.tally.chunks += len(chunks)
        self._batch = _Batch()

    def refuse(self, item: Item, problem: Problem, *, keep: bool) -> None:
        """Quarantines an item. Unless `keep`, an older version of it stops answering: the file no longer says that.

        Who may read what is kept follows the source even so.
        """
        state = self._known.get(item.uri)
        if state is not None and keep:
            self._take_over_access(item, state, state.fingerprint)
        elif state is not None:
            self._catalog.remove([state.id])
        # What is behind a refused read may change without a new fingerprint: it is tried at every sync.
        fingerprint = "" if keep else item.fingerprint
        self._catalog.quarantine(self.source, item.uri, problem, self._now, fingerprint, self._pipeline)
        self.tally.quarantined += 1

    def _is_current(self, state: KnownDocument) -> bool:
        return state.pipeline.split("+", 1)[0] == PIPELINE

    def _settle(self, item: Item, state: KnownDocument) -> None:
        if self._take_over_access(item, state, item.fingerprint):
            self.tally.updated += 1
            return
        if state.fingerprint != item.fingerprint:
            self._catalog.refresh(state.id, item.fingerprint, item.modified_at, state.access_id)
        self.tally.unchanged += 1

    def _take_over_access(self, item: Item, state: KnownDocument, fingerprint: str) -> bool:
        """Whether the item's access differs from what the catalog knows; then it is taken over."""
        access_id = self._catalog.access_id(item.access)
        if access_id != state.access_id:
            # The indexes first: should this be cut off between the two, the next sync sees the difference still.
            # Nobody gains by it meanwhile, since every hit's access is read from the catalog as well.
            self._set_access(state.id, access_id, item.access)
            self._catalog.refresh(state.id, fingerprint, item.modified_at, access_id)
        return access_id != state.access_id

    def _set_access(self, document_id: str, access_id: int, access: Access) -> None:
        chunks = list(self._catalog.chunks(self._catalog.chunk_ids(document_id)).values())
        documents = {
            d.id: replace(d, access_id=access_id, access=access) for d in self._catalog.documents([document_id])
        }
        self._sink.set_access(chunks, documents)
