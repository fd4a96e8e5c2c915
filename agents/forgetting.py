"""A chunk sink that also lets go of what the crew derived from chunks: their token vectors go when they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ingest.model import Chunk, Document
from ingest.ports import ChunkSink, Vector, Vectors


class ForgettingSink:
    """Meets `ingest.ports.ChunkSink`: hands everything on, and tells `forget` which chunks were removed."""

    def __init__(self, sink: ChunkSink, forget: Callable[[Sequence[str]], None]) -> None:
        self._sink = sink
        self._forget = forget

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the sink itself."""
        return self._sink.embed(texts)

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """As the sink itself."""
        return self._sink.vectors_of(chunk_ids)

    def write(self, chunks: Sequence[Chunk], vectors: Vectors, documents: Mapping[str, Document]) -> None:
        """As the sink itself."""
        self._sink.write(chunks, vectors, documents)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks, and first what was derived from them: cut off between the two, it is done again."""
        self._forget(chunk_ids)
        self._sink.remove(chunk_ids)

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """As the sink itself."""
        self._sink.set_access(chunks, documents)
