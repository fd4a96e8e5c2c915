"""Signals of answering: for a question part and a candidate unit, numbers that say whether the one answers the other.

`question` and `kinds` feed this module; `judging` weighs what it measures. Each signal is a pure function of the
part, the candidates and their embeddings, and can be measured alone (`bench/answerability.py` does).
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .kinds import kind_present, names, numbers
from .matching import (
    Array,
    Coverage,
    Flags,
    Rarity,
    TokenMatrix,
    Tokens,
    codes_missing,
    gaps,
    names_missing,
    names_unknown,
    row_match,
    term_matches,
    term_vectors,
    term_weights,
    unit_length,
    weighted,
    worst,
)
from .question import Asked, Part
from .remembering import remembered
from .words import read_words


class Embeddings(Protocol):
    """What the signals need of an embedding model."""

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, d) float32, rows of length 1."""
        ...

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Tokens]:
        """For each text its tokens' vectors in context, (t, d) float32 of length 1, and their spans."""
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
    """What the candidate is about, in one line."""
    return context_line(candidate.title, candidate.headings, candidate.lead_in, candidate.columns)


def context_line(title: str, headings: Sequence[str], lead_in: str | None, columns: Sequence[str]) -> str:
    """Title, headings, lead-in and columns in one line; "-" for nothing."""
    return " > ".join(part for part in (title, *headings, lead_in or "", " ".join(columns)) if part) or "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Question parts and the candidates that may answer them, embedded once for all parts.

    `tokens` are those of the distinct texts of candidates and of the lines above them; `own` and `above` say which of
    them is whose. `asked` and `queries` are the vectors and the token vectors of the parts.
    """

    parts: Sequence[Part]
    candidates: Sequence[Candidate]
    contexts: Sequence[str]
    tokens: TokenMatrix
    own: NDArray[np.intp]
    above: NDArray[np.intp]
    asked: Array
    queries: Sequence[Tokens]


def prepare(parts: Sequence[Part], candidates: Sequence[Candidate], embeddings: Embeddings) -> Prepared:
    """Embeds what was not embedded before, each text once."""
    memory = remembered(embeddings)
    contexts = [context_of(candidate) for candidate in candidates]
    texts = list(dict.fromkeys([*(candidate.text for candidate in candidates), *contexts]))
    place = {text: at for at, text in enumerate(texts)}
    questions = [part.text for part in parts]
    asked = memory.embed(questions)
    return Prepared(
        parts=parts,
        candidates=candidates,
        contexts=contexts,
        tokens=memory.token_matrix(texts, asked.shape[1]),
        own=np.asarray([place[candidate.text] for candidate in candidates], dtype=np.intp),
        above=np.asarray([place[context] for context in contexts], dtype=np.intp),
        asked=asked,
        queries=memory.embed_tokens(questions),
    )


def measure(
    part: Part, candidates: Sequence[Candidate], embeddings: Embeddings, rarity: Rarity = common_rarity
) -> Array:
    """(candidates, SIGNALS) the signals of every candidate for one question part."""
    return measure_all([part], candidates, embeddings, rarity)[0]


def measure_all(
    parts: Sequence[Part], candidates: Sequence[Candidate], embeddings: Embeddings, rarity: Rarity = common_rarity
) -> list[Array]:
    """For each part (candidates, SIGNALS)."""
    if not candidates or not parts:
        return [np.zeros((0, len(SIGNALS)), dtype=np.float32) for _ in parts]
    prepared = prepare(parts, candidates, embeddings)
    return [_measured(prepared, at, rarity) for at in range(len(parts))]


def _measured(prepared: Prepared, at: int, rarity: Rarity) -> Array:
    part, candidates = prepared.parts[at], prepared.candidates
    columns = {name: np.zeros(len(candidates), dtype=np.float32) for name in SIGNALS}
    columns |= _of_meaning(prepared, prepared.asked[at])
    columns |= _of_passage(candidates)
    columns |= _of_terms(prepared, at, rarity)
    columns |= _of_kind(part, candidates)
    columns["cosine_margin"] = _margins(columns["sentence_cosine"])
    columns["match_margin"] = _margins(columns["term_match"])
    return np.stack([np.asarray(columns[name], dtype=np.float32) for name in SIGNALS], axis=1)


def _of_meaning(prepared: Prepared, asked: Array) -> dict[str, Array]:
    """How near the question lies to the candidate, to the lines above it and to both."""
    means = prepared.tokens.means
    sentences, headings = means[prepared.own], means[prepared.above]
    return {
        "sentence_cosine": sentences @ asked,
        "heading_cosine": headings @ asked,
        "context_cosine": unit_length(sentences + headings) @ asked,
    }


def _of_passage(candidates: Sequence[Candidate]) -> dict[str, Array]:
    """How retrieval scored the passage."""
    best_score = max(candidate.passage_score for candidate in candidates) or 1.0
    rows = [
        (
            candidate.dense,
            candidate.passage_score / best_score,
            math.log1p(max(candidate.lexical, 0.0)),
            1.0 / (1.0 + candidate.rank),
        )
        for candidate in candidates
    ]
    names = ("passage_cosine", "passage_score", "passage_lexical", "passage_rank")
    return dict(zip(names, np.asarray(rows, dtype=np.float32).T, strict=True))


def _of_terms(prepared: Prepared, at: int, rarity: Rarity) -> dict[str, Array]:
    """How far the question's words are met: in the candidate, with the lines above it, and with its passage."""
    terms, candidates = prepared.parts[at].terms, prepared.candidates
    weights = term_weights(terms, rarity)
    matches = term_matches(term_vectors(terms, prepared.queries[at]), prepared.tokens)
    own = matches[prepared.own]
    near = np.maximum(own, matches[prepared.above])
    covered = Coverage(terms)
    found = covered([candidate.text for candidate in candidates])
    found_near = found | covered(prepared.contexts)
    found_around = found_near | covered([candidate.passage_text for candidate in candidates])
    is_row: Flags = np.asarray([bool(candidate.cells) for candidate in candidates], dtype=np.bool_)
    around = np.where(is_row[:, None], found_near.loose, found_around.loose)
    unmet = gaps(terms, weights, near, found_near.loose, around)
    rows = [
        row_match(covered, candidate.cells, context) if candidate.cells else 0.0
        for candidate, context in zip(candidates, prepared.contexts, strict=True)
    ]
    return {
        "term_match": weighted(own, weights),
        "term_match_worst": worst(own, weights),
        "term_match_near": weighted(near, weights),
        "term_match_near_worst": worst(near, weights),
        "coverage": weighted(found.loose, weights),
        "coverage_near": weighted(found_near.loose, weights),
        "coverage_context": weighted(found_around.loose, weights),
        "names_missing": names_missing(terms, found_around.loose),
        "names_missing_near": names_missing(terms, found_near.loose),
        "codes_missing": codes_missing(terms, found_near.exact),
        "names_unknown": np.full(len(candidates), names_unknown(terms, rarity), dtype=np.float32),
        "gap": unmet.sum(axis=1) / weights.sum() if len(terms) else np.zeros(len(candidates), dtype=np.float32),
        "gap_worst": unmet.max(axis=1, initial=0.0),
        "row_match": np.asarray(rows, dtype=np.float32),
    }


