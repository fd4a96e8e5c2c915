"""A process that parses files, one after another, for `isolating.ProcessPool`. Started as `python -m`.

It reads pickled tasks from standard input and writes pickled answers to standard output, each after its length in
eight bytes. What libraries print goes to standard error.
"""

from __future__ import annotations

import math
import os
import pickle
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO, Any

from .chunking import chunk_document
from .errors import ParseError, Problem
from .instructions import instruction_gaps
from .model import Chunk, Parsed, ParseTask
from .ports import Parser, Tokenizer

PART_CHUNKS = 64
_LENGTH = struct.Struct(">Q")

Answer = Parsed | list[Chunk] | Problem
"""A task is answered with what is known of the file, its chunks in parts and an empty part; or with a problem."""


def send(stream: IO[bytes], message: object) -> None:
    """Writes one message."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(read: Callable[[int], bytes]) -> Any:
    """Reads one message. Only ever used between this program's own processes.

    Raises:
        EOFError: the other side has ended.
    """
    return pickle.loads(_exactly(read, _LENGTH.unpack(_exactly(read, _LENGTH.size))[0]))


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    parts = []
    while size:
        part = read(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def answers(task: ParseTask, parse: Parser, tokenizer: Tokenizer) -> Iterator[Parsed | list[Chunk]]:
    """What is known of the file, then its chunks in parts. Raises `ParseError`."""
    document = parse(task.raw)
    chunks = chunk_document(document, task.document_id, task.version, tokenizer, task.pipeline)
    part = list(islice(chunks, PART_CHUNKS))
    if not part:
        raise ParseError(Problem(code="empty", reason="it holds no text", mend="nothing to do, or remove the file"))
    # Here every format passes once, with all that was attached to it.
    gaps = (*document.gaps, *instruction_gaps(document, task.raw))
    yield Parsed(title=document.title, format=document.format, text=document.text, gaps=gaps)
    while part:
        yield part
        part = list(islice(chunks, PART_CHUNKS))


def main() -> None:
    """Serves until standard input ends."""
    # Whatever a library prints must not get among the answers.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Ctrl-C reaches the whole group; the process that leads it decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests = sys.stdin.buffer
    threading.Thread(target=_end_with, args=(requests.fileno(),), daemon=True).start()
    try:
        parse, tokenizer, memory_bytes = receive(requests.read)
        _limit_memory(memory_bytes)
        while True:
            task, busy_s, alarm_s = receive(requests.read)
            _limit_work(busy_s)
            _serve(replies, task, alarm_s, parse, tokenizer)
    except (EOFError, BrokenPipeError):
        return


def _end_with(requests: int) -> None:
    """Ends this process and what it started as soon as whoever sends requests is gone, even in the middle of a file."""
    if not hasattr(select, "poll") or os.getpgrp() != os.getpid():  # Windows; or started by hand, in another's group.
        return
    hung_up = select.poll()
    hung_up.register(requests, 0)  # The end of the pipe is told of unasked; what comes through it is not waited for.
    hung_up.poll()
    os.killpg(0, signal.SIGKILL)


def _serve(replies: IO[bytes], task: ParseTask, alarm_s: int, parse: Parser, tokenizer: Tokenizer) -> None:
    # The alarm ends this process whatever it is doing, even when whoever started it is gone by then.
    signal.alarm(alarm_s)
    try:
        for answer in answers(task, parse, tokenizer):
            # Waiting until somebody takes the answer is no part of the work.
            left = signal.alarm(0)
            send(replies, answer)
            signal.alarm(max(1, left))
        send(replies, [])
    except ParseError as error:
        send(replies, error.problem)
    except MemoryError:
        send(
            replies,
            Problem(
                code="too_large",
                reason="parsing it takes more memory than a file may use",
                mend="split the file, or raise memory_mb under [ingest]",
            ),
        )
    finally:
        signal.alarm(0)


def _limit_work(seconds: int) -> None:
    """Ends this process once it has worked for so long; what it waits, since others work, does not count."""
    try:
        import resource
    except ImportError:  # Not on Windows.
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # Not on Windows.
        return
    if sys.platform == "linux":  # Elsewhere the limit is not kept, or counts what is only mapped.
        resource.setrlimit(resource.RLIMIT_DATA, (size, resource.getrlimit(resource.RLIMIT_DATA)[1]))


if __name__ == "__main__":
    main()
