"""Holds two homes against each other, document by document and chunk by chunk, and one home against itself.

A home that went through crashes, edits or a long history must equal one that was filled at once from the same files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from api.doctor import diagnose
from api.settings import Settings, load_settings
from api.wiring import Platform
from ingest.model import Access, Chunk, Document
from ingest.recording import Recorder
from retrieval.ports import Array, Embedder

_LEAST_COSINE = 0.99999
_MOST_PROBES = 400
"""Chunks that are searched for by their own vector: what Chroma stores and what it finds are two things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One document as a home holds it: the catalog's row, its canonical text, chunks in order, vectors (n, d)."""

    document: Document
    text: str | None
    chunks: tuple[Chunk, ...]
    vectors: Array


def make_platform(home: Path, embedder: Embedder, config: Path | None = None) -> Platform:
    """A platform on a home that uses an embedder which is loaded already. Settings of the machine are left out."""
    settings = load_settings(config, {"GROUNDCREW_HOME": str(home)}) if config is not None else Settings(home=home)
    platform = Platform(settings)
    platform.__dict__["embedder"] = embedder
    return platform


def differences(one: Platform, other: Platform, folder: Path, other_folder: Path | None = None) -> list[str]:
    """In what two homes differ, and what is wrong with either; empty when they are equal and whole.

    `folder` is what `one` was filled from; documents are told apart by where they lie in it.
    """
    # What another process has written since is read anew.
    for platform in (one, other):
        platform.index.close()
    first, second = holdings(one, folder), holdings(other, other_folder or folder)
    found = [f"{name} is only in the first" for name in sorted(first.keys() - second.keys())]
    found += [f"{name} is only in the second" for name in sorted(second.keys() - first.keys())]
    for name in sorted(first.keys() & second.keys()):
        found += [f"{name}: {what}" for what in _differences(first[name], second[name])]
    refused = _quarantine(one, folder), _quarantine(other, other_folder or folder)
    found += [f"quarantined only in the first: {entry}" for entry in sorted(refused[0] - refused[1])]
    found += [f"quarantined only in the second: {entry}" for entry in sorted(refused[1] - refused[0])]
    # The doctor checks the model's weights as well, which takes a while and is the same for both.
    found += [f"first: doctor: {problem}" for problem in diagnose(one).problems]
    return found + [f"first: {f}" for f in faults(one)] + [f"second: {f}" for f in faults(other)]


def holdings(platform: Platform, folder: Path) -> dict[str, Held]:
    """All documents of a home by their place in the folder."""
    catalog = platform.catalog
    prefix = folder.as_uri() + "/"
    found: dict[str, Held] = {}
    for document in list(catalog.documents()):
        ids = catalog.chunk_ids(document.id)
        chunks = catalog.chunks(ids)
        vectors = platform.index.vectors.vectors_of(ids)
        blank = np.zeros_like(next(iter(vectors.values()))) if vectors else np.zeros(0, dtype=np.float32)
        found[f"{document.source}:{document.uri.removeprefix(prefix)}"] = Held(
            document=document,
            text=catalog.text(document.id),
            chunks=tuple(chunks[one] for one in ids),
            vectors=np.stack([vectors.get(one, blank) for one in ids]) if ids else np.zeros((0, 0), np.float32),
        )
    return found


def faults(platform: Platform) -> list[str]:
    """What is wrong within one home: waste, doubles, wrong access in an index, vectors that no query finds."""
    found = [
        f"the {d.index} index lacks {len(d.missing)} chunks and holds {len(d.surplus)} that the catalog does not name"
        for d in platform.index.compare(platform.catalog)
    ]
    waste = Recorder(platform.catalog).waste(1000)
    if waste:
        found.append(f"{len(waste)} chunks are waste")
    places = Counter((c.document_id, c.start, c.end) for c in _all_chunks(platform).values())
    found += [f"{place} is cut {count} times" for place, count in places.items() if count > 1]
    return found + _lexical_faults(platform) + _vector_faults(platform)


def _all_chunks(platform: Platform) -> dict[str, Chunk]:
    return platform.catalog.chunks(platform.catalog.chunk_ids())


