"""What a user would write instead: a folder into a persistent local Chroma with LlamaIndex's own parts.

python -m bench.plain_llamaindex CORPUS STORE --model DIR [--overlap N]

Prints one JSON value as its last line. Needs llama-index-core, llama-index-embeddings-huggingface and
llama-index-vector-stores-chroma, and for Office files and PDF llama-index-readers-file with docx2txt, openpyxl and
python-pptx. `--model` is a local folder: nothing is downloaded. Imports nothing of Groundcrew.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "llama-index-core",
    "llama-index-embeddings-huggingface",
    "llama-index-vector-stores-chroma",
    "llama-index-readers-file",
    "chromadb",
    "sentence-transformers",
    "torch",
    "pypdf",
    "pandas",
)
_TOKENS = 256


def ingest(corpus: Path, store: Path, model: Path, overlap: int | None) -> dict[str, Any]:
    """Indexes a folder; the figures of it. Moments are seconds of the machine's monotonic clock."""
    import chromadb
    from chromadb.config import Settings
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.vector_stores.chroma import ChromaVectorStore

    embedding = HuggingFaceEmbedding(model_name=str(model), device="cpu")
    client = chromadb.PersistentClient(str(store), settings=Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection("plain")
    embedding.get_text_embedding("ready")
    ready = time.monotonic()

    reader = SimpleDirectoryReader(str(corpus), recursive=True)
    documents = reader.load_data()
    for document in documents:
        document.metadata = {key: _flat(value) for key, value in document.metadata.items()}
    if overlap is None:
        splitter = SentenceSplitter(chunk_size=_TOKENS)
    else:
        splitter = SentenceSplitter(chunk_size=_TOKENS, chunk_overlap=overlap)
    # `insert_batch_size` is 2,048 by default, which Chroma accepts.
    VectorStoreIndex.from_documents(
        documents,
        storage_context=StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection)),
        embed_model=embedding,
        transformations=[splitter],
    )
    done = time.monotonic()

    rows: Any = collection.get(include=["documents", "metadatas"])
    # Bytes that were read as text because no reader claimed them show as characters that no text holds.
    files = {str(metadata["file_path"]) for metadata in rows["metadatas"]}
    noise = {
        str(m["file_path"]) for m, text in zip(rows["metadatas"], rows["documents"], strict=True) if "\x00" in text
    }
    return {
        "ready": ready,
        "done": done,
        "listed": len(reader.input_files),
        "files": len(files),
        "files_of_raw_bytes": sorted(Path(path).name for path in noise),
        "chunks": len(rows["ids"]),
        "characters": sum(len(text) for text in rows["documents"]),
        "overlap": splitter.chunk_overlap,
        "embed_batch": embedding.embed_batch_size,
        "versions": _versions(),
    }


def _flat(value: Any) -> Any:
    """The reader of slides gives lists as metadata, with which the vector store fails."""
    return value if value is None or isinstance(value, str | int | float) else json.dumps(value, default=str)


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("store", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--overlap", type=int, help="Default: the splitter's own, 200.")
    arguments = parser.parse_args()
    figures = ingest(arguments.corpus, arguments.store, arguments.model, arguments.overlap)
    print()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
