"""How the meaning of a claim's words is met in its evidence, by the embedding model's token vectors.

Each content word of the claim is held against every word of the sentences that hold most of the claim, as in BERTScore
(Zhang et al. 2020), rare words counting more. Long evidence is cut to those sentences before anything is embedded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .features_lexical import rank_sentences
from .features_reading import Reading, Word

Array = NDArray[np.float32]
Tokens = tuple[Array, Sequence[tuple[int, int]]]

EMBEDDED = (
    "cosine_sentence",
    "cosine_window",
    "cosine_second",
    "cosine_added",
    "match",
    "match_plain",
    "match_sentence",
    "match_window",
    "match_worst",
    "match_low",
    "match_middle",
    "match_weak",
    "match_weak_rare",
    "match_missing",
    "match_missing_worst",
    "match_names",
    "match_back",
    "match_same",
)

SENTENCES = 6
_REACH = 1
_WEAK = 0.5
_FLOOR = 0.2


class TokenEmbeddings(Protocol):
    """Tokens in context, as `retrieval.embedding` gives them."""

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Tokens]:
        """For each text its tokens' vectors in context, (t, d), of length 1, and their (start, end)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is embedded for one claim: the claim, its best sentences, and the best one with those around it."""

    claim: str
    sentences: tuple[str, ...]
    stems: tuple[frozenset[str], ...]
    window: str
    window_stems: frozenset[str]
    together: str

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.claim, self.window, self.together, *self.sentences)


def select(reading: Reading) -> Selection:
    """Chooses what is embedded."""
    order = rank_sentences(reading)[:SENTENCES]
    best = order[0] if order else 0
    around = reading.sentences[max(0, best - _REACH) : best + _REACH + 1]
    window = " ".join(sentence.text for sentence in around) or "-"
    return Selection(
        claim=reading.claim or "-",
        sentences=tuple(reading.sentences[place].text for place in order) or ("-",),
        stems=tuple(reading.sentences[place].stems for place in order) or (frozenset(),),
        window=window,
        window_stems=frozenset().union(*(sentence.stems for sentence in around)),
        together=f"{window} {reading.claim}",
    )


def measure_meaning(reading: Reading, tokens: Sequence[Tokens]) -> dict[str, float]:
    """The features named in EMBEDDED, from the token vectors of the selection's texts in their order."""
    claim, window, together, *sentences = tokens
    content = reading.content
    vectors = word_vectors(content, claim)
    weights = np.asarray([word.weight for word in content], dtype=np.float32) + np.float32(1e-6)
    per_sentence = np.stack([_matches(vectors, one) for one in sentences])
    in_window = _matches(vectors, window)
    matches = np.maximum(per_sentence.max(axis=0), in_window)
    held = {word.stem for sentence in reading.sentences for word in sentence.words}
    missing = np.asarray([word.stem not in held for word in content], dtype=bool)
    names = np.asarray([word.text[:1].isupper() or word.is_number for word in content], dtype=bool)
    said = _mean(claim)
    cosines = sorted((float(said @ _mean(one)) for one in sentences), reverse=True)
    best = int(np.argmax(per_sentence @ weights)) if len(content) else 0
    low, middle = np.quantile(matches, [0.1, 0.3]) if len(content) else (1.0, 1.0)
    return {
        "cosine_sentence": cosines[0],
        "cosine_window": float(said @ _mean(window)),
        "cosine_second": cosines[1] if len(cosines) > 1 else cosines[0],
        "cosine_added": float(_mean(together) @ _mean(window)),
        "match": _weighted(matches, weights),
        "match_plain": float(matches.mean()) if len(content) else 1.0,
        "match_sentence": max(_weighted(row, weights) for row in per_sentence),
        "match_window": _weighted(in_window, weights),
        "match_worst": float(matches.min(initial=1.0)),
        "match_low": float(low),
        "match_middle": float(middle),
        "match_weak": float((matches < _WEAK).mean()) if len(content) else 0.0,
        "match_weak_rare": _weighted((matches < _WEAK).astype(np.float32), weights) if len(content) else 0.0,
        "match_missing": float(matches[missing].mean()) if missing.any() else 1.0,
        "match_missing_worst": float(matches[missing].min(initial=1.0)),
        "match_names": float(matches[names].mean()) if names.any() else 1.0,
        "match_back": _back(claim, sentences[best]),
        "match_same": _weighted(per_sentence[best], weights) - _weighted(matches, weights),
    }


def word_vectors(words: Sequence[Word], tokens: Tokens) -> Array:
    """(words, d) for each word the mean of its token vectors, of length 1; zero where the text was cut off before."""
    vectors, offsets = tokens
    rows = np.zeros((len(words), vectors.shape[1]), dtype=np.float32)
    at = 0
    for row, word in enumerate(words):
        while at < len(offsets) and offsets[at][1] <= word.start:
            at += 1
        end = at
        while end < len(offsets) and offsets[end][0] < word.end:
            end += 1
        if end > at:
            rows[row] = vectors[at:end].mean(axis=0)
    return _unit(rows)


def _matches(vectors: Array, tokens: Tokens) -> Array:
    if not len(tokens[0]) or not len(vectors):
        return np.zeros(len(vectors), dtype=np.float32)
    best: Array = (vectors @ tokens[0].T).max(axis=1)
    return best


def _back(claim: Tokens, sentence: Tokens) -> float:
    """How well the sentence's tokens are met in the claim: low where the sentence says much more."""
    if not len(claim[0]) or not len(sentence[0]):
        return 0.0
    return float((sentence[0] @ claim[0].T).max(axis=1).mean())


def _mean(tokens: Tokens) -> Array:
    vectors, _ = tokens
    mean: Array = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], dtype=np.float32)
    return _unit(mean)


def _unit(vectors: Array) -> Array:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(norms, np.float32(1e-9))
    return unit


def _weighted(values: Array, weights: Array) -> float:
    return float(values @ weights / weights.sum()) if len(values) else 1.0
