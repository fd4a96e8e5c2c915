"""Builds the crew: its agents, rules and policies, its models, and where its runs are kept."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from agents.analyst import Analyst
from agents.asking import Crew, Models, Office
from agents.attacks import question_attacks
from agents.checks.verifying import ClaimVerifier
from agents.compliance import Compliance
from agents.conversations import Conversations
from agents.crew import Team
from agents.engagement import DEFAULT_RULES, Engagement, load_engagement
from agents.gateway.gateway import Gateway
from agents.gateway.privacy import Masker, scrub
from agents.gateway.replay import ReplaySession
from agents.gateway.routing import route_tier
from agents.gateway.settings import Budgets, ModelSpec, tier_named
from agents.governor import Doorkeeper
from agents.judging import DEFAULT_WEIGHTS, Judge
from agents.model import Mode, Tier
from agents.opinion import SecondOpinion
from agents.policies import NO_POLICIES, Policies, load_policies
from agents.ports import ModelSession
from agents.prompts import VERSIONS
from agents.remembering import RememberedEmbeddings
from agents.researcher import Researcher
from agents.reviewing import Reviewers
from agents.runs.retention import Retention
from agents.runs.store import RunStore
from agents.token_store import TokenStore, TokenStoreError
from agents.warming import Warmer
from agents.writing import Writer
from ingest.catalog import Catalog
from ingest.model import Document
from retrieval.access import Principal
from retrieval.embedding import WEIGHTS_SHA256
from retrieval.packing import Packer
from retrieval.ports import Embedder
from retrieval.searching import Searcher

from .settings import Settings

_MODELS_SHARE = 0.7
"""Of a run's time, how much may go to waiting for models."""


