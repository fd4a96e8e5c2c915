"""A claim and its evidence as words and sentences, made ready for measuring. Pure text work, no model.

`features_lexical` and `features_embedding` measure what this module reads.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..sentences import split_sentences
from ..words import STOPWORDS, stem, words_of

Rarity = Callable[[str], float]
"""How rare a stem is in general language: 0 for the commonest, 1 for those that are not listed."""

STEMS_PATH = Path(__file__).with_name("common_stems.json")

# "[4]", "[1, 2]": marks of citation in written answers, no part of what is said.
_CITATION = re.compile(r"\s?\[\d{1,3}(?:,\s?\d{1,3}){0,8}\]")
_SPACE = re.compile(r"\s+")
_URL = re.compile(r"https?://\S{1,2000}")
_LONGEST = 60
_PIECE = 40
_MOST_SENTENCES = 3000
_MOST_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a text: as it stands at [start, end), its stem, and how much it says (0 to 1, 0 for function words)."""

    text: str
    stem: str
    start: int
    end: int
    weight: float

    @property
    def is_content(self) -> bool:
        return self.weight > 0

    @property
    def is_number(self) -> bool:
        return any(character.isdecimal() for character in self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of the evidence, or a piece of a very long one."""

    text: str
    words: tuple[Word, ...]
    stems: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A claim with its words, and the sentences of its evidence in order."""

    claim: str
    words: tuple[Word, ...]
    sentences: tuple[Sentence, ...]

    @property
    def content(self) -> list[Word]:
        """The words of the claim that carry content."""
        return [word for word in self.words if word.is_content]


def clean(text: str) -> str:
    """The text without marks of citation and addresses, white space made single."""
    return _SPACE.sub(" ", _URL.sub(" ", _CITATION.sub("", text))).strip()


def read(claim: str, evidence: Sequence[str], rarity: Rarity) -> Reading:
    """The claim and its evidence, taken apart. Evidence beyond some hundred pages is not looked at."""
    said = clean(claim[:_MOST_CHARACTERS])
    sentences: list[Sentence] = []
    left = _MOST_CHARACTERS
    for text in evidence:
        whole = text[:left]
        left -= len(whole)
        for start, end in split_sentences(whole):
            sentences.extend(_pieces(clean(whole[start:end]), rarity))
        if left <= 0 or len(sentences) >= _MOST_SENTENCES:
            break
    return Reading(claim=said, words=tuple(words(said, rarity)), sentences=tuple(sentences[:_MOST_SENTENCES]))


def words(text: str, rarity: Rarity) -> list[Word]:
    """The words of a text with their weights."""
    return [
        Word(text=word, stem=stem(word), start=start, end=end, weight=_weight(word, rarity))
        for word, start, end in words_of(text)
    ]


def _weight(word: str, rarity: Rarity) -> float:
    return 0.0 if word.lower() in STOPWORDS else 0.15 + 0.85 * rarity(stem(word))


def _pieces(text: str, rarity: Rarity) -> list[Sentence]:
    found = words(text, rarity)
    if not found:
        return []
    if len(found) <= _LONGEST:
        return [_sentence(text, found)]
    pieces = []
    for first in range(0, len(found), _PIECE):
        part = found[first : first + _PIECE]
        cut = text[part[0].start : part[-1].end]
        pieces.append(_sentence(cut, words(cut, rarity)))
    return pieces


def _sentence(text: str, found: Sequence[Word]) -> Sentence:
    return Sentence(text=text, words=tuple(found), stems=frozenset(word.stem for word in found))


def ranked_rarity(ranks: Mapping[str, int]) -> Rarity:
    """Rarity by rank in a list of the commonest stems, on a log scale."""
    top = math.log(len(ranks) + 2)

    def rarity(wanted: str) -> float:
        rank = ranks.get(wanted)
        return 1.0 if rank is None else math.log(rank + 2) / top

    return rarity


@cache
def common_rarity() -> Rarity:
    """Rarity by the list that ships with Groundcrew."""
    listed: list[str] = json.loads(STEMS_PATH.read_text(encoding="utf-8"))["stems"]
    return ranked_rarity({one: rank for rank, one in enumerate(listed)})
