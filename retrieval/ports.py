"""What searching needs: an embedder, two indexes, perhaps a reranker. Each has a suite in `tests/contracts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.model import Chunk, Document

from .model import IndexFilter

Array = NDArray[np.float32]
Scored = list[tuple[str, float]]
"""(chunk id, score), best first."""


class Embedder(Protocol):
    """Text to unit vectors."""

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) float32, rows of length 1."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> list[tuple[Array, list[tuple[int, int]]]]:
        """For each text its tokens' unit vectors in context, (tokens, dimensions), and their character offsets."""
        ...


class Reranker(Protocol):
    """Says how well texts answer a query, reading both together."""

    def load(self) -> None:
        """Loads what is needed, unless that is done: so that the first query need not wait. Raises `ModelError`."""
        ...

    def scores(self, query: str, texts: Sequence[str]) -> Array:
        """(n,) float32 between 0 and 1, in the order of the texts. Raises `ModelError`."""
        ...


class SearchIndex(Protocol):
    """What the vector and the lexical index have in common. Every write is durable when it returns."""

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Adds or replaces chunks."""
        ...

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        ...

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over the documents' access for chunks that are already held."""
        ...

    def search(self, text: str, k: int, only: IndexFilter) -> Scored:
        """The k best chunks that pass the filter; the filter is applied before ranking."""
        ...

    def ids(self) -> set[str]:
        """The ids of all chunks held."""
        ...

    def close(self) -> None: ...
