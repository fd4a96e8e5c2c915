"""Is what the evidence allows claimed as a duty, or what may be as what is?"""

from __future__ import annotations

from collections.abc import Sequence

from .aligning import Alignment, align, head
from .model import Finding
from .tokens import Token
from .vocabulary import modal_level

_LIKE_ENOUGH = 0.5
_BANS = "ban"
_FREES = "free"


def modality(claim: str, evidence: Sequence[str]) -> Finding:
    """Must, should, may and is stay apart; "may not" is a ban as "must not" is, "need not" a freedom."""
    words: list[str] = []
    notes: list[str] = []
    for alignment in align(claim, evidence):
        if alignment.coverage >= _LIKE_ENOUGH:
            for said, note in _changes(alignment):
                words.append(said)
                notes.append(note)
    return Finding(
        check="modality", agrees=not notes, score=0.0 if notes else 1.0,
        words=tuple(dict.fromkeys(word for word in words if word)), note="; ".join(dict.fromkeys(notes)),
    )  # fmt: skip


def force(tokens: Sequence[Token], at: int) -> str:
    """The force of the modal at `at` with a denial beside it: must, should, may, will, ban or free."""
    token = tokens[at]
    level = modal_level(token.text)
    near = tokens[max(0, at - 1) : at + 3]
    if not any(t.kind == "negation" and t.clause == token.clause for t in near):
        return level
    free = token.key in ("need", "have", "has", "had") or token.text.lower().startswith(
        ("requir", "muss", "müss", "oblig", "manda")
    )
    if level == "must" and free:
        return _FREES
    return _BANS if level in ("must", "may") else level


def _changes(alignment: Alignment) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    met: set[int] = set()
    for i, token in enumerate(alignment.claim):
        if token.kind != "modal":
            continue
        j = _opposite(alignment, i)
        said = force(alignment.claim, i)
        if j is not None:
            met.add(j)
            shown = force(alignment.evidence, j)
            # Whether something is denied at all is told by negation.
            if (shown != said and {said, shown} != {"ban", "may"} and {said, shown} != {"must", "free"}) or {
                said,
                shown,
            } == {"ban", "free"}:
                found.append((token.text, f"{token.text}: the source says {alignment.evidence[j].text!r}"))
        elif said in ("may", "should", "free") and _same_head(alignment, i):
            found.append((token.text, f"the source does not say {token.text!r}"))
    for j, token in enumerate(alignment.evidence):
        if token.kind != "modal" or j in met or alignment.back[j] is not None:
            continue
        if force(alignment.evidence, j) in ("may", "should") and _head_is_claimed(alignment, j):
            found.append(("", f"the source says {token.text!r}"))
    return found


def _opposite(alignment: Alignment, i: int) -> int | None:
    j = alignment.pairs[i]
    if j is not None and alignment.evidence[j].kind == "modal":
        return j
    # The modal of the evidence that governs the same word.
    governed = {alignment.pairs[k] for k in head(alignment.claim, i)} - {None}
    for k, token in enumerate(alignment.evidence):
        if token.kind == "modal" and alignment.back[k] is None and governed & set(head(alignment.evidence, k)):
            return k
    return None


def _same_head(alignment: Alignment, i: int) -> bool:
    return any(alignment.same[k] for k in head(alignment.claim, i)[:1])


def _head_is_claimed(alignment: Alignment, j: int) -> bool:
    governed = head(alignment.evidence, j)[:1]
    return any((i := alignment.back[k]) is not None and alignment.same[i] for k in governed)
