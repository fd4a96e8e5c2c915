"""The lexical index: rare words weigh more, in an embedded tantivy.

A chunk's score is the share of the query's weight that its terms carry, a term's weight being its inverse document
frequency *among the chunks that the asker may read*, saturated with how often it stands there, as in BM25 (Robertson
and Zaragoza 2009, with b = 0: chunks are of like length). tantivy's own BM25 would count what the asker may not read
into every score.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.model import Chunk, Document

from .analysis import STRONG, STRONGER, Word, index_terms, query_words
from .errors import as_index_error
from .language import LANGUAGES, language_of
from .lexical_rows import Stemmer, Writing, attributes, ids_at, row_of, schema, seconds
from .model import IndexFilter
from .ports import Scored

_MARKS = (("", 1.0), (STRONG, 0.28), (STRONGER, 0.15))
"""What a term is worth, and what more when it stands there often: BM25's frequency term for k1 = 0.6."""
_WHOLE = sum(worth for _, worth in _MARKS)
_GRAIN = 4096
"""Weights are whole parts of this: their sums are exact in 32 bits, whatever the order in which they are added."""
_MOST_TIES = 8
"""So many times k chunks are looked at to choose among equally good ones by id rather than by place in the index."""
_KEPT_COUNTS = 20_000
_LEAST_WEIGHT = 0.15
"""Words of less than this share of the rarest one's weight are not looked for: they stand in too many chunks to choose
any, and to walk through all of these takes nearly the whole time of a search at size."""
_MOST_WORDS = 64
"""Words of a query that are searched for, the rarest: what is longer is a text, and those say what it is about."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The index as of one moment. `counts` remembers how many chunks that someone may read hold a term."""

    commit: tuple[int, int]
    searcher: Any
    counts: dict[tuple[frozenset[int] | None, str, str], int]


