"""Cuts a text at sentences, lines and cells, the stretches that could each be an instruction by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .vocabulary import OPENERS

LONGEST = 400
"""Characters of a unit that are looked at; a longer one is cut off, so that no line costs more than another."""

# Every alternative starts with one of few characters, which makes the search quick.
_BOUNDARY = re.compile(
    # A line ends, unless the next one goes on in the middle of a sentence.
    r"\n\s*(?![ \t]*[a-zß-öø-ÿ])"
    # A sentence ends. Mails that lost their line breaks have no space after the full stop.
    r"|[.!?:…](?:[\"'”’»)\]*_]{0,3}[ \t\n]+(?=[\"'“‘„«(\[*_¿¡<]{0,3}[A-ZÀ-ÖØ-Þ¿¡])|(?<=[a-z]{2}.)(?=[A-Z][a-z]))"
    # Cells, comments and tags.
    r"|[|\t]\s*|<!--+\s*|--+>\s*|</?[a-zA-Z][^<>\n]{0,200}>\s*|(?<=[\w\"])[;,](?=\"|[A-Z])"
)
_ENDS = frozenset(".!?:…")
_ABRUPT = re.compile(r"(?<=[a-z0-9\"”)] )[A-Z][a-z'’]{3,}(?= [a-z'\"“‘0-9])")
_LEAD = re.compile(r"[\s>*+\-•–—#\d.()\[\]_\"'“‘„«»”’{}=:,;&/\\~`!^¿¡]*")


class Unit(NamedTuple):
    """A stretch [start, end) of the text; `words` is where its first word begins, after bullets and quotation marks.

    `opens_line` and `closes_line` say that it begins and ends where its line does.
    """

    start: int
    end: int
    words: int
    opens_line: bool
    closes_line: bool

    @property
    def whole_line(self) -> bool:
        """Whether nothing else stands on its line."""
        return self.opens_line and self.closes_line


def units_of(text: str) -> Sequence[Unit]:
    """The units of a text in reading order, none empty, in time linear in its length."""
    units: list[Unit] = []
    start, opens = 0, True
    for end, after, closes in _cuts(text):
        if end >= start:
            _add(units, text, start, end, opens, closes)
            start, opens = after, closes
    _add(units, text, start, len(text), opens, True)
    return units


def _cuts(text: str) -> Sequence[tuple[int, int, bool]]:
    """Where one unit ends and the next begins, and whether a line ends there."""
    cuts = []
    for found in _BOUNDARY.finditer(text):
        mark = found.group()
        # A full stop belongs to its sentence.
        end = found.start() + (len(mark.rstrip()) if mark[0] in _ENDS else 0)
        cuts.append((end, found.end(), "\n" in mark))
    # A request that begins without any sign that the sentence before it has ended.
    abrupt = [w.start() for w in _ABRUPT.finditer(text) if w.group().lower() in OPENERS]
    return sorted([*cuts, *((at, at, False) for at in abrupt)]) if abrupt else cuts


def _add(units: list[Unit], text: str, start: int, end: int, opens: bool, closes: bool) -> None:
    found = _LEAD.match(text, start, end)
    words = found.end() if found else start
    if words < end:
        units.append(Unit(start, min(end, words + LONGEST), words, opens, closes))
