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


def negation_agrees(claim: str, evidence: str, quoted: str | None = None) -> bool:
    """Whether the claim neither adds a denial to its evidence nor drops every one of what it quotes.

    `quoted` is the evidence less what only names it, such as a column called "No."; all of it by default.
    """
    said = negations(claim)
    return said <= negations(evidence) and (said > 0 or negations(evidence if quoted is None else quoted) == 0)
