"""Finds postal addresses: a street with its number, a postcode with its town, post-office boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .kinds import Find, Kind

_L = r"[^\W\d_]"
_CAP = rf"(?:(?-i:[A-ZÀ-ÖØ-ÞĀŁŚŻŹĆÇĞİÖŞÜČŠŽŘÅÆØ]){_L}*\.?(?:['-]{_L}+)*)"
_NUMBER = r"\d{1,5}(?:[ ]?[a-zA-Z](?![\w]))?(?:[ ]?[-/][ ]?\d{1,4}[a-zA-Z]?(?!\w))?"
_SEP = r"(?:,[ ]?\n?|[ ]?\n[ \t>]{0,6}|[ ]?[|;·][ ]?|[ ]-[ ]|,?[ ])"

_ENGLISH_KIND = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Close|Way|Place|Pl|Square|Sq|Terrace|"
    r"Ter|Crescent|Cres|Boulevard|Blvd|"
    r"Gardens|Gdns|Grove|Hill|Row|Walk|Mews|Quay|Parade|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|"
    r"Alley|Wharf|Green|Rise|View|Park|Croft|Embankment|"
    r"Broadway|Turnpike|Esplanade|Bypass|Yard|Heights|Mount|Vale|Drift|Wynd|Brae|Loan|Gate)"
)
_UNIT = (
    r"(?:(?:Flat|Apt|Apartment|Unit|Suite|Ste|Room|Floor|House|Block|Building|Bldg)\.?[ ]?#?[ "
    r"]?[A-Z]?\d{0,4}[A-Z]?,?[ ]{1,2})"
)
_UNIT_BEHIND = r"(?:,?[ ]{1,2}(?:Flat|Apt|Apartment|Unit|Suite|Ste|Room|Floor|Fl|#)\.?[ ]?#?[ ]?[A-Z]?\d{1,4}[A-Z]?\b)?"
_UK_CODE = r"(?:[A-Z]{1,2}\d[A-Z\d]?[ ]{0,2}\d[ABD-HJLNP-UW-Z]{2})"
_STATE = (
    r"(?:A[LKZR]|C[AOT]|D[CE]|FL|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|"
    r"S[CD]|T[NX]|UT|V[AIT]|W[AIVY]|"
    r"AB|BC|MB|NB|NL|NS|ON|PE|QC|SK|YT|NSW|VIC|QLD|TAS|ACT)"
)
_CA_CODE = r"[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]?\d[A-Z]\d"
_CODE_TOWN = (
    rf"(?:(?:[A-Z]{{1,2}}-)?(?:\d{{4,5}}|\d{{2}}-\d{{3}}|\d{{3}}[ ]\d{{2}}|\d{{4}}[ ]?[A-Z]{{2}}|"
    rf"\d{{4}}-\d{{3}})[ ]{{1,2}}{_CAP}(?:[ -](?:am|an der|im|bei|ob der|v\.|la|le|les|de|del|di|sur|sous|"
    rf"en)(?=[ -]))?(?:[ -]{_CAP}){{0,2}})"
)
_TOWN_CODE = (
    rf"(?:{_CAP}(?:[ -]{_CAP}){{0,2}},?[ ]{{1,2}}(?:{_STATE}[ ]{{1,2}}\d{{5}}(?:-\d{{4}})?|{_STATE}[ "
    rf"]{{1,2}}\d{{4}}|(?:{_STATE}[ ]{{1,2}})?{_CA_CODE}|{_UK_CODE}))"
)
_TAIL = (
    rf"(?:{_SEP}(?:{_CODE_TOWN}|{_TOWN_CODE}|{_UK_CODE}|(?-i:[A-Z]){_L}{{2,20}}(?:[ ]{_CAP})?(?=[,.;)\n|"
    rf"\"]|$)(?:{_SEP}(?:{_UK_CODE}|{_CODE_TOWN}|{_TOWN_CODE}))?))?"
)

_ENGLISH = re.compile(
    rf"(?<![\w.,/-]){_UNIT}?\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,4}})?,?[ ]{{1,2}}(?:{_CAP}[ ]{{1,2}}|"
    rf"\d{{1,3}}(?:st|nd|rd|th)[ ]){{1,4}}?(?-i:{_ENGLISH_KIND}|STREET|ROAD|AVENUE|LANE|DRIVE|COURT|"
    rf"CLOSE)\b\.?"
    rf"(?:[ ](?:North|South|East|West|N|S|E|W|NW|NE|SW|SE)\b)?{_UNIT_BEHIND}{_TAIL}"
)
_GERMANIC = re.compile(
    r"(?<![\w])(?:(?:Alte|Neue|Große|Kleine|Obere|Untere|Hohe|Lange|Am|An der|An den|Im|In der|In den|"
    r"In der|Zum|Zur|Auf der|Auf dem|Hinter der|Vor dem|Unter den|Bei der|Beim)[ ])?"
    rf"(?:{_L}[\w.'-]{{0,30}}(?:straße|strasse|strase|str\.|str|weg|gasse|allee|platz|ring|damm|ufer|"
    rf"chaussee|steig|pfad|promenade|stieg|twiete|brücke|wall|graben|"
    r"straat|laan|plein|gracht|kade|dijk|singel|steeg|gatan|vägen|gata|veien|vegen|vej|gade|katu|tie|stræde|stien)|"
    rf"{_CAP}(?:[ -]{_CAP}){{0,2}}[ -](?:Straße|Strasse|Str\.|Weg|Allee|Platz|Ring|Damm|Ufer|Chaussee|"
    rf"Gasse|Laan|Plein|Straat)|"
    rf"(?:Am|An der|An den|Im|In den|In der|Zum|Zur|Auf der|Auf dem|Hinter der|Vor dem|Unter den|Bei "
    rf"der|Beim)[ ]{_CAP}(?:[ ]{_CAP})?|"
    rf"Straße (?:des|der)[ ](?:\d{{1,2}}\.[ ])?{_CAP})"
    rf"[ ]{{1,2}}{_NUMBER}(?![\w%]|[.,]\d){_TAIL}",
    re.IGNORECASE,
)
_ROMANCE_KIND = (
    r"(?:rue|avenue|av\.?|boulevard|bd|bld|place|chemin|allée|allee|impasse|quai|cours|route|passage|square|faubourg|"
    r"calle|c/|c\.|avda\.?|avenida|plaza|paseo|carrer|camino|ronda|travesía|rua|travessa|largo|praça|"
    r"estrada|via|viale|piazza|corso|vicolo|"
    r"largo|strada|ul\.?|ulica|al\.|aleja|aleje|pl\.|plac|os\.|osiedle|utca|strada|str\.|bulevardul|"
    r"odos|ulitsa|ulice|náměstí|třída|trg)"
)
_OF = (
    r"(?:de la |de los |de las |de l'|de |du |des |del |della |dello |degli |dei |delle |d'|la |le |les |"
    r"l'|da |do |dos |das |św\. |gen\. |ks\. )"
)
_NUMBER_FIRST = re.compile(
    rf"(?<![\w.,/-])\d{{1,4}}(?:[ ]?(?:bis|ter|quater|[A-D](?!\w)))?,?[ ]{{1,2}}{_ROMANCE_KIND}[ "
    rf"]{_OF}{{0,2}}{_CAP}(?:[ -]{_OF}?{_CAP}){{0,4}}{_TAIL}",
    re.IGNORECASE,
)
_NUMBER_LAST = re.compile(
    rf"(?<![\w]){_ROMANCE_KIND}[ ]{{0,2}}{_OF}{{0,2}}(?:\d{{1,2}}[ ])?{_CAP}(?:[ "
    rf"-]{_OF}?{_CAP}){{0,4}},?[ ]{{1,2}}(?:(?:n|nr|no|núm|num)?[.°º]{{0,2}}[ "
    rf"]?)\d{{1,4}}[a-zA-Z]?(?:/\d{{1,4}})?(?:[ ]?m\.?[ ]?\d{{1,3}})?(?!\w){_TAIL}",
    re.IGNORECASE,
)
_TURKISH = re.compile(
    rf"(?<!\w){_CAP}(?:[ ]{_CAP}){{0,2}}[ ](?:Cad\.?|Caddesi|Cd\.|Sok\.?|Sokak|Sokağı|Sk\.|Mah\.?|"
    rf"Mahallesi|Bulvarı|Blv\.)(?:[ ,]{{1,2}}[\w.]{{1,20}}){{0,3}}?[ ,]{{1,2}}(?:No\.?[: "
    rf"]{{0,2}})?\d{{1,4}}(?:/\d{{1,4}})?(?!\w){_TAIL}"
)
_BOX = re.compile(
    rf"(?<!\w)(?:P\.?[ ]?O\.?[ ]?Box|Post Office Box|Postfach|Boîte postale|B\.?P\.|Apartado(?: de "
    rf"correos| postal)?|Casella postale|C\.P\.|Skrytka pocztowa|skr\. poczt\.|Postbus|Postboks|Box)[ "
    rf"]{{1,2}}(?:no\.?[ ])?(?:\d{{2}}(?:[ ]\d{{2}}){{1,3}}|\d{{1,6}})(?![\d]){_TAIL}",
    re.IGNORECASE,
)
_FULL_CODE = re.compile(
    rf"(?<![\w-])(?:{_UK_CODE}|{_CA_CODE})(?![\w-])|(?<![\w-]){_CAP}(?:[ ]{_CAP}){{0,2}},[ "
    rf"]{{1,2}}{_STATE}[ ]{{1,2}}\d{{5}}(?:-\d{{4}})?(?!\w)|(?<![\w.,-])(?:\d{{4}}[ ](?!AD|BC|AM|PM|EU|"
    rf"IT|HR|TV|KG|KM|MM|UK|US)[A-Z]{{2}}|\d{{2}}-\d{{3}})[ ]{_CAP}(?:[ ]{_CAP})?"
)
_LINE = re.compile(
    rf"(?:(?<=\n)|(?<=[,;|>\"][ ])|(?<=[,;|>\"(])|^)[ ]{{0,4}}({_CODE_TOWN})(?=[ ]{{0,3}}(?:[\n,;|\"<).]|$))",
    re.MULTILINE,
)
_NAMED = re.compile(rf"(?<!\w)({_CAP}(?:[ -]{_CAP}){{0,2}}[ ]\d{{1,4}}[a-z]?){_SEP}(?={_CODE_TOWN})")
_LABELLED = re.compile(
    r"(?<!\w)(?:(?:home |postal |mailing |private |billing |delivery |street |residential |visiting "
    r")?address|anschrift|wohnhaft(?: in)?|privatanschrift|adresse|wohnort|lives at|living at|resident "
    r"at|residing at|"
    r"domicilio|dirección|indirizzo|adres|adres zamieszkania|zamieszkał[ay])[\"'*]{0,3}[ ]{0,2}[:=|][ "
    r"\"'*|]{0,4}((?=[^\n|\"]{0,60}\d)[^\n|\";]{6,90})",
    re.IGNORECASE,
)
_ANYWHERE = (_ENGLISH, _NUMBER_FIRST, _FULL_CODE)
_NUMBER_BEHIND = (_GERMANIC, _NUMBER_LAST, _TURKISH, _BOX)
_BEHIND_WORD = re.compile(r"[^\W\d_][.,]?[ ]{1,2}(?:(?:[Nn]|[Nn]r|[Nn]o|[Nn]úm)[.°º: ]{1,3})?\d")
_LINE_END = re.compile(r"(?<!\n)\n(?![ \t>]*\n)")
_BEFORE, _AFTER = 110, 130  # characters of an address around its number


def find_addresses(text: str) -> Iterator[Find]:
    """Addresses and parts of such in `text`."""
    if not any(c.isdigit() for c in text):
        return
    joined = join_lines(text)
    for pattern in _ANYWHERE:
        for match in pattern.finditer(joined):
            yield _find(match.start(), match.end(), joined)
    for start, end in _windows(joined):
        for pattern in _NUMBER_BEHIND:
            for match in pattern.finditer(joined, start, end):
                yield _find(match.start(), match.end(), joined)
    for pattern in (_LINE, _NAMED, _LABELLED):
        for match in pattern.finditer(text):
            if "@" not in match[1]:
                yield _find(match.start(1), match.end(1), text)


def join_lines(text: str) -> str:
    """`text` with its lines run on where no paragraph ends; every position stays."""
    return _LINE_END.sub(" ", text)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Where a number stands behind a word, with what is around it; the patterns for such are slow elsewhere."""
    start = end = -1
    for match in _BEHIND_WORD.finditer(text):
        if match.start() - _BEFORE > end:
            if end > 0:
                yield start, end
            start = text.rfind(" ", 0, max(0, match.start() - _BEFORE)) + 1
            start = max(start, match.start() - 2 * _BEFORE, 0)
        end = match.end() + _AFTER
    if end > 0:
        yield start, end


def _find(start: int, end: int, text: str) -> Find:
    words = text[start:end].strip(" \n,;.")
    start = text.index(words, start)
    return Find(
        start=start, end=start + len(words), kind=Kind.ADDRESS, of=" ".join(words.lower().replace(",", " ").split())
    )
