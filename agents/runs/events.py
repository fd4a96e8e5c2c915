"""What happens in a run, as events: one constructor for each kind, so that whoever reads a record knows its shape.

| stage    | agent      | what             | data |
|----------|------------|------------------|------|
| any      | governor   | entered          | - (a stage begins; times per stage are taken from these) |
| admit    | governor   | warned           | kinds, words: an attempt to inject or exfiltrate in the question |
| admit    | governor   | refused          | code, why |
| plan     | planner    | resolved         | asked, question, turns: a reference to earlier turns was put in words |
| plan     | planner    | planned          | question, steps [{id, text, needs}], operation, compares, why |
| route    | governor   | routed           | mode, complexity, sensitivity, why |
| any      | governor   | rerouted         | from, to, why: escalated, fell back, demoted, restricted to this machine |
| research | researcher | searched         | step, round, query, hits [{rank, chunk, document, title, score}] |
| research | researcher | judged           | step, enough, why, missing |
| research | researcher | left_out         | budget, tokens, passages [{document, title, chunk, tokens}] |
| research | researcher | planted          | document, title, chunk, kinds, words: instructions in retrieved text |
| any      | gateway    | masked           | kinds {kind: count}: personal data replaced before a remote call |
| draft    | analyst    | drafted          | round, claims [claim], missing, why |
| verify   | compliance | checked          | round, claim, verdict, score, words, findings, documents |
| verify   | compliance | second_opinion   | by, claim, agrees, note, documents |
| verify   | compliance | policy           | policy, effect, why, words, claim, documents |
| repair   | analyst    | sent_back        | round, claim, why, documents |
| repair   | governor   | dropped          | claim, verdict, why, documents |
| release  | governor   | held             | reasons, risk, expires_at: waits for a person |
| release  | governor   | decided          | decision, by, why |
| release  | governor   | released         | status, claims (their number), why |
| any      | governor   | limited          | limit, used, allowed, why: rounds, tokens, money, time, repetition, drift |
| any      | governor   | ended            | status, code, why: stopped, failed or refused before release |

A claim is {text, kind, score, parts, evidence [span], computation}; a span is {document, title, version, chunk, start,
end, quote}. A claim is named by its text in later events. Every object that holds or rests on words of documents names
them, under `document` or `documents`: what the reader may not see is withheld by these (see `withholding`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from retrieval.model import Hit, Passage

from ..checks.model import Verdict, Verification
from ..model import Computation, Draft, DraftClaim, EvidenceSpan, Plan, Route
from .model import RunEvent

Stage = Literal["admit", "route", "plan", "research", "draft", "verify", "repair", "release"]
STAGES: tuple[Stage, ...] = ("admit", "route", "plan", "research", "draft", "verify", "repair", "release")

_LONGEST_TEXT = 2000
"""Characters of a quote, claim or reason that an event keeps."""
_MOST_ITEMS = 100
"""Hits, claims or passages that an event keeps."""


def entered(at_ms: int, stage: Stage, agent: str = "governor") -> RunEvent:
    """A stage begins, again where the crew comes back to it."""
    return _event(at_ms, stage, agent, "entered")


def warned(at_ms: int, *, kinds: Iterable[str], words: Iterable[str] = ()) -> RunEvent:
    """The question holds an attempt to inject or exfiltrate, or personal data; it goes on all the same."""
    return _event(at_ms, "admit", "governor", "warned", kinds=sorted(kinds), words=_texts(words))


def refused(at_ms: int, *, code: str, why: str) -> RunEvent:
    """The question is not let in."""
    return _event(at_ms, "admit", "governor", "refused", code=code, why=_cut(why))


def resolved(at_ms: int, *, asked: str, question: str, turns: int) -> RunEvent:
    """What was asked referred to earlier turns; `turns` is how many were looked at."""
    return _event(at_ms, "plan", "planner", "resolved", asked=_cut(asked), question=_cut(question), turns=turns)


def planned(at_ms: int, plan: Plan) -> RunEvent:
    """How the question is gone about."""
    steps = [{"id": one.id, "text": _cut(one.question.text), "needs": list(one.needs)} for one in plan.steps]
    return _event(
        at_ms,
        "plan",
        "planner",
        "planned",
        question=_cut(plan.question.text),
        steps=steps[:_MOST_ITEMS],
        operation=None if plan.operation is None else plan.operation.value,
        compares=plan.compares,
        why=plan.why,
    )


def routed(at_ms: int, route: Route) -> RunEvent:
    """With how much model the question is answered, and why."""
    return _event(at_ms, "route", "governor", "routed", **asdict(route))


def rerouted(at_ms: int, stage: Stage, *, before: str, after: str, why: str) -> RunEvent:
    """The run goes on with another tier: escalated, fallen back, demoted, or kept on this machine."""
    return _event(at_ms, stage, "governor", "rerouted", **{"from": before, "to": after}, why=_cut(why))


def searched(at_ms: int, *, query: str, hits: Sequence[Hit], step: str = "q1", round_: int = 1) -> RunEvent:
    """One search and what it found."""
    found = [
        {
            "rank": hit.rank,
            "chunk": hit.chunk.id,
            "document": hit.document.id,
            "title": hit.document.title,
            "score": round(hit.score, 4),
        }
        for hit in hits[:_MOST_ITEMS]
    ]
    return _event(at_ms, "research", "researcher", "searched", step=step, round=round_, query=_cut(query), hits=found)


def judged(at_ms: int, *, enough: bool, why: str, missing: Iterable[str] = (), step: str = "q1") -> RunEvent:
    """Whether the evidence of a step suffices. `why` must hold no words of documents."""
    return _event(
        at_ms, "research", "researcher", "judged", step=step, enough=enough, why=_cut(why), missing=_texts(missing)
    )


def left_out(at_ms: int, *, passages: Sequence[Hit | Passage], budget: int, tokens: int) -> RunEvent:
    """Evidence that did not fit the budget of tokens; `tokens` is what was packed."""
    return _event(
        at_ms,
        "research",
        "researcher",
        "left_out",
        budget=budget,
        tokens=tokens,
        passages=[_passage(one) for one in passages[:_MOST_ITEMS]],
    )


def planted(at_ms: int, hit: Hit, *, kinds: Iterable[str], words: Iterable[str]) -> RunEvent:
    """Retrieved text holds instructions; they were fenced and not followed."""
    return _event(
        at_ms,
        "research",
        "researcher",
        "planted",
        document=hit.document.id,
        title=hit.document.title,
        chunk=hit.chunk.id,
        kinds=sorted(kinds),
        words=_texts(words),
    )


def masked(at_ms: int, stage: Stage, kinds: Mapping[str, int]) -> RunEvent:
    """How many personal data of which kind were replaced before a remote call; never which."""
    return _event(at_ms, stage, "gateway", "masked", kinds=dict(sorted(kinds.items())))


def drafted(at_ms: int, draft: Draft, *, round_: int = 1) -> RunEvent:
    """The claims that the analyst hands over, each with its evidence."""
    claims = [claim_data(one) for one in draft.claims[:_MOST_ITEMS]]
    return _event(
        at_ms,
        "draft",
        "analyst",
        "drafted",
        round=round_,
        claims=claims,
        missing=_texts(draft.missing),
        why=_cut(draft.why),
    )


def checked(at_ms: int, claim: DraftClaim, found: Verification, *, round_: int = 1) -> RunEvent:
    """The verdict of one claim, with what each check found."""
    findings = [
        {
            "check": one.check,
            "agrees": one.agrees,
            "score": round(one.score, 4),
            "words": _texts(one.words),
            "contradicts": one.contradicts,
            "note": _cut(one.note),
        }
        for one in found.findings
    ]
    return _about(
        at_ms,
        "verify",
        "compliance",
        "checked",
        claim,
        round=round_,
        verdict=found.verdict.value,
        score=round(found.score, 4),
        words=_texts(found.words),
        findings=findings,
    )


def second_opinion(at_ms: int, claim: DraftClaim, *, by: str, agrees: bool, note: str = "") -> RunEvent:
    """What another checker says of a claim of high risk."""
    return _about(at_ms, "verify", "compliance", "second_opinion", claim, by=by, agrees=agrees, note=_cut(note))


def policy(
    at_ms: int, *, name: str, effect: str, why: str, words: Iterable[str] = (), claim: DraftClaim | None = None
) -> RunEvent:
    """A policy was applied. `effect` says what came of it: what the rule's `then` says.
    `words` of documents may stand in it only together with the claim that holds them."""
    values = {"policy": name, "effect": effect, "why": _cut(why), "words": _texts(words)}
    if claim is None:
        return _event(at_ms, "verify", "compliance", "policy", claim=None, documents=[], **values)
    return _about(at_ms, "verify", "compliance", "policy", claim, **values)


def sent_back(at_ms: int, claim: DraftClaim, *, why: str, round_: int) -> RunEvent:
    """A claim goes back to the analyst for repair."""
    return _about(at_ms, "repair", "analyst", "sent_back", claim, round=round_, why=_cut(why))


def dropped(at_ms: int, claim: DraftClaim, *, why: str, verdict: Verdict | None = None) -> RunEvent:
    """A claim is given up: it will not be released."""
    return _about(
        at_ms, "repair", "governor", "dropped", claim, verdict=None if verdict is None else verdict.value, why=_cut(why)
    )


def held(at_ms: int, *, reasons: Sequence[str], risk: str, expires_at: str) -> RunEvent:
    """The answer waits for a person."""
    return _event(at_ms, "release", "governor", "held", reasons=_texts(reasons), risk=risk, expires_at=expires_at)


def decided(at_ms: int, *, decision: str, by: str, why: str | None) -> RunEvent:
    """A person decided on a held answer, or its time ran out."""
    return _event(
        at_ms, "release", "governor", "decided", decision=decision, by=by, why=None if why is None else _cut(why)
    )


def released(at_ms: int, *, status: str, claims: int, why: str = "") -> RunEvent:
    """An answer goes out with so many claims, or an abstention."""
    return _event(at_ms, "release", "governor", "released", status=status, claims=claims, why=_cut(why))


def limited(at_ms: int, stage: Stage, *, limit: str, used: float, allowed: float, why: str) -> RunEvent:
    """A limit was reached ("rounds", "tokens", "cost_usd", "seconds", "repeated", "drift") and what follows."""
    return _event(at_ms, stage, "governor", "limited", limit=limit, used=used, allowed=allowed, why=_cut(why))


def ended(at_ms: int, stage: str, *, status: str, code: str, why: str) -> RunEvent:
    """The run ended without a release: it was stopped, or failed."""
    return _event(at_ms, stage, "governor", "ended", status=status, code=code, why=_cut(why))


def claim_data(claim: DraftClaim) -> dict[str, Any]:
    """A claim with its evidence, as events hold it."""
    return {
        "text": _cut(claim.text),
        "kind": claim.kind.value,
        "score": round(claim.score, 4),
        "parts": _texts(claim.parts),
        "evidence": [span_data(one) for one in claim.evidence[:_MOST_ITEMS]],
        "computation": None if claim.computation is None else _computation(claim.computation),
    }


def span_data(span: EvidenceSpan) -> dict[str, Any]:
    """A span with its words, as events hold it."""
    return {
        "document": span.document.id,
        "title": span.document.title,
        "version": span.chunk.version,
        "chunk": span.chunk.id,
        "start": span.start,
        "end": span.end,
        "quote": _cut(span.quote),
    }


def _computation(computation: Computation) -> dict[str, Any]:
    operands = [{"text": _cut(one.text), "document": one.span.document.id} for one in computation.operands]
    return {"operation": computation.operation.value, "operands": operands[:_MOST_ITEMS], "result": computation.result}


def _passage(one: Hit | Passage) -> dict[str, Any]:
    chunk, tokens = (one.chunk.id, one.chunk.tokens) if isinstance(one, Hit) else ("", one.tokens)
    if isinstance(one, Passage) and one.chunk_ids:
        chunk = one.chunk_ids[0]
    return {"document": one.document.id, "title": one.document.title, "chunk": chunk, "tokens": tokens}


def _about(at_ms: int, stage: str, agent: str, what: str, claim: DraftClaim, **data: Any) -> RunEvent:
    documents = sorted({span.document.id for span in claim.evidence})
    return _event(at_ms, stage, agent, what, claim=_cut(claim.text), documents=documents, **data)


def _event(at_ms: int, stage: str, agent: str, what: str, **data: Any) -> RunEvent:
    return RunEvent(at_ms=at_ms, stage=stage, agent=agent, what=what, data=data)


def _texts(texts: Iterable[str]) -> list[str]:
    return [_cut(text) for text in list(texts)[:_MOST_ITEMS]]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + " …"
