"""Does a figure, date or name of the claim stand where the evidence has it, or did two change places?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .aligning import Alignment, agree
from .tokens import Token

_REACH = 8
_MARGIN = 1.25
_MOST_ALIKE = 0.85
_LISTED = frozenset(("and", "or", "und", "oder", "plus", "sowie"))
_VOICE = frozenset(("by", "von", "durch"))


def misplaced(alignment: Alignment, kind: Callable[[Token], bool]) -> Iterator[tuple[Token, Token]]:
    """Pairs of a claim's token and the evidence's own that has its place, among tokens of one kind.

    The claim's token stands in the evidence as well, but elsewhere: "Berlin 180, London 140" from "Berlin 140, London
    180". Members of a list may change places, and so may those around "by".
    """
    for i, token in enumerate(alignment.claim):
        if not kind(token):
            continue
        rival = _rival(alignment, i, kind)
        if rival is None:
            continue
        homes = [k for k, shown in enumerate(alignment.evidence) if kind(shown) and agree(token, shown)]
        if _voice_turned(alignment):
            continue
        if not homes:
            # It stands in another sentence, if anywhere: the sentence that says the rest has the rival here.
            if alignment.pairs[i] == rival and _others_alike(alignment, kind) >= _MOST_ALIKE:
                yield token, alignment.evidence[rival]
            continue
        if any(_in_one_list(alignment.evidence, rival, home) for home in homes):
            continue
        mine = max(_nearness(alignment, i, home, kind) for home in homes)
        theirs = _nearness(alignment, i, rival, kind)
        others = _others_alike(alignment, kind)
        if theirs > mine * _MARGIN or (others >= _MOST_ALIKE and theirs >= mine and alignment.pairs[i] == rival):
            yield token, alignment.evidence[rival]


def _rival(alignment: Alignment, i: int, kind: Callable[[Token], bool]) -> int | None:
    """The unlike token opposite claim token i, or one of its kind that was passed over to reach it."""
    j = alignment.pairs[i]
    token = alignment.claim[i]
    if j is not None and not alignment.same[i]:
        return j if kind(alignment.evidence[j]) else None
    if j is None:
        return None
    for step in (-1, 1):
        near = i + step
        while 0 <= near < len(alignment.claim) and not (alignment.same[near] and alignment.claim[near].content):
            near += step
        if not 0 <= near < len(alignment.claim):
            continue
        edge = alignment.pairs[near]
        low, high = sorted((j, edge if edge is not None else j))
        for k in range(low + 1, high):
            passed = alignment.evidence[k]
            if kind(passed) and passed.kind == token.kind and not agree(token, passed) and alignment.back[k] is None:
                return k
    return None


def _nearness(alignment: Alignment, i: int, j: int, kind: Callable[[Token], bool]) -> float:
    """How much of what stands near claim token i stands as near evidence token j, others of its kind aside."""
    around = _around(alignment.claim, i, kind)
    there = _around(alignment.evidence, j, kind)
    return sum(weight * there.get(key, 0.0) for key, weight in around.items())


def _around(tokens: tuple[Token, ...], at: int, kind: Callable[[Token], bool]) -> dict[str, float]:
    near: dict[str, float] = {}
    for k in range(max(0, at - _REACH), min(len(tokens), at + _REACH + 1)):
        token = tokens[k]
        if k == at or not (token.content or token.kind in ("figure", "date", "code")):
            continue
        if kind(token):
            continue
        apart = abs(token.clause - tokens[at].clause)
        weight = 1.0 / (1 + abs(k - at)) / (1 + apart)
        near[token.key] = max(near.get(token.key, 0.0), weight)
    return near


def _others_alike(alignment: Alignment, kind: Callable[[Token], bool]) -> float:
    """The share of the claim's other content that says the same as what stands opposite."""
    others = [n for n, token in enumerate(alignment.claim) if token.content and not kind(token)]
    return sum(alignment.same[n] for n in others) / len(others) if others else 0.0


def _in_one_list(evidence: tuple[Token, ...], first: int, second: int) -> bool:
    """Whether nothing but names, figures and "and" stands between two tokens."""
    low, high = sorted((first, second))
    between = evidence[low + 1 : high]
    return all(t.text.lower() in _LISTED or t.name for t in between) and any(
        t.text.lower() in _LISTED for t in (*between, *evidence[high + 1 : high + 3])
    )


def _voice_turned(alignment: Alignment) -> bool:
    said = {t.text.lower() for t in alignment.claim} & _VOICE
    shown = {alignment.evidence[j].text.lower() for j in range(len(alignment.evidence))} & _VOICE
    return bool(said) != bool(shown)
