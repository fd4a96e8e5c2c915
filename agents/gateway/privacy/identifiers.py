"""Finds bank accounts and national numbers of people by their form and, where they carry one, their check digits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module

from stdnum.iso7064 import mod_97_10

from .kinds import Find, Kind
from .phones import DATE

_IBAN = re.compile(
    r"(?<![A-Za-z0-9])([A-Z]{2})[ -]?\d{2}(?:(?:[ -]|[ \t]?\n[ \t>]{0,6})?[A-Z0-9]){11,30}+", re.IGNORECASE
)
_IBAN_SIZES = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NL": 18,
    "NO": 15,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "SA": 24,
    "SC": 31,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
}
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")

# Forms that hardly anything else has: these need no check digits, so that a mistyped number is masked too.
_PLAIN = re.compile(
    r"(?<![\w-])(?:"
    r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]"  # United Kingdom, national insurance
    r"|\d{3}[- ]\d{2}[- ]\d{4}"  # United States, social security
    r"|[A-Z]{6}[ ]?[0-9LMNP-V]{2}[ ]?[A-EHLMPRST][ ]?[0-9LMNP-V]{2}[ ]?[A-Z][0-9LMNP-V]{3}[ ]?[A-Z]"  # Italy
    r"|756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}"  # Switzerland
    r"|\d{3}\.\d{3}\.\d{3}-\d{2}"  # Brazil
    r"|\d{2}[ ]?\d{6}[ ]?[A-Z][ ]?\d{3}"  # Germany, pension insurance
    r"|[12][ .]?\d{2}[ .]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}(?:[ .]?\d{2})?"  # France
    r"|\d{6}[-+A-FYXWVU]\d{3}[0-9A-FHJ-NPR-Y]"  # Sweden, Denmark, Finland
    r"|\d{6}/\d{3,4}"  # Czechia, Slovakia
    r"|[A-Z]{5}\d{4}[A-Z]"  # India, tax
    r"|[A-Z9]{5}\d[0156]\d{4}[A-Z9]{2}\d[A-Z]{2}"  # United Kingdom, driving
    r"|\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}"  # Belgium
    r")(?![\w-])",
    re.IGNORECASE,
)
_CHECKED = re.compile(
    r"\+[ ]?\d(?:[ ./()-]{0,3}\d){5,17}|(?<![\w.,-])((?:[XYZxyz][ -]?\d{7}|\d(?:[ ./-]?\d){7,17})(?:[ "
    r"-]?[A-Z](?![\w])|[A-Za-z]{1,2})?)(?![\w-]|[.,]\d)"
)
_BY_SIZE = {
    8: (),
    9: ("es.dni", "es.nie", "ie.pps"),
    10: ("gb.nhs", "dk.cpr", "se.personnummer", "cz.rc", "ro.cnp"),
    11: (
        "de.idnr",
        "pl.pesel",
        "tr.tckimlik",
        "be.nn",
        "no.fodselsnummer",
        "hr.oib",
        "br.cpf",
        "ee.ik",
        "it.codicefiscale",
    ),
    12: ("in_.aadhaar", "se.personnummer"),
    13: ("ro.cnp", "fr.nir", "bg.egn"),
    15: ("fr.nir",),
    18: ("cn.ric",),
}


def find_identifiers(text: str) -> Iterator[Find]:
    """IBANs and national numbers in `text`."""
    for match in _IBAN.finditer(text):
        size = _IBAN_SIZES.get(match[1].upper())
        end = _end_of(text, match.start(), match.end(), size) if size else None
        if end is not None and _is_account(text[match.start() : end]):
            yield _find(text, match.start(), end, Kind.IBAN)
    for match in _PLAIN.finditer(text):
        if any(c.isdigit() for c in match[0]):
            yield _find(text, match.start(), match.end(), Kind.ID)
    for match in _CHECKED.finditer(text):
        if match[1] is None:
            continue  # a phone, whose digits may add up by chance
        number = compact(match[1])
        if number != match[1] and (number[0] == "0" or DATE.search(match[1])):
            continue  # in groups, a phone number or a date
        if any(_valid(name, number) for name in _BY_SIZE.get(len(number), ())):
            yield _find(text, match.start(), match.end(), Kind.ID)


def _is_account(found: str) -> bool:
    """With right check digits, or mistyped but in capitals and mostly figures."""
    number = compact(found)
    if mod_97_10.is_valid(number[4:] + number[:4]):
        return True
    return found.upper() == found and sum(c.isdigit() for c in number) > len(number) // 2


def _find(text: str, start: int, end: int, kind: Kind) -> Find:
    return Find(start=start, end=end, kind=kind, of=compact(text[start:end]))


def compact(text: str) -> str:
    """A number without what separates its groups, in capitals."""
    return _SEPARATORS.sub("", text).upper()


def _end_of(text: str, start: int, end: int, size: int) -> int | None:
    """Where `size` letters and digits end, if at the end of a group; a word behind may look like one more."""
    seen = 0
    for position in range(start, end):
        if text[position].isalnum():
            seen += 1
        if seen == size:
            behind = text[position + 1 : position + 2]
            return None if behind.isalnum() else position + 1
    return None


@cache
def _validator(name: str) -> Callable[[str], bool]:
    check: Callable[[str], bool] = import_module(f"stdnum.{name}").is_valid
    return check


def _valid(name: str, number: str) -> bool:
    try:
        return _validator(name)(number)
    except (ValueError, LookupError, TypeError):  # some look a part up before they check its form
        return False
