"""Makes the indexes hold exactly what a source holds: list → diff → fetch → parse → chunk → sink → commit.

Every step is safe to repeat, so a sync that was cut off is mended by the next one. Work is committed in batches
of chunks; what is committed answers questions at once, what is not is redone.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .applying import PIPELINE, InFlight, SyncRun
from .catalog import Catalog
from .errors import ParseError, SourceError
from .model import Item, KnownDocument, Listing, ParseTask, SyncReport
from .pipeline import Fetched, Pipeline
from .ports import ChunkSink, Connector, ParserPool
from .progress import Progress
from .recording import Recorder, stamp_of

_WASTE_BATCH = 1000
_FEW = 10
"""Removals up to this number never wait for confirmation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    """What a listing says of what is known: items to look into, how many are untouched, and what is gone.

    `known` holds the documents of both; `gone` their uris, of those that go; `moved` maps the uris of items to the ids
    of documents that are them under their names from before; `held` counts the gone that stay for now.
    """

    changed: Sequence[Item]
    unchanged: int
    known: Mapping[str, KnownDocument]
    gone: Sequence[str]
    moved: Mapping[str, str]
    held: int


class Synchronizer:
    """Runs syncs, those of different sources side by side. `tools` names the optional tools found on this machine.

    What needed a tool is retried with it. Texts of superseded versions are kept for `keep_versions`, None for good.
    """

    def __init__(
        self,
        catalog: Catalog,
        sink: ChunkSink,
        pool: ParserPool,
        *,
        tools: Sequence[str] = (),
        keep_versions: timedelta | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = catalog
        self._recorder = Recorder(catalog)
        self._sink = sink
        self._pool = pool
        self._pipeline = "+".join([PIPELINE, *sorted(tools)])
        self._keep_versions = keep_versions
        self._clock = clock
        self._in_flight = InFlight(pen=threading.RLock(), documents=set())
        self._sources: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def sync(
        self,
        source: str,
        connector: Connector,
        on_progress: Callable[[Progress], None] = lambda _: None,
        *,
        removal_limit: float = 1.0,
    ) -> SyncReport:
        """Brings one source, within its connector's scopes, into step.

        When more than the share `removal_limit` of the documents known would go, and more than a few, they stay
        and are reported as held. What `on_progress` raises ends the sync; what is done by then stays done.

        Raises:
            SourceError: the source cannot be listed, and nothing of it was removed; or it was gone halfway, and what
                was done by then stays done.
        """
        with self._sources[source]:
            try:
                return self._sync(source, connector, on_progress, removal_limit)
            except SourceError as error:
                self._recorder.failed(source, connector.kind, connector.location, self._now(), str(error))
                raise

    def forget(self, source: str) -> int:
        """Removes a source with all that is known of it; returns how many documents went."""
        with self._sources[source]:
            removed = self._recorder.forget_source(source)
            self.discard_waste()
            return removed

    def discard_waste(self) -> int:
        """Drops from the indexes what the catalog no longer names; returns how many chunks."""
        dropped = 0
        while True:
            with self._in_flight.pen:
                ids = self._recorder.waste(_WASTE_BATCH, self._in_flight.documents)
                if not ids:
                    break
                self._sink.remove(ids)
                self._recorder.discarded(ids)
            dropped += len(ids)
        if dropped:
            self._catalog.database.truncate_log()
        return dropped

    @property
    def is_busy(self) -> bool:
        """Whether some sync is putting documents together."""
        return bool(self._in_flight.documents)

    @contextmanager
    def at_rest(self) -> Iterator[int]:
        """Keeps what is written as it is meanwhile; gives the number of chunks of waste.

        A sync under way waits with its next batch; what it has staged by then is no waste.
        """
        with self._in_flight.pen:
            yield len(self._recorder.waste(-1, self._in_flight.documents))

    def _sync(
        self, source: str, connector: Connector, on_progress: Callable[[Progress], None], removal_limit: float
    ) -> SyncReport:
        started = time.monotonic()
        listing = connector.list()
        quarantine = self._recorder.known_quarantine(source, connector.scopes)
        difference = self._compare(source, connector, listing, quarantine, removal_limit)
        known = difference.known
        run = SyncRun(
            self._catalog,
            self._recorder,
            self._sink,
            self._in_flight,
            source=source,
            pipeline=self._pipeline,
            known=known,
            quarantine=quarantine,
            total=len(listing.items),
            unchanged=difference.unchanged,
            now=self._now(),
            on_progress=on_progress,
        )
        # What goes by a new name goes when that is committed; all else that is gone goes now.
        moved = set(difference.moved.values())
        leaving = [known[uri].id for uri in difference.gone if known[uri].id not in moved]
        self._recorder.remove(leaving)
        try:
            self._bring_in(run, connector, difference.changed, difference.moved)
        finally:
            run.land_all()
        # A new name whose file could not be read has replaced nothing.
        left = [known[uri].id for uri in difference.gone if known[uri].id in moved]
        still = {d.id for d in self._catalog.documents(left)}
        self._recorder.remove(still)
        self._settle_quarantine(source, listing, quarantine)
        whole = connector.scopes is None or connector.location in connector.scopes
        self._recorder.synced(
            source,
            connector.kind,
            connector.location,
            self._now() if whole else None,
            difference.held if whole else None,
        )
        self._expire_versions()
        self.discard_waste()
        tally = run.tally
        return SyncReport(
            added=tally.added,
            updated=tally.updated,
            removed=len(leaving) + len(still) + tally.removed,
            unchanged=tally.unchanged,
            quarantined=tally.quarantined + len(listing.unlisted),
            chunks=tally.chunks,
            seconds=round(time.monotonic() - started, 3),
            embedded=tally.embedded,
            held=difference.held,
        )

    def _compare(
        self,
        source: str,
        connector: Connector,
        listing: Listing,
        quarantine: Mapping[str, tuple[str, str]],
        removal_limit: float,
    ) -> _Difference:
        """Tells what is untouched by its stamp alone; only of the rest more is read."""
        stamps = self._recorder.stamps(source, PIPELINE, connector.scopes)
        count = len(stamps)
        access_ids = {access: self._recorder.access_id(access) for access in {item.access for item in listing.items}}
        changed: list[Item] = []
        for item in listing.items:
            stamp = stamps.pop(item.uri, None)
            if (
                stamp is None
                or stamp != stamp_of(access_ids[item.access], item.fingerprint)
                or not item.fingerprint
                or item.uri in quarantine
            ):
                changed.append(item)
        # A uri that is listed twice is one document.
        changed = list({item.uri: item for item in changed}.values())
        # What was not listed is gone, unless it lies in a place that could not be listed.
        unlisted = tuple(place.prefix for place in listing.unlisted) or ("\0",)
        gone = [uri for uri in stamps if not uri.startswith(unlisted)]
        known = self._recorder.known(source, [*gone, *(item.uri for item in changed)])
        by_identity = {known[uri].identity: known[uri].id for uri in gone if known[uri].identity}
        moved = {
            item.uri: by_identity.pop(item.identity)
            for item in changed
            if item.uri not in known and item.identity in by_identity
        }
        removals = len(gone) - len(moved)
        held = removals if removals > _FEW and removals > removal_limit * count else 0
        if held:
            renamed = set(moved.values())
            gone = [uri for uri in gone if known[uri].id in renamed]
        return _Difference(
            changed=changed,
            unchanged=len(listing.items) - len(changed),
            known=known,
            gone=gone,
            moved=moved,
            held=held,
        )

    def _bring_in(self, run: SyncRun, connector: Connector, items: Sequence[Item], moved: Mapping[str, str]) -> None:
        """Settles the items where they only look changed, and sends the others through the pipeline."""
        items = [item for item in items if not run.settle(item)]
        if not items:
            return
        with Pipeline(self._pool, self._sink, self._recorder, run.write) as pipeline:
            for item in items:
                try:
                    raw = connector.read(item)
                except ParseError as error:
                    run.refuse(item, error.problem)
                    continue
                version = "sha256:" + hashlib.sha256(raw.data).hexdigest()
                if run.is_same_content(item, version):
                    continue
                task = ParseTask(
                    raw=raw, document_id=document_id_of(run.source, item.uri), version=version, pipeline=self._pipeline
                )
                pipeline.put(Fetched(item=item, task=task, replaces=moved.get(item.uri)))

    def _settle_quarantine(self, source: str, listing: Listing, quarantine: Mapping[str, object]) -> None:
        """Notes the places that cannot be listed; forgets what is no longer there, or can be listed again."""
        listed = {item.uri for item in listing.items}
        unlisted = {place.prefix for place in listing.unlisted}
        self._recorder.release(
            source,
            [
                uri
                for uri in quarantine
                if uri not in listed
                and uri not in unlisted
                and (uri.endswith("/") or not uri.startswith(tuple(unlisted) or ("\0",)))
            ],
        )
        for place in listing.unlisted:
            self._recorder.quarantine(source, place.prefix, place.problem, self._now(), "", self._pipeline)

    def _expire_versions(self) -> None:
        if self._keep_versions is not None:
            before = _stamp(self._clock() - self._keep_versions)
            if self._recorder.expire(before):
                self._catalog.database.truncate_log()

    def _now(self) -> str:
        return _stamp(self._clock())


def document_id_of(source: str, uri: str) -> str:
    """A document keeps its id as long as its source and uri stay the same."""
    return hashlib.sha256(f"{source}\0{uri}".encode()).hexdigest()[:24]


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
