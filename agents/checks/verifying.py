"""All checks of a claim together, and the verdict: supported, partial, unsupported or contradicted.

Every check is a pure function of the claim and its evidence and is listed in CHECKS; the entailment model says what no
single check can. A claim that stands in its evidence as whole sentences is supported; for the others the verdict comes
from the calibrated probability, and what a check holds against a claim bars the verdict "supported" by the rules below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..ports import Entailment
from .entailment import Assessment, FeatureEntailment
from .entailment_quoting import Quoted, quoted
from .features_embedding import TokenEmbeddings
from .modality import modality
from .model import Finding, Verdict, Verification
from .names import names_agree
from .negation import negation
from .numbers import numbers
from .scope import scope
from .swapping import swapped
from .timing import dates

Check = Callable[[str, Sequence[str]], Finding]

CHECKS: tuple[Check, ...] = (numbers, dates, names_agree, negation, modality, scope, swapped)
"""What is held against a claim, in the order in which findings are listed."""

_ALWAYS = frozenset({"numbers", "dates", "swapped"})
"""A figure that the evidence does not hold is never supported, however the claim is written."""
_CLOSE = 0.6
_NEAR_QUOTES = {"negation": (_CLOSE, 0.0), "names": (0.7, 0.7), "modality": (0.8, 0.8), "scope": (0.8, 0.8)}
"""How much of the claim must stand in one sentence, and how much of that sentence in the claim, for a check to bar."""
_SUPPORTED = 0.5
PARTLY = 0.4
"""From this probability on what is not supported whole is supported in part."""
_HELD_AGAINST = 0.4
"""Whatever a check objects to is not likelier supported than this."""


class ClaimVerifier:
    """Meets `agents.ports.Verifier`. `entailment`, when given, replaces the model that ships: a cross-encoder
    (`judges`) or a language model as judge; which words lack support is told by the one that ships all the same."""

    def __init__(self, embeddings: TokenEmbeddings, entailment: Entailment | None = None) -> None:
        """Raises OSError or ValueError when the weights are missing or do not fit."""
        self._features = FeatureEntailment(embeddings)
        self._other = entailment

    def __call__(self, claim: str, evidence: Sequence[str]) -> Verification:
        """The verdict on one claim; embeds nothing when it is a quote."""
        return self.verify([(claim, evidence)])[0]

    def verify(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[Verification]:
        """As for one claim, embedding many together."""
        assessed = self._features.assess(pairs)
        if self._other is not None:
            assessed = self._judged(self._other, pairs, assessed)
        return [
            judge(one, findings_of(claim, evidence)) for one, (claim, evidence) in zip(assessed, pairs, strict=True)
        ]

    def _judged(
        self, other: Entailment, pairs: Sequence[tuple[str, Sequence[str]]], assessed: Sequence[Assessment]
    ) -> list[Assessment]:
        asked = [place for place, one in enumerate(assessed) if one.quoted is Quoted.NO]
        said = dict(zip(asked, other([pairs[place] for place in asked]), strict=True)) if asked else {}
        return [
            Assessment(probability=said[place], some=one.some, words=one.words, kept=one.kept, told=one.told)
            if place in said
            else one
            for place, one in enumerate(assessed)
        ]


def findings_of(claim: str, evidence: Sequence[str]) -> tuple[Finding, ...]:
    """What each check found; nothing to hold against a claim whose evidence says it in whole sentences."""
    if quoted(claim, evidence) is Quoted.WHOLE:
        return (Finding(check="quoted", agrees=True),)
    return tuple(check(claim, evidence) for check in CHECKS)


def judge(assessment: Assessment, findings: Sequence[Finding]) -> Verification:
    """The verdict from the model's probability and the findings."""
    objections = [finding for finding in findings if not finding.agrees and is_hard(finding, assessment)]
    # A free rendering that differs is likelier partly right than opposed to its evidence.
    contradictions = [finding for finding in objections if finding.contradicts and assessment.kept >= _CLOSE]
    score = min(assessment.probability, _HELD_AGAINST) if objections else assessment.probability
    entailed = Finding(
        check="entailment", agrees=assessment.probability >= _SUPPORTED, score=round(assessment.probability, 4),
        words=assessment.words if assessment.probability < _SUPPORTED else (),
    )  # fmt: skip
    if score >= _SUPPORTED:
        return Verification(verdict=Verdict.SUPPORTED, score=round(score, 4), findings=(*findings, entailed))
    words = tuple(dict.fromkeys([word for finding in objections for word in finding.words] + list(entailed.words)))
    if contradictions:
        verdict = Verdict.CONTRADICTED
    elif assessment.probability >= _SUPPORTED or assessment.some >= PARTLY:
        verdict = Verdict.PARTIAL
    else:
        verdict = Verdict.UNSUPPORTED
    return Verification(verdict=verdict, score=round(score, 4), findings=(*findings, entailed), words=words)


def is_hard(finding: Finding, assessment: Assessment) -> bool:
    """Whether a finding bars the verdict "supported".

    A figure or date does always. Names, denial, modality and scope do where the claim is nearly a quote, and what
    differs changes what it says: in a free rendering a name may be told otherwise, and the model has seen that it is
    missing.
    """
    if finding.check in _ALWAYS:
        return True
    kept, told = _NEAR_QUOTES.get(finding.check, (_CLOSE, 0.0))
    return assessment.kept >= kept and assessment.told >= told
