"""Bytes to text: byte order marks, UTF-8, a declared charset, then detection; newlines become "\\n"."""

from __future__ import annotations

import codecs
import re

from .refusing import refuse

# UTF-32 marks start with the UTF-16 ones, so they are tried first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 65_536
_MAX_CONTROL_SHARE = 0.005
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]+)""",
    re.IGNORECASE,
)


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data` without a byte order mark and with newlines as "\\n".

    Raises `ParseError` (code `undecodable_text`) when no encoding turns the bytes into text.
    """
    text = try_decode(data, declared)
    if text is None:
        refuse(
            "undecodable_text",
            "The bytes of the file are not text in any encoding that was recognised.",
            "Save the file as UTF-8 text, or exclude it with `exclude` in the source's configuration.",
        )
    return text


def try_decode(data: bytes, declared: str | None = None) -> str | None:
    """As `decode`, with None for bytes that are not text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                continue
            return _unify_newlines(text)
    for encoding in _candidates(data, declared):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        if _looks_like_text(text):
            return _unify_newlines(text)
    return None


def declared_charset(data: bytes) -> str | None:
    """The charset that an XML declaration or an HTML meta tag names in the first kilobytes, if any."""
    found = _DECLARED.search(data[:4096])
    if found is None:
        return None
    return (found.group(1) or found.group(2)).decode("ascii", "replace")


def _candidates(data: bytes, declared: str | None) -> list[str]:
    wide = _wide_encoding(data)
    if wide is not None:
        return [wide]
    names = ["utf-8"]
    if declared is not None:
        names.extend(_python_names(declared))
    if not _is_utf8(data):
        names.extend(_detected(data))
        names.append("cp1252")
    return names


def _python_names(charset: str) -> list[str]:
    # "-i" and "-e" name the reading direction of Hebrew and Arabic, not other code points.
    name = re.sub(r"^(iso-8859-[68])-[ie]$", r"\1", charset.strip().strip("\"'").lower())
    # What calls itself Latin-1 is nearly always its superset from Windows, and browsers read it so.
    return ["cp1252", name] if name in ("iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii") else [name]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, told by where the zero bytes of Latin letters stand."""
    sample = data[: _SAMPLE // 4 * 4]
    if b"\x00" not in sample:
        return None
    zeros = [sample[place::4].count(0) / len(sample[place::4]) for place in range(4)]
    often, rarely = 0.4, 0.1
    match [share > often for share in zeros], [share < rarely for share in zeros]:
        case [_, True, True, True], [True, _, _, _]:
            return "utf-32-le"
        case [True, True, True, _], [_, _, _, True]:
            return "utf-32-be"
        case [_, True, _, True], [True, _, True, _]:
            return "utf-16-le"
        case [True, _, True, _], [_, True, _, True]:
            return "utf-16-be"
    return None


def _detected(data: bytes) -> list[str]:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    return [] if best is None else [best.encoding]


def _looks_like_text(text: str) -> bool:
    sample = text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) <= len(sample) * _MAX_CONTROL_SHARE


def _unify_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
