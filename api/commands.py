"""What the commands and the HTTP routes do alike: plain functions of the platform."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import cast, get_args

from agents.errors import QuestionRefused
from agents.model import Answer, Mode, Request
from ingest.connectors.files import FilesConnector
from ingest.errors import SourceError
from ingest.model import SourceState, SyncReport
from ingest.ports import Connector
from ingest.syncing import merge
from retrieval.access import Principal
from retrieval.model import Hit, Query

from .console import progress_bar
from .errors import UsageError
from .settings import check_allow, expanded
from .wiring import Platform


def ingest_paths(platform: Platform, paths: Sequence[Path], source: str | None, allow: tuple[str, ...]) -> SyncReport:
    """Brings the index into step with each path, in order. All paths are checked before the first is touched."""
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
    connectors = [platform.connector(path, source, allow) for path in paths]
    return _sync_all(platform, connectors)


def sync_sources(platform: Platform, name: str | None) -> SyncReport:
    """Syncs one configured source, or all of them."""
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
    names = [name] if name is not None else list(configured)
    return _sync_all(platform, [(n, FilesConnector(platform.settings.files(n))) for n in names])


def _sync_all(platform: Platform, connectors: Sequence[tuple[str, Connector]]) -> SyncReport:
    """Syncs each, whether or not another one can be listed.

    Raises:
        SourceError: some cannot; it names them, and says how many were synced all the same.
    """
    reports: list[SyncReport] = []
    failed: list[str] = []
    with platform.writing():
        for name, connector in connectors:
            try:
                with progress_bar(name) as update:
                    reports.append(platform.synchronizer.sync(name, connector, update))
            except SourceError as error:
                failed.append(f"{name}: {error}")
    if failed:
        others = f" ({len(reports)} of {len(connectors)} synced)" if len(connectors) > 1 else ""
        raise SourceError("; ".join(failed) + others)
    return merge(reports)


def search_passages(platform: Platform, text: str, k: int, principal: Principal, where: dict[str, str]) -> list[Hit]:
    """Ranked passages for a query.

    Raises:
        UsageError: the query is empty.
        QuestionRefused: the query or a filter is no text.
    """
    _check_text(text, *where, *where.values())
    if not text.strip():
        raise UsageError("the query is empty; say what to look for")
    return platform.searcher.search(Query(text=text, principal=principal, k=k, where=where))


def ask_question(
    platform: Platform, question: str, principal: Principal, mode: str = "auto", conversation: str | None = None
) -> Answer:
    """One checked answer.

    Raises:
        UsageError: there is no such mode.
        QuestionRefused: the question cannot be taken.
    """
    _check_text(question, conversation or "")
    if mode not in get_args(Mode):
        raise UsageError(f"--mode {mode!r} is none of: {', '.join(get_args(Mode))}")
    return platform.crew.ask(
        Request(question=question, principal=principal, conversation_id=conversation, mode=cast(Mode, mode))
    )


def _check_text(*texts: str) -> None:
    """Refuses what no index, log or answer could hold: a lone surrogate stands for a byte that was no UTF-8."""
    if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
        raise QuestionRefused("the question holds bytes that are no valid text; write it anew, as UTF-8")


def source_states(platform: Platform) -> list[SourceState]:
    """Synced sources, and configured ones that were never synced."""
    states = {state.name: state for state in platform.catalog.sources()}
    for name, section in platform.settings.sources.items():
        states.setdefault(
            name,
            SourceState(
                name=name,
                kind=section.kind,
                documents=0,
                chunks=0,
                quarantined=0,
                location=platform.settings.files(name).path.as_uri(),
                last_sync=None,
            ),
        )
    return [states[name] for name in sorted(states)]


def parse_where(entries: Sequence[str]) -> dict[str, str]:
    """["format=pdf"] to {"format": "pdf"}."""
    where: dict[str, str] = {}
    for entry in entries:
        key, sign, value = entry.partition("=")
        if not sign or not key or not value:
            raise UsageError(f"--where {entry!r} is not KEY=VALUE")
        where[key] = value
    return where
