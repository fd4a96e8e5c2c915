"""Linux tells of changes through inotify, which is reached through watchdog's access to it.

Watchdog's observer is not used here: it says nothing of lost events and of folders that it could not watch, loses
folders that are renamed in quick succession, and holds back for half a second what comes after a file was moved away.
"""

from __future__ import annotations

import errno
import itertools
import os
import threading
from pathlib import Path

from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchDescriptor
from watchdog.observers.inotify_c import InotifyConstants as In

from .notifying import Listener, WatchedPlace
from .settings import is_hidden

_CHANGES = Mask(
    In.IN_MODIFY | In.IN_CLOSE_WRITE | In.IN_ATTRIB | In.IN_CREATE | In.IN_DELETE | In.IN_MOVE
    | In.IN_DELETE_SELF | In.IN_MOVE_SELF | In.IN_ONLYDIR | In.IN_EXCL_UNLINK
)  # fmt: skip
"""Opening and reading are not among them: what a sync does must not look like a change."""

_CHANGES_NO_LINK = Mask(_CHANGES | In.IN_DONT_FOLLOW)
_EXHAUSTED = frozenset({errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class InotifyNotifier:
    """A watch on each folder of the tree that is not hidden.

    The kernel tells the name inside a watched folder; the folders' paths are kept here. They are settled anew whenever
    a folder appears, moves or changes its permissions: first it gets its watch, then its subfolders are listed, and
    only then is it told as changed. So what happens in between is never missed, whatever the order of the events.
    """

    def __init__(self, root: Path, listener: Listener) -> None:
        self._root = root
        self._listener = listener
        self._lock = threading.Lock()
        self._inotify: InotifyFD | None = None
        self._place: WatchedPlace | None = None
        self._top: WatchDescriptor | None = None
        self._watches: dict[WatchDescriptor, tuple[bytes, CallbackId]] = {}
        self._numbers = itertools.count()
        self._ended = False

    def place(self) -> None:
        """See `Notifier.place`."""
        self._place = WatchedPlace(self._root)
        self._inotify = InotifyFD()
        self._inotify.start()
        with self._lock:
            self._watch_all(self._inotify, self._place)

    def intact(self) -> bool:
        """See `Notifier.intact`."""
        alive = self._inotify is not None and self._inotify.is_alive() and not self._ended
        return alive and self._place is not None and self._place.is_same()

    def close(self) -> None:
        """See `Notifier.close`."""
        self._ended = True
        if self._inotify is not None:
            self._inotify.stop()
            self._inotify.join()

    def on_event(self, event: InotifyEvent) -> None:
        """Called by watchdog."""
        with self._lock:
            watch = self._watches.get(event.wd)
            if watch is None or self._ended or self._inotify is None or self._place is None:
                return
            is_top = event.wd == self._top
            if event.mask & In.IN_UNMOUNT or (is_top and event.mask & (In.IN_DELETE_SELF | In.IN_MOVE_SELF)):
                self._fail(None)
                return
            try:
                if self._place.is_file:
                    self._tell_of_root(event, self._place)
                elif event.name and not is_hidden(os.fsdecode(event.name)):
                    self._tell(event, os.path.join(watch[0], event.name), self._inotify)
                elif not event.name and is_top:  # What a folder tells of itself, the one above tells as well.
                    self._tell(event, watch[0], self._inotify)
            except OSError as error:
                self._fail(error)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Called by watchdog when the kernel has dropped a watch, because its folder is gone."""
        with self._lock:
            self._watches.pop(wd, None)
            if wd == self._top:
                self._fail(None)

    def on_queue_overflow(self) -> None:
        """Called by watchdog. Moves may be among what was lost, so no folder's path is sure any more."""
        with self._lock:
            if self._ended or self._inotify is None or self._place is None:
                return
            try:
                self._top = None
                self._forget(list(self._watches), self._inotify)
                self._watch_all(self._inotify, self._place)
            except OSError as error:
                self._fail(error)
            else:
                self._listener.overflowed()

    def _fail(self, error: OSError | None) -> None:
        if not self._ended:
            self._ended = True
            self._listener.failed(error)

    def _tell_of_root(self, event: InotifyEvent, place: WatchedPlace) -> None:
        """What happens in the folder of a root that is a single file."""
        if event.name == os.fsencode(place.root.name):
            if event.mask & In.IN_ISDIR:
                self._fail(None)
            else:
                self._listener.changed(str(place.root), folder=False, writing=event.is_modify)

    def _tell(self, event: InotifyEvent, path: bytes, inotify: InotifyFD) -> None:
        folder = event.mask & In.IN_ISDIR > 0
        if folder and event.is_moved_from:
            below = path + b"/"
            gone = [wd for wd, (known, _) in self._watches.items() if known == path or known.startswith(below)]
            self._forget(gone, inotify)
        if folder and not event.is_delete:  # Also after a move away: another folder may have its name by now.
            self._watch_tree(path, inotify)
        self._listener.changed(os.fsdecode(path), folder=folder, writing=event.is_modify)

    def _watch_all(self, inotify: InotifyFD, place: WatchedPlace) -> None:
        top = os.fsencode(place.folder)
        self._top = self._watch(top, _CHANGES, inotify)
        if self._top is None:
            raise PermissionError(errno.EACCES, "the folder is gone or may not be read", str(place.folder))
        if not place.is_file:
            for folder in _subfolders(top):
                self._watch_tree(folder, inotify)

    def _watch_tree(self, top: bytes, inotify: InotifyFD) -> None:
        folders = [top]
        while folders and not self._ended:
            folder = folders.pop()
            if self._watch(folder, _CHANGES_NO_LINK, inotify) is not None:
                folders.extend(_subfolders(folder))

    def _watch(self, folder: bytes, mask: Mask, inotify: InotifyFD) -> WatchDescriptor | None:
        """Watches one folder; None: it is gone, a link, or may not be read.

        Raises:
            OSError: there are no more watches to be had.
        """
        number = CallbackId(next(self._numbers))
        try:
            wd = inotify.add_callback(folder, mask, self, number)
        except OSError as error:
            if error.errno in _EXHAUSTED:
                raise
            return None
        if wd < 0:  # Watchdog's way to say that permission was refused.
            inotify.remove_callbacks([(wd, number)])
            return None
        if wd in self._watches:  # The folder was known already, perhaps under another path.
            inotify.remove_callbacks([(wd, self._watches[wd][1])])
        self._watches[wd] = (folder, number)
        return wd

    def _forget(self, descriptors: list[WatchDescriptor], inotify: InotifyFD) -> None:
        inotify.remove_callbacks([(wd, self._watches.pop(wd)[1]) for wd in descriptors])


def _subfolders(folder: bytes) -> list[bytes]:
    try:
        with os.scandir(folder) as entries:
            return [
                entry.path
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not is_hidden(os.fsdecode(entry.name))
            ]
    except OSError:  # Gone again, or not to be read: then nothing in it can be listed either.
        return []
