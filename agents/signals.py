"""Signals of answering: for a question part and a candidate unit, numbers that say whether the one answers the other.

`question` and `kinds` feed this module; `judging` weighs what it measures. Each signal is a pure function of the
part, the candidates and their embeddings, and can be measured alone (`bench/answerability.py` does).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .kinds import kind_present, new_names, numbers
from .matching import (
    Array,
    Rarity,
    Tokens,
    codes_missing,
    covered,
    gaps,
    names_missing,
    names_unknown,
    term_matches,
    term_vectors,
    term_weights,
    unit_length,
    weighted,
    worst,
)
from .question import Asked, Part, Term
from .words import content_stems, words_of


class Embeddings(Protocol):
    """What the signals need of an embedding model."""

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, d) float32, rows of length 1."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Tokens]:
        """For each text its tokens' vectors in context, (t, d), of length 1, and their (start, end)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence, list item or table row that may answer, as plain text (no markup), with its surroundings.

    `passage_text` is the retrieved chunk that holds it; `lead_in` the line that opens its list; `columns` and `cells`
    run parallel for a table row. `passage_score` is the fused score, `dense` a cosine, `lexical` a BM25 score, `rank`
    the passage's rank from 0.
    """

    text: str
    passage_text: str
    headings: tuple[str, ...] = ()
    title: str = ""
    columns: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    lead_in: str | None = None
    passage_score: float = 0.0
    dense: float = 0.0
    lexical: float = 0.0
    rank: int = 0


SIGNALS = (
    "sentence_cosine",
    "context_cosine",
    "passage_cosine",
    "heading_cosine",
    "passage_score",
    "passage_lexical",
    "passage_rank",
    "term_match",
    "term_match_worst",
    "term_match_near",
    "term_match_near_worst",
    "coverage",
    "coverage_near",
    "coverage_context",
    "names_missing",
    "names_missing_near",
    "codes_missing",
    "names_unknown",
    "kind_lacking",
    "kind_is_open",
    "gap",
    "gap_worst",
    "kind_present",
    "kind_is_factual",
    "novelty",
    "new_names",
    "new_numbers",
    "is_question",
    "is_lead_in",
    "length",
    "row_match",
    "cosine_margin",
    "match_margin",
)


_FACTUAL = frozenset(
    {
        Asked.AMOUNT,
        Asked.NUMBER,
        Asked.DURATION,
        Asked.FREQUENCY,
        Asked.DATE,
        Asked.PERSON,
        Asked.ORGANISATION,
        Asked.CONTACT,
    }
)
_FULL_LENGTH = 40


def common_rarity(_word: str) -> float:
    """Stands in for corpus statistics: every word counts the same."""
    return 0.7


def context_of(candidate: Candidate) -> str:
    """Title, headings, lead-in and columns in one line: what the candidate is about; "-" for nothing."""
    parts = (candidate.title, *candidate.headings, candidate.lead_in or "", " ".join(candidate.columns))
    return " > ".join(part for part in parts if part) or "-"


def novelty(part: Part, text: str) -> float:
    """Share of the content words of `text` that the question does not hold: a restated question answers nothing."""
    stems = content_stems(text)
    return len(stems - {term.stem for term in part.terms}) / len(stems) if stems else 0.0


def row_match(terms: Sequence[Term], candidate: Candidate) -> float:
    """For a table row: how well one cell takes up the question's words and the columns take up others; 0 for prose."""
    if not candidate.cells or not terms:
        return 0.0
    in_cells = max((covered(terms, content_stems(cell)) for cell in candidate.cells), key=lambda c: float(c.sum()))
    in_columns = covered(terms, content_stems(context_of(candidate)))
    return float(in_cells.mean() * (0.5 + 0.5 * np.maximum(in_columns - in_cells, 0).mean()))


