"""Threads joined by bounded channels: when one fails, all stop, and the failure comes out at the end."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """Another thread of the flow has failed: nothing that is done here counts any more."""


class Flow:
    """A group of threads. `join` waits for all and raises what the first one to fail raised."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.failure: BaseException | None = None
        self._ended: list[threading.Event] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Runs `work` in a thread of its own."""

        ended = threading.Event()

        def guarded() -> None:
            try:
                work()
            except Stopped:
                pass
            except BaseException as error:
                self.fail(error)
            finally:
                ended.set()

        self._ended.append(ended)
        threading.Thread(target=guarded, name=name, daemon=True).start()

    def fail(self, error: BaseException) -> None:
        """Stops every thread at its next channel."""
        with self.changed:
            self.failure = self.failure or error
            self.changed.notify_all()

    def join(self) -> None:
        """Waits for all threads to end, whatever interrupts the wait."""
        while not all(ended.is_set() for ended in self._ended):
            try:
                for ended in self._ended:
                    ended.wait()
            except BaseException as error:
                # Nobody may go on while they still write.
                self.fail(error)
        if self.failure is not None:
            raise self.failure


class Channel(Generic[T]):
    """A queue put by `writers` threads; it ends when every one of them has closed it.

    There is room as long as what waits weighs less than `room`.
    """

    def __init__(self, flow: Flow, room: int, writers: int = 1, weight: Callable[[T], int] = lambda _: 1) -> None:
        self._flow = flow
        self._room = room
        self._open = writers
        self._weight = weight
        self._waiting: deque[T] = deque()
        self._load = 0

    def put(self, thing: T) -> None:
        """Waits for room. Raises `Stopped`."""
        with self._flow.changed:
            self._wait(lambda: self._load < self._room)
            self._waiting.append(thing)
            self._load += self._weight(thing)
            self._flow.changed.notify_all()

    def close(self) -> None:
        """Says that this writer will put nothing more."""
        with self._flow.changed:
            self._open -= 1
            self._flow.changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Everything that is put, until the end. Raises `Stopped`."""
        while (taken := self.take(0)) is not None:
            yield from taken

    def take(self, most: int) -> list[T] | None:
        """Waits for something and takes all that is there, up to a weight but at least one; None at the end.

        Whoever is slower than what fills the channel so gets the more at once.
        """
        with self._flow.changed:
            self._wait(lambda: bool(self._waiting) or self._open <= 0)
            taken: list[T] = []
            total = 0
            while self._waiting and (not taken or total + self._weight(self._waiting[0]) <= most):
                taken.append(self._waiting.popleft())
                total += self._weight(taken[-1])
            self._load -= total
            self._flow.changed.notify_all()
            return taken or None

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        self._flow.changed.wait_for(lambda: self._flow.failure is not None or is_ready())
        if self._flow.failure is not None:
            raise Stopped
