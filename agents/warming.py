"""Embeds ahead what documents say while nobody asks, so that the answer to a new question finds it done.

A thread of a served home. It follows the catalog, keeps what it made in the token store, and drops there what is no
longer current. Questions come first: it works in slices of a few milliseconds, rests between them, and waits while
somebody asks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from ingest.catalog import Catalog
from ingest.errors import IngestError

from .remembering import Halves, RememberedEmbeddings
from .token_store import TokenStore, TokenStoreError
from .units import embedded_texts

_log = logging.getLogger("groundcrew.warming")

_LOOK_S = 2.0
"""How often the catalog is looked at for news."""
_CHARACTERS_AT_ONCE = 1000
"""Characters that are embedded in one slice: a question waits for one slice at most."""
_QUIET_S = 0.5
"""How long after the last question the work goes on."""
_REST = 0.5
"""Rests so many times as long as it worked."""
_CHUNKS_AT_ONCE = 32


class Warmer:
    """Fills a store with the token vectors of all that the catalog holds. `start` and `stop` belong to the server."""

    def __init__(
        self,
        catalog: Catalog,
        memory: RememberedEmbeddings,
        store: TokenStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        look_s: float = _LOOK_S,
    ) -> None:
        self._catalog = catalog
        self._memory = memory
        self._store = store
        self._clock = clock
        self._look_s = look_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warming", daemon=True)

    def start(self) -> None:
        """Begins; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the work after the slice that is begun."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def follow(self, since: int | None) -> int | None:
        """One look at the catalog: drops what is gone since that revision and embeds what is new; None looks at all.

        Returns the revision that it came to: `since` when it was stopped on the way.

        Raises:
            CatalogError, TokenStoreError, RetrievalError: the home cannot be read or written.
        """
        changes = self._catalog.changes(since)
        if changes.is_all or changes.gone or changes.documents:
            self._store.keep_only(self._catalog.chunk_ids())
        held = self._store.chunk_ids()
        new = [chunk_id for one in changes.documents for chunk_id in one.chunk_ids if chunk_id not in held]
        done = self._embed(new, evicts=not changes.is_all)
        return changes.revision if done else since

    def _run(self) -> None:
        since: int | None = None
        while not self._stopping.is_set():
            try:
                since = self.follow(since)
            except (IngestError, TokenStoreError) as error:
                _log.warning("warming.failed: %s", error)
            except Exception:
                # Nothing depends on it: answers come without, more slowly.
                _log.exception("warming.ended")
                return
            self._stopping.wait(self._look_s)

    def _embed(self, chunk_ids: Sequence[str], *, evicts: bool) -> bool:
        """Embeds chunks; False when it was stopped meanwhile. A full store takes only what is new."""
        for first in range(0, len(chunk_ids), _CHUNKS_AT_ONCE):
            chunks = self._catalog.chunks(chunk_ids[first : first + _CHUNKS_AT_ONCE])
            titles = {d.id: d.title for d in self._catalog.documents({c.document_id for c in chunks.values()})}
            for chunk in chunks.values():
                if self._stopping.is_set():
                    return False
                if self._store.is_full and not evicts:
                    return True
                said: dict[str, Halves] = {}
                for texts in _slices(embedded_texts(chunk, titles.get(chunk.document_id, ""))):
                    if not self._rest_before():
                        return False
                    started = self._clock()
                    said |= self._memory.learn(texts)
                    self._stopping.wait(_REST * (self._clock() - started))
                self._store.write(chunk.id, said)
                if chunk.id not in self._catalog.owners([chunk.id]):
                    self._store.remove([chunk.id])  # It went while this was at work.
        return True

    def _rest_before(self) -> bool:
        """Waits while questions are asked; False when the work is to end."""
        while self._memory.asked_within(_QUIET_S):
            if self._stopping.wait(_QUIET_S / 5):
                return False
        return not self._stopping.is_set()


def _slices(texts: Iterable[str]) -> list[list[str]]:
    slices: list[list[str]] = []
    size = 0
    for text in sorted(texts, key=len):
        if not slices or size + len(text) > _CHARACTERS_AT_ONCE:
            slices.append([])
            size = 0
        slices[-1].append(text)
        size += len(text)
    return slices
