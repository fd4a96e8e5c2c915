"""Text to index terms: words cut to their stems by the rules of their language; codes, amounts and identifiers whole.

"FJ-320" gives "fj-320", "fj" and "320"; "StdMapObserver" gives itself and its words; "1,200" gives "1200". Scripts
that write no blanks between words give pairs of characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .language import STOP_WORDS

Stem = Callable[[Sequence[str], str], list[str]]
"""(words, ISO 639-1 code of their language) to their stems, one for one."""

DEFAULT_LANGUAGE = "en"
_MOST_TERM = 60
"""Characters of the longest term: what is longer is an address or noise, and is found by its parts."""

_NUMBER = r"\d{1,3}(?:[,.’'\u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\w)|\d+[.,]\d+(?![\w.,-])"
_TOKEN = re.compile(rf"(?<![\w.,]){_NUMBER}|[^\W_]+(?:(?:::|->|[-_./:&@+])[^\W_]+)*[+#]*")
_NUMBER_ALONE = re.compile(_NUMBER)
_PART = re.compile(r"\d+|[^\W\d_]+")
_CASE_CHANGE = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])")
_POSSESSIVE = re.compile(r"['’]s\b")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_SEPARATORS = re.compile(r"[,.’'\u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query, as the terms that it may be in a text: one for each language that stems it otherwise."""

    terms: tuple[str, ...]


def index_terms(text: str, language: str, stem: Stem) -> list[str]:
    """The terms of a text in its order, repeated as they are; "" as language is taken as English."""
    words = list(_words(text))
    return stem(words, language or DEFAULT_LANGUAGE)


def query_words(text: str, language: str, languages: Sequence[str], stem: Stem) -> list[Word]:
    """The words of a query that name something, each once. `languages` are those that texts may be in.

    Words that only ask are left out: those of the query's language, or of all `languages` where it is not known.
    """
    asking: frozenset[str] = frozenset()
    for one in [language] if language in STOP_WORDS else (*languages, DEFAULT_LANGUAGE):
        asking |= STOP_WORDS.get(one, frozenset())
    words = list(dict.fromkeys(word for word in _words(text) if word not in asking))
    tried = list(dict.fromkeys([*languages, language or DEFAULT_LANGUAGE]))
    stems = [stem(words, one) for one in tried]
    # Two words of one stem ("travel", "travels") are asked for once.
    return list(dict.fromkeys(Word(tuple(dict.fromkeys(forms))) for forms in zip(*stems, strict=True)))


def _words(text: str) -> Iterator[str]:
    """Words before stemming: lower case, whole ones first, then their parts."""
    for token in _TOKEN.findall(_POSSESSIVE.sub("", text)):
        if _UNSPACED.search(token):
            yield from _pairs(token)
        elif token.isdecimal() or (token.isalpha() and (token.islower() or token[1:].islower())):
            if len(token) <= _MOST_TERM:
                yield token.casefold()
        elif _NUMBER_ALONE.fullmatch(token):
            yield from _number(token)
        else:
            yield from _parts(token)


def _number(token: str) -> Iterator[str]:
    """A number without the marks between its thousands; "1.200" may be a thousand or one."""
    bare = _SEPARATORS.sub("", token)
    decimals = re.search(r"[.,](\d+)$", token)
    if decimals is None or (len(decimals.group(1)) == 3 and ("," in token or len(_SEPARATORS.findall(token)) > 1)):
        yield bare
    elif len(decimals.group(1)) == 3:
        yield bare
        yield f"{token[: decimals.start()]}.{decimals.group(1)}"
    else:
        yield f"{_SEPARATORS.sub('', token[: decimals.start()])}.{decimals.group(1)}"


def _parts(token: str) -> Iterator[str]:
    if len(token) <= _MOST_TERM:
        yield token.casefold()
    parts = [part for run in _PART.findall(token) for part in (_CASE_CHANGE.split(run))]
    if len(parts) > 1:
        for part in parts:
            if len(part) <= _MOST_TERM:
                yield part.casefold()


def _pairs(token: str) -> Iterator[str]:
    """Neighbouring characters of unspaced scripts in pairs, what stands between them as words."""
    last = 0
    for run in _UNSPACED.finditer(token):
        if before := token[last : run.start()]:
            yield from _parts(before)
        characters = run.group()
        if len(characters) == 1:
            yield characters
        yield from (characters[place : place + 2] for place in range(len(characters) - 1))
        last = run.end()
    if after := token[last:]:
        yield from _parts(after)


STRONG, STRONGER = "|2", "|4"
"""Marks of terms that stand often in a text: no term has such a sign of its own."""


def marked(context: Mapping[str, int], body: Mapping[str, int]) -> Iterator[str]:
    """Each term once, and again with a mark for each step of how much a text is about it.

    What stands in the context (title, headings) counts two more. The steps stand in for BM25's saturated frequency.
    """
    for term in {**body, **context}:
        strength = body.get(term, 0) + (2 if term in context else 0)
        yield term
        if strength >= 2:
            yield term + STRONG
        if strength >= 4:
            yield term + STRONGER
