"""Finds what a label makes personal: passport, licence, account and customer numbers, and dates of birth."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .identifiers import compact
from .kinds import Find, Kind

_NUMBER_WORD = (
    r"(?:[ _./-]{0,2}(?:number|numbers|no|nos|nr|num|nummer|id|code|key|numéro|numero|número|numer|ref|"
    r"reference|kennung|n[°º])\b\.?)?"
)
_LINK = (
    r"[\"'*_)]{0,3}[ \t]{0,3}(?:\([^()\n]{0,24}\)[ \t]{0,2})?(?:[:#=|,;]|\bis\b|\bwas\b|\bist\b|\blautet\b|"
    r"-|\n)?[ \t|:#\"'*]{0,8}(?:is|ist|lautet|[A-Z]{2}:)?[ \t]{0,2}"
)
_VALUE = (
    r"((?=[A-Za-z./ -]{0,9}\d)[A-Za-z0-9]{1,30}(?:[ ./-]{1,2}(?=[A-Za-z]{0,3}\d)[A-Za-z0-9]{1,14}|"
    r"[./-][A-Za-z0-9]{1,14}){0,7}(?:[ ][A-Z](?![\w]))?)"
    r"(?![A-Za-z0-9])"
)

_PASSPORT = (
    r"passport|travel document|reisepass|reisepaß|pass[- ]?nr|passnummer|passeport|pasaporte|passaporto|"
    r"paszport\w*|paspoort\w*|pasaport|pas(?:s)?port"
)
_IDENTITY = (
    r"national insurance|ni|nino|ni[- ]number|social security|ssn|social insurance|sin|tax(?:payer)?[ "
    r"-]?(?:id|identification|file)|tin|tfn|utr|itin|"
    r"steuer[- ]?(?:id|identifikationsnummer|identnummer|nummer|nr)|idnr|st\.?-?nr|"
    r"sozialversicherungs\w*|rentenversicherungs\w*|sv[- ]?nummer|svnr|"
    r"versicherten\w*|krankenversicherten\w*|personalausweis\w*|ausweis\w*|aufenthaltstitel\w*|"
    r"identity card|id card|national id\w*|identity number|"
    r"personal id\w*|employee id|staff (?:id|number)|personnel|payroll id|personalnummer|personal-?nr|"
    r"matrikel\w*|student (?:id|number)|patient(?: id| number)?|"
    r"nhs|medicare|medical record|mrn|health insurance|numéro de sécurité sociale|nir|sécurité sociale|"
    r"dni|nie|nif|cif|codice fiscale|pesel|nip|bsn|burgerservice\w*|"
    r"personnummer|cpr|henkilötunnus|hetu|ahv|aadhaar|pan|tc kimlik\w*|t\.c\. kimlik\w*|pps|ppsn|rodné "
    r"číslo|cnp|cpf|curp|rfc|visa|residence permit|birth certificate"
)
_ACCOUNT = (
    r"account|acct|a/c|bank account|konto(?:nummer|nr)?|kto|iban|sort code|sortcode|bankleitzahl|blz|"
    r"routing|aba|swift|bic|compte|cuenta|conto|rachunek\w*|"
    r"driv(?:er'?s?|ing) licen[cs]e|licen[cs]e|führerschein\w*|fahrerlaubnis\w*|permis de conduire|"
    r"prawo jazdy|rijbewijs\w*|carnet de conducir|patente|"
    r"number ?plate|licen[cs]e plate|registration plate|kennzeichen|kfz-kennzeichen|vehicle registration|vin|"
    r"customer|client|member(?:ship)?|kundennummer|kunden-?nr|mitglieds?\w*|policy|policen?\w*|"
    r"versicherungsschein\w*|insurance policy|"
    r"loyalty|frequent flyer|vielflieger\w*|card|karte|kreditkarte|credit card|debit card|karten\w*|cvv|cvc|pin"
)
_NEEDS_NUMBER = re.compile(
    r"(?:account|acct|konto|compte|cuenta|conto|licen[cs]e|customer|client|member(?:ship)?|policy|card|"
    r"karte|visa|patient|personnel|ni|sin|pan|tin|nie|nip|nif|cif|"
    r"passport|loyalty|permis de conduire|patente|kennzeichen|pin|patient|vin|registration plate|routing|aba|rfc|pps)$",
    re.IGNORECASE,
)


def _labels(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9])({words})({_NUMBER_WORD})({_LINK}){_VALUE}", re.IGNORECASE)


_LABELLED = ((Kind.PASSPORT, _labels(_PASSPORT)), (Kind.ID, _labels(_IDENTITY)), (Kind.ACCOUNT, _labels(_ACCOUNT)))

_MONTH = r"[A-Za-zÀ-ÿżźćńółęąśŻŹĆĄŚĘŁÓŃ]{3,12}\.?"
_DATE = (
    rf"(?:\d{{1,4}}[ ]?[-./][ ]?\d{{1,2}}[ ]?[-./][ ]?\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?[ "
    rf"]{{0,2}}(?:of |de |d')?{_MONTH}[ ,]{{0,2}}(?:de |del )?\d{{4}}"
    rf"|{_MONTH}[ ]{{1,2}}\d{{1,2}}(?:st|nd|rd|th)?[ ,]{{1,3}}\d{{4}}|\d{{1,2}}[- ]{_MONTH}[- ]\d{{2,4}}|\d{{8}})"
)
_BIRTH = re.compile(
    r"(?<![A-Za-zÀ-ÿ])(?:date of birth|birth[ _-]?date|birthday|d\.?o\.?b\.?|born|geburts(?:datum|tag)|"
    r"geboren|geb\.?|née?|nées?|date de naissance|naissance|"
    r"nacid[oa]|fecha de nacimiento|nacimiento|nat[oa]|data di nascita|nascita|data urodzenia|"
    r"urodzon[ya]|ur\.|geboortedatum|doğum tarihi|doğum|"
    r"data de nascimento|nascid[oa]|født|fødselsdato|född|födelsedatum|syntynyt|datum narození|"
    r"narozen[aý]?)(?![A-Za-z])"
    rf"[\w\"'*_)(:=|,;.\- \t\n]{{0,30}}?(?<![\d.])({_DATE})(?![\w])",
    re.IGNORECASE,
)


def find_labelled(text: str) -> Iterator[Find]:
    """Labelled numbers and dates of birth in `text`."""
    for kind, pattern in _LABELLED:
        for match in pattern.finditer(text):
            if not match[2].strip() and _NEEDS_NUMBER.match(match[1]) and not re.search(r"[:#=|]", match[3]):
                continue  # "account 4400" in prose, or "the policy 2023"
            if _is_date_or_amount(match[4]):
                continue
            start, end = match.span(4)
            yield Find(start=start, end=end, kind=kind, of=compact(match[4]))
    for match in _BIRTH.finditer(text):
        yield Find(start=match.start(1), end=match.end(1), kind=Kind.BIRTHDATE, of=compact(match[1]))


def _is_date_or_amount(value: str) -> bool:
    if sum(c.isalnum() for c in value) < 4:
        return True
    return bool(
        re.fullmatch(
            r"(?:19|20)\d\d|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|"
            r"20)\d\d|\d{1,2} [A-Za-z]+ \d{4}",
            value,
        )
    )