def measure(
    part: Part, candidates: Sequence[Candidate], embeddings: Embeddings, rarity: Rarity = common_rarity
) -> Array:
    """(candidates, SIGNALS) the signals of every candidate for one question part."""
    if not candidates:
        return np.zeros((0, len(SIGNALS)), dtype=np.float32)
    weights = term_weights(part.terms, rarity)
    query = term_vectors(part.terms, embeddings.embed_tokens([part.text])[0])
    asked = embeddings.embed([part.text])[0]
    sentences = embeddings.embed_tokens([c.text for c in candidates])
    headings = _surroundings(query, embeddings, [context_of(c) for c in candidates], len(asked))
    unknown = names_unknown(part.terms, rarity)
    best_score = max((c.passage_score for c in candidates), default=0.0) or 1.0
    rows = []
    for candidate, tokens in zip(candidates, sentences, strict=True):
        heading = headings[context_of(candidate)]
        own = term_matches(query, tokens)
        near = np.maximum(own, heading.matches)
        stems = content_stems(candidate.text)
        near_stems = stems | heading.stems
        all_stems = near_stems | content_stems(candidate.passage_text)
        kind = kind_present(part, candidate.text, candidate.columns)
        unmet = gaps(part.terms, weights, near, near_stems, near_stems if candidate.cells else all_stems)
        sentence = _mean(tokens, len(asked))
        cosine = float(asked @ sentence)
        rows.append(
            {
                "sentence_cosine": cosine,
                "context_cosine": float(asked @ unit_length(sentence + heading.mean)),
                "passage_cosine": candidate.dense,
                "heading_cosine": float(asked @ heading.mean),
                "passage_score": candidate.passage_score / best_score,
                "passage_lexical": math.log1p(max(candidate.lexical, 0.0)),
                "passage_rank": 1.0 / (1.0 + candidate.rank),
                "term_match": weighted(own, weights),
                "term_match_worst": worst(own, weights),
                "term_match_near": weighted(near, weights),
                "term_match_near_worst": worst(near, weights),
                "coverage": weighted(covered(part.terms, stems), weights),
                "coverage_near": weighted(covered(part.terms, near_stems), weights),
                "coverage_context": weighted(covered(part.terms, all_stems), weights),
                "names_missing": names_missing(part.terms, all_stems),
                "names_missing_near": names_missing(part.terms, near_stems),
                "codes_missing": codes_missing(part.terms, near_stems),
                "names_unknown": unknown,
                "gap": float(unmet.sum() / weights.sum()) if len(unmet) else 0.0,
                "gap_worst": float(unmet.max(initial=0.0)),
                "kind_present": kind,
                "kind_is_factual": float(part.asked in _FACTUAL),
                "kind_is_open": float(part.asked in (Asked.THING, Asked.OTHER)),
                "kind_lacking": 1.0 - kind if part.asked in _FACTUAL else 0.0,
                "novelty": novelty(part, candidate.text),
                "new_names": math.log1p(new_names(part, candidate.text)),
                "new_numbers": float(bool(numbers(candidate.text) - numbers(part.text))),
                "is_question": float(candidate.text.rstrip(" *_").endswith("?")),
                "is_lead_in": float(candidate.text.rstrip(" *_").endswith(":")),
                "length": min(1.0, math.log1p(len(words_of(candidate.text))) / math.log1p(_FULL_LENGTH)),
                "row_match": row_match(part.terms, candidate),
            }
        )
    _add_margins(rows, "sentence_cosine", "cosine_margin")
    _add_margins(rows, "term_match", "match_margin")
    return np.asarray([[row[name] for name in SIGNALS] for row in rows], dtype=np.float32)


def _add_margins(rows: list[dict[str, float]], source: str, name: str) -> None:
    """Adds how far each row's signal lies above the best of the others (below: negative)."""
    values = sorted((row[source] for row in rows), reverse=True)
    for row in rows:
        others = values[1] if row[source] == values[0] and len(values) > 1 else values[0]
        row[name] = row[source] - others


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surrounding:
    """A line of title, headings and lead-in, measured once for all candidates under it."""

    matches: Array
    mean: Array
    stems: frozenset[str]


def _surroundings(
    query: Array, embeddings: Embeddings, texts: Sequence[str], dimensions: int
) -> dict[str, _Surrounding]:
    distinct = list(dict.fromkeys(texts))
    return {
        text: _Surrounding(
            matches=term_matches(query, tokens), mean=_mean(tokens, dimensions), stems=content_stems(text)
        )
        for text, tokens in zip(distinct, embeddings.embed_tokens(distinct), strict=True)
    }


def _mean(tokens: Tokens, dimensions: int) -> Array:
    vectors, _ = tokens
    return unit_length(vectors.mean(axis=0)) if len(vectors) else np.zeros(dimensions, dtype=np.float32)
