"""The crew's front: takes a question, runs the workflow, keeps the record, and goes on where a person decided.

Every run is on disk from its first moment to its last, so that whatever ends the process leaves a record that says so.
The clock, the time of day and the run ids are handed in.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingest.model import Document
from retrieval.access import Principal

from . import governor, releasing
from .conversations import Conversations
from .crew import Asked, CrewWorkflow, Outcome, Released, Team
from .engagement import Engagement
from .errors import AgentError, RunStopped
from .following import Resolved, resolve
from .governor import Doorkeeper
from .model import Answer, CheckedClaim, Draft, Request, Review, ReviewState
from .ports import Clock, ModelSession
from .reviewing import Decision, Reviewers
from .running import Listen, NoModels, Run, StopFlag
from .runs import events
from .runs.model import ModelCall, RunEvent
from .runs.record import Held, RunRecord, RunState, utc
from .runs.store import RunStore

Sessions = Callable[[str, str | None], ModelSession]
"""The language models for one run: its id, and who asks."""
Replaying = Callable[[Sequence[ModelCall]], ModelSession]
"""A session that answers with recorded replies."""
Current = Callable[[str], Document | None]
"""A document as it is now, None when it is gone."""

StopAsked = Callable[[str], str | None]
"""Why another process wants a run to end, None while nobody does."""

_LOOK_S = 0.05
_LOOKS_ELSEWHERE = 10
"""After so many looks at what this process wants, one at what others do."""
_CHANGED = "a source of it was changed, withdrawn or closed to you since"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where runs are kept, and who decides on them."""

    store: RunStore
    conversations: Conversations
    reviewers: Reviewers
    current: Current
    asker_now: Callable[[Principal], Principal] = lambda asker: asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """How a run gets at language models; by default there are none."""

    sessions: Sessions = lambda _run, _user: NoModels()
    replaying: Replaying = lambda _calls: NoModels()


