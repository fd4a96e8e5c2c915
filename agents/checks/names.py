"""Does the claim name only whom and what its evidence names?"""

from __future__ import annotations

import re

_NAME = re.compile(r"\b[^\W\d_a-z][\w'’&.-]*\w|\b[^\W\d_a-z]{2,}\b")
_WORD = re.compile(r"\w+")


def names(text: str) -> set[str]:
    """Capitalised words that do not merely open a sentence, case-folded."""
    found: set[str] = set()
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip(" \"'“„«([*_")
        opens_sentence = not before or before[-1] in ".!?:;|\n•"
        if not opens_sentence or any(c.isupper() for c in match.group()[1:]):
            found.update(word.casefold() for word in _WORD.findall(match.group()))
    return found


def missing_names(claim: str, evidence: str) -> set[str]:
    """Names of the claim that the evidence does not hold; empty is a pass."""
    return names(claim) - {word.casefold() for word in _WORD.findall(evidence)}
