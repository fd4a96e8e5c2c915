"""Texts with planted personal data: mails, letters, tables, contracts, chat, JSON, in English, German and others."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

from agents.gateway.privacy import Kind

from .masking_data import VALUES, Person, person
from .masking_layouts import layout

_SENTENCES = {
    Kind.IBAN: (
        "Please transfer the refund to {}.",
        "Bitte überweisen Sie auf {}.",
        "His account is {} now.",
        "IBAN: {}",
    ),
    Kind.CARD: ("Paid with {} in the shop.", "The card {} was declined.", "Kreditkarte {}"),
    Kind.PHONE: (
        "Call me on {} after six.",
        "Tel. {}",
        "Sie erreichen mich unter {}.",
        "{} is her new number.",
        "Mobile: {}",
        "tél. {}",
    ),
    Kind.ID: ("The number {} is on file.", "National ID {} was checked.", "Steuer-ID oder Ausweis: {}", "DNI {}"),
    Kind.ADDRESS: ("The parcel goes to {}.", "Wohnhaft: {}", "Send it to {} please.", "Address: {}"),
    Kind.BIRTHDATE: ("Date of birth: {}", "geboren am {}", "DOB {}", "She was born on {}.", "Geb.-Datum: {}"),
    Kind.PASSPORT: ("Passport number: {}", "Reisepass-Nr. {}", "passport no. {}", "Pasaporte n.º {}"),
    Kind.IP: ("Logged in from {} twice.", "The device {} was seen in hall 3.", "host={}"),
}
_FILLER = (
    "The delivery of pumps is planned for week 14.",
    "Revenue rose by 4.2 % to 118,400,000 EUR.",
    "Bitte beachten Sie die Frist von 14 Tagen.",
    "See section 3.1 of the Expenses Policy.",
    "The order OP-2291 holds two FJ-320E packages.",
    "Die Prüfung fand am 12.03.2025 statt.",
)
_NAMED = (
    "Dear {title} {family},",
    "{name} approved the request.",
    "I spoke with {name} about it.",
    "Handler: {name}",
    "Regards,\n{name}",
    "The manager, {name}, agreed.",
    "{name} (Buyer, Kassel) signed.",
    "Mit freundlichen Grüßen\n{name}",
    "Sehr geehrter Herr {family},",
    "gez. {initial} {family}",
    "| Owner | {name} |",
    "From: {name} <{mail}>",
    'To: "{family}, {given}" <{mail}>',
    "Assigned to: {name}",
    "Our colleague {name} left on Friday.",
    "{name}: can you send me the file?",
    "Ansprechpartnerin ist Frau {name}.",
    "{upper}",
    "Der Vertrag zwischen der Firma und {name} endet.",
    "Contract between the company and {name} (the tenant).",
    "cc {name}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A datum as it stands in a text. `known` says that the masker's list holds the given name."""

    kind: Kind
    surface: str
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Texts of one run and what was planted in them."""

    texts: tuple[str, ...]
    planted: tuple[Planted, ...]


def sample(seed: int) -> Sample:
    """The run of this number; the same each time."""
    pick = random.Random(seed)
    planted: list[Planted] = []
    texts = [
        pick.choice([_prose, _table, _record, _laid_out])(pick, person(pick), planted)
        for _ in range(pick.randint(2, 4))
    ]
    return Sample(texts=tuple(texts), planted=tuple(planted))


def _disguised(pick: random.Random, text: str) -> str:  # noqa: PLR0911 - one disguise a case
    match pick.randint(0, 15):
        case 0:
            return text.replace(" ", "\u00a0")
        case 1:
            return text.replace("-", "\u2011")
        case 2:
            return text.translate({48 + n: 0xFF10 + n for n in range(10)})
        case 3:
            return "\u200b".join(text)
        case 4:
            return unicodedata.normalize("NFD", text)
        case 5:
            return text.replace(" ", "\n", 1)
    return text


def _mail(pick: random.Random, who: Person) -> str:
    local = f"{who.given}.{who.family}".lower().replace("'", "")
    local = "".join(c for c in unicodedata.normalize("NFKD", local) if c.isascii())
    return f"{local}@{pick.choice(['kestholm.example', 'mail.example.org', 'post.example.de'])}"


def _named(pick: random.Random, who: Person, planted: list[Planted]) -> str:
    mail = _mail(pick, who)
    form = pick.choice(_NAMED)
    given, family = _disguised(pick, who.given), _disguised(pick, who.family)
    if pick.random() < 0.9 or "\n" in given + family:
        given, family = who.given, who.family
    text = form.format(
        title=pick.choice(["Mr", "Ms", "Dr"]),
        family=family,
        given=given,
        name=f"{given} {family}",
        mail=mail,
        initial=f"{given[0]}.",
        upper=f"{given} {family}".upper(),
    )
    upper = "{upper}" in form
    if "{name}" in form or "{given}" in form or upper:
        planted.append(Planted(kind=Kind.PERSON, surface=given.upper() if upper else given, known=who.listed))
    planted.append(Planted(kind=Kind.PERSON, surface=family.upper() if upper else family, known=who.listed))
    if "{mail}" in form:
        planted.append(Planted(kind=Kind.EMAIL, surface=mail))
    return text


def _prose(pick: random.Random, who: Person, planted: list[Planted]) -> str:
    lines = [_named(pick, who, planted)]
    for kind in pick.sample(list(VALUES), pick.randint(1, 4)):
        value = _disguised(pick, VALUES[kind](pick))
        planted.append(Planted(kind=kind, surface=value))
        lines.append(pick.choice(_SENTENCES[kind]).format(value))
    if pick.random() < 0.4:
        mail = _mail(pick, who)
        spelt = pick.choice(
            [
                mail,
                mail.replace("@", " at ").replace(".", " dot "),
                mail.replace("@", " (at) "),
                mail.replace("@", "[at]"),
            ]
        )
        planted.append(Planted(kind=Kind.EMAIL, surface=spelt))
        lines.append(f"Mail: {spelt}")
    lines += [pick.choice(_FILLER) for _ in range(pick.randint(1, 4))]
    pick.shuffle(lines)
    joined = pick.choice(["\n", "\n\n", "\n> "]).join(lines)
    return joined


def _laid_out(pick: random.Random, who: Person, planted: list[Planted]) -> str:
    """A layout of three people, at times with a line of other data below."""
    text, parts = layout(pick, (who, person(pick), person(pick)))
    planted += [Planted(kind=Kind.PERSON, surface=part, known=whose.listed) for whose, part in parts]
    if pick.random() < 0.5:
        kind = pick.choice(list(VALUES))
        value = VALUES[kind](pick)
        planted.append(Planted(kind=kind, surface=value))
        text += "\n\n" + pick.choice(_SENTENCES[kind]).format(value)
    return text


def _table(pick: random.Random, _who: Person, planted: list[Planted]) -> str:
    headings = {
        Kind.PHONE: "Phone",
        Kind.BIRTHDATE: "Date of birth",
        Kind.PASSPORT: "Passport no",
        Kind.IBAN: "IBAN",
        Kind.ID: "National ID",
    }
    kinds = pick.sample(list(headings), 2)
    mark = pick.choice([",", ";", "\t", " | "])
    rows = [["Employee", *(headings[kind] for kind in kinds), "Town"]]
    for _ in range(pick.randint(1, 4)):
        who = person(pick)
        values = [VALUES[kind](pick) for kind in kinds]
        planted += [Planted(kind=Kind.PERSON, surface=part, known=who.listed) for part in (who.given, who.family)]
        planted += [Planted(kind=kind, surface=value) for kind, value in zip(kinds, values, strict=True)]
        rows.append([who.name, *values, "Kassel"])
    lines = [mark.join(row) for row in rows]
    if mark == " | ":
        lines = [f"| {line} |" for line in lines]
        lines.insert(1, "|---" * len(rows[0]) + "|")
    return "\n".join(lines)


def _record(pick: random.Random, who: Person, planted: list[Planted]) -> str:
    kinds = pick.sample([Kind.PHONE, Kind.BIRTHDATE, Kind.PASSPORT, Kind.ADDRESS, Kind.IBAN], 2)
    keys = {
        Kind.PHONE: "phone",
        Kind.BIRTHDATE: "dateOfBirth",
        Kind.PASSPORT: "passport_number",
        Kind.ADDRESS: "address",
        Kind.IBAN: "iban",
    }
    values = {keys[kind]: VALUES[kind](pick) for kind in kinds}
    planted += [Planted(kind=kind, surface=values[keys[kind]]) for kind in kinds]
    planted += [Planted(kind=Kind.PERSON, surface=part, known=who.listed) for part in (who.given, who.family)]
    fields = [f'"{key}": "{value}"' for key, value in {"contact": who.name, **values, "status": "open"}.items()]
    return "{" + pick.choice([", ", ",\n  "]).join(fields) + "}"
