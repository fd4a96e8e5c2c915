"""Mail as Outlook saves it (MSG)."""

from __future__ import annotations

import io
from typing import Any

from ..errors import Problem
from ..model import ParsedDocument, RawFile
from .attachments import Attachment, Mail, build_mail, header_lines
from .refusing import refuse

_DISPLAY_TO, _DISPLAY_CC, _DISPLAY_BCC = 0x0E04, 0x0E03, 0x0E02
_CONTENT_ID = 0x3712
_ENCRYPTED_CLASSES = ("IPM.NOTE.SMIME",)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".svg", ".webp")


def parse_msg(raw: RawFile, *, depth: int = 0) -> ParsedDocument:
    """Structure an MSG file; `depth` counts the mails that it is attached to.

    Raises `ParseError` (`encrypted_mail`, `damaged`, `empty`). Attachments that cannot be read become gaps.
    """
    from oxmsg import Message

    message = Message.load(io.BytesIO(raw.data))
    if _is_encrypted(message):
        refuse(
            "encrypted_mail",
            "The mail is encrypted, so only its recipient can read it.",
            "Open it in Outlook, save a decrypted copy, or exclude it with `exclude`.",
        )
    attachments, gaps = _attachments(message)
    mail = Mail(
        subject=" ".join((message.subject or "").split()),
        headers=header_lines(_fields(message)),
        plain=(message.body or "").replace("\r\n", "\n").replace("\r", "\n"),
        page=message.html_body or "",
        attachments=attachments,
        gaps=gaps,
    )
    return build_mail(mail, file_format="msg", depth=depth, finder=None)


def _is_encrypted(message: Any) -> bool:
    kind = (message.message_class or "").upper()
    headers = {name.lower(): value.lower() for name, value in (message.message_headers or {}).items()}
    content = headers.get("content-type", "")
    return (
        kind in _ENCRYPTED_CLASSES
        or ("pkcs7-mime" in content and "signed-data" not in content)
        or ("multipart/encrypted" in content)
    )


def _fields(message: Any) -> list[tuple[str, str]]:
    headers = {name.lower(): value for name, value in (message.message_headers or {}).items()}
    recipients = ", ".join(
        f"{r.name} <{r.email_address}>" if r.name and r.name != r.email_address else r.email_address
        for r in message.recipients
    )
    date = message.sent_date
    return [
        ("From", message.sender or headers.get("from", "")),
        ("To", headers.get("to") or _string(message, _DISPLAY_TO) or recipients),
        ("Cc", headers.get("cc") or _string(message, _DISPLAY_CC)),
        ("Bcc", headers.get("bcc") or _string(message, _DISPLAY_BCC)),
        ("Date", headers.get("date") or (date.isoformat(sep=" ", timespec="minutes") if date else "")),
        ("Subject", message.subject or ""),
    ]


def _string(holder: Any, property_id: int) -> str:
    value = holder.properties.str_prop_value(property_id)
    return value.rstrip("\x00") if isinstance(value, str) else ""


def _attachments(message: Any) -> tuple[list[Attachment], list[Problem]]:
    found: list[Attachment] = []
    gaps: list[Problem] = []
    for attachment in message.attachments:
        name = " ".join((attachment.file_name or "unnamed").split())
        data = attachment.file_bytes
        if not data:
            gaps.append(
                Problem(
                    code="undecodable_part",
                    reason="The attachment is empty, a link, or another Outlook item.",
                    mend="Save it from Outlook as a file of its own.",
                    part=f"attachment {name}",
                )
            )
            continue
        found.append(
            Attachment(
                name=name,
                data=data,
                is_inline=bool(_string(attachment, _CONTENT_ID)),
                is_picture=name.lower().endswith(_PICTURES),
            )
        )
    return found, gaps
