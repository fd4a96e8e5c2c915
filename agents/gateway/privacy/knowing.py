"""What a run knows: whom it has met, under which forms of the name, and which numbers are somebody's."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from .kinds import Find, Kind
from .lexicon import PARTICLES, TITLES, fold, is_given, is_weak, is_word
from .words import Word

_PARTS = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W\d_]+")
_ALONE = re.compile(r"'s\b|[ ]?(?:[:>)|;]|,[ ]|[,.!]?[ \t]*(?:\n|$))")
_ASKING = frozenset(("will", "may", "best", "day", "mark", "can", "art", "long", "short", "rich"))
_DOES = re.compile(r"[ ][a-z]{2,14}(?:s|ed|te|t)\b")
_WITHIN = re.compile(r"(?:[^\W\d_,]|,)[ ]{1,2}$")
_NUMBER = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,12}\d)[A-Za-z0-9]{5,34}(?![A-Za-z0-9])")


class Known:
    """People by the parts of their names, and numbers by their compact form. `full`: no more is taken in."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: dict[str, int] = {}  # part of a name -> person
        self._people: list[frozenset[str]] = []
        self._numbers: dict[str, Kind] = {}
        self._companies: set[str] = set()

    @property
    def full(self) -> bool:
        return len(self._people) + len(self._numbers) >= self._limit

    @property
    def companies(self) -> Collection[str]:
        """Words that are of companies, folded."""
        return self._companies

    def company(self, words: Collection[str]) -> None:
        """Keeps words that are of companies."""
        if len(self._companies) < self._limit:
            self._companies |= set(words)

    def person(self, name: str) -> str:
        """Who `name` is: one met before where all its parts are theirs, else somebody new."""
        parts = [part for part in (fold(p) for p in _PARTS.findall(name)) if len(part) > 1 and part not in TITLES]
        parts = [part for part in parts if part not in PARTICLES] or parts
        if not parts:
            return f"?{name.lower()}"
        one = self._parts.get(parts[-1])
        other = self._parts.get(parts[0])
        for number in (one, other):
            if number is not None and (set(parts) <= self._people[number] or self._people[number] <= set(parts)):
                self._add(number, parts)
                return str(number)
        self._people.append(frozenset())
        self._add(len(self._people) - 1, parts)
        return str(len(self._people) - 1)

    def _add(self, number: int, parts: Sequence[str]) -> None:
        self._people[number] |= set(parts)
        certain = len(parts) == 1 or any(is_given(part) or is_weak(part) for part in parts)
        for part in parts:
            if (certain or not is_word(part)) and not (len(parts) == 1 and part in self._companies):
                self._parts.setdefault(part, number)
        if len(parts) > 1 and len(parts[-1]) > 3:
            first, last = parts[0], parts[-1]
            for joined in (first[0] + last, first + last, last + first, last + first[0]):
                self._parts.setdefault(joined, number)

    def number(self, compact: str, kind: Kind) -> None:
        """Keeps a number, to find it again where nothing says what it is."""
        if len(compact) >= 5 and not self.full:
            self._numbers.setdefault(compact, kind)

    def find(self, text: str, words: Sequence[Word]) -> Iterator[Find]:
        """People and numbers in `text` that the run knows."""
        if self._parts:
            lower = {word.text for word in words if word.text.islower()}
            tokens = [*_TOKEN.finditer(text)]
            for n, match in enumerate(tokens):
                who = self._who(match[0], lower, text, match.end())
                if who is None:
                    continue
                yield Find(start=match.start(), end=match.end(), kind=Kind.PERSON, of=str(who))
                for beside in (*tokens[max(0, n - 1) : n], *tokens[n + 1 : n + 2]):
                    # "Mirth" alone is a word; beside the surname of a Mirth it is she
                    if beside[0][0].isupper() and fold(beside[0]) in self._people[who]:
                        yield Find(start=beside.start(), end=beside.end(), kind=Kind.PERSON, of=str(who))
        if self._numbers:
            for match in _NUMBER.finditer(text):
                kind = self._numbers.get(match[0].upper())
                if kind is not None:
                    yield Find(start=match.start(), end=match.end(), kind=kind, of=match[0].upper())

    def _who(self, token: str, lower: set[str], text: str, end: int) -> int | None:
        """Whose part of a name `token` is, which ends at `end` of `text`."""
        if not 1 < len(token) <= 80:
            return None
        part = fold(token)
        who = self._parts.get(part)
        if who is None and part[-1] == "s" and len(part) > 5:
            who = self._parts.get(part[:-1])
            part = part[:-1]
        if who is None:
            return None
        if token[0].islower() and (len(token) < 4 or is_word(part) or len(self._people[who]) < 2):
            return None
        if is_word(part) and (token.lower() in lower or (token.isupper() and len(token) < 4)):
            # a word of this text too, as "price" beside Ms Price: hers only where sentences have no capital for it
            return who if self._stands_as_name(token, text, end) else None
        return who

    def _stands_as_name(self, token: str, text: str, end: int) -> bool:
        """Whether a capitalised word stands within a sentence, or is all of what is said, or has something."""
        if not token[0].isupper() or len(token) < 3:
            return False
        if _ALONE.match(text, end) is not None:
            return True
        if fold(token) not in _ASKING or _DOES.match(text, end) is not None:
            return True
        start = end - len(token)
        return _WITHIN.search(text[max(0, start - 12) : start]) is not None
