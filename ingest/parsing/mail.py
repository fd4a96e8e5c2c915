"""Mail as it was sent (EML): subject, header lines, body and attachments, with the lines of the file."""

from __future__ import annotations

import re
from contextlib import suppress
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from mimetypes import guess_extension

from ..errors import Problem
from ..model import ParsedDocument, RawFile
from .aligning import mail_finder
from .attachments import Attachment, Mail, build_mail, header_lines
from .decoding import try_decode
from .refusing import refuse, refuse_damaged

_SHOWN = frozenset(("from", "to", "cc", "bcc", "date", "subject"))
_ENCRYPTED = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"))
_SIGNATURES = frozenset(("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"))


def parse_eml(raw: RawFile, *, depth: int = 0) -> ParsedDocument:
    """Structure an EML file; `depth` counts the mails that it is attached to.

    Raises `ParseError` (`encrypted_mail`, `damaged`, `empty`). Attachments that cannot be read become gaps.
    """
    data = raw.data
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:200]:
        # Mail is ASCII by definition; some programs save it as UTF-16 all the same.
        data = (try_decode(data) or "").encode("utf-8")
    message = message_from_bytes(data.lstrip(), policy=policy.compat32)
    if not message.keys():
        refuse_damaged("a mail", ValueError("it has no header lines"))
    _refuse_encrypted(message)
    reader = _Reader()
    reader.read(message)
    subject = _header(message, "Subject")
    # In the order of the file, so that their lines follow one another.
    names = {name.lower(): name for name in message if name.lower() in _SHOWN}
    fields = [(name, ", ".join(_all_headers(message, name))) for name in names.values()]
    mail = Mail(
        subject=" ".join(subject.split()),
        headers=header_lines(fields),
        plain="\n\n".join(reader.plain),
        page="\n".join(reader.pages),
        attachments=reader.attachments,
        gaps=reader.gaps,
    )
    source = try_decode(data)
    return build_mail(mail, file_format="eml", depth=depth, finder=mail_finder(source) if source else None)


def _refuse_encrypted(message: Message) -> None:
    kind = message.get_content_type()
    if kind in _ENCRYPTED and message.get_param("smime-type") != "signed-data":
        refuse(
            "encrypted_mail",
            "The mail is encrypted, so only its recipient can read it.",
            "Open it in the mail program, save a decrypted copy, or exclude it with `exclude`.",
        )


class _Reader:
    """Walks the parts of a message: bodies on one side, attachments on the other."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.pages: list[str] = []
        self.attachments: list[Attachment] = []
        self.gaps: list[Problem] = []

    def read(self, part: Message) -> None:
        """Take in a part and all below it."""
        kind = part.get_content_type()
        disposition = part.get_content_disposition()
        name = _file_name(part)
        if part.is_multipart() and kind.startswith("multipart/"):
            for child in _children(part):
                self.read(child)
        elif kind == "message/rfc822":
            self._attach_message(part, name)
        elif kind in _SIGNATURES:
            return
        elif kind in ("text/plain", "text/html", "text/calendar", "text/enriched") and not (
            disposition == "attachment" or (name and kind != "text/calendar")
        ):
            text = _text(part)
            if text is None:
                self._cannot_decode(name or "body")
            elif kind == "text/html":
                self.pages.append(text)
            else:
                self.plain.append(text)
        elif kind.startswith("message/"):
            # Delivery reports: their lines are text.
            self.plain.append("\n".join(str(child) for child in _children(part)))
        else:
            self._attach(part, kind, name, disposition)

    def _attach(self, part: Message, kind: str, name: str, disposition: str | None) -> None:
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes) or not data.strip():
            self._cannot_decode(name or kind)
            return
        inline = disposition == "inline" or (disposition is None and part.get("Content-ID") is not None)
        self.attachments.append(
            Attachment(
                name=name or f"unnamed{guess_extension(kind) or ''}",
                data=data,
                is_inline=inline,
                is_picture=kind.startswith("image/"),
            )
        )

    def _attach_message(self, part: Message, name: str) -> None:
        children = list(_children(part))
        if not children:
            self._cannot_decode(name or "message")
            return
        inner = children[0]
        subject = re.sub(r"[^\w .,()-]+", " ", _header(inner, "Subject")).strip() or "message"
        self.attachments.append(Attachment(name=name or f"{subject[:80]}.eml", data=_bytes(inner)))

    def _cannot_decode(self, name: str) -> None:
        self.gaps.append(
            Problem(
                code="undecodable_part",
                reason="This part of the mail is empty or its encoding is damaged.",
                mend="Ask the sender for the file, or save it from the mail program.",
                part=f"attachment {name}",
            )
        )


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _bytes(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except (MessageError, UnicodeError, LookupError, ValueError):
        return str(message).encode("utf-8", "replace")


def _text(part: Message) -> str | None:
    """The text of a body part by its charset, or by detection where that fails; None when undecodable."""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        payload = part.get_payload()
        return payload if isinstance(payload, str) else None
    return try_decode(data, part.get_content_charset()) if data else ""


def _header(message: Message, name: str) -> str:
    return next(iter(_all_headers(message, name)), "")


def _all_headers(message: Message, name: str) -> list[str]:
    values: list[str] = []
    for value in message.get_all(name, []):
        raw = str(value)
        if "\ufffd" in raw or any("\udc80" <= char <= "\udcff" for char in raw):
            raw = try_decode(raw.encode("utf-8", "surrogateescape")) or raw
        try:
            values.append(str(make_header(decode_header(raw))))
        except (MessageError, UnicodeError, LookupError, ValueError):
            values.append(raw)
    return values


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (MessageError, UnicodeError, LookupError, ValueError, TypeError):
        return ""
    with suppress(MessageError, UnicodeError, LookupError, ValueError):
        name = str(make_header(decode_header(name)))
    return re.split(r"[/\\]", " ".join(name.split()))[-1]
