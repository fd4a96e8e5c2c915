"""The lexical index: BM25 over stemmed words, in an embedded tantivy."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ingest.model import Chunk, Document

from .errors import SearchIndexError, as_index_error
from .model import IndexFilter
from .ports import Scored

_ANALYZER = "words"
_WRITER_BYTES = 64_000_000
_FIELDS = (("context", 1.5), ("body", 1.0))
"""Searched fields and their weights: title and headings, and the chunk's own words."""

STOP_WORDS = frozenset(
    """a an and any are as at be by can could did do does for from had has have how i if in is it its may me my of on
    or our shall should so that the their them there these they this those to was we were what when where which who
    whom whose why will with would you your
    aber als am an auf aus bei bin bis da darf das dass dem den der des die dies diese ein eine einem einen einer es
    für hat ich ihr im in ist kann man mein mit muss nach oder sich sie sind soll und uns unser unter viel viele vom
    von vor wann warum was welche welchem welchen welcher welches wem wen wenn wer werden wie wieviel wir wird wo zu
    zum zur über""".split()
)
"""Words that ask rather than name, English and German: they match everywhere and say nothing."""


class LexicalIndex:
    """Opens at first use; safe to share among threads, one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._opened: Any = None
        self._analyzer: Any = None

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Adds or replaces chunks, in one commit."""
        import tantivy

        if not chunks:
            return
        with self._lock, self._guarded(), _Writing(self._index) as writer:
            for chunk in chunks:
                document = documents[chunk.document_id]
                context, _, body = chunk.indexed_text.partition("\n")
                writer.delete_documents_by_term("id", chunk.id)
                row = tantivy.Document(
                    id=[chunk.id],
                    context=[context],
                    body=[body],
                    document=[document.id],
                    source=[document.source],
                    format=[document.format],
                )
                row.add_unsigned("access", document.access_id)
                writer.add_document(row)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        if not chunk_ids:
            return
        with self._lock, self._guarded(), _Writing(self._index) as writer:
            for chunk_id in chunk_ids:
                writer.delete_documents_by_term("id", chunk_id)

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over the documents' access: tantivy replaces whole rows."""
        self.write(chunks, documents)

    def search(self, text: str, k: int, only: IndexFilter) -> Scored:
        """The k best chunks by BM25. Nothing is found for a text of stop words alone."""
        import tantivy

        with self._guarded():
            query = self._query(text, only)
            if query is None or k < 1:
                return []
            searcher = self._searcher()
            found = searcher.search(tantivy.Query.boolean_query(query), k).hits
            return [(str(searcher.doc(address)["id"][0]), float(score)) for score, address in found]

    def terms(self, text: str) -> list[str]:
        """The index's terms of a text: lower-cased, accents folded, stemmed; stop words left out."""
        with self._guarded():
            _ = self._index
        words = [word for word in _words(text) if word not in STOP_WORDS]
        return list(dict.fromkeys(self._analyzer.analyze(" ".join(words))))

    def rarity(self, word: str, only: IndexFilter) -> float:
        """How rare a word is among the chunks that pass the filter: 0.0 in every one of them, 1.0 in none."""
        import tantivy

        if only.access is not None and not only.access:
            return 1.0
        with self._guarded():
            searcher = self._searcher()
            must, every = tantivy.Occur.Must, tantivy.Query.all_query()
            within = [(must, every), *((must, query) for query in self._filters(only))]
            chunks = int(searcher.search(tantivy.Query.boolean_query(within), 1).count or 0)
            terms = [(must, self._in_any_field(term)) for term in self._analyzer.analyze(word.casefold())]
            seen = int(searcher.search(tantivy.Query.boolean_query(within + terms), 1).count or 0) if terms else 0
        return 1.0 - math.log1p(seen) / math.log1p(chunks) if chunks else 1.0

    def ids(self) -> set[str]:
        """The ids of all chunks held."""
        import tantivy

        with self._guarded():
            searcher = self._searcher()
            if not searcher.num_docs:
                return set()
            found = searcher.search(tantivy.Query.all_query(), searcher.num_docs).hits
            return {str(searcher.doc(address)["id"][0]) for _, address in found}

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            self._opened = None

    def _guarded(self) -> AbstractContextManager[None]:
        return as_index_error(f"the lexical index in {self._folder}")

    def _searcher(self) -> Any:
        index = self._index
        index.reload()
        return index.searcher()

    def _query(self, text: str, only: IndexFilter) -> list[tuple[Any, Any]] | None:
        import tantivy

        query, occur = tantivy.Query, tantivy.Occur
        wanted = [(occur.Should, self._in_any_field(term)) for term in self.terms(text)]
        if not wanted or (only.access is not None and not only.access):
            return None
        # Weight 0: a filter admits, it does not rank.
        filters = [(occur.Must, query.boost_query(q, 0.0)) for q in self._filters(only)]
        return [(occur.Must, query.boolean_query(wanted)), *filters]

    def _in_any_field(self, term: str) -> Any:
        import tantivy

        query, schema = tantivy.Query, self._index.schema
        return query.boolean_query(
            [
                (tantivy.Occur.Should, query.boost_query(query.term_query(schema, name, term), weight))
                for name, weight in _FIELDS
            ]
        )

    def _filters(self, only: IndexFilter) -> list[Any]:
        import tantivy

        query, schema = tantivy.Query, self._index.schema
        filters = [query.term_query(schema, key, value) for key, value in only.terms]
        if only.access is not None:
            filters.append(query.term_set_query(schema, "access", sorted(only.access)))
        return filters

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

        builder = tantivy.SchemaBuilder()
        for name in ("id", "document", "source", "format"):
            builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
        for name, _ in _FIELDS:
            builder.add_text_field(name, tokenizer_name=_ANALYZER, index_option="freq")
        builder.add_unsigned_field("access", indexed=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        index = tantivy.Index(builder.build(), path=str(self._folder), reuse=True)
        self._analyzer = (
            tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
            .filter(tantivy.Filter.remove_long(100))
            .filter(tantivy.Filter.lowercase())
            .filter(tantivy.Filter.ascii_fold())
            .filter(tantivy.Filter.stemmer("english"))
            .build()
        )
        index.register_tokenizer(_ANALYZER, self._analyzer)
        self._opened = index


class _Writing:
    """A writer for one commit: rolled back when the block fails, its directory lock let go in any case."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._writer: Any = None

    def __enter__(self) -> Any:
        try:
            self._writer = self._index.writer(_WRITER_BYTES, 1)
        except ValueError as error:
            if "lock" not in str(error).lower():
                raise
            raise SearchIndexError(
                "the lexical index is being written by another process; wait for it to end, then try again"
            ) from error
        return self._writer

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._writer.commit()
            else:
                self._writer.rollback()
        finally:
            self._writer.wait_merging_threads()


def _words(text: str) -> list[str]:
    return [word.strip(".,;:!?()[]{}\"'«»„“”‘’") for word in text.encode(errors="replace").decode().casefold().split()]
