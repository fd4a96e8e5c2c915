"""A sentence as the checks read it: words, figures, dates and names, each one token with its span and its clause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ..words import STOPWORDS, stem
from .dates import DateMention, date_mentions
from .measures import Measure, measures
from .vocabulary import MODALS, NEGATIONS, SCOPES

Kind = Literal["word", "figure", "date", "code", "negation", "modal", "scope"]

_TOKEN = re.compile(r"(?P<word>[^\W_]+(?:[-'’.&/+#@_:][^\W_]+)*[+#%]*)|(?P<mark>[,;:()–—!?…|]|\.(?!\w)|\s-\s)")
_SPLIT_CLAUSE = frozenset(
    "and but or while whereas because if when und aber oder sondern während weil wenn falls".split()
)
_CONTRACTED = {"won't": "will", "shan't": "shall", "can't": "can", "cannot": "can"}
_QUIET = re.compile(
    r"\b(?:not only|nicht nur|no later than|not later than|no more than|not more than|no less than|not less than"
    r"|no fewer than|no longer than|not longer than|no greater than|not least|whether or not|if not|no doubt"
    r"|nicht mehr als|nicht weniger als|nicht länger als|nicht zuletzt|spätestens|nothing but|none other than"
    r"|no matter|if possible|wherever possible|can be found|at all|after all|above all|all in all|vor allem"
    r"|not to mention|in some cases|as well as|each other|in any case|at any time|no\.(?=\s?\d)|nr\.)",
    re.IGNORECASE,
)
_OUGHT_TO = frozenset("have has had need needs".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word, figure or date at [start, end) of its text. `key` is what two tokens share that say the same.

    `content` tells it from words such as "the"; `name` says that it is capitalised where a plain word would not be, or
    holds digits; `opens` that it stands first in its sentence; `clause` counts the clauses before it.
    """

    kind: Kind
    text: str
    key: str
    start: int
    end: int
    content: bool = False
    name: bool = False
    opens: bool = False
    clause: int = 0
    figure: Measure | None = None
    date: DateMention | None = None


@lru_cache(maxsize=1024)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of one sentence (or of several), in order; "isn't" gives two with one span."""
    items = _items(text)
    quiet = [match.span() for match in _QUIET.finditer(text)]
    found: list[Token] = []
    clause, at, opens = 0, 0, True
    place, quietly = 0, 0  # the next item and the next quiet phrase
    for match in _TOKEN.finditer(text):
        if match.start() < at:
            continue
        if match["mark"]:
            clause += 1
            opens = opens or match["mark"] in ".!?:|"
            continue
        while place < len(items) and items[place].end <= match.start():
            place += 1
        item = items[place] if place < len(items) else None
        # A figure may begin with a sign or currency that is no word.
        if item is not None and item.start < match.end():
            found.append(_item(text, item, clause))
            at = max(item.end, match.end())
        else:
            word = match.group()
            clause += word.lower() in _SPLIT_CLAUSE
            while quietly < len(quiet) and quiet[quietly][1] <= match.start():
                quietly += 1
            silent = quietly < len(quiet) and quiet[quietly][0] <= match.start()
            found.extend(_words(text, word, match.start(), match.end(), clause, opens=opens, silent=silent))
        opens = False
    return tuple(found)


def _items(text: str) -> list[Measure | DateMention]:
    # A lone "one" or "first" is a word like any other.
    figures = [m for m in measures(text) if not (m.worded and m.value == 1)]
    return sorted([*figures, *date_mentions(text)], key=lambda item: item.start)


def _item(text: str, item: Measure | DateMention, clause: int) -> Token:
    written = text[item.start : item.end]
    if isinstance(item, Measure):
        key = f"{item.base()}{item.upper}"
        return Token(kind="figure", text=written, key=key, start=item.start, end=item.end, clause=clause, figure=item)
    key = str([getattr(item, part) for part in ("year", "month", "day", "quarter", "half", "week", "weekday")])
    return Token(kind="date", text=written, key=key, start=item.start, end=item.end, clause=clause, date=item)


def _words(text: str, word: str, start: int, end: int, clause: int, *, opens: bool, silent: bool) -> list[Token]:
    low = word.lower().replace("’", "'")
    if low == "cannot" or low.endswith("n't"):
        verb = _CONTRACTED.get(low, low.removesuffix("n't"))
        return [
            _word(verb, verb, start, end, clause, (MODALS.get(verb) and "modal") or "word"),
            _word(word, "not", start, end, clause, "negation"),
        ]
    kind: Kind = "word"
    if not silent:
        kind = _kind(text, low, word, end, opens=opens)
    key = stem(low)
    if kind == "negation":
        key = "not"
    capital = word[:1].isupper() and word.lower() not in STOPWORDS
    inner = any(c.isupper() for c in word[1:]) and len(word) > 1
    code = any(c.isdecimal() for c in word)
    if code:
        kind, key = "code", low
    return [
        Token(
            kind=kind, text=word, key=key, start=start, end=end, clause=clause, opens=opens,
            content=kind == "code" or (kind == "word" and low not in STOPWORDS),
            name=code or (kind == "word" and (inner or (capital and not opens))),
        )
    ]  # fmt: skip


def _kind(text: str, low: str, word: str, end: int, *, opens: bool) -> Kind:
    following = text[end : end + 4].lower()
    if low in NEGATIONS and not (low == "no" and word != "no" and not opens):
        return "negation"
    if (
        low in MODALS
        and not (low == "may" and word == "May" and not opens)
        and not (low == "free" and following[:3] != " to")
    ):
        return "modal"
    if low in _OUGHT_TO and following == " to ":
        return "modal"
    if low in SCOPES and not (low == "most" and following == " of "):
        return "scope"
    return "word"


def _word(text: str, key: str, start: int, end: int, clause: int, kind: str) -> Token:
    chosen: Kind = "modal" if kind == "modal" else "negation" if kind == "negation" else "word"
    return Token(kind=chosen, text=text, key=key, start=start, end=end, clause=clause)
