"""How the analyst drafts with a language model: evidence shown as numbered sentences, claims that cite by number.

What comes back is a draft like any other: claims with spans, to be checked. A number that was never given out cites
nothing, and a claim that cites nothing is dropped by compliance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from retrieval.model import Hit

from .calculating import compute
from .composing_words import said
from .defanging import defang
from .errors import ModelUnavailable
from .evidence import ChunksOf, EvidenceBook, Pack, PackedPassage, open_book
from .expressions import NotComputable
from .fencing import Fenced, fence, planted_lines
from .model import (
    CheckedClaim,
    ClaimKind,
    Computation,
    Draft,
    DraftClaim,
    EvidenceSpan,
    Operand,
    Plan,
    Step,
    Tier,
)
from .prompts import WrittenClaim, WrittenDraft, draft_prompt, repair_prompt
from .running import Run
from .runs import events

AGENT = "analyst"
_CONFIDENCE = 0.9
"""A model gives no confidence worth having; its claims stand or fall by their checks."""
_LEFT_OPEN = "the evidence does not hold it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A draft with the evidence that it was written from, for repairs and second opinions."""

    draft: Draft
    books: Mapping[str, EvidenceBook]


class Writer:
    """Drafts and repairs with a model. Holds no state of a run."""

    def __init__(self, pack: Pack, chunks_of: ChunksOf) -> None:
        self._pack = pack
        self._chunks_of = chunks_of

    async def draft(self, run: Run, plan: Plan, hits: Mapping[str, Sequence[Hit]], tier: Tier) -> Written:
        """Claims for every step of a plan, its steps side by side; `hits` are each step's own.

        Raises:
            ModelUnavailable: no model drafted any of them.
        """
        books = {step.id: self._open(run, step, hits[step.id]) for step in plan.steps}
        asked = [self._ask(run, step, books[step.id], tier) for step in plan.steps]
        replies = await asyncio.gather(*asked, return_exceptions=True)
        claims: list[DraftClaim] = []
        missing: list[str] = []
        failures: list[ModelUnavailable] = []
        for step, reply in zip(plan.steps, replies, strict=True):
            if isinstance(reply, ModelUnavailable):
                failures.append(reply)
                missing += _parts(step)
            elif isinstance(reply, BaseException):
                raise reply
            else:
                written = _claims(reply, step, books[step.id]) if reply.answerable else []
                claims += written
                if not written:
                    missing += _parts(step)
        if len(failures) == len(plan.steps):
            raise failures[0]
        draft = Draft(
            claims=_distinct(claims),
            why=_LEFT_OPEN if missing else "",
            missing=tuple(missing),
            nearest=tuple(unit.span for book in books.values() for unit in book.units[:1])[:3] if missing else (),
        )
        return Written(draft=draft, books=books)

    async def repair(
        self, run: Run, plan: Plan, books: Mapping[str, EvidenceBook], failed: Sequence[CheckedClaim], tier: Tier
    ) -> list[DraftClaim]:
        """New claims in place of failed ones; fewer, where the model sees that there is nothing to say.

        Raises:
            ModelUnavailable: no model answered for any step.
        """
        by_step = {
            step.id: [one for one in failed if not set(_parts(step)).isdisjoint(one.claim.parts)] for step in plan.steps
        }
        steps = [step for step in plan.steps if by_step[step.id] and books[step.id].passages]
        asked = [
            run.session.ask(
                repair_prompt(
                    step.question.text,
                    self._shown(run, books[step.id]),
                    [(one.claim.text, one.note or one.verdict.value) for one in by_step[step.id]],
                ),
                WrittenDraft,
                agent=AGENT,
                tier=tier,
            )
            for step in steps
        ]
        replies = await asyncio.gather(*asked, return_exceptions=True)
        mended: list[DraftClaim] = []
        failures: list[ModelUnavailable] = []
        for step, reply in zip(steps, replies, strict=True):
            if isinstance(reply, ModelUnavailable):
                failures.append(reply)
            elif isinstance(reply, BaseException):
                raise reply
            else:
                mended += _claims(reply, step, books[step.id])
        if steps and len(failures) == len(steps):
            raise failures[0]
        return list(_distinct(mended))

    def _open(self, run: Run, step: Step, hits: Sequence[Hit]) -> EvidenceBook:
        budget = run.rules.limits.evidence_tokens
        book = open_book(step.question.text, hits, budget, self._pack, self._chunks_of)
        if book.left_out:
            left = [hit for hit in hits if hit.chunk.id in set(book.left_out)]
            run.note(events.left_out(run.at_ms, passages=left, budget=budget, tokens=book.tokens))
        return book

    async def _ask(self, run: Run, step: Step, book: EvidenceBook, tier: Tier) -> WrittenDraft:
        if not book.passages:
            return WrittenDraft(answerable=False, missing="nothing was found")
        prompt = draft_prompt(step.question.text, self._shown(run, book))
        return await run.session.ask(prompt, WrittenDraft, agent=AGENT, tier=tier)

    @staticmethod
    def _shown(run: Run, book: EvidenceBook) -> str:
        return show(book, run.nonce)


