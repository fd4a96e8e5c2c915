"""A row of a database as a Markdown document, and its key as part of a uri."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from urllib.parse import quote, unquote
from uuid import UUID

_LONG = 200
"""Longer values, and those of several lines, stand below a heading of their own."""

_KEY_TYPES: dict[type, Callable[[str], object]] = {
    str: str,
    int: int,
    float: float,
    Decimal: Decimal,
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def row_document(title: str, columns: Sequence[tuple[str, object]]) -> str:
    """The title as heading, a line for each short value, then a section for each long one.

    Values stand as they are: dates in ISO 8601, numbers with all their digits. NULL and empty text are left out.
    Binary values are left out too; a comment, which no parser takes for words of the row, says so.
    """
    short: list[str] = []
    long: list[str] = []
    for name, value in columns:
        if isinstance(value, (bytes, bytearray, memoryview)):
            long.append(f"<!-- {_one_line(name).replace('--', '- -')}: {len(bytes(value))} bytes left out -->")
            continue
        text = value_text(value)
        if not text.strip():
            continue
        if len(text) > _LONG or "\n" in text or "\r" in text:
            long.append(f"## {_one_line(name)}\n\n{text}")
        else:
            short.append(f"**{_one_line(name)}**: {text}")
    return "\n\n".join([f"# {_one_line(title)}", *short, *long]) + "\n"


def value_text(value: object) -> str:
    """A value in words: "" for NULL, ISO 8601 for dates and times, exact digits for numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=value_text)
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def key_path(key: Sequence[object]) -> str:
    """A key's values as the last parts of a uri."""
    return "/".join(quote(_key_text(value), safe="", errors="surrogatepass") for value in key)


def key_relative(key: Sequence[object]) -> str:
    """A key's values as the path that globs and access rules see."""
    return "/".join(_key_text(value) for value in key)


def key_types(key: Sequence[object]) -> tuple[type, ...] | None:
    """The types of a key's values, None when there is one that does not come back whole out of text."""
    found = tuple(type(value) for value in key)
    return found if all(one in _KEY_TYPES for one in found) else None


def key_of(path: str, types: Sequence[type]) -> tuple[object, ...] | None:
    """The values behind `key_path`, None when the path is none of that many values of these types."""
    parts = path.split("/")
    if len(parts) != len(types):
        return None
    try:
        return tuple(
            _KEY_TYPES[one](unquote(part, errors="surrogatepass")) for part, one in zip(parts, types, strict=True)
        )
    except (ValueError, ArithmeticError):
        return None


def file_name(text: str) -> str:
    """A name for a row, as that of a Markdown file."""
    return (_one_line(text).replace("/", "-")[:200] or "row") + ".md"


def _key_text(value: object) -> str:
    return value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())
