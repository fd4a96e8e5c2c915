"""Makes the indexes hold exactly what a source holds: list → diff → fetch → parse → chunk → sink → commit.

Every step is safe to repeat, so a sync that was cut off is mended by the next one. Work is committed in batches
of chunks; what is committed answers questions at once, what is not is redone.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from .catalog import Catalog, KnownDocument, NewDocument
from .chunking import chunk_document
from .errors import ParseError, Problem
from .model import Access, Document, Item, Listing, SyncReport
from .ports import ChunkSink, Connector, Parser, Tokenizer

PIPELINE = "1"
"""Raised whenever parsing or chunking gives other results, so that unchanged files are read again."""

_BATCH_CHUNKS = 256
_WASTE_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sync is: files looked at of all files, chunks written, and the file at hand."""

    done: int
    total: int
    chunks: int
    name: str


@dataclass(slots=True)
class _Tally:
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    chunks: int = 0


@dataclass(slots=True)
class _Batch:
    documents: list[NewDocument] = field(default_factory=list)
    chunks: int = 0


class Synchronizer:
    """Runs syncs. `tools` names the optional tools found on this machine: what needed one is retried with it."""

    def __init__(
        self,
        catalog: Catalog,
        sink: ChunkSink,
        parse: Parser,
        tokenizer: Tokenizer,
        *,
        tools: Sequence[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = catalog
        self._sink = sink
        self._parse = parse
        self._tokenizer = tokenizer
        self._pipeline = "+".join([PIPELINE, *sorted(tools)])
        self._clock = clock

    def sync(
        self, source: str, connector: Connector, on_progress: Callable[[Progress], None] = lambda _: None
    ) -> SyncReport:
        """Brings one source, within its connector's scope, into step.

        Raises:
            SourceError: the source cannot be listed; nothing was changed.
        """
        started = time.monotonic()
        self.discard_waste()
        listing = connector.list()
        known = self._catalog.known(source)
        removed = self._remove_missing(source, connector.location, listing, known)
        run = _Run(
            self._catalog,
            self._sink,
            self._pipeline,
            source,
            known,
            self._catalog.known_quarantine(source),
            self._now(),
        )
        for number, item in enumerate(listing.items):
            on_progress(Progress(done=number, total=len(listing.items), chunks=run.tally.chunks, name=item.name))
            self._take(run, connector, item)
        run.flush()
        for place in listing.unlisted:
            self._catalog.quarantine(source, place.prefix, place.problem, self._now(), "", self._pipeline)
        self._catalog.synced(source, connector.kind, connector.location, self._now())
        self.discard_waste()
        on_progress(Progress(done=len(listing.items), total=len(listing.items), chunks=run.tally.chunks, name=""))
        tally = run.tally
        return SyncReport(
            added=tally.added,
            updated=tally.updated,
            removed=removed,
            unchanged=tally.unchanged,
            quarantined=tally.quarantined + len(listing.unlisted),
            chunks=tally.chunks,
            seconds=round(time.monotonic() - started, 3),
        )

    def discard_waste(self) -> int:
        """Drops from the indexes what the catalog no longer names; returns how many chunks."""
        dropped = 0
        while ids := self._catalog.waste(_WASTE_BATCH):
            self._sink.remove(ids)
            self._catalog.discarded(ids)
            dropped += len(ids)
        return dropped

    def _take(self, run: _Run, connector: Connector, item: Item) -> None:
        """Looks at one item and does what its state asks for."""
        if run.is_unchanged(item):
            return
        try:
            raw = connector.read(item)
        except ParseError as error:
            # The file may be whole behind a refused read, so what is indexed of it stays.
            run.refuse(item, error.problem, keep=error.problem.code == "unreadable")
            return
        version = "sha256:" + hashlib.sha256(raw.data).hexdigest()
        if run.is_same_content(item, version):
            return
        document_id = document_id_of(run.source, item.uri)
        try:
            parsed = self._parse(raw)
            chunks = chunk_document(parsed, document_id, version, self._tokenizer)
        except ParseError as error:
            run.refuse(item, error.problem, keep=False)
            return
        if not chunks:
            run.refuse(
                item,
                Problem(code="empty", reason="it holds no text", mend="nothing to do, or remove the file"),
                keep=False,
            )
            return
        access_id = self._catalog.access_id(item.access)
        document = Document(
            id=document_id,
            source=run.source,
            uri=item.uri,
            title=parsed.title or item.name,
            format=parsed.format,
            version=version,
            modified_at=item.modified_at,
            access=item.access,
            access_id=access_id,
        )
        run.add(
            NewDocument(
                document=document,
                text=parsed.text,
                chunks=chunks,
                gaps=parsed.gaps,
                fingerprint=item.fingerprint,
                pipeline=self._pipeline,
                created_at=self._now(),
            )
        )

    def _remove_missing(self, source: str, location: str, listing: Listing, known: dict[str, KnownDocument]) -> int:
        """Removes what the scope held and holds no more; what lies in an unlisted place is left alone."""
        listed = {item.uri for item in listing.items}
        unlisted = tuple(place.prefix for place in listing.unlisted)

        def is_gone(uri: str) -> bool:
            return uri not in listed and in_scope(uri, location) and not uri.startswith(unlisted or ("\0",))

        gone = [state.id for uri, state in known.items() if is_gone(uri)]
        self._catalog.remove(gone)
        self._catalog.release(
            source,
            [
                uri
                for uri in self._catalog.known_quarantine(source)
                if is_gone(uri) or (uri.endswith("/") and uri not in unlisted and in_scope(uri, location))
            ],
        )
        self.discard_waste()
        return len(gone)

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class _Run:
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
        self.tally = _Tally()

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


def document_id_of(source: str, uri: str) -> str:
    """A document keeps its id as long as its source and uri stay the same."""
    return hashlib.sha256(f"{source}\0{uri}".encode()).hexdigest()[:24]


def in_scope(uri: str, location: str) -> bool:
    """Whether a uri is the location or lies below it."""
    return uri == location or uri.startswith(location.rstrip("/") + "/")


def merge(reports: Sequence[SyncReport]) -> SyncReport:
    """The sum of several reports."""
    total = SyncReport()
    for r in reports:
        total = replace(
            total,
            added=total.added + r.added,
            updated=total.updated + r.updated,
            removed=total.removed + r.removed,
            unchanged=total.unchanged + r.unchanged,
            quarantined=total.quarantined + r.quarantined,
            chunks=total.chunks + r.chunks,
            seconds=round(total.seconds + r.seconds, 3),
        )
    return total
