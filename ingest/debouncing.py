"""Which changed paths are ready to be looked at: quiet ones, and those that have waited long enough.

A pure book-keeper: time is an argument, in seconds of any clock that never goes backwards. `watching` feeds it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

_CROWD = 50
"""As many changed paths in one folder are handed on as the folder."""

_LONGEST_PATIENCE_S = 60.0
"""A file that is written without pause is handed on at least this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to look at anew: `paths` (files or folders, existing or gone) or, with `everything`, the whole root.

    A folder stands for all below it, so no path lies below another one. `everything` is set when an event may have
    been lost, when there are too many paths, and when nothing tells of single changes; `paths` is then empty.
    """

    source: str
    paths: tuple[Path, ...]
    everything: bool


@dataclass(slots=True)
class _Pending:
    """A path with changes. `patience` is how long after `first` it is handed on though it is not quiet."""

    first: float
    last: float
    patience: float
    folder: bool = False
    writing: bool = False


class Debouncer:
    """Collects the changed paths of one source.

    A path is ready once nothing happened to it for `quiet_s`, and no program is in the middle of writing it; at the
    latest `longest_s` after its first change. Each further time that it is handed on without ever having been quiet,
    that wait doubles, up to a minute: a log file or a long download is not parsed all the time. A folder that is
    pending takes in whatever changes below it. Never more than `most_paths` are held: they are merged into their
    folders, and in the end into the root, which means everything.
    """

    def __init__(self, source: str, root: Path, *, quiet_s: float, longest_s: float, most_paths: int) -> None:
        self._source = source
        self._root = str(root)
        self._quiet_s = quiet_s
        self._longest_s = longest_s
        self._most_paths = most_paths
        self._pending: dict[str, _Pending] = {}
        self._patience: dict[str, tuple[float, float]] = {}  # of paths never quiet: how long, and since when

    def note(self, path: str, now: float, *, folder: bool = False, writing: bool = False) -> float:
        """Takes in that something changed at a path, and returns when it will be ready.

        `folder`: all below it may have changed. `writing`: a program has it open and has written to it.
        """
        entry = self._covering(path)
        if entry is None:
            entry = self._pending.get(path)
            if entry is None:
                entry = self._pending[path] = _Pending(now, now, self._patience_of(path, now))
            entry.folder = entry.folder or folder
            entry.writing = writing
        entry.last = now
        if len(self._pending) > self._most_paths:
            self._merge()
        return self._ready_at(entry)

    def note_everything(self, now: float) -> float:
        """Takes in that anything below the root may have changed, and returns when it will be ready."""
        return self.note(self._root, now, folder=True)

    def note_ready(self, changes: Changes, now: float) -> None:
        """Takes in changes that are ready at once, such as those that could not be dealt with before."""
        for path in (self._root,) if changes.everything else map(str, changes.paths):
            self._pending[path] = _Pending(now - self._longest_s, now - self._quiet_s, self._longest_s, folder=True)

    def ready_at(self) -> float | None:
        """When the next path is ready; None: there is none."""
        return min(map(self._ready_at, self._pending.values()), default=None)

    def take(self, now: float) -> Changes | None:
        """The paths that are ready, which are no longer pending then; None: there is none."""
        if len(self._pending) >= _CROWD:
            self._merge()
        ready = {path: entry for path, entry in self._pending.items() if self._ready_at(entry) <= now}
        if not ready:
            return None
        for path, entry in ready.items():
            del self._pending[path]
            if entry.writing or entry.last + self._quiet_s > now:
                self._patience[path] = (min(entry.patience * 2, _LONGEST_PATIENCE_S), now)
            else:
                self._patience.pop(path, None)
        self._patience = {
            path: (patience, since)
            for path, (patience, since) in self._patience.items()
            if now - since <= 2 * _LONGEST_PATIENCE_S
        }
        # What is pending below is looked at as well, and if it goes on changing, that will be noted anew.
        self._pending = {
            path: entry for path, entry in self._pending.items() if not any(folder in ready for folder in _above(path))
        }
        everything = self._root in ready
        paths = () if everything else tuple(Path(path) for path in sorted(topmost(ready.keys())))
        return Changes(source=self._source, paths=paths, everything=everything)

    def _ready_at(self, entry: _Pending) -> float:
        latest = entry.first + entry.patience
        return latest if entry.writing else min(latest, entry.last + self._quiet_s)

    def _patience_of(self, path: str, now: float) -> float:
        patience, since = self._patience.get(path, (self._longest_s, now))
        return patience if now - since <= 2 * _LONGEST_PATIENCE_S else self._longest_s

    def _covering(self, path: str) -> _Pending | None:
        """The pending folder above a path."""
        for folder in _above(path):
            entry = self._pending.get(folder)
            if entry is not None and entry.folder:
                return entry
            if folder == self._root:
                break
        return None

    def _merge(self) -> None:
        """Puts a folder in the place of the many pending paths in it, or the root in the place of all."""
        while len(self._pending) >= _CROWD:
            counts = Counter(os.path.dirname(path) for path in self._pending if path != self._root)
            crowded = {folder for folder, count in counts.items() if count >= _CROWD}
            if not crowded:
                break
            for path in [path for path in self._pending if os.path.dirname(path) in crowded and path != self._root]:
                self._move_into(os.path.dirname(path), path)
        if len(self._pending) > self._most_paths:
            for path in [path for path in self._pending if path != self._root]:
                self._move_into(self._root, path)

    def _move_into(self, folder: str, path: str) -> None:
        entry = self._pending.pop(path)
        merged = self._pending.setdefault(folder, _Pending(entry.first, entry.last, self._longest_s))
        merged.first, merged.last = min(merged.first, entry.first), max(merged.last, entry.last)
        merged.folder, merged.writing = True, False


def topmost(paths: Set[str]) -> Iterator[str]:
    """The paths that do not lie below another one of them."""
    return (path for path in paths if not any(folder in paths for folder in _above(path)))


def _above(path: str) -> Iterator[str]:
    """The folders above a path, from the nearest up."""
    folder = os.path.dirname(path)
    while folder != path:
        yield folder
        path, folder = folder, os.path.dirname(folder)
