"""Is the claim said of as much as the evidence says it of: only, all, some, usually, except?

"Up to" and "at least" belong to their figures and are compared there.
"""

from __future__ import annotations

from collections.abc import Sequence

from .aligning import Alignment, align, head
from .model import Finding
from .vocabulary import SCOPES, opposite

_LIKE_ENOUGH = 0.5
_ENTAILED_WITHOUT = ("all", "always")
_TOLD_WITH_FIGURES = ("up to", "at least")


def scope(claim: str, evidence: Sequence[str]) -> Finding:
    """No word of scope is added, dropped or changed. What holds of all may be told without "all"."""
    words: list[str] = []
    notes: list[str] = []
    for alignment in align(claim, evidence):
        if alignment.coverage >= _LIKE_ENOUGH:
            for said, note in _changes(alignment):
                words.append(said)
                notes.append(note)
    return Finding(
        check="scope", agrees=not notes, score=0.0 if notes else 1.0,
        words=tuple(dict.fromkeys(word for word in words if word)), note="; ".join(dict.fromkeys(notes)),
    )  # fmt: skip


def _changes(alignment: Alignment) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    met: set[int] = set()
    for i, token in enumerate(alignment.claim):
        if token.kind != "scope" or SCOPES[token.text.lower()] in _TOLD_WITH_FIGURES:
            continue
        j = _opposite(alignment, i)
        if j is None:
            other = alignment.pairs[i]
            if other is not None and opposite(token.text.lower(), alignment.evidence[other].text.lower()):
                continue  # told by negation
            found.append((token.text, f"the source does not say {token.text!r}"))
            continue
        met.add(j)
        shown = alignment.evidence[j]
        if SCOPES[shown.text.lower()] != SCOPES[token.text.lower()]:
            found.append((token.text, f"{token.text}: the source says {shown.text!r}"))
    for j, token in enumerate(alignment.evidence):
        if token.kind != "scope" or j in met or alignment.back[j] is not None:
            continue
        kind = SCOPES[token.text.lower()]
        if kind not in _ENTAILED_WITHOUT + _TOLD_WITH_FIGURES and _limits_what_is_claimed(alignment, j, kind):
            found.append(("", f"the source says {token.text!r}"))
    return found


def _opposite(alignment: Alignment, i: int) -> int | None:
    """The evidence's word of scope opposite token i, or another of the same kind that was not paired."""
    j = alignment.pairs[i]
    if j is not None and alignment.evidence[j].kind == "scope":
        return j
    kind = SCOPES[alignment.claim[i].text.lower()]
    for k, token in enumerate(alignment.evidence):
        if token.kind == "scope" and alignment.back[k] is None and SCOPES[token.text.lower()] == kind:
            return k
    return None


def _limits_what_is_claimed(alignment: Alignment, j: int, kind: str) -> bool:
    """Whether the claim says what the evidence's word limits: the word right after it, or before an exception."""
    if kind == "except":
        before = alignment.evidence[max(0, j - 3) : j]
        return any((i := alignment.back[j - 1 - n]) is not None and alignment.same[i] for n in range(len(before)))
    governed = head(alignment.evidence, j)[:1]
    return any((i := alignment.back[k]) is not None and alignment.same[i] for k in governed)
