"""Names of mail folders: IMAP's own encoding of them, and the patterns by which they are chosen."""

from __future__ import annotations

import base64
import binascii
import re

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_OUTSIDE = re.compile(r"[^\x20-\x7e]+")


def decode_folder(name: str) -> str:
    """A folder name from modified UTF-7 (RFC 3501, 5.1.3); one that is none stays as it is."""

    def plain(match: re.Match[str]) -> str:
        coded = match.group(1)
        if not coded:
            return "&"
        try:
            data = base64.b64decode(coded.replace(",", "/") + "=" * (-len(coded) % 4))
            return data.decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return match.group()

    return _SHIFTED.sub(plain, name)


def encode_folder(name: str) -> str:
    """A folder name in modified UTF-7."""

    def shifted(match: re.Match[str]) -> str:
        coded = base64.b64encode(match.group().encode("utf-16-be")).decode("ascii")
        return "&" + coded.rstrip("=").replace("/", ",") + "-"

    return _OUTSIDE.sub(shifted, name.replace("&", "&-"))


def is_pattern(wanted: str) -> bool:
    """Whether a configured folder is a glob. Only "*" and "?" are special: "[Gmail]" is a name."""
    return "*" in wanted or "?" in wanted


def chooses(wanted: str, folder: str) -> bool:
    """Whether a configured name or glob means this folder; "*" crosses "/", and INBOX has no case."""
    if folder.upper() == "INBOX" and wanted.upper() == "INBOX":
        return True
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in wanted)
    return re.fullmatch("".join(parts), folder, re.DOTALL) is not None
