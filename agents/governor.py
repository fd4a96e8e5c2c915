"""The governor: admits a question, chooses the route, and decides whether an answer goes out, waits, or stays in.

Its decisions are pure functions of what it is given, except for the count of recent questions.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from retrieval.model import Hit

from .checks.numbers import figures
from .errors import QuestionRefused, TooManyQuestions
from .model import CheckedClaim, Citation, ClaimKind, DraftClaim, Plan, Request, Route, Tier
from .policies import NO_POLICIES, Policies, Rule, Situation
from .ports import Clock

MAX_QUESTION_CHARACTERS = 4000
_MOST_ASKERS = 10_000
_MINUTE_S = 60.0
_ORDER = {"low": 0, "medium": 1, "high": 2}

ATTACK = (
    "The question asks the system to act against its own rules, so it is not answered. Ask for what the documents say."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What is decided at the door. `blocked` is the reason for which nothing is looked for, None to go on."""

    request: Request
    attacks: tuple[str, ...] = ()
    blocked: str | None = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why an answer waits for a person."""

    reasons: tuple[str, ...]
    risk: str


class Doorkeeper:
    """Counts each asker's questions of the last minute. Safe to share among threads."""

    def __init__(self, per_minute: int | None, clock: Clock = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, request: Request) -> None:
        """Raises TooManyQuestions where the asker has asked as many as they may. An admin may ask as they like."""
        if self._per_minute is None or request.principal.admin:
            return
        now, name = self._clock(), request.principal.user or ""
        with self._lock:
            times = self._recent.setdefault(name, deque())
            self._recent.move_to_end(name)
            while times and now - times[0] >= _MINUTE_S:
                times.popleft()
            if len(times) >= self._per_minute:
                wait = _MINUTE_S - (now - times[0])
                raise TooManyQuestions(
                    f"you asked {len(times)} questions within a minute, as many as are taken; ask again in {wait:.0f} s"
                )
            times.append(now)
            while len(self._recent) > _MOST_ASKERS:
                self._recent.popitem(last=False)


def admit(
    request: Request,
    tiers: Collection[Tier] = (),
    *,
    policies: Policies = NO_POLICIES,
    attacks_in: Callable[[str], Sequence[str]] = lambda _: (),
) -> Admission:
    """The request with its question trimmed, and whether it is gone about at all. `tiers` are those configured.

    Raises:
        QuestionRefused: as `check`.
    """
    check(request, tiers)
    question = request.question.strip()
    trimmed = replace(request, question=question)
    attacks = tuple(attacks_in(question))
    if attacks:
        return Admission(request=trimmed, attacks=attacks, blocked=ATTACK)
    for rule in policies.applying("block", Situation(question=question, principal=request.principal)):
        return Admission(request=trimmed, blocked=rule.why, rule=rule)
    return Admission(request=trimmed)


def check(request: Request, tiers: Collection[Tier]) -> None:
    """Whether a question can be taken at all.

    Raises:
        QuestionRefused: it is empty, too long, or asks for a model that is not configured.
    """
    question = request.question.strip()
    if not any(character.isalnum() for character in question):
        raise QuestionRefused("the question is empty; ask something in words")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionRefused(
            f"the question has {len(question):,} characters, at most {MAX_QUESTION_CHARACTERS:,} "
            "are taken; ask one thing at a time"
        )
    if request.mode in ("small", "large") and Tier(request.mode) not in tiers:
        raise QuestionRefused(
            f"mode {request.mode!r} needs a language model, and none is configured under [models.{request.mode}]; "
            "use auto or extractive"
        )


def complexity_of(plan: Plan) -> str:
    """How hard a question is to answer: lookup, multi, comparison, calculation or multi_hop."""
    if any(step.needs for step in plan.steps):
        return "multi_hop"
    if plan.compares:
        return "comparison"
    if plan.operation is not None:
        return "calculation"
    facts = sum(len(step.question.parts) for step in plan.steps)
    return "lookup" if facts <= 1 else "multi"


