"""Runs as the crew would record them, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agents.checks.model import Finding, Verdict, Verification
from agents.model import (
    Answer,
    CheckedClaim,
    Checks,
    Citation,
    Claim,
    Draft,
    DraftClaim,
    EvidenceSpan,
    Review,
    ReviewState,
    Route,
    Status,
    Tier,
)
from agents.runs import events
from agents.runs.model import ModelCall, RunEvent
from agents.runs.record import Held, RunRecord, RunState
from ingest.locating import locate
from ingest.model import Document
from retrieval.model import Hit
from tests.fakes import make_chunk, make_document

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CHECKS = Checks(quote=True, numbers=True, names=True, negation=True, entailment=0.97)
ROUTE = Route(mode="extractive", complexity="lookup", sensitivity="internal", why="one fact asked")


class FakeTime:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **amount: float) -> None:
        self.now += timedelta(**amount)


def span(document: Document, text: str) -> EvidenceSpan:
    chunk = make_chunk(document, text)
    return EvidenceSpan(document=document, chunk=chunk, start=chunk.start, end=chunk.end)


def claim(text: str, *spans: EvidenceSpan) -> DraftClaim:
    return DraftClaim(parts=("meals",), text=text, evidence=spans, score=0.9)


def hit(one: EvidenceSpan, rank: int = 1) -> Hit:
    return Hit(
        rank=rank,
        score=0.8,
        document=one.document,
        chunk=one.chunk,
        locator=locate(one.chunk, one.start, one.end),
        why={"dense": 0.8},
    )


TRAVEL = make_document("travel.md", text="travel")
BOARD = make_document("board.md", text="board")
MEALS = claim("Meals are capped at 60 EUR a day.", span(TRAVEL, "Meals are capped at 60 EUR a day."))
MERGER = claim("The merger costs 3 million EUR.", span(BOARD, "The merger costs 2 million EUR."))
SUPPORTED = Verification(verdict=Verdict.SUPPORTED, score=0.97, findings=(Finding(check="numbers", agrees=True),))
CONTRADICTED = Verification(
    verdict=Verdict.CONTRADICTED,
    score=0.02,
    findings=(Finding(check="numbers", agrees=False, words=("3 million EUR",), contradicts=True, note="says 2"),),
    words=("3 million EUR",),
)


def answer_of(run_id: str, *claims: DraftClaim, question: str = "What may meals cost?") -> Answer:
    """An answer that releases these claims."""
    spans = list({(one.document.id, one.start): one for item in claims for one in item.evidence}.values())
    citations = tuple(
        Citation(
            id=n,
            citation_id=f"c{n}",
            document=one.document,
            locator=locate(one.chunk, one.start, one.end),
            quote=one.quote,
        )
        for n, one in enumerate(spans, start=1)
    )
    cited = [tuple(spans.index(one) + 1 for one in item.evidence) for item in claims]
    return Answer(
        run_id=run_id,
        question=question,
        conversation_id=None,
        status=Status.ANSWERED,
        answer=" ".join(
            f"{one.text[:-1]} {''.join(f'[{n}]' for n in ids)}." for one, ids in zip(claims, cited, strict=True)
        ),
        claims=tuple(
            Claim(text=one.text, citations=ids, verdict=Verdict.SUPPORTED, score=0.97, checks=CHECKS)
            for one, ids in zip(claims, cited, strict=True)
        ),
        citations=citations,
        abstention=None,
        route=ROUTE,
    )


def happened() -> tuple[RunEvent, ...]:
    """A run that finds two passages, drafts two claims, and drops the one that its source contradicts."""
    draft = Draft(claims=(MEALS, MERGER), why="", missing=())
    return (
        events.entered(0, "admit"),
        events.entered(1, "route"),
        events.routed(1, ROUTE),
        events.entered(2, "plan"),
        events.entered(3, "research"),
        events.searched(9, query="meals", hits=[hit(MEALS.evidence[0]), hit(MERGER.evidence[0], 2)]),
        events.judged(10, enough=True, why="every part has a passage"),
        events.left_out(11, passages=[hit(MERGER.evidence[0])], budget=100, tokens=90),
        events.entered(12, "draft"),
        events.drafted(15, draft),
        events.entered(16, "verify"),
        events.checked(18, MEALS, SUPPORTED),
        events.checked(19, MERGER, CONTRADICTED),
        events.entered(20, "repair"),
        events.sent_back(20, MERGER, why="its figure is not its source's", round_=1),
        events.entered(22, "verify"),
        events.entered(25, "repair"),
        events.dropped(25, MERGER, why="it did not hold after 1 repair", verdict=Verdict.CONTRADICTED),
        events.entered(26, "release"),
        events.released(27, status="answered", claims=1),
    )


def begun(run_id: str = "r1", *, user: str | None = "ana", admin: bool = False, at: datetime = START) -> RunRecord:
    """A run that begins now."""
    return RunRecord(
        id=run_id,
        started_at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        question="What may meals cost?",
        mode="auto",
        user=user,
        groups=("finance",),
        admin=admin,
        versions={"code": "0.1.0"},
    )


def ended(record: RunRecord, *, ms: int = 40, claims: Sequence[DraftClaim] = (MEALS,)) -> RunRecord:
    """It answered."""
    start = datetime.fromisoformat(record.started_at)
    return replace(
        record,
        ended_at=(start + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        status=RunState.ANSWERED,
        stage="release",
        events=happened(),
        answer=answer_of(record.id, *claims),
    )


def waiting(record: RunRecord, *, hours: float = 72, claims: Sequence[DraftClaim] = (MEALS,)) -> RunRecord:
    """Its answer waits for a person."""
    done = ended(record)
    start = datetime.fromisoformat(record.started_at)
    expires = (start + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    review = Review(
        state=ReviewState.WAITING,
        reasons=("sources in conflict",),
        risk="high",
        requested_at=record.started_at,
        expires_at=expires,
    )
    assert done.answer is not None
    held = Held(
        answer=answer_of(record.id, *claims),
        checked=tuple(CheckedClaim(claim=one, verdict=Verdict.SUPPORTED, score=0.97, checks=CHECKS) for one in claims),
    )
    empty = replace(
        done.answer, status=Status.NEEDS_REVIEW, answer="The answer waits.", claims=(), citations=(), review=review
    )
    return replace(done, status=RunState.NEEDS_REVIEW, answer=empty, held=held, review=review)


def call(key: str = "k1", *, tier: Tier = Tier.SMALL, response: str = "{}", outcome: str = "ok") -> ModelCall:
    return ModelCall(
        key=key,
        agent="analyst",
        prompt="draft",
        prompt_version="1",
        tier=tier,
        model="some-4b",
        locality="local",
        messages=({"role": "user", "content": "What?"},),
        response=response,
        outcome=outcome,
        attempts=1,
        tokens_in=1000,
        tokens_out=100,
        cost_usd=0.00014,
        at_ms=12,
        ms=300,
    )