_log = logging.getLogger("groundcrew.crew")
_TOKENS = "tokens.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """What the crew stands on; each is asked for when it is first needed."""

    catalog: Callable[[], Catalog]
    searcher: Callable[[], Searcher]
    packer: Callable[[], Packer]
    embedder: Callable[[], Embedder]


class CrewParts:
    """All that belongs to the crew of one home. Parts are made when first used."""

    def __init__(self, settings: Settings, floors: Floors) -> None:
        self._settings = settings
        self._floors = floors

    @cached_property
    def rules(self) -> Engagement:
        """Raises EngagementError."""
        wanted = self._settings.crew.engagement
        return load_engagement(DEFAULT_RULES if wanted is None else self._settings.beside(wanted))

    @cached_property
    def policies(self) -> Policies:
        """Raises EngagementError."""
        wanted = self._settings.crew.policies
        return NO_POLICIES if wanted is None else load_policies(self._settings.beside(wanted))

    @cached_property
    def store(self) -> RunStore:
        """Raises RunStoreError."""
        self._settings.home.mkdir(parents=True, exist_ok=True)
        policy = self.policies.retention
        keep = Retention(
            runs=timedelta(days=_shorter(self._settings.runs.keep_days, policy.runs_days)),
            conversations=timedelta(days=_shorter(self._settings.runs.conversation_days, policy.conversations_days)),
        )
        return RunStore(self._settings.home / "runs.sqlite", keep=keep)

    @cached_property
    def conversations(self) -> Conversations:
        return Conversations(self.store.database)

    @cached_property
    def reviewers(self) -> Reviewers:
        wanted = self._settings.reviews
        return Reviewers(who=frozenset(wanted.reviewers), wait=timedelta(hours=wanted.expire_hours))

    @cached_property
    def gateway(self) -> Gateway:
        """Raises UsageError: the environment lacks an API key."""
        budgets = self._settings.budgets
        limits = self.rules.limits
        specs = [
            ModelSpec(
                tier=tier_named(name),
                kind=model.kind,
                model=model.model,
                base_url=model.base_url,
                api_key=self._settings.secret(model),
                locality=model.locality,
                price_in=model.price_in,
                price_out=model.price_out,
                timeout_s=model.timeout_s,
                context_tokens=model.context_tokens,
                max_output_tokens=model.max_output_tokens,
            )
            for name, model in self._settings.models.items()
        ]
        return Gateway(
            specs,
            Budgets(
                run_usd=budgets.run_usd,
                run_tokens=_least(budgets.run_tokens, limits.tokens),
                run_calls=_least(budgets.run_calls, limits.model_calls),
                user_day_usd=budgets.user_day_usd,
                day_usd=budgets.day_usd,
            ),
            Masker,
            self._settings.home / "models.sqlite",
        )

    @cached_property
    def verifier(self) -> ClaimVerifier:
        return ClaimVerifier(self._floors.embedder())

    @cached_property
    def compliance(self) -> Compliance:
        return Compliance(self._floors.catalog().text, self.verifier, self.policies, scrub)

    @cached_property
    def researcher(self) -> Researcher:
        return Researcher(self._floors.searcher().search)

    @cached_property
    def analyst(self) -> Analyst:
        chunks_of = self._floors.catalog().chunks_of
        writer = Writer(self._floors.packer().pack, chunks_of)
        return Analyst(Judge.load(), self.memory, self._floors.searcher().rarity, writer, chunks_of)

    @cached_property
    def tokens(self) -> TokenStore:
        """Raises TokenStoreError."""
        self._settings.home.mkdir(parents=True, exist_ok=True)
        model = f"{type(self._floors.embedder()).__name__} {self._settings.retrieval.precision} {WEIGHTS_SHA256[:16]}"
        most = self._settings.crew.embedded_mb * 1_000_000
        return TokenStore(self._settings.home / _TOKENS, model, most_bytes=most)

    @cached_property
    def memory(self) -> RememberedEmbeddings:
        """With nothing on disk behind it where the file cannot be used: answers come all the same."""
        try:
            return RememberedEmbeddings(self._floors.embedder(), self.tokens.read)
        except TokenStoreError as error:
            _log.warning("tokens.unusable: %s", error)
            return RememberedEmbeddings(self._floors.embedder())

    def forget_chunks(self, chunk_ids: Sequence[str]) -> None:
        """Drops the token vectors that only these chunks need."""
        self._tidy_tokens(lambda tokens: tokens.remove(chunk_ids))

    def keep_only_chunks(self, chunk_ids: Sequence[str]) -> None:
        """Drops the token vectors of whatever is none of these chunks."""
        self._tidy_tokens(lambda tokens: tokens.keep_only(chunk_ids))

    def _tidy_tokens(self, tidy: Callable[[TokenStore], object]) -> None:
        """A home where nobody asked has no such file; one that cannot be written is tidied when the home is served."""
        if not (self._settings.home / _TOKENS).is_file():
            return
        try:
            tidy(self.tokens)
        except TokenStoreError as error:
            _log.warning("tokens.kept: %s", error)

    @cached_property
    def warmer(self) -> Warmer | None:
        """None where nothing is embedded ahead, or nothing can be kept."""
        if not self._settings.crew.embed_ahead:
            return None
        try:
            return Warmer(self._floors.catalog(), self.memory, self.tokens)
        except TokenStoreError:
            return None  # `memory` has said so.

    @cached_property
    def crew(self) -> Crew:
        """Raises EngagementError, RunStoreError, UsageError."""
        team = Team(
            researcher=self.researcher,
            analyst=self.analyst,
            compliance=self.compliance,
            second=SecondOpinion(self.verifier),
            choose=self._choose,
            record=self._record,
            attacks_in=question_attacks,
            tiers=frozenset(Tier(name) for name in self._settings.models),
        )
        office = Office(
            store=self.store,
            conversations=self.conversations,
            reviewers=self.reviewers,
            current=self._current,
            asker_now=self._asker_now,
        )
        models = Models(sessions=self._session, replaying=lambda calls: ReplaySession(calls, Masker))
        return Crew(
            team,
            office,
            self.rules,
            models if self._settings.models else Models(),
            doorkeeper=Doorkeeper(self._settings.crew.questions_per_minute),
            versions=_versions(),
        )

    def close(self) -> None:
        """Lets go of connections and files."""
        for name in ("gateway", "store", "tokens"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def _choose(self, complexity: str, mode: Mode, tiers: Sequence[Tier]) -> tuple[Tier, str]:
        if not self._settings.models:
            return Tier.EXTRACTIVE, ""
        found = route_tier(complexity=complexity, mode=mode, tiers=tiers, standings=self.gateway.standings())
        return found.tier, found.why

    def _record(self, model: str, supported: int, claims: int) -> None:
        self.gateway.record(model, supported=supported, claims=claims)

    def _session(self, run_id: str, user: str | None) -> ModelSession:
        limits = self.rules.limits
        # What models leave of a run's time is for an answer without them.
        deadline = limits.seconds * _MODELS_SHARE
        return self.gateway.session(run_id, user, deadline_s=deadline, parallel=limits.parallel_calls)

    def _asker_now(self, asker: Principal) -> Principal:
        """Who asked, with the groups that they have by now."""
        section = self._settings.users.get(asker.user or "")
        return asker if section is None else replace(asker, groups=frozenset(section.groups))

    def _current(self, document_id: str) -> Document | None:
        return next(iter(self._floors.catalog().documents([document_id])), None)


def _shorter(one: float, other: float | None) -> float:
    return one if other is None else min(one, other)


def _least(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)


def _versions() -> dict[str, str]:
    """What a run was made with, besides the documents: prompts, and the weights that chose the words."""
    weights = hashlib.sha256(Path(DEFAULT_WEIGHTS).read_bytes()).hexdigest()[:12]
    return {**{f"prompt:{name}": version for name, version in VERSIONS.items()}, "weights:judging": weights}
