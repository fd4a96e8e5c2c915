"""The analyst: drafts claims from evidence, each tied to the spans that bear it out.

Without a language model it chooses and quotes the words that answer, computes from figures that stand there, and says
where documents disagree. With one, `writing` drafts; what no model manages comes back to the words of the sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.model import Chunk, ElementKind
from retrieval.access import Principal
from retrieval.model import Hit

from .checks.model import Verdict
from .composing import compose
from .composing_arranging import settled
from .composing_choosing import names_all, plainly_answered, unnamed_sides
from .errors import ModelUnavailable
from .evidence import ChunksOf, EvidenceBook
from .judging import Judge, PartJudgement
from .matching import Rarity
from .model import CheckedClaim, ClaimKind, Draft, DraftClaim, EvidenceSpan, Operation, Plan, Step, Tier
from .question import Part, Question
from .researcher import Findings
from .running import Run
from .signals import Embeddings
from .units import Unit, units_of
from .writing import Writer

NEAREST = 3
"""Passages that an abstention names."""
_CERTAIN = 0.95
"""What is planted beyond doubt; a lower score speaks of one sentence only."""
_QUOTED = 2
"""Sentences that a claim cut down to its sources may become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """A draft and what it was made from. `model` is who wrote it, None for the sources' own words."""

    plan: Plan
    findings: Findings
    tier: Tier
    draft: Draft
    model: str | None = None
    books: Mapping[str, EvidenceBook] = field(default_factory=dict, repr=False)
    round: int = 1


