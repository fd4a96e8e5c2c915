"""Reads an mbox whole, once for each state of its file: what stands in it is kept for the next sync."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import MailCache
from .envelope import Envelope, read_envelope
from .mbox import Span, fingerprint, read_head, spans

_ATTEMPTS = 3

MboxRow = tuple[Span, str, Envelope | None]
"""A message: where it stands, its fingerprint, and its envelope; None for one that is marked as deleted."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The messages of an mbox, in order; `modified` is the file's time in seconds."""

    rows: Sequence[MboxRow]
    modified: float


class Unsettled(Exception):
    """A mailbox never held still while it was read."""


def scan_mbox(path: Path, place: str, cache: MailCache) -> Mailbox:
    """What an mbox holds; one that changes meanwhile is read again, a few times.

    Raises:
        OSError: it cannot be read.
        Unsettled: it changed each time.
    """
    before = path.stat()
    kept = _loads_rows(cache.messages(place))
    if cache.state(place) == file_state(before) and (kept or (kept is not None and not before.st_size)):
        return Mailbox(kept, before.st_mtime)
    # A message that stood in it before need not be understood again.
    known = {mark: envelope for _, mark, envelope in kept or () if envelope is not None}
    for _ in range(_ATTEMPTS):
        rows: list[MboxRow] = []
        with path.open("rb") as file:
            for span in spans(file, before.st_size):
                head = read_head(file, span)
                mark = fingerprint(file, span, head)
                envelope = None if head.deleted else known.get(mark) or read_envelope(head.data)
                rows.append((span, mark, envelope))
        after = path.stat()
        if file_state(after) == file_state(before):
            cache.forget(place)
            cache.keep(place, file_state(after), _dump_rows(rows))
            return Mailbox(rows, after.st_mtime)
        before = after
    raise Unsettled


def file_state(status: os.stat_result) -> str:
    """A text that changes when a file does."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def _dump_rows(rows: Sequence[MboxRow]) -> dict[str, str]:
    return {
        f"{span.start:015d}-{span.end}": f"{mark} {envelope.dumps() if envelope else ''}"
        for span, mark, envelope in rows
    }


def _loads_rows(kept: Mapping[str, str]) -> list[MboxRow] | None:
    """What a cache holds of an mbox, in order; None when it cannot be understood."""
    rows: list[MboxRow] = []
    try:
        for key, value in sorted(kept.items()):
            start, _, end = key.partition("-")
            mark, _, text = value.partition(" ")
            rows.append((Span(int(start), int(end)), mark, Envelope.loads(text) if text else None))
    except (ValueError, TypeError):
        return None
    return rows
