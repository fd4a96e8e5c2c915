"""Answers a query with ranked chunks: understand → filter by access → search both indexes → score → read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from ingest.catalog import Catalog
from ingest.locating import locate
from ingest.model import Access, Document
from ingest.succession import title_key

from .access import Principal, readable
from .collapsing import collapse
from .errors import SearchIndexError
from .fusing import best_of_group, fuse
from .hinting import hints, weigh
from .index import ChunkIndex
from .model import Hit, IndexFilter, Query
from .ports import Reranker
from .reranking import rerank
from .spreading import spread
from .superseding import SUPERSEDED_WEIGHT, asked_for, successors_named, superseded
from .understanding import FILTER_KEYS, Understanding, admits_chunk, admits_document, understand

_ATTEMPTS = 5
"""How often a search begins anew because something changed while it ran."""
_MOST_POOL = 4000
_PHRASE_WEIGHT = 0.2
"""What a passage gains that holds a quoted phrase of the query to the letter."""
_SPARE = 10
"""So many more hits than asked for are read, so that near-duplicates leave enough."""
_KEYED = re.compile(r"\w:\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """`pool` chunks are taken from each index; `dense_weight` of 1 is vectors alone, 0 words alone.

    `document_weight` is how much of its document's best passage a passage is credited with. A reranker orders the
    best `rerank_top` hits anew for at most `rerank_budget_ms`.
    """

    pool: int = 60
    dense_weight: float = 0.5
    document_weight: float = 0.4
    rerank_top: int = 50
    rerank_budget_ms: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What both indexes found, with the documents it stands in. `dropped` chunks are none of the catalog's."""

    scores: dict[str, float]
    why: dict[str, dict[str, float]]
    owners: dict[str, str]
    documents: dict[str, Document]
    dropped: int


