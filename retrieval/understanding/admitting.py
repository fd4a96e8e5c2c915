"""Holds explicit filters against a document and a chunk: what no index filters by, and an oracle for what they do."""

from __future__ import annotations

import re
from functools import lru_cache

from ingest.model import Chunk, Document

from .model import KIND_ELEMENTS, KIND_FORMATS, KIND_METADATA, Filters, Kind


def admits_document(filters: Filters, document: Document) -> bool:
    """Whether a document passes all that can be told from it alone; `kinds` and `without` need a chunk as well."""
    title = document.title.casefold()
    return not (
        filters.impossible
        or any(_value(document, key) not in values for key, values in filters.any_of)
        or any(_value(document, key) in values for key, values in filters.none_of)
        or (filters.after is not None and document.modified_at < filters.after)
        or (filters.before is not None and document.modified_at >= filters.before)
        or (filters.labels and document.access.label not in filters.labels)
        or document.access.label in filters.not_labels
        or any(not any(part.casefold() in title for part in group) for group in filters.titles)
        or any(part.casefold() in title for part in filters.not_titles)
    )


def admits_chunk(filters: Filters, document: Document, chunk: Chunk) -> bool:
    """Whether a chunk of a document that passes has the kind asked for and none of the words that must not occur."""
    return (
        (not filters.kinds or any(is_kind(kind, document, chunk) for kind in filters.kinds))
        and not any(is_kind(kind, document, chunk) for kind in filters.not_kinds)
        and not any(_occurrence(words).search(chunk.text) for words in filters.without)
    )


def is_kind(kind: Kind, document: Document, chunk: Chunk | None = None) -> bool:
    """Whether a document is of a kind as a whole, or the chunk of it has an element that is."""
    if document.format in KIND_FORMATS[kind] or KIND_METADATA.get(kind) in document.metadata:
        return True
    wanted = KIND_ELEMENTS.get(kind)
    return wanted is not None and chunk is not None and any(element.kind is wanted for element in chunk.elements)


def _value(document: Document, key: str) -> str | None:
    match key:
        case "source":
            return document.source
        case "format":
            return document.format
        case "document":
            return document.id
        case _:
            return document.metadata.get(key)


@lru_cache(maxsize=256)
def _occurrence(words: str) -> re.Pattern[str]:
    """The words one after the other, whole, in any case."""
    spaced = r"\s+".join(map(re.escape, words.split()))
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)
