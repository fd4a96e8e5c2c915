"""Finds personal data by the heading of its column, in CSV, tab-separated and Markdown tables and in JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from .identifiers import compact
from .kinds import Find, Kind
from .lexicon import NEVER, PARTICLES, fold, is_given, is_weak, is_word

_HEADINGS = (
    (Kind.PERSON, r"(?:full |first |last |given |family |sur|fore|middle |maiden |employee |customer |contact |"
        r"patient |client |display |account )?names?|surname|forename|person|persons|employee|"
     r"contact(?: person)?|owner|manager|line manager|handler|by|author|attendees?|participants?|"
         r"responsible|signatory|signed by|approved by|reported by|assignee|holder|account holder|"
         r"cardholder|director|lead|"
     r"spouse|next of kin|emergency contact|mitarbeiter(?:in)?|name,? vorname|vorname|nachname|"
         r"familienname|zuname|ansprechpartner(?:in)?|kontakt|verantwortlich\w*|leiter(?:in)?|"
         r"inhaber(?:in)?|bearbeiter(?:in)?|unterzeichner(?:in)?|"
     r"nom|prénom|nombre|apellidos?|nome|cognome|imię|nazwisko|imię i nazwisko|naam|achternaam|"
         r"voornaam|ad|soyad|ad soyad|maintained by|requester|requested by|recipient|sender|from|to|"
         r"deputy|supervisor|vertretung|stellvertreter(?:in)?|vorgesetzte[r]?|przełożon[ya]|"
     r"complainant|salesperson|buyer|sales rep|rep"),
    (Kind.BIRTHDATE, r"dob|d\.o\.b\.|date of birth|birth ?date|birthday|born|geburtsdatum|geburtstag|geboren|geb\.?|"
        r"date de naissance|fecha de nacimiento|data di nascita|data urodzenia|geboortedatum|doğum tarihi"),
    (Kind.PHONE, r"(?:home |work |mobile |office |direct |cell |private )?(?:phone|telephone|tel|mobile|cell|fax|"
        r"extension|ext)\.?(?: ?(?:number|no|nr)\.?)?|telefon\w*|handy\w*|mobil\w*|durchwahl|rufnummer|"
        r"téléphone|teléfono|telefono|numer telefonu"),
    (Kind.ADDRESS, r"(?:home |postal |street |mailing |private |billing |delivery )?address|street|anschrift|adresse|"
        r"straße|strasse|wohnort|plz|postcode|post code|zip(?: code)?|postal code|domicilio|dirección|"
        r"indirizzo|adres"),
    (Kind.PASSPORT, r"passports?(?: ?(?:number|no|nr)\.?)?|reisepass\w*|passnummer|pasaporte|passeport|passaporto|"
        r"paszport"),
    (Kind.ID, r"(?:national )?(?:insurance|id|identity)(?: ?(?:number|no|nr)\.?)?|ni ?(?:number|no)\.?|nino|ssn|"
        r"social security(?: ?(?:number|no)\.?)?|tax ?(?:id|number|no)\.?|tin|steuer-?id\w*|steuernummer|"
        r"sozialversicherungs\w*|"
     r"svnr|personalausweis\w*|dni|nie|nif|codice fiscale|pesel|nir|bsn|personnummer|cpr|employee "
         r"(?:id|number|no)|staff (?:id|number|no)|personalnummer|patient id"),
    (Kind.ACCOUNT, r"(?:bank )?account(?: ?(?:number|no|nr)\.?)|account|iban|sort code|bic|konto\w*|kontonummer|"
        r"card(?: ?(?:number|no)\.?)?|licen[cs]e(?: ?(?:number|no)\.?)?|driving licen[cs]e(?: ?(?:number|"
        r"no)\.?)?|führerschein\w*|kundennummer|customer (?:number|no|id)|policy (?:number|no)|kennzeichen"),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(rf"(?:{words})", re.IGNORECASE)) for kind, words in _HEADINGS)
_PLAIN_CELL = re.compile(r"[^\W\d_][^\d_<>@:|()\[\]\n]{1,120}")
_ONE = re.compile(r"[^\s,;/&](?:(?!\s(?:and|und|et|y|e)\s)[^,;/&])*(?<!\s)")
_NOBODY = re.compile(
    r"(?:n/?a|none|no|yes|tbd|unknown|various|all|anyone|everyone|vacant|open|keine?r?|offen|unbekannt|"
    r"alle|team|self|[-–—?]+)",
    re.IGNORECASE,
)
_JSON = re.compile(r'"([^"\n]{1,40})"[ \t]{0,4}:[ \t\n]{0,8}(?:"((?:[^"\\\n]|\\.){1,160})"|(\d{4,20}))')
_CELL = {
    ",": re.compile(r'[ \t]*(?:"((?:[^"\n]|"")*)"|([^,\n]*))(?:,|$)'),
    ";": re.compile(r'[ \t]*(?:"((?:[^"\n]|"")*)"|([^;\n]*))(?:;|$)'),
    "\t": re.compile(r'[ ]*(?:"((?:[^"\n]|"")*)"|([^\t\n]*))(?:\t|$)'),
    "|": re.compile(r"[ \t]*(())([^|\n]*)(?:\||$)"),
}
_DISPLAYED = re.compile(r"\"([^\W\d_][^\"\n<>@]{2,60})\"[ \t]{0,2}<[^\s<>@]{1,64}@")  # the name before a mail address
_MOST_CELLS = 64


_GENERAL = frozenset(
    """
    name names owner by lead from to contact director rep holder ad responsible
    """.split()
)
"""Headings below which other things than people may stand."""


@lru_cache(maxsize=4096)
def kind_of(heading: str) -> Kind | None:
    """What the cells below `heading` hold, if something personal."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_*\-]+", " ", heading.strip(" \t\"'*#:_"))
    words = " ".join(words.split())
    if not words or len(words) > 40:
        return None
    return next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(words)), None)


