"""Parsing in processes of their own: a file that hangs, crashes or bloats its parser costs that file alone."""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .errors import ParseError, Problem
from .flow import Stopped
from .model import Chunk, Parsed, ParseTask
from .parse_worker import answers, receive, send
from .ports import Parser, Tokenizer

_ROOT = Path(__file__).resolve().parent.parent
_RETIRE_AFTER = 2000
"""Files that a process may parse before a new one takes its place: libraries leak."""
_GLANCE_S = 0.5
"""How often a wait for a parser looks whether anyone still wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseLimits:
    """What one file may cost. A file of many megabytes gets more time: `seconds_per_mb` for each.

    Time is what the processor works on it, so that a busy machine fails no file; by the clock it may take
    `patience` times as long.
    """

    seconds: float = 120.0
    seconds_per_mb: float = 30.0
    memory_mb: int = 2048
    patience: float = 4.0

    def seconds_for(self, size: int) -> float:
        """The time for a file of `size` bytes."""
        return self.seconds + self.seconds_per_mb * size / 2**20


class ProcessPool:
    """Meets `ports.ParserPool`. Processes start when they are needed and stay warm for the next file.

    `parse` and `tokenizer` are sent to the processes, so they must be importable objects or picklable ones.
    """

    def __init__(self, parse: Parser, tokenizer: Tokenizer, *, size: int, limits: ParseLimits) -> None:
        self.size = size
        self._start = (parse, tokenizer, limits.memory_mb * 2**20)
        self._limits = limits
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def parse(
        self, task: ParseTask, is_stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Parsed | Sequence[Chunk]]:
        """Parses one file in the next free process. Raises `ParseError`, as `ports.ParserPool` says."""
        worker = self._take()
        finished = False
        try:
            yield from worker.run(task, self._limits, is_stopped)
            finished = True
        except ParseError as error:
            finished = error.problem.code not in _FATAL
            raise
        finally:
            # A process that was left in the middle of an answer has more to say than anyone will hear.
            self._give_back(worker, usable=finished)

    def close(self) -> None:
        """Ends all processes."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    def _take(self) -> _Worker:
        with self._lock:
            self._closed = False
            if self._idle:
                return self._idle.pop()
        return _Worker(*self._start)

    def _give_back(self, worker: _Worker, *, usable: bool) -> None:
        with self._lock:
            if usable and not self._closed and len(self._idle) < self.size and worker.served < _RETIRE_AFTER:
                self._idle.append(worker)
                return
        worker.kill()


class InlinePool:
    """Meets `ports.ParserPool` within this process: for a single small document, and for tests."""

    size = 1

    def __init__(self, parse: Parser, tokenizer: Tokenizer) -> None:
        self._parse = parse
        self._tokenizer = tokenizer

    def parse(
        self, task: ParseTask, is_stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Parsed | Sequence[Chunk]]:
        """Parses one file here and now. Raises `ParseError`."""
        del is_stopped
        return answers(task, self._parse, self._tokenizer)

    def close(self) -> None:
        """Nothing runs."""


class _Worker:
    """One process and the pipes to it."""

    def __init__(self, parse: Parser, tokenizer: Tokenizer, memory_bytes: int) -> None:
        self.served = 0
        self._deadline = 0.0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingest.parse_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Whatever parsers start (pandoc, tesseract, LibreOffice) ends with them.
            start_new_session=True,
            env=_environment(),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests: IO[bytes] = self._process.stdin
        self._replies: IO[bytes] = self._process.stdout
        with suppress(BrokenPipeError):  # Shows at the first task.
            send(self._requests, (parse, tokenizer, memory_bytes))

    def run(
        self, task: ParseTask, limits: ParseLimits, is_stopped: Callable[[], bool]
    ) -> Iterator[Parsed | Sequence[Chunk]]:
        """The answers to a task. Raises `ParseError`."""
        self.served += 1
        seconds = limits.seconds_for(len(task.raw.data))
        self._deadline = time.monotonic() + seconds * limits.patience
        try:
            send(self._requests, (task, math.ceil(seconds), math.ceil(seconds * limits.patience) + 10))
            while answer := receive(lambda size: self._read(size, is_stopped)):
                if isinstance(answer, Problem):
                    raise ParseError(answer)
                handed = time.monotonic()
                yield answer
                # The time that whoever asked takes with an answer is not the parser's.
                self._deadline += time.monotonic() - handed
        except TimeoutError:
            raise _too_slow(seconds) from None
        except (EOFError, BrokenPipeError):
            raise self._end_of(seconds, limits) from None

    def kill(self) -> None:
        """Ends the process and whatever it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._requests.close()
        self._replies.close()

    def _read(self, size: int, is_stopped: Callable[[], bool]) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._replies, selectors.EVENT_READ)
            while not selector.select(min(_GLANCE_S, max(0.0, self._deadline - time.monotonic()))):
                if time.monotonic() >= self._deadline:
                    raise TimeoutError
                if is_stopped():
                    raise Stopped
        return os.read(self._replies.fileno(), min(size, 1 << 20))

    def _end_of(self, seconds: float, limits: ParseLimits) -> ParseError:
        """Why the process has ended in the middle of a file."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        self.kill()
        if code == -signal.SIGXCPU:
            return _too_slow(seconds)
        if code in (-signal.SIGKILL, -signal.SIGTERM):
            # Nothing that a file can do by itself; the system was short of memory, or is going down.
            return ParseError(
                Problem(
                    code="interrupted",
                    reason="something outside ended the parser while it was at it",
                    mend="the next sync tries it again; if it comes back, see whether the machine is short of memory",
                )
            )
        how = f"signal {-code} ({signal.strsignal(-code)})" if code is not None and code < 0 else f"status {code}"
        return ParseError(
            Problem(
                code="crashed",
                reason=f"the parser ended on it with {how}, or took more than {limits.memory_mb} MB",
                mend="check the file in its own program and save it anew, or exclude it with `exclude`",
            )
        )


def _too_slow(seconds: float) -> ParseError:
    return ParseError(
        Problem(
            code="timeout",
            reason=f"parsing it took longer than {seconds:.0f} s",
            mend="split the file, exclude it, or raise timeout_s under [ingest]",
        )
    )


_FATAL = frozenset(("timeout", "crashed", "too_large", "interrupted"))
"""After these a process is gone, or may be short of memory for the next file."""


def _environment() -> dict[str, str]:
    """Finds this program's packages wherever it was started, and keeps numeric libraries to one thread each."""
    found = os.pathsep.join([str(_ROOT), *(path for path in sys.path if path)])
    return {**os.environ, "PYTHONPATH": found, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
