"""Answers a query with ranked chunks: filter by access → search both indexes → fuse → hydrate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from ingest.catalog import Catalog
from ingest.locating import locate
from ingest.model import Chunk, Document

from .access import Principal, readable
from .errors import FilterError, SearchIndexError
from .fusing import fuse
from .index import ChunkIndex
from .model import Hit, IndexFilter, Query
from .superseding import asked_for, superseded

FILTER_KEYS = ("source", "format", "document")
_ATTEMPTS = 5
"""How often a search begins anew because something changed while it ran."""
_MOST_POOL = 4000
_SUPERSEDED_WEIGHT = 0.5
"""What is no longer in force ranks below what is, yet can still be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """`pool` chunks are taken from each index; `dense_weight` of 1 is vectors alone, 0 words alone."""

    pool: int = 60
    dense_weight: float = 0.7


class Searcher:
    """Ranked passages that the asker may read."""

    def __init__(self, catalog: Catalog, index: ChunkIndex, settings: SearchSettings) -> None:
        self._catalog = catalog
        self._index = index
        self._settings = settings

    def search(self, query: Query) -> list[Hit]:
        """The best `query.k` chunks, best first.

        Raises:
            FilterError: `query.where` names an unknown key.
            SearchIndexError: an index cannot be read.
        """
        hits: list[Hit] = []
        for _ in range(_ATTEMPTS):
            before = self._catalog.revision()
            self._index.follow(self._catalog)
            try:
                hits = self._search(query)
            except SearchIndexError:
                # Another process may have been in the middle of a write; what is really damaged fails again.
                self._index.close()
                hits = self._search(query)
            # A version that came between the look into the indexes and that into the catalog would be missed, and the
            # one that it replaced as well.
            if self._catalog.revision() == before:
                break
        return hits

    def rarity(self, principal: Principal) -> Callable[[str], float]:
        """How rare a word is in what the principal may read: 0.0 in every chunk, 1.0 in none."""
        only = IndexFilter(access=readable(principal, self._catalog.accesses()))
        # Each signal of a question asks for the same few words.
        return cache(lambda word: self._index.lexical.rarity(word, only))

    def _search(self, query: Query) -> list[Hit]:
        only = IndexFilter(access=readable(query.principal, self._catalog.accesses()), terms=_terms(query))
        pool = max(self._settings.pool, query.k)
        while True:
            hits, dropped = self._look(query, only, pool)
            # What is being put together, or waits to be dropped, takes places from what answers.
            if len(hits) >= query.k or not dropped or pool >= _MOST_POOL:
                return hits
            pool *= 4

    def _look(self, query: Query, only: IndexFilter, pool: int) -> tuple[list[Hit], int]:
        """The hits among the best `pool` chunks of each index, and how many of those the catalog does not name."""
        dense = dict(self._index.vectors.search(query.text, pool, only))
        lexical = dict(self._index.lexical.search(query.text, pool, only))
        # Words find chunks that lie outside the vectors' pool: their cosine is known all the same.
        dense |= self._index.vectors.similarities(query.text, [i for i in lexical if i not in dense])
        ranked = fuse(dense, lexical, self._settings.dense_weight)
        chunks = self._catalog.chunks([chunk_id for chunk_id, _ in ranked])
        return self._hydrate(query, ranked, chunks, dense, lexical), len(ranked) - len(chunks)

    def _hydrate(
        self,
        query: Query,
        ranked: list[tuple[str, float]],
        chunks: Mapping[str, Chunk],
        dense: dict[str, float],
        lexical: dict[str, float],
    ) -> list[Hit]:
        """Hits for ids. What the catalog no longer names, or names for others by now, does not exist."""
        documents = self._readable(query.principal, {c.document_id for c in chunks.values()})
        replaced = self._superseded(query, documents)
        ranked = [
            (i, score * _SUPERSEDED_WEIGHT if i in chunks and chunks[i].document_id in replaced else score)
            for i, score in ranked
        ]
        ranked.sort(key=lambda pair: -pair[1])
        hits: list[Hit] = []
        for chunk_id, score in ranked:
            chunk = chunks.get(chunk_id)
            if chunk is None or chunk.document_id not in documents or len(hits) >= query.k:
                continue
            why = {
                name: round(scores[chunk_id], 4)
                for name, scores in (("dense", dense), ("lexical", lexical))
                if chunk_id in scores
            }
            if chunk.document_id in replaced:
                why["superseded"] = 1.0
            hits.append(
                Hit(
                    rank=len(hits) + 1,
                    score=round(score, 4),
                    document=documents[chunk.document_id],
                    chunk=chunk,
                    locator=locate(chunk, chunk.start, chunk.end),
                    why=why,
                )
            )
        return hits

    def _superseded(self, query: Query, documents: Mapping[str, Document]) -> frozenset[str]:
        """Those of the documents that another one, which the asker may read, replaces; less those asked for by name."""
        successions = self._catalog.successions()
        replacing = any(s.kind == "replaced_by" for i in documents for s in successions.get(i, ()))
        # Who is named as a successor may be any document; who names another as replaced is among the statements.
        readable_ones = self._readable(query.principal, None if replacing else successions)
        replaced = superseded(documents.values(), successions, readable_ones)
        return frozenset(i for i in replaced if not asked_for(documents[i], query.text))

    def _readable(self, principal: Principal, ids: Iterable[str] | None) -> dict[str, Document]:
        return {d.id: d for d in self._catalog.documents(ids) if principal.may_read(d.access)}


def _terms(query: Query) -> tuple[tuple[str, str], ...]:
    unknown = [key for key in query.where if key not in FILTER_KEYS]
    if unknown:
        raise FilterError(f"unknown filter {unknown[0]!r}; known are {', '.join(FILTER_KEYS)}")
    return tuple(query.where.items())
