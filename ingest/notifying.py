"""What the operating system tells of changes below a folder: the port, and watchdog's observer behind it.

`inotify` has the one for Linux.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver


class Listener(Protocol):
    """Who is told. The methods are called from any thread and return at once."""

    def changed(self, path: str, *, folder: bool, writing: bool) -> None:
        """Something changed at a path; at a folder, anything below it may have. `writing`: its writer is not done."""
        ...

    def overflowed(self) -> None:
        """Events were lost; the notifier goes on."""
        ...

    def failed(self, error: OSError | None) -> None:
        """The notifier tells nothing more. None: the root is gone, or is another one now."""
        ...


class Notifier(Protocol):
    """Tells a listener of the changes below a root. What it tells may be too much, never too little."""

    def place(self) -> None:
        """Starts; whatever changes after it has returned is told.

        Raises:
            OSError: the root is not there, or the system has no more watches to give (ENOSPC, EMFILE).
        """
        ...

    def intact(self) -> bool:
        """Whether it still watches what is at the root."""
        ...

    def close(self) -> None:
        """Stops and waits for its threads, also when `place` has failed."""
        ...


def system_notifier(root: Path, listener: Listener) -> Notifier:
    """The notifier for this operating system."""
    if sys.platform.startswith("linux"):
        from .inotify import InotifyNotifier

        return InotifyNotifier(root, listener)
    return ObserverNotifier(root, listener)


class WatchedPlace:
    """The folder to watch for a root: the root itself or, when that is a single file, the folder that it is in.

    Raises:
        OSError: there is nothing at the root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_file = not stat.S_ISDIR(os.stat(root).st_mode)
        self.folder = root.parent if self.is_file else root
        self._identity = self._identify()

    def is_same(self) -> bool:
        """Whether the same folder is still at its path: it may have been replaced, or a drive mounted over it."""
        try:
            return self._identify() == self._identity and not (self.is_file and self.root.is_dir())
        except OSError:
            return False

    def _identify(self) -> tuple[int, int]:
        status = os.stat(self.folder)
        return status.st_dev, status.st_ino


class ObserverNotifier:
    """Watchdog's observer for the system at hand. Where it loses events in silence, the periodic rescan finds out."""

    def __init__(self, root: Path, listener: Listener) -> None:
        self._root = root
        self._listener = listener
        self._place: WatchedPlace | None = None
        self._observer: BaseObserver | None = None

    def place(self) -> None:
        """See `Notifier.place`."""
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        handler = FileSystemEventHandler()
        handler.on_any_event = self._tell  # type: ignore[method-assign]
        self._place = WatchedPlace(self._root)
        self._observer = Observer()
        self._observer.schedule(handler, str(self._place.folder), recursive=not self._place.is_file)
        self._observer.start()

    def intact(self) -> bool:
        """See `Notifier.intact`."""
        if self._observer is None or self._place is None:
            return False
        return all(one.is_alive() for one in (self._observer, *self._observer.emitters)) and self._place.is_same()

    def close(self) -> None:
        """See `Notifier.close`."""
        if self._observer is not None:
            self._observer.stop()
            if self._observer.is_alive():
                self._observer.join()

    def _tell(self, event: FileSystemEvent) -> None:
        if event.event_type in ("opened", "closed_no_write") or self._place is None:
            return
        if event.is_directory and event.event_type == "modified":
            return  # Something in it changed, of which another event tells.
        watched = str(self._place.folder)
        real = os.path.realpath(watched)
        # Not every system says of what is gone whether it was a folder.
        folder = event.is_directory or event.event_type in ("deleted", "moved")
        for told in filter(None, (os.fsdecode(event.src_path), os.fsdecode(event.dest_path))):
            # macOS tells paths without symbolic links.
            path = told if told.startswith(watched) or not told.startswith(real) else watched + told[len(real) :]
            if not self._place.is_file or path == str(self._root):
                self._listener.changed(path, folder=folder, writing=False)
