"""Types of the agents floor: from a question to a released answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ingest.model import Chunk, Document, Locator
from retrieval.access import Principal
from retrieval.model import Hit

Mode = Literal["auto", "extractive", "small", "large"]


class Status(StrEnum):
    """How a run ended."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    NEEDS_REVIEW = "needs_review"
    BLOCKED = "blocked"


class Verdict(StrEnum):
    """What checking a claim against its cited spans found."""

    SUPPORTED = "supported"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question as it comes in."""

    question: str
    principal: Principal
    conversation_id: str | None = None
    mode: Mode = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSpan:
    """An exact span of a version's canonical text, offered as evidence. `start` and `end` lie inside the chunk.

    `header` names the columns of the cells in a table row, since a row alone does not say what its figures are.
    """

    document: Document
    chunk: Chunk
    start: int
    end: int
    header: tuple[str, ...] = ()

    @property
    def quote(self) -> str:
        """The words of the span, exactly."""
        return self.chunk.text[self.start - self.chunk.start : self.end - self.chunk.start]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftClaim:
    """One sentence of a draft and the spans that are said to support it. `score` is the analyst's confidence,
    `parts` those of the question that it answers."""

    parts: tuple[str, ...]
    text: str
    evidence: tuple[EvidenceSpan, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the analyst hands over: claims in reading order, or none and the reason.

    `missing` are the parts of the question that no claim answers; `nearest` comes closest to them.
    """

    claims: tuple[DraftClaim, ...]
    why: str
    missing: tuple[str, ...] = ()
    nearest: tuple[EvidenceSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The outcome of each check of one claim; `entailment` is in [0, 1]."""

    quote: bool
    numbers: bool
    names: bool
    negation: bool
    entailment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """A claim with its verdict."""

    claim: DraftClaim
    verdict: Verdict
    score: float
    checks: Checks
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A span that a released claim rests on. `citation_id` names document, version and span for good."""

    id: int
    citation_id: str
    document: Document
    locator: Locator
    quote: str
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A released claim: its citations by their number in the answer."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    score: float
    checks: Checks
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Why there is no answer, or none to a part: what was looked for, and the nearest passages."""

    reason: str
    looked_for: str
    nearest: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How the question was handled, and why."""

    mode: str
    complexity: str
    sensitivity: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What language models were used for it; nothing when the crew worked extractively."""

    model_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Wall-clock milliseconds."""

    total: int = 0
    retrieve: int = 0
    draft: int = 0
    verify: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is released to the asker. `unanswered` is the part of an answered question that no claim answers."""

    run_id: str
    question: str
    conversation_id: str | None
    status: Status
    answer: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    abstention: Abstention | None
    route: Route
    unanswered: Abstention | None = None
    usage: Usage = field(default_factory=Usage)
    timing_ms: Timing = field(default_factory=Timing)


Evidence = Sequence[Hit]
"""What the researcher hands to the analyst: passages the asker may read, best first."""
