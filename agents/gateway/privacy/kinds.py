"""The kinds of personal data that are told apart, and a find of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a datum is. The value is the word in its placeholder: "[PERSON_1]"."""

    LITERAL = "LITERAL"  # the text already held what looks like a placeholder
    EMAIL = "EMAIL"
    URL = "URL"  # the address of a person's page or profile
    IBAN = "IBAN"
    CARD = "CARD"
    PASSPORT = "PASSPORT"
    ID = "ID"  # national identity, social insurance and tax numbers of people
    ACCOUNT = "ACCOUNT"  # account, licence and customer numbers that are labelled as such
    BIRTHDATE = "BIRTHDATE"
    MAC = "MAC"
    IP = "IP"
    PHONE = "PHONE"
    HANDLE = "HANDLE"
    ADDRESS = "ADDRESS"
    PERSON = "PERSON"
    NUMBER = "NUMBER"  # a long number of which nothing says what it is


PERSONAL = tuple(kind for kind in Kind if kind is not Kind.LITERAL)
"""All kinds but the escape. Where two finds overlap, the kind that stands first names them both."""

RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Personal data at `start` to `end` of a text. `of` names who or what it is, alike for all its forms."""

    start: int
    end: int
    kind: Kind
    of: str