class Crew:
    """Answers questions. Safe to share among threads: every run has a workflow and a loop of its own."""

    def __init__(
        self,
        team: Team,
        office: Office,
        rules: Engagement,
        models: Models = Models(),
        *,
        doorkeeper: Doorkeeper | None = None,
        versions: Mapping[str, str] = {},
        clock: Clock = time.perf_counter,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self._team = team
        self._office = office
        self.rules = rules
        self._models = models
        self._door = doorkeeper or Doorkeeper(None)
        self._versions = dict(versions)
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self._under_way: dict[str, StopFlag] = {}

    def ask(self, request: Request, listen: Listen = lambda _: None) -> Answer:
        """One answer; `listen` is told of each event of the run as it happens.

        Raises:
            QuestionRefused: the question cannot be taken, or not so many of them.
            RunStopped: somebody stopped the run, or it came to its limit of time.
            RetrievalError: the index or the embedding model is unusable.
            RunStoreError: the record cannot be kept.
        """
        governor.check(request, self._team.tiers)
        self._door.count(request)
        run_id = self._new_id()
        resolved = self._resolve(request)
        session = self._models.sessions(run_id, request.principal.user)
        store = self._office.store

        def note(event: RunEvent) -> None:
            store.note(run_id, event)
            listen(event)

        run = Run(id=run_id, request=request, rules=self.rules, session=session, clock=self._clock, listen=note)
        record = self._record(run_id, request, resolved)
        store.begin(record)
        self._under_way[run_id] = run.stop
        try:
            outcome = asyncio.run(_work(self._team, run, resolved, store.stop_asked))
        except BaseException as error:
            store.finish(self._ended_badly(record, run, error))
            raise
        finally:
            del self._under_way[run_id]
        return self._finish(record, run, outcome)

    def stop(self, run_id: str, why: str = "somebody stopped the run") -> bool:
        """Asks a run that is under way in this process to end; False when there is none of that id."""
        flag = self._under_way.get(run_id)
        if flag is None:
            return False
        flag.set(why)
        return True

    def resume(self, run_id: str, decision: Decision) -> Answer:
        """Goes on with a run that waited: releases its answer, as far as it still holds, or says that it was refused.

        Raises:
            RunNotFound, ReviewNotFound, ReviewClosed: there is nothing to decide on.
        """
        store = self._office.store
        record = store.get(run_id)
        review, held = record.review, record.held
        state = ReviewState.APPROVED if decision.decision == "approve" else ReviewState.REJECTED
        if review is None or held is None:
            store.reviews.decide(run_id, state, by=decision.by, why=decision.why, status=RunState.REJECTED, answer=None)
            raise AssertionError("a run without a review cannot be decided on")
        decided = replace(review, state=state, decided_at=utc(self._now()), decided_by=decision.by, why=decision.why)
        answer = (
            self._anew(record, held, decided)
            if state is ReviewState.APPROVED
            else (releasing.rejected(held.answer, decided))
        )
        status = RunState(answer.status.value) if state is ReviewState.APPROVED else RunState.REJECTED
        store.reviews.decide(run_id, state, by=decision.by, why=decision.why, status=status, answer=answer)
        return answer

    def replay(self, record: RunRecord) -> Answer:
        """The same question once more, over what is indexed now, with the model replies that were recorded. Nothing is
        kept of it."""
        text = record.resolved or record.question
        session = self._models.replaying(record.calls) if record.calls else NoModels()
        # A model that was asked for and gave nothing then is not there to be asked for now.
        had = record.mode in ("auto", "extractive") or record.mode in session.tiers
        request = Request(
            question=record.question,
            principal=record.principal,
            conversation_id=record.conversation_id,
            mode=record.mode if had else "auto",
        )
        run = Run(id=record.id, request=request, rules=self.rules, session=session, clock=self._clock)
        outcome = asyncio.run(_work(self._team, run, Resolved(text=text), lambda _: None))
        return outcome.answer

    def _resolve(self, request: Request) -> Resolved:
        if request.conversation_id is None:
            return Resolved(text=request.question)
        return resolve(request.question, self._office.conversations.recent(request.principal, request.conversation_id))

    def _record(self, run_id: str, request: Request, resolved: Resolved) -> RunRecord:
        who = request.principal
        return RunRecord(
            id=run_id,
            started_at=utc(self._now()),
            question=request.question,
            mode=request.mode,
            user=who.user,
            groups=tuple(sorted(who.groups)),
            admin=who.admin,
            conversation_id=request.conversation_id,
            resolved=None if resolved.text == request.question else resolved.text,
            versions=self._versions,
        )

    def _ended_badly(self, record: RunRecord, run: Run, error: BaseException) -> RunRecord:
        stopped = isinstance(error, RunStopped)
        status = RunState.STOPPED if stopped else RunState.FAILED
        code = str(getattr(error, "code", type(error).__name__))
        # What an unknown error says may hold anything; its kind is enough here, the log has the rest.
        why = str(error) if isinstance(error, AgentError) else type(error).__name__
        run.events.append(events.ended(run.at_ms, run.stage or "admit", status=status.value, code=code, why=why))
        return self._ended(record, run, status)

    def _ended(self, record: RunRecord, run: Run, status: RunState) -> RunRecord:
        return replace(
            record,
            ended_at=utc(self._now()),
            status=status,
            stage=run.stage or "admit",
            events=tuple(run.events),
            calls=tuple(run.session.calls),
        )

    def _finish(self, record: RunRecord, run: Run, outcome: Outcome) -> Answer:
        answer, review, held = outcome.answer, None, None
        if outcome.hold is not None:
            review = self._office.reviewers.request(outcome.hold.reasons, outcome.hold.risk, self._now())
            held = Held(answer=answer, checked=outcome.checked)
            run.note(events.held(run.at_ms, reasons=review.reasons, risk=review.risk, expires_at=review.expires_at))
            answer = releasing.waiting(answer, review)
        else:
            run.note(events.released(run.at_ms, status=answer.status.value, claims=len(answer.claims)))
        ended = self._ended(record, run, RunState(answer.status.value))
        self._office.store.finish(replace(ended, answer=answer, held=held, review=review))
        if record.conversation_id is not None:
            left = answer.abstention or answer.unanswered
            self._office.conversations.add(
                record.principal,
                record.conversation_id,
                run_id=record.id,
                question=record.question,
                resolved=record.resolved or record.question,
                open_points=(left.looked_for,) if left is not None else (),
            )
        return answer

    def _anew(self, record: RunRecord, held: Held, review: Review) -> Answer:
        """A held answer as far as its sources still say it, and the asker may still read them."""
        asker = self._office.asker_now(record.principal)
        kept = [item for item in held.checked if self._holds(asker, item)]
        asked = [part for item in held.checked for part in item.claim.parts]
        answer = releasing.make_answer(
            Request(
                question=record.question,
                principal=record.principal,
                conversation_id=record.conversation_id,
                mode=record.mode,
            ),
            record.id,
            asked=list(dict.fromkeys(asked)),
            draft=Draft(claims=(), why=_CHANGED if len(kept) < len(held.checked) else ""),
            kept=kept,
            fallen=(),
            route=held.answer.route,
            timing=held.answer.timing_ms,
            usage=held.answer.usage,
            notices=held.answer.notices,
            resolved=held.answer.resolved,
        )
        if len(kept) == len(held.checked):
            answer = replace(answer, unanswered=held.answer.unanswered)
        situation = governor.situation_of(Request(question=record.question, principal=record.principal), kept)
        answer, _ = self._team.compliance.scrubbed(answer, situation)
        return replace(answer, review=review)

    def _holds(self, asker: Principal, item: CheckedClaim) -> bool:
        for span in item.claim.evidence:
            now = self._office.current(span.document.id)
            if now is None or now.version != span.chunk.version or not asker.may_read(now.access):
                return False
        return releasing.releasable(self._team.compliance.verify(item.claim))


async def _work(team: Team, run: Run, resolved: Resolved, stop_asked: StopAsked) -> Outcome:
    """Runs the workflow; ends it when the run is stopped or its time is over.

    Raises:
        RunStopped: one of these.
    """
    handler = CrewWorkflow(team, run).run(start_event=Asked(request=run.request, resolved=resolved))
    watch = asyncio.create_task(_watch(run, stop_asked))
    result = asyncio.ensure_future(_result(handler))
    try:
        await asyncio.wait({watch, result}, return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            await handler.cancel_run()
            watch.result()
        return (await result).outcome
    finally:
        watch.cancel()
        result.cancel()
        await asyncio.gather(watch, result, return_exceptions=True)


async def _watch(run: Run, stop_asked: StopAsked) -> None:
    """Raises RunStopped once the run is to end."""
    looks = 0
    while True:
        await asyncio.sleep(_LOOK_S)
        looks += 1
        if looks % _LOOKS_ELSEWHERE == 0 and (why := stop_asked(run.id)) is not None:
            run.stop.set(why)
        run.check()


async def _result(handler: object) -> Released:
    released: Released = await handler  # type: ignore[misc]
    return released