def route(plan: Plan, labels: Collection[str], tier: Tier, why: str) -> Route:
    """How a question is handled, given the labels of the evidence so far and who is to draft."""
    sensitivity = "restricted" if "restricted" in labels else "internal"
    return Route(mode=tier.value, complexity=complexity_of(plan), sensitivity=sensitivity, why=why)


def why_of(plan: Plan) -> str:
    """What makes a question as hard as it is, in a few words."""
    facts = sum(len(step.question.parts) for step in plan.steps)
    return plan.why or ("one fact asked" if facts <= 1 else f"{facts} facts asked")


def hold(policies: Policies, situation: Situation, disagreements: Sequence[CheckedClaim]) -> Hold | None:
    """Whether an answer waits for a person, and why; None lets it out."""
    rules = policies.applying("review", situation)
    reasons = [rule.why for rule in rules]
    risks = [rule.risk for rule in rules]
    if disagreements:
        reasons.append(f"a second checker does not agree with {len(disagreements)} of the claims")
        risks.append("high")
    if not reasons:
        return None
    return Hold(reasons=tuple(dict.fromkeys(reasons)), risk=max(risks, key=lambda risk: _ORDER[risk]))


def stays_local(policies: Policies, request: Request, evidence: Sequence[Hit]) -> str | None:
    """Why a run may ask no remote model from here on: restricted text never goes to one, and policies may say more."""
    labels = frozenset(hit.document.access.label for hit in evidence if hit.document.access.label)
    if "restricted" in labels:
        return "the evidence is labelled restricted and stays on this machine"
    sources = frozenset(hit.document.source for hit in evidence)
    situation = Situation(question=request.question, principal=request.principal, labels=labels, sources=sources)
    rules = policies.applying("local_only", situation)
    return f"policy {rules[0].id} keeps it on this machine" if rules else None


def strayed(claim: DraftClaim, plan: Plan) -> tuple[str, ...]:
    """The names that a claim's part of the question holds, where nothing that the claim cites speaks of any of them: it
    may be true, but it answers another question. A quote was chosen by how it answers, and is not looked at."""
    if claim.kind not in (ClaimKind.WRITTEN, ClaimKind.COMPUTED):
        return ()
    parts = [part for step in plan.steps for part in step.question.parts if part.text in claim.parts]
    names = [term.text for part in parts for term in part.terms if term.kind != "word"]
    around = [
        " ".join((span.document.title, *span.chunk.headings, span.chunk.lead_in or "", span.chunk.text))
        for span in claim.evidence
    ]
    said = " ".join([claim.text, *around]).casefold()
    return () if any(name.casefold() in said for name in names) else tuple(dict.fromkeys(names))


def may_show_nearest(policies: Policies, request: Request, nearest: Sequence[Citation]) -> bool:
    """Whether what came nearest may be shown beside an abstention: not where a person would see an answer from it
    first."""
    documents = [citation.document for citation in nearest]
    situation = Situation(
        question=request.question,
        principal=request.principal,
        labels=frozenset(document.access.label for document in documents if document.access.label),
        sources=frozenset(document.source for document in documents),
    )
    return not policies.applying("review", situation)


def situation_of(request: Request, kept: Sequence[CheckedClaim]) -> Situation:
    """What the policies look at once an answer is drafted and checked."""
    documents = [span.document for item in kept for span in item.claim.evidence]
    return Situation(
        question=request.question,
        principal=request.principal,
        labels=frozenset(document.access.label for document in documents if document.access.label),
        sources=frozenset(document.source for document in documents),
        conflict=any(item.claim.kind is ClaimKind.CONFLICT for item in kept),
        ambiguous=_ambiguous(kept),
        support=min((item.score for item in kept), default=1.0),
    )


def _ambiguous(kept: Sequence[CheckedClaim]) -> bool:
    """Whether different documents answer the same part of the question with different figures."""
    said = [
        (set(item.claim.parts), {span.document.id for span in item.claim.evidence}, figures(item.claim.text))
        for item in kept
        if item.claim.kind in (ClaimKind.QUOTED, ClaimKind.WRITTEN)
    ]
    return any(
        one[0] & other[0] and not one[1] & other[1] and one[2] and other[2] and not one[2] & other[2]
        for one, other in combinations(said, 2)
    )
