"""What checks find and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What checking a claim against its cited spans found."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. `agrees` says that it has nothing against the claim.

    `words` are those of the claim that the evidence does not bear out, as they stand in it; `contradicts` says that the
    evidence speaks of the same thing and says otherwise, not merely that it is silent. `score` is in [0, 1].
    """

    check: str
    agrees: bool
    score: float = 1.0
    words: tuple[str, ...] = ()
    contradicts: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of one claim together. `score` is the calibrated probability that the evidence supports it whole;
    `words` are its unsupported words."""

    verdict: Verdict
    score: float
    findings: tuple[Finding, ...]
    words: tuple[str, ...] = ()
