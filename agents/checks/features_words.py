"""For each word of a claim, numbers that say whether the evidence bears it out. `unsupported` weighs them.

Words are met by their stem or by the likeness of their token vectors, in the best sentence, around it, or anywhere;
a word counts for less where its neighbours are met elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .features_embedding import Array, Selection, Tokens, word_vectors
from .features_reading import Reading

WORD_FEATURES = (
    "match",
    "match_sentence",
    "match_window",
    "match_second",
    "match_mean",
    "held",
    "held_sentence",
    "held_window",
    "match_before",
    "match_after",
    "held_before",
    "held_after",
    "match_around",
    "together",
    "weight",
    "content",
    "name",
    "number",
    "place",
    "letters",
    "claim_cover",
    "claim_match",
    "claim_length",
    "claim_worst",
    "claim_back",
    "beginning",
)

_NEIGHBOURS = 2
_NEAR = 8
_AROUND = 3
_BEGINNING = 4


def measure_each_word(reading: Reading, selection: Selection, tokens: Sequence[Tokens]) -> NDArray[np.float64]:
    """(words of the claim, WORD_FEATURES), from the token vectors of the selection's texts in their order."""
    words = reading.words
    if not words:
        return np.zeros((0, len(WORD_FEATURES)))
    claim, window, _, *sentences = tokens
    vectors = word_vectors(words, claim)
    alike = [_likeness(vectors, one) for one in sentences]
    per_sentence = np.stack([one.max(axis=1) for one in alike])
    in_window = _likeness(vectors, window).max(axis=1)
    weights = np.asarray([word.weight for word in words])
    best = int(np.argmax(per_sentence @ (weights + 1e-6)))
    match = np.maximum(per_sentence.max(axis=0), in_window)
    ordered = np.sort(per_sentence, axis=0)[::-1]
    stems = [word.stem for word in words]
    everywhere = frozenset().union(*(sentence.stems for sentence in reading.sentences))
    held = _among(stems, everywhere)
    content = weights > 0
    total = max(float(weights.sum()), 1e-6)
    count = len(words)
    columns = {
        "match": match,
        "match_sentence": per_sentence[best],
        "match_window": in_window,
        "match_second": ordered[min(1, len(ordered) - 1)],
        "match_mean": per_sentence.mean(axis=0),
        "held": held,
        "held_sentence": _among(stems, selection.stems[best]),
        "held_window": _among(stems, selection.window_stems),
        "match_before": np.r_[1.0, match[:-1]],
        "match_after": np.r_[match[1:], 1.0],
        "held_before": np.r_[1.0, held[:-1]],
        "held_after": np.r_[held[1:], 1.0],
        "match_around": _around(match),
        "together": _together(alike[best].argmax(axis=1)),
        "weight": weights,
        "content": content,
        "name": [at > 0 and word.text[:1].isupper() for at, word in enumerate(words)],
        "number": [word.is_number for word in words],
        "place": np.arange(count) / count,
        "letters": [len(word.text) for word in words],
        "claim_cover": np.full(count, float(held @ weights) / total),
        "claim_match": np.full(count, float(match @ weights) / total),
        "claim_length": np.full(count, np.log(count)),
        "claim_worst": np.full(count, match[content].min(initial=1.0)),
        "claim_back": np.full(count, _back(claim, sentences[best])),
        "beginning": _beginnings(stems, held, everywhere),
    }
    return np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in WORD_FEATURES])


def _likeness(vectors: Array, tokens: Tokens) -> Array:
    """(words, tokens) cosines, one column of zeros where there are no tokens."""
    others, _ = tokens
    alike: Array = vectors @ others.T if len(others) else np.zeros((len(vectors), 1), dtype=np.float32)
    return alike


def _among(stems: Sequence[str], known: frozenset[str]) -> NDArray[np.float64]:
    return np.asarray([stem in known for stem in stems], dtype=np.float64)


def _around(match: Array) -> NDArray[np.float64]:
    """The mean over each word and those near it."""
    return np.asarray([match[max(0, at - _AROUND) : at + _AROUND + 1].mean() for at in range(len(match))])


def _together(met_at: NDArray[np.intp]) -> list[float]:
    """The share of a word's neighbours whose likest tokens lie near its own."""
    shares = []
    for at, place in enumerate(met_at):
        others = [*met_at[max(0, at - _NEIGHBOURS) : at], *met_at[at + 1 : at + 1 + _NEIGHBOURS]]
        shares.append(float(np.mean([abs(int(place) - int(other)) <= _NEAR for other in others])) if others else 1.0)
    return shares


def _beginnings(stems: Sequence[str], held: NDArray[np.float64], everywhere: frozenset[str]) -> list[float]:
    """1 where the stem stands in the evidence, or a word that begins alike."""
    openings = {stem[:_BEGINNING] for stem in everywhere if len(stem) >= _BEGINNING}
    return [
        float(bool(there) or (len(stem) >= _BEGINNING and stem[:_BEGINNING] in openings))
        for stem, there in zip(stems, held, strict=True)
    ]


def _back(claim: Tokens, sentence: Tokens) -> float:
    if not len(claim[0]) or not len(sentence[0]):
        return 0.0
    return float((sentence[0] @ claim[0].T).max(axis=1).mean())