class Searcher:
    """Ranked passages that the asker may read."""

    def __init__(
        self,
        catalog: Catalog,
        index: ChunkIndex,
        settings: SearchSettings,
        *,
        reranker: Reranker | None = None,
        today: Callable[[], date] = date.today,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalog = catalog
        self._index = index
        self._settings = settings
        self._reranker = reranker
        self._today = today
        self._clock = clock

    def search(self, query: Query) -> list[Hit]:
        """The best `query.k` chunks, best first; none for a query that holds no words but filters.

        Raises:
            FilterError: an explicit filter, in `query.where` or in the text, is unknown or malformed.
            SearchIndexError: an index cannot be read.
            ModelError: a model that is needed cannot be used.
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
        accesses = self._catalog.accesses()
        access = readable(query.principal, accesses)
        asked = self._understand(query, access)
        filters = asked.filters
        if filters.labels or filters.not_labels:
            admitted = accesses if access is None else access
            labels = {number: accesses[number].label for number in admitted}
            access = frozenset(
                number
                for number, label in labels.items()
                if (not filters.labels or label in filters.labels) and label not in filters.not_labels
            )
        if filters.impossible or not asked.text:
            return []
        only = IndexFilter(
            access=access,
            any_of=filters.any_of,
            none_of=filters.none_of,
            after=filters.after,
            before=filters.before,
        )
        pool = max(self._settings.pool, 2 * query.k)
        while True:
            found = self._look(query.principal, asked, only, pool)
            hits = self._rank(query, asked, found)
            # What is being put together or dropped, and what fails a filter that no index knows, takes places.
            thinned = found.dropped or filters.kinds or filters.not_kinds or filters.titles or filters.without
            if len(hits) >= query.k or not thinned or pool >= _MOST_POOL:
                return hits
            pool *= 4

    def _understand(self, query: Query, access: frozenset[int] | None) -> Understanding:
        # What keys there are is looked up only where one may be meant.
        may_be_keyed = _KEYED.search(query.text) or any(key not in FILTER_KEYS for key in query.where)
        keys = self._catalog.metadata_keys(access) if may_be_keyed else ()
        return understand(query.text, where=query.where, today=query.today or self._today(), known_keys=keys)

    def _look(self, principal: Principal, asked: Understanding, only: IndexFilter, pool: int) -> _Found:
        """Looks for `pool` chunks in each index and scores them: by themselves, by their document and by hints."""
        vectors, lexical = self._index.vectors, self._index.lexical
        # To embed the query and to look for its words take a core each, for about as long.
        with ThreadPoolExecutor(1) as beside:
            looking = beside.submit(lexical.search, asked.text, pool, only)
            dense = dict(vectors.search(asked.text, pool, only))
            words = dict(looking.result())
        # Words find chunks that lie outside the vectors' pool: their cosine is known all the same.
        dense |= vectors.similarities(asked.text, [i for i in words if i not in dense])
        named = self._catalog.owners(list(dense | words))
        documents = self._readable(principal, named.values())
        owners = {chunk_id: owner for chunk_id, owner in named.items() if owner in documents}
        dropped = len(dense | words) - len(named)
        documents = {i: one for i, one in documents.items() if admits_document(asked.filters, one)}
        owners = {chunk_id: owner for chunk_id, owner in owners.items() if owner in documents}
        scores = fuse(
            {i: score for i, score in dense.items() if i in owners},
            {i: score for i, score in words.items() if i in owners},
            self._settings.dense_weight,
        )
        why = {
            chunk_id: {
                name: round(found[chunk_id], 4)
                for name, found in (("dense", dense), ("lexical", words))
                if chunk_id in found
            }
            for chunk_id in scores
        }
        replaced = self._superseded(asked, principal, documents)
        fits = hints(
            asked, list(documents.values()), lambda word: lexical.rarity(word, IndexFilter(access=only.access))
        )
        self._weigh_documents(scores, why, owners, fits, replaced)
        return _Found(scores=scores, why=why, owners=owners, documents=documents, dropped=dropped)

    def _weigh_documents(
        self,
        scores: dict[str, float],
        why: dict[str, dict[str, float]],
        owners: Mapping[str, str],
        fits: Mapping[str, Mapping[str, float]],
        replaced: Collection[str],
    ) -> None:
        """Adds to each chunk's score what speaks for its document; halves what another document replaces."""
        best = best_of_group(scores, owners)
        for chunk_id in scores:
            owner = owners[chunk_id]
            scores[chunk_id] += self._settings.document_weight * best[owner] + weigh(fits[owner])
            why[chunk_id] |= {"document": round(best[owner], 4), **fits[owner]}
            if owner in replaced:
                scores[chunk_id] *= SUPERSEDED_WEIGHT
                why[chunk_id]["superseded"] = 1.0

    def _rank(self, query: Query, asked: Understanding, found: _Found) -> list[Hit]:
        """The hits for the best chunks. Text is read for these only."""
        order = sorted(found.scores, key=lambda i: (-found.scores[i], i))
        wanted = max(query.k + _SPARE, self._settings.rerank_top if self._reranker else 0)
        read: list[Hit] = []
        hits: list[Hit] = []
        for start in range(0, len(order), wanted):
            read += self._read(order[start : start + wanted], asked, found)
            # What says the same as another one leaves its place to the next.
            hits = collapse(_in_order(read)).hits
            if len(hits) >= wanted - _SPARE:
                break
        if self._reranker is not None:
            hits, _ = rerank(
                self._reranker,
                asked.text,
                hits,
                top=self._settings.rerank_top,
                budget_s=self._settings.rerank_budget_ms / 1000,
                clock=self._clock,
            )
        return spread(hits, query.k) if asked.compares else hits[: query.k]

    def _read(self, ids: Sequence[str], asked: Understanding, found: _Found) -> list[Hit]:
        """Hits for those of the chunks that pass the filters on text."""
        chunks = self._catalog.chunks(ids)
        hits = []
        for chunk_id in ids:
            chunk = chunks.get(chunk_id)
            document = found.documents[found.owners[chunk_id]]
            if chunk is None or not admits_chunk(asked.filters, document, chunk):
                continue
            score, why = found.scores[chunk_id], found.why[chunk_id]
            if any(phrase.casefold() in chunk.indexed_text.casefold() for phrase in asked.phrases):
                score, why = score + _PHRASE_WEIGHT, {**why, "phrase": 1.0}
            locator = locate(chunk, chunk.start, chunk.end)
            hits.append(Hit(rank=1, score=round(score, 4), document=document, chunk=chunk, locator=locator, why=why))
        return hits

    def _superseded(
        self, asked: Understanding, principal: Principal, documents: Mapping[str, Document]
    ) -> frozenset[str]:
        """Those of the documents that another one, which the asker may read, replaces; less those asked for by name."""
        titles = {title_key(one.title) for one in documents.values()}
        successions = self._catalog.successions(documents.keys(), titles)
        successors = self._catalog.titled(successors_named(s for i in documents for s in successions.get(i, ())))
        others = self._readable(principal, (successions.keys() | successors) - documents.keys())
        replaced = superseded(documents.values(), successions, {**documents, **others})
        return frozenset(i for i in replaced if not asked_for(documents[i], asked.text))

    def _readable(self, principal: Principal, ids: Iterable[str]) -> dict[str, Document]:
        decided: dict[Access, bool] = {}
        found = {}
        for document in self._catalog.documents(ids):
            access = document.access
            if access not in decided:
                decided[access] = principal.may_read(access)
            if decided[access]:
                found[document.id] = document
        return found


def _in_order(hits: Sequence[Hit]) -> list[Hit]:
    """Hits by their scores, ranked from 1; equal ones as they came."""
    ordered = sorted(hits, key=lambda hit: -hit.score)
    return [replace(hit, rank=rank) for rank, hit in enumerate(ordered, 1)]
