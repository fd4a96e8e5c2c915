"""Which processes that began runs still live: each holds a lock, which the system lets go when it dies."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import RunStoreError

if TYPE_CHECKING:
    from filelock import FileLock


_YOUNG_S = 3600.0
_MOST_SWEPT = 200


class Liveness:
    """The lock of one process, named by `token`, and a look at those of others."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder = folder
        self._token = token
        self._guard = threading.Lock()
        self._held: FileLock | None = None

    def hold(self) -> None:
        """Shows this process as alive from now on; called again, it does nothing.

        Raises:
            RunStoreError: the folder cannot be written to.
        """
        if self._held is not None:
            return
        from filelock import FileLock

        with self._guard:
            if self._held is not None:
                return
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                lock = FileLock(self._place(self._token), thread_local=False)
                lock.acquire(timeout=0)
            except OSError as error:
                raise RunStoreError(f"{self._folder} cannot be written to: {error.strerror}") from error
            self._held = lock
            self._sweep()

    def is_alive(self, token: str) -> bool:
        """Whether the process with this token still runs. The lock of one that does not is cleared away."""
        if token == self._token:
            return True
        from filelock import FileLock, Timeout

        place = self._place(token)
        if not place.exists():
            return False
        try:
            with FileLock(place, timeout=0):
                pass
        except Timeout:
            return True
        except OSError:
            return True  # What cannot be looked at is left as it is.
        with suppress(OSError):
            place.unlink(missing_ok=True)
        return False

    def close(self) -> None:
        """Lets go of this process's lock."""
        with self._guard:
            if self._held is not None:
                self._held.release()
                with suppress(OSError):
                    self._place(self._token).unlink(missing_ok=True)
                self._held = None

    def _sweep(self) -> None:
        """Clears away what dead processes left. A young lock may be about to be taken and is let be."""
        for place in islice(self._folder.glob("*.lock"), _MOST_SWEPT):
            with suppress(OSError):
                if time.time() - place.stat().st_mtime > _YOUNG_S:
                    self.is_alive(place.stem)

    def _place(self, token: str) -> Path:
        return self._folder / f"{token}.lock"
