"""A folder of files."""

from __future__ import annotations

from pathlib import Path

from ingest.connectors.files import FilesConnector
from ingest.settings import FilesSettings
from tests.fakes import EVERYONE


class FolderWorld:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "files"
        self._folder.mkdir()

    def put(self, name: str, text: str) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def delete(self, name: str) -> None:
        (self._folder / name).unlink()

    def uri(self, name: str) -> str:
        return (self._folder / name).as_uri()

    def connector(self) -> FilesConnector:
        return FilesConnector(FilesSettings(name="files", path=self._folder, access=EVERYONE))

    def fail(self) -> None:
        self._folder.rename(self._folder.with_name("moved"))

    def close(self) -> None:
        pass


def make(folder: Path) -> FolderWorld:
    """An empty folder."""
    return FolderWorld(folder)
