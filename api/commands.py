"""What the commands and the HTTP routes do alike: plain functions of the platform."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from agents.errors import QuestionRefused
from agents.model import Answer, Mode, Request
from agents.running import Listen
from ingest.errors import SourceError
from ingest.model import SourceState, SyncReport
from ingest.ports import Connector
from ingest.progress import Progress, merge
from retrieval.access import Principal
from retrieval.model import Hit, Passage, Query

from .console import progress_bar
from .errors import UsageError
from .sourcing import check_allow, expanded
from .wiring import Platform

ProgressBar = Callable[[str], AbstractContextManager[Callable[[Progress], None]]]
_ALL_BUT_ONE = 0.999

_PACKED_HITS = 40
"""What a budget is filled from, however few hits are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One sync to run. `removal_limit` is the share of the known documents that it may remove."""

    source: str
    connector: Connector
    removal_limit: float


def plan_ingest(
    platform: Platform, paths: Sequence[Path], source: str | None, allow: tuple[str, ...], *, confirmed: bool = False
) -> list[Sync]:
    """The syncs that bring the index into step with each path. Nothing is touched yet.

    Raises:
        UsageError: a path does not exist, or does not belong to the source; `allow` names nobody.
    """
    try:
        check_allow(allow)
    except ValueError as error:
        raise UsageError(f"--allow {error}") from error
    missing = [str(path) for path in paths if not os.path.exists(expanded(path))]
    if missing:
        raise UsageError(
            f"no such file or folder: {', '.join(missing)} (to take a removed file out of the index, "
            "ingest the folder that held it)"
        )
    # Whoever names a folder knows what is in it, unless it is the empty place of a drive that is not there.
    limit = 1.0 if confirmed else _ALL_BUT_ONE
    named = [platform.connector(path, source, allow) for path in paths]
    return [Sync(source=name, connector=connector, removal_limit=limit) for name, connector in named]


def plan_sync(platform: Platform, name: str | None, *, confirmed: bool = False) -> list[Sync]:
    """The syncs of one configured source, or of all of them. Raises `UsageError`, `SourceError`."""
    configured = platform.settings.sources
    if name is not None and name not in configured:
        known = f"configured are {', '.join(configured)}" if configured else "none is configured"
        raise UsageError(
            f"no source {name!r}: {known}; add [sources.{name}] to groundcrew.toml, or use groundcrew ingest PATH"
        )
    if not configured:
        raise UsageError(
            "no sources are configured; add [sources.NAME] to groundcrew.toml, or use groundcrew ingest PATH"
        )
    return [
        Sync(
            source=one,
            connector=platform.connector_of(one),
            removal_limit=1.0 if confirmed else configured[one].removal_limit,
        )
        for one in ([name] if name is not None else configured)
    ]


def close_all(syncs: Sequence[Sync]) -> None:
    """Lets go of what the connectors hold."""
    for one in syncs:
        one.connector.close()


def run_syncs(platform: Platform, syncs: Sequence[Sync], progress: ProgressBar = progress_bar) -> SyncReport:
    """Runs each, whether or not another one can be listed.

    Raises:
        SourceError: some cannot; it names them, and says how many were synced all the same.
    """
    reports: list[SyncReport] = []
    failed: list[tuple[str, SourceError]] = []
    with ExitStack() as ending:
        ending.callback(close_all, syncs)
        ending.enter_context(platform.writing())
        for one in syncs:
            try:
                with progress(one.source) as update:
                    reports.append(
                        platform.synchronizer.sync(one.source, one.connector, update, removal_limit=one.removal_limit)
                    )
            except SourceError as error:
                failed.append((one.source, error))
    if failed:
        others = f" ({len(reports)} of {len(syncs)} synced)" if len(syncs) > 1 else ""
        raise SourceError(
            "; ".join(f"{name}: {error}" for name, error in failed) + others,
            retryable=all(error.retryable for _, error in failed),
            retry_after_s=failed[0][1].retry_after_s,
        )
    return merge(reports)


def ingest_paths(platform: Platform, paths: Sequence[Path], source: str | None, allow: tuple[str, ...]) -> SyncReport:
    """Brings the index into step with each path, in order. All paths are checked before the first is touched."""
    return run_syncs(platform, plan_ingest(platform, paths, source, allow))


def sync_sources(platform: Platform, name: str | None) -> SyncReport:
    """Syncs one configured source, or all of them."""
    return run_syncs(platform, plan_sync(platform, name))


def remove_source(platform: Platform, name: str) -> int:
    """Takes a source and all its documents out; returns how many there were.

    Raises:
        UsageError: there is none of that name, or the next sync would bring it back.
    """
    if name in platform.settings.sources:
        raise UsageError(f"source {name!r} is configured and would come back; take [sources.{name}] out first")
    if name not in {state.name for state in platform.catalog.sources()}:
        raise UsageError(f"no source {name!r} is indexed; groundcrew sources list shows which are")
    with platform.writing():
        return platform.synchronizer.forget(name)


def search_passages(
    platform: Platform, text: str, k: int, principal: Principal, where: dict[str, str], budget: int | None = None
) -> tuple[list[Hit], list[Passage] | None]:
    """Ranked hits for a query and, with a budget of tokens, the evidence that fits it.

    Raises:
        UsageError: the query is empty.
        QuestionRefused: the query or a filter is no text.
    """
    _check_text(text, *where, *where.values())
    if not text.strip():
        raise UsageError("the query is empty; say what to look for")
    wanted = k if budget is None else max(k, _PACKED_HITS)
    hits = platform.searcher.search(Query(text=text, principal=principal, k=wanted, where=where))
    return hits[:k], None if budget is None else platform.packer.pack(text, hits, budget)


def ask_question(
    platform: Platform,
    question: str,
    principal: Principal,
    mode: str = "auto",
    conversation: str | None = None,
    listen: Listen = lambda _: None,
) -> Answer:
    """One checked answer; `listen` is told what the crew does, from the thread of the call.

    Raises:
        UsageError: there is no such mode.
        QuestionRefused: the question cannot be taken.
    """
    _check_text(question, conversation or "")
    if mode not in get_args(Mode):
        raise UsageError(f"--mode {mode!r} is none of: {', '.join(get_args(Mode))}")
    request = Request(question=question, principal=principal, conversation_id=conversation, mode=cast(Mode, mode))
    return platform.crew.ask(request, listen)


def _check_text(*texts: str) -> None:
    """Refuses what no index, log or answer could hold: a lone surrogate stands for a byte that was no UTF-8."""
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        raise QuestionRefused("the question holds bytes that are no valid text; write it anew, as UTF-8")


def source_states(platform: Platform) -> list[SourceState]:
    """Synced sources, and configured ones that were never synced."""
    states = {state.name: state for state in platform.catalog.sources()}
    for name, section in platform.settings.sources.items():
        if name not in states:
            location = _location(platform, name)
            states[name] = SourceState(
                name=name, kind=section.kind, documents=0, chunks=0, quarantined=0, location=location, last_sync=None
            )
    return [states[name] for name in sorted(states)]


def _location(platform: Platform, name: str) -> str:
    try:
        with closing(platform.connector_of(name)) as connector:
            return connector.location
    except (SourceError, UsageError):  # Something is missing; its sync will say what.
        return ""


def parse_where(entries: Sequence[str]) -> dict[str, str]:
    """["format=pdf"] to {"format": "pdf"}."""
    where: dict[str, str] = {}
    for entry in entries:
        key, sign, value = entry.partition("=")
        if not sign or not key or not value:
            raise UsageError(f"--where {entry!r} is not KEY=VALUE")
        if key in where:
            raise UsageError(f"--where names {key!r} twice; for either of two write {key}:A {key}:B into the query")
        where[key] = value
    return where
