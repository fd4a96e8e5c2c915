"""Embeddings that embed no text twice: token vectors by text, in memory within a bound, and behind it on disk.

`signals` asks for the same sentences and headings question after question. Vectors are kept to eight binary digits,
and handed out so whether they were remembered or made just now: what was asked before changes no answer.
`token_store` keeps them on disk; this module reads there and writes nothing.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .matching import Array, TokenMatrix, Tokens, unit_length

Halves = NDArray[np.uint16]
"""Float32 numbers rounded to their upper 16 bits ("bfloat16"): half the size, and float32 again by a shift."""
Kept = Callable[[Sequence[str]], Mapping[str, Halves]]
"""What is kept of these texts elsewhere, (tokens, d) each; a text that is not kept is left out."""

Value = TypeVar("Value")

MOST_BYTES = 64_000_000
_MOST_QUESTIONS = 256
_ROOM = 0.9
"""What is learnt ahead fills the memory so far; the rest is for what is asked."""


class TokenEmbedder(Protocol):
    """What is remembered: an embedding model."""

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, d) float32, rows of length 1."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Tokens]:
        """For each text its tokens' vectors in context, (t, d) float32 of length 1, and their (start, end)."""
        ...


def nothing_kept(_texts: Sequence[str]) -> Mapping[str, Halves]:
    """Stands in where there is nothing on disk."""
    return {}


class RememberedEmbeddings:
    """Meets `signals.Embeddings`. Safe to share among threads; what two ask for at the same time may be made twice.

    `most_bytes` bounds the token vectors of documents' texts. Of questions the last few are remembered.
    """

    def __init__(
        self,
        embedder: TokenEmbedder,
        kept: Kept = nothing_kept,
        *,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._embedder = embedder
        self._kept = kept
        self._most_bytes = most_bytes
        self._clock = clock
        self._asked_at = -math.inf
        self._texts = _Recent[tuple[Halves, Array]](most_bytes, lambda one: one[0].nbytes + one[1].nbytes)
        self._vectors = _Recent[Array](_MOST_QUESTIONS, lambda _: 1)
        self._questions = _Recent[Tokens](_MOST_QUESTIONS, lambda _: 1)

    @property
    def held_bytes(self) -> int:
        """What the token vectors of documents' texts take in memory."""
        return self._texts.size

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, d) float32, rows of length 1."""
        found = self._vectors.complete(texts, self._embedder.embed)
        return np.stack([found[text] for text in texts]) if texts else self._embedder.embed(texts)

    def embed_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """For each text, a question, its tokens' vectors in context, (t, d) float32 of length 1, and their spans."""
        self._asked_at = self._clock()
        found = self._questions.complete(texts, self._embedder.embed_tokens)
        return [found[text] for text in texts]

    def token_matrix(self, texts: Sequence[str], dimensions: int) -> TokenMatrix:
        """The token vectors of texts of documents; `dimensions` is d."""
        found = self._texts.complete(texts, self._read_or_embed)
        rows = [found[text][0] for text in texts]
        counts = np.asarray([len(one) for one in rows], dtype=np.intp)
        return TokenMatrix(
            vectors=widened([one for one in rows if len(one)], dimensions),
            starts=np.cumsum(counts) - counts,
            counts=counts,
            means=np.stack([found[text][1] for text in texts]) if texts else np.zeros((0, dimensions), np.float32),
        )

    def learn(self, texts: Sequence[str]) -> dict[str, Halves]:
        """The token vectors of texts of documents, (tokens, d) each. They are remembered while there is room."""
        if self._texts.size < self._most_bytes * _ROOM:
            found = self._texts.complete(texts, self._read_or_embed)
        else:
            wanted = list(dict.fromkeys(texts))
            found = dict(zip(wanted, self._read_or_embed(wanted), strict=True))
        return {text: halves for text, (halves, _) in found.items()}

    def asked_within(self, seconds: float) -> bool:
        """Whether a question was measured so short a time ago."""
        return self._clock() - self._asked_at < seconds

    def _read_or_embed(self, texts: Sequence[str]) -> list[tuple[Halves, Array]]:
        halves = dict(self._kept(texts))
        missing = [text for text in texts if text not in halves]
        if missing:
            made = self._embedder.embed_tokens(missing)
            halves |= {text: halved(vectors) for text, (vectors, _) in zip(missing, made, strict=True)}
        return [(halves[text], _mean(halves[text])) for text in texts]


def remembered(embeddings: TokenEmbedder) -> RememberedEmbeddings:
    """The embeddings with a memory, a fresh one unless they have one."""
    return embeddings if isinstance(embeddings, RememberedEmbeddings) else RememberedEmbeddings(embeddings)


def halved(vectors: Array) -> Halves:
    """Float32 numbers to the nearest that their upper 16 bits can tell. A cosine changes by about 0.0001."""
    bits = np.ascontiguousarray(vectors, dtype=np.float32).view(np.uint32)
    return ((bits + np.uint32(0x8000)) >> np.uint32(16)).astype(np.uint16)


def widened(parts: Sequence[Halves], dimensions: int) -> Array:
    """(rows of all parts, dimensions) float32."""
    if not parts:
        return np.zeros((0, dimensions), dtype=np.float32)
    bits = np.concatenate(parts, dtype=np.uint32)
    bits <<= np.uint32(16)
    return bits.view(np.float32)


def _mean(halves: Halves) -> Array:
    """(d,) the mean of the token vectors, of length 1; zero for a text without tokens."""
    if not len(halves):
        return np.zeros(halves.shape[1], dtype=np.float32)
    return unit_length(widened([halves], halves.shape[1]).mean(axis=0))


class _Recent(Generic[Value]):
    """Values by text, within a bound; those not asked for the longest go first."""

    def __init__(self, most: int, size_of: Callable[[Value], int]) -> None:
        self._most = most
        self._size_of = size_of
        self._lock = threading.Lock()
        self._values: OrderedDict[str, Value] = OrderedDict()
        self.size = 0

    def complete(self, texts: Sequence[str], make: Callable[[Sequence[str]], Iterable[Value]]) -> dict[str, Value]:
        """The values of all texts: what is not held is made, short texts first, and held from now on."""
        with self._lock:
            found = {text: self._values[text] for text in texts if text in self._values}
            for text in found:
                self._values.move_to_end(text)
        missing = sorted({text for text in texts if text not in found}, key=lambda text: (len(text), text))
        if missing:
            made = dict(zip(missing, make(missing), strict=True))
            self._hold(made)
            found |= made
        return found

    def _hold(self, made: Mapping[str, Value]) -> None:
        with self._lock:
            for text, value in made.items():
                if text not in self._values:
                    self._values[text] = value
                    self.size += self._size_of(value)
            while self.size > self._most:
                self.size -= self._size_of(self._values.popitem(last=False)[1])
