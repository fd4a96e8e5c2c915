"""The crew as a workflow: admit → research → draft → verify → release.

Each step hands a typed event to the next, so that who may hand what to whom can be read off this file. Decisions lie in
the agents; this module only orders them and takes the times. The clock and the run ids are handed in.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable

from workflows import Workflow, step
from workflows.events import Event, StartEvent, StopEvent

from . import governor
from .analyst import Analyst
from .compliance import Compliance
from .model import Answer, CheckedClaim, Draft, Evidence, Request, Timing
from .ports import Clock
from .question import Question, understand
from .researcher import Researcher

_RUN_LIMIT_S = 120.0


class Asked(StartEvent):
    """A question came in."""

    request: Request


class Admitted(Event):
    """The governor lets the question through."""

    request: Request
    question: Question


class Researched(Event):
    """The researcher found what the asker may read."""

    request: Request
    question: Question
    evidence: Evidence


class Drafted(Event):
    """The analyst wrote claims, or none. `labels` are those of the documents it was given."""

    request: Request
    question: Question
    labels: frozenset[str]
    draft: Draft


class Verified(Event):
    """Compliance checked every claim."""

    request: Request
    question: Question
    labels: frozenset[str]
    draft: Draft
    checked: tuple[CheckedClaim, ...]


class Released(StopEvent):
    """The governor released an answer."""

    answer: Answer


class _Stopwatch:
    """Milliseconds by stage."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = self._last = clock()
        self.laps: dict[str, int] = {}

    def lap(self, stage: str) -> None:
        now = self._clock()
        self.laps[stage] = round((now - self._last) * 1000)
        self._last = now

    def timing(self) -> Timing:
        return Timing(total=round((self._clock() - self._started) * 1000), **self.laps)


class CrewWorkflow(Workflow):
    """One run of the crew, in a loop and a thread of its own: its steps may block."""

    def __init__(
        self, researcher: Researcher, analyst: Analyst, compliance: Compliance, clock: Clock, run_id: str
    ) -> None:
        super().__init__(timeout=_RUN_LIMIT_S)
        self._researcher = researcher
        self._analyst = analyst
        self._compliance = compliance
        self._watch = _Stopwatch(clock)
        self._run_id = run_id

    @step
    async def admit(self, event: Asked) -> Admitted:
        """Lets the question in and understands it."""
        request = governor.admit(event.request)
        return Admitted(request=request, question=understand(request.question))

    @step
    async def research(self, event: Admitted) -> Researched:
        """Searches, within what the asker may read."""
        evidence = self._researcher.gather(event.question, event.request.principal)
        self._watch.lap("retrieve")
        return Researched(request=event.request, question=event.question, evidence=evidence)

    @step
    async def draft(self, event: Researched) -> Drafted:
        """Writes claims from the evidence."""
        principal = event.request.principal
        draft = self._analyst.draft(event.question, event.evidence, principal)
        self._watch.lap("draft")
        labels = frozenset(hit.document.access.label for hit in event.evidence if hit.document.access.label)
        return Drafted(request=event.request, question=event.question, labels=labels, draft=draft)

    @step
    async def verify(self, event: Drafted) -> Verified:
        """Checks every claim against the text it cites."""
        checked = tuple(self._compliance.verify(claim) for claim in event.draft.claims)
        self._watch.lap("verify")
        return Verified(
            request=event.request, question=event.question, labels=event.labels, draft=event.draft, checked=checked
        )

    @step
    async def release(self, event: Verified) -> Released:
        """Releases what holds, or abstains."""
        answer_route = governor.route(len(event.question.parts), event.labels)
        return Released(
            answer=governor.release(
                event.request, self._run_id, event.draft, event.checked, answer_route, self._watch.timing()
            )
        )


class Crew:
    """Answers questions. Safe to share among threads: every run has its own workflow."""

    def __init__(
        self,
        researcher: Researcher,
        analyst: Analyst,
        compliance: Compliance,
        *,
        clock: Clock = time.perf_counter,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._agents = (researcher, analyst, compliance)
        self._clock = clock
        self._new_id = new_id

    def ask(self, request: Request) -> Answer:
        """One answer.

        Raises:
            QuestionRefused: the question cannot be taken.
            RetrievalError: the index or the model is unusable.
        """
        return asyncio.run(self._run(request))

    async def _run(self, request: Request) -> Answer:
        workflow = CrewWorkflow(*self._agents, self._clock, self._new_id())
        # A workflow ends with its stop event; its handler's type does not say which.
        released: Released = await workflow.run(start_event=Asked(request=request))
        return released.answer
