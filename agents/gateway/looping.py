"""A loop of its own for all talk with models.

Each run of the crew has its own event loop, and a connection belongs to the loop that opened it. So that connections
are kept open from run to run, all requests are made on one loop, in one thread, for the life of the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopClosed(Exception):
    """The loop was closed, before the work was begun or while it was done."""


class LoopThread:
    """An event loop in a thread, started when first needed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`, done on the loop; cancelling the caller cancels it there.

        Raises:
            LoopClosed: it was not done, or not to its end.
        """
        future = self._submit(work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise LoopClosed from None

    def finish(self, work: Coroutine[Any, Any, Result], timeout_s: float) -> Result:
        """The same for a caller without a loop; waits for at most `timeout_s`."""
        return self._submit(work).result(timeout_s)

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Has `work` done, and does not wait. It must not raise."""
        self._submit(work)

    def close(self) -> None:
        """Cancels what is still going on and ends the thread. A second time does nothing."""
        with self._lock:
            self._closed = True
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _submit(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        with self._lock:
            if self._closed:
                work.close()
                raise LoopClosed
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._serve, args=(self._loop,), name=self._name, daemon=True)
                self._thread.start()
            # Under the lock: what is handed over after the loop was told to stop would never be done.
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
