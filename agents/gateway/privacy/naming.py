"""Finds the names of people without a model: by given names, and by what stands around a name.

A capitalised word that no dictionary has, beside a given name, a title, a greeting, a role or another such word, is
taken for a name. Names of companies, of well-known places and headings made of dictionary words are not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from .announcing import (
    ARTICLES,
    BEFORE_PLACES,
    BELOW,
    COLON,
    COMPANY,
    FIELDS,
    JOINT,
    MAIL_BEHIND,
    MARKS,
    MAX_PARTS,
    NO_FIELD,
    SIGN_OFFS,
    tells_person,
)
from .kinds import Find, Kind
from .lexicon import (
    ADDRESSED,
    GREETINGS,
    NEVER,
    PARTICLES,
    PERSON_VERBS,
    ROLES,
    TITLES,
    fold,
    is_given,
    is_place,
    is_weak,
    is_word,
)
from .words import LEGAL_FORMS, Word, is_camel, is_plain


def find_names(text: str, words: Sequence[Word], companies: Collection[str] = ()) -> Iterator[Find]:
    """Names in `text`, perhaps overlapping. What is in `companies`, folded, is none unless announced as one."""
    reader = _Reader(text, words, companies)
    at = 0
    while at < len(words):
        end = reader.name_from(at)
        if end > at and not (end == at + 1 and words[at].is_upper and len(words[at].text) < 5):
            yield Find(start=words[at].start, end=words[end - 1].end, kind=Kind.PERSON, of="")
        at = max(end, at + 1)
    for n, word in enumerate(words):
        low = word.text.lower()
        if low in SIGN_OFFS:
            below = BELOW.match(text, word.end)
            if below is not None:
                yield from reader.names_at(below.end(), listed=False)
        if low in FIELDS or (low[-2:] == "by" and "-" in low):
            colon = COLON.match(text, word.end)
            if colon is not None and not (low in ("name", "owner") and n and words[n - 1].text.lower() in NO_FIELD):
                yield from reader.names_at(colon.end(), listed=True)


class _Reader:
    """Reads the words of one text."""

    def __init__(self, text: str, words: Sequence[Word], companies: Collection[str]) -> None:
        self._text = text
        self._companies = companies
        self._small = {word.text for word in words if word.text.islower()}
        self._words = words
        self._index = {word.start: n for n, word in enumerate(words)}

    def names_at(self, position: int, *, listed: bool) -> Iterator[Find]:
        """The name that begins at `position`, which a label announces; with `listed`, those behind commas too."""
        at = self._index.get(position, -1)
        for _ in range(40 if listed else 1):
            if at < 0 or at >= len(self._words):
                return
            while at < len(self._words) and fold(self._words[at].text) in TITLES:
                at += 1
            end = self._announced(at)
            word = self._words[at] if at < len(self._words) else None
            if word is None or end <= at or (end == at + 1 and is_plain(self._text, word, alone=not listed)):
                return
            yield Find(start=self._words[at].start, end=self._words[end - 1].end, kind=Kind.PERSON, of="")
            # "Ana Berg (chair), Ben Roth": on to the next one of the line
            behind = self._text[self._words[end - 1].end : self._words[end - 1].end + 60]
            step = re.match(r"(?:[ ]?\([^()\n]{1,40}\))?(?:[ ]?[,;&/][ ]{0,2}|[ ](?:and|und|et|y|e|i)[ ])", behind)
            at = self._index.get(self._words[end - 1].end + step.end(), -1) if step else -1

    def name_from(self, at: int) -> int:  # noqa: PLR0911 - one sign after another
        """Where the name that begins with word `at` ends, by words; `at` itself where none begins."""
        word = self._words[at]
        low = fold(word.text)
        if not word.is_capital:
            return self._uncapitalised(at)
        before = fold(self._words[at - 1].text) if at and self._joined(at) else ""
        if low in TITLES or low in GREETINGS or (low in ROLES and not is_given(word.text)):
            return at
        if before in TITLES and not (before in ("m", "fr", "don") and is_word(word.text)):
            return self._announced(at, titled=before in ADDRESSED)
        followed = at + 1 < len(self._words) and self._words[at + 1].gap == " " and self._unknown(at + 1)
        if before in GREETINGS and (self._may_be_name(word) or (followed and low not in NEVER)):
            return self._extend(at)
        if (
            followed
            and low not in NEVER
            and not is_place(word.text)
            and tells_person(before, self._text, self._words[at + 1].end)
        ):
            return self._extend(at)
        if self._is_initial(at):
            return self._after_initials(at, announced=False)
        if low in NEVER:
            return at
        if is_given(word.text) and not (is_place(word.text) and before in BEFORE_PLACES):
            end = self._extend(at)
            return at if end == at + 1 and word.is_upper and len(word.text) < 4 else end
        return self._by_surroundings(at, before)

    def _uncapitalised(self, at: int) -> int:
        """A name in small letters, as people type questions: a given name and what follows it."""
        word = self._words[at].text
        if (
            len(word) < 5
            or not is_given(word)
            or is_word(word)
            or self._text[self._words[at].start - 1 : self._words[at].start] in MARKS
        ):
            return at
        end = at + 1
        if end < len(self._words) and self._words[end].gap in (" ", "  ") and not self._words[end].is_capital:
            follower = self._words[end].text
            if len(follower) > 2 and not is_word(follower) and fold(follower) not in NEVER:
                end += 1
        return end

    def _joined(self, at: int) -> bool:
        return JOINT.fullmatch(self._words[at].gap) is not None

    def _is_initial(self, at: int) -> bool:
        word = self._words[at]
        return len(word.text) == 1 and self._text[word.end : word.end + 1] == "."

    def _may_be_name(self, word: Word) -> bool:
        """Whether nothing speaks against a capitalised word being part of a name."""
        low = fold(word.text)
        if (
            not word.is_capital
            or low in NEVER
            or low in TITLES
            or low in ROLES
            or low in COMPANY
            or is_camel(word.text)
        ):
            return False
        return is_given(word.text) or is_weak(word.text) or not is_word(word.text)

    def _unknown(self, at: int) -> bool:
        """Whether it reads as a name though no list has it."""
        word = self._words[at]
        if not word.is_capital or len(word.text) < 2 or (word.is_upper and len(word.text) < 4):
            return False
        if fold(word.text) in self._companies or word.text.lower() in self._small:
            return False  # a word that the text has in small letters too is one, whatever the dictionaries say
        return self._may_be_name(word) and not is_place(word.text)

    def _after_initials(self, at: int, *, announced: bool) -> int:
        """ "J. R. Berg": initials with a surname."""
        end = at
        while (
            end < len(self._words)
            and end - at < 3
            and self._is_initial(end)
            and (end == at or len(self._words[end].gap) < 3)
        ):
            end += 1
        if end < len(self._words) and re.fullmatch(r"\.[ \t]{0,2}", self._words[end].gap):
            word = self._words[end]
            if self._may_be_name(word) or (announced and word.is_capital and fold(word.text) not in NEVER):
                return self._extend(end)
        return at

    def _extend(self, at: int) -> int:
        """Where the name goes on to from its first word: surnames, initials, particles."""
        end = at + 1
        surname = False
        while end < len(self._words) and end - at < MAX_PARTS and self._joined(end):
            word = self._words[end]
            broken = "\n" in word.gap
            dotted = word.gap.startswith(".")
            if dotted and len(self._words[end - 1].text) > 2:
                break
            low = fold(word.text)
            if low in PARTICLES and not broken and end + 1 < len(self._words) and self._follows(end):
                end += 1
                continue
            if (
                len(word.text) == 1
                and word.is_capital
                and not broken
                and self._text[word.end : word.end + 1] == "."
                and not surname
            ):
                end += 1
                continue
            if not word.is_capital or (broken and (is_given(word.text) or is_word(word.text) or surname)):
                break
            if not self._may_be_name(word):
                # "Susan Price": a word, but where a surname stands
                if (
                    surname
                    or low in NEVER
                    or low in ROLES
                    or low in TITLES
                    or low in COMPANY
                    or is_place(word.text)
                    or is_camel(word.text)
                ):
                    break
                if word.is_upper != self._words[at].is_upper:
                    break
                return end + 1
            surname = surname or not (is_given(word.text) or is_weak(word.text))
            end += 1
        while end - 1 > at and (fold(self._words[end - 1].text) in PARTICLES and not self._words[end - 1].is_capital):
            end -= 1
        return end

    def _follows(self, at: int) -> bool:
        """Whether a name goes on behind a particle, or behind two."""
        following = range(at + 1, min(at + 3, len(self._words)))
        words = [self._words[n] for n in following if self._joined(n)]
        return any(word.is_capital and fold(word.text) not in NEVER for word in words)

    def _announced(self, at: int, *, titled: bool = False) -> int:
        """A name that something announces: its first word may be any but those that no name has."""
        if at >= len(self._words):
            return at
        if self._is_initial(at):
            return self._after_initials(at, announced=True)
        word = self._words[at]
        low = fold(word.text)
        if low in PARTICLES and self._follows(at):
            return self._extend(at)
        if not word.is_capital or low in NEVER or low in ROLES or low in COMPANY or low in TITLES or len(word.text) < 2:
            return at
        end = self._extend(at)
        if (
            end == at + 1
            and not titled
            and is_word(word.text)
            and not is_weak(word.text)
            and re.match(r"[ \t][^\W\d_]", self._text[word.end : word.end + 2])
        ):
            return at  # "Mr President of"
        return end if not self._is_company(end) else at

    def _is_company(self, end: int) -> bool:
        if end >= len(self._words) or fold(self._words[end].text) not in COMPANY:
            return False
        gap = self._words[end].gap  # "Ana Berg, Works Manager" is nobody's company; "Berg, Inc." is.
        return len(gap) < 3 and ("," not in gap or fold(self._words[end].text) in LEGAL_FORMS)

    def _by_surroundings(self, at: int, before: str) -> int:
        """Names by what stands beside them."""
        words, word = self._words, self._words[at]
        following = (
            words[at + 1] if at + 1 < len(words) and self._joined(at + 1) and "\n\n" not in words[at + 1].gap else None
        )
        if is_weak(word.text) and following is not None and self._unknown(at + 1) and "." not in following.gap:
            return self._extend(at)
        if not self._unknown(at):
            return at
        # "Berg, Ana": turned round
        if (
            at + 1 < len(words)
            and words[at + 1].gap in (", ", ",")
            and is_given(words[at + 1].text)
            and words[at + 1].is_capital
            and before not in ARTICLES
        ):
            behind = self._extend(at + 1)
            if behind == at + 2:
                return behind
        end = at + 1
        while (
            end < len(words)
            and end - at < 4
            and words[end].gap in (" ", "  ", "\n", "\n> ", "\n>> ")
            and self._part(end)
        ):
            end += 1
        while end - 1 > at and fold(words[end - 1].text) in PARTICLES and not words[end - 1].is_capital:
            end -= 1
        if self._is_company(end):
            return at
        if end - at > 1:
            return at if before in ARTICLES else end
        return self._single(at, before)

    def _part(self, at: int) -> bool:
        if self._unknown(at):
            return self._words[at].is_upper == self._words[at - 1].is_upper
        return fold(self._words[at].text) in PARTICLES and len(self._words[at].gap) == 1 and self._follows(at)

    def _single(self, at: int, before: str) -> int:
        """One unknown word: a name beside a role, a verb of people, or a mail address."""
        word = self._words[at]
        if before in ARTICLES or word.is_upper:
            return at
        following = self._words[at + 1] if at + 1 < len(self._words) else None
        if following is not None and following.gap == " " and following.text.lower() in PERSON_VERBS:
            return at + 1
        if before in ROLES and not self._words[at - 1].is_capital and word.gap == " ":
            return at + 1
        return at + 1 if MAIL_BEHIND.match(self._text, word.end) else at
