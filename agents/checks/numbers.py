"""Does every figure of the claim stand in what it cites?"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d[\d.,\u00a0\u202f' ]*\d|\d")
_GROUPED = re.compile(r"^\d{1,3}([.,\u00a0\u202f' ]\d{3})+$")


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
