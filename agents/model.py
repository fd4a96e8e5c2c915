"""Types of the agents floor: from a question to a released answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from ingest.model import Chunk, Document, Locator
from retrieval.access import Principal

from .checks.model import Finding, Verdict
from .question import Question

Mode = Literal["auto", "extractive", "small", "large"]


class Tier(StrEnum):
    """How much model a step may use, from none upwards."""

    EXTRACTIVE = "extractive"
    SMALL = "small"
    LARGE = "large"


class Status(StrEnum):
    """How a run ended."""

    ANSWERED = "answered"
    ABSTAINED = "abstained"
    NEEDS_REVIEW = "needs_review"
    BLOCKED = "blocked"


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

    document: Document = field(repr=False)
    chunk: Chunk = field(repr=False)
    start: int
    end: int
    header: tuple[str, ...] = ()

    @property
    def quote(self) -> str:
        """The words of the span, exactly."""
        return self.chunk.text[self.start - self.chunk.start : self.end - self.chunk.start]


class ClaimKind(StrEnum):
    """How a claim came about."""

    QUOTED = "quoted"  # words of the source, rearranged at most
    WRITTEN = "written"  # a model's own words
    COMPUTED = "computed"  # the result of a calculation whose operands are cited
    CONFLICT = "conflict"  # that sources disagree, citing each
    SUPERSESSION = "supersession"  # that one document takes another's place, citing where that is said


class Operation(StrEnum):
    """What is computed from operands, in their order."""

    SUM = "sum"
    DIFFERENCE = "difference"  # first less second
    PRODUCT = "product"
    RATIO = "ratio"  # first over second
    SHARE = "share"  # first as a percentage of second
    GROWTH = "growth"  # from first to second, in percent of the first
    AVERAGE = "average"
    LARGEST = "largest"
    SMALLEST = "smallest"
    DAYS_BETWEEN = "days_between"  # from the first date to the second
    DATE_AFTER = "date_after"  # the first, a date, and the second, a length of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A figure or date as it stands in a source: `text` is its words inside `span`."""

    text: str
    span: EvidenceSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """A calculation that anybody can repeat. `result` is how it stands in the claim ("1,450 EUR", "12.5 %")."""

    operation: Operation
    operands: tuple[Operand, ...]
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftClaim:
    """One sentence of a draft and the spans that are said to support it. `score` is the analyst's confidence,
    `parts` those of the question that it answers. A computed claim's evidence holds the spans of its operands."""

    parts: tuple[str, ...]
    text: str
    evidence: tuple[EvidenceSpan, ...]
    score: float
    kind: ClaimKind = ClaimKind.QUOTED
    computation: Computation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question of a plan. `needs` are the ids of steps whose answers it waits for; "{q1}" in its text stands for
    the answer of step q1. `question` is its text understood (of the text as it stands, for one that waits)."""

    id: str
    question: Question = field(repr=False)
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a question is gone about: its steps, at least one, and what is computed from their answers if anything.

    `question` is what was asked, with references to earlier turns resolved; `why` says in one line how it was split.
    """

    question: Question = field(repr=False)
    steps: tuple[Step, ...]
    operation: Operation | None = None
    compares: bool = False
    why: str = ""


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
    """The outcome of each check of one claim; `entailment` is in [0, 1]. `computed` is None where nothing is."""

    quote: bool
    numbers: bool
    names: bool
    negation: bool
    entailment: float
    modality: bool = True
    scope: bool = True
    computed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """A claim with its verdict."""

    claim: DraftClaim
    verdict: Verdict
    score: float
    checks: Checks
    note: str | None = None
    findings: tuple[Finding, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A span that a released claim rests on. `citation_id` names document, version and span for good.

    `withheld` are the kinds of personal data that a policy took out of the quote; empty, it is word for word.
    """

    id: int
    citation_id: str
    document: Document
    locator: Locator
    quote: str
    header: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A released claim: its citations by their number in the answer. `computation` is how it stands as a formula."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    score: float
    checks: Checks
    note: str | None = None
    kind: ClaimKind = ClaimKind.QUOTED
    computation: str | None = None


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


class ReviewState(StrEnum):
    """Where a review stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Why an answer waits for a person, until when, and what they decided. Times are UTC, ISO 8601."""

    state: ReviewState
    reasons: tuple[str, ...]
    risk: str
    requested_at: str
    expires_at: str
    decided_at: str | None = None
    decided_by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is released to the asker. `unanswered` is the part of an answered question that no claim answers.

    `notices` are sentences that a policy puts beside the answer; `resolved` is how a question that referred to earlier
    ones was understood.
    """

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
    review: Review | None = None
    notices: tuple[str, ...] = ()
    resolved: str | None = None
    usage: Usage = field(default_factory=Usage)
    timing_ms: Timing = field(default_factory=Timing)
