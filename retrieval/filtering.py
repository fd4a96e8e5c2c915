"""What both filters ask of documents, held in memory: a small table that follows the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ingest.changes import DocumentState

from .model import IndexFilter

Mask = NDArray[np.bool_]
NOBODY, PENDING = 0, 1
"""Numbers of no document: of rows that are gone, and of rows whose document is not known yet. No filter admits them."""
_LEAST_ROOM = 64
_TIME_BYTES = 40


class DocumentTable:
    """Documents by number. Not safe to share among threads; the masks that it gives out are."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.ids: list[str] = ["", ""]
        self._states: list[DocumentState | None] = [None, None]
        self._free: list[int] = []
        self._held = np.zeros(_LEAST_ROOM, np.bool_)
        self._access = np.zeros(_LEAST_ROOM, np.int64)
        self._modified = np.zeros(_LEAST_ROOM, f"S{_TIME_BYTES}")
        self._having: dict[str, dict[str, set[int]]] = {}

    def put(self, state: DocumentState) -> int:
        """Adds or replaces a document; returns its number, which stays its own until it is removed."""
        number = self.numbers.get(state.id)
        if number is None:
            number = self._new_number()
            self.numbers[state.id] = number
            self.ids[number] = state.id
        elif (before := self._states[number]) is not None:
            self._forget_values(number, before)
        # The ids of its chunks are kept by who holds their rows.
        self._states[number] = state._replace(chunk_ids=())
        self._held[number] = True
        self._access[number] = state.access_id
        self._modified[number] = state.modified_at.encode("ascii", "replace")
        for key, value in _values(state).items():
            self._having.setdefault(key, {}).setdefault(value, set()).add(number)
        return number

    def remove(self, document_id: str) -> int | None:
        """Takes a document out; returns the number it had."""
        number = self.numbers.pop(document_id, None)
        if number is not None and (state := self._states[number]) is not None:
            self._forget_values(number, state)
            self._states[number] = None
            self.ids[number] = ""
            self._held[number] = False
            self._free.append(number)
        return number

    def room(self) -> int:
        """One more than the largest number there can be."""
        return len(self._held)

    def admitted(self, only: IndexFilter) -> Mask:
        """(room,) which documents pass; no row that belongs to none."""
        mask = self._held.copy()
        if only.access is not None:
            mask &= np.isin(self._access, np.fromiter(only.access, np.int64, len(only.access)))
        if only.after is not None:
            mask &= self._modified >= only.after.encode("ascii", "replace")
        if only.before is not None:
            mask &= self._modified < only.before.encode("ascii", "replace")
        for key, values in only.any_of:
            mask &= self._with(key, values)
        for key, values in only.none_of:
            mask &= ~self._with(key, values)
        return mask

    def _with(self, key: str, values: Iterable[str]) -> Mask:
        mask = np.zeros(len(self._held), np.bool_)
        if key == "document":
            mask[[self.numbers[value] for value in values if value in self.numbers]] = True
            return mask
        having = self._having.get(key, {})
        for value in values:
            numbers = having.get(value, ())
            mask[np.fromiter(numbers, np.intp, len(numbers))] = True
        return mask

    def _forget_values(self, number: int, state: DocumentState) -> None:
        for key, value in _values(state).items():
            having = self._having[key]
            having[value].discard(number)
            if not having[value]:
                del having[value]
            if not having:
                del self._having[key]

    def _new_number(self) -> int:
        if self._free:
            return self._free.pop()
        self.ids.append("")
        self._states.append(None)
        number = len(self.ids) - 1
        if number >= len(self._held):
            room = len(self._held) * 2
            self._held, self._access = np.resize(self._held, room), np.resize(self._access, room)
            self._modified = np.resize(self._modified, room)
            self._held[number:] = False
        return number


def _values(state: DocumentState) -> Mapping[str, str]:
    return {**state.metadata, "source": state.source, "format": state.format}
