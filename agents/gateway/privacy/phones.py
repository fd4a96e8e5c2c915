"""Finds telephone numbers, payment cards, and long numbers of which nothing says what they are.

Numbers that are made up for examples are valid nowhere, so the form decides and not a numbering plan: a plus sign,
leading zeros, a label, the groups of a known way of writing. What reads as a date or as an amount is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import luhn

from .kinds import Find, Kind

_RUN = re.compile(
    r"(?<![\w.,])(?:\+[ ]?|\(\+?)?\d(?:(?:[ \t./()-]{1,4}|[ \t)/-]{0,2}\n[ \t>/(-]{0,6})?\d){4,24}+(?![\w]|[.,]\d)"
)
_SHORT = re.compile(
    r"\b(?:ext(?:ension|n)?|extensions|durchwahl|nebenstelle|poste|anexo|wewn)\b[.: \t]{0,3}(?:no\.? |"
    r"number )?(\d{2,6})\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:\b(?:tel|telephone|phone|mobile|mob|cell|cellphone|fax|telefax|telefon|handy|mobil|mobilfunk|ruf|rufnummer|"
    r"whatsapp|signal|call|dial|ring|sms|hotline|téléphone|teléfono|telefono|móvil|cellulare|komórka|gsm|portable|"
    r"numer|anrufen|erreichbar|reach (?:me|him|her|them)|contact)\b|☎|📞|📱)"
    r"[\w .:()/\"'=|,*-]{0,24}$",
    re.IGNORECASE,
)
_MONEY_BEFORE = re.compile(
    r"(?:[€$£¥₹]|\b(?:eur|usd|gbp|chf|pln|sek|nok|dkk|inr|try|euro?s?|zł|kr))[ \t]{0,2}$", re.IGNORECASE
)
_MEASURE_BEHIND = re.compile(
    r"[ \t]{0,2}(?:[€$£¥₹%°]|(?:eur|usd|gbp|chf|pln|sek|nok|dkk|czk|huf|try|inr|euros?|zł|kr|mio|mrd|"
    r"million|billion|units?|pieces|stück|"
    r"kg|km|mm|cm|m2|m²|mb|gb|kb|tb|bytes|rows|users|records|tonnes|tons|hours|shares|aktien)\b)",
    re.IGNORECASE,
)
_NOT_PHONE = re.compile(
    r"(?:\b(?:invoice|order|po|rechnung|bestellung|auftrag|ticket|case|article|artikel|part|item|"
    r"serial|sku|isbn|issn|ean|doi|issue|pr|commit|"
    r"pages?|seiten?|rows?|lines?|table|figure|section|version|build|rev|din|iso|en)\b|#|§)[ "
    r"\t.:]{0,3}(?:no|nr|number|nummer|num|id)?\.?[ \t:#]{0,3}$",
    re.IGNORECASE,
)
DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-./](?:1[0-2]|0?[1-9])[-./](?:[12]\d|3[01]|0?[1-9])|(?:[12]\d|3[01]|"
    r"0?[1-9])[-./](?:[12]\d|3[01]|0?[1-9])[-./]"
    r"(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d[ ]?[-/][ ]?(?:19|20)\d\d)(?!\d|[-./]\d)"
)
"""A date in figures, which is part of no number."""
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ \t]{1,4}){1,8}(?:19|20)\d\d")
_COMPACTDATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{2,6})?")
_NORTH_AMERICAN = re.compile(
    r"(?:\+?1[-. ])?(?:\([2-9]\d\d\)[-. ]?|[2-9]\d\d[-. ])\d{3}[-. ]\d{4}|1-?8\d\d-\d{3}-\d{4}"
)
_LOCAL = re.compile(r"555[-. ]\d{4}")
_GROUPS = re.compile(
    r"[5-9]\d\d([ -])\d{3}\1\d{3}|[5-9]\d\d[ -]\d\d[ -]\d\d[ -]\d\d|[5-9]\d{3}[ -]\d{3}[ -]\d{3}|\d\d(?:[ .]\d\d){4}"
)
_FOLDED_LINE = re.compile(r"[ \t]*\n[ \t>]*")
_CARD_START = frozenset("23456")


def find_phones(text: str) -> Iterator[Find]:
    """Phones, cards and long numbers in `text`."""
    for match in _RUN.finditer(text):
        start, end = _trimmed(match[0], match.start())
        for piece, until in _without_dates(text, start, end):
            for first, last in _lines(text, piece, until):
                kind = _kind(text, first, last)
                if kind is not None:
                    yield Find(start=first, end=last, kind=kind, of=_digits(text[first:last]))
    for match in _SHORT.finditer(text):
        yield Find(start=match.start(1), end=match.end(1), kind=Kind.PHONE, of=match[1])


def _without_dates(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """What stands between the dates of a run of digits; the run itself where it holds none."""
    at = start
    for date in [*DATE.finditer(text, start, end), None]:
        until = date.start() if date is not None else end
        piece = text[at:until]
        if sum(c.isdigit() for c in piece) > 4:
            first = at + len(piece) - len(piece.lstrip(" \t\n>.-/)"))
            yield (
                first,
                first + len(piece.strip(" \t\n>.-/)")) if at > start else first + len(piece.rstrip(" \t\n>.-/(")),
            )
        at = date.end() if date is not None else end


def _trimmed(found: str, start: int) -> tuple[int, int]:
    """Without an opening bracket that nothing closes inside, as in "(2025-01-02 14)"."""
    if found.startswith("(") and ")" not in found:
        return start + 1, start + len(found)
    return start, start + len(found)


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The number as a whole where it makes one, else each of its lines."""
    if "\n" not in text[start:end] or _kind(text, start, end) in (Kind.PHONE, Kind.CARD):
        yield start, end
        return
    at = start
    for line in text[start:end].split("\n"):
        body = line.strip(" \t>")
        if sum(c.isdigit() for c in body) > 4:
            first = at + line.index(body)
            yield first, first + len(body)
        at += len(line) + 1


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _kind(text: str, start: int, end: int) -> Kind | None:  # noqa: PLR0911 - one form after another
    found = _FOLDED_LINE.sub(" ", text[start:end])
    digits = _digits(found)
    count = len(digits)
    if 13 <= count <= 19 and digits[0] in _CARD_START and luhn.is_valid(digits) and len(set(digits)) > 1:
        return Kind.CARD
    if found[0] == "+" or found.startswith("(+"):
        return Kind.PHONE if 7 <= count <= 17 else None
    before = text[max(0, start - 40) : start].replace("\n", " ")
    if 7 <= count <= 17 and digits.startswith("00") and digits[2] != "0":
        return Kind.PHONE
    if _YEARS.fullmatch(found) or _COMPACTDATE.fullmatch(found):
        return None
    if _LABEL.search(before) and count <= 17:
        return Kind.PHONE
    if _MONEY_BEFORE.search(before) or _MEASURE_BEHIND.match(text, end):
        return None
    if _NORTH_AMERICAN.fullmatch(found) or _LOCAL.fullmatch(found) or _GROUPS.fullmatch(found):
        return Kind.PHONE
    if digits[0] == "0" and digits[1] != "0" and 8 <= count <= 13:
        return Kind.PHONE
    return _long(found, digits, before)


def _long(found: str, digits: str, before: str) -> Kind | None:
    """A number of nine and more digits in one piece, or in groups that no amount is written in."""
    if _NOT_PHONE.search(before) or before.endswith("-") or digits.endswith("000"):
        return None
    if found.isdigit():
        return Kind.NUMBER if 9 <= len(digits) <= 20 else None
    groups = re.split(r"\D+", found)
    if re.fullmatch(r"\d{1,3}(?:[. ]\d{3})+", found) or len(groups) > 6 or "\n" in found:
        return None
    joined = re.fullmatch(r"\d{3,10}(?:[-/ ]\d{3,10}){1,5}", found) is not None
    return Kind.NUMBER if joined and 9 <= len(digits) <= 20 and "." not in found else None
