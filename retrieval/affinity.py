"""How well a document as a whole fits the hints of a query: its names, times, kind and title words.

Read from what a document is called (title, file name, headings, metadata), not from what it says. Pure; made for
hundreds of documents a query: what depends on the query or on the document's name alone is worked out once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import unquote

from ingest.model import Document

from .stop_words import STOP_WORDS
from .understanding.dates import quarter_of
from .understanding.model import KIND_FORMATS, KIND_METADATA, Kind, Period, Understanding
from .understanding.periods import find_periods

_WORD = re.compile(r"[^\W_]+(?:[-.&'’][^\W_]+)*")
_BREAKS = re.compile(
    r"[_\s,;()\[\]]+|(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])|\.(?=\w{1,5}$)|(?<=[^\W\d_]{2})-(?=\d|Q\d|FY\d)"
    r"|(?<=\d)(?=[A-Z][a-z])"
)
_NOT_WORDS = re.compile(r"[^\w&]+|_")
_LEGAL_FORMS = frozenset(
    """
    inc corp corporation company co ltd limited llc plc lp gmbh ag se kg kgaa ohg ev as asa ab oy oyj aps sa nv bv spa
    """.split()
)
_TICKER = re.compile(r"(?<!\w)[A-Z]{3,5}(?!\w)")
_PROPER = re.compile(r"(?<!\w)[A-Z][A-Za-z]{3,30}(?!\w)")
_LAST_LETTERS = frozenset("cil")
"""Of "Corporation", "Incorporated" and "Limited"."""
_TICKER_FIT = 0.6
"""How sure it is that letters from a company's name are its ticker."""
_MAY_NAME_TIMES = re.compile(
    r"(?:19|20)\d\d|[qh][1-4]|[1-4][qh]|fy|gj|fiscal|financial|geschäftsjahr|regnskapsår", re.IGNORECASE
)
"""What every time in a name has some of; to look for that first is much faster."""
_STOPS = STOP_WORDS["en"] | STOP_WORDS["de"]
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class _Asked:
    """The hints of one query, ready to be held against documents."""

    names: tuple[tuple[str, str], ...]
    periods: tuple[Period, ...]
    formats: frozenset[str]
    metadata: tuple[str, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Called:
    """What a document's title and file name say. `text` has its words, lower case, one blank around each."""

    text: str
    tickers: frozenset[str]
    proper: tuple[str, ...]
    years: frozenset[int]
    quarters: frozenset[tuple[int, int]]
    days: tuple[tuple[date, date], ...]


def document_affinity(
    understanding: Understanding, document: Document, headings: Sequence[str] = ()
) -> Mapping[str, float]:
    """Which hints speak for a document, each above 0 and at most 1; what says nothing is left out.

    "name": the share of the asked names that its title, file name or metadata hold, as whole words. "period": how well
    the times it is named after fit one that is asked for, less so the day it was changed. "kind": 1 where its
    format is one asked for. "title": the share of the query's words that its title and file name hold. Headings count
    for names and times.
    """
    asked = _asked(understanding)
    found = fits_beside_names(understanding, document, headings)
    if asked.names:
        called = _called(document.title, document.uri, tuple(headings))
        if share := _name_share(asked, called, document):
            found["name"] = share
    return found


def fits_beside_names(
    understanding: Understanding, document: Document, headings: Sequence[str] = ()
) -> dict[str, float]:
    """As `document_affinity`, without "name": `name_fits` tells more of names."""
    asked = _asked(understanding)
    found: dict[str, float] = {}
    if asked.periods:  # Few queries ask for times, and to find those of a name takes longest.
        called = _called(document.title, document.uri, tuple(headings))
        if fit := max(_period_fit(period, called, document) for period in asked.periods):
            found["period"] = fit
    if document.format in asked.formats or any(key in document.metadata for key in asked.metadata):
        found["kind"] = 1.0
    if asked.words and (shared := asked.words & _title_words(document.title, document.uri)):
        found["title"] = round(len(shared) / len(asked.words), 4)
    return found


def named_until(document: Document) -> str | None:
    """The last day, ISO 8601, of the latest time that a document is named after ("2022 Q3"); None without one."""
    called = _called(document.title, document.uri, ())
    ends = [last for _, last in called.days]
    ends += [date(year, 3 * quarter, 28) for year, quarter in called.quarters]
    if not ends:
        ends = [date(year, 12, 31) for year in called.years]
    return max(ends).isoformat() if ends else None


@lru_cache(maxsize=64)
def _asked(understanding: Understanding) -> _Asked:
    words = frozenset(map(_form, _WORD.findall(understanding.text[:8_000].casefold())))
    stops = _STOPS | STOP_WORDS.get(understanding.language, frozenset())
    names = tuple((_named(name), name) for name in understanding.names)
    return _Asked(
        names=tuple(pair for pair in names if pair[0].strip()),
        periods=understanding.periods,
        formats=frozenset().union(*(KIND_FORMATS[kind] for kind in understanding.kinds if kind is not Kind.TABLE)),
        metadata=tuple(KIND_METADATA[kind] for kind in understanding.kinds if kind in KIND_METADATA),
        words=frozenset(word for word in words if word not in stops and len(word) > 1),
    )


@lru_cache(maxsize=_KEPT)
def _called(title: str, uri: str, headings: tuple[str, ...]) -> _Called:
    whole = " \n ".join((_own_names(title, uri), *headings))[:4_000]
    # "2022_Q3_AAPL.pdf" and "Q3FY22Results.docx" are read as words.
    spaced = _BREAKS.sub(" ", whole)
    periods = (find_periods(spaced, None) or find_periods(whole, None)) if _MAY_NAME_TIMES.search(whole) else ()
    return _Called(
        text=f"{_plain(whole)}{_plain(spaced)}",
        tickers=frozenset(_TICKER.findall(spaced)),
        proper=tuple(dict.fromkeys(_PROPER.findall(spaced)))[:20],
        years=frozenset(y for p in periods for y in {p.year or p.first.year, p.year or p.last.year}),
        quarters=frozenset((p.year, p.quarter) for p in periods if p.year is not None and p.quarter is not None),
        days=tuple((p.first, p.last) for p in periods if p.quarter is None and (p.last - p.first).days < 200),
    )


def name_fits(understanding: Understanding, document: Document) -> tuple[float, ...]:
    """For each of the asked names how sure it is, from 0 to 1, that the document is named after it."""
    return tuple(_name_fits(_asked(understanding), _called(document.title, document.uri, ()), document))


@lru_cache(maxsize=_KEPT)
def _title_words(title: str, uri: str) -> frozenset[str]:
    return frozenset(map(_form, _WORD.findall(_BREAKS.sub(" ", _own_names(title, uri)).casefold())))


def _own_names(title: str, uri: str) -> str:
    """The title, and the file's name where that is another."""
    name = unquote(uri.rstrip("/").rsplit("/", 1)[-1])
    return f"{title} \n {name}" if name != title else title


def _name_share(asked: _Asked, called: _Called, document: Document) -> float:
    held = _name_fits(asked, called, document)
    return round(sum(held) / len(held), 4)


def _name_fits(asked: _Asked, called: _Called, document: Document) -> list[float]:
    held = [_name_fit(plain, name, called) for plain, name in asked.names]
    if document.metadata and min(held, default=1.0) < 1.0:
        about = _plain_metadata(tuple(document.metadata.values()))
        held = [1.0 if plain in about else fit for (plain, _), fit in zip(asked.names, held, strict=True)]
    return held


def _name_fit(plain: str, name: str, called: _Called) -> float:
    if plain in called.text:
        return 1.0
    if _TICKER.fullmatch(name):
        return _TICKER_FIT if any(_may_stand_for(name, company) for company in called.proper) else 0.0
    words = plain.split()
    if len(words) == 1:
        return _TICKER_FIT if any(_may_stand_for(ticker, words[0]) for ticker in called.tickers) else 0.0
    # "Goldman Sachs Group": part of a name is some of it.
    return 0.5 * sum(f" {word} " in called.text for word in words if len(word) > 2) / len(words)


@lru_cache(maxsize=_KEPT)
def _may_stand_for(ticker: str, company: str) -> bool:
    """Whether a ticker is made of a company's letters in order: MSFT of Microsoft, INTC of Intel Corporation."""
    letters, name = ticker.lower(), company.lower()
    if len(name) < 4 or letters[0] != name[0] or letters in name:
        return False
    # A name's first letter may stand twice; its last letter may be that of "Corporation".
    forms = {letters, letters[1:]} if letters[:2] == letters[0] * 2 else {letters}
    return any(
        _in_order(form, name) or (len(form) > 3 and form[-1] in _LAST_LETTERS and _in_order(form[:-1], name))
        for form in forms
    )


def _in_order(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)


def _period_fit(asked: Period, called: _Called, document: Document) -> float:
    """How well the times that a document is named after fit: labels first, then days, then the day it was changed."""
    if not called.years and not called.quarters:
        return 0.3 if _changed_within(asked, document.modified_at) else 0.0
    if asked.quarter is not None:
        return _quarter_fit(asked, called)
    if any(asked.first <= last and first <= asked.last for first, last in called.days):
        return 1.0
    first_year, last_year = (asked.year, asked.year) if asked.year is not None else (asked.first.year, asked.last.year)
    if (asked.last - asked.first).days >= 200:
        return 1.0 if any(first_year <= year <= last_year for year in called.years) else 0.0
    return _day_fit(asked, called, first_year, last_year)


def _day_fit(asked: Period, called: _Called, first_year: int, last_year: int) -> float:
    """For a day or month asked for: documents named after quarters may mean fiscal ones, up to three from there."""
    if called.quarters:
        at = 4 * asked.last.year + quarter_of(asked.last)
        nearest = min(abs(4 * year + quarter - at) for year, quarter in called.quarters)
        return (0.8, 0.6, 0.3, 0.2)[nearest] if nearest < 4 else 0.0
    if called.days:
        return 0.0
    return 0.5 if any(first_year <= year <= last_year for year in called.years) else 0.0


def _quarter_fit(asked: Period, called: _Called) -> float:
    if asked.year is None:
        return 0.5 if any(quarter == asked.quarter for _, quarter in called.quarters) else 0.0
    if (asked.year, asked.quarter) in called.quarters:
        return 1.0
    if called.quarters:
        return 0.2 if any(year == asked.year for year, _ in called.quarters) else 0.0
    if called.days:
        # The days of a fiscal quarter may lie one quarter before or after those of the calendar's.
        if any(asked.first <= last <= asked.last + timedelta(days=7) for _, last in called.days):
            return 0.8
        margin = timedelta(days=92)
        near = any(asked.first - margin <= last <= asked.last + margin for _, last in called.days)
        return 0.4 if near else 0.0
    return 0.6 if asked.year in called.years else 0.0


def _changed_within(asked: Period, modified_at: str) -> bool:
    day = modified_at[:10]
    return asked.first.isoformat() <= day <= asked.last.isoformat() if len(day) == 10 else False


@lru_cache(maxsize=_KEPT)
def _plain_metadata(values: tuple[str, ...]) -> str:
    return _plain(" \n ".join(values)[:4_000])


def _plain(text: str) -> str:
    return f" {_NOT_WORDS.sub(' ', text.casefold()).strip()} "


def _named(name: str) -> str:
    """A name as words, without the form of the company."""
    words = _plain(name).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return f" {' '.join(words)} "


def _form(word: str) -> str:
    """A word without possessive and plural: enough to tell that a title has it."""
    word = word.removesuffix("'s").removesuffix("’s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
