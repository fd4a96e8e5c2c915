"""Names that a query asks for: companies, people, products, files, identifiers; and phrases in quotation marks.

A name is told by its form: in backticks, a mail address, a file, a path, CamelCase, snake_case, letters with digits,
capitals only. Beyond that, a run of capitalised words inside a sentence, and at its start when it is a possessive or
several words long. German writes every noun so: there only runs of two words, and one after "Firma", "Herr", "von".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..stop_words import STOP_WORDS
from .model import Period
from .periods import MONTHS

_PHRASE = re.compile(
    r'(?<!\w)"([^"\n]{1,300})"(?!\w)|“([^“”\n]{1,300})”|„([^„“”"\n]{1,300})[“”"]|«([^«»\n]{1,300})»|»([^«»\n]{1,300})«'
)
_CODE = re.compile(r"`([^`\n]{1,200})`")
_FILE_ENDINGS = (
    "pdf docx? xlsx?m? pptx? csv tsv md markdown txt html? xml json jsonl ya?ml toml ini cfg conf log eml msg"
    " odt rtf epub png jpe?g gif svg tiff? zip py ipynb js ts tsx jsx java kt go rs rb c cc cpp h hpp cs php sh sql r"
    " scala swift tf css proto lock rst org"
)
_SHAPED = re.compile(
    r"(?P<mail>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})"
    rf"|(?P<file>(?<![\w.])(?:[\w.-]{{1,80}}[/\\]){{0,8}}[\w-]{{1,80}}(?:\.[\w-]{{1,40}}){{0,4}}\.(?:{'|'.join(_FILE_ENDINGS.split())})(?!\w))"
    r"|(?P<standard>(?<!\w)(?:ISO|IEC|DIN|EN|IEEE|RFC|NIST|ANSI|ASTM|SOC|CVE)(?:[/ ](?:IEC|ISO|EN|SP))?"
    r"[ -]\d[\d.:-]{0,15}\b)"
    r"|(?P<path>(?<![\w./])[^\W\d]\w{0,60}(?:(?:\.|::|->|#)[^\W\d]\w{1,60}){1,8}(?!\w))"
    r"|(?P<part>(?<![\w-])(?=[\w-]{0,24}\d)(?=[\w-]{0,24}[A-Z])[A-Za-z0-9]{1,16}(?:[-_/][A-Za-z0-9]{1,16}){0,5}(?![\w-]))"
    r"|(?P<snake>(?<![\w-])_{0,2}[^\W_]{1,60}(?:_{1,2}[^\W_]{1,60}){1,8}_{0,2}(?!\w))"
    r"|(?P<camel>(?<![\w-])[^\W_]{0,60}?[a-zß-ÿ][A-ZÀ-Þ][^\W_]{0,60}(?!\w))"
)
_WORD = re.compile(r"[^\W\d_](?:[\w&]|[-.'’](?=[^\W_])){0,60}")
_OPENERS = frozenset(
    """
    compare describe list show give tell explain find summarize summarise outline discuss identify provide analyze
    analyse evaluate name based according regarding please hello hi dear thanks also let lets need want get see check
    assess detail determine calculate compute search look is was were does did has had do are many much all any some
    each every both no not yes but because while since during after before under over between within without per if
    then than there here only most more other another such i'm i'd i've i'll
    nenne zeige vergleiche erkläre beschreibe gib finde liste bitte hallo nicht kein keine
    vis finn list sammenlign forklar beskriv gi hei
    """.split()
)
_DAYS = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag
    """.split()
)
_NO_NAMES = frozenset(
    """
    ok faq pdf csv usd eur nok sek gbp chf am pm id ids url ceo cfo cto coo hr it vat pto tbd asap aka etc re fw fy
    ytd q&a ad bc gmt utc cet i a
    """.split()
)
_CONNECTORS = frozenset("of de la van von der den du da di del & y".split())
_NOUNS_BEFORE = frozenset(
    """
    firma unternehmen konzern kunde kunden kundin lieferant lieferanten herr herrn frau dr dr. prof prof. produkt
    projekt abteilung marke gesellschaft anbieter system software
    """.split()
)
_GERMAN_PREPOSITIONS = frozenset(("von", "bei"))
_NOUN_ENDINGS = tuple("ung heit keit schaft tion ionen en er nis tum ment tät ling".split())
_SENTENCE_END = re.compile(r"[.!?:;]\s+|\n|^\s*")
_GAP = re.compile(r"[ \t&]{1,3}(?:\d{1,2}(?:\.\d)?[ \t])?")
"""Between two words of one name: "Marks & Spencer", "Claude 3 Opus"."""
_POSSESSIVE = re.compile(r"['’]s?$")
_MOST = 64
"""A query that names more than this asks for none of them in particular."""


