"""Do claim and evidence agree on what is denied, clause by clause?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .aligning import Alignment, align, head
from .model import Finding
from .vocabulary import opposite

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|except|unless|"
    r"nicht|kein|keine|keinen|keinem|keiner|keines|nie|niemals|niemand|nichts|ohne|weder|ausser|außer)\b|n['’]t\b",
    re.IGNORECASE,
)
_LIKE_ENOUGH = 0.5
_NEAR = 6


def negation(claim: str, evidence: Sequence[str]) -> Finding:
    """Nothing is denied that the evidence affirms, nor the other way round; two turns undo each other.

    A turn is a word of denial on one side alone, or a word opposite its contrary ("allowed", "forbidden").
    """
    words: list[str] = []
    notes: list[str] = []
    for alignment in align(claim, evidence):
        if alignment.coverage < _LIKE_ENOUGH:
            continue
        for said, note in _odd(alignment):
            words.append(said)
            notes.append(note)
    return Finding(
        check="negation", agrees=not notes, score=0.0 if notes else 1.0,
        words=tuple(dict.fromkeys(filter(None, words))),
        contradicts=bool(notes), note="; ".join(dict.fromkeys(notes)),
    )  # fmt: skip


def _odd(alignment: Alignment) -> list[tuple[str, str]]:
    """The turns that no other turn near them undoes, each with the claim's word for it and a note."""
    turns = sorted(_turns(alignment))
    kept: list[tuple[int, str, str]] = []
    for turn in turns:
        if kept and turn[0] - kept[-1][0] <= _NEAR:
            kept.pop()
        else:
            kept.append(turn)
    return [(said, note) for _, said, note in kept]


def _turns(alignment: Alignment) -> list[tuple[int, str, str]]:
    """Place in the claim, the claim's word ("" for one that it lacks), and what is the matter."""
    found: list[tuple[int, str, str]] = []
    for i, token in enumerate(alignment.claim):
        j = alignment.pairs[i]
        shown = None if j is None else alignment.evidence[j]
        bare = shown is None or not (shown.kind == "negation" or opposite(token.text.lower(), shown.text.lower()))
        if token.kind == "negation" and bare:
            found.append((i, token.text, f"the source does not say {token.text!r}"))
            continue
        if shown is not None and not alignment.same[i] and opposite(token.text.lower(), shown.text.lower()):
            found.append((i, token.text, f"{token.text}: the source says {shown.text!r}"))
    for j, token in enumerate(alignment.evidence):
        if token.kind == "negation" and alignment.back[j] is None:
            place = _denied(alignment, j)
            if place is not None:
                found.append((place, "", f"the source says {token.text!r}"))
    return found


def _denied(alignment: Alignment, j: int) -> int | None:
    """Where the claim says what the evidence's unmatched word of denial denies; None when the claim does not."""
    governed = head(alignment.evidence, j)
    for k in governed:
        i = alignment.back[k]
        if i is not None and (
            alignment.same[i] or opposite(alignment.claim[i].text.lower(), alignment.evidence[k].text.lower())
        ):
            return i
    if not governed and j and (i := alignment.back[j - 1]) is not None:
        return i  # "you have not": nothing follows that could tell
    return None


def negations(text: str) -> int:
    """How many words of denial a text holds."""
    return len(_NEGATION.findall(text))


def negation_agrees(claim: str, evidence: str, quoted: str | None = None) -> bool:
    """Whether the claim neither adds a denial to its evidence nor drops every one of what it quotes.

    `quoted` is the evidence less what only names it, such as a column called "No."; all of it by default.
    """
    said = negations(claim)
    return said <= negations(evidence) and (said > 0 or negations(evidence if quoted is None else quoted) == 0)
