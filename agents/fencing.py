"""Puts retrieved text into prompts as data, between marks that no text can forge, without what talks to the model.

A prompt holds retrieved text only as `fence` gives it. The marks are made from the run's id, which no document knows;
sentences that read as instructions to an assistant are left out, and `left_out` names them for the record of the run.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.instructions import few_words, planted_instructions

LEFT_OUT = "[instruction in the document left out]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """A passage on its way into a prompt: numbered sentences under a name, with the headings that they stand under.

    `planted` are the numbers of the sentences that are instructions, as `planted_lines` finds them where the passage's
    own text is at hand; None has them looked for in the sentences alone, which tells less well.
    """

    name: str
    context: str
    lines: tuple[tuple[int, str], ...]
    planted: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A sentence that a prompt does not show: which one, its first words, and why."""

    passage: str
    number: int
    words: str
    reason: str


def fence(passages: Sequence[Fenced], nonce: str) -> str:
    """The passages as one block, each between marks that follow from the nonce and stand nowhere in it otherwise.

    The nonce must be one that nobody who writes documents knows: the id of the run, drawn at random.
    """
    mark = f"data-{hashlib.sha256(nonce.encode()).hexdigest()[:16]}"
    return "\n".join(_block(passage, mark) for passage in passages)


def left_out(passages: Sequence[Fenced]) -> tuple[LeftOut, ...]:
    """The sentences of these passages that `fence` does not show."""
    found = []
    for passage in passages:
        reasons = _planted(passage)
        found += [
            LeftOut(passage=passage.name, number=number, words=few_words(text), reason=reasons[number])
            for number, text in passage.lines
            if number in reasons
        ]
    return tuple(found)


def planted_lines(text: str, spans: Sequence[tuple[int, int, int]]) -> frozenset[int]:
    """The numbers of those (number, start, end), offsets in `text`, that a planted instruction in it touches."""
    found = planted_instructions(text)
    return frozenset(number for number, start, end in spans if any(p.start < end and start < p.end for p in found))


def neutral(text: str) -> str:
    """The text with nothing in it that forges marks or hides: chat marks broken up, unseen characters made visible."""
    shown = "".join(c if c in "\n\t" or c.isprintable() else _visible(c) for c in text)
    return _MARKS.sub(lambda mark: mark.group()[0] + " " + mark.group()[1:], shown)


def _block(passage: Fenced, mark: str) -> str:
    gone = _planted(passage)
    head = [f"<{mark}>", f"Document: {_label(passage.name, mark)}"]
    if passage.context:
        head.append(f"Section: {_label(passage.context, mark)}")
    body = [
        f"[{number}] {LEFT_OUT if number in gone else neutral(text).replace(mark, _broken(mark))}"
        for number, text in passage.lines
    ]
    return "\n".join([*head, *body, f"</{mark}>"])


def _planted(passage: Fenced) -> dict[int, str]:
    """Number to reason of the sentences that are left out."""
    if passage.planted is not None:
        return dict.fromkeys(passage.planted, "reads as an instruction to an assistant")
    text, spans = "", []
    for number, line in passage.lines:
        spans.append((number, len(text), len(text) + len(line)))
        text += line + "\n"
    found = planted_instructions(text)
    return {number: one.reason for number, start, end in spans for one in found if one.start < end and start < one.end}


def _label(text: str, mark: str) -> str:
    """A title or heading on one line; of an instruction only the note that it was left out."""
    line = " ".join(text.split())[:300]
    if any(p.score >= _CERTAIN for p in planted_instructions(line)):
        return LEFT_OUT
    return neutral(line).replace(mark, _broken(mark))


def _broken(mark: str) -> str:
    return mark.replace("-", " ", 1)


_CERTAIN = 0.99
_MARKS = re.compile(
    r"<(?=/?data-|\||/?system|start_of_turn|/?s>|<SYS)|\[(?=/?INST\])|"
    r"(?<![^\n])#(?=## ?(?:System|Instruction|Response))",
    re.IGNORECASE,
)
_UNSEEN = {"\u00ad": "", "\u200b": "", "\ufeff": "", "\r": "", "\u2028": "\n", "\u2029": "\n"}


def _visible(character: str) -> str:
    """What stands for a character that is not seen: a space for spacing, nothing for what is harmless, or a code."""
    if character in _UNSEEN:
        return _UNSEEN[character]
    if unicodedata.category(character) == "Zs":
        return " "
    return f"[U+{ord(character):04X}]"
