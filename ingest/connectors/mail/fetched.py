"""What an IMAP server's FETCH answers say of messages, and how that is kept between two syncs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from .envelope import FIELDS, Envelope, iso_moment, read_envelope
from .session import Fetched

HEADERS = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS)})])"
"""What is asked of a message that is new."""

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_ARRIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a message before it is read. `arrived` is the server's date, UTC, ISO 8601."""

    uid: int
    size: int
    arrived: str
    envelope: Envelope

    def dumps(self) -> str:
        """As one line of text, for a cache."""
        return f"{self.size} {self.arrived} {self.envelope.dumps()}"


@dataclass(frozen=True, slots=True)
class Messages:
    """A folder's messages, in order of UID."""

    uidvalidity: str
    rows: Sequence[Row]


def read_rows(kept: Mapping[str, str]) -> Iterator[tuple[int, Row]]:
    """What a cache holds, by UID; a damaged row is as good as none."""
    for key, value in kept.items():
        with suppress(ValueError, TypeError):
            size, arrived, text = value.split(" ", 2)
            yield int(key), Row(int(key), int(size), arrived, Envelope.loads(text))


def read_row(message: Fetched) -> Row | None:
    """A message of a FETCH answer, None for what was not asked for, such as another client's change of a flag."""
    uid, size = uid_of(message), _number(_SIZE, message.attributes)
    if uid is None or size is None:
        return None
    arrived = "1970-01-01T00:00:00Z"
    if found := _ARRIVED.search(message.attributes):
        with suppress(ValueError):
            date = found.group(1).decode("ascii", "replace").strip()
            arrived = iso_moment(datetime.strptime(date, "%d-%b-%Y %H:%M:%S %z"))
    return Row(uid, size, arrived, read_envelope(message.literal or b""))


def uid_of(message: Fetched) -> int | None:
    """The UID, None when the answer does not tell it."""
    return _number(_UID, message.attributes)


def is_deleted(message: Fetched) -> bool:
    """Whether the message is marked as deleted."""
    found = _FLAGS.search(message.attributes)
    return found is not None and b"\\deleted" in found.group(1).lower().split()


def _number(pattern: re.Pattern[bytes], attributes: bytes) -> int | None:
    found = pattern.search(attributes)
    return int(found.group(1)) if found else None
