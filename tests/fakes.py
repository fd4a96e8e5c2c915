"""Hand-written stand-ins for the ports, and short ways to make documents and chunks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from ingest.catalog import Catalog
from ingest.chunking import chunk_id
from ingest.errors import ParseError, Problem
from ingest.model import (
    Access,
    Chunk,
    Document,
    Element,
    ElementKind,
    Item,
    Listing,
    NewDocument,
    ParsedDocument,
    RawFile,
    Segment,
    Unlisted,
)
from ingest.recording import Recorder, edition_of
from ingest.syncing import document_id_of
from retrieval.index import ChunkIndex
from retrieval.model import IndexFilter
from retrieval.ports import Array, Embedder, Scored

EVERYONE = Access(allow=("everyone",))
MODIFIED = "2026-01-05T09:00:00Z"


@dataclass
class FakeFile:
    """What a fake source holds of one file. `refusal` is raised instead of giving the bytes."""

    data: bytes
    fingerprint: str
    access: Access = EVERYONE
    refusal: Problem | None = None
    identity: str = ""


class FakeConnector:
    """A source in memory; `files` maps relative names to files and may be changed between syncs."""

    kind = "fake"

    def __init__(self, location: str = "fake://host/files") -> None:
        self.location = location
        self.scopes: tuple[str, ...] | None = None
        self.files: dict[str, FakeFile] = {}
        self.unlisted: tuple[Unlisted, ...] = ()
        self.reads: list[str] = []
        self._count = 0

    def put(self, name: str, text: str, access: Access = EVERYONE) -> None:
        """Adds or changes a file; its fingerprint changes, as that of a touched file does."""
        self._count += 1
        self.files[name] = FakeFile(text.encode(), f"f{self._count}", access)

    def uri(self, name: str) -> str:
        return f"{self.location}/{name}"

    def list(self) -> Listing:
        items = tuple(
            Item(
                uri=self.uri(name),
                name=name.rsplit("/", 1)[-1],
                fingerprint=file.fingerprint,
                modified_at=MODIFIED,
                access=file.access,
                identity=file.identity,
            )
            for name, file in sorted(self.files.items())
            if not self.uri(name).startswith(tuple(place.prefix for place in self.unlisted) or ("\0",))
        )
        return Listing(items=items, unlisted=self.unlisted)

    def read(self, item: Item) -> RawFile:
        name = item.uri.removeprefix(self.location + "/")
        self.reads.append(name)
        file = self.files.get(name)
        if file is None:
            raise ParseError(Problem(code="vanished", reason="it is gone", mend="sync again"))
        if file.refusal is not None:
            raise ParseError(file.refusal)
        return RawFile(name=item.name, data=file.data)

    def close(self) -> None:
        pass


@dataclass
class FakeSink:
    """Remembers which chunks it holds, with whose access, and what it was asked to do."""

    held: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    embedded: list[str] = field(default_factory=list)
    written: int = 0
    calls: list[str] = field(default_factory=list)
    fail_on: str | None = None

    def embed(self, texts: Sequence[str]) -> Array:
        self._note("embed")
        self.embedded += texts
        return FakeEmbedder().embed(texts)

    def vectors_of(self, chunk_ids: Sequence[str]) -> dict[str, Array]:
        held = [one for one in chunk_ids if one in self.held]
        return dict(zip(held, FakeEmbedder().embed([self.texts[one] for one in held]), strict=True))

    def write(self, chunks: Sequence[Chunk], vectors: Array, documents: Mapping[str, Document]) -> None:
        self._note("write")
        assert vectors.shape == (len(chunks), FakeEmbedder.dimensions)
        self.written += len(chunks)
        for chunk in chunks:
            self.held[chunk.id] = documents[chunk.document_id].access_id
            self.texts[chunk.id] = chunk.indexed_text

    def remove(self, chunk_ids: Sequence[str]) -> None:
        self._note("remove")
        for one in chunk_ids:
            self.held.pop(one, None)

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        self._note("set_access")
        for chunk in chunks:
            self.held[chunk.id] = documents[chunk.document_id].access_id

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if call == self.fail_on:
            raise OSError("no space left on device")


class FakeEmbedder:
    """Words hashed into a few dimensions: equal texts get equal vectors, shared words bring texts near."""

    dimensions = 32

    def embed(self, texts: Sequence[str]) -> Array:
        return np.stack([self._vector(text.split()) for text in texts]) if texts else np.zeros((0, 32), np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[tuple[Array, list[tuple[int, int]]]]:
        found = []
        for text in texts:
            offsets: list[tuple[int, int]] = []
            for word in text.split():
                start = text.index(word, offsets[-1][1] if offsets else 0)
                offsets.append((start, start + len(word)))
            vectors = [self._vector([text[a:b]]) for a, b in offsets]
            found.append((np.stack(vectors) if vectors else np.zeros((0, 32), np.float32), offsets))
        return found

    def _vector(self, words: Sequence[str]) -> Array:
        vector = np.full(self.dimensions, 0.01, dtype=np.float32)
        for word in words:
            vector += _word_vector(word.casefold().strip(".,?"), self.dimensions)
        return vector / np.float32(np.linalg.norm(vector))


@lru_cache(maxsize=10_000)
def _word_vector(word: str, dimensions: int) -> Array:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
    return np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)


class FakeSearchIndex:
    """A search index in memory that scores by cosine, with nothing to go wrong."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._rows: dict[str, tuple[Array, Document]] = {}

    def write(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        vectors = self._embedder.embed([chunk.indexed_text for chunk in chunks])
        for chunk, vector in zip(chunks, vectors, strict=True):
            self._rows[chunk.id] = (vector, documents[chunk.document_id])

    def remove(self, chunk_ids: Sequence[str]) -> None:
        for one in chunk_ids:
            self._rows.pop(one, None)

    def set_access(self, chunks: Sequence[Chunk], documents: Mapping[str, Document]) -> None:
        for chunk in chunks:
            self._rows[chunk.id] = (self._rows[chunk.id][0], documents[chunk.document_id])

    def search(self, text: str, k: int, only: IndexFilter) -> Scored:
        vector = self._embedder.embed([text])[0]
        found = [(one, float(row @ vector)) for one, (row, document) in self._rows.items() if _passes(document, only)]
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def ids(self) -> set[str]:
        return set(self._rows)

    def close(self) -> None:
        pass


def _passes(document: Document, only: IndexFilter) -> bool:
    own = {**document.metadata, "source": document.source, "format": document.format, "document": document.id}
    return (
        (only.access is None or document.access_id in only.access)
        and all(own.get(key) in values for key, values in only.any_of)
        and not any(own.get(key) in values for key, values in only.none_of)
        and (only.after is None or document.modified_at >= only.after)
        and (only.before is None or document.modified_at < only.before)
    )


def make_document(
    name: str,
    *,
    source: str = "handbook",
    access: Access = EVERYONE,
    access_id: int = 1,
    file_format: str = "text",
    text: str = "",
    modified_at: str = MODIFIED,
    metadata: Mapping[str, str] | None = None,
) -> Document:
    uri = f"fake://host/{name}"
    return Document(
        id=document_id_of(source, uri),
        source=source,
        uri=uri,
        title=name,
        format=file_format,
        version="sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        modified_at=modified_at,
        access=access,
        access_id=access_id,
        metadata=metadata or {},
    )


def make_chunk(
    document: Document,
    text: str,
    *,
    start: int = 0,
    ordinal: int = 0,
    first_line: int | None = 1,
    segments: Sequence[Segment] = (),
) -> Chunk:
    end = start + len(text)
    return Chunk(
        id=chunk_id(document.id, document.version, start, end),
        document_id=document.id,
        version=document.version,
        ordinal=ordinal,
        start=start,
        end=end,
        text=text,
        indexed_text=f"{document.title}\n{text}",
        headings=(),
        lead_in=None,
        first_line=first_line,
        elements=(Element(kind=ElementKind.PARAGRAPH, start=start, end=end),),
        segments=tuple(segments),
        markup="plain",
        tokens=len(text.split()) + 3,
    )


def index_chunks(index: ChunkIndex, document: Document, chunks: Sequence[Chunk]) -> None:
    """Writes chunks of one document to both indexes."""
    index.write(chunks, index.embed([chunk.indexed_text for chunk in chunks]), {document.id: document})


def store(catalog: Catalog, document: Document, chunks: Sequence[Chunk], text: str) -> None:
    """Makes a document with its chunks current in the catalog."""
    recorder = Recorder(catalog)
    recorder.stage(chunks, {document.id: edition_of(document.version, "1")})
    recorder.commit(
        [
            NewDocument(
                document=document,
                text=text,
                gaps=(),
                fingerprint="f",
                identity="",
                pipeline="1",
                created_at="2026-01-01T00:00:00Z",
            )
        ]
    )


def parse_lines(raw: RawFile) -> ParsedDocument:
    """A parser for tests: every non-empty line is a paragraph; a file that opens with "!" cannot be read.

    A line that opens with "?" is a gap.
    """
    text = raw.data.decode()
    if text.startswith("!"):
        raise ParseError(Problem(code="damaged", reason=text[1:] or "it is damaged", mend="save it anew"))
    elements, gaps, place = [], [], 0
    for line in text.split("\n"):
        if line.startswith("?"):
            gaps.append(Problem(code="needs_tool", reason="it is a picture", mend="install the tool", part=line[1:]))
        elif line.strip():
            elements.append(Element(kind=ElementKind.PARAGRAPH, start=place, end=place + len(line)))
        place += len(line) + 1
    return ParsedDocument(title="", text=text, elements=tuple(elements), format="text", verbatim=True, gaps=tuple(gaps))
