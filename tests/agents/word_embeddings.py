"""A fake embedding model: words with the same stem have the same vector, all others nearly orthogonal ones."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.words import stem, words_of

Array = NDArray[np.float32]


class WordEmbeddings:
    """Meets `agents.signals.Embeddings`."""

    def __init__(self, dimensions: int = 64) -> None:
        self._dimensions = dimensions
        self.texts_embedded = 0

    def embed(self, texts: Sequence[str]) -> Array:
        rows = [vectors.sum(axis=0) for vectors, _ in self.embed_tokens(texts)]
        return np.asarray([row / max(float(np.linalg.norm(row)), 1e-9) for row in rows], dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[tuple[Array, list[tuple[int, int]]]]:
        self.texts_embedded += len(texts)
        return [self._tokens(text) for text in texts]

    def _tokens(self, text: str) -> tuple[Array, list[tuple[int, int]]]:
        words = words_of(text)
        vectors = np.zeros((len(words), self._dimensions), dtype=np.float32)
        for row, (word, _, _) in enumerate(words):
            vector = np.random.default_rng(zlib.crc32(stem(word).encode())).normal(size=self._dimensions)
            vectors[row] = vector / np.linalg.norm(vector)
        return vectors, [(start, end) for _, start, end in words]
