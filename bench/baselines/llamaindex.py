"""LlamaIndex's QueryFusionRetriever over its BM25 retriever and a Chroma store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import Piece, Search


def build(pieces: Sequence[Piece], model: Path, folder: Path) -> Search:
    """Reciprocal rank fusion of both retrievers, the query as it is asked: to make others of it takes a model."""
    import chromadb
    from chromadb.config import Settings
    from llama_index.core import StorageContext, VectorStoreIndex
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.retrievers.bm25 import BM25Retriever
    from llama_index.vector_stores.chroma import ChromaVectorStore

    client = chromadb.PersistentClient(str(folder / "chroma"), settings=Settings(anonymized_telemetry=False))
    store = ChromaVectorStore(chroma_collection=client.get_or_create_collection("passages"))
    nodes = [TextNode(id_=one, text=text) for one, text in pieces]
    index = VectorStoreIndex(
        nodes=nodes,
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=HuggingFaceEmbedding(model_name=str(model), device="cpu"),
    )

    fusions: dict[int, QueryFusionRetriever] = {}

    def fusion(k: int) -> QueryFusionRetriever:
        if k not in fusions:
            fusions[k] = QueryFusionRetriever(
                [
                    index.as_retriever(similarity_top_k=k),
                    BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(k, len(nodes))),
                ],
                llm=MockLLM(),
                num_queries=1,
                mode=FUSION_MODES.RECIPROCAL_RANK,
                similarity_top_k=k,
                use_async=False,
            )
        return fusions[k]

    return lambda query, k: [found.node.node_id for found in fusion(k).retrieve(query)]
