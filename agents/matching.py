"""How far a candidate's words meet a question's terms: by stem, by likeness of meaning, by name.

`signals` builds its measures from these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

import numpy as np
from numpy.typing import NDArray

from .question import Term
from .words import FRAME_WORDS

Array = NDArray[np.float32]
Tokens = tuple[Array, Sequence[tuple[int, int]]]
# How rare a word is in what the asker may read: 0 (in every chunk) to 1 (in none).
Rarity = Callable[[str], float]

_NAME_WEIGHT = 1.5
_FRAME_WEIGHT = 0.25
_TOLD_WEIGHT = 0.5
# Cosines of contextual token vectors: unrelated words lie at about 0.3, forms of one word above 0.8.
_UNLIKE, _ALIKE = 0.3, 0.8
_NEARBY = 0.7
_COMPOUND = 5


def term_weights(terms: Sequence[Term], rarity: Rarity) -> Array:
    """(terms,) weights: rare words and names count more, what was told before the question and what frames it less."""
    weights = [
        rarity(term.text)
        * (1.0 if term.kind == "word" else _NAME_WEIGHT)
        * (1.0 if term.focus else _TOLD_WEIGHT)
        * (_FRAME_WEIGHT if term.kind == "word" and term.text.lower() in FRAME_WORDS else 1.0)
        for term in terms
    ]
    return np.asarray(weights, dtype=np.float32) + np.float32(1e-3)


def term_vectors(terms: Sequence[Term], tokens: Tokens) -> Array:
    """(terms, d): for each term the mean of its token vectors, of length 1; zero where it was cut off."""
    vectors, offsets = tokens
    rows = np.zeros((len(terms), vectors.shape[1] if len(vectors) else 1), dtype=np.float32)
    for row, term in enumerate(terms):
        inside = [i for i, (start, end) in enumerate(offsets) if start < term.end and end > term.start]
        if inside:
            rows[row] = vectors[inside].mean(axis=0)
    return unit_length(rows)


def term_matches(query: Array, tokens: Tokens) -> Array:
    """(terms,) late interaction: each term's greatest cosine with any token (ColBERT, Khattab and Zaharia 2020)."""
    vectors, _ = tokens
    if not len(vectors) or not len(query):
        return np.zeros(len(query), dtype=np.float32)
    matches: Array = (query @ vectors.T).max(axis=1)
    return matches


def weighted(values: Array, weights: Array) -> float:
    """Weighted mean of `values`; 0 for none."""
    return float(values @ weights / weights.sum()) if len(values) else 0.0


def worst(values: Array, weights: Array) -> float:
    """The least value among the weightier half of the terms: what the candidate misses most."""
    if not len(values):
        return 0.0
    return float(values[weights >= np.median(weights)].min())


def covered(terms: Sequence[Term], stems: Set[str]) -> Array:
    """(terms,) 1 where the term's stem stands in `stems`, also as part of a longer word (German compounds)."""
    found = [term.stem in stems or _within(term.stem, stems) for term in terms]
    return np.asarray(found, dtype=np.float32)


def _within(wanted: str, stems: Set[str]) -> bool:
    long = [stem for stem in stems if len(stem) >= _COMPOUND]
    return len(wanted) >= _COMPOUND and any(wanted in stem or stem in wanted for stem in long)


def gaps(terms: Sequence[Term], weights: Array, matches: Array, near: Set[str], around: Set[str]) -> Array:
    """(terms,) how much of each term the candidate leaves unmet, times the term's weight.

    A word is met by its stem in the candidate or its headings, or by likeness in meaning (`matches`, cosines); a name
    by its stem there, or for the most part by its stem elsewhere in the passage (`around`); a number by itself only.
    """
    literal, nearby = covered(terms, near), covered(terms, around)
    alike = np.clip((matches - _UNLIKE) / (_ALIKE - _UNLIKE), 0.0, 1.0)
    kinds = [term.kind for term in terms]
    soft = np.where([kind == "word" for kind in kinds], alike, np.float32(_NEARBY) * nearby)
    return np.asarray(weights * (1.0 - np.maximum(literal, soft)), dtype=np.float32)


def names_missing(terms: Sequence[Term], stems: Set[str]) -> float:
    """Share of the part's names, numbers and quoted words that stand nowhere in the candidate or its surroundings."""
    special = [term for term in terms if term.kind != "word"]
    return 1.0 - float(covered(special, stems).mean()) if special else 0.0


def codes_missing(terms: Sequence[Term], stems: Set[str]) -> float:
    """Share of the part's numbers and identifiers ("2022", "FJ-320") that the candidate lacks: near ones are others."""
    codes = [term for term in terms if any(character.isdecimal() for character in term.text)]
    return 1.0 - float(np.mean([term.stem in stems for term in codes])) if codes else 0.0


def names_unknown(terms: Sequence[Term], rarity: Rarity) -> float:
    """1 when some name, number or quoted word of the part stands in nothing that the asker may read, else 0."""
    return float(any(term.kind != "word" and rarity(term.text) >= 1.0 for term in terms))


def unit_length(vectors: Array) -> Array:
    """Vectors along the last axis, scaled to length 1; zero stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(norms, np.float32(1e-9))
    return unit
