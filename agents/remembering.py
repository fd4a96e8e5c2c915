"""Embeddings that embed no text twice: token vectors by text, in memory within a bound, and behind it on disk.

`signals` asks for the same sentences and headings question after question. What is handed out is rounded to half
precision whether it was remembered or made just now, so that an answer does not depend on what was asked before.
`states` keeps them on disk; this module reads there and writes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .matching import Array, Tokens
from .signals import Embeddings

Kept = Callable[[Sequence[str]], Mapping[str, Tokens]]
"""What is kept of these texts elsewhere; a text that is not kept is left out."""

MOST_BYTES = 64_000_000
_MOST_VECTORS = 256
_BYTES_A_TOKEN = 80
"""The offsets of a token, roughly; and as much for a text's place in the memory."""


def nothing_kept(_texts: Sequence[str]) -> Mapping[str, Tokens]:
    """Stands in where there is nothing on disk."""
    return {}


class RememberedEmbeddings:
    """Meets `signals.Embeddings`. Safe to share among threads; what two ask for at once may be made twice."""

    def __init__(self, embeddings: Embeddings, kept: Kept = nothing_kept, *, most_bytes: int = MOST_BYTES) -> None:
        self._embeddings = embeddings
        self._kept = kept
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._tokens: OrderedDict[str, Tokens] = OrderedDict()
        self._vectors: OrderedDict[str, Array] = OrderedDict()
        self._bytes = 0

    @property
    def held_bytes(self) -> int:
        """What the token vectors in memory take, roughly."""
        return self._bytes

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, d) float32, rows of length 1; those of the last few texts are remembered."""
        with self._lock:
            found = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found |= zip(missing, self._embeddings.embed(missing), strict=True)
            with self._lock:
                self._vectors |= {text: found[text] for text in missing}
                while len(self._vectors) > _MOST_VECTORS:
                    self._vectors.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else self._embeddings.embed(texts)

    def embed_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """For each text its tokens' vectors in context, (t, d) float16 and of length 1, and their spans."""
        found = self._held(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            read = self._kept(missing)
            made = sorted((text for text in missing if text not in read), key=lambda text: (len(text), text))
            found.update(read)
            found.update((text, halved(one)) for text, one in zip(made, self._embed_tokens(made), strict=True))
            self._hold({text: found[text] for text in missing})
        return [found[text] for text in texts]

    def _embed_tokens(self, texts: Sequence[str]) -> Sequence[Tokens]:
        return self._embeddings.embed_tokens(texts) if texts else ()

    def _held(self, texts: Sequence[str]) -> dict[str, Tokens]:
        with self._lock:
            found = {text: self._tokens[text] for text in texts if text in self._tokens}
            for text in found:
                self._tokens.move_to_end(text)
        return found

    def _hold(self, found: Mapping[str, Tokens]) -> None:
        """Takes the texts in; those not asked for the longest go."""
        with self._lock:
            for text, tokens in found.items():
                if text not in self._tokens:
                    self._tokens[text] = tokens
                    self._bytes += _size(text, tokens)
            while self._bytes > self._most_bytes and self._tokens:
                self._bytes -= _size(*self._tokens.popitem(last=False))


def halved(tokens: Tokens) -> Tokens:
    """Token vectors in half precision: a cosine differs by less than 0.0005."""
    vectors: NDArray[np.float16] = np.asarray(tokens[0], dtype=np.float16)
    return vectors, tokens[1]


def _size(text: str, tokens: Tokens) -> int:
    return tokens[0].nbytes + _BYTES_A_TOKEN * (len(tokens[1]) + 1) + 4 * len(text)
