"""The researcher: finds evidence that the asker may read. Nothing else reaches the analyst.

`planning` says what is looked for, `sufficing` whether what was found is plainly too thin and how to ask again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from retrieval.access import Principal
from retrieval.model import Hit, Query

from . import planning
from .model import Plan, Step
from .ports import Search
from .question import Question
from .sufficing import MOST_AGAIN, Sufficiency, ask_again, brings, suffices

PASSAGES = 12
"""Passages handed over for each part of a question."""
WHOLE = "whole"
"""The id under which the search for the whole question of several steps is recorded."""
_MOST_AT_ONCE = 4

AnswerOf = Callable[[Question, Sequence[Hit], Principal], str]
"""The words that answer a step's question from its passages, for a later step to go on with; "" when none do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One search. `round` counts from 1 within its step; `why` says what was wrong before, "" for the first."""

    step: str
    query: str
    k: int
    hits: tuple[Hit, ...]
    round: int = 1
    why: str = ""
    superseded: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvidence:
    """What was found for one step, best first, and whether that suffices. `why` holds no words of documents."""

    step: Step
    hits: tuple[Hit, ...]
    sufficient: bool
    why: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that was found for a plan. `hits` merges its steps' passages, none twice; `plan` is it with earlier answers
    put into later steps."""

    plan: Plan
    hits: tuple[Hit, ...] = field(repr=False)
    steps: tuple[StepEvidence, ...] = field(repr=False)
    searches: tuple[Searched, ...] = field(repr=False)

    @property
    def superseded(self) -> tuple[Hit, ...]:
        """Passages that were found too, of documents whose place others take; they are no evidence."""
        return _merged([hit for search in self.searches for hit in search.superseded])

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the documents found."""
        return frozenset(hit.document.access.label for hit in self.hits if hit.document.access.label)

    @property
    def sufficient(self) -> bool:
        """Whether every step's evidence suffices."""
        return all(step.sufficient for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """The searches of one step, in order, and what they come to."""

    searches: tuple[Searched, ...]
    found: Sufficiency


class Researcher:
    """Searches for a plan's steps, those that are ready side by side. Safe to share among threads."""

    def __init__(self, search: Search, passages: int = PASSAGES) -> None:
        self._search = search
        self._passages = passages

    def plan(self, question: Question) -> Plan:
        """How the question is gone about; see `planning`."""
        return planning.plan(question)

    def gather(self, question: Question, principal: Principal) -> list[Hit]:
        """Passages for a question that needs no answer of another, best first, none twice."""
        return list(self.research(planning.plan(question), principal).hits)

    def research(self, plan: Plan, principal: Principal, answer_of: AnswerOf | None = None) -> Findings:
        """Searches for the whole question and for each step; what only another step's search found comes after.

        Steps that wait for an answer are searched for once `answer_of` gave it. Without one, or when it finds none,
        the question goes on as a whole. What another document replaces is no evidence, unless the question names it.

        Raises:
            RetrievalError: the index or the model is unusable.
        """
        ready = [step for step in plan.steps if not step.needs]
        steps = [(step.id, step.question) for step in ready]
        if len(plan.steps) > 1:
            steps.insert(0, (WHOLE, plan.question))
        looked = dict(zip((one for one, _ in steps), self._all(steps, principal), strict=True))
        filled = self._go_on(plan, looked, principal, answer_of)
        return _findings(filled, looked)

    def _go_on(self, plan: Plan, looked: dict[str, _Looked], principal: Principal, answer_of: AnswerOf | None) -> Plan:
        """Searches for the steps that wait, as their answers come; gives the plan with these put in."""
        steps = list(plan.steps)
        answers: dict[str, str] = {}
        while waiting := [at for at, step in enumerate(steps) if step.id not in looked]:
            needed = {one for at in waiting for one in steps[at].needs if one in looked and one not in answers}
            for step in steps:
                if step.id in needed and answer_of is not None:
                    answers[step.id] = answer_of(step.question, _hits(looked[step.id]), principal)
            ready = [at for at in waiting if all(answers.get(one) for one in steps[at].needs)]
            if not ready:
                why = "what had to be found first was not found; it is asked as a whole"
                return Plan(question=plan.question, steps=(Step(id=WHOLE, question=plan.question),), why=why)
            for at in ready:
                steps[at] = replace(steps[at], question=planning.fill(steps[at], answers))
            found = self._all([(steps[at].id, steps[at].question) for at in ready], principal)
            looked.update(zip((steps[at].id for at in ready), found, strict=True))
        return replace(plan, steps=tuple(steps))

    def _all(self, steps: Sequence[tuple[str, Question]], principal: Principal) -> list[_Looked]:
        """Each step searched for, side by side where there are several."""
        if len(steps) == 1:
            return [self._look(steps[0][0], steps[0][1], principal)]
        with ThreadPoolExecutor(max_workers=min(_MOST_AT_ONCE, len(steps)), thread_name_prefix="research") as pool:
            return list(pool.map(lambda step: self._look(step[0], step[1], principal), steps))

    def _look(self, step: str, question: Question, principal: Principal) -> _Looked:
        """Searches, and again in other words while what was found is plainly thin."""
        searches = [self._searched(step, question.text, principal, round_=1, why="")]
        found = suffices(question, searches[0].hits)
        # The whole question is there for its order; that of its steps is judged by itself.
        while not found.enough and len(searches) <= MOST_AGAIN and step != WHOLE:
            hits = [hit for one in searches for hit in one.hits]
            query = ask_again(question, found, hits, [one.query for one in searches])
            if query is None:
                break
            searches.append(self._searched(step, query, principal, round_=len(searches) + 1, why=found.why))
            new = [hit for hit in searches[-1].hits if brings(found, hit)]
            searches[-1] = replace(searches[-1], hits=tuple(new))
            found = suffices(question, [*new, *hits])
        return _Looked(searches=tuple(searches), found=found)

    def _searched(self, step: str, text: str, principal: Principal, *, round_: int, why: str) -> Searched:
        hits = self._search(Query(text=text, principal=principal, k=self._passages))
        return Searched(
            step=step,
            query=text,
            k=self._passages,
            hits=tuple(hit for hit in hits if "superseded" not in hit.why),
            round=round_,
            why=why,
            superseded=tuple(hit for hit in hits if "superseded" in hit.why),
        )


def _findings(plan: Plan, looked: dict[str, _Looked]) -> Findings:
    """Merges what was found: first searches in turn, then what was found on asking again."""
    first = [one.searches[0].hits for one in looked.values()]
    again = [search.hits for one in looked.values() for search in one.searches[1:]]
    hits = _merged([*_interleave(first), *_interleave(again)])
    steps = [
        StepEvidence(
            step=step,
            hits=_hits(looked[step.id]),
            sufficient=looked[step.id].found.enough,
            why=looked[step.id].found.why,
            missing=looked[step.id].found.missing,
        )
        for step in plan.steps
        if step.id in looked
    ]
    searches = tuple(search for one in looked.values() for search in one.searches)
    return Findings(plan=plan, hits=hits, steps=tuple(steps), searches=searches)


def _hits(looked: _Looked) -> tuple[Hit, ...]:
    return _merged([hit for search in looked.searches for hit in search.hits])


def _merged(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.chunk.id, hit)
    return tuple(first.values())


def _interleave(results: Sequence[Sequence[Hit]]) -> list[Hit]:
    """The first of each, then the second of each, and so on; repeats are left to `_merged`."""
    most = max((len(hits) for hits in results), default=0)
    return [hits[place] for place in range(most) for hits in results if place < len(hits)]
