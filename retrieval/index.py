"""Both search indexes behind one door: what is written to one is written to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.catalog import Catalog
from ingest.model import Chunk, Document

from .lexical import LexicalIndex
from .ports import Array
from .vectors import VectorIndex

_REBUILD_CHUNKS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Chunks that an index lacks, or holds though the catalog does not name them."""

    index: str
    missing: frozenset[str]
    surplus: frozenset[str]


class ChunkIndex:
    """Meets `ingest.ports.ChunkSink`. The vector index is written first, removal runs in the same order."""

    def __init__(self, vectors: VectorIndex, lexical: LexicalIndex) -> None:
        self.vectors = vectors
        self.lexical = lexical
        self._seen: tuple[int, str] | None = None

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors of texts, in order."""
        return self.vectors.embed(texts)

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, Array]:
        """The vectors of those of the chunks that are held."""
        return self.vectors.vectors_of(chunk_ids)

    def write(self, chunks: Sequence[Chunk], vectors: Array, documents: Mapping[str, Document]) -> None:
        """Adds or replaces chunks in both indexes; `vectors` are the chunks', (n, dimensions)."""
        self.vectors.write(chunks, documents, vectors)
        self.lexical.write(chunks, documents)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks from both indexes."""
        self.vectors.remove(chunk_ids)
        self.lexical.remove(chunk_ids)

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Changes who may find these chunks, in both indexes."""
        self.vectors.set_access(chunks, documents)
        self.lexical.set_access(chunks, documents)

    def follow(self, catalog: Catalog) -> None:
        """Searches by what this catalog says now; what another process has written since is read anew."""
        revision = catalog.revision()
        by_another = self._seen is not None and revision != self._seen and revision[1] != catalog.id
        self._seen = revision
        self.vectors.follow(catalog, by_another=by_another)

    def close(self) -> None:
        """Lets go of the files."""
        self.vectors.close()
        self.lexical.close()

    def compare(self, catalog: Catalog) -> list[Disagreement]:
        """Where an index and the catalog do not hold the same chunks; empty when all agree.

        What the catalog has not made current yet, or remembers as waste, may be in an index or not.
        """
        named = set(catalog.chunk_ids())
        allowed = named.union(catalog.noncurrent_ids())
        found = []
        for name, held in (("vector", self.vectors.ids()), ("lexical", self.lexical.ids())):
            missing, surplus = named - held, held - allowed
            if missing or surplus:
                found.append(Disagreement(index=name, missing=frozenset(missing), surplus=frozenset(surplus)))
        return found

    def mend(self, catalog: Catalog, disagreements: Sequence[Disagreement]) -> None:
        """Writes what is missing and removes what is surplus; the catalog is taken as right."""
        for found in disagreements:
            index = self.vectors if found.index == "vector" else self.lexical
            index.remove(sorted(found.surplus))
            missing = sorted(found.missing)
            for start in range(0, len(missing), _REBUILD_CHUNKS):
                chunks = list(catalog.chunks(missing[start : start + _REBUILD_CHUNKS]).values())
                documents = {d.id: d for d in catalog.documents({chunk.document_id for chunk in chunks})}
                index.write(chunks, documents)