class LexicalIndex:
    """Opens at first use; safe to share among threads, one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._opened: Any = None
        self._reading: _Reading | None = None
        self._stem = Stemmer()

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Adds or replaces chunks, in one commit."""
        if not chunks:
            return
        self.write_rows({chunk.id: row_of(chunk, documents[chunk.document_id], self._stem) for chunk in chunks})

    def write_rows(self, rows: Mapping[str, Any]) -> None:
        """Adds or replaces chunks by their ids, given as what `lexical_rows` makes of them, in one commit."""
        with self._lock, self._guarded(), Writing(self._index) as writer:
            for chunk_id, row in rows.items():
                writer.delete_documents_by_term("id", chunk_id)
                writer.add_document(row)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        if not chunk_ids:
            return
        with self._lock, self._guarded(), Writing(self._index) as writer:
            for chunk_id in chunk_ids:
                writer.delete_documents_by_term("id", chunk_id)

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over what the documents say besides their text: tantivy replaces whole rows."""
        self.write(chunks, documents)

    def search(self, text: str, k: int, only: IndexFilter) -> Scored:
        """The k best chunks: the share of the query's weight that they carry, in (0, 1].

        Nothing is found for a text of words that only ask.
        """

        if k < 1 or (only.access is not None and not only.access):
            return []
        with self._guarded():
            reading = self._read()
            weighed, total = self._weigh(text, reading, only.access)
            if not weighed:
                return []
            whole = total * _WHOLE
            found = _best(reading.searcher, self._query(weighed, only), k)
            return [(chunk_id, min(1.0, score / whole)) for chunk_id, score in found]

    def rarity(self, word: str, only: IndexFilter) -> float:
        """How rare a word is among the chunks that pass the filter's access: 0.0 in every one of them, 1.0 in none."""
        if only.access is not None and not only.access:
            return 1.0
        with self._guarded():
            reading = self._read()
            chunks = self._count(None, reading, only.access)
            words = self._words(word, reading, only.access, asking=True)
            seen = [self._count_word(one, reading, only.access) for one in words]
        return 1.0 - math.log1p(min(seen, default=0)) / math.log1p(chunks) if chunks else 1.0

    def ids(self) -> set[str]:
        """The ids of all chunks held."""
        import tantivy

        with self._guarded():
            searcher = self._read().searcher
            if not searcher.num_docs:
                return set()
            found = searcher.search(tantivy.Query.all_query(), searcher.num_docs).hits
            return set(ids_at(searcher, [address for _, address in found]))

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            self._opened = self._reading = None

    def _guarded(self) -> AbstractContextManager[None]:
        return as_index_error(f"the lexical index in {self._folder}")

    def _read(self) -> _Reading:
        """The index as it is on disk now. What was counted stays true until something is written."""
        index = self._index
        commit = self._commit()  # Before the reload: a commit in between is seen the next time.
        known = self._reading
        if known is None or known.commit != commit:
            index.reload()
            known = self._reading = _Reading(commit, index.searcher(), {})
        return known

    def _commit(self) -> tuple[int, int]:
        """What tells one commit from another, of whichever process: tantivy replaces this file with each."""
        found = (self._folder / "meta.json").stat()
        return found.st_ino, found.st_mtime_ns

    def _words(
        self, text: str, reading: _Reading, access: frozenset[int] | None, *, asking: bool = False
    ) -> list[Word]:
        """The words of a query; `asking` keeps those that only ask, where there is nothing else.

        Stems are those of the languages that what may be read is in: another one would change what is found.
        """
        language = language_of(text)
        readable = tuple(code for code in LANGUAGES if self._count(code, reading, access, "language"))
        words = query_words(text, language, readable, self._stem)
        if not words and asking:
            words = [Word((term,)) for term in dict.fromkeys(index_terms(text, language, self._stem))]
        return words

    def _weigh(
        self, text: str, reading: _Reading, access: frozenset[int] | None
    ) -> tuple[list[tuple[Word, float]], float]:
        """The query's words that are to be looked for, with their weights, and the weight of the whole query.

        A weight is the inverse document frequency among what may be read, as in BM25. A word that stands nowhere
        counts into the whole as the rarest there could be.
        """
        chunks = self._count(None, reading, access)
        held: list[tuple[Word, float]] = []
        missing = 0.0
        for word in self._words(text, reading, access):
            seen = self._count_word(word, reading, access)
            if seen:
                held.append((word, math.log(1.0 + (chunks - seen + 0.5) / (seen + 0.5))))
            else:
                missing += math.log(1.0 + chunks + 0.5)
        held.sort(key=lambda pair: -pair[1])
        held = [(word, round(weight * _GRAIN) / _GRAIN) for word, weight in held[:_MOST_WORDS]]
        total = sum(weight for _, weight in held) + round(missing * _GRAIN) / _GRAIN
        least = _LEAST_WEIGHT * held[0][1] if held else 0.0
        return [(word, weight) for word, weight in held if weight > 0.0 and weight >= least], total

    def _count_word(self, word: Word, reading: _Reading, access: frozenset[int] | None) -> int:
        return max(self._count(term, reading, access) for term in word.terms)

    def _count(self, term: str | None, reading: _Reading, access: frozenset[int] | None, field: str = "terms") -> int:
        """How many chunks that may be read hold a term; None counts them all."""
        import tantivy

        if access is None:
            # What was removed is counted into the frequency of a term until tantivy merges its files.
            chunks = int(reading.searcher.num_docs)
            return chunks if term is None else min(chunks, int(reading.searcher.doc_freq(field, term)))
        key = (access, field, term or "")
        if key not in reading.counts:
            query, schema = tantivy.Query, self._index.schema
            clauses = [query.term_set_query(schema, "access", sorted(access))]
            if term is not None:
                clauses.append(query.term_query(schema, field, term, "basic"))
            both = query.boolean_query([(tantivy.Occur.Must, clause) for clause in clauses])
            if len(reading.counts) >= _KEPT_COUNTS:
                reading.counts.clear()
            reading.counts[key] = int(reading.searcher.search(both, 1, count=True).count or 0)
        return reading.counts[key]

    def _query(self, weighed: Sequence[tuple[Word, float]], only: IndexFilter) -> Any:
        import tantivy

        query, occur = tantivy.Query, tantivy.Occur
        wanted = [
            (occur.Should, self._marked(word, mark, round(weight * worth * _GRAIN) / _GRAIN))
            for word, weight in weighed
            for mark, worth in _MARKS
        ]
        must = [(occur.Must, query.boolean_query(wanted))]
        return query.boolean_query([*must, *self._filters(only)])

    def _marked(self, word: Word, mark: str, weight: float) -> Any:
        import tantivy

        query, schema = tantivy.Query, self._index.schema
        forms = [
            query.const_score_query(query.term_query(schema, "terms", term + mark, "basic"), weight)
            for term in word.terms
        ]
        return forms[0] if len(forms) == 1 else query.disjunction_max_query(forms)

    def _filters(self, only: IndexFilter) -> list[tuple[Any, Any]]:
        """What must and must not be so. Of no weight: a filter admits, it does not rank."""
        import tantivy

        query, schema, occur = tantivy.Query, self._index.schema, tantivy.Occur
        filters = []
        if only.access is not None:
            filters.append((occur.Must, query.term_set_query(schema, "access", sorted(only.access))))
        for key, values in only.any_of:
            filters.append((occur.Must, query.term_set_query(schema, "attribute", attributes(key, values))))
        for key, values in only.none_of:
            filters.append((occur.MustNot, query.term_set_query(schema, "attribute", attributes(key, values))))
        if only.after is not None or only.before is not None:
            within = query.range_query(
                schema,
                "modified",
                tantivy.FieldType.Integer,
                None if only.after is None else seconds(only.after),
                None if only.before is None else seconds(only.before),
                include_upper=only.before is None,
            )
            filters.append((occur.Must, within))
        return [(how, query.const_score_query(one, 0.0)) for how, one in filters]

    @property
    def _index(self) -> Any:
        opened = self._opened
        if opened is None:  # Readers take the lock only here: a writer holds it for the whole of its commit.
            with self._lock:
                if self._opened is None:
                    self._open()
                opened = self._opened
        return opened

    def _open(self) -> None:
        import tantivy

        self._folder.mkdir(parents=True, exist_ok=True)
        self._opened = tantivy.Index(schema(), path=str(self._folder), reuse=True)


def _best(searcher: Any, query: Any, k: int) -> Scored:
    """The k best rows' chunk ids and scores; of equally good ones those with the first ids.

    tantivy takes the ones that stand first in its files, which depends on everything that was ever written there.
    """
    found = searcher.search(query, k + 1, count=False).hits
    if len(found) > k and found[k][0] == found[k - 1][0]:
        found = searcher.search(query, _MOST_TIES * k, count=False).hits
        found = [pair for pair in found if pair[0] >= found[k - 1][0]]
    ids = ids_at(searcher, [address for _, address in found])
    scored = [(one, float(score)) for one, (score, _) in zip(ids, found, strict=True)]
    return sorted(scored, key=lambda pair: (-pair[1], pair[0]))[:k]
