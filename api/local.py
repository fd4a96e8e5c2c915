"""What commands ask for, done by this process on its own home. Results have the shapes that programs get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from . import doctor
from .backend import Json
from .commands import ask_question, plan_ingest, plan_sync, remove_source, run_syncs, search_passages, source_states
from .console import say
from .schemas import answer_json, quarantine_json, search_json, source_json
from .wiring import Platform


class Local:
    """Meets `Backend` with the platform of this process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def ingest(self, paths: Sequence[Path], source: str | None, allow: tuple[str, ...], *, confirmed: bool) -> Json:
        """Brings the index into step with the paths."""
        return asdict(run_syncs(self._platform, plan_ingest(self._platform, paths, source, allow, confirmed=confirmed)))

    def sync(self, name: str | None, *, confirmed: bool) -> Json:
        """Syncs one configured source, or all."""
        return asdict(run_syncs(self._platform, plan_sync(self._platform, name, confirmed=confirmed)))

    def search(self, query: str, k: int, user: str | None, where: dict[str, str], budget: int | None) -> Json:
        """Ranked passages, and what of them fits a budget of tokens."""
        hits, passages = search_passages(self._platform, query, k, self._platform.principal(user), where, budget)
        self._hint_if_empty()
        return search_json(hits, passages)

    def ask(self, question: str, user: str | None, mode: str, conversation: str | None) -> Json:
        """One checked answer."""
        answer = ask_question(self._platform, question, self._platform.principal(user), mode, conversation)
        self._hint_if_empty()
        return answer_json(answer)

    def sources(self) -> Json:
        """Sources and their freshness."""
        return {"sources": [source_json(state) for state in source_states(self._platform)]}

    def quarantine(self) -> Json:
        """What could not be read."""
        return {"quarantine": [quarantine_json(entry) for entry in self._platform.catalog.quarantined()]}

    def remove_source(self, name: str) -> Json:
        """Takes a source and all its documents out."""
        return {"source": name, "removed": remove_source(self._platform, name)}

    def doctor(self, *, repair: bool) -> Json:
        """What disagrees, after mending it where asked to."""
        if repair:
            doctor.repair(self._platform)
        return doctor.diagnose(self._platform).as_json()

    def runs(self, user: str | None, status: str | None, limit: int, before: str | None) -> Json:
        """The latest runs that the user may see."""
        return self._platform.run_access.runs(self._platform.principal(user), status, limit, before)

    def run(self, run_id: str, user: str | None, *, explained: bool) -> Json:
        """One run, with its explanation where asked for."""
        return self._platform.run_access.run(self._platform.principal(user), run_id, explained=explained)

    def graph(self) -> Json:
        """The rules of engagement as Mermaid text."""
        return self._platform.run_access.graph()

    def stats(self, days: float) -> Json:
        """Cost and time of the runs of the last days."""
        return self._platform.run_access.stats(self._platform.principal(None), days)

    def replay(self, run_id: str) -> Json:
        """A run done again, and whether the same came out."""
        return self._platform.run_access.replay(self._platform.principal(None), run_id)

    def stop_run(self, run_id: str, user: str | None) -> Json:
        """Stops a run that is under way."""
        return self._platform.run_access.stop(self._platform.principal(user), run_id)

    def reviews(self, user: str | None) -> Json:
        """The answers that wait and that the user may decide on."""
        return self._platform.review_access.reviews(self._platform.principal(user))

    def review(self, run_id: str, user: str | None) -> Json:
        """One held answer with its evidence and findings."""
        return self._platform.review_access.review(self._platform.principal(user), run_id)

    def decide(self, run_id: str, user: str | None, decision: str, why: str | None) -> Json:
        """Approves or rejects a held answer."""
        return self._platform.review_access.decide(self._platform.principal(user), run_id, decision, why)

    def conversations(self, user: str | None) -> Json:
        """The user's conversations."""
        return self._platform.run_access.conversations(self._platform.principal(user))

    def conversation(self, conversation_id: str, user: str | None) -> Json:
        """One conversation of the user's, whole."""
        return self._platform.run_access.conversation(self._platform.principal(user), conversation_id)

    def delete_conversation(self, conversation_id: str, user: str | None) -> Json:
        """Deletes one conversation of the user's."""
        return self._platform.run_access.delete_conversation(self._platform.principal(user), conversation_id)

    def _hint_if_empty(self) -> None:
        """Says so where nothing can be found because nothing was ingested."""
        if self._platform.catalog.counts()[0] == 0:
            say(f"nothing is indexed yet in {self._platform.home}: groundcrew ingest PATH")
