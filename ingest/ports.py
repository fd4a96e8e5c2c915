"""What this floor needs from elsewhere, as Protocols that `api.wiring` fulfils."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from .model import Chunk, Document, Item, Listing, ParsedDocument, RawFile


class Parser(Protocol):
    """Turns one file into canonical text with structure, or raises `ParseError`."""

    def __call__(self, raw: RawFile) -> ParsedDocument: ...


class Tokenizer(Protocol):
    """The embedding model's own tokenizer.

    Returns for each text the (start, end) character offsets of its tokens, without special tokens and
    without truncation; the number of tokens is the length of that list.
    """

    def __call__(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]: ...


class Connector(Protocol):
    """One system that holds documents. `location` is the uri prefix that holds everything it lists."""

    @property
    def kind(self) -> str: ...

    @property
    def location(self) -> str: ...

    def list(self) -> Listing:
        """All items in scope. Raises `SourceError` when it cannot list at all."""
        ...

    def read(self, item: Item) -> RawFile:
        """One item's bytes. Raises `ParseError` when it cannot."""
        ...


class ChunkSink(Protocol):
    """Where chunks go: both search indexes. Each call is durable when it returns and safe to repeat."""

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Adds or replaces chunks. `documents` maps document ids to what the chunks belong to."""
        ...

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        ...

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over the documents' access for chunks that are already held; nothing is embedded."""
        ...
