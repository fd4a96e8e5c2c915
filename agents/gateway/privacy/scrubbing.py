"""Takes personal data out of a text for good, for askers whose role may not see it."""

from __future__ import annotations

from collections.abc import Collection

from .kinds import Kind
from .knowing import Known
from .recognising import recognise

_WORDS = {
    Kind.EMAIL: "mail address", Kind.URL: "personal page", Kind.IBAN: "bank account", Kind.CARD: "card number",
    Kind.PASSPORT: "passport number", Kind.ID: "personal number", Kind.ACCOUNT: "account number",
    Kind.BIRTHDATE: "date of birth", Kind.MAC: "device address", Kind.IP: "network address", Kind.PHONE: "phone",
    Kind.HANDLE: "user name", Kind.ADDRESS: "address", Kind.PERSON: "name", Kind.NUMBER: "number",
}  # fmt: skip
_MOST_VALUES = 50_000


def scrub(text: str, kinds: Collection[Kind]) -> tuple[str, dict[Kind, int]]:
    """`text` with "[phone withheld]" and the like in place of data of `kinds`, and how many of each there were."""
    pieces: list[str] = []
    found: dict[Kind, int] = {}
    at = 0
    for find in recognise(text, Known(_MOST_VALUES)):
        if find.kind in kinds:
            pieces += [text[at : find.start], withheld(find.kind)]
            at = find.end
            found[find.kind] = found.get(find.kind, 0) + 1
    pieces.append(text[at:])
    return "".join(pieces), found


def withheld(kind: Kind) -> str:
    """What stands in place of a datum."""
    return f"[{_WORDS[kind]} withheld]"
