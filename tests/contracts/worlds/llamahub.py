"""A folder read by a LlamaIndex reader, which gives random ids and the path in the metadata, as most readers do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ingest.connectors.llamahub import LlamaHubConnector
from ingest.model import Access
from ingest.settings import LlamaHubSettings

EVERYONE = Access(allow=("everyone",))


class FolderReader:
    """A reader; a class without the base class of LlamaIndex's own will do."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def load_data(self) -> list[Any]:
        from llama_index.core.schema import Document

        if not self._folder.is_dir():
            raise ConnectionError(f"{self._folder} cannot be reached")
        paths = sorted(path for path in self._folder.rglob("*") if path.is_file())
        return [
            Document(text=path.read_bytes().decode(), metadata={"path": path.relative_to(self._folder).as_posix()})
            for path in paths
        ]


class LlamaHubWorld:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "remote"
        self._folder.mkdir()
        self._cache = folder / "cache"

    def put(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def delete(self, name: str) -> None:
        (self._folder / name).unlink()

    def uri(self, name: str) -> str:
        return f"llamahub://wiki/{quote(name)}"

    def connector(self) -> LlamaHubConnector:
        settings = LlamaHubSettings(
            name="wiki",
            reader=f"{__name__}.FolderReader",
            arguments={"folder": str(self._folder)},
            access=EVERYONE,
        )
        return LlamaHubConnector(settings, self._cache)

    def fail(self) -> None:
        self._folder.rename(self._folder.with_name("moved"))

    def close(self) -> None:
        pass


def make(folder: Path) -> LlamaHubWorld:
    """An empty folder."""
    pytest.importorskip("llama_index.core", reason="the library llama-index-core is not installed")
    return LlamaHubWorld(folder)
