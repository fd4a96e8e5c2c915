"""Mbox files: where each message begins and ends, found without holding the file in memory."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BLOCK = 4 * 1024 * 1024
_MAX_HEAD = 1024 * 1024
_LINE = 1024
_MARK = b"\nFrom "
# "From ana@firm.example Mon Jan  5 09:00:00 2026", with a zone or without.
_STRICT = re.compile(
    rb"From \S+ +[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d(:\d\d)?( .{1,12})? \d{4}( .{1,12})?\r?\n"
)
_LOOSE = re.compile(rb"From (-?|.*\d:\d\d.*|-? ?.*\d{4})\r?\n")
_FIELD = re.compile(rb">?[!-9;-~]+:|>From ")
# What a mail program writes into the message to remember that it was read or flagged.
_BOOKKEEPING = re.compile(
    rb"^(?:Status|X-Status|X-Keywords|X-UID|X-IMAP|X-IMAPbase|X-Mozilla-[A-Za-z0-9-]+):[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.MULTILINE | re.IGNORECASE,
)
_DELETED = re.compile(rb"^X-Status:[^\n]*D|^X-Mozilla-Status:[ \t]*[0-9a-f]{3}[89a-f]\b", re.MULTILINE | re.IGNORECASE)
_INTERNAL = re.compile(rb"^X-IMAP(?:base)?:", re.MULTILINE | re.IGNORECASE)
_INTERNAL_SUBJECT = re.compile(rb"^Subject: DON'T DELETE THIS MESSAGE", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Span:
    """Where a message stands in its file, in bytes: [start, end), without its "From " line."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Head:
    """A message's header lines as bytes, and whether its mail program counts it as deleted or as its own."""

    data: bytes
    deleted: bool


def is_mbox(head: bytes) -> bool:
    """Whether a file that begins with these bytes is an mbox; an empty file is one without messages."""
    line, _, rest = head.partition(b"\n")
    return not head or (line.startswith(b"From ") and bool(_LOOSE.match(line + b"\n")) and bool(_FIELD.match(rest)))


def spans(file: BinaryIO, size: int) -> Iterator[Span]:
    """The messages of an mbox of `size` bytes, in order.

    A message begins at a line "From " that is followed by a header line, and that stands after a blank line or has
    the full form with its date.
    """
    start: int | None = None
    for mark in _marks(file, size):
        file.seek(mark)
        line = file.readline(_LINE)
        if start is not None:
            yield _trimmed(file, start, mark)
        start = mark + len(line)
    if start is not None:
        yield _trimmed(file, start, size)


def read_head(file: BinaryIO, span: Span) -> Head:
    """A message's header lines, up to 1 MiB."""
    file.seek(span.start)
    data = file.read(min(_MAX_HEAD, span.end - span.start))
    found = _HEAD_END.search(data)
    data = data[: found.end()] if found else data
    internal = bool(_INTERNAL.search(data)) and bool(_INTERNAL_SUBJECT.search(data))
    return Head(data=data, deleted=internal or bool(_DELETED.search(data)))


def fingerprint(file: BinaryIO, span: Span, head: Head) -> str:
    """A hash of the message that marks of having been read do not change."""
    digest = hashlib.blake2b(_BOOKKEEPING.sub(b"", head.data), digest_size=16)
    file.seek(span.start + len(head.data))
    left = span.end - span.start - len(head.data)
    while left > 0 and (block := file.read(min(_BLOCK, left))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def read_message(file: BinaryIO, span: Span) -> bytes:
    """The message as it was sent: without its mail program's notes and the ">" before lines that begin with "From "."""
    head = read_head(file, span)
    file.seek(span.start + len(head.data))
    body = file.read(span.end - span.start - len(head.data))
    return _BOOKKEEPING.sub(b"", head.data) + _QUOTED_FROM.sub(rb"\1", body)


def _marks(file: BinaryIO, size: int) -> Iterator[int]:
    """Offsets of the "From " lines that begin a message."""
    if size and _begins_message(file, 0):
        yield 0
    position, tail = 0, b""
    while position < size:
        file.seek(position)
        block = file.read(min(_BLOCK, size - position))
        if not block:
            return
        window, base = tail + block, position - len(tail)
        found = window.find(_MARK)
        while found >= 0:
            if _begins_message(file, base + found + 1):
                yield base + found + 1
            found = window.find(_MARK, found + 1)
        position += len(block)
        tail = window[-(len(_MARK) - 1) :]


def _begins_message(file: BinaryIO, mark: int) -> bool:
    before_at = max(0, mark - 3)
    file.seek(before_at)
    before = file.read(mark - before_at)
    line, following = file.readline(_LINE), file.readline(_LINE)
    if not _FIELD.match(following):
        return False
    after_blank = mark == 0 or before.endswith((b"\n\n", b"\n\r\n"))
    return bool(_STRICT.match(line)) or (after_blank and bool(_LOOSE.match(line)))


def _trimmed(file: BinaryIO, start: int, end: int) -> Span:
    """Without the blank line that parts two messages."""
    file.seek(max(start, end - 3))
    last = file.read(end - max(start, end - 3))
    if last.endswith(b"\n\r\n"):
        end -= 2
    elif last.endswith(b"\n\n"):
        end -= 1
    return Span(start=start, end=end)
