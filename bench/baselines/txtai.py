"""txtai's hybrid index: dense vectors and BM25, as `Embeddings(hybrid=True)` makes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import Piece, Search


def build(pieces: Sequence[Piece], model: Path, _folder: Path) -> Search:
    """The default hybrid index, its scores fused by txtai's own equal weights."""
    from txtai import Embeddings

    embeddings = Embeddings(path=str(model), hybrid=True, gpu=False)
    # Ids are row numbers: it takes text, but not every text, for one.
    embeddings.index([(row, text, None) for row, (_, text) in enumerate(pieces)])
    return lambda query, k: [pieces[int(row)][0] for row, _ in embeddings.search(query, k)]