def show(book: EvidenceBook, nonce: str) -> str:
    """The evidence of a prompt: each passage fenced, each sentence with its number; planted instructions left out."""
    return fence([_fenced(packed) for packed in book.passages], nonce)


def _fenced(packed: PackedPassage) -> Fenced:
    passage = packed.passage
    numbered = list(zip(packed.numbers, packed.units, strict=True))
    spans = [(number, unit.span.start - passage.start, unit.span.end - passage.start) for number, unit in numbered]
    return Fenced(
        name=passage.document.title,
        context=" > ".join(passage.locator.headings),
        lines=tuple((number, " ".join(unit.claim.split())) for number, unit in numbered),
        planted=planted_lines(passage.text, spans),
    )


def _parts(step: Step) -> tuple[str, ...]:
    return tuple(part.text for part in step.question.parts)


def _claims(reply: WrittenDraft, step: Step, book: EvidenceBook) -> list[DraftClaim]:
    return [_claim(one, step, book) for one in reply.claims if one.text.strip()]


def _claim(written: WrittenClaim, step: Step, book: EvidenceBook) -> DraftClaim:
    computation = _computation(written, book)
    operands = [one.span for one in computation.operands] if computation is not None else []
    cited = [unit for number in dict.fromkeys(written.sentences) if (unit := book.unit(number)) is not None]
    if computation is not None:
        # A result is said in words of our own: a model's could turn it round, and no check would tell.
        figures = [(operand.text, "") for operand in computation.operands]
        text = said(computation.operation, computation.result, figures, step.question.language)
    else:
        text = defang(" ".join(written.text.split()), {unit.span.document.uri for unit in cited})
    return DraftClaim(
        parts=_parts(step),
        text=text,
        evidence=_once([*(span for unit in cited for span in unit.evidence), *operands]),
        score=_CONFIDENCE,
        kind=ClaimKind.WRITTEN if computation is None else ClaimKind.COMPUTED,
        computation=computation,
    )


def _computation(written: WrittenClaim, book: EvidenceBook) -> Computation | None:
    """The calculation, done here and not by the model; None where its operands do not stand where it says."""
    if written.operation is None or not written.operands:
        return None
    operands = []
    for one in written.operands:
        unit = book.unit(one.sentence)
        words = one.words.strip()
        if unit is None or not words or words not in unit.span.quote:
            return None
        operands.append(Operand(text=words, span=unit.span))
    try:
        return compute(written.operation, operands)
    except NotComputable:
        return None


def _once(spans: Sequence[EvidenceSpan]) -> tuple[EvidenceSpan, ...]:
    return tuple({(span.chunk.id, span.start, span.end): span for span in spans}.values())


def _distinct(claims: Sequence[DraftClaim]) -> tuple[DraftClaim, ...]:
    """Claims that say the same once, for all the parts that they answer."""
    found: dict[str, DraftClaim] = {}
    for claim in claims:
        key = claim.text.casefold().rstrip(".!")
        known = found.get(key, claim)
        parts = tuple(dict.fromkeys(known.parts + claim.parts))
        found[key] = replace(known, parts=parts, evidence=_once(known.evidence + claim.evidence))
    return tuple(found.values())
