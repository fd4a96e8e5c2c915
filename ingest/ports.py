"""What this floor needs from elsewhere, as Protocols that `api.wiring` fulfils."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .model import Chunk, Document, Item, Listing, Parsed, ParsedDocument, ParseTask, RawFile

Vector = NDArray[np.float32]
Vectors = NDArray[np.float32]


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
    """One system that holds documents. Its methods are called from one thread at a time.

    `location` is a uri that says where the documents are, for people. `scopes` are the uri prefixes that a listing
    covers: known documents under them that it does not name are gone. None: it covers the whole source.
    """

    @property
    def kind(self) -> str: ...

    @property
    def location(self) -> str: ...

    @property
    def scopes(self) -> tuple[str, ...] | None: ...

    def list(self) -> Listing:
        """All items in scope.

        Places that cannot be listed go into `Listing.unlisted`; a listing that is incomplete in a way that cannot
        be told is no listing: `SourceError`. Never fewer items than there are.
        """
        ...

    def read(self, item: Item) -> RawFile:
        """One item's bytes.

        Raises:
            ParseError: this item cannot be read; the sync goes on. Its problem's code "unreadable" keeps what is
                indexed of it, "vanished" takes it out.
            SourceError: the system is gone; the sync ends, what is done stays.
        """
        ...

    def close(self) -> None:
        """Lets go of connections and files. Nothing is asked of it afterwards."""
        ...


class ParserPool(Protocol):
    """Parses and cuts files, `size` of them at the same time."""

    @property
    def size(self) -> int: ...

    def parse(
        self, task: ParseTask, is_stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[Parsed | Sequence[Chunk]]:
        """What is known of a file, then its chunks, some at a time and in order.

        Raises:
            ParseError: the file cannot be read, takes too long or too much memory, or ends the parser.
            Stopped: `is_stopped` became true.
        """
        ...

    def close(self) -> None:
        """Ends what runs."""
        ...


class ChunkSink(Protocol):
    """Where chunks go: both search indexes. Each writing call is durable when it returns and safe to repeat."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dimensions) unit vectors of texts, in order."""
        ...

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors of those of the chunks that are held."""
        ...

    def write(self, chunks: Sequence[Chunk], vectors: Vectors, documents: Mapping[str, Document]) -> None:
        """Adds or replaces chunks. `vectors` are theirs; `documents` maps document ids to what they belong to."""
        ...

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Removes chunks; unknown ids are ignored."""
        ...

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        """Takes over the documents' access for chunks that are already held; nothing is embedded."""
        ...
