"""The rows of the exact index: which chunk, whose document, as bytes, and where the exact vector lies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .filtering import NOBODY, PENDING, Mask
from .ports import Array
from .quantized import QuantizedRows
from .vector_file import Records

_LEAST_ROWS = 256
_LEAST_GARBAGE = 4096
_BLOCK = 16_384
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsView:
    """The rows as they were at one moment. `ids` may have grown since; no row of before changes."""

    codes: NDArray[np.int8]
    scales: Array
    ids: list[str]
    places: NDArray[np.int64]
    records: Records
    loose: list[Array]

    def vectors(self, rows: Numbers) -> Array:
        """(n, dimensions) the exact vectors of rows."""
        places = self.places[rows]
        found = np.empty((len(rows), self.codes.shape[1]), np.float32)
        filed = places >= 0
        found[filed] = self.records["vector"][places[filed]]
        for at in np.flatnonzero(~filed).tolist():
            found[at] = self.loose[-1 - int(places[at])]
        return found


class Rows:
    """Rows are only added; one that is gone belongs to nobody until it is compacted away. Not safe among threads.

    `read` counts the records of the file that were looked at.
    """

    def __init__(self, dimensions: int, records: Records) -> None:
        self.read = 0
        self.records = records
        self._quantized = QuantizedRows(dimensions)
        self._ids: list[str] = []
        self._row_of: dict[str, int] = {}
        self._owners = np.full(_LEAST_ROWS, NOBODY, np.int32)
        self._places = np.zeros(_LEAST_ROWS, np.int64)
        self._loose: list[Array] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, ids: Sequence[str], places: NDArray[np.intp], records: Records) -> int:
        """Adds rows whose vectors are these records; returns the number of the first."""
        self.records = records
        first = len(self)
        for start in range(0, len(ids), _BLOCK):
            part = slice(start, start + _BLOCK)
            self._add(ids[part], places[part], records["vector"][places[part]])
        return first

    def add_loose(self, vectors: Mapping[str, Array]) -> int:
        """Adds rows whose vectors are in no file; returns the number of the first."""
        first, before = len(self), len(self._loose)
        self._loose += [np.array(vector, np.float32) for vector in vectors.values()]
        places = -1 - np.arange(before, len(self._loose))
        self._add(list(vectors), places, np.stack(self._loose[before:]))
        return first

    def give(self, ids: Iterable[str], number: int) -> list[str]:
        """Makes these chunks a document's; returns those of which there is no row."""
        missing = []
        for one in ids:
            row = self._row_of.get(one)
            if row is None:
                missing.append(one)
            else:
                self._owners[row] = number
        return missing

    def inherit(self, before: Rows) -> None:
        """Takes over whose each row was, and what is missing here."""
        owned = np.flatnonzero(before.owners() > PENDING).tolist()
        lost = [row for row in owned if self.give([before._ids[row]], int(before._owners[row]))]
        if lost:
            vectors = before.view().vectors(np.array(lost, np.intp))
            first = self.add_loose({before._ids[row]: vector for row, vector in zip(lost, vectors, strict=True)})
            self._owners[first : len(self)] = before._owners[lost]

    def release(self, touched: Mask) -> None:
        """Takes their rows from these documents, given as a mask over document numbers."""
        owners = self._owners[: len(self)]
        owners[touched[owners]] = NOBODY

    def release_all(self) -> None:
        """Takes their rows from all documents, until they are given anew."""
        owners = self._owners[: len(self)]
        owners[owners > PENDING] = NOBODY

    def remove(self, ids: Iterable[str]) -> dict[str, int]:
        """Forgets rows; returns those that belonged to a document, with its number."""
        owned = {}
        for one in ids:
            row = self._row_of.pop(one, None)
            if row is not None:
                if self._owners[row] > PENDING:
                    owned[one] = int(self._owners[row])
                self._owners[row] = NOBODY
        return owned

    def row(self, one: str) -> int | None:
        """The row of a chunk."""
        return self._row_of.get(one)

    def places(self, ids: Iterable[str]) -> list[int]:
        """The numbers of the chunks' records, of those that are in the file."""
        rows = (self._row_of.get(one) for one in ids)
        return [place for row in rows if row is not None and (place := int(self._places[row])) >= 0]

    def all_places(self) -> list[int]:
        """The numbers of all records that some row needs."""
        return sorted(self.places(self._row_of))

    def loose(self) -> dict[str, Array]:
        """The vectors that are in no file, by chunk."""
        rows = [(self._ids[row], int(self._places[row])) for row in np.flatnonzero(self._places[: len(self)] < 0)]
        return {one: self._loose[-1 - place] for one, place in rows if one in self._row_of}

    def owners(self, start: int = 0) -> NDArray[np.int32]:
        """The document number of each row from `start` on; changes with the rows."""
        return self._owners[start : len(self)]

    def view(self) -> RowsView:
        """What a search needs, to be used without a lock."""
        count = len(self)
        return RowsView(
            codes=self._quantized.codes[:count],
            scales=self._quantized.scales[:count],
            ids=self._ids,
            places=self._places[:count],
            records=self.records,
            loose=self._loose,
        )

    def compacted(self) -> Rows:
        """These rows, or new ones without what belongs to nobody when that is most of them."""
        owners = self.owners()
        kept = np.flatnonzero(owners != NOBODY)
        if len(owners) - len(kept) <= max(_LEAST_GARBAGE, len(kept)):
            return self
        new = Rows(self._quantized.codes.shape[1], self.records)
        new.read = self.read
        view, filed = self.view(), self._places[kept] >= 0
        new.add([self._ids[row] for row in kept[filed].tolist()], self._places[kept[filed]], self.records)
        loose = kept[~filed]
        if len(loose):
            new.add_loose(dict(zip((self._ids[row] for row in loose.tolist()), view.vectors(loose), strict=True)))
        new.owners()[:] = np.concatenate([owners[kept[filed]], owners[loose]])
        return new

    def put_means(self, means: QuantizedRows, numbers: Numbers, room: int) -> None:
        """Sets the rows of these documents, fewer than `room`, to the mean direction of their chunks; 0 where none."""
        wanted = np.zeros(room, np.bool_)
        wanted[numbers] = True
        rows = np.flatnonzero(wanted[self.owners()])
        rows = rows[np.argsort(self._owners[rows], kind="stable")]
        sums = np.zeros((len(numbers), means.codes.shape[1]), np.float32)
        for start in range(0, len(rows), _BLOCK):
            part = rows[start : start + _BLOCK]
            vectors = self._quantized.codes[part] * self._quantized.scales[part, None]
            owners, starts = np.unique(self._owners[part], return_index=True)
            sums[np.searchsorted(numbers, owners)] += np.add.reduceat(vectors, starts)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        lengths[lengths == 0] = 1.0
        means.put(numbers, sums / lengths)
        means.scales[numbers[~sums.any(axis=1)]] = 0.0

    def _add(self, ids: Sequence[str], places: NDArray[np.intp], vectors: Array) -> None:
        first, count = len(self), len(self) + len(ids)
        if count > len(self._owners):
            room = max(count, len(self._owners) * 3 // 2)
            self._owners, self._places = np.resize(self._owners, room), np.resize(self._places, room)
        self._quantized.put(np.arange(first, count), vectors)
        self._places[first:count] = places
        self._owners[first:count] = PENDING
        for row, one in enumerate(ids, first):
            before = self._row_of.get(one)
            if before is not None:
                # Written again: it stays whose it was.
                if self._owners[before] > PENDING:
                    self._owners[row] = self._owners[before]
                self._owners[before] = NOBODY
            self._row_of[one] = row
        self._ids.extend(ids)
