"""Does a claim stand word for word in its evidence? Answered without any model, well under a millisecond.

White space, case, typographic marks, a bullet or number in front and the marks at the end do not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum

_SPACE = re.compile(r"\s+")
_MARKER = re.compile(r"^\s*(?:[-*+•‣▪–]|\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+")
_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "\u00ad": None})
_CLOSING = " .!?;:,\"'"
_ENDS = ".!?;:|•"
_INNER = ".,-'/%"
_PIECES = re.compile(r" [–-] |; ")
_MOST_LINES = 400


class Quoted(IntEnum):
    """How much of a claim is a quote."""

    NO = 0
    INSIDE = 1  # its words stand in a longer sentence, which may deny them
    WHOLE = 2  # whole sentences, lines or a table row


def quoted(claim: str, evidence: Sequence[str]) -> Quoted:
    """Whether the claim stands verbatim in one text of the evidence, in all of them joined, or as a row of a table."""
    said = _fold(_MARKER.sub("", claim)).strip(_CLOSING)
    if not any(character.isalnum() for character in said):
        return Quoted.NO
    best = Quoted.NO
    for text in (*evidence, "\n".join(evidence)) if len(evidence) > 1 else evidence:
        best = max(best, _stands(said, text))
        if best is Quoted.WHOLE:
            return best
    if any(_is_row(claim, text) for text in evidence):
        return Quoted.WHOLE
    return best


def _stands(said: str, text: str) -> Quoted:
    lines = [folded for line in text.split("\n") if (folded := _fold(_MARKER.sub("", line)))]
    if said in (line.strip(_CLOSING) for line in lines):
        return Quoted.WHOLE
    shown = " ".join(lines)
    best = Quoted.NO
    at = shown.find(said)
    while at >= 0:
        end = at + len(said)
        if not _joins(shown, at) and not _joins(shown, end):
            before, after = shown[:at].rstrip(" \"'([*_"), shown[end:].lstrip("\"')]*_")
            if (not before or before[-1] in _ENDS) and (not after or after[0] in _ENDS):
                return Quoted.WHOLE
            best = Quoted.INSIDE
        at = shown.find(said, end)
    return best


def _joins(text: str, at: int) -> bool:
    """Whether the characters around a place belong to one word or figure ("12.5", "check-in")."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before.isalnum() and after.isalnum():
        return True
    beyond = text[at + 1 : at + 2] if before.isalnum() else text[max(0, at - 2) : at - 1]
    mark = after if before.isalnum() else before
    return mark in _INNER and beyond.isalnum() and (before.isalnum() or after.isalnum())


def _is_row(claim: str, text: str) -> bool:
    """Whether the claim reads a table row out: "Berlin – Hotel: 140; Meals: 28" from its columns and cells.

    The evidence holds the names of the columns line by line, then as many lines of cells.
    """
    lines = [_fold(line).strip(_CLOSING) for line in text.split("\n")]
    pieces = [_fold(piece).strip(_CLOSING) for piece in _PIECES.split(claim) if piece.strip(_CLOSING)]
    if len(pieces) < 2 or len(lines) > _MOST_LINES:
        return False
    return any(_reads(pieces, lines, columns) for columns in range(len(lines) // 2 + 1))


def _reads(pieces: Sequence[str], lines: Sequence[str], columns: int) -> bool:
    cells = lines[columns : 2 * columns] if columns else lines
    named = {f"{name}: {cell}" for name, cell in zip(lines[:columns], cells, strict=False) if cell}
    return len(cells) == (columns or len(lines)) and all(piece in named or piece in cells for piece in pieces)


def _fold(text: str) -> str:
    return _SPACE.sub(" ", text.translate(_MARKS)).strip().casefold()
