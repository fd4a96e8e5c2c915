"""Measures how much a unit looks like a request to whoever answers, and how little like its surroundings."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .units import Unit, units_of
from .vocabulary import CIPHERS, GENRES, LANGUAGES, OPENERS, POLITE, STOPWORDS, WORLD
from .wording import MACHINE, YOUR_ANSWER, Opening, wording

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|base64|base32|rot13")
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_STEM = 6
_AROUND = 500
"""Characters on either side in which a unit's words are looked for."""

_MARKS = re.compile(
    r"answer|respon[sd]|repl[yi]|output|message|completion|antwort|ausgabe|r[ée]ponse|respuesta|salida|assist|"
    r"language model|bot\b|gpt|\bai\b|prompt|llm|\bki\b|\bia\b|sprachmodell|asistente"
)
_ASKED = re.compile(r"\?[\"'”’)*_]*(?:\s|$)")  # Not the one in an address.
_LISTED = re.compile(r"[-*+•–#]|\d[.)]")
_TELLING = GENRES | CIPHERS | LANGUAGES | WORLD

_CLAUSES = frozenset(
    "in at to for from if when whenever instead as before after while once during regardless unless within with".split()
)


class Candidate(NamedTuple):
    """A unit that could be a request, and what was measured of it."""

    unit: Unit
    values: Mapping[str, float]


def candidates(text: str, lower: str) -> Iterator[Candidate]:
    """Every unit that could be a request, measured. `lower` is the text in lower case, of equal length."""
    units = units_of(text)
    marks = [found.start() for found in _MARKS.finditer(lower)]
    openings = [_opening(text, lower, unit, _any_within(marks, unit.words, unit.end)) for unit in units]
    chosen = [i for i, opening in enumerate(openings) if opening is not None and opening.is_candidate]
    if not chosen:
        return
    page = _Page(text, lower, units, openings)
    for index in chosen:
        opening = openings[index]
        if opening is not None:
            yield Candidate(units[index], page.measure(index, opening))