def find_cells(text: str) -> Iterator[Find]:
    """Cells below headings that say what they are, values of such keys in JSON, and names before mail addresses."""
    for match in _JSON.finditer(text):
        group = 2 if match[2] is not None else 3
        yield from _cell(text, *match.span(group), match[1])
    for match in _DISPLAYED.finditer(text):
        parts = re.findall(r"[^\W\d_]+", match[1])
        if 1 < len(parts) < 6 and not any(fold(part) in NEVER for part in parts):
            yield Find(start=match.start(1), end=match.end(1), kind=Kind.PERSON, of="")
    columns: dict[int, str] = {}
    separator, width, at = "", 0, 0
    for line in text.split("\n"):
        mark = separator if separator and separator in line else _separator(line)
        cells = list(_cells(line, mark)) if mark else []
        if not cells or (separator and (mark != separator or abs(len(cells) - width) > 1)):
            columns, separator = {}, ""
        if cells and not separator:
            found = {
                n: line[start:end]
                for n, (start, end) in enumerate(cells)
                if end - start < 60 and kind_of(line[start:end])
            }
            if found:
                columns, separator, width = found, mark, len(cells)
        elif cells:
            for n, heading in columns.items():
                if n < len(cells):
                    yield from _cell(text, at + cells[n][0], at + cells[n][1], heading)
        at += len(line) + 1


def _separator(line: str) -> str:
    if line.count("|") > 1:
        return "|"
    return next((mark for mark in "\t;," if line.count(mark) > 0), "")


def _cells(line: str, mark: str) -> Iterator[tuple[int, int]]:
    pattern, at = _CELL[mark], 0
    if mark == "|":
        at = len(line) - len(line.lstrip(" \t|>"))
    for _ in range(_MOST_CELLS):
        if at >= len(line):
            return
        match = pattern.match(line, at)
        if match is None:
            return
        group = 3 if mark == "|" else (1 if match[1] is not None else 2)
        yield match.span(group)
        at = max(match.end(), at + 1)


def _people(words: str, general: bool) -> Iterator[tuple[int, int]]:
    """The people of a cell: one, one turned round ("Berg, Ana"), or several with commas between."""
    if _PLAIN_CELL.fullmatch(words) is None or not words[0].isupper():
        return
    parts = [match.span() for match in _ONE.finditer(words)]
    if len(parts) == 2 and all(" " not in words[start:end] for start, end in parts) and "," in words:
        parts = [(0, len(words))]
    for start, end in parts:
        person = words[start:end]
        if _is_person(person.replace("-", " ").split(), general):
            yield start, end


def _is_person(words: list[str], general: bool) -> bool:
    """Whether all words can be of a name; below a general heading, whether one is no word of the dictionary too."""
    names = [word for word in words if word.lower() not in PARTICLES and len(word.strip(".")) > 1]
    if not names or len(words) > 6 or not all(word[0].isupper() or word[0] == "'" for word in names):
        return False
    if any(fold(word) in NEVER for word in names[1:]) or (len(names) == 1 and names[0].isupper() and len(names[0]) < 4):
        return False
    return not general or any(is_given(word) or is_weak(word) or not is_word(word.strip(".")) for word in names)


def _cell(text: str, start: int, end: int, heading: str) -> Iterator[Find]:
    """The cell's words, where they can be what its heading says."""
    kind = kind_of(heading)
    if kind is None or end - start > 200:
        return
    words = text[start:end].strip()
    start = start + len(text[start:end]) - len(text[start:end].lstrip())
    digits = sum(c.isdigit() for c in words)
    if not words or _NOBODY.fullmatch(words) or set(words) <= set(":- "):
        return
    if kind is Kind.PERSON:
        for first, last in _people(words, heading.strip(" \t\"'*#:_").lower() in _GENERAL):
            yield Find(start=start + first, end=start + last, kind=kind, of="")
    elif kind is Kind.ADDRESS:
        if digits and len(words) > 3:
            yield Find(
                start=start, end=start + len(words), kind=kind, of=" ".join(words.lower().replace(",", " ").split())
            )
    elif digits >= (3 if kind is Kind.PHONE else 4) and len(words) <= 48:
        yield Find(start=start, end=start + len(words), kind=kind, of=compact(words))
