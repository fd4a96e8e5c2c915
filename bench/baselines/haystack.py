"""Haystack's hybrid pipeline: in-memory BM25 and embedding retrievers, joined by reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import Piece, Search


def build(pieces: Sequence[Piece], model: Path, _folder: Path) -> Search:
    """The pipeline of Haystack's guide to hybrid retrieval, without the ranking model at its end."""
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
        SentenceTransformersTextEmbedder,
    )

    store = InMemoryDocumentStore()
    embedder: Any = SentenceTransformersDocumentEmbedder(model=str(model), progress_bar=False)
    warm_up(embedder)
    store.write_documents(embedder.run([Document(id=one, content=text) for one, text in pieces])["documents"])

    pipeline = Pipeline()
    pipeline.add_component("text_embedder", SentenceTransformersTextEmbedder(model=str(model), progress_bar=False))
    pipeline.add_component("embedding_retriever", InMemoryEmbeddingRetriever(store))
    pipeline.add_component("bm25_retriever", InMemoryBM25Retriever(store))
    pipeline.add_component("document_joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect("text_embedder", "embedding_retriever")
    pipeline.connect("bm25_retriever", "document_joiner")
    pipeline.connect("embedding_retriever", "document_joiner")
    pipeline.warm_up()

    def search(query: str, k: int) -> list[str]:
        found = pipeline.run(
            {
                "text_embedder": {"text": query},
                "bm25_retriever": {"query": query, "top_k": k},
                "embedding_retriever": {"top_k": k},
                "document_joiner": {"top_k": k},
            }
        )
        return [document.id for document in found["document_joiner"]["documents"]]

    return search


def warm_up(component: Any) -> None:
    """Loads a component's model where it does not do so by itself."""
    if hasattr(component, "warm_up"):
        component.warm_up()