class Analyst:
    """Drafts, repairs, and falls back to quoting. Holds no state of a run."""

    def __init__(
        self,
        judge: Judge,
        embeddings: Embeddings,
        rarity_for: Callable[[Principal], Rarity],
        writer: Writer,
        chunks_of: ChunksOf,
    ) -> None:
        self._judge = judge
        self.embeddings = embeddings
        self._rarity_for = rarity_for
        self._writer = writer
        self._chunks_of = chunks_of

    async def draft(self, run: Run, plan: Plan, findings: Findings, tier: Tier) -> Drafting:
        """Claims for a plan, by the tier asked for or, where no model answers, in the sources' own words."""
        if tier is not Tier.EXTRACTIVE and run.may_call("models"):
            try:
                by_step = {found.step.id: found.hits for found in findings.steps}
                written = await self._writer.draft(run, plan, by_step, tier)
            except ModelUnavailable as error:
                tier = run.reroute(tier, Tier.EXTRACTIVE, f"no model drafted ({error.reason})")
            else:
                model = run.last_model()
                return Drafting(
                    plan=plan, findings=findings, tier=tier, draft=written.draft, model=model, books=written.books
                )
        return self._extracted(run, plan, findings)

    async def repair(self, run: Run, work: Drafting, failed: Sequence[CheckedClaim], *, nothing_kept: bool) -> Drafting:
        """Failed claims written anew; by the large model where the small one's did not hold."""
        tier = work.tier
        if run.request.mode == "auto" and tier is Tier.SMALL and Tier.LARGE in run.session.tiers:
            tier = run.reroute(tier, Tier.LARGE, "claims of the small model did not hold")
        try:
            claims = await self._writer.repair(run, work.plan, work.books, failed, tier)
        except ModelUnavailable as error:
            run.reroute(tier, Tier.EXTRACTIVE, f"no model repaired ({error.reason})")
            return self.fall_back(run, work, failed, nothing_kept=nothing_kept)
        if not claims and nothing_kept:
            return self.fall_back(run, work, failed, nothing_kept=True)
        draft = replace(work.draft, claims=tuple(claims))
        return replace(work, tier=tier, draft=draft, model=run.last_model(), round=work.round + 1)

    def fall_back(self, run: Run, work: Drafting, failed: Sequence[CheckedClaim], *, nothing_kept: bool) -> Drafting:
        """What a model did not manage, in the sources' own words: the sentences that a claim borne out in part
        cites or, where nothing else is left, an extractive draft."""
        quoted = [claim for item in failed if item.verdict is Verdict.PARTIAL for claim in _quoted(item, work.books)]
        if quoted or not nothing_kept:
            draft = replace(work.draft, claims=tuple(quoted))
            return replace(work, tier=Tier.EXTRACTIVE, draft=draft, model=None, round=work.round + 1)
        run.reroute(work.tier, Tier.EXTRACTIVE, "no claim of a model held")
        return replace(self._extracted(run, work.plan, work.findings), round=work.round + 1)

    def answer_of(self, question: Question, hits: Sequence[Hit], principal: Principal) -> str:
        """The sentence that answers a question, for another one that waits for it; "" when nothing found does."""
        units = units_of(hits)
        judged = self._judged(question.parts, units, principal)
        best = next((part for part in judged if part.answered and part.chosen), None)
        return "" if best is None else units[best.chosen[0].index].claim

    def _extracted(self, run: Run, plan: Plan, findings: Findings) -> Drafting:
        principal = run.request.principal
        units = [unit for unit in units_of(findings.hits) if not _is_planted(unit, run)]
        parts = parts_of(plan)
        if not units:
            why = "nothing that you may read matches the question"
            draft = Draft(claims=(), why=why, missing=tuple(part.text for part in parts))
            return Drafting(plan=plan, findings=findings, tier=Tier.EXTRACTIVE, draft=draft)
        judged = self._judged(parts, units, principal)
        draft = _quoting(judged, units)
        chosen = {step.id: _chosen(step, judged, units) for step in plan.steps}
        for side in unnamed_sides(plan, chosen):
            chosen[side.id] = []
            unanswered = (part.text for part in side.question.parts)
            draft = replace(draft, missing=tuple(dict.fromkeys((*draft.missing, *unanswered))))
        composed, reasons = compose(
            plan,
            chosen,
            findings.superseded,
            {step.id: _near(step, judged, units) for step in plan.steps},
            chunks_of=self._chunks_of,
        )
        stated = self._stated(plan, units, principal) if reasons else ()
        draft = settled(plan, draft, composed, reasons, stated)
        return Drafting(plan=plan, findings=findings, tier=Tier.EXTRACTIVE, draft=draft)

    def _stated(self, plan: Plan, units: Sequence[Unit], principal: Principal) -> tuple[DraftClaim, ...]:
        """The words in which a source itself gives a share or a growth that could not be worked out: they answer the
        question as a whole and name all that it asks about."""
        if len(plan.steps) == 1 or plan.compares or plan.operation not in (Operation.SHARE, Operation.GROWTH):
            return ()
        judged = self._judged(plan.question.parts, units, principal)
        quoted = _quoting(judged, units).claims
        plain = {
            units[choice.index].claim
            for part in judged
            for choice in part.chosen
            if names_all(part.part, units[choice.index]) and "%" in _with_percent_sign(units[choice.index].claim)
        }
        asked = tuple(part.text for part in (*plan.question.parts, *parts_of(plan)))
        return tuple(replace(claim, parts=asked) for claim in quoted if claim.text in plain)

    def _judged(self, parts: Sequence[Part], units: Sequence[Unit], principal: Principal) -> Sequence[PartJudgement]:
        candidates = [unit.candidate for unit in units]
        judged = self._judge.judge(parts, candidates, self.embeddings, self._rarity_for(principal)).parts
        return [
            part if part.answered or not plainly_answered(part, units) else replace(part, answered=True)
            for part in judged
        ]


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """All that a plan asks for, once each."""
    return tuple({part.text: part for step in plan.steps for part in step.question.parts}.values())


