"""What a mail's header lines say of it: subject, people, date and thread, and the item that is made of them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from ...errors import ParseError, Problem
from ...model import Item
from ...settings import SourceSettings

FIELDS = ("MESSAGE-ID", "SUBJECT", "FROM", "TO", "CC", "DATE", "REFERENCES", "IN-REPLY-TO")
"""The header lines that an envelope is made of."""

# The parser of the standard library reads every line of a header; a mailbox may hold a million of them.
_FIELD = re.compile(
    rb"^(%s)[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)" % b"|".join(name.encode() for name in FIELDS),
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(rb"\n\r?\n")
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_MAX_ID = 200
_MAX_PEOPLE = 2000
_MAX_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class Envelope:
    """The header lines of one mail, decoded. `date` is UTC, ISO 8601, "" when none can be read.

    `message_id` is without its angle brackets, "" when there is none; `thread` is the id of the thread's first mail.
    """

    message_id: str
    subject: str
    sender: str
    recipients: str
    date: str
    thread: str

    def dumps(self) -> str:
        """As one line of text, for a cache."""
        fields = (self.message_id, self.subject, self.sender, self.recipients, self.date, self.thread)
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> Envelope:
        """From a cache's line. Raises ValueError or TypeError when it is damaged."""
        fields = json.loads(text)
        if not isinstance(fields, list) or not all(isinstance(one, str) for one in fields):
            raise ValueError("not an envelope")
        return cls(*fields)

    @property
    def name(self) -> str:
        """The subject as a file name."""
        return file_name(self.subject) + ".eml"


def read_envelope(head: bytes) -> Envelope:
    """The envelope of a mail from its header lines; what cannot be decoded is replaced, never an error."""
    fields: dict[str, str] = {}
    head = head.lstrip()
    end = _END.search(head)
    for found in _FIELD.finditer(head, 0, end.start() + 1 if end else len(head)):
        fields.setdefault(found.group(1).decode("ascii").upper(), _decoded(found.group(2)))
    ids = _MESSAGE_ID.findall(fields.get("MESSAGE-ID", ""))
    own = ids[0] if ids else fields.get("MESSAGE-ID", "").strip().strip("<>").strip()
    earlier = _MESSAGE_ID.findall(fields.get("REFERENCES", "")) or _MESSAGE_ID.findall(fields.get("IN-REPLY-TO", ""))
    people = ", ".join(fields[name] for name in ("TO", "CC") if fields.get(name))
    return Envelope(
        message_id=own,
        subject=fields.get("SUBJECT", ""),
        sender=fields.get("FROM", "")[:_MAX_PEOPLE],
        recipients=people[:_MAX_PEOPLE],
        date=_moment(fields.get("DATE", "")),
        thread=(earlier[0] if earlier else own)[:_MAX_PEOPLE],
    )


def message_key(envelope: Envelope, taken: Counter[str]) -> str:
    """The last part of a mail's uri, unique in its folder: its Message-ID, and a number after ";" for a repeated one.

    A mail without an id is named by a hash of its envelope. `taken` counts the keys given out so far.
    """
    name = envelope.message_id
    if not name or len(name) > _MAX_ID:
        digest = hashlib.blake2b(envelope.dumps().encode(errors="replace"), digest_size=12).hexdigest()
        name = f"no-id-{digest}" if not name else f"long-id-{digest}"
    key = quote(name, safe="@=+$!", errors="replace")
    taken[key] += 1
    return key if taken[key] == 1 else f"{key};{taken[key]}"


def make_item(
    settings: SourceSettings, *, uri: str, fingerprint: str, folder: str, relative: str, envelope: Envelope,
    modified_at: str, size: int,
) -> Item | None:  # fmt: skip
    """A mail as an item, None when the source's globs leave it out.

    `relative` is the path that globs and rules see; `modified_at` serves where the mail's own date cannot be read.
    """
    if not settings.admits(relative):
        return None
    known = {
        "from": envelope.sender,
        "to": envelope.recipients,
        "date": envelope.date,
        "message_id": envelope.message_id,
        "thread": envelope.thread,
        "folder": folder,
    }
    return Item(
        uri=uri,
        name=envelope.name,
        fingerprint=fingerprint,
        modified_at=envelope.date or modified_at,
        access=settings.access_of(relative),
        metadata={name: value for name, value in known.items() if value},
        size=size,
        identity=envelope.message_id[:_MAX_PEOPLE],
    )


def file_name(subject: str) -> str:
    """A subject as the stem of a file name: one line, no separator, at most 200 bytes."""
    words = " ".join(subject.replace("/", "-").replace("\\", "-").split()).strip(". ")
    return words.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip() or "no subject"


def vanished() -> ParseError:
    """The error of a mail that was there when it was listed, and is no more."""
    return ParseError(
        Problem(
            code="vanished",
            reason="it was listed, then gone before it could be read",
            mend="a mail just moved or deleted: the next sync settles it",
        )
    )


def iso_moment(moment: datetime) -> str:
    """A moment as UTC, ISO 8601 with "Z"; one without a zone is taken as UTC."""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(date: str) -> str:
    try:
        return iso_moment(parsedate_to_datetime(date))
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""


def _decoded(value: bytes) -> str:
    """A raw header value as one printable line; raw bytes above ASCII are read as UTF-8."""
    text = value.decode("utf-8", "replace")
    if "=?" in text:
        with suppress(LookupError, ValueError, MessageError):
            text = str(make_header(decode_header(text)))
    return " ".join(_UNPRINTABLE.sub(" ", text).split())
