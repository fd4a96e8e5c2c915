"""Does every figure of the claim agree with what it cites, and belong to the same thing?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .agreement import same_dimension, same_figure, same_value
from .aligning import Alignment, align
from .dates import date_mentions
from .measures import Measure, measures
from .model import Finding
from .placing import misplaced
from .tokens import Token

_NUMBER = re.compile(r"\d[\d.,\u00a0\u202f' ]*\d|\d")
_GROUPED = re.compile(r"^\d{1,3}([.,\u00a0\u202f' ]\d{3})+$")
_LIKE_ENOUGH = 0.4


def numbers(claim: str, evidence: Sequence[str]) -> Finding:
    """Every figure of the claim stands in the evidence with its unit and limit, for the thing that it is said of."""
    shown = [measure for text in evidence for measure in measures(text)]
    years = {m.year for text in evidence for m in date_mentions(text) if m.year and not (m.month or m.quarter)}
    alignments = align(claim, evidence)
    words: list[str] = []
    contradicts = False
    notes: list[str] = []
    for said in measures(claim):
        written = claim[said.start : said.end]
        if any(same_figure(said, held) for held in shown) or _is_loose_word(said, shown):
            continue
        if said.unit is None and said.value in years:  # "1,950" where the source has "1950"
            continue
        words.append(written)
        other = _opposite(said, written, alignments, shown)
        contradicts = contradicts or other is not None
        notes.append(f"{written}: the source has {other}" if other else f"{written} is not in the source")
    for alignment in alignments:
        for token, rival in misplaced(alignment, _is_figure):
            words.append(token.text)
            contradicts = True
            notes.append(f"{token.text}: the source has {rival.text} there")
    found = dict.fromkeys(words)
    return Finding(
        check="numbers", agrees=not found, score=0.0 if found else 1.0, words=tuple(found), contradicts=contradicts,
        note="; ".join(dict.fromkeys(notes)),
    )  # fmt: skip


def _is_figure(token: Token) -> bool:
    return token.figure is not None


def _is_loose_word(said: Measure, shown: Sequence[Measure]) -> bool:
    """A "one", "first" or "second" in words is a pronoun or a connective as often as a figure."""
    if not said.worded or said.value > 2 or (said.value > 1 and said.unit != "ordinal"):
        return False
    rivals = [held for held in shown if held.unit == said.unit]
    if any(held.value == said.value and held.bound != said.bound for held in rivals):
        return False  # "at least one" is not "one"
    return said.unit in (None, "ordinal") or not rivals


def _opposite(said: Measure, written: str, alignments: Sequence[Alignment], shown: Sequence[Measure]) -> str | None:
    """What the evidence has in place of a figure that it lacks, as written there; None when it is silent.

    That is what stands opposite, the same value with another unit, or the one other figure of the kind in a passage
    that says the rest of the claim.
    """
    for alignment in alignments:
        for i, token in enumerate(alignment.claim):
            j = alignment.pairs[i]
            if token.figure is None or token.text != written or alignment.coverage < _LIKE_ENOUGH:
                continue
            if j is not None and alignment.evidence[j].figure is not None:
                return alignment.evidence[j].text
            rivals = [t for t in alignment.evidence if t.figure is not None and same_dimension(said, t.figure)]
            if len(rivals) == 1 and said.unit is not None:
                return rivals[0].text
    for held in shown:
        if held.value == said.value and held.unit != said.unit and held.unit and said.unit and same_value(held, held):
            return f"{held.value.normalize():f} {held.unit}"
    return None


def figures(text: str) -> set[str]:
    """The numbers in a text, thousands marks removed and decimal marks as points: "1,200" and "1 200" are "1200"."""
    return {_normalise(match.group()) for match in _NUMBER.finditer(text)}


def missing_figures(claim: str, evidence: str) -> set[str]:
    """Figures of the claim that the evidence does not hold; empty is a pass."""
    return figures(claim) - figures(evidence)


def _normalise(number: str) -> str:
    if _GROUPED.match(number):
        return re.sub(r"\D", "", number)
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return re.sub(r"\D", "", number).lstrip("0") or "0"
    whole, part = re.sub(r"\D", "", number[:last]), re.sub(r"\D", "", number[last + 1 :]).rstrip("0")
    return f"{whole.lstrip('0') or '0'}.{part}" if part else whole.lstrip("0") or "0"
