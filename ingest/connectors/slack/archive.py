"""The files of a Slack export, packed or unpacked: its channels, its users, and each channel's days."""

from __future__ import annotations

import json
import os
import weakref
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ..files import MAX_FILE_BYTES
from .text import Message

_DAMAGED = (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError)


class UnreadableFile(Exception):
    """A file of the export cannot be read; the message names it and says why."""


class SlackArchive:
    """An export as it was when this was made; `state` changes when the archive's file does."""

    def __init__(self, path: Path) -> None:
        """Raises `SourceError` when there is no export at the path."""
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        try:
            self.state = archive_state(path)
            if path.is_dir():
                names = _files_below(path)
            else:
                self._zip = zipfile.ZipFile(path)
                weakref.finalize(self, self._zip.close)
                names = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        except FileNotFoundError as error:
            raise SourceError(f"no such file or folder: {path}") from error
        except zipfile.BadZipFile as error:
            raise SourceError(f"{path} is no whole zip archive: download the export again") from error
        except (OSError, ValueError) as error:
            raise SourceError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        # Some programs pack the export within a folder of its name.
        tops = [name.removesuffix("channels.json") for name in names if name.split("/")[-1] == "channels.json"]
        if not tops:
            self.close()
            raise SourceError(f"{path} is no Slack export: it has no channels.json", retryable=False)
        self._top = min(tops, key=len)
        self._files = {name.removeprefix(self._top) for name in names if name.startswith(self._top)}
        self._days: dict[str, list[str]] = {}
        for name in sorted(self._files):
            folder, _, file = name.rpartition("/")
            if folder and file.endswith(".json"):
                self._days.setdefault(folder, []).append(name)

    def entries(self, name: str) -> list[Message]:
        """The objects of a list at the top of the export, none when it is not there.

        Raises:
            SourceError: it is there and cannot be read.
        """
        try:
            return self.messages(name) if name in self._files else []
        except UnreadableFile as error:
            raise SourceError(f"the Slack export {self._path} is damaged: {error}") from error

    def days(self, folder: str) -> Sequence[str]:
        """The files of a channel, in order of their days."""
        return self._days.get(folder, [])

    def messages(self, name: str) -> list[Message]:
        """The objects in a file. Raises `UnreadableFile`."""
        try:
            data = self._bytes(self._top + name)
            found: Any = json.loads(data)
        except _DAMAGED as error:
            raise UnreadableFile(f"{name}: {' '.join(str(error).split())[:200]}") from error
        if not isinstance(found, list):
            raise UnreadableFile(f"{name}: it holds no list")
        return [one for one in found if isinstance(one, Mapping)]

    def close(self) -> None:
        """Closes the archive's file."""
        if self._zip is not None:
            self._zip.close()

    def _bytes(self, name: str) -> bytes:
        if self._zip is None:
            path = self._path / name
            if path.stat().st_size > MAX_FILE_BYTES:
                raise ValueError(f"it has more than {MAX_FILE_BYTES:,} bytes")
            return path.read_bytes()
        # The size that the archive declares may be a lie: never more is unpacked.
        with self._zip.open(name) as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ValueError(f"it has more than {MAX_FILE_BYTES:,} bytes")
        return data


def archive_state(path: Path) -> str:
    """A text that changes when the archive's file does; that of a folder changes with each look."""
    status = path.stat()
    if path.is_dir():
        return ""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def _files_below(folder: Path) -> list[str]:
    """Relative paths of all files. Raises `OSError` for a folder that cannot be listed."""

    def refuse(error: OSError) -> None:
        raise error

    return [
        Path(here, name).relative_to(folder).as_posix()
        for here, _, files in os.walk(folder, onerror=refuse)
        for name in files
    ]
