"""The other side of `bench.scale`: LlamaIndex's QueryFusionRetriever over BM25 and Chroma, with vectors made before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_ROWS = 2000


def open_plain(
    folder: Path, rows: Sequence[tuple[str, str, str, Any]], model: Path, k: int, group: str
) -> tuple[Callable[[str], int], Callable[[str], int]]:
    """Indexes (id, text, group, vector) rows; searches over all, and over those of one group: how many were found."""
    import chromadb
    from chromadb.config import Settings
    from llama_index.core import VectorStoreIndex
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
    from llama_index.core.schema import BaseNode, TextNode
    from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.retrievers.bm25 import BM25Retriever
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
    store = ChromaVectorStore(chroma_collection=client.get_or_create_collection("plain"))
    nodes: list[BaseNode] = [TextNode(id_=one, text=text, metadata={"group": named}) for one, text, named, _ in rows]
    for start in range(0, len(nodes), _ROWS):
        batch = nodes[start : start + _ROWS]
        for node, (_, _, _, vector) in zip(batch, rows[start : start + _ROWS], strict=True):
            node.embedding = vector.tolist()
        store.add(batch)
        for node in batch:
            node.embedding = None
    index = VectorStoreIndex.from_vector_store(
        store, embed_model=HuggingFaceEmbedding(model_name=str(model), device="cpu")
    )

    def retriever(only: MetadataFilters | None) -> Callable[[str], int]:
        fusion = QueryFusionRetriever(
            [
                index.as_retriever(similarity_top_k=k, filters=only),
                BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=k, filters=only),
            ],
            llm=MockLLM(),
            num_queries=1,
            mode=FUSION_MODES.RECIPROCAL_RANK,
            similarity_top_k=k,
            use_async=False,
        )
        return lambda text: len(fusion.retrieve(text))

    return retriever(None), retriever(MetadataFilters(filters=[MetadataFilter(key="group", value=group)]))
