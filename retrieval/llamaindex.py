"""Groundcrew as a LlamaIndex retriever: any query engine, chat engine or agent of LlamaIndex can stand on it.

The one home of LlamaIndex's retriever classes. LlamaIndex is optional: `pip install 'groundcrew[llamaindex]'`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest.errors import MissingLibrary
from ingest.model import Document, Locator

from .access import Principal
from .model import Hit, Passage, Query

try:
    from llama_index.core.base.base_retriever import BaseRetriever
    from llama_index.core.callbacks import CallbackManager
    from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode
except ImportError as error:
    raise MissingLibrary("llama-index-core", "llamaindex", "a LlamaIndex retriever") from error

Search = Callable[[Query], Sequence[Hit]]
Pack = Callable[[str, Sequence[Hit]], Sequence[Passage]]

_SHOWN = ("title", "headings", "context", "page", "slide", "sheet", "cells")
"""Metadata that a language model sees; the rest is for programs and citations."""


class GroundcrewRetriever(BaseRetriever):
    """Retrieves as one principal, who is fixed here: nothing that this one may not read ever becomes a node."""

    def __init__(
        self,
        search: Search,
        principal: Principal | None = None,
        *,
        k: int = 10,
        where: Mapping[str, str] | None = None,
        pack: Pack | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """`search` is a `Searcher`'s. Without a principal, only what everyone may read is found.

        `where` holds exact filters as a query's does. With `pack`, nodes are packed passages rather than chunks.
        """
        super().__init__(callback_manager=callback_manager)
        self._search = search
        self._principal = principal or Principal()
        self._k = k
        self._where = dict(where or {})
        self._pack = pack

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        text = query_bundle.query_str
        hits = self._search(Query(text=text, principal=self._principal, k=self._k, where=self._where))
        if self._pack is not None:
            return [_node_of_passage(passage) for passage in self._pack(text, hits)]
        return [_node_of_hit(hit) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        # Searching computes and reads files: it must not hold up the event loop.
        return await asyncio.to_thread(self._retrieve, query_bundle)


def _node_of_hit(hit: Hit) -> NodeWithScore:
    return _node(hit.chunk.id, hit.chunk.text, hit.document, hit.chunk.version, hit.locator, hit.score)


def _node_of_passage(passage: Passage) -> NodeWithScore:
    name = f"{passage.document.id}:{passage.start}-{passage.end}"
    document = passage.document
    return _node(name, passage.text, document, document.version, passage.locator, passage.score, passage.context)


def _node(
    name: str, text: str, document: Document, version: str, locator: Locator, score: float, context: str = ""
) -> NodeWithScore:
    """`text` is exactly [start, end) of the version's canonical text, so that a citation of the node can be checked."""
    metadata: dict[str, Any] = {
        "document_id": document.id,
        "uri": document.uri,
        "title": document.title,
        "source": document.source,
        "format": document.format,
        "version": version,
        "modified_at": document.modified_at,
        **_place(locator),
    }
    if context:
        metadata["context"] = context
    hidden = [key for key in metadata if key not in _SHOWN]
    node = TextNode(
        id_=name,
        text=text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        start_char_idx=locator.start,
        end_char_idx=locator.end,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document.id)},
    )
    return NodeWithScore(node=node, score=score)


def _place(locator: Locator) -> dict[str, Any]:
    """Where the text stands, as plain values; what the format does not have is left out."""
    boxes = [[box.page, box.x0, box.y0, box.x1, box.y1] for box in locator.boxes or ()]
    found: dict[str, Any] = {
        "start": locator.start,
        "end": locator.end,
        "line_start": locator.line_start,
        "line_end": locator.line_end,
        "page": locator.page,
        "boxes": boxes or None,
        "sheet": locator.sheet,
        "cells": locator.cells,
        "slide": locator.slide,
        "headings": " > ".join(locator.headings) or None,
    }
    return {key: value for key, value in found.items() if value is not None}
