"""Whatever happens to a folder between syncs: after each, catalog and both indexes hold exactly what lies in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ingest.catalog import Catalog
from ingest.connectors.files import FilesConnector, path_of
from ingest.isolating import InlinePool
from ingest.recording import Recorder
from ingest.settings import FilesSettings
from ingest.syncing import Synchronizer
from retrieval.embedding import ModelTokenizer, bundled_model
from retrieval.index import ChunkIndex
from retrieval.lexical import LexicalIndex
from retrieval.vectors import VectorIndex
from tests.fakes import EVERYONE, FakeEmbedder, parse_lines

TOKENIZER = ModelTokenizer(bundled_model())
names = st.sampled_from(["a.txt", "b c.txt", "sub/a.txt", "sub/ü.txt", "sub/deep/d.txt", "subway.txt"])
texts = st.sampled_from(["one", "one\ntwo", "two\none\nthree", "!damaged", "", "word " * 400, "one\n?picture"])


class Folder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._temporary = tempfile.TemporaryDirectory()
        base = Path(self._temporary.name)
        self.root = base / "files"
        self.catalog = Catalog(base / "catalog.sqlite")
        self.index = ChunkIndex(VectorIndex(base / "vectors", FakeEmbedder()), LexicalIndex(base / "lexical"))
        self.in_step = True

    @initialize()
    def make_folders(self) -> None:
        (self.root / "sub" / "deep").mkdir(parents=True)

    @rule(name=names, text=texts)
    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)
        self.in_step = False

    @rule(name=names)
    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)
        self.in_step = False

    @rule(old=names, new=names)
    def rename(self, old: str, new: str) -> None:
        if (self.root / old).exists():
            (self.root / old).rename(self.root / new)
        self.in_step = False

    @rule(name=names)
    def sync_one_file(self, name: str) -> None:
        self._sync(self.root / name)

    @rule()
    def sync_subfolder(self) -> None:
        self._sync(self.root / "sub")

    @rule()
    def sync(self) -> None:
        self._sync(None)
        self.in_step = True

    def _sync(self, scope: Path | None) -> None:
        source = FilesSettings(name="files", path=self.root, access=EVERYONE)
        pool = InlinePool(parse_lines, TOKENIZER)
        connector = FilesConnector(source, None if scope is None else [scope])
        Synchronizer(self.catalog, self.index, pool).sync("files", connector)

    @invariant()
    def indexes_agree_with_the_catalog(self) -> None:
        if self.root.exists():
            assert self.index.compare(self.catalog) == []
            assert Recorder(self.catalog).waste(1) == []

    @invariant()
    def the_catalog_agrees_with_the_folder(self) -> None:
        if not (self.root.exists() and self.in_step):
            return
        whole, unreadable = {}, set()
        for path in (path for path in self.root.rglob("*") if path.is_file()):
            text = path.read_text()
            if text.startswith("!") or not text.strip():
                unreadable.add(path)
            else:
                whole[path] = text
        assert {path_of(d.uri): self.catalog.text(d.id) for d in self.catalog.documents()} == whole
        quarantined = {path_of(entry.uri) for entry in self.catalog.quarantined() if entry.part is None}
        assert quarantined == unreadable
        gaps = {path_of(entry.uri) for entry in self.catalog.quarantined() if entry.part is not None}
        assert gaps == {path for path, text in whole.items() if "?" in text}

    def teardown(self) -> None:
        self.index.close()
        self.catalog.close()
        self._temporary.cleanup()


TestFolder = Folder.TestCase
TestFolder.settings = settings(
    max_examples=12,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
