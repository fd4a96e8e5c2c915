"""How much of the claim do the words of its evidence cover?"""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def word_coverage(claim: str, evidence: str) -> float:
    """The share of the claim's words that stand in the evidence, in [0, 1]; 1.0 is the claim in other order at most."""
    said = [word.casefold() for word in _WORD.findall(claim)]
    shown = {word.casefold() for word in _WORD.findall(evidence)}
    return sum(word in shown for word in said) / len(said) if said else 0.0