def _access_ids(platform: Platform) -> dict[str, int]:
    """Chunk id to the number of the access that its document has."""
    access = {document.id: document.access_id for document in platform.catalog.documents()}
    return {one: access[chunk.document_id] for one, chunk in _all_chunks(platform).items()}


def _lexical_faults(platform: Platform) -> list[str]:
    wanted = _access_ids(platform)
    folder = platform.home / "lexical"
    if not tantivy.Index.exists(str(folder)):
        return ["there is no lexical index"] if wanted else []
    index = tantivy.Index.open(str(folder))
    searcher = index.searcher()
    found = []
    if searcher.num_docs != len(wanted):
        found.append(f"the lexical index has {searcher.num_docs} rows for {len(wanted)} chunks")
    for number in set(wanted.values()):
        query = tantivy.Query.term_query(index.schema, "access", number)
        hits = searcher.search(query, max(1, searcher.num_docs)).hits
        held = {str(searcher.doc(address)["id"][0]) for _, address in hits}
        if held != {one for one, access in wanted.items() if access == number}:
            found.append(f"the lexical index has other chunks under access {number} than the catalog")
    return found


def _vector_faults(platform: Platform) -> list[str]:
    wanted = _access_ids(platform)
    vectors = platform.index.vectors
    collection: Any = vectors._collection
    found = []
    if collection.count() != len(wanted):
        found.append(f"the vector index has {collection.count()} rows for {len(wanted)} chunks")
    rows = collection.get(include=["metadatas"], limit=max(1, len(wanted)))
    access = {one: row["access"] for one, row in zip(rows["ids"], rows["metadatas"], strict=True)}
    wrong = sum(access.get(one) != number for one, number in wanted.items())
    if wrong:
        found.append(f"{wrong} chunks have another access in the vector index than in the catalog")
    ids = sorted(wanted)[:: max(1, len(wanted) // _MOST_PROBES)]
    lost = 0
    for vector in vectors.vectors_of(ids).values():
        hits = collection.query(query_embeddings=vector[None, :], n_results=1, include=["distances"])
        lost += not hits["ids"][0] or 1.0 - hits["distances"][0][0] < _LEAST_COSINE
    if lost:
        found.append(f"{lost} of {len(ids)} vectors are not found by a query for themselves")
    return found


def _differences(one: Held, other: Held) -> list[str]:
    found = [
        f"{name}: {mine!r} and {its!r}"
        for name, mine, its in (
            (name, getattr(one.document, name), getattr(other.document, name))
            for name in ("version", "title", "format", "metadata")
        )
        if mine != its
    ]
    if _access(one.document.access) != _access(other.document.access):
        found.append(f"access: {one.document.access} and {other.document.access}")
    if one.text != other.text:
        found.append("the canonical text")
    mine, its = [_facts(chunk) for chunk in one.chunks], [_facts(chunk) for chunk in other.chunks]
    if mine != its:
        found.append(
            f"{len(mine)} and {len(its)} chunks, {sum(a != b for a, b in zip(mine, its, strict=False))} differ"
        )
    elif one.vectors.shape != other.vectors.shape:
        found.append(f"vectors of shape {one.vectors.shape} and {other.vectors.shape}")
    elif mine:
        cosines = (one.vectors * other.vectors).sum(axis=1)
        if cosines.min() < _LEAST_COSINE:
            found.append(f"{int((cosines < _LEAST_COSINE).sum())} vectors, least cosine {cosines.min():.6f}")
    return found


def _access(access: Access) -> tuple[tuple[str, ...], str | None]:
    return tuple(sorted(access.allow)), access.label


def _facts(chunk: Chunk) -> Mapping[str, object]:
    """All of a chunk but the ids, which follow from the folder's own name."""
    names = ("version", "ordinal", "start", "end", "text", "indexed_text", "headings", "lead_in", "elements")
    more = ("segments", "first_line", "markup", "tokens")
    return {name: getattr(chunk, name) for name in names + more}


def _quarantine(platform: Platform, folder: Path) -> set[tuple[str, str, str, str]]:
    prefix = folder.as_uri() + "/"
    return {
        (entry.uri.removeprefix(prefix), entry.part or "", entry.code, entry.reason)
        for entry in platform.catalog.quarantined()
    }
