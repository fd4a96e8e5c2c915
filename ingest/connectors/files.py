"""Files and folders on this machine as a source."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from ..errors import ParseError, Problem, SourceError
from ..model import Item, Listing, RawFile, Unlisted
from ..settings import FilesSettings, is_hidden
from .moments import moment_at

_PLAIN = re.compile(r"[A-Za-z0-9_.\-~]+").fullmatch
_NO_METADATA: Mapping[str, str] = MappingProxyType({})
_new_item = tuple.__new__
_moment = lru_cache(4096)(moment_at)
"""Files that came together share their second."""
_TIME_GRAIN_NS = 100_000_000
"""File systems note times in steps of some milliseconds."""

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Larger files are quarantined rather than read into memory."""


class FilesConnector:
    """Lists the regular files under a root, or under some places inside it, and reads them.

    Folders that are symbolic links are not entered (they may loop, or leave the root), nor are hidden files and
    folders (a leading dot, or the lock files of office programs); what is left out is counted. A place that is gone
    while the root is there holds nothing: what is known of it is removed.
    """

    kind = "files"

    def __init__(
        self,
        settings: FilesSettings,
        places: Sequence[Path] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._root = Path(os.path.abspath(settings.path))
        self._places = None if places is None else [Path(os.path.abspath(place)) for place in places]
        self._clock = clock
        self._root_identity: tuple[int, int] | None = None

    @property
    def location(self) -> str:
        """The uri of the source's folder."""
        return self._root.as_uri()

    @property
    def scopes(self) -> tuple[str, ...] | None:
        """The uri prefixes of the places that this connector looks at; None where it looks at the whole source."""
        return None if self._places is None else tuple(place.as_uri() for place in self._places)

    def list(self) -> Listing:
        """All files in the places.

        Raises:
            SourceError: the root does not exist, or a place is no file or folder, or is left out by the settings.
        """
        try:
            root = self._root.stat()
        except (OSError, ValueError) as error:
            raise SourceError(f"no such file or folder: {self._root}") from error
        self._root_identity = (root.st_dev, root.st_ino)
        walk = _Walk(self._settings, self._clock())
        for place in self._places or [self._root]:
            self._list_place(walk, place)
        return Listing(items=tuple(walk.items), unlisted=tuple(walk.unlisted), hidden=walk.hidden)

    def _list_place(self, walk: _Walk, place: Path) -> None:
        relative = self._relative(place)
        if place != self._root and (
            any(is_hidden(part) for part in Path(relative).parts)
            or (self._settings.without is not None and place.is_relative_to(self._settings.without))
        ):
            walk.hidden += 1
            return
        try:
            mode = place.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            if place.is_symlink():  # It dangles: reading it tells so.
                walk.take(relative, place.as_uri(), place.name, None)
            return
        except (OSError, ValueError) as error:
            if place == self._root:
                raise SourceError(f"{place} cannot be looked at: {error}") from error
            walk.take(relative, place.as_uri(), place.name, None)
            return
        if stat.S_ISDIR(mode):
            if not os.access(place, os.R_OK | os.X_OK) and place == self._root:
                raise SourceError(f"no permission to read the folder {place}")
            if place == self._root or not place.is_symlink():
                walk.folder(str(place), "" if place == self._root else relative + "/")
        elif place != self._root and not self._settings.admits(relative):
            raise SourceError(f"{place} is left out by `include` or `exclude` of its source, {self._settings.name}")
        elif stat.S_ISREG(mode) or place != self._root:
            walk.take(relative, place.as_uri(), place.name, place.stat())
        else:
            raise SourceError(f"{place} is neither a file nor a folder")

    def read(self, item: Item) -> RawFile:
        """The bytes of one item.

        Raises:
            ParseError: with code "unreadable", "vanished", "not_a_file" or "too_large".
        """
        path = path_of(item.uri)
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise ParseError(
                    Problem(
                        code="not_a_file",
                        reason="it is a pipe, socket or device, not a file",
                        mend="exclude it with `exclude` in the source's configuration",
                    )
                )
            if status.st_size > MAX_FILE_BYTES:
                raise ParseError(
                    Problem(
                        code="too_large",
                        reason=f"it has {status.st_size:,} bytes",
                        mend=f"split it into files under {MAX_FILE_BYTES:,} bytes",
                    )
                )
            return RawFile(name=_printable(path.name), data=path.read_bytes())
        except FileNotFoundError as error:
            self._expect_root()
            raise ParseError(
                Problem(
                    code="vanished",
                    reason="it was listed, then gone before it could be read",
                    mend="a dangling link, or a file just removed: the next sync settles it",
                )
            ) from error
        except OSError as error:
            raise ParseError(
                Problem(
                    code="unreadable",
                    reason=f"the system refuses to read it: {error.strerror}",
                    mend="give the user that runs groundcrew permission to read it",
                )
            ) from error

    def close(self) -> None:
        """Nothing is held."""

    def _expect_root(self) -> None:
        """A drive that is gone takes all its files with it; none of them was removed."""
        try:
            root = self._root.stat()
        except OSError as error:
            raise SourceError(f"{self._root} was there, and is gone: nothing more is read from it") from error
        if self._root_identity not in (None, (root.st_dev, root.st_ino)):
            raise SourceError(f"{self._root} is another folder than a moment ago: nothing more is read from it")

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path != self._root else path.name


class _Walk:
    """Collects items. Written for folders of a hundred thousand files, of which hardly one has changed."""

    def __init__(self, settings: FilesSettings, now: float) -> None:
        self.items: list[Item] = []
        self.unlisted: list[Unlisted] = []
        self.hidden = 0
        self._settings = settings
        self._now_ns = int(now * 1e9)
        self._admits_all = settings.include == ("**/*",) and not settings.exclude
        self._access = settings.access if not settings.rules else None
        self._without = None if settings.without is None else os.path.abspath(settings.without)

    def folder(self, path: str, relative: str) -> None:
        """Takes all that lies in a folder; `relative` ends with "/" unless it is empty."""
        waiting = [(path, relative)]
        while waiting:
            waiting += self._entries(*waiting.pop())

    def _entries(self, path: str, relative: str) -> list[tuple[str, str]]:
        """Takes the files of one folder, and gives the folders in it."""
        try:
            with os.scandir(path) as found:
                entries = list(found)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # Gone since its parent was listed: it holds nothing.
                self.unlisted.append(
                    Unlisted(prefix=Path(path).as_uri() + "/", problem=_folder_problem(Path(path), error))
                )
            return []
        prefix = Path(path).as_uri().rstrip("/") + "/"
        folders: list[tuple[str, str]] = []
        for entry in entries:
            name = entry.name
            if is_hidden(name):
                self.hidden += 1
            elif entry.is_dir(follow_symlinks=False):
                if entry.path == self._without:
                    self.hidden += 1
                else:
                    folders.append((entry.path, f"{relative}{name}/"))
            elif entry.is_symlink() and _is_folder(entry):
                self.hidden += 1
            elif self._admits_all or self._settings.admits(relative + name):
                try:
                    status = entry.stat()
                except OSError:
                    status = None
                uri = prefix + (name if _PLAIN(name) else quote_from_bytes(os.fsencode(name)))
                self.take(relative + name, uri, name, status)
            else:
                self.hidden += 1
        return folders

    def take(self, relative: str, uri: str, name: str, status: os.stat_result | None) -> None:
        """Takes one file. Without a status it is tried at every sync."""
        if not name.isascii():
            name = _printable(name)
        access = self._access if self._access is not None else self._settings.access_of(relative)
        if status is None:
            self.items.append(Item(uri, name, "", _moment(0), access))
            return
        modified, inode = status.st_mtime_ns, status.st_ino
        # Written just now, it may be written again without a later time: it is looked into once more.
        fresh = "~" if abs(self._now_ns - modified) < _TIME_GRAIN_NS else ""
        self.items.append(
            # As Item(...) does, less its way through Python.
            _new_item(
                Item,
                (
                    uri,
                    name,
                    f"{status.st_size}-{modified}-{status.st_ctime_ns}-{inode}{fresh}",
                    _moment(modified // 1_000_000_000),
                    access,
                    _NO_METADATA,
                    status.st_size,
                    f"{status.st_dev}:{inode}",
                ),
            )
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether a link leads to a folder; one that leads nowhere, or to itself, is a file that cannot be read."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def path_of(uri: str) -> Path:
    """The path that a file uri names."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


def _printable(name: str) -> str:
    """A file name whose bytes are no UTF-8 cannot be stored or shown as it is."""
    return os.fsencode(name).decode(errors="replace")


def _folder_problem(folder: Path, error: OSError) -> Problem:
    return Problem(
        code="unreadable_folder",
        reason=f"the folder {_printable(folder.name)} cannot be listed: {error.strerror}",
        mend="give the user that runs groundcrew permission to list it; what is indexed from it stays until then",
    )
