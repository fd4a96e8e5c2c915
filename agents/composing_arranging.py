"""The draft that quoted and composed claims make: their order, and whether a plan's question is answered by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .model import ClaimKind, Draft, DraftClaim, EvidenceSpan, Plan

_NEAREST = 3


def arranged(composed: Sequence[DraftClaim], quoted: Sequence[DraftClaim]) -> tuple[DraftClaim, ...]:
    """All claims of a draft, none said twice: results first, then the words preferred where documents disagree and
    that they do, then the other quoted words, last what takes whose place. Beside a result only the words stand that
    it was worked out from."""
    results = [claim for claim in composed if claim.kind is ClaimKind.COMPUTED]
    cited = {_place(span) for claim in results for span in claim.evidence}
    if cited:
        quoted = [claim for claim in quoted if any(_place(span) in cited for span in claim.evidence)]
    standing = [claim for claim in composed if claim.kind is ClaimKind.SUPERSESSION]
    disputed = [claim for claim in composed if claim.kind in (ClaimKind.QUOTED, ClaimKind.CONFLICT)]
    return distinct([*results, *disputed, *quoted, *standing])


def settled(
    plan: Plan,
    quoted: Draft,
    composed: Sequence[DraftClaim],
    reasons: Sequence[str],
    stated: Sequence[DraftClaim] = (),
) -> Draft:
    """The draft of what was quoted and composed; `stated` are words in which a source gives a result itself.

    A comparison with a side that nothing answers, or a calculation whose figures were not found, is not answered: what
    was found of it is handed on as what came nearest.
    """
    why = "; ".join(dict.fromkeys([*([quoted.why] if quoted.why else []), *reasons]))
    answered = {part for claim in composed for part in claim.parts}
    missing = tuple(part for part in quoted.missing if part not in answered)
    computed = any(claim.kind is ClaimKind.COMPUTED for claim in composed)
    claims = arranged(composed, quoted.claims)
    if len(plan.steps) > 1 and (plan.operation or plan.compares) and not computed:
        asked = [part.text for step in plan.steps for part in step.question.parts]
        found = answered.issuperset(asked)
        if not found and stated:
            return Draft(claims=tuple(stated), why=why)
        if found and plan.operation is not None and not plan.compares:
            claims = tuple(composed)  # the figures themselves, which could not be reckoned with
        elif not found and (missing or not plan.compares):
            spans = [span for claim in claims for span in claim.evidence[-1:]]
            nearest = tuple({_place(span): span for span in (*spans, *quoted.nearest)}.values())[:_NEAREST]
            return Draft(claims=(), why=why, missing=tuple(dict.fromkeys(asked)), nearest=nearest)
    return replace(quoted, claims=claims, why=why, missing=missing)


def distinct(claims: Sequence[DraftClaim]) -> tuple[DraftClaim, ...]:
    """Each text once, in its first place, for all the parts that it answers."""
    kept: dict[str, DraftClaim] = {}
    for claim in claims:
        known = kept.setdefault(claim.text, claim)
        if known is not claim:
            parts = tuple(dict.fromkeys(known.parts + claim.parts))
            kept[claim.text] = replace(known, parts=parts, score=max(known.score, claim.score))
    return tuple(kept.values())


def _place(span: EvidenceSpan) -> tuple[str, int, int]:
    return (span.document.id, span.start, span.end)
