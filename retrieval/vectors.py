"""The vector index: stored in an embedded Chroma collection, searched in memory."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ingest.catalog import Catalog
from ingest.changes import Changes, DocumentState
from ingest.model import Chunk, Document

from .errors import as_index_error
from .exact import ExactIndex
from .model import IndexFilter
from .ports import Array, Embedder, Scored
from .vector_file import VectorFile

T = TypeVar("T")

_COLLECTION = "chunks"
_WRITE_ROWS = 200
"""Chroma takes 5,461 rows at most and is fastest with 50 to 250."""
_READ_ROWS = 2000
VECTOR_FILE = "exact.vectors"
_KEPT_QUERIES = 32
_NO_REVISION = -1


class VectorIndex:
    """Cosine similarity over unit vectors. Opens at first use; safe to share among threads.

    Chroma stores the vectors. They are searched in memory, by what a catalog says once `follow` has named one, by what
    was written here otherwise.
    """

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._lock = threading.RLock()
        self._opened: tuple[Any, Any] | None = None
        self._outdated = False
        self._catalog: Catalog | None = None
        self._changed = True
        self._queries: dict[str, Array] = {}

    @cached_property
    def _exact(self) -> ExactIndex:
        dimensions = self._embedder.dimensions
        return ExactIndex(VectorFile(self._folder / VECTOR_FILE, dimensions), dimensions, self._stored, self._keep_up)

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors of texts, in order."""
        return self._embedder.embed(texts)

    def follow(self, catalog: Catalog, *, by_another: bool) -> None:
        """From now on what the catalog says is found; `by_another` tells that another process has written.

        Chroma keeps in memory what it has read for good. It is opened again at its next use, which no search is.
        """
        with self._lock:
            self._catalog = catalog
            self._outdated |= by_another

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document], vectors: Array | None = None) -> None:
        """Stores chunks with their vectors, (n, dimensions) in the same order; embeds them where none are given."""
        if not chunks:
            return
        if vectors is None:
            vectors = self.embed([chunk.indexed_text for chunk in chunks])
        for start in range(0, len(chunks), _WRITE_ROWS):
            rows = chunks[start : start + _WRITE_ROWS]
            with self._guarded():
                self._collection.upsert(
                    ids=[chunk.id for chunk in rows],
                    embeddings=vectors[start : start + _WRITE_ROWS],
                    metadatas=[_metadata(documents[chunk.document_id]) for chunk in rows],
                )
        self._exact.write([chunk.id for chunk in chunks], vectors)
        self._changed = True

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, Array]:
        """The vectors of those of the chunks that are held."""
        found = self._exact.vectors_of(chunk_ids)
        missing = [one for one in chunk_ids if one not in found]
        return found | self._stored(missing) if missing else found

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        with self._guarded():
            for rows in _slices(chunk_ids, _WRITE_ROWS):
                self._collection.delete(ids=list(rows))
        self._exact.remove(chunk_ids)
        self._changed = True

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over the documents' access; nothing is embedded."""
        with self._guarded():
            for rows in _slices(chunks, _WRITE_ROWS):
                self._collection.update(
                    ids=[chunk.id for chunk in rows],
                    metadatas=[_metadata(documents[chunk.document_id]) for chunk in rows],
                )
        self._changed = True

    def search(self, text: str, k: int, only: IndexFilter) -> Scored:
        """The k nearest chunks by cosine, which is the score."""
        if k < 1 or (only.access is not None and not only.access):
            return []
        return self._exact.search(self._vector_of(text), k, only)

    def documents(self, text: str, k: int, only: IndexFilter) -> Scored:
        """The k nearest documents, by the cosine to the mean of their chunks' vectors: (document id, cosine)."""
        if k < 1 or (only.access is not None and not only.access):
            return []
        return self._exact.documents(self._vector_of(text), k, only)

    def similarities(self, text: str, chunk_ids: Sequence[str]) -> dict[str, float]:
        """The cosine of each of these chunks to a text; unknown ids are left out."""
        return self._exact.similarities(self._vector_of(text), chunk_ids) if chunk_ids else {}

    def ids(self) -> set[str]:
        """The ids of all chunks stored."""
        return {chunk_id for chunk_id, _ in self._pages([])}

    def close(self) -> None:
        """Lets go of the files and of what is in memory."""
        with self._lock:
            self._close_store()
        if "_exact" in self.__dict__:
            self._exact.forget()
        self._changed = True

    def _close_store(self) -> None:
        if self._opened is not None:
            client, _ = self._opened
            self._opened = None
            client.close()

    def _vector_of(self, text: str) -> Array:
        """A query's vector; those of the latest queries are kept, since one search asks for it several times."""
        with self._lock:
            known = self._queries.get(text)
        if known is None:
            known = self._embedder.embed([text])[0]
            with self._lock:
                self._queries[text] = known
                while len(self._queries) > _KEPT_QUERIES:
                    del self._queries[next(iter(self._queries))]
        return known

    def _keep_up(self) -> None:
        if self._catalog is not None:
            self._exact.follow(self._catalog)
        elif self._changed:
            self._changed = False
            held = tuple(_states(self._pages(["metadatas"])))
            self._exact.take(Changes(revision=_NO_REVISION, is_all=True, documents=held, gone=frozenset()))

    def _stored(self, chunk_ids: Sequence[str]) -> dict[str, Array]:
        """The vectors of those of the chunks that Chroma holds."""
        found: dict[str, Array] = {}
        for ids in _slices(chunk_ids, _READ_ROWS):
            with self._guarded():
                rows = self._collection.get(ids=list(ids), include=["embeddings"])
            found.update(zip(rows["ids"], np.asarray(rows["embeddings"], dtype=np.float32), strict=True))
        return found

    def _pages(self, include: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The id of each chunk that Chroma holds, and its metadata where it is included."""
        count = 0
        while True:
            with self._guarded():
                page = self._collection.get(limit=_READ_ROWS, offset=count, include=include)
            if not page["ids"]:
                return
            count += len(page["ids"])
            yield from zip(page["ids"], page["metadatas"] or [{}] * len(page["ids"]), strict=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """One call of Chroma at a time: a search that meets the first write of a new index would fail."""
        with self._lock, as_index_error(f"the vector index in {self._folder}"):
            yield

    @property
    def _collection(self) -> Any:
        with self._lock:
            if self._outdated:
                self._close_store()
                self._outdated = False
            if self._opened is None:
                self._opened = self._open()
            return self._opened[1]

    def _open(self) -> tuple[Any, Any]:
        # Before the import: chromadb reads it once, and its product telemetry is on by default.
        os.environ["ANONYMIZED_TELEMETRY"] = "False"
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.config import Settings

        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            client: Any = chromadb.PersistentClient(
                path=str(self._folder), settings=Settings(anonymized_telemetry=False)
            )
        except BaseException:
            # Chroma keeps what failed to start and would hand it out again when the folder is made anew.
            SharedSystemClient._identifier_to_system.pop(str(self._folder), None)
            raise
        try:
            return client, self._collection_of(client)
        except BaseException:
            client.close()
            raise

    @staticmethod
    def _collection_of(client: Any) -> Any:
        collection = client.get_or_create_collection(
            _COLLECTION,
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}},
        )
        collection.count()  # Reads the file, so that damage shows here.
        return collection


def _metadata(document: Document) -> dict[str, str | int]:
    return {
        "access": document.access_id,
        "document": document.id,
        "source": document.source,
        "format": document.format,
        "modified_at": document.modified_at,
        "metadata": json.dumps(dict(document.metadata)),
    }


def _states(rows: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[DocumentState]:
    """The documents that stored chunks belong to."""
    chunks: dict[str, list[str]] = {}
    about: dict[str, dict[str, Any]] = {}
    for chunk_id, found in rows:
        chunks.setdefault(found["document"], []).append(chunk_id)
        about[found["document"]] = found
    for document_id, found in about.items():
        yield DocumentState(
            id=document_id,
            source=found["source"],
            format=found["format"],
            modified_at=found["modified_at"],
            access_id=found["access"],
            metadata=json.loads(found["metadata"]),
            chunk_ids=tuple(chunks[document_id]),
        )


def _slices(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