def find_phrases(text: str) -> tuple[str, ...]:
    """What stands in quotation marks, in order; a mark that is never closed opens nothing."""
    found = (" ".join(next(filter(None, match.groups())).split()) for match in _PHRASE.finditer(text))
    return tuple(dict.fromkeys(phrase for phrase in found if any(c.isalnum() for c in phrase)))


def find_names(
    text: str, *, language: str, periods: Sequence[Period] = (), outside: Sequence[str] = ()
) -> tuple[str, ...]:
    """Names in order, each once, without possessive endings; none of `outside`, and none that is a time."""
    taken = bytearray(len(text))
    for period in periods:
        taken[period.start : period.end] = b"\x01" * (period.end - period.start)
    found: list[tuple[int, str]] = []
    for start, end, name in _shaped(text):
        if not any(taken[start:end]):
            taken[start:end] = b"\x01" * (end - start)
            found.append((start, name))
    found += [(start, name) for start, end, name in _capitalised(text, language) if not any(taken[start:end])]
    avoided = {name.casefold() for name in outside}
    names: dict[str, str] = {}
    for _, name in sorted(found):
        if name.casefold() not in avoided:
            names.setdefault(name.casefold(), name)
    return tuple(names.values())[:_MOST]


def _shaped(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _CODE.finditer(text):
        name = match[1].strip()
        if any(c.isalnum() for c in name):
            yield match.start(), match.end(), name
    for match in _SHAPED.finditer(text):
        name = match[0]
        if match.lastgroup == "path" and all(len(part) < 3 for part in name.split(".")):
            continue  # "e.g", "U.S"
        if match.lastgroup == "part" and not any(c.isalpha() for c in name):
            continue
        yield match.start(), match.end(), name


def _capitalised(text: str, language: str) -> Iterator[tuple[int, int, str]]:
    words = [(match.start(), match.end(), match[0]) for match in _WORD.finditer(text)]
    capitals = sum(word[0].isupper() for _, _, word in words)
    if len(words) > 3 and capitals > 0.7 * len(words):
        return  # A heading or a shout: its capitals say nothing.
    openings = {match.end() for match in _SENTENCE_END.finditer(text)}
    at = 0
    while at < len(words):
        run = _run(text, words, at, joined=language != "de")
        if run:
            yield from _named(text, words, at, run, language=language, openings=openings)
        at += max(run, 1)


def _run(text: str, words: Sequence[tuple[int, int, str]], at: int, *, joined: bool) -> int:
    """How many words from `at` on are one run of capitalised ones, joined by "of" and the like where `joined`."""
    length = 0
    while at + length < len(words) and length < 8:
        start, end, word = words[at + length]
        if length and not _GAP.fullmatch(text, words[at + length - 1][1], start):
            break
        if word[0].isupper() and word.casefold() not in _DAYS:
            length += 1
            if _POSSESSIVE.search(word):
                break
            continue
        following = at + length + 1
        joins = (
            joined and length and word in _CONNECTORS and following < len(words) and words[following][2][0].isupper()
        )
        if not joins or text[end : words[following][0]] != " ":
            break
        length += 1
    return length


def _named(
    text: str, words: Sequence[tuple[int, int, str]], at: int, length: int, *, language: str, openings: set[int]
) -> Iterator[tuple[int, int, str]]:
    first, last = at, at + length
    opens = words[first][0] in openings or text[max(0, words[first][0] - 1) : words[first][0]] in ('"', "“", "„", "(")
    introduced = False
    while first < last and (_says_nothing(words[first][2]) or (language == "de" and _introduces(words[first][2]))):
        introduced = introduced or _introduces(words[first][2])
        opens = False  # What follows "Has" or "Firma" does not open the sentence.
        first += 1
    if first == last:
        return
    start, end, name = words[first][0], words[last - 1][1], text[words[first][0] : words[last - 1][1]]
    distinct = name.isupper() and len(name) > 1
    possessive = bool(_POSSESSIVE.search(name)) and language != "de"
    name = _POSSESSIVE.sub("", name)
    if last - first > 1 or distinct or possessive or introduced:
        yield start, end, name
    elif language == "de":
        before = words[first - 1][2].casefold() if first else ""
        if before in _NOUNS_BEFORE or (before in _GERMAN_PREPOSITIONS and not name.casefold().endswith(_NOUN_ENDINGS)):
            yield start, end, name
    elif not opens:
        yield start, end, name


def _introduces(word: str) -> bool:
    return word.casefold() in _NOUNS_BEFORE


def _says_nothing(word: str) -> bool:
    low = _POSSESSIVE.sub("", word.casefold())
    if word.isupper() and len(word) > 1:
        return low in _NO_NAMES  # "IT" is no "it", and "WHO" no "who".
    return low in _STOPS or low in _OPENERS or low in _NO_NAMES or low in MONTHS


_STOPS = frozenset().union(
    *(STOP_WORDS[language] for language in ("en", "de", "no", "sv", "da", "nl", "fr", "es", "it"))
)
