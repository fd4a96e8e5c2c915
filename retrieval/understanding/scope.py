"""How wide a question reaches: what it leaves out, whether it compares, which kinds of thing it asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from .model import Kind, Period

_EXCLUDING = re.compile(
    r"(?<!\w)(?:except(?:\s{1,3}for)?|excluding|exclusive\s{1,3}of|other\s{1,3}than|apart\s{1,3}from|aside\s{1,3}from"
    r"|not\s{1,3}(?:including|counting)|without\s{1,3}(?:counting|including|considering)|leaving\s{1,3}out"
    r"|with\s{1,3}the\s{1,3}exception\s{1,3}of"
    r"|außer|ausser|ausgenommen|mit\s{1,3}ausnahme\s{1,3}(?:von|der|des)|abgesehen\s{1,3}von|ohne\s{1,3}berücksichtigung\s{1,3}"
    r"(?:von|der|des)|nicht\s{1,3}eingerechnet"
    r"|unntatt|bortsett\s{1,3}fra|med\s{1,3}unntak\s{1,3}av|utenom)\s{1,3}",
    re.IGNORECASE,
)
_OHNE = re.compile(
    r"(?<!\w)ohne\s{1,3}((?:[\w-]{1,40}\s{1,3}){1,5}?)(?:zu\s{1,3}(?:berücksichtigen|zählen|beachten)|einzurechnen|mitzuzählen)",
    re.IGNORECASE,
)
_BUT_NOT = re.compile(
    r"(?<!\w)(?:but\s{1,3}not|aber\s{1,3}nicht|men\s{1,3}ikke)\s{1,3}(?=(?:in\s|for\s|i\s)?[^\W\d_a-zß-ÿ])"
)
_NO_SCOPE = frozenset(
    """
    when if where that as while because since in on at by to for from with it this these those they we you he she
    wenn dass wo weil als in im am bei mit für es er sie wir
    når hvis at der som i på ved med for det de vi du
    """.split()
)
_ARTICLES = frozenset(
    "the a an any all our my your their der die das den dem des ein eine einen einem einer alle unsere det de".split()
)
_ITEM_ENDS = frozenset(
    """
    is are was were be do does did has have had can could will would should may might must when if where that which
    who in on at by to for from with as than of per how what why ist sind war wird werden hat haben kann wenn dass
    im am bei mit für von er og som når i på ved med
    """.split()
)
_AND = frozenset("and or nor und oder og eller".split())
_TOKEN = re.compile(r"[\w&'’.-]*[\w&]|[^\w\s]")
_LONGEST_ITEM = 4
_MOST_EXCLUDED = 16

_COMPARES = re.compile(
    r"(?<!\w)(?:compar(?:e|es|ed|ing|isons?|ative)|differ(?:s|ed|ences?|ent\s{1,3}between)?|versus|vs"
    r"|contrast(?:s|ed)?"
    r"|year[- ](?:over|on)[- ]year|yoy|quarter[- ](?:over|on)[- ]quarter|over\s{1,3}time"
    r"|over\s{1,3}the\s{1,3}(?:\w{1,20}\s{1,3}){0,3}"
    r"(?:years|quarters|periods?|months|timeframe)|trends?|evol(?:ved?|ving|ution)"
    r"|across|which\s{1,3}of|each\s{1,3}(?:of|company|year|quarter|country|site|team)|respectively"
    r"|(?:these|those|all|previous|prior|several|multiple)\s{1,3}(?:\w{1,20}\s{1,3})?(?:quarters|years|companies|documents|reports|filings"
    r"|policies|versions|countries|offices)"
    r"|how\s{1,3}(?:has|have|had|did|does)\s(?:[^\s?]{1,40}\s{1,3}){1,9}?"
    r"(?:chang(?:e|ed|ing)|develop(?:ed)?|var(?:y|ied|ies)|grown?|grew)"
    r"|vergleich(?:e|en|t|s)?|verglichen|unterschied\w{0,3}|unterscheide[nt]|gegenüber|im\s{1,3}verlauf|entwicklung|entwickelt"
    r"|sammenlign\w{0,6}|forskjell\w{0,4}|utvikl(?:ing|et)\w{0,3}|i\s{1,3}forhold\s{1,3}til)(?!\w)",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s{0,3}(?:,|/|&|and|or|vs\.?|versus|und|oder|og|eller|to|than)\s{0,3}(?:the\s)?", re.IGNORECASE)

_ASKING = (
    r"(?:which|what|the|that|this|an?|any|my|our|in|i|from|by|welche[rsmn]?|de[rmns]|die|das|eine[rmn]?|einem?|per"
    r"|hvilken|hvilket|en|et)\s{1,3}"
)
_KINDS: tuple[tuple[Kind, str], ...] = (
    (Kind.TABLE, r"tables?|tabellen?|tabellene|tabell"),
    (
        Kind.SLIDE,
        r"slides?|slide\s?decks?|presentations?|powerpoints?|folien?|präsentation(?:en)?|lysbilde[rt]?|presentasjon(?:en|er)?",
    ),
    (
        Kind.MAIL,
        _ASKING
        + r"(?:e-?mails?|mails?|e-?post(?:en|er)?)(?!\s{1,3}(?:address\w*|adress\w*|server|client|account|program)|-)",
    ),
    (
        Kind.SPREADSHEET,
        r"spreadsheets?|workbooks?|worksheets?|excel(?:\s{1,3}(?:file|sheet)s?)?|arbeitsmappen?|regneark(?:et)?",
    ),
    (Kind.PDF, _ASKING + r"pdfs?"),
    (Kind.PICTURE, _ASKING + r"(?:pictures?|photos?|images?|screenshots?|scans?|bild(?:er|ern)?|fotos?|bildet?)"),
    (
        Kind.MESSAGE,
        r"(?:in\s{1,3}|on\s{1,3}|auf\s{1,3}|på\s{1,3})slack|(?:slack|chat)[\s-]{1,3}(?:messages?|threads?|channels?|posts?|nachricht(?:en)?|melding(?:er)?)"
        r"|(?:which|what|welche[rmn]?|hvilken)\s{1,3}(?:messages?|threads?|nachricht(?:en)?|melding)",
    ),
    (
        Kind.CODE,
        r"source\s{1,3}code|code\s{1,3}(?:snippets?|samples?|examples?)|quell(?:code|text)\w{0,2}|kildekode\w{0,2}",
    ),
    (Kind.WEB_PAGE, r"web\s?(?:pages?|sites?)|webseiten?|nettsiden?"),
    (Kind.WORD, r"word\s{1,3}(?:documents?|files?)|word-dokument\w{0,3}"),
)
_KIND_PATTERNS = tuple(
    (kind, re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE)) for kind, pattern in _KINDS
)


def find_excluded(text: str) -> tuple[str, ...]:
    """What the question says it does not want, in order. "Without approval" is a thing asked for, not left out."""
    found: list[str] = []
    for match in [*_EXCLUDING.finditer(text), *_BUT_NOT.finditer(text)][:_MOST_EXCLUDED]:
        found += _items(text[match.end() : match.end() + 200])
    for match in _OHNE.finditer(text):
        found += _items(match[1])
    return tuple(dict.fromkeys(found))[:_MOST_EXCLUDED]


def _items(rest: str) -> list[str]:
    """The things listed at the start of `rest`, up to the end of the clause."""
    items: list[list[str]] = [[]]
    tokens = _TOKEN.findall(rest)
    if tokens and tokens[0].casefold() in _NO_SCOPE - {"for"}:
        tokens = tokens[1:] if tokens[0] in ("in", "i", "for") and tokens[1:] and tokens[1][0].isupper() else []
    for token in tokens:
        low = token.casefold()
        if low in _AND or token == ",":
            items.append([])
        elif low in _ITEM_ENDS or not any(c.isalnum() for c in token):
            break
        elif low not in _ARTICLES or items[-1]:
            items[-1].append(token.rstrip("."))
            if len(items[-1]) == _LONGEST_ITEM:
                break
    named = [" ".join(item) for item in items if item]
    # What follows a comma is listed only when it goes on like a list: "except Norway, how many ..." does not.
    return named[: 1 + next((n for n, item in enumerate(items[1:]) if not item), len(named))]


def asks_to_compare(text: str, names: Sequence[str], periods: Sequence[Period]) -> bool:
    """Whether an answer needs several documents: words that compare, several times, or names joined by "and"."""
    if len({(period.first, period.last) for period in periods}) > 1 or _COMPARES.search(text):
        return True
    # A fiscal year lies in two.
    if any(period.last.year > period.first.year + 1 and period.year is None for period in periods):
        return True
    low = text.casefold()
    places = sorted((at, at + len(name)) for name in names if (at := low.find(name.casefold())) >= 0)
    return any(end <= start and _JOINED.fullmatch(low, end, start) for (_, end), (start, _) in pairwise(places))


def find_kinds(text: str) -> tuple[Kind, ...]:
    """The kinds of thing asked for, in the order of `Kind`'s rules."""
    return tuple(kind for kind, pattern in _KIND_PATTERNS if pattern.search(text))
