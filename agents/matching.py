"""How far candidates' words meet a question's terms: by stem, by likeness of meaning, by name.

All candidates of a question are measured together: values are matrices of (candidates, terms) or (texts, terms).
`signals` builds its measures from these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .question import Term
from .words import COMPOUND, FRAME_WORDS, TextWords, read_words

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Tokens = tuple[Array, Sequence[tuple[int, int]]]
# How rare a word is in what the asker may read: 0 (in every chunk) to 1 (in none).
Rarity = Callable[[str], float]

_NAME_WEIGHT = 1.5
_FRAME_WEIGHT = 0.25
_TOLD_WEIGHT = 0.5
# Cosines of contextual token vectors: unrelated words lie at about 0.3, forms of one word above 0.8.
_UNLIKE, _ALIKE = 0.3, 0.8
_NEARBY = 0.7
_LONGEST_WORD = 64
"""Of longer ones (a web address, a key) the parts are not listed: their number grows with the square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMatrix:
    """The token vectors of many texts below one another, (tokens, d); text i has `counts[i]` rows from `starts[i]`.

    `means` are (texts, d): the mean of each text's vectors, of length 1; zero for a text without tokens.
    """

    vectors: Array
    starts: NDArray[np.intp]
    counts: NDArray[np.intp]
    means: Array


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


def term_matches(query: Array, texts: TokenMatrix) -> Array:
    """(texts, terms) late interaction: each term's greatest cosine with any token (ColBERT, Khattab and Zaharia 2020).

    A text without tokens matches nothing.
    """
    matches = np.zeros((len(texts.counts), len(query)), dtype=np.float32)
    filled = texts.counts > 0
    if query.any() and filled.any():
        matches[filled] = np.maximum.reduceat(texts.vectors @ query.T, texts.starts[filled], axis=0)
    return matches


def weighted(values: Array | Flags, weights: Array) -> Array:
    """(n,) weighted means of (n, terms) values; 0 without terms."""
    if not len(weights):
        return np.zeros(len(values), dtype=np.float32)
    means: Array = values @ (weights / weights.sum())
    return means


def worst(values: Array, weights: Array) -> Array:
    """(n,) the least value among the weightier half of the terms: what each candidate misses most."""
    if not len(weights):
        return np.zeros(len(values), dtype=np.float32)
    least: Array = values[:, weights >= np.median(weights)].min(axis=1)
    return least


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Which terms stand in which texts, both (texts, terms): `exact` by their stem alone, `loose` also as part of a
    longer word or with one as part (German compounds)."""

    exact: Flags
    loose: Flags

    def __or__(self, other: Found) -> Found:
        """What stands in one of two texts."""
        return Found(exact=self.exact | other.exact, loose=self.loose | other.loose)

    def __getitem__(self, rows: NDArray[np.intp]) -> Found:
        """The rows asked for, in that order."""
        return Found(exact=self.exact[rows], loose=self.loose[rows])


class Coverage:
    """Looks for the terms of one question part in texts, in each text once."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._stems = [(term.stem, _parts(term.stem)) for term in terms]
        self._known: dict[str, tuple[list[bool], list[bool]]] = {}

    def __call__(self, texts: Sequence[str]) -> Found:
        """(texts, terms)."""
        rows = [self._in(text) for text in texts]
        shape = (len(texts), len(self._stems))
        return Found(
            exact=np.asarray([exact for exact, _ in rows], dtype=np.bool_).reshape(shape),
            loose=np.asarray([loose for _, loose in rows], dtype=np.bool_).reshape(shape),
        )

    def in_text(self, text: str) -> Sequence[bool]:
        """(terms,) as `Found.loose` has it."""
        return self._in(text)[1]

    def _in(self, text: str) -> tuple[list[bool], list[bool]]:
        known = self._known.get(text)
        if known is None:
            words = read_words(text)
            exact = [stem in words.stems for stem, _ in self._stems]
            loose = [
                there or (parts is not None and (stem in words.joined or _holds_part(stem, parts, words)))
                for (stem, parts), there in zip(self._stems, exact, strict=True)
            ]
            known = self._known[text] = (exact, loose)
        return known


def _parts(stem: str) -> frozenset[str] | None:
    """Whatever of a stem may be a word of its own; None for one too short to be looked for, nothing for a huge one."""
    if len(stem) < COMPOUND:
        return None
    if len(stem) > _LONGEST_WORD:
        return frozenset()
    ends = range(COMPOUND, len(stem) + 1)
    return frozenset(stem[start:end] for end in ends for start in range(end - COMPOUND + 1))


def _holds_part(stem: str, parts: frozenset[str], words: TextWords) -> bool:
    if not parts:
        return any(one in stem for one in words.long)
    return not parts.isdisjoint(words.long)


def row_match(covered: Coverage, cells: Sequence[str], context: str) -> float:
    """For a table row: how well one cell takes up the question, and the columns, in `context`, what it lacks."""
    in_cells = max((covered.in_text(cell) for cell in cells), key=sum, default=())
    if not in_cells:
        return 0.0
    in_columns = covered.in_text(context)
    others = sum(there and not here for here, there in zip(in_cells, in_columns, strict=True))
    return sum(in_cells) / len(in_cells) * (0.5 + 0.5 * others / len(in_cells))


def gaps(terms: Sequence[Term], weights: Array, matches: Array, near: Flags, around: Flags) -> Array:
    """(n, terms) how much of each term each candidate leaves unmet, times the term's weight.

    A word is met by its stem in the candidate or its headings (`near`), or by likeness in meaning (`matches`, cosines);
    a name by its stem there, or for the most part by its stem elsewhere in the passage (`around`); a number by itself
    only. All are (n, terms).
    """
    alike = np.clip((matches - _UNLIKE) / (_ALIKE - _UNLIKE), 0.0, 1.0)
    is_word = np.asarray([term.kind == "word" for term in terms], dtype=np.bool_)
    soft = np.where(is_word, alike, np.float32(_NEARBY) * around)
    return np.asarray(weights * (1.0 - np.maximum(near, soft)), dtype=np.float32)


def names_missing(terms: Sequence[Term], found: Flags) -> Array:
    """(n,) share of the part's names, numbers and quoted words that are not `found`, (n, terms)."""
    special = [at for at, term in enumerate(terms) if term.kind != "word"]
    return _share_missing(found, special)


def codes_missing(terms: Sequence[Term], found: Flags) -> Array:
    """(n,) share of the part's numbers and identifiers ("2022", "FJ-320") not `found`: near ones are others."""
    codes = [at for at, term in enumerate(terms) if any(character.isdecimal() for character in term.text)]
    return _share_missing(found, codes)


def _share_missing(found: Flags, columns: Sequence[int]) -> Array:
    if not columns:
        return np.zeros(len(found), dtype=np.float32)
    return np.asarray(1.0 - found[:, columns].mean(axis=1), dtype=np.float32)


def names_unknown(terms: Sequence[Term], rarity: Rarity) -> float:
    """1 when some name, number or quoted word of the part stands in nothing that the asker may read, else 0."""
    return float(any(term.kind != "word" and rarity(term.text) >= 1.0 for term in terms))


def unit_length(vectors: Array) -> Array:
    """Vectors along the last axis, scaled to length 1; zero stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Array = vectors / np.maximum(norms, np.float32(1e-9))
    return unit
