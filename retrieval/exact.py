"""Exact nearest-neighbour search in memory, under filters, over what the catalog says now.

Every row of the vector index is held here as bytes. A search decides its filter over the table of documents, scans the
rows that pass, and scores the best of them once more with the exact vectors, which stay in the mapped `VectorFile`.
`follow` brings the table up to the catalog's latest revision: who may read a document, its metadata, and which chunks
are current; what is staged, superseded or removed takes no places.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from ingest.catalog import Catalog
from ingest.changes import Changes

from .filtering import NOBODY, PENDING, DocumentTable
from .model import IndexFilter
from .ports import Array, Scored
from .quantized import QuantizedRows, cosines, nearest
from .rows import Numbers, Rows
from .vector_file import VectorFile, fits

_LOG = logging.getLogger(__name__)
_LEAST_GARBAGE = 4096
Fetch = Callable[[Sequence[str]], Mapping[str, Array]]


class ExactIndex:
    """Safe to share among threads. The lock is held to change rows and to decide filters, not to scan."""

    def __init__(self, file: VectorFile, dimensions: int, fetch: Fetch, keep_up: Callable[[], None]) -> None:
        """`fetch` gives the vectors of chunks that the file lacks, of those that exist anywhere.

        `keep_up` is called before anything is looked for: it calls `follow`, or `take` where there is no catalog.
        """
        self._file = file
        self._dimensions = dimensions
        self._fetch = fetch
        self._keep_up = keep_up
        self._lock = threading.RLock()
        self._clear()

    def follow(self, catalog: Catalog) -> None:
        """Takes over what has changed in the catalog since, whoever wrote it.

        Raises:
            CatalogError: the catalog cannot be read.
            SearchIndexError: vectors that the file lacks cannot be read from the store.
        """
        with self._lock:
            if self._revision is None or catalog.revision()[0] != self._revision:
                # The file after the catalog: what is current there was written here before.
                changes = catalog.changes(self._revision)
                self.take(changes)

    def take(self, changes: Changes) -> None:
        """Makes these documents what they are here."""
        with self._lock:
            self._read_file()
            self._take(changes)

    def write(self, ids: Sequence[str], vectors: Array) -> None:
        """Takes over vectors that were just stored, (n, dimensions), and puts them into the file for all processes."""
        with self._lock:
            self._read_file()
            added = dict(zip(ids, vectors, strict=True))
            filed = {one: vector for one, vector in (self._rows.loose() | added).items() if fits(one)}
            try:
                before = self._rows.places(filed)
                self._file.append(list(filed), np.array(list(filed.values()), np.float32))
                self._file.erase(before)
            except OSError as error:
                # A cache only: other processes read these from the store.
                _LOG.warning("vector_file_not_written", extra={"reason": str(error)})
                self._add_loose(added)
            else:
                self._read_file()
                self._add_loose({one: vector for one, vector in added.items() if not fits(one)})
            self._tidy_file()

    def remove(self, ids: Sequence[str]) -> None:
        """Forgets rows, here and in the file."""
        with self._lock:
            self._read_file()
            unknown = [one for one in ids if self._rows.row(one) is None]
            try:
                self._file.erase([*self._rows.places(ids), *self._file.find(unknown)])
            except OSError as error:
                _LOG.warning("vector_file_not_erased", extra={"reason": str(error)})
            for one, number in self._rows.remove(ids).items():
                # The catalog may name it still: should it be written again, it belongs there.
                self._wanted[one] = number
                self._stale.add(number)

    def search(self, vector: Array, k: int, only: IndexFilter) -> Scored:
        """The k best chunks that pass, by true cosine; equal ones in order of id."""
        with self._lock:
            self._keep_up()
            passes = self._table.admitted(only)[self._rows.owners()]
            view = self._rows.view()
        best = nearest(view.codes, view.scales, np.flatnonzero(passes), vector, k)
        return _ranked([view.ids[row] for row in best.tolist()], _cosines(view.vectors(best), vector), k)

    def documents(self, vector: Array, k: int, only: IndexFilter) -> Scored:
        """The k best documents that pass, by the cosine (right to about 0.002) of the mean of their chunks' vectors."""
        with self._lock:
            self._keep_up()
            self._renew_means()
            means = self._means
            numbers = np.flatnonzero(self._table.admitted(only)[: len(means.scales)])
            numbers = numbers[means.scales[numbers] > 0]
            scores = cosines(means.codes[numbers], means.scales[numbers], vector)
            best = np.argpartition(-scores, k)[:k] if k < len(scores) else np.arange(len(scores))
            return _ranked([self._table.ids[n] for n in numbers[best].tolist()], scores[best], k)

    def vectors_of(self, ids: Sequence[str]) -> dict[str, Array]:
        """The exact vectors of those of the chunks that are held."""
        with self._lock:
            self._read_file()
            rows = {one: row for one in ids if (row := self._rows.row(one)) is not None}
            view = self._rows.view()
        return dict(zip(rows, view.vectors(_numbers(rows.values())), strict=True))

    def similarities(self, vector: Array, ids: Sequence[str]) -> dict[str, float]:
        """The cosine of each of these chunks to a unit vector; unknown ids are left out."""
        with self._lock:
            self._keep_up()
            rows = {one: row for one in ids if (row := self._rows.row(one)) is not None}
            view = self._rows.view()
        return dict(zip(rows, _cosines(view.vectors(_numbers(rows.values())), vector).tolist(), strict=True))

    def forget(self) -> None:
        """Lets go of all memory; the next `follow` or `take` reads anew."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self._file.close()
        self._rows = Rows(self._dimensions, self._file.records)
        self._table = DocumentTable()
        self._means = QuantizedRows(self._dimensions)
        self._stale: set[int] = set()
        """Documents whose mean is to be made anew."""
        self._wanted: dict[str, int] = {}
        """Chunks that belong to a document, by its number, and of which there is no row."""
        self._revision: int | None = None

    def _take(self, changes: Changes) -> None:
        if changes.is_all:
            self._rows.release_all()
            self._wanted.clear()
            self._stale.clear()
            self._table = DocumentTable()
            self._means = QuantizedRows(self._dimensions)
        table = self._table
        numbers = [number for one in sorted(changes.gone) if (number := table.remove(one)) is not None]
        numbers += [table.put(state) for state in changes.documents]
        touched = np.zeros(table.room(), np.bool_)
        touched[numbers] = True
        self._rows.release(touched)
        self._wanted = {one: number for one, number in self._wanted.items() if not touched[number]}
        missing: dict[str, int] = {}
        for state in changes.documents:
            number = table.numbers[state.id]
            missing.update(dict.fromkeys(self._rows.give(state.chunk_ids, number), number))
        self._stale.update(numbers)
        self._wanted.update(missing)
        if missing:
            self._add_loose(self._fetch(list(missing)))
        self._rows = self._rows.compacted()
        self._revision = changes.revision

    def _read_file(self) -> None:
        before = None if self._file.refresh() else self._rows
        if before is not None:
            # Another file than before: the rows' places are others, their documents are not.
            self._rows = Rows(self._dimensions, self._file.records)
        ids, places = self._file.good(self._rows.read)
        if ids:
            first = self._rows.add(ids, places, self._file.records)
            self._rows.read = int(places[-1]) + 1
            self._settle(first, ids)
        if before is not None:
            self._rows.inherit(before)

    def _add_loose(self, found: Mapping[str, Array]) -> None:
        if found:
            self._settle(self._rows.add_loose(found), list(found))

    def _settle(self, first: int, ids: Sequence[str]) -> None:
        """Gives new rows, from `first` on, to the documents that waited for them."""
        for one in ids:
            number = self._wanted.pop(one, None)
            if number is not None:
                self._rows.give([one], number)
        self._stale.update(np.unique(self._rows.owners(first)).tolist())

    def _renew_means(self) -> None:
        stale = _numbers(sorted(self._stale - {NOBODY, PENDING}))
        self._stale.clear()
        if len(stale):
            self._rows.put_means(self._means, stale, self._table.room())

    def _tidy_file(self) -> None:
        needed = self._rows.all_places() if len(self._file.records) > 2 * _LEAST_GARBAGE else []
        if needed and len(self._file.records) > 2 * len(needed):
            try:
                self._file.rewrite(needed)
            except OSError as error:
                _LOG.warning("vector_file_not_written", extra={"reason": str(error)})


def _cosines(rows: Array, vector: Array) -> Array:
    """(n,) cosines, to six places: products of the same vectors in other places of a matrix differ in their last bits.

    Scores would tell of rows that the asker may not read.
    """
    return np.round(rows.astype(np.float64) @ vector.astype(np.float64), 6).astype(np.float32)


def _ranked(ids: Sequence[str], scores: Array, k: int) -> Scored:
    order = np.lexsort((np.array(ids, dtype=np.str_), -np.round(scores, 6)))[:k]
    return [(ids[at], float(scores[at])) for at in order.tolist()]


def _numbers(values: Collection[int]) -> Numbers:
    return np.fromiter(values, np.intp, len(values))
