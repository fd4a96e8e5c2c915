"""Watching the sources that are folders or files: what changed there is handed on within a moment, and surely in time.

For each source one thread places watches, waits for changes and hands them on. It also looks at everything from time
to time, since no system tells of every change; that is all it does for network drives and where the system has no
watches left. `notifying` and `inotify` are what the system tells, `debouncing` decides when a path is ready, `mounts`
knows where nothing is told.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from .debouncing import Changes, Debouncer, topmost
from .errors import SourceError
from .mounts import network_drive
from .notifying import Listener, Notifier, system_notifier
from .settings import FilesSettings, is_hidden

__all__ = ["Changes", "Watcher"]

_log = logging.getLogger("groundcrew.ingest")

_POLL_S = 5.0
"""How often to look at everything where nothing tells of changes."""

_CHECK_S = 1.0
"""How often to see whether the watched folder is still the one at its path, or is back again."""

_REST = 10
"""Looking at everything takes at most about this fraction of the time, where nothing tells of changes."""

_SETTLE_S = 0.05
_FIRST_RETRY_S, _LONGEST_RETRY_S = 1.0, 60.0

_LIMITS = {
    errno.ENOSPC: "no watches are left: raise the limit with sysctl fs.inotify.max_user_watches=1048576",
    errno.EMFILE: "no watchers are left: raise the limit with sysctl fs.inotify.max_user_instances=1024",
}

OnChange = Callable[[Changes], None]
OnError = Callable[[str, Exception], None]
MakeNotifier = Callable[[Path, Listener], Notifier]


class Watcher:
    """Calls `on_change` with what to look at anew, for each of the sources in `roots`, by name.

    Calls for one source never overlap, those for two sources may; what changes meanwhile comes with the next call. The
    first call of a source, once it is watched, is for everything, and so is one every `rescan_s`. When `on_change`
    raises, `on_error` is told, and the same changes are tried again after 1 s, doubling up to 60 s, or after the time
    that the error asks for. `Debouncer` explains `quiet_s`, `longest_s` and `most_paths`.
    """

    def __init__(
        self,
        roots: Mapping[str, FilesSettings],
        on_change: OnChange,
        *,
        on_error: OnError | None = None,
        quiet_s: float = 0.15,
        longest_s: float = 2.0,
        rescan_s: float = 300.0,
        most_paths: int = 500,
        clock: Callable[[], float] = time.monotonic,
        notifier: MakeNotifier = system_notifier,
    ) -> None:
        self._sources = []
        for name, settings in roots.items():
            root = Path(os.path.abspath(settings.path))
            debouncer = Debouncer(name, root, quiet_s=quiet_s, longest_s=longest_s, most_paths=most_paths)
            watch = _SourceWatch(
                name, root, settings, debouncer, on_change, on_error, rescan_s=rescan_s, clock=clock, notifier=notifier
            )
            self._sources.append(watch)

    def start(self) -> None:
        """Begins to watch; returns before all watches are placed. A watcher starts once."""
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        """Ends watching. Returns when all threads have ended, so after a call of `on_change` that is under way."""
        for source in self._sources:
            source.ask_to_stop()
        for source in self._sources:
            source.join()


class _SourceWatch:
    """One source: its notifier, its pending changes, and the thread that hands them on. A `Listener`."""

    def __init__(
        self,
        name: str,
        root: Path,
        settings: FilesSettings,
        debouncer: Debouncer,
        on_change: OnChange,
        on_error: OnError | None,
        *,
        rescan_s: float,
        clock: Callable[[], float],
        notifier: MakeNotifier,
    ) -> None:
        self._name, self._root, self._settings = name, root, settings
        self._prefix = os.path.join(root, "")
        self._without = os.path.join(os.path.abspath(settings.without), "") if settings.without else ""
        self._debouncer = debouncer
        self._on_change, self._on_error = on_change, on_error
        self._rescan_s = rescan_s
        self._clock = clock
        self._make_notifier = notifier
        self._notifier: Notifier | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)
        self._woken = threading.Condition()
        self._stopping = False
        self._wakes_at = 0.0
        self._told = ""
        self._interval_s = settings.poll_s or _POLL_S
        self._places_at = self._checks_at = self._looks_at = self._retries_at = clock()
        self._failures = 0

    def start(self) -> None:
        if self._thread.ident is None and not self._stopping:
            self._thread.start()

    def ask_to_stop(self) -> None:
        with self._woken:
            self._stopping = True
            self._woken.notify_all()

    def join(self) -> None:
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def changed(self, path: str, *, folder: bool, writing: bool) -> None:
        if path != str(self._root):
            if not path.startswith(self._prefix):
                return
            relative = path[len(self._prefix) :].replace(os.sep, "/")
            if any(map(is_hidden, relative.split("/"))) or not (folder or self._settings.admits(relative)):
                return
            if self._without and path.startswith(self._without):
                return
        with self._woken:
            self._wake_for(self._debouncer.note(path, self._clock(), folder=folder, writing=writing))

    def overflowed(self) -> None:
        self._tell_once(
            "more changed at once than the system keeps in mind: sysctl fs.inotify.max_queued_events=131072"
        )
        with self._woken:
            self._wake_for(self._debouncer.note_everything(self._clock()))

    def failed(self, error: OSError | None) -> None:
        with self._woken:
            now = self._clock()
            self._checks_at = now + _SETTLE_S
            if error is not None:
                self._debouncer.note_everything(now)
                self._fall_back(_reason(error))
            self._wake_for(self._checks_at)

    def _wake_for(self, moment: float) -> None:
        if moment < self._wakes_at:
            self._woken.notify_all()

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._tend()
                changes = self._next()
                if changes is not None:
                    self._hand_on(changes)
            except Exception as error:  # A source that is no longer watched, in silence, would be worse.
                self._report(error)
                self._close_notifier()
                with self._woken:
                    self._fall_back(f"watching it has failed ({error})")
                    self._woken.wait_for(lambda: self._stopping, _FIRST_RETRY_S)
        self._close_notifier()

    def _tend(self) -> None:
        """Keeps a notifier in place, as far as that is possible."""
        now = self._clock()
        if now < self._checks_at:
            return
        self._checks_at = now + _CHECK_S
        if self._notifier is not None and not self._notifier.intact():
            self._close_notifier()
            self._interval_s = _POLL_S
            self._looks_at = now
        if self._notifier is None and now >= self._places_at:
            self._place()

    def _place(self) -> None:
        drive = network_drive(self._root) if self._settings.poll_s is None else None
        if self._settings.poll_s is not None or drive is not None:
            self._interval_s = self._settings.poll_s or _POLL_S
            self._places_at = self._clock() + self._rescan_s
            if drive is not None:
                self._fall_back(f"it is on a network drive ({drive})")
            return
        self._notifier = self._make_notifier(self._root, self)
        try:
            self._notifier.place()
        except (FileNotFoundError, NotADirectoryError):
            self._close_notifier()
            self._interval_s = _POLL_S
        except (OSError, ImportError, RuntimeError) as error:
            self._close_notifier()
            self._fall_back(_reason(error))
        else:
            self._told = ""
            self._interval_s = self._rescan_s
            self._looks_at = self._retries_at = self._clock()

    def _fall_back(self, reason: str) -> None:
        """Until watching is tried again, after `rescan_s`, everything is looked at from time to time."""
        self._interval_s = _POLL_S
        self._looks_at = self._clock()
        self._places_at = self._looks_at + self._rescan_s
        self._tell_once(f"{reason}; for now everything is looked at every {_POLL_S:g} s")

    def _tell_once(self, text: str) -> None:
        if text != self._told:
            self._told = text
            _log.warning("watching_limited source=%s: %s", self._name, text)

    def _close_notifier(self) -> None:
        if self._notifier is not None:
            self._notifier.close()
            self._notifier = None

    def _next(self) -> Changes | None:
        """The changes that are ready. None: there were none; slept until there is something to do."""
        with self._woken:
            now = self._clock()
            if now >= self._looks_at:
                self._debouncer.note_ready(Changes(source=self._name, paths=(), everything=True), now)
                self._looks_at = now + self._interval_s
            changes = self._debouncer.take(now) if now >= self._retries_at else None
            if changes is not None or self._stopping:
                return None if self._stopping else changes
            ready_at = self._debouncer.ready_at()
            ready = [] if ready_at is None else [max(ready_at, self._retries_at)]
            self._wakes_at = min(self._checks_at, self._looks_at, *ready)
            self._woken.wait(max(0.0, self._wakes_at - now))
            self._wakes_at = 0.0
            return None

    def _hand_on(self, changes: Changes) -> None:
        began = self._clock()
        try:
            self._on_change(self._without_links(changes))
        except Exception as error:  # Whatever it was, the changes must not be lost.
            wait_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2 ** min(self._failures, 10))
            if isinstance(error, SourceError):
                wait_s = max(wait_s, error.retry_after_s or 0.0)
            self._failures += 1
            self._retries_at = self._clock() + wait_s
            with self._woken:
                self._debouncer.note_ready(changes, self._clock())
            self._report(error)
        else:
            self._failures = 0
        if changes.everything:
            now = self._clock()
            rest_s = 0.0 if self._settings.poll_s else min(_REST * (now - began), self._rescan_s)
            with self._woken:
                self._looks_at = max(self._looks_at, now + max(self._interval_s, rest_s))

    def _report(self, error: Exception) -> None:
        try:
            if self._on_error is not None:
                self._on_error(self._name, error)
                return
        except Exception as another:
            _log.error("watching_report_failed source=%s", self._name, exc_info=another)
        _log.error("watching_failed source=%s", self._name, exc_info=error)

    def _without_links(self, changes: Changes) -> Changes:
        """Folders that are links are not entered, so for what lies at or below one, the folder with the link stands."""
        paths: set[str] = set()
        for path in changes.paths:
            place = str(self._root)
            for part in path.relative_to(self._root).parts:
                below = os.path.join(place, part)
                if os.path.islink(below) and os.path.isdir(below):
                    break
                place = below
            paths.add(place)
        if str(self._root) in paths:
            return Changes(source=self._name, paths=(), everything=True)
        return Changes(source=self._name, paths=tuple(map(Path, sorted(topmost(paths)))), everything=changes.everything)


def _reason(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return _LIMITS.get(number or 0) or f"the system does not tell of changes there ({error})"
