"""Takes chunks apart into what can be kept or left out, and says how much each part bears on a query.

A unit is a sentence, a list item, a table row or a line of code. Its worth joins three signals, each between 0 and 1:
how good its chunk is, how many of the query's words it holds (rare ones count more) and, where an embedder is at hand,
how near it is in meaning. Neighbours lend each other some of their worth, since an answer seldom is one sentence alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.markup import prose
from ingest.model import Chunk, Element, ElementKind

from .language import language_of
from .ports import Array
from .stop_words import STOP_WORDS

Split = Callable[[str], Sequence[tuple[int, int]]]
"""Sentences of a text as (start, end)."""
Embed = Callable[[Sequence[str]], Array]
"""(n, dimensions) unit vectors of n texts."""

_WORD = re.compile(r"[^\W_]+(?:[-'’.&/+#][^\W_]+)*[+#%]*")
_MARKS = re.compile(r"[*_`#|>~]+")
_LINE = re.compile(r"[^\s](?:[^\n]*[^\s])?")
_STOP = re.compile(r"([.!?;…][\"'”’)\]]*|(?=\n))\s+")
_LONG = 240
"""Characters of a sentence, from which on it is taken for several or for none."""
_SHORT = 50
_PREFIX = 5
"""Words of which so many first letters agree count as forms of one word, in whatever language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What the signals count for; `lent` is the share of a unit's worth that its better neighbour may lend it."""

    chunk: float = 0.5
    words: float = 0.5
    meaning: float = 0.5
    lent: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """[start, end) of the canonical text, inside one chunk. `words` are its words without marks at their edges.

    `element` is what it is a part of; `place` its chunk's place among the candidates, 0 the best.
    """

    chunk: Chunk
    element: Element
    start: int
    end: int
    words: str
    place: int

    @property
    def key(self) -> str:
        """What says the same has the same key: its words, and for a row, whose cells need them, its names and table."""
        words = self.words.casefold()
        if self.element.kind is ElementKind.TABLE_ROW:
            return "\0".join((words, *self.element.columns, *self.chunk.headings, self.chunk.lead_in or ""))
        return words


def units_of(chunk: Chunk, place: int, split: Split) -> Iterator[Unit]:
    """The units of a chunk, in order; together they hold every word of it."""
    for element in chunk.elements:
        text = chunk.text[element.start - chunk.start : element.end - chunk.start]
        for start, end in _spans(element, text, split):
            words = " ".join(_MARKS.sub(" ", text[start:end]).split())
            if words:
                begin = element.start + start
                yield Unit(chunk=chunk, element=element, start=begin, end=element.start + end, words=words, place=place)


def _spans(element: Element, text: str, split: Split) -> Sequence[tuple[int, int]]:
    if element.kind is ElementKind.TABLE_ROW:
        lead = len(text) - len(text.lstrip())
        return [(lead, len(text.rstrip()))]
    if element.kind is ElementKind.CODE:
        return [match.span() for match in _LINE.finditer(text)]
    return [piece for start, end in split(text) for piece in _cut(text, start, end)]


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A sentence that is too long for one in parts: at lines, at any full stop or semicolon, else between words.

    Text without capitals, or with blanks before its full stops, has no sentences that a careful splitter would dare.
    """
    if end - start <= _LONG:
        return [(start, end)]
    pieces: list[tuple[int, int]] = []
    begin = start
    for match in _STOP.finditer(text, start, end):
        # A short piece is more likely an abbreviation or a number than a sentence.
        if match.end() - begin >= _SHORT or "\n" in match.group():
            pieces.append((begin, match.end(1)))
            begin = match.end()
    pieces.append((begin, end))
    return [part for a, b in pieces if a < b for part in _by_words(text, a, b)]


def _by_words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    while end - start > 2 * _LONG:
        space = text.rfind(" ", start + _SHORT, start + _LONG)
        stop = space if space > 0 else start + _LONG
        parts.append((start, stop))
        start = stop + (space > 0)
    return [*parts, (start, end)] if text[start:end].strip() else parts


def worths(
    units: Sequence[Unit], query: str, chunk_scores: Mapping[str, float], embed: Embed | None, weights: Weights
) -> list[float]:
    """How much each unit bears on the query, comparable within one call. `chunk_scores` are between 0 and 1, by id."""
    if not units:
        return []
    parts = [(weights.chunk, [chunk_scores[unit.chunk.id] for unit in units])]
    parts.append((weights.words, _overlaps(units, query)))
    if embed is not None:
        vectors = embed([query, *(_prose(unit) for unit in units)])
        parts.append((weights.meaning, [max(0.0, float(x)) for x in vectors[1:] @ vectors[0]]))
    whole = sum(weight for weight, _ in parts) or 1.0
    own = np.sum([weight * np.asarray(values) for weight, values in parts], axis=0) / whole
    lent = [float(value) for value in own]
    for index, unit in enumerate(units):
        near = [own[i] for i in (index - 1, index + 1) if 0 <= i < len(units) and units[i].chunk.id == unit.chunk.id]
        best = max(near, default=0.0)
        if best > own[index]:
            lent[index] += weights.lent * float(best - own[index])
    return lent


def _overlaps(units: Sequence[Unit], query: str) -> list[float]:
    """The share of the query's words, by how rare they are among the units, that each unit holds."""
    common = STOP_WORDS.get(language_of(query), frozenset())
    words = (match.group().casefold() for match in _WORD.finditer(query))
    asked = sorted({_form(word) for word in words if word not in common})
    if not asked:
        return [0.0] * len(units)
    # The beginning of a long word finds its forms; a short word, a number or a code is found as it is.
    forms = (
        re.escape(form) + ("" if form.isalpha() and len(form) == _PREFIX else r"(?!\w)")
        for form in sorted(asked, key=len, reverse=True)
    )
    pattern = re.compile(rf"(?<!\w)({'|'.join(forms)})")
    held = [set(pattern.findall(unit.words.casefold())) for unit in units]
    counts = Counter(form for forms_held in held for form in forms_held)
    rarity = {form: math.log(1 + len(units) / (1 + counts[form])) for form in asked}
    whole = sum(rarity.values())
    return [sum(rarity[form] for form in asked if form in forms_held) / whole for forms_held in held]


def _form(word: str) -> str:
    """What the forms of a word have in common. Numbers and codes have one form."""
    return word[:_PREFIX] if word.isalpha() else word


def _prose(unit: Unit) -> str:
    chunk = unit.chunk
    return prose(chunk.text[unit.start - chunk.start : unit.end - chunk.start], chunk.markup)
