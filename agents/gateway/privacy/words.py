"""The words of a text with their spans, and which of them belong to companies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .lexicon import fold, is_given, is_weak, is_word

_WORD = re.compile(r"(?<![\w@])[^\W\d_]{1,40}+(?:['-][^\W\d_]{1,40}+){0,3}+(?![\w@])")
LEGAL_FORMS = frozenset(
    "gmbh ag kg ltd limited inc llc llp plc corp corporation bv nv oy aps sarl sas spa srl holding holdings".split()
)
_DOMAIN = re.compile(
    r"(?:@|//|www\.)(?:[\w-]{1,63}\.){0,3}?([^\W\d_][\w-]{2,62})\.(?:[a-z]{2,3}\.)?[a-z]{2,10}(?![\w.-]*@)"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: its span, and what stands between it and the word before."""

    text: str
    start: int
    end: int
    gap: str

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper()

    @property
    def is_upper(self) -> bool:
        return len(self.text) > 1 and self.text.isupper()


def words_in(text: str) -> list[Word]:
    """The words of a text without their possessive ending."""
    found: list[Word] = []
    at = 0
    for match in _WORD.finditer(text):
        word = match[0]
        if word[-2:].lower() == "'s" and len(word) > 2:
            word = word[:-2]
        gap = text[at : match.start()] if match.start() - at < 20 else "\n\n"
        found.append(Word(word, match.start(), match.start() + len(word), gap))
        at = match.end()
    return found


def company_words(text: str, words: Sequence[Word]) -> set[str]:
    """Words that are of a company: before its legal form, or in the domain of an address."""
    found = {fold(label) for match in _DOMAIN.finditer(text) for label in (match[1], match[1].partition("-")[0])}
    for n, word in enumerate(words):
        if fold(word.text) in LEGAL_FORMS and word.is_capital:
            at = n - 1
            while at >= 0 and n - at < 5 and words[at + 1].gap in (" ", ", ", " & ") and words[at].is_capital:
                found.add(fold(words[at].text))
                at -= 1
    return {word for word in found if not is_given(word)}


def is_camel(word: str) -> bool:
    """ "GitHub" and "eBay", but not "McCoy", "DeVito" and "O'Neil"."""
    if word.isupper() or "-" in word or "'" in word:
        return False
    inner = [n for n, c in enumerate(word) if c.isupper() and n]
    return bool(inner) and not word.startswith(("Mc", "Mac", "De", "Di", "Le", "La", "Van", "Fitz"))


def is_plain(text: str, word: Word, *, alone: bool) -> bool:
    """Whether it is but a word of the dictionary; with `alone`, one that has its line to itself is not."""
    if not is_word(word.text) or is_weak(word.text):
        return False
    return not (alone and re.match(r"[ \t]*(?:\n|$)", text[word.end : word.end + 4]))
