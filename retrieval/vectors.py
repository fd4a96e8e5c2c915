"""The vector index: an embedded Chroma collection."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ingest.model import Chunk, Document

from .errors import as_index_error
from .model import IndexFilter
from .ports import Array, Embedder, Scored

T = TypeVar("T")

_COLLECTION = "chunks"
_WRITE_ROWS = 200
"""Chroma takes 5,461 rows at most and is fastest with 50 to 250."""
_READ_ROWS = 2000


class VectorIndex:
    """Cosine similarity over unit vectors. Opens at first use; safe to share among threads."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._lock = threading.RLock()
        self._opened: tuple[Any, Any] | None = None
        self._latest: tuple[str, Array] | None = None

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors of texts, in order."""
        return self._embedder.embed(texts)

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document], vectors: Array | None = None) -> None:
        """Stores chunks with their vectors, (n, dimensions) in the same order; embeds them where none are given."""
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

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, Array]:
        """The vectors of those of the chunks that are held."""
        found: dict[str, Array] = {}
        for ids in _slices(chunk_ids, _READ_ROWS):
            with self._guarded():
                rows = self._collection.get(ids=list(ids), include=["embeddings"])
            found.update(zip(rows["ids"], np.asarray(rows["embeddings"], dtype=np.float32), strict=True))
        return found

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        with self._guarded():
            for rows in _slices(chunk_ids, _WRITE_ROWS):
                self._collection.delete(ids=list(rows))

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over the documents' access; nothing is embedded."""
        with self._guarded():
            for rows in _slices(chunks, _WRITE_ROWS):
                self._collection.update(
                    ids=[chunk.id for chunk in rows],
                    metadatas=[_metadata(documents[chunk.document_id]) for chunk in rows],
                )

    def search(self, text: str, k: int, only: IndexFilter) -> Scored:
        """The k nearest chunks by cosine, which is the score."""
        if k < 1 or (only.access is not None and not only.access):
            return []
        vector = self._vector_of(text)
        with self._guarded():
            found = self._collection.query(
                query_embeddings=vector[None, :], n_results=k, where=_where(only), include=["distances"]
            )
        return [
            (chunk_id, 1.0 - float(distance))
            for chunk_id, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def similarities(self, text: str, chunk_ids: Sequence[str]) -> dict[str, float]:
        """The cosine of each of these chunks to a text; unknown ids are left out."""
        held = self.vectors_of(chunk_ids)
        if not held:
            return {}
        vector = self._vector_of(text)
        return {chunk_id: float(one @ vector) for chunk_id, one in held.items()}

    def ids(self) -> set[str]:
        """The ids of all chunks held."""
        found: set[str] = set()
        with self._guarded():
            while True:
                page = self._collection.get(limit=_READ_ROWS, offset=len(found), include=[])["ids"]
                if not page:
                    return found
                found.update(page)

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            if self._opened is not None:
                client, _ = self._opened
                client.close()
                self._opened = None

    def _vector_of(self, text: str) -> Array:
        """A query's vector; that of the latest query is kept, since one search asks for it twice."""
        known = self._latest
        if known is None or known[0] != text:
            known = self._latest = (text, self._embedder.embed([text])[0])
        return known[1]

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """One call of Chroma at a time: a search that meets the first write of a new index would fail."""
        with self._lock, as_index_error(f"the vector index in {self._folder}"):
            yield

    @property
    def _collection(self) -> Any:
        with self._lock:
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
    return {"access": document.access_id, "document": document.id, "source": document.source, "format": document.format}


def _where(only: IndexFilter) -> dict[str, Any] | None:
    clauses: list[dict[str, Any]] = [{key: value} for key, value in only.terms]
    if only.access is not None:
        clauses.append({"access": {"$in": sorted(only.access)}})
    match clauses:
        case []:
            return None
        case [clause]:
            return clause
        case _:
            return {"$and": clauses}


def _slices(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
