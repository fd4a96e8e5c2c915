"""Builds the objects and ties them together: the one place that knows all floors. Nothing is loaded until used."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from agents.analyst import Analyst
from agents.compliance import Compliance
from agents.crew import Crew
from agents.judging import Judge
from agents.researcher import Researcher
from ingest.catalog import Catalog
from ingest.connectors.files import FilesConnector
from ingest.model import Access, ParsedDocument, RawFile
from ingest.settings import FilesSettings
from ingest.syncing import Synchronizer
from retrieval.access import Principal
from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder, SentenceTransformerEmbedder, bundled_model
from retrieval.index import ChunkIndex
from retrieval.lexical import LexicalIndex
from retrieval.model import Query
from retrieval.ports import Embedder
from retrieval.searching import Searcher, SearchSettings
from retrieval.vectors import VectorIndex

from .errors import UsageError, WorkFailed
from .settings import HOME, Settings, absolute

OPTIONAL_TOOLS = {"tesseract": "reads scanned pages and images", "soffice": "LibreOffice, reads .doc and .ppt"}
LOCK_NAME = "write.lock"
LOCAL_SOURCE = "local"
"""The source of paths that are ingested without naming one."""


class Platform:
    """All that runs on one home. Parts are made when first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home

    @cached_property
    def catalog(self) -> Catalog:
        self._make_home()
        return Catalog(self.home / "catalog.sqlite")

    @cached_property
    def embedder(self) -> Embedder:
        engine = self.settings.retrieval.engine
        if engine == "auto":
            engine = "openvino" if importlib.util.find_spec("openvino") else "torch"
        return (
            OpenVinoEmbedder(bundled_model()) if engine == "openvino" else SentenceTransformerEmbedder(bundled_model())
        )

    @cached_property
    def index(self) -> ChunkIndex:
        return ChunkIndex(VectorIndex(self.home / "vectors", self.embedder), LexicalIndex(self.home / "lexical"))

    @cached_property
    def searcher(self) -> Searcher:
        return Searcher(self.catalog, self.index, SearchSettings())

    @cached_property
    def synchronizer(self) -> Synchronizer:
        return Synchronizer(self.catalog, self.index, _parse, ModelTokenizer(bundled_model()), tools=found_tools())

    @cached_property
    def compliance(self) -> Compliance:
        return Compliance(self.catalog.text)

    @cached_property
    def researcher(self) -> Researcher:
        return Researcher(self.searcher.search)

    @cached_property
    def analyst(self) -> Analyst:
        return Analyst(Judge.load(), self.embedder, self.searcher.rarity)

    @cached_property
    def crew(self) -> Crew:
        return Crew(self.researcher, self.analyst, self.compliance)

    def check_ready(self) -> None:
        """Runs one tiny search and makes what answers a question, so that the first asker waits for neither.

        Raises:
            CatalogError, SearchIndexError, ModelError: questions cannot be answered.
        """
        _ = self.crew
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
        name = source or self._source_of(place) or LOCAL_SOURCE
        if name in self.settings.sources:
            configured = self.settings.files(name)
            if not place.is_relative_to(configured.path):
                raise UsageError(
                    f"{path} does not lie in {configured.path}, the folder of source {name!r}; name another source"
                )
            if allow:
                raise UsageError(f"who may read source {name!r} is set in the configuration; leave out --allow")
            return name, FilesConnector(configured, place)
        for root, configured_name in self._roots():
            if root.is_relative_to(place) or place.is_relative_to(root):
                raise UsageError(
                    f"{path} shares files with {root}, the folder of source {configured_name!r}, and would bypass its "
                    f"rules on who may read them; use groundcrew sources sync {configured_name}, and ingest only what "
                    "lies outside"
                )
        return name, FilesConnector(FilesSettings(name=name, path=place, access=Access(allow=allow)))

    def _roots(self) -> list[tuple[Path, str]]:
        return [(self.settings.files(name).path, name) for name in self.settings.sources]

    def _source_of(self, path: Path) -> str | None:
        """The configured source with the deepest folder that holds the path."""
        holding = [(len(root.parts), name) for root, name in self._roots() if path.is_relative_to(root)]
        return max(holding)[1] if holding else None

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
        """Holds the home for writing: an index never has two writers. Raises as `writing` does."""
        from filelock import FileLock, Timeout

        self._make_home()
        lock = FileLock(self.home / LOCK_NAME, timeout=1)
        try:
            lock.acquire()
        except Timeout as error:
            raise WorkFailed(f"another groundcrew process is writing to {self.home}; wait for it to end") from error
        except OSError as error:
            raise UsageError(f"the home {self.home} cannot be written to: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def _make_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"the home {self.home} cannot be made: {error.strerror}; set {HOME} to a folder that can be"
            ) from error

    def close(self) -> None:
        """Lets go of all files."""
        for name in ("index", "catalog"):
            if name in self.__dict__:
                self.__dict__[name].close()


def found_tools() -> tuple[str, ...]:
    """The optional programs on this machine that widen what can be read."""
    return tuple(name for name in OPTIONAL_TOOLS if shutil.which(name))


def _parse(raw: RawFile) -> ParsedDocument:
    # Parsers bring large libraries, which a command that reads nothing should not load.
    from ingest.parsing import parse

    return parse(raw)