def _any_within(places: Sequence[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end


def _opening(text: str, lower: str, unit: Unit, marked: bool) -> Opening | None:
    """How a unit begins; None when it is no request by any sign."""
    words = lower[unit.words : unit.end]
    found = _WORD.findall(words[:60])
    if len(found) < 2:
        return None
    first = 0
    while first < min(4, len(found) - 1) and (found[first] in POLITE or _is_adverb(found[first], first)):
        first += 1
    kind = _kind(found, first)
    asks = "?" in words and _ASKED.search(words) is not None
    if kind is not None and words.startswith((found[0] + ",", found[0] + ";", found[0] + '"')):
        kind = None  # The first cell of a row.
    if kind is None and first and not asks:
        kind = _kind(found, 0)
    if kind is None and not asks and found[0] in _CLAUSES:
        # "In your reply, suggest", "from now on, answer": the request comes after the clause.
        clause, comma, rest = words[:160].partition(", ")
        kind = _kind(_WORD.findall(rest[:40]) or [""], 0) if comma and len(clause) > 8 else None
    if kind is None and not asks and not (marked and (YOUR_ANSWER.search(words) or MACHINE.search(words))):
        return None
    if len(words) > 60:
        found = _WORD.findall(words)
    in_list = unit.opens_line and _LISTED.search(text, unit.start, unit.words) is not None
    # What a list or a heading holds is the document's own nearly always; only what could matter is measured.
    return Opening(kind, asks, first > 0, found, not in_list or marked or not _TELLING.isdisjoint(found))


def _is_adverb(word: str, place: int) -> bool:
    return place == 0 and word.endswith("ly") and word not in OPENERS


def _kind(words: Sequence[str], place: int) -> str | None:
    if place + 1 < len(words) and words[place + 1] in ("of", "is", "are", "was", "has"):
        return None  # "State of the art", "Order is kept": nouns.
    return OPENERS.get(words[place].replace("’", "'"))


class _Page:
    """A document as the surroundings of its units."""

    def __init__(self, text: str, lower: str, units: Sequence[Unit], openings: Sequence[Opening | None]) -> None:
        self._text = text
        self._lower = lower
        self._units = units
        self._openings = openings
        self._stems = Counter(word[:_STEM] for word in _LONG_WORD.findall(lower))
        self._imperatives = [o is not None and o.kind is not None for o in openings]
        self._questions = [o is not None and o.asks for o in openings]
        self._many_imperatives = sum(self._imperatives)
        self._many_questions = sum(self._questions)
        self._tabular = _tabular_share(text)

    def measure(self, index: int, opening: Opening) -> dict[str, float]:
        """The values of one unit by name, each about between 0 and 1; what is absent is 0."""
        unit = self._units[index]
        body = self._text[unit.words : unit.end]
        lower = self._lower[unit.words : unit.end]
        values = wording(body, lower, opening)
        values |= self._place(index, unit)
        values |= self._surroundings(index, unit, lower, opening)
        for one, other in _CROSSED:
            if values.get(one) and values.get(other):
                values[f"{one}*{other}"] = values[one] * values[other]
        return {name: value for name, value in values.items() if value}

    def _place(self, index: int, unit: Unit) -> dict[str, float]:
        lead = self._text[unit.start : unit.words]
        after = self._text[unit.end : unit.end + 2]
        before = self._text[max(0, unit.start - 2) : unit.start]
        return {
            "whole_line": unit.whole_line,
            "opens_line": unit.opens_line,
            "bullet": unit.opens_line and any(mark in lead for mark in "-*+•–") and "**" not in lead,
            "numbered": unit.opens_line and lead.strip()[:1].isdigit(),
            "heading": unit.opens_line and "#" in lead,
            "bold": "**" in lead or "__" in lead,
            "quote_block": ">" in lead,
            "bracketed": "[" in lead or "(" in lead,
            "code_mark": "`" in lead or "/" in lead or "{" in lead or "=" in lead,
            "first": index == 0,
            "last": index == len(self._units) - 1,
            "near_edge": index <= 1 or index >= len(self._units) - 2,
            "cell": "|" in before + after or "\t" in before + after,
        }

    def _surroundings(self, index: int, unit: Unit, lower: str, opening: Opening) -> dict[str, float]:
        stems = {word[:_STEM] for word in _LONG_WORD.findall(lower) if word not in STOPWORDS and word not in OPENERS}
        mine = Counter(word[:_STEM] for word in _LONG_WORD.findall(lower))
        around = self._lower[max(0, unit.start - _AROUND) : unit.start] + self._lower[unit.end : unit.end + _AROUND]
        shared = sum(self._stems[stem] > mine[stem] for stem in stems)
        near = sum(stem in around for stem in stems)
        alike = self._imperatives if opening.kind else self._questions
        many = (self._many_imperatives if opening.kind else self._many_questions) - 1
        many = max(0, many)
        close = sum(alike[max(0, index - 4) : index]) + sum(alike[index + 1 : index + 5])
        return {
            "strangeness": 1 - shared / len(stems) if stems else 0.0,
            "strangeness_near": 1 - near / len(stems) if stems else 0.0,
            "strangers": min(4, len(stems) - shared) / 4,
            "no_content": not stems,
            "alike_many": math.log1p(many) / 4,
            "alike_share": many / len(self._units),
            "alike_close": close / 8,
            "alone": many == 0,
            "length": math.log(len(self._units) + 1) / 6,
            "tabular": self._tabular > 0.5 and not _is_row(self._line(unit)),
        }

    def _line(self, unit: Unit) -> str:
        start = self._text.rfind("\n", max(0, unit.start - 200), unit.start) + 1
        end = self._text.find("\n", unit.end, unit.end + 200)
        return self._text[max(start, unit.start - 200) : end if end >= 0 else unit.end + 200]


_CROSSED = (
    ("imperative", "your_answer"),
    ("imperative", "the_answer"),
    ("your_message", "cipher"),
    ("asking", "to_me"),
    ("asking", "world"),
    ("asking", "genre"),
    ("imperative", "your_own"),
    ("question", "your_own"),
    ("imperative", "user"),
    ("imperative", "cipher"),
    ("imperative", "genre"),
    ("imperative", "language"),
    ("imperative", "machine"),
    ("imperative", "strangeness"),
    ("imperative", "alone"),
    ("imperative", "whole_line"),
    ("imperative", "alike_many"),
    ("imperative", "tabular"),
    ("question", "strangeness"),
    ("question", "alone"),
    ("question", "whole_line"),
    ("question", "alike_many"),
    ("question", "persons"),
    ("question", "tabular"),
    ("question", "you"),
    ("question_word", "world"),
    ("imperative", "world"),
    ("imperative", "persons"),
    ("imperative", "ended"),
    ("to_me", "imperative"),
    ("verb_write", "strangeness"),
    ("verb_explain", "strangeness"),
    ("verb_tell", "strangeness"),
    ("verb_do", "strangeness"),
    ("verb_analyse", "strangeness"),
    ("how_to", "strangeness"),
    ("strangers", "whole_line"),
)


def _tabular_share(text: str) -> float:
    lines = [line for line in text[:20_000].split("\n") if line.strip()]
    return sum(map(_is_row, lines)) / len(lines) if len(lines) > 2 else 0.0


def _is_row(line: str) -> bool:
    return line.count("|") >= 2 or line.count("\t") >= 2 or line.count(",") + line.count(";") >= 5
