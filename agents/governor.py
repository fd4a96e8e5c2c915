"""The governor: admits a question, decides the route, and releases only what was verified."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ingest.locating import locate

from .errors import QuestionRefused
from .model import (
    Abstention,
    Answer,
    CheckedClaim,
    Citation,
    Claim,
    Draft,
    EvidenceSpan,
    Request,
    Route,
    Status,
    Timing,
    Verdict,
)

MAX_QUESTION_CHARACTERS = 4000
_RELEASABLE = (Verdict.SUPPORTED, Verdict.PARTIAL)


def admit(request: Request) -> Request:
    """The request with its question trimmed.

    Raises:
        QuestionRefused: the question is empty, too long, or asks for a model that there is not.
    """
    question = request.question.strip()
    if not any(character.isalnum() for character in question):
        raise QuestionRefused("the question is empty; ask something in words")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionRefused(
            f"the question has {len(question):,} characters, at most {MAX_QUESTION_CHARACTERS:,} "
            "are taken; ask one thing at a time"
        )
    if request.mode in ("small", "large"):
        raise QuestionRefused(
            f"mode {request.mode!r} needs a language model, and this version has no way to call one; "
            "use auto or extractive"
        )
    return Request(
        question=question, principal=request.principal, conversation_id=request.conversation_id, mode=request.mode
    )


def route(parts: int, labels: Sequence[str | None]) -> Route:
    """How a question of so many parts is handled, given the labels of the evidence."""
    complexity = "lookup" if parts <= 1 else "multi"
    sensitivity = "restricted" if "restricted" in labels else "internal"
    why = "one fact asked" if parts <= 1 else f"{parts} facts asked"
    return Route(mode="extractive", complexity=complexity, sensitivity=sensitivity, why=why)


def release(
    request: Request, run_id: str, draft: Draft, checked: Sequence[CheckedClaim], answer_route: Route, timing: Timing
) -> Answer:
    """The answer: claims that hold, numbered citations, or an abstention that says what was looked for."""
    kept = [claim for claim in checked if claim.verdict in _RELEASABLE]
    if not kept:
        return _abstain(request, run_id, draft, len(checked), answer_route, timing)
    citations, numbers = _number([span for claim in kept for span in claim.claim.evidence])
    claims = []
    for item in kept:
        cited = tuple(dict.fromkeys(numbers[_key(span)] for span in item.claim.evidence))
        claims.append(
            Claim(
                text=item.claim.text,
                citations=cited,
                verdict=item.verdict,
                score=item.score,
                checks=item.checks,
                note=item.note,
            )
        )
    return Answer(
        run_id=run_id,
        question=request.question,
        conversation_id=request.conversation_id,
        status=Status.ANSWERED,
        answer=_prose(claims),
        claims=tuple(claims),
        citations=citations,
        abstention=None,
        unanswered=_abstention(draft, draft.why) if draft.sought else None,
        route=answer_route,
        timing_ms=timing,
    )


def citation_id(span: EvidenceSpan) -> str:
    """Names document, version and span for good: the same words of the same version always have the same id."""
    key = f"{span.document.id}\0{span.chunk.version}\0{span.start}\0{span.end}"
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _abstain(request: Request, run_id: str, draft: Draft, dropped: int, answer_route: Route, timing: Timing) -> Answer:
    reason = draft.why if not dropped else f"{dropped} drafted claims did not hold against their sources"
    return Answer(
        run_id=run_id,
        question=request.question,
        conversation_id=request.conversation_id,
        status=Status.ABSTAINED,
        answer=_abstention_sentence(bool(draft.nearest)),
        claims=(),
        citations=(),
        abstention=_abstention(draft, reason),
        route=answer_route,
        timing_ms=timing,
    )


def _abstention(draft: Draft, reason: str) -> Abstention:
    nearest, _ = _number(draft.nearest)
    return Abstention(reason=reason, looked_for=draft.sought, nearest=nearest)


def _abstention_sentence(has_nearest: bool) -> str:
    if has_nearest:
        return "The documents that you may read do not answer this; the nearest passages are listed."
    return "The documents that you may read say nothing about this."


def _number(spans: Sequence[EvidenceSpan]) -> tuple[tuple[Citation, ...], dict[tuple[str, str, int, int], int]]:
    """Citations in order of first use, numbered from 1, and the number of each span."""
    numbers: dict[tuple[str, str, int, int], int] = {}
    citations: list[Citation] = []
    for span in spans:
        if _key(span) not in numbers:
            numbers[_key(span)] = len(citations) + 1
            citations.append(
                Citation(
                    id=len(citations) + 1,
                    citation_id=citation_id(span),
                    document=span.document,
                    locator=locate(span.chunk, span.start, span.end),
                    quote=span.quote,
                    header=span.header,
                )
            )
    return tuple(citations), numbers


def _key(span: EvidenceSpan) -> tuple[str, str, int, int]:
    return (span.document.id, span.chunk.version, span.start, span.end)


def _prose(claims: Sequence[Claim]) -> str:
    """The claims in a row, each with its citations before its full stop: "Meals are capped at 60 EUR [1]."."""
    sentences = []
    for claim in claims:
        marks = "".join(f"[{number}]" for number in claim.citations)
        body, end = (claim.text[:-1], claim.text[-1]) if claim.text[-1:] in ".!?" else (claim.text, ".")
        sentences.append(f"{body.rstrip(' ;,:')} {marks}{end}")
    return " ".join(sentences)
