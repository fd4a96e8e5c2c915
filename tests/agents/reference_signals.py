"""The signals computed one candidate at a time, straight from their definitions: what `agents.signals` is held to."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set

import numpy as np

from agents.kinds import kind_present, numbers
from agents.matching import Array, Rarity, Tokens, term_vectors, term_weights
from agents.question import Asked, Part, Term
from agents.signals import SIGNALS, Candidate, Embeddings, context_of
from agents.words import STOPWORDS, stem, words_of

FACTUAL = {
    Asked.AMOUNT, Asked.NUMBER, Asked.DURATION, Asked.FREQUENCY, Asked.DATE, Asked.PERSON, Asked.ORGANISATION,
    Asked.CONTACT,
}  # fmt: skip


def reference(part: Part, candidates: Sequence[Candidate], embeddings: Embeddings, rarity: Rarity) -> Array:
    """(candidates, SIGNALS)."""
    asked = embeddings.embed([part.text])[0]
    query = term_vectors(part.terms, embeddings.embed_tokens([part.text])[0])
    rows = [_row(part, candidate, candidates, asked, query, embeddings, rarity) for candidate in candidates]
    for name, source in (("cosine_margin", "sentence_cosine"), ("match_margin", "term_match")):
        for place, row in enumerate(rows):
            others = [other[source] for at, other in enumerate(rows) if at != place]
            row[name] = row[source] - max(others, default=row[source])
    return np.asarray([[row[name] for name in SIGNALS] for row in rows], dtype=np.float32)


def _row(
    part: Part,
    candidate: Candidate,
    candidates: Sequence[Candidate],
    asked: Array,
    query: Array,
    embeddings: Embeddings,
    rarity: Rarity,
) -> dict[str, float]:
    terms, weights = part.terms, [float(weight) for weight in term_weights(part.terms, rarity)]
    context = context_of(candidate)
    sentence, heading = embeddings.embed_tokens([candidate.text, context])
    mean, above = _mean(sentence, len(asked)), _mean(heading, len(asked))
    own = _matches(query, sentence)
    near = [max(pair) for pair in zip(own, _matches(query, heading), strict=True)]
    stems = _stems(candidate.text)
    near_stems = stems | _stems(context)
    all_stems = near_stems | _stems(candidate.passage_text)
    kind = kind_present(part, candidate.text, candidate.columns)
    unmet = _gaps(terms, weights, near, near_stems, near_stems if candidate.cells else all_stems)
    names = [term for term in terms if term.kind != "word"]
    codes = [term for term in terms if any(character.isdecimal() for character in term.text)]
    known = {term.stem for term in terms}
    best = max(one.passage_score for one in candidates) or 1.0
    return {
        "sentence_cosine": float(asked @ mean),
        "context_cosine": float(asked @ _unit(mean + above)),
        "passage_cosine": candidate.dense,
        "heading_cosine": float(asked @ above),
        "passage_score": candidate.passage_score / best,
        "passage_lexical": math.log1p(max(candidate.lexical, 0.0)),
        "passage_rank": 1.0 / (1.0 + candidate.rank),
        "term_match": _weighted(own, weights),
        "term_match_worst": _worst(own, weights),
        "term_match_near": _weighted(near, weights),
        "term_match_near_worst": _worst(near, weights),
        "coverage": _weighted(_covered(terms, stems), weights),
        "coverage_near": _weighted(_covered(terms, near_stems), weights),
        "coverage_context": _weighted(_covered(terms, all_stems), weights),
        "names_missing": 1.0 - _average(_covered(names, all_stems)) if names else 0.0,
        "names_missing_near": 1.0 - _average(_covered(names, near_stems)) if names else 0.0,
        "codes_missing": 1.0 - _average([float(term.stem in near_stems) for term in codes]) if codes else 0.0,
        "names_unknown": float(any(rarity(term.text) >= 1.0 for term in names)),
        "gap": sum(unmet) / sum(weights) if unmet else 0.0,
        "gap_worst": max(unmet, default=0.0),
        "kind_present": kind,
        "kind_is_factual": float(part.asked in FACTUAL),
        "kind_is_open": float(part.asked in (Asked.THING, Asked.OTHER)),
        "kind_lacking": 1.0 - kind if part.asked in FACTUAL else 0.0,
        "novelty": len(stems - known) / len(stems) if stems else 0.0,
        "new_names": math.log1p(sum(name not in known for name in _names(candidate.text))),
        "new_numbers": float(bool(numbers(candidate.text) - numbers(part.text))),
        "is_question": float(candidate.text.rstrip(" *_").endswith("?")),
        "is_lead_in": float(candidate.text.rstrip(" *_").endswith(":")),
        "length": min(1.0, math.log1p(len(words_of(candidate.text))) / math.log1p(40)),
        "row_match": _row_match(terms, candidate, context),
    }


def _matches(query: Array, tokens: Tokens) -> list[float]:
    return [max((float(term @ vector) for vector in tokens[0]), default=0.0) for term in query]


def _mean(tokens: Tokens, dimensions: int) -> Array:
    return _unit(np.mean(tokens[0], axis=0)) if len(tokens[0]) else np.zeros(dimensions, dtype=np.float32)


def _unit(vector: Array) -> Array:
    unit: Array = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit


def _average(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    pairs = zip(values, weights, strict=True)
    return sum(value * weight for value, weight in pairs) / sum(weights) if weights else 0.0


def _worst(values: Sequence[float], weights: Sequence[float]) -> float:
    middle = float(np.median(np.asarray(weights, dtype=np.float32))) if weights else 0.0
    return min((value for value, weight in zip(values, weights, strict=True) if weight >= middle), default=0.0)


def _stems(text: str) -> set[str]:
    return {stem(word) for word, _, _ in words_of(text) if word.lower() not in STOPWORDS}


def _covered(terms: Sequence[Term], stems: Set[str]) -> list[float]:
    return [float(term.stem in stems or _inside(term.stem, stems)) for term in terms]


def _inside(wanted: str, stems: Set[str]) -> bool:
    return len(wanted) >= 5 and any(len(one) >= 5 and (wanted in one or one in wanted) for one in stems)


def _gaps(
    terms: Sequence[Term], weights: Sequence[float], near: Sequence[float], stems: Set[str], around: Set[str]
) -> list[float]:
    unmet = []
    for term, weight, match in zip(terms, weights, near, strict=True):
        alike = min(max((match - 0.3) / 0.5, 0.0), 1.0)
        soft = alike if term.kind == "word" else 0.7 * _covered([term], around)[0]
        unmet.append(weight * (1.0 - max(_covered([term], stems)[0], soft)))
    return unmet


def _names(text: str) -> list[str]:
    found = []
    for place, (word, _, _) in enumerate(words_of(text)):
        capital = word[0].isupper() and (place > 0 or word.isupper())
        if (capital or any(character.isupper() for character in word[1:])) and word.lower() not in STOPWORDS:
            found.append(stem(word))
    return found


def _row_match(terms: Sequence[Term], candidate: Candidate, context: str) -> float:
    if not candidate.cells or not terms:
        return 0.0
    in_cells = max((_covered(terms, _stems(cell)) for cell in candidate.cells), key=sum)
    in_columns = _covered(terms, _stems(context))
    others = [max(there - here, 0.0) for here, there in zip(in_cells, in_columns, strict=True)]
    return _average(in_cells) * (0.5 + 0.5 * _average(others))
