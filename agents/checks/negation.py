"""Do claim and evidence agree on what is denied?"""

from __future__ import annotations

import re

_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|except|unless|"
    r"nicht|kein|keine|keinen|keinem|keiner|keines|nie|niemals|niemand|nichts|ohne|weder|ausser|außer)\b|n['’]t\b",
    re.IGNORECASE,
)


def negations(text: str) -> int:
    """How many words of denial a text holds."""
    return len(_NEGATION.findall(text))


def negation_agrees(claim: str, evidence: str) -> bool:
    """Whether the claim neither adds a denial to its evidence nor drops every one of them."""
    said, shown = negations(claim), negations(evidence)
    return said <= shown and (said > 0) == (shown > 0)
