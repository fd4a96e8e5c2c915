"""Spreadsheet values as the program shows them: dates, percentages, amounts, numbers without noise."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

_QUOTED = re.compile(r'"([^"]*)"')
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_PADDING = re.compile(r"[_*].|\\(.)")
_CONDITION = re.compile(r"\[[^\]]*\]")
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.([0#?]+))?")
_MAX_DECIMALS = 10


def shown(value: object, number_format: str | None = None) -> str:  # noqa: PLR0911 - one a type
    """The text of a cell's value under its number format; "" for an empty cell.

    Dates and times come in ISO form, whatever their format, since formats follow the reader's settings.
    """
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case dt.datetime():
            return _shown_datetime(value, number_format)
        case dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            return _shown_duration(value)
        case int() | float():
            return _shown_number(value, number_format or "General")
        case _:
            return str(value)


def _shown_datetime(value: dt.datetime, number_format: str | None) -> str:
    if value.time() == dt.time() and not re.search("h", number_format or "", re.IGNORECASE):
        return value.date().isoformat()
    return value.isoformat(sep=" ", timespec="seconds" if value.second else "minutes")


def _shown_duration(value: dt.timedelta) -> str:
    seconds = round(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _shown_number(value: float, number_format: str) -> str:
    if number_format in ("General", "@", "0"):
        # By far the most frequent formats; large sheets take half the time.
        return f"{value:.0f}" if number_format == "0" else _general(value)
    section = _section(value, number_format)
    literal = _PADDING.sub(lambda m: m.group(1) or "", _CURRENCY.sub(r'"\1"', section))
    names = _QUOTED.findall(literal)
    bare = _CONDITION.sub("", _QUOTED.sub("\x00", literal))
    digits = _DIGITS.search(bare)
    if digits is None or "E" in bare.upper() or "/" in bare:
        return _general(value)
    decimals = digits.group(1) or ""
    scale = 100.0 if "%" in bare else 1.0
    if digits.group().endswith(","):
        # A trailing comma divides by a thousand and would show another number than the file holds.
        return _general(value)
    places = min(len(decimals), _MAX_DECIMALS)
    amount = abs(value) * scale if ";" in number_format and value < 0 else value * scale
    text = f"{amount:{',' if ',' in digits.group() else ''}.{places}f}"
    for optional in reversed(decimals):
        if optional == "0" or not text.endswith("0"):
            break
        text = text[:-1]
    before, after = bare[: digits.start()], bare[digits.end() :]
    literals = iter(names)
    return " ".join((_literal(before, literals) + text.rstrip(".") + _literal(after, literals)).split())


def _section(value: float, number_format: str) -> str:
    """The part of "positive;negative;zero" that holds for `value`."""
    sections = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', number_format)
    if value < 0 and len(sections) > 1:
        return sections[1]
    if value == 0 and len(sections) > 2 and re.search("[#0]", sections[2]):
        return sections[2]
    return sections[0]


def _literal(pattern: str, names: Iterator[str]) -> str:
    return "".join(next(names, "") if char == "\x00" else char for char in pattern if char in "\x00%$€£¥()+- ")


def _general(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.15g}"
