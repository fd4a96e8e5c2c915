"""The rows of the lexical index: its schema, what a chunk becomes in it, and how rows are committed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from ingest.model import Chunk, Document

from .analysis import DEFAULT_LANGUAGE, Stem, index_terms, marked
from .errors import SearchIndexError
from .language import LANGUAGES, language_of

_WRITER_BYTES = 64_000_000
_HEX = re.compile(r"[0-9a-f]{32}")
_ID_HALVES = ("id_first", "id_last")
"""A chunk's id as two numbers in columns: to read it from a stored row, tantivy unpacks all rows stored beside it."""


def schema() -> Any:
    """The index's fields. Terms are kept without frequencies and positions: `marked` terms stand in for them."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    for name in ("id", "attribute", "language"):
        builder.add_text_field(name, stored=name == "id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="basic")
    builder.add_unsigned_field("access", indexed=True)
    builder.add_integer_field("modified", indexed=True, fast=True)
    for name in _ID_HALVES:
        builder.add_unsigned_field(name, indexed=False, fast=True)
    return builder.build()


def row_of(chunk: Chunk, document: Document, stem: Stem) -> Any:
    """A chunk as a tantivy document."""
    context, _, body = chunk.indexed_text.partition("\n")
    language = language_of(chunk.text)
    counts = [Counter(index_terms(text, language, stem)) for text in (context, body)]
    return row_with(chunk.id, document, language, *counts)


def row_with(
    chunk_id: str, document: Document, language: str, context: Mapping[str, int], body: Mapping[str, int]
) -> Any:
    """A chunk as a tantivy document, from how often each term stands in its context and in its body."""
    import tantivy

    row = tantivy.Document(
        id=[chunk_id],
        terms=[" ".join(marked(context, body))],
        language=[language or DEFAULT_LANGUAGE],
        attribute=[
            *(attribute(key, value) for key, value in document.metadata.items()),
            attribute("source", document.source),
            attribute("format", document.format),
            attribute("document", document.id),
        ],
    )
    if _HEX.fullmatch(chunk_id):
        for name, half in zip(_ID_HALVES, (chunk_id[:16], chunk_id[16:]), strict=True):
            row.add_unsigned(name, int(half, 16))
    row.add_unsigned("access", document.access_id)
    row.add_integer("modified", seconds(document.modified_at))
    return row


def ids_at(searcher: Any, addresses: Sequence[Any]) -> list[str]:
    """The chunks' ids of rows, in order; those that are no hexadecimal numbers are read from the rows themselves."""
    firsts, lasts = (searcher.fast_field_values(name, list(addresses)) for name in _ID_HALVES)
    return [
        str(searcher.doc(address)["id"][0]) if first is None else f"{first:016x}{last:016x}"
        for address, first, last in zip(addresses, firsts, lasts, strict=True)
    ]


def attribute(key: str, value: str) -> str:
    """What a document is, as one term: "source" and "handbook", or a key of its metadata."""
    return f"{key}\x1f{value}"


def attributes(key: str, values: Iterable[str]) -> list[str]:
    """The terms of several values of one key."""
    return sorted(attribute(key, value) for value in values)


def seconds(moment: str) -> int:
    """A moment as seconds since 1970; one without a zone is UTC."""
    found = datetime.fromisoformat(moment)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


class Stemmer:
    """Words to stems by tantivy's stemmers, accents folded after the language's own rules have seen them."""

    def __call__(self, words: Sequence[str], language: str) -> list[str]:
        """Stems, one for one; a language that has no stemmer is taken as English."""
        if not words:
            return []
        analyzer = self._analyzers.get(language) or self._analyzers[DEFAULT_LANGUAGE]
        stems: list[str] = analyzer.analyze(" ".join(words))
        # A word that a stemmer drops or breaks would shift those after it.
        return stems if len(stems) == len(words) else [(analyzer.analyze(word) or [word])[0] for word in words]

    @cached_property
    def _analyzers(self) -> dict[str, Any]:
        import tantivy

        return {
            code: tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
            .filter(tantivy.Filter.stemmer(name))
            .filter(tantivy.Filter.ascii_fold())
            .build()
            for code, name in LANGUAGES.items()
        }


class Writing:
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
