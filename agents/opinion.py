"""A second opinion on claims of high risk: another checker than the first must agree before anything acts on them.

In this order: a language model of another tier than the one that drafted, a cross-encoder where one is configured, and
else the check that the first pass did not use: for words of the source the calibrated one, for a model's own words the
plain share of them that the source holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from .checks.coverage import word_coverage
from .checks.model import Verdict
from .compliance import evidence_words
from .errors import ModelUnavailable
from .fencing import Fenced, fence
from .model import CheckedClaim, ClaimKind, Tier
from .ports import Entailment, Verifier
from .prompts import Opinion, opinion_prompt
from .running import Run
from .runs import events

AGENT = "compliance"
_AGREES = 0.5
_OWN_WORDS = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """What the second checker says of one claim."""

    by: str
    agrees: bool
    note: str = ""


class SecondOpinion:
    """Asks again, otherwise. Holds no state of a run."""

    def __init__(self, verifier: Verifier, entailment: Entailment | None = None) -> None:
        self._verifier = verifier
        self._entailment = entailment

    async def disputed(self, run: Run, claims: Sequence[CheckedClaim], drafted_by: Tier) -> tuple[CheckedClaim, ...]:
        """The claims that the second checker does not accept."""
        views = await asyncio.gather(*(self._view(run, item, drafted_by) for item in claims))
        for item, view in zip(claims, views, strict=True):
            run.note(events.second_opinion(run.at_ms, item.claim, by=view.by, agrees=view.agrees, note=view.note))
        return tuple(item for item, view in zip(claims, views, strict=True) if not view.agrees)

    async def _view(self, run: Run, item: CheckedClaim, drafted_by: Tier) -> _View:
        others = [tier for tier in run.session.tiers if tier is not drafted_by]
        if others and run.may_call("models"):
            lines = tuple(enumerate((evidence_words(span) for span in item.claim.evidence), 1))
            titles = ", ".join(dict.fromkeys(span.document.title for span in item.claim.evidence))
            shown = fence([Fenced(name=titles, context="", lines=lines)], run.nonce)
            try:
                said = await run.session.ask(
                    opinion_prompt(item.claim.text, shown), Opinion, agent=AGENT, tier=others[-1]
                )
            except ModelUnavailable:
                pass
            else:
                return _View(by=run.last_model() or others[-1].value, agrees=said.supported, note=said.why)
        return self._without_model(item)

    def _without_model(self, item: CheckedClaim) -> _View:
        texts = [evidence_words(span) for span in item.claim.evidence]
        if self._entailment is not None:
            [probability] = self._entailment([(item.claim.text, texts)])
            return _View(by="cross-encoder", agrees=probability >= _AGREES, note=f"{probability:.2f}")
        match item.claim.kind:
            case ClaimKind.QUOTED:
                found = self._verifier(item.claim.text, texts)
                agrees = found.verdict in (Verdict.SUPPORTED, Verdict.PARTIAL)
                return _View(by="calibrated check", agrees=agrees, note=f"{found.score:.2f}")
            case ClaimKind.WRITTEN:
                share = word_coverage(item.claim.text, "\n".join(texts))
                return _View(by="share of words", agrees=share >= _OWN_WORDS, note=f"{share:.2f}")
            case _:
                # Recomputed or compared word for word already; nothing else here could tell more.
                return _View(by="recomputation", agrees=True)
