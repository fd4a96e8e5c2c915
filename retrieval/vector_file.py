"""The vectors once more, in a file that every process maps: what Chroma holds, without its cost of opening and reading.

The file is a cache and an append-only log of writes. Chroma stays the durable store: what is missing or damaged here is
read there. Only who holds the home for writing appends, erases or rewrites; readers map the file and take what was
added since they last looked. Each record carries a check, so that a torn or half-written one is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .ports import Array

_MAGIC = b"groundcrew vectors 1\n"
_HEADER = 64
_ID_BYTES = 32
_REWRITE_ROWS = 4096
Records = NDArray[np.void]


class VectorFile:
    """Records of (chunk id, unit vector). Not safe to share among threads; the arrays that it gives out are."""

    def __init__(self, path: Path, dimensions: int) -> None:
        self._path = path
        self._type = np.dtype(
            [("id", f"S{_ID_BYTES}"), ("check", "<u8"), ("vector", "<f4", (dimensions,))],
        )
        self._header = (_MAGIC + f"{dimensions}\n".encode()).ljust(_HEADER, b"\0")
        self._seen: tuple[int, int] | None = None
        self.records: Records = np.empty(0, self._type)

    def refresh(self) -> bool:
        """Maps what has been added. False when the file is another one than before: all of it is to be read anew."""
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                name = (status.st_dev, status.st_ino)
                whole = file.read(_HEADER) == self._header
                count = (status.st_size - _HEADER) // self._type.itemsize if whole else 0
                same = name == self._seen and count >= len(self.records)
                if count > 0 and not (same and count == len(self.records)):
                    self.records = np.memmap(file, self._type, mode="r", offset=_HEADER, shape=(count,))
                elif count <= 0:
                    self.records = np.empty(0, self._type)
        except OSError:
            name, same = None, self._seen is None
            self.records = np.empty(0, self._type)
        self._seen = name
        return same

    def good(self, start: int) -> tuple[list[str], NDArray[np.intp]]:
        """The ids of the whole records from `start` on that are not erased, and the records' numbers."""
        records = self.records[start:]
        held = np.flatnonzero((records["id"] != b"") & (records["check"] == _checks(records)))
        return [name.decode("ascii", "replace") for name in records["id"][held].tolist()], held + start

    def find(self, ids: Sequence[str]) -> list[int]:
        """The numbers of the records of these chunks; looks through all of them."""
        wanted = [one.encode() for one in ids if fits(one)]
        return np.flatnonzero(np.isin(self.records["id"], wanted)).tolist() if wanted else []

    def append(self, ids: Sequence[str], vectors: Array) -> None:
        """Adds records; makes the file where there is none of this form. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._is_mine():
            self._replace([])
        with self._path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            # What a writer left half-written is cut off.
            file.seek(size - (size - _HEADER) % self._type.itemsize)
            file.write(self._records(ids, vectors).tobytes())

    def erase(self, numbers: Sequence[int]) -> None:
        """Overwrites records with zeros, durably: what is removed leaves nothing behind. Raises OSError."""
        if not numbers or not self._is_mine():
            return
        empty = bytes(self._type.itemsize)
        with self._path.open("r+b") as file:
            for number in numbers:
                file.seek(_HEADER + number * self._type.itemsize)
                file.write(empty)
            file.flush()
            os.fsync(file.fileno())

    def rewrite(self, numbers: Sequence[int]) -> None:
        """Keeps these records only, in a new file that takes the old one's place. Raises OSError."""
        self._replace(numbers)

    def close(self) -> None:
        """Lets go of the file."""
        self.records = np.empty(0, self._type)
        self._seen = None

    def _is_mine(self) -> bool:
        try:
            with self._path.open("rb") as file:
                return file.read(_HEADER) == self._header
        except FileNotFoundError:
            return False

    def _replace(self, numbers: Sequence[int]) -> None:
        temporary = self._path.with_name(self._path.name + ".new")
        with temporary.open("wb") as file:
            file.write(self._header)
            for start in range(0, len(numbers), _REWRITE_ROWS):
                file.write(self.records[np.asarray(numbers[start : start + _REWRITE_ROWS])].tobytes())
        os.replace(temporary, self._path)

    def _records(self, ids: Sequence[str], vectors: Array) -> Records:
        records = np.zeros(len(ids), self._type)
        records["id"] = [name.encode("ascii") for name in ids]
        records["vector"] = vectors
        records["check"] = _checks(records)
        return records


def _checks(records: Records) -> NDArray[np.uint64]:
    """A sum over each record's words: it tells what was torn or never written, not what was forged."""
    if not len(records):
        return np.empty(0, np.uint64)
    words = np.ascontiguousarray(records["id"]).view("<u8").reshape(len(records), -1)
    checks: NDArray[np.uint64] = (
        records["vector"].view("<u4").sum(axis=1, dtype=np.uint64) + words.sum(axis=1) + np.uint64(1)
    )
    return checks


def fits(chunk_id: str) -> bool:
    """Whether the file can hold this id; those that ingestion makes are 32 hexadecimal digits."""
    return 0 < len(chunk_id) <= _ID_BYTES and chunk_id.isascii() and "\0" not in chunk_id
