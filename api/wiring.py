"""Builds the objects and ties them together: the one place that knows all floors. Nothing is loaded until used."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from agents.asking import Crew
from agents.forgetting import ForgettingSink
from agents.runs.stats import Prices
from agents.sentences import split_sentences
from ingest.catalog import Catalog
from ingest.connectors.files import FilesConnector
from ingest.isolating import ParseLimits, ProcessPool
from ingest.model import Access
from ingest.ports import Connector
from ingest.settings import FilesSettings
from ingest.syncing import Synchronizer
from retrieval.access import Principal
from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder, SentenceTransformerEmbedder, bundled_model
from retrieval.index import ChunkIndex
from retrieval.lexical import LexicalIndex
from retrieval.model import Query
from retrieval.packing import Packer
from retrieval.ports import Embedder, Reranker
from retrieval.reranking import CrossEncoderReranker
from retrieval.searching import Searcher, SearchSettings
from retrieval.vectors import VectorIndex

from .crewing import CrewParts, Floors
from .errors import HomeHeld, UsageError
from .review_access import ReviewAccess
from .run_access import RunAccess
from .settings import HOME, Settings
from .sourcing import absolute, make_connector

if TYPE_CHECKING:
    from filelock import FileLock

OPTIONAL_TOOLS = {"tesseract": "reads scanned pages and images", "soffice": "LibreOffice, reads .doc and .ppt"}
LOCK_NAME = "write.lock"
_PATIENCE_S = 10.0
"""How long a writer waits for another one: a watcher holds the home for moments only."""
LOCAL_SOURCE = "local"
"""The source of paths that are ingested without naming one."""


class Platform:
    """All that runs on one home. Parts are made when first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home
        self._holding = threading.Lock()
        self._holders = 0

    @cached_property
    def catalog(self) -> Catalog:
        self._make_home()
        return Catalog(self.home / "catalog.sqlite")

    @cached_property
    def embedder(self) -> Embedder:
        wanted = self.settings.retrieval
        has_openvino = wanted.engine == "openvino" or importlib.util.find_spec("openvino") is not None
        if wanted.engine == "torch" or not has_openvino:
            return SentenceTransformerEmbedder(bundled_model())
        return OpenVinoEmbedder(bundled_model(), precision=wanted.precision)

    @cached_property
    def index(self) -> ChunkIndex:
        return ChunkIndex(VectorIndex(self.home / "vectors", self.embedder), LexicalIndex(self.home / "lexical"))

    @cached_property
    def searcher(self) -> Searcher:
        wanted = self.settings.retrieval
        return Searcher(
            self.catalog,
            self.index,
            SearchSettings(
                dense_weight=wanted.dense_weight,
                document_weight=wanted.document_weight,
                rerank_top=wanted.rerank_top,
                rerank_budget_ms=wanted.rerank_budget_ms,
            ),
            reranker=self.reranker,
        )

    @cached_property
    def reranker(self) -> Reranker | None:
        name = self.settings.retrieval.reranker
        return None if name is None else CrossEncoderReranker(name)

    @cached_property
    def packer(self) -> Packer:
        tokenizer = ModelTokenizer(bundled_model())
        return Packer(
            count=lambda texts: [len(offsets) for offsets in tokenizer(texts)],
            split=split_sentences,
            chunks_of=self.catalog.chunks_of,
            excerpt=self.catalog.excerpt,
        )

    @cached_property
    def parsers(self) -> ProcessPool:
        from ingest.parsing import parse

        ingest = self.settings.ingest
        limits = ParseLimits(
            seconds=ingest.timeout_s, seconds_per_mb=ingest.timeout_s_per_mb, memory_mb=ingest.memory_mb
        )
        return ProcessPool(parse, ModelTokenizer(bundled_model()), size=ingest.parsers, limits=limits)

    @cached_property
    def synchronizer(self) -> Synchronizer:
        limits = self.settings.ingest
        days = limits.keep_versions_days
        return Synchronizer(
            self.catalog,
            ForgettingSink(self.index, self.crew_parts.forget_chunks),
            self.parsers,
            # What was too slow or too large is tried again when the limits are raised.
            tools=(
                *found_tools(),
                f"{limits.timeout_s:g}s",
                f"{limits.timeout_s_per_mb:g}s/MB",
                f"{limits.memory_mb}MB",
            ),
            keep_versions=None if days is None else timedelta(days=days),
        )

    @cached_property
    def crew_parts(self) -> CrewParts:
        floors = Floors(
            catalog=lambda: self.catalog,
            searcher=lambda: self.searcher,
            packer=lambda: self.packer,
            embedder=lambda: self.embedder,
        )
        return CrewParts(self.settings, floors)

    @property
    def crew(self) -> Crew:
        return self.crew_parts.crew

    @cached_property
    def run_access(self) -> RunAccess:
        parts, large = self.crew_parts, self.settings.models.get("large")
        prices = None if large is None else Prices(price_in=large.price_in, price_out=large.price_out)
        return RunAccess(
            parts.store, parts.conversations, lambda: self.crew, self.catalog.documents, rules=parts.rules, large=prices
        )

    @cached_property
    def review_access(self) -> ReviewAccess:
        parts = self.crew_parts
        return ReviewAccess(parts.store, parts.reviewers, lambda: self.crew, self.catalog.documents)

    def check_ready(self) -> None:
        """Runs one tiny search and makes what answers a question, so that the first asker waits for neither.

        Raises:
            CatalogError, SearchIndexError, ModelError: questions cannot be answered.
        """
        # Made before any other thread asks for it: there must be one of each.
        _ = self.crew, self.synchronizer, self.packer
        if self.settings.models:
            self.crew_parts.gateway.prepare()
        if self.reranker is not None:
            self.reranker.load()
        self.searcher.search(Query(text="ready", principal=Principal(admin=True), k=1))

    def principal(self, user: str | None) -> Principal:
        """Whoever `--as` names, with the groups the configuration gives; without it, an admin."""
        if user is None:
            return Principal(admin=True)
        section = self.settings.users.get(user)
        return Principal(user=user, groups=frozenset(section.groups if section else ()))

    def connector(self, path: Path, source: str | None, allow: tuple[str, ...]) -> tuple[str, FilesConnector]:
        """The source that a path belongs to, and a connector for that path.

        A named source that is configured brings its rules; a path inside a configured source's folder belongs to
        it; anything else is a source of its own kind, readable by whom `allow` names.

        Raises:
            UsageError: the path does not lie in the named source, or the rules of a configured one would be bypassed.
        """
        place = absolute(path)
        folders = self.settings.folders()
        name = source or _source_of(place, folders) or LOCAL_SOURCE
        if name in self.settings.sources and name not in folders:
            raise UsageError(
                f"source {name!r} is no folder on this machine; use groundcrew sources sync {name}, or name another"
            )
        if name in folders:
            configured = folders[name]
            if not place.is_relative_to(configured.path):
                raise UsageError(
                    f"{path} does not lie in {configured.path}, the folder of source {name!r}; name another source"
                )
            if allow:
                raise UsageError(f"who may read source {name!r} is set in the configuration; leave out --allow")
            return name, FilesConnector(configured, [place])
        for configured_name, configured in folders.items():
            root = configured.path
            if root.is_relative_to(place) or place.is_relative_to(root):
                raise UsageError(
                    f"{path} shares files with {root}, the folder of source {configured_name!r}, and would bypass its "
                    f"rules on who may read them; use groundcrew sources sync {configured_name}, and ingest only what "
                    "lies outside"
                )
        settings = FilesSettings(name=name, path=place, access=Access(allow=allow), without=self.home.absolute())
        return name, FilesConnector(settings, [place])

    def connector_of(self, name: str) -> Connector:
        """The connector of a configured source; KeyError when there is none of that name.

        Raises:
            UsageError: its configuration lacks something that is in the environment.
            SourceError: a library that it needs is not installed, or its settings cannot work.
        """
        section = self.settings.sources[name]
        cache = self.home / "connectors" / quote(name, safe="")
        return make_connector(section, self.settings.source(name), cache)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the home for writing, and reads anew what others have written.

        Raises:
            UsageError: the home cannot be made or written to.
            WorkFailed: another process holds it.
        """
        with self.locked():
            self.index.follow(self.catalog)
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the home for writing: an index never has two writers. Threads of this process share the hold.

        Raises as `writing` does.
        """
        with self._holding:
            if self._holders == 0:
                self._acquire()
            self._holders += 1
        try:
            yield
        finally:
            with self._holding:
                self._holders -= 1
                if self._holders == 0:
                    self._write_lock.release()

    def _acquire(self) -> None:
        from filelock import Timeout

        self._make_home()
        try:
            self._write_lock.acquire(timeout=_PATIENCE_S)
        except Timeout as error:
            raise HomeHeld(f"another groundcrew process is writing to {self.home}; wait for it to end") from error
        except OSError as error:
            raise UsageError(f"the home {self.home} cannot be written to: {error.strerror}") from error

    @cached_property
    def _write_lock(self) -> FileLock:
        from filelock import FileLock

        # Any thread of this process may be the last to let go.
        return FileLock(self.home / LOCK_NAME, thread_local=False)

    def _make_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"the home {self.home} cannot be made: {error.strerror}; set {HOME} to a folder that can be"
            ) from error

    def close(self) -> None:
        """Lets go of all files."""
        for name in ("crew_parts", "parsers", "index", "catalog"):
            if name in self.__dict__:
                self.__dict__[name].close()


def _source_of(path: Path, folders: Mapping[str, FilesSettings]) -> str | None:
    """The source with the deepest folder that holds the path."""
    holding = [(len(one.path.parts), name) for name, one in folders.items() if path.is_relative_to(one.path)]
    return max(holding)[1] if holding else None


def found_tools() -> tuple[str, ...]:
    """The optional programs on this machine that widen what can be read."""
    return tuple(name for name in OPTIONAL_TOOLS if shutil.which(name))