def _is_planted(unit: Unit, run: Run) -> bool:
    """Whether a unit is part of an instruction that somebody planted: it answers nothing. What follows a certain one in
    its paragraph belongs to it."""
    chunk = unit.span.chunk
    start, end = unit.span.start - chunk.start, unit.span.end - chunk.start
    for one in run.planted.get(chunk.id, ()):
        if not one.orders:
            continue  # A mere question or request does no harm where it is quoted, and may be none.
        until = _end_of_paragraph(chunk, one.start) if one.score >= _CERTAIN else one.end
        if one.start < end and start < max(one.end, until):
            return True
    return False


def _end_of_paragraph(chunk: Chunk, at: int) -> int:
    """Where the paragraph or item that holds a place of the chunk's text ends; a table row stands by itself."""
    for element in chunk.elements:
        if element.start <= chunk.start + at < element.end and element.kind is not ElementKind.TABLE_ROW:
            return element.end - chunk.start
    return at


def _quoting(judged: Sequence[PartJudgement], units: Sequence[Unit]) -> Draft:
    """Claims in the order of the question's parts, or none with what came nearest."""
    chosen: dict[int, tuple[float, list[str]]] = {}
    for part in judged:
        if part.answered:
            for index, probability in _in_reading_order(part, units):
                chosen.setdefault(index, (probability, []))[1].append(part.part.text)
    missing = [part for part in judged if not part.answered]
    return Draft(
        claims=tuple(
            DraftClaim(
                parts=tuple(parts),
                text=units[index].claim,
                evidence=units[index].evidence,
                score=round(probability, 3),
            )
            for index, (probability, parts) in chosen.items()
        ),
        why="no sentence found answers what was asked" if missing else "",
        missing=tuple(part.part.text for part in missing),
        nearest=_nearest(missing, units),
    )


def _chosen(step: Step, judged: Sequence[PartJudgement], units: Sequence[Unit]) -> list[Unit]:
    """The units that answer a step, best first."""
    texts = {part.text for part in step.question.parts}
    return [
        units[choice.index] for part in judged if part.answered and part.part.text in texts for choice in part.chosen
    ]


def _near(step: Step, judged: Sequence[PartJudgement], units: Sequence[Unit]) -> list[Unit]:
    """The units that come nearest to a step, answering or not, best first."""
    texts = {part.text for part in step.question.parts}
    return [units[choice.index] for part in judged if part.part.text in texts for choice in part.near]


def _quoted(item: CheckedClaim, books: Mapping[str, EvidenceBook]) -> list[DraftClaim]:
    """A claim's sources as claims of their own."""
    cited = {(span.chunk.id, span.start, span.end) for span in item.claim.evidence}
    units = [unit for book in books.values() for unit in book.units]
    found = {
        (unit.span.chunk.id, unit.span.start): unit
        for unit in units
        if (unit.span.chunk.id, unit.span.start, unit.span.end) in cited
    }
    if len(found) > _QUOTED:
        return []
    return [
        DraftClaim(
            parts=item.claim.parts,
            text=unit.claim,
            evidence=unit.evidence,
            score=item.claim.score,
            kind=ClaimKind.QUOTED,
        )
        for unit in found.values()
    ]


def _with_percent_sign(text: str) -> str:
    return re.sub(r"\b(?:per ?cent|prozent)\b", "%", text, flags=re.IGNORECASE)


def _in_reading_order(part: PartJudgement, units: Sequence[Unit]) -> list[tuple[int, float]]:
    """The best unit first; then the others of its document in the order they are written, then those of others."""
    if not part.chosen:
        return []
    best, *others = part.chosen
    lead = units[best.index].span.document.id
    others.sort(key=lambda c: (units[c.index].span.document.id != lead, units[c.index].span.start))
    return [(choice.index, choice.probability) for choice in (best, *others)]


def _nearest(parts: Sequence[PartJudgement], units: Sequence[Unit]) -> tuple[EvidenceSpan, ...]:
    spans: dict[int, EvidenceSpan] = {}
    for part in parts:
        for choice in part.chosen[:NEAREST]:
            spans.setdefault(choice.index, units[choice.index].span)
    return tuple(spans.values())[:NEAREST]
