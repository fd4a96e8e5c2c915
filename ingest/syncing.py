"""Makes the indexes hold exactly what a source holds: list → diff → fetch → parse → chunk → sink → commit.

Every step is safe to repeat, so a sync that was cut off is mended by the next one. Work is committed in batches
of chunks; what is committed answers questions at once, what is not is redone.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from .applying import PIPELINE, SyncRun
from .catalog import Catalog
from .chunking import chunk_document
from .errors import ParseError, Problem
from .model import Document, Item, KnownDocument, Listing, NewDocument, SyncReport
from .ports import ChunkSink, Connector, Parser, Tokenizer

_WASTE_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sync is: files looked at of all files, chunks written, and the file at hand."""

    done: int
    total: int
    chunks: int
    name: str


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
        run = SyncRun(
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

    def _take(self, run: SyncRun, connector: Connector, item: Item) -> None:
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
