"""The governor: admits a question, decides the route, and releases only what was verified."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence

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
_SpanKey = tuple[str, str, int, int]
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


def route(parts: int, labels: Collection[str]) -> Route:
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
    citations, numbers = _number([span for claim in kept for span in claim.claim.evidence])
    claims = tuple(_released(claim, numbers) for claim in kept)
    left_open = _left_open(draft, checked, kept, first_id=len(citations) + 1)
    return Answer(
        run_id=run_id,
        question=request.question,
        conversation_id=request.conversation_id,
        status=Status.ANSWERED if kept else Status.ABSTAINED,
        answer=_prose(claims) if kept else _abstention_sentence(left_open),
        claims=claims,
        citations=citations,
        abstention=None if kept else left_open,
        unanswered=left_open if kept else None,
        route=answer_route,
        timing_ms=timing,
    )


def _released(item: CheckedClaim, numbers: Mapping[_SpanKey, int]) -> Claim:
    cited = tuple(dict.fromkeys(numbers[_key(span)] for span in item.claim.evidence))
    return Claim(
        text=item.claim.text,
        citations=cited,
        verdict=item.verdict,
        score=item.score,
        checks=item.checks,
        note=item.note,
    )


def _left_open(
    draft: Draft, checked: Sequence[CheckedClaim], kept: Sequence[CheckedClaim], first_id: int
) -> Abstention | None:
    """What no released claim answers: parts without a claim, and parts whose claims all failed their checks."""
    answered = {part for item in kept for part in item.claim.parts}
    dropped = [item for item in checked if item not in kept]
    failed = tuple(dict.fromkeys(p for item in dropped for p in item.claim.parts if p not in answered))
    parts = draft.missing + failed
    if not parts:
        return None
    reasons = [draft.why] if draft.missing else []
    if failed:
        reasons.append(f"{len(dropped)} drafted claims did not hold against their sources")
    spans = [*draft.nearest, *(item.claim.evidence[-1] for item in dropped)] if failed else draft.nearest
    nearest, _ = _number(spans, first_id)
    return Abstention(reason="; ".join(reasons), looked_for=" / ".join(parts), nearest=nearest)


def citation_id(span: EvidenceSpan) -> str:
    """Names document, version and span for good: the same words of the same version always have the same id."""
    key = f"{span.document.id}\0{span.chunk.version}\0{span.start}\0{span.end}"
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _abstention_sentence(left_open: Abstention | None) -> str:
    if left_open is not None and left_open.nearest:
        return "The documents that you may read do not answer this; the nearest passages are listed."
    return "The documents that you may read say nothing about this."


def _number(spans: Sequence[EvidenceSpan], first_id: int = 1) -> tuple[tuple[Citation, ...], dict[_SpanKey, int]]:
    """Citations in order of first use, numbered from `first_id`, and the number of each span."""
    numbers: dict[_SpanKey, int] = {}
    citations: list[Citation] = []
    for span in spans:
        if _key(span) not in numbers:
            numbers[_key(span)] = first_id + len(citations)
            citations.append(
                Citation(
                    id=numbers[_key(span)],
                    citation_id=citation_id(span),
                    document=span.document,
                    locator=locate(span.chunk, span.start, span.end),
                    quote=span.quote,
                    header=span.header,
                )
            )
    return tuple(citations), numbers


def _key(span: EvidenceSpan) -> _SpanKey:
    return (span.document.id, span.chunk.version, span.start, span.end)


def _prose(claims: Sequence[Claim]) -> str:
    """The claims in a row, each with its citations before its full stop: "Meals are capped at 60 EUR [1]"."""
    sentences = []
    for claim in claims:
        marks = "".join(f"[{number}]" for number in claim.citations)
        body, end = (claim.text[:-1], claim.text[-1]) if claim.text[-1:] in ".!?" else (claim.text, ".")
        sentences.append(f"{body.rstrip(' ;,:')} {marks}{end}")
    return " ".join(sentences)
