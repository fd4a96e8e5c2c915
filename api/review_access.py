"""Answers that wait for a person, for every door: who may see them and decide. Results are JSON.

A reviewer sees a held answer only where they may read every document that it rests on: they cannot judge what they may
not see. What they may not review does not exist for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from agents.model import ReviewState
from agents.reviewing import Reviewers, decide
from agents.runs.errors import ReviewNotFound, RunNotFound
from agents.runs.explaining import explain
from agents.runs.record import RunRecord
from agents.runs.reviews import closed
from agents.runs.store import RunStore
from agents.runs.withholding import documents_of, for_reader, held_documents
from ingest.model import Document
from retrieval.access import Principal

from .run_access import RunningCrew
from .run_schemas import held_json, waiting_json
from .schemas import answer_json

Json = dict[str, Any]


class ReviewAccess:
    """What doors do with reviews. `documents` gives those with these ids that there still are."""

    def __init__(
        self,
        store: RunStore,
        reviewers: Reviewers,
        crew: Callable[[], RunningCrew],
        documents: Callable[[Iterable[str]], Iterable[Document]],
    ) -> None:
        self._store = store
        self._reviewers = reviewers
        self._crew = crew
        self._documents = documents

    def reviews(self, caller: Principal) -> Json:
        """What waits and the caller may decide on, the longest waiting first."""
        found = []
        for run_id in self._store.reviews.waiting():
            try:
                found.append(waiting_json(self._reviewable(caller, run_id)))
            except ReviewNotFound:
                continue
        return {"reviews": found}

    def review(self, caller: Principal, run_id: str) -> Json:
        """One review with claims, evidence and what checking found; decided ones too."""
        record = self._reviewable(caller, run_id)
        documents = documents_of(record)
        readable = (
            documents
            if caller.admin
            else frozenset(one.id for one in self._documents(documents) if caller.may_read(one.access))
        )
        seen = for_reader(record, readable)
        return held_json(seen.record, explain(seen.record, withheld=seen.withheld))

    def decide(self, caller: Principal, run_id: str, decision: str, why: str | None) -> Json:
        """Approves or rejects, and gives what the asker gets now.

        Raises:
            ReviewNotFound: there is no such review, or none for the caller.
            ReviewClosed: it was decided, or has expired.
            ReviewRefused: it is rejected without a reason.
        """
        record = self._reviewable(caller, run_id)
        if record.review is None or record.review.state is not ReviewState.WAITING:
            raise closed(record.id, record.review)
        made = decide(caller, decision, why)
        answer = self._crew().resume(record.id, made)
        return {"run_id": record.id, "decision": made.decision, "by": made.by, "answer": answer_json(answer)}

    def _reviewable(self, caller: Principal, run_id: str) -> RunRecord:
        """The run with this id, or the one whose id begins so, where the caller may decide on its answer."""
        try:
            full = self._store.find(run_id)
        except RunNotFound as error:
            raise ReviewNotFound(run_id) from error
        if not self._reviewers.may_review(caller, self._store.owner(full)):
            raise ReviewNotFound(run_id)
        record = self._store.get(full)
        if record.review is None or not self._may_read(caller, held_documents(record)):
            raise ReviewNotFound(run_id)
        return record

    def _may_read(self, caller: Principal, ids: frozenset[str]) -> bool:
        return caller.admin or ids == {one.id for one in self._documents(ids) if caller.may_read(one.access)}
