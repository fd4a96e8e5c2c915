"""Files and folders on this machine as a source."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from ..errors import ParseError, Problem, SourceError
from ..model import Item, Listing, RawFile, Unlisted
from ..settings import FilesSettings

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Larger files are quarantined rather than read into memory."""


class FilesConnector:
    """Lists the regular files under a root, or under `scope` inside it, and reads them.

    Folders that are symbolic links are not entered (they may loop, or leave the root), nor are hidden files and
    folders (a leading dot, or the lock files of office programs); what is left out is counted.
    """

    kind = "files"

    def __init__(self, settings: FilesSettings, scope: Path | None = None) -> None:
        self._settings = settings
        self._root = Path(os.path.abspath(settings.path))
        self._scope = Path(os.path.abspath(scope)) if scope is not None else self._root

    @property
    def location(self) -> str:
        """The uri prefix that holds everything this connector lists."""
        return self._scope.as_uri()

    def list(self) -> Listing:
        """All files in scope.

        Raises:
            SourceError: the scope does not exist or is no file or folder.
        """
        try:
            mode = self._scope.stat().st_mode
        except (OSError, ValueError) as error:
            raise SourceError(f"no such file or folder: {self._scope}") from error
        if stat.S_ISREG(mode):
            if self._scope != self._root and not self._settings.admits(self._relative(self._scope)):
                raise SourceError(
                    f"{self._scope} is left out by `include` or `exclude` of its source, {self._settings.name}"
                )
            return Listing(items=tuple(self._items([self._scope])))
        if not stat.S_ISDIR(mode):
            raise SourceError(f"{self._scope} is neither a file nor a folder")
        if not os.access(self._scope, os.R_OK | os.X_OK):
            raise SourceError(f"no permission to read the folder {self._scope}")
        unlisted: list[Unlisted] = []
        paths: list[Path] = []
        hidden = 0

        def refuse(error: OSError) -> None:
            folder = Path(str(error.filename))
            unlisted.append(Unlisted(prefix=folder.as_uri() + "/", problem=_folder_problem(folder, error)))

        for folder, names, files in os.walk(self._scope, onerror=refuse):
            kept = [name for name in names if not _is_hidden(name) and not Path(folder, name).is_symlink()]
            hidden += len(names) - len(kept)
            names[:] = sorted(kept)
            for name in sorted(files):
                path = Path(folder, name)
                if _is_hidden(name) or not self._settings.admits(self._relative(path)):
                    hidden += 1
                else:
                    paths.append(path)
        return Listing(items=tuple(self._items(paths)), unlisted=tuple(unlisted), hidden=hidden)

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

    def _items(self, paths: Sequence[Path]) -> Iterator[Item]:
        for path in paths:
            try:
                status = path.stat()
            except OSError:
                fingerprint, modified = "unreadable", 0.0
            else:
                fingerprint = f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"
                modified = status.st_mtime
            yield Item(
                uri=path.as_uri(),
                name=_printable(path.name),
                fingerprint=fingerprint,
                modified_at=_moment(modified),
                access=self._settings.access_of(self._relative(path)),
            )

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path != self._root else path.name


def path_of(uri: str) -> Path:
    """The path that a file uri names."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


def _printable(name: str) -> str:
    """A file name whose bytes are no UTF-8 cannot be stored or shown as it is."""
    return os.fsencode(name).decode(errors="replace")


def _moment(seconds: float) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):  # A file system may say the year 12345.
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$"))


def _folder_problem(folder: Path, error: OSError) -> Problem:
    return Problem(
        code="unreadable_folder",
        reason=f"the folder {_printable(folder.name)} cannot be listed: {error.strerror}",
        mend="give the user that runs groundcrew permission to list it; what is indexed from it stays until then",
    )
