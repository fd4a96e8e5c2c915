"""The simplest systems: BM25 alone, vectors alone, and the reciprocal rank fusion of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import Piece, Search

_RRF_K = 60
_RRF_DEPTH = 100


def build_bm25(pieces: Sequence[Piece], _model: Path, _folder: Path) -> Search:
    """BM25 over stemmed English words without stop words, as in the first example of bm25s."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25()
    words = bm25s.tokenize([text for _, text in pieces], stopwords="en", stemmer=stemmer, show_progress=False)
    retriever.index(words, show_progress=False)

    def search(query: str, k: int) -> list[str]:
        asked = bm25s.tokenize(query, stopwords="en", stemmer=stemmer, show_progress=False)
        rows, scores = retriever.retrieve(asked, k=min(k, len(pieces)), show_progress=False)
        # It fills up with pieces that share no word with the query.
        return [pieces[row][0] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

    return search


def build_dense(pieces: Sequence[Piece], model: Path, _folder: Path) -> Search:
    """Exact cosine over sentence-transformers vectors. The model drops what lies past its 256 tokens."""
    from sentence_transformers import SentenceTransformer

    encoder: Any = SentenceTransformer(str(model), device="cpu", local_files_only=True)
    vectors = np.asarray(
        encoder.encode([text for _, text in pieces], normalize_embeddings=True, show_progress_bar=False)
    )

    def search(query: str, k: int) -> list[str]:
        asked = np.asarray(encoder.encode([query], normalize_embeddings=True, show_progress_bar=False))[0]
        return [pieces[row][0] for row in np.argsort(-(vectors @ asked), kind="stable")[:k]]

    return search


def build_rrf(pieces: Sequence[Piece], model: Path, folder: Path) -> Search:
    """The sum of 1 / (60 + rank) over both rankings (Cormack, Clarke and Büttcher, SIGIR 2009)."""
    rankings = [build_bm25(pieces, model, folder), build_dense(pieces, model, folder)]

    def search(query: str, k: int) -> list[str]:
        scores: dict[str, float] = {}
        for ranking in rankings:
            for rank, one in enumerate(ranking(query, max(k, _RRF_DEPTH)), 1):
                scores[one] = scores.get(one, 0.0) + 1 / (_RRF_K + rank)
        return sorted(scores, key=lambda one: -scores[one])[:k]

    return search
