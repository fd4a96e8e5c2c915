"""Runs, reviews and conversations for every door: who may see what of them, and what they may do. Results are JSON.

An admin sees all runs; anybody else their own, and of these only what they may read now. A run that somebody may not
see is to them as one that does not exist. Conversations are their owner's alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from agents.conversations import Conversations
from agents.engagement import Engagement
from agents.model import Answer
from agents.reviewing import Decision
from agents.runs import graph, stats
from agents.runs.errors import RunNotFound, RunNotStoppable
from agents.runs.explaining import explain
from agents.runs.record import RunRecord, RunState, owner_of
from agents.runs.replaying import replay
from agents.runs.stats import Prices
from agents.runs.store import RunStore
from agents.runs.withholding import View, documents_of, for_asker, for_reader
from ingest.model import Document
from retrieval.access import Principal

from .errors import Refused, UsageError
from .run_schemas import conversation_json, replay_json, run_json, summary_json, turn_json
from .schemas import answer_json

Json = dict[str, Any]
_STOP_S = 5.0
"""How long a run is given to end once it was asked to."""


class RunningCrew(Protocol):
    """What the doors need of the crew besides answers."""

    def resume(self, run_id: str, decision: Decision) -> Answer:
        """Goes on with a run that waits: checks the held answer anew and releases it, or rejects it."""
        ...

    def stop(self, run_id: str, why: str) -> bool:
        """Stops a run that this process works on; False where it works on none of that id."""
        ...

    def replay(self, record: RunRecord) -> Answer:
        """The same run again, with recorded replies in the place of model calls. Nothing is recorded."""
        ...


class RunAccess:
    """What doors do with runs and conversations. `documents` gives those with these ids that there still are."""

    def __init__(
        self,
        store: RunStore,
        conversations: Conversations,
        crew: Callable[[], RunningCrew],
        documents: Callable[[Iterable[str]], Iterable[Document]],
        *,
        rules: Engagement,
        large: Prices | None = None,
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._crew = crew
        self._documents = documents
        self._rules = rules
        self._large = large

    def runs(self, caller: Principal, status: str | None, limit: int, before: str | None) -> Json:
        """The latest runs that the caller may see."""
        owner = owner_of(caller)
        if owner is None:
            return {"runs": []}
        own = None if caller.admin else owner
        earlier = None if before is None else self._store.find(before, own)
        found = self._store.latest(owner=own, status=_status(status), limit=limit, before=earlier)
        return {"runs": [summary_json(run) for run in found]}

    def run(self, caller: Principal, run_id: str, *, explained: bool) -> Json:
        """One run, with its explanation where asked for."""
        record = self._seen(caller, run_id)
        view = self._view(caller, record)
        gone = sorted(documents_of(record) - {one.id for one in self._documents(documents_of(record))})
        shown = run_json(view.record, withheld=view.withheld, gone=gone if caller.admin else [])
        if explained:
            shown["explanation"] = explain(view.record, withheld=view.withheld)
        return shown

    def graph(self) -> Json:
        """The rules of engagement as Mermaid text."""
        return {"mermaid": graph.draw(self._rules)}

    def stats(self, caller: Principal, days: float) -> Json:
        """Cost and time of all runs of the last days; for an admin."""
        if not caller.admin:
            raise Refused("figures of all runs are for an admin")
        return stats.figures(self._store.database, since=datetime.now(UTC) - timedelta(days=days), large=self._large)

    def replay(self, caller: Principal, run_id: str) -> Json:
        """Does a run again and compares the answers; for an admin."""
        if not caller.admin:
            raise Refused("replaying a run is for an admin")
        record = self._seen(caller, run_id)
        done = replay(record, self._crew().replay, self._versions)
        return replay_json(done)

    def stop(self, caller: Principal, run_id: str) -> Json:
        """Stops a run that is under way."""
        record = self._seen(caller, run_id)
        if record.status is not RunState.RUNNING:
            raise RunNotStoppable(f"run {record.id} is over ({record.status.value}); there is nothing to stop")
        why = f"stopped by {caller.user or 'an admin'}"
        if not self._crew().stop(record.id, why):
            self._store.ask_to_stop(record.id, why)  # Another process works on it.
        ended = self._ended(record.id)
        if ended is RunState.RUNNING:
            raise RunNotStoppable(
                f"run {record.id} was asked to stop and has not ended within {_STOP_S:g} s; it does at its next step"
            )
        return {"id": record.id, "status": ended.value}

    def feedback(self, caller: Principal, run_id: str, *, helpful: bool, why: str | None) -> Json:
        """What the asker thought of an answer."""
        seen = self._seen(caller, run_id)
        given = self._store.feedback(seen.id, helpful=helpful, why=(why or "").strip() or None)
        return {"run_id": seen.id, "helpful": given.helpful, "why": given.why, "at": given.at}

    def conversations(self, caller: Principal) -> Json:
        """The caller's conversations."""
        return {"conversations": [conversation_json(one) for one in self._conversations.list(caller)]}

    def conversation(self, caller: Principal, conversation_id: str) -> Json:
        """A conversation whole, each turn with its answer as far as the caller may see it now."""
        turns = self._conversations.turns(caller, conversation_id)
        return {
            "id": conversation_id,
            "turns": [turn_json(turn, self._answer_of(caller, turn.run_id)) for turn in turns],
        }

    def delete_conversation(self, caller: Principal, conversation_id: str) -> Json:
        """Deletes a conversation and the runs of its turns."""
        runs = self._conversations.delete(caller, conversation_id)
        return {"id": conversation_id, "deleted": True, "runs": runs}

    def _ended(self, run_id: str) -> RunState:
        """Waits a while for a run to end; how it stands then."""
        until = time.monotonic() + _STOP_S
        while True:
            status = self._store.get(run_id).status
            if status is not RunState.RUNNING or time.monotonic() >= until:
                return status
            time.sleep(0.05)

    def _answer_of(self, caller: Principal, run_id: str) -> Json | None:
        try:
            record = self._seen(caller, run_id)
        except RunNotFound:
            return None
        answer = self._view(caller, record).record.answer
        return None if answer is None else answer_json(answer)

    def _seen(self, caller: Principal, run_id: str) -> RunRecord:
        """The run with this id, or the one whose id begins so, where the caller may see it at all."""
        owner = owner_of(caller)
        if owner is None:
            raise RunNotFound(run_id)
        return self._store.get(self._store.find(run_id, None if caller.admin else owner))

    def _view(self, caller: Principal, record: RunRecord) -> View:
        documents = documents_of(record)
        if caller.admin:
            return for_reader(record, documents)
        return for_asker(record, self._readable(caller, documents))

    def _readable(self, caller: Principal, ids: Collection[str]) -> frozenset[str]:
        return frozenset(one.id for one in self._documents(ids) if caller.may_read(one.access))

    def _versions(self, ids: Collection[str]) -> dict[str, str]:
        return {one.id: one.version for one in self._documents(ids)}


def _status(name: str | None) -> RunState | None:
    if name is None:
        return None
    try:
        return RunState(name)
    except ValueError as error:
        raise UsageError(f"the status {name!r} is none of: {', '.join(RunState)}") from error