def _of_kind(part: Part, candidates: Sequence[Candidate]) -> dict[str, Array]:
    """Whether the kind of thing asked for is there, and what is new in the candidate."""
    known = {term.stem for term in part.terms}
    given = numbers(part.text)
    names = ("kind_present", "novelty", "new_names", "new_numbers", "is_question", "is_lead_in", "length")
    rows = [_row_of_kind(part, candidate, known, given) for candidate in candidates]
    columns: dict[str, Array] = dict(zip(names, np.asarray(rows, dtype=np.float32).T, strict=True))
    kind, factual = columns["kind_present"], np.float32(part.asked in _FACTUAL)
    return columns | {
        "kind_is_factual": np.full_like(kind, factual),
        "kind_is_open": np.full_like(kind, part.asked in (Asked.THING, Asked.OTHER)),
        "kind_lacking": (1.0 - kind) * factual,
    }


def _row_of_kind(part: Part, candidate: Candidate, known: Set[str], given: Set[str]) -> tuple[float, ...]:
    words = read_words(candidate.text)
    end = candidate.text.rstrip(" *_")[-1:]
    return (
        kind_present(part, candidate.text, candidate.columns),
        len(words.stems - known) / len(words.stems) if words.stems else 0.0,
        math.log1p(sum(name not in known for name in names(candidate.text))),
        float(not numbers(candidate.text) <= given),
        float(end == "?"),
        float(end == ":"),
        min(1.0, math.log1p(words.count) / math.log1p(_FULL_LENGTH)),
    )


def _margins(values: Array) -> Array:
    """How far each lies above the best of the others (below: negative)."""
    if len(values) == 1:
        return np.zeros_like(values)
    second, best = np.partition(values, -2)[-2:]
    return np.asarray(values - np.where(values == best, second, best), dtype=np.float32)
