"""The stages of a sync side by side: fetched files are parsed in processes while others are embedded and written.

Each stage is a thread, joined to the next by a bounded channel. Embedding is what takes the time, so it must never
wait; a stage that lags takes more at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType

import numpy as np

from .errors import ParseError, Problem
from .flow import Channel, Flow, Stopped
from .model import Chunk, Item, Parsed, ParseTask, RawFile
from .ports import ChunkSink, ParserPool, Vector, Vectors
from .recording import Recorder, text_key

_EMBED_CHUNKS = 192
"""Embedded at once: enough to sort by length and to fill batches, little enough to keep the next stage busy."""
_WRITE_CHUNKS = 512
_CHUNKS_AHEAD = 384
_RECENT = 4096
"""Vectors kept for texts that come again before their first chunk is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file on its way. `replaces` is the id of a document that is this one under its name from before."""

    item: Item
    task: ParseTask
    replaces: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some chunks of a file. `is_last` says that it is whole; `problem`, why it never will be."""

    fetched: Fetched
    parsed: Parsed | None = None
    chunks: Sequence[Chunk] = ()
    is_last: bool = False
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Pieces with the vectors of all their chunks, (n, dimensions), of which `embedded` were new."""

    pieces: Sequence[Piece]
    vectors: Vectors
    embedded: int


class Pipeline:
    """Takes fetched files and hands batches to `write`, which runs in one thread. A context: its end waits for all.

    Leaving it raises what went wrong in any stage; after that nothing is written any more.
    """

    def __init__(
        self, pool: ParserPool, sink: ChunkSink, recorder: Recorder, write: Callable[[Sequence[Batch]], None]
    ) -> None:
        self._pool = pool
        self._sink = sink
        self._recorder = recorder
        self._write = write
        self._flow = Flow()
        self._fetched: Channel[Fetched] = Channel(self._flow, pool.size)
        self._pieces: Channel[Piece] = Channel(self._flow, _CHUNKS_AHEAD, pool.size, lambda p: len(p.chunks) + 1)
        self._batches: Channel[Batch] = Channel(self._flow, _WRITE_CHUNKS, 1, lambda b: len(b.vectors) + 1)
        self._recent: OrderedDict[bytes, Vector] = OrderedDict()

    def put(self, fetched: Fetched) -> None:
        """Sends a file on its way; waits while too many are. Raises `Stopped` once a stage has failed."""
        self._fetched.put(fetched)

    def __enter__(self) -> Pipeline:
        for number in range(self._pool.size):
            self._flow.start(f"parse-{number}", self._parse_all)
        self._flow.start("embed", self._embed_all)
        self._flow.start("write", self._write_all)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._flow.fail(error)
        self._fetched.close()
        self._flow.join()

    def _parse_all(self) -> None:
        for fetched in self._fetched:
            # Once it is parsed nobody needs the file's bytes, and many files may wait to be embedded.
            known = replace(fetched, task=replace(fetched.task, raw=RawFile(name=fetched.task.raw.name, data=b"")))
            parsed: Parsed | None = None
            held: Sequence[Chunk] | None = None
            try:
                for answer in self._pool.parse(fetched.task, lambda: self._flow.failure is not None):
                    if isinstance(answer, Parsed):
                        parsed = answer
                        continue
                    if held is not None:
                        self._pieces.put(Piece(fetched=known, parsed=parsed, chunks=held))
                    held = answer
            except ParseError as failed:
                self._pieces.put(Piece(fetched=known, problem=failed.problem))
            else:
                self._pieces.put(Piece(fetched=known, parsed=parsed, chunks=held or (), is_last=True))
        self._pieces.close()

    def _embed_all(self) -> None:
        while (pieces := self._pieces.take(_EMBED_CHUNKS)) is not None:
            self._batches.put(self._embed(pieces))
        self._batches.close()

    def _embed(self, pieces: Sequence[Piece]) -> Batch:
        """Vectors for all chunks: known ones from the indexes, the others embedded."""
        texts = [chunk.indexed_text for piece in pieces for chunk in piece.chunks]
        keys = [text_key(text) for text in texts]
        wanted = dict(zip(keys, texts, strict=True))
        vectors = {key: self._recent[key] for key in wanted if key in self._recent}
        holders = self._recorder.holders([key for key in wanted if key not in vectors])
        held = self._sink.vectors_of(list(holders.values())) if holders else {}
        vectors |= {key: held[chunk_id] for key, chunk_id in holders.items() if chunk_id in held}
        new = [key for key in wanted if key not in vectors]
        vectors |= dict(zip(new, self._sink.embed([wanted[key] for key in new]), strict=True)) if new else {}
        self._remember(vectors)
        stacked = np.stack([vectors[key] for key in keys]) if keys else np.zeros((0, 0), dtype=np.float32)
        return Batch(pieces=pieces, vectors=stacked, embedded=len(new))

    def _remember(self, vectors: dict[bytes, Vector]) -> None:
        for key, vector in vectors.items():
            self._recent[key] = vector
            self._recent.move_to_end(key)
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)

    def _write_all(self) -> None:
        while (batches := self._batches.take(_WRITE_CHUNKS)) is not None:
            self._write(batches)


__all__ = ["Batch", "Fetched", "Piece", "Pipeline", "Stopped"]
