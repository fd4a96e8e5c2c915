"""Makes the answer: claims that hold, numbered citations, and what is left open, or an abstention that says so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ingest.locating import locate

from .checks.model import Verdict
from .model import (
    Abstention,
    Answer,
    CheckedClaim,
    Citation,
    Claim,
    ClaimKind,
    Computation,
    Draft,
    EvidenceSpan,
    Request,
    Review,
    Route,
    Status,
    Timing,
    Usage,
)

_SpanKey = tuple[str, str, int, int]
NOTHING_USED = Usage()
WAITING = "The answer waits for a reviewer's approval."


def releasable(item: CheckedClaim) -> bool:
    """Whether a checked claim may go out. In its own words a model must be borne out whole; a quote may be partial, as
    one cut short is."""
    if item.claim.kind is ClaimKind.QUOTED:
        return item.verdict in (Verdict.SUPPORTED, Verdict.PARTIAL)
    return item.verdict is Verdict.SUPPORTED


def make_answer(
    request: Request,
    run_id: str,
    *,
    asked: Sequence[str],
    draft: Draft,
    kept: Sequence[CheckedClaim],
    fallen: Sequence[CheckedClaim],
    route: Route,
    timing: Timing,
    usage: Usage = NOTHING_USED,
    notices: Sequence[str] = (),
    resolved: str | None = None,
) -> Answer:
    """The answer that checked claims make: `kept` are released, `fallen` did not hold, `asked` are the question's
    parts."""
    citations, numbers = _number([span for item in kept for span in item.claim.evidence])
    claims = tuple(_released(item, numbers) for item in kept)
    left_open = _left_open(asked, draft, kept, fallen, first_id=len(citations) + 1)
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
        route=route,
        notices=tuple(notices) if kept else (),
        resolved=resolved,
        usage=usage,
        timing_ms=timing,
    )


def blocked(request: Request, run_id: str, why: str, route: Route, timing: Timing) -> Answer:
    """What the asker gets where a policy lets no answer out."""
    return Answer(
        run_id=run_id,
        question=request.question,
        conversation_id=request.conversation_id,
        status=Status.BLOCKED,
        answer=why,
        claims=(),
        citations=(),
        abstention=None,
        route=route,
        timing_ms=timing,
    )


def waiting(answer: Answer, review: Review) -> Answer:
    """What the asker gets while a person looks at the answer: nothing of it."""
    return _emptied(answer, Status.NEEDS_REVIEW, WAITING, review)


def rejected(answer: Answer, review: Review) -> Answer:
    """What the asker gets when a reviewer said no, or nobody said anything in time."""
    said = f"The answer was not approved: {review.why}" if review.why else "The answer was not approved in time."
    return _emptied(answer, Status.BLOCKED, said, review)


def _emptied(answer: Answer, status: Status, said: str, review: Review) -> Answer:
    return replace(
        answer,
        status=status,
        answer=said,
        claims=(),
        citations=(),
        abstention=None,
        unanswered=None,
        notices=(),
        review=review,
    )


def citation_id(span: EvidenceSpan) -> str:
    """Names document, version and span for good: the same words of the same version always have the same id."""
    key = f"{span.document.id}\0{span.chunk.version}\0{span.start}\0{span.end}"
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def _released(item: CheckedClaim, numbers: Mapping[_SpanKey, int]) -> Claim:
    cited = tuple(dict.fromkeys(numbers[_key(span)] for span in item.claim.evidence))
    computation = item.claim.computation
    return Claim(
        text=item.claim.text,
        citations=cited,
        verdict=item.verdict,
        score=item.score,
        checks=item.checks,
        note=item.note,
        kind=item.claim.kind,
        computation=None if computation is None else formula(computation),
    )


def formula(computation: Computation) -> str:
    """A calculation in one line: "difference(180 EUR; 140 EUR) = 40 EUR"."""
    operands = "; ".join(one.text for one in computation.operands)
    return f"{computation.operation.value}({operands}) = {computation.result}"


def _left_open(
    asked: Sequence[str],
    draft: Draft,
    kept: Sequence[CheckedClaim],
    fallen: Sequence[CheckedClaim],
    first_id: int,
) -> Abstention | None:
    """What no released claim answers, why, and what came nearest; None when all of it is answered."""
    answered = {part for item in kept for part in item.claim.parts}
    parts = [part for part in asked if part not in answered]
    if not parts:
        return None
    lost = [item for item in fallen if not answered.issuperset(item.claim.parts)]
    reasons = [draft.why] if draft.why else []
    if lost:
        reasons.append(f"{len(lost)} drafted claims did not hold against their sources")
    spans = [*draft.nearest, *(item.claim.evidence[-1] for item in lost if item.claim.evidence)]
    nearest, _ = _number(spans, first_id)
    why = "; ".join(dict.fromkeys(reasons)) or "no sentence found answers what was asked"
    return Abstention(reason=why, looked_for=" / ".join(parts), nearest=nearest)


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
