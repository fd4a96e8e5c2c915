"""Proves that catalog, both indexes and the model agree; mends what can be mended."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingest.catalog import Catalog
from ingest.recording import Recorder
from retrieval.embedding import bundled_model, verify_weights
from retrieval.errors import ModelError, SearchIndexError

from .console import Json, put
from .errors import WorkFailed
from .wiring import OPTIONAL_TOOLS, Platform, found_tools

_REPAIR = "to mend: groundcrew doctor --repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found. `ok` is true when `problems` is empty; each of them says how to mend it."""

    problems: tuple[str, ...]
    documents: int
    chunks: int

    @property
    def ok(self) -> bool:
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The shape that programs get."""
        return {
            "ok": self.ok,
            "problems": list(self.problems),
            "documents": self.documents,
            "chunks": self.chunks,
        }


def diagnose(platform: Platform) -> Diagnosis:
    """Checks everything and changes nothing that is there. Syncs wait meanwhile.

    Raises:
        CatalogError: the catalog cannot be opened; nothing can be said without it.
        WorkFailed: another process is writing to the home.
    """
    with platform.writing(), platform.synchronizer.at_rest() as waste:
        catalog = platform.catalog
        move = f"to mend: move {platform.home} aside and ingest anew"
        problems = [f"the catalog file is damaged: {line}; {move}" for line in catalog.damage()]
        problems += [f"{problem}; {move}" for problem in _misquoting(catalog)]
        problems += _disagreeing(platform)
    if waste:
        problems.append(f"{waste} chunks of what is gone, or was cut off, wait to be dropped; {_REPAIR}, or sync")
    try:
        verify_weights(bundled_model())
    except ModelError as error:
        problems.append(str(error))  # The message says what to reinstall.
    documents, chunks = catalog.counts()
    return Diagnosis(problems=tuple(problems), documents=documents, chunks=chunks)


def repair(platform: Platform) -> None:
    """Makes the indexes agree with the catalog. An index that cannot be opened is set aside and made anew."""
    with platform.writing(), platform.synchronizer.at_rest():
        if platform.synchronizer.is_busy:
            raise WorkFailed("a sync is under way; repair when it has ended")
        for name, index in (("vectors", platform.index.vectors), ("lexical", platform.index.lexical)):
            try:
                index.ids()
            except SearchIndexError:
                index.close()
                stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
                shutil.move(platform.home / name, platform.home / f"{name}.damaged-{stamp}")
        platform.synchronizer.discard_waste()
        platform.index.mend(platform.catalog, platform.index.compare(platform.catalog))
        Recorder(platform.catalog).revise()
        platform.crew_parts.keep_only_chunks(platform.catalog.chunk_ids())


def _misquoting(catalog: Catalog) -> list[str]:
    """Chunks whose words are not those of the canonical text at their place: citations from them would lie."""
    problems = []
    for document in catalog.documents():
        text = catalog.text(document.id) or ""
        chunks = catalog.chunks(catalog.chunk_ids(document.id)).values()
        wrong = sum(text[chunk.start : chunk.end] != chunk.text for chunk in chunks)
        if wrong:
            problems.append(f"{wrong} chunks of {document.uri} do not match its text")
    return problems


def _disagreeing(platform: Platform) -> list[str]:
    problems = []
    for index in (platform.index.vectors, platform.index.lexical):
        try:
            index.ids()
        except SearchIndexError as error:
            problems.append(str(error))
    if problems:
        return problems
    for found in platform.index.compare(platform.catalog):
        if found.missing:
            problems.append(
                f"the {found.index} index lacks {len(found.missing)} chunks that the catalog names; {_REPAIR}"
            )
        if found.surplus:
            problems.append(
                f"the {found.index} index holds {len(found.surplus)} chunks that the catalog does not name; {_REPAIR}"
            )
    return problems


def show(found: Json) -> None:
    """The diagnosis for people, with the optional tools that are missing."""
    for problem in found["problems"]:
        put(f"problem: {problem}")
    if found["ok"]:
        held = f"{found['documents']} documents, {found['chunks']} chunks"
        put(f"All agree: {held}, in catalog, vector and lexical index.")
    present = found_tools()
    for tool, use in OPTIONAL_TOOLS.items():
        put(f"{tool}: {'found' if tool in present else 'not installed'} ({use})")
