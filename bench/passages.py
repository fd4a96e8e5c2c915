"""Passages and questions from JSONL files, and Groundcrew holding those passages.

A passage goes through what a file goes through: it is parsed, cut, staged, embedded, written to both indexes and
committed. Passages of one document (their ids differ only in what follows the last "#" or ":") are its sections.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from api.settings import RetrievalSection, Settings
from api.wiring import Platform
from ingest.chunking import chunk_document
from ingest.errors import ParseError
from ingest.model import Access, Chunk, Document, Element, ElementKind, NewDocument, ParsedDocument
from ingest.parsing.detecting import is_code
from ingest.parsing.text import parse_text
from ingest.recording import Recorder, edition_of
from ingest.syncing import document_id_of
from retrieval.access import Principal
from retrieval.embedding import ModelTokenizer, bundled_model
from retrieval.model import Hit, Query

from .caching import VectorCache

RERANKED = 50
"""So many hits are put in another order."""
Order = Callable[[str, list[Hit]], list[Hit]]
"""(question, hits) to the same hits, reordered."""
_SOURCE = "passages"
_PIPELINE = "bench"
_MOMENT = "2026-01-01T00:00:00Z"
_BATCH = 256
_MOST_HITS = 2000
_HASH = re.compile(r"[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One passage of a set. Two of them may have one id: finding either is finding it."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and the ids of the passages that answer it."""

    text: str
    gold: frozenset[str]

    @property
    def half(self) -> int:
        """1 or 2, by the hash of its text: weights are chosen on one half and reported on the other."""
        return hashlib.sha256(self.text.encode(errors="replace")).digest()[0] % 2 + 1


def read_set(folder: Path) -> tuple[list[Passage], list[Question]]:
    """What `passages.jsonl` and `questions.jsonl` of a folder hold; further keys are ignored.

    Raises:
        SystemExit: a file is missing, or a line is not what it should be; it names file and line.
    """
    passages = [
        Passage(id=str(row["id"]), title=_clean(row.get("title")), text=_clean(row.get("text")))
        for row in read_rows(folder / "passages.jsonl", ("id",))
    ]
    questions = []
    for row in read_rows(folder / "questions.jsonl", ("question", "gold_ids")):
        ids = row["gold_ids"]
        gold = frozenset(str(one) for one in (ids if isinstance(ids, list) else [ids]))
        questions.append(Question(text=_clean(row["question"]), gold=gold))
    return passages, questions


def read_rows(path: Path, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The objects of a JSONL file, each of which has these keys.

    Raises:
        SystemExit: the file is missing or empty, or a line is no such object.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"{path} cannot be read: {error}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise SystemExit(f"{path}, line {number} is no JSON: {error}") from error
        if not isinstance(row, dict) or any(key not in row for key in keys):
            raise SystemExit(f"{path}, line {number} is no object with {', '.join(keys)}")
        rows.append(row)
    if not rows:
        raise SystemExit(f"{path} holds nothing")
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    document: Document
    text: str
    chunks: tuple[Chunk, ...]


class PassageHome:
    """A home of Groundcrew that holds a set's passages, searched as the product searches."""

    def __init__(self, home: Path, retrieval: RetrievalSection | None = None, cache: Path | None = None) -> None:
        """`cache` keeps the passages' vectors between runs; queries are always embedded anew."""
        self._vectors = VectorCache(cache)
        self.platform = Platform(Settings(home=home, retrieval=retrieval or RetrievalSection()))
        self._passage_of: dict[str, str] = {}

    def index(self, passages: Sequence[Passage]) -> list[tuple[str, Chunk]]:
        """Takes the passages in; the chunks that they were cut into, each with the id of its passage."""
        recorder, tokenizer = Recorder(self.platform.catalog), ModelTokenizer(bundled_model())
        access = Access(allow=("everyone",))
        access_id = recorder.access_id(access)
        cut: list[tuple[str, Chunk]] = []
        pending: list[_Pending] = []
        for name, members in group(passages).items():
            text, parts = lay_out(members)
            document = Document(
                id=document_id_of(_SOURCE, name),
                source=_SOURCE,
                uri=name,
                title=title_of(name),
                format="text",
                version="sha256:" + hashlib.sha256(text.encode()).hexdigest(),
                modified_at=_MOMENT,
                access=access,
                access_id=access_id,
            )
            chunks: list[Chunk] = []
            for passage, elements in parts:
                parsed = ParsedDocument(title=document.title, text=text, elements=elements, format="text")
                for chunk in chunk_document(parsed, document.id, document.version, tokenizer, _PIPELINE):
                    chunks.append(replace(chunk, ordinal=len(chunks)))
                    cut.append((passage.id, chunks[-1]))
            pending.append(_Pending(document=document, text=text, chunks=tuple(chunks)))
            if sum(len(one.chunks) for one in pending) >= _BATCH:
                self._write(recorder, pending)
                pending = []
        self._write(recorder, pending)
        self._vectors.save()
        self._passage_of |= {chunk.id: passage_id for passage_id, chunk in cut}
        return cut

    def search(self, question: str, k: int, order: Order | None = None) -> list[str]:
        """The ids of the k best passages, each at the rank of its first chunk; `order` puts hits in another one."""
        wanted = k if order is None else max(k, RERANKED)
        while True:
            query = Query(text=question, principal=Principal(admin=True), k=wanted)
            hits = self.platform.searcher.search(query)
            if order is not None:
                hits = order(question, hits)
            found = list(dict.fromkeys(self._passage_of[hit.chunk.id] for hit in hits))
            if len(found) >= k or len(hits) < wanted or wanted >= _MOST_HITS:
                return found[:k]
            wanted *= 4  # Several chunks of one passage took the places of others.

    def close(self) -> None:
        """Lets go of the home's files."""
        self.platform.close()

    def _write(self, recorder: Recorder, pending: Sequence[_Pending]) -> None:
        """As a sync does: staged before the indexes hold them, current once they do."""
        documents = {one.document.id: one.document for one in pending}
        editions = {i: edition_of(document.version, _PIPELINE) for i, document in documents.items()}
        chunks = [chunk for one in pending for chunk in one.chunks]
        for start in range(0, len(chunks), _BATCH):
            batch = chunks[start : start + _BATCH]
            recorder.stage(batch, editions)
            vectors = self._vectors.embed([chunk.indexed_text for chunk in batch], self.platform.index.embed)
            self.platform.index.write(batch, vectors, documents)
        recorder.commit(
            [
                NewDocument(
                    document=one.document,
                    text=one.text,
                    gaps=(),
                    fingerprint="",
                    identity="",
                    pipeline=_PIPELINE,
                    created_at=_MOMENT,
                )
                for one in pending
            ]
        )


def group(passages: Sequence[Passage]) -> dict[str, list[Passage]]:
    """Passages by the document they are parts of, in order of appearance."""
    documents: dict[str, list[Passage]] = {}
    for passage in passages:
        documents.setdefault(document_of(passage.id), []).append(passage)
    return documents


def document_of(passage_id: str) -> str:
    """What stands before the last "#" or ":" of an id, the colon of an address left alone; else the whole id."""
    for sign in ("#", ":"):
        head, found, tail = passage_id.rpartition(sign)
        if found and head and "/" not in tail:
            return head
    return passage_id


def title_of(name: str) -> str:
    """The last part of a document's path; nothing where that is a hash or a number."""
    last = name.rstrip("/").rsplit("/", 1)[-1]
    return "" if _HASH.fullmatch(last) or (last == name and ":" in name) else last


def lay_out(passages: Sequence[Passage]) -> tuple[str, list[tuple[Passage, tuple[Element, ...]]]]:
    """The passages one below the other as a document's text, and the elements of each, placed in that text."""
    blocks: list[str] = []
    parts: list[tuple[Passage, tuple[Element, ...]]] = []
    place = 0
    for passage in passages:
        text = with_title(passage)
        parts.append((passage, tuple(_elements(passage, text, place))))
        blocks.append(text)
        place += len(text) + 2
    return "\n\n".join(blocks), parts


def with_title(passage: Passage) -> str:
    """A passage's text under its title, which is not said twice."""
    title, text = passage.title, passage.text
    return text if not title or text.startswith(title) else f"{title}\n\n{text}"


def _elements(passage: Passage, text: str, place: int) -> Iterator[Element]:
    """The elements of a passage whose text begins at `place`; its title is a heading."""
    head = len(passage.title)
    if head:
        yield Element(kind=ElementKind.HEADING, start=place, end=place + head, level=1)
    try:
        name = document_of(passage.id)
        parsed = parse_text(name, text[head:], code=is_code(name))
    except ParseError:  # A passage without words.
        return
    offset = place + head
    for element in parsed.elements:
        level = element.level and element.level + 1
        yield replace(element, start=element.start + offset, end=element.end + offset, level=level)


def _clean(text: object) -> str:
    """Text as a parser would hand it on: newlines as such, and no half of a character."""
    whole = str(text or "").encode(errors="replace").decode()
    return whole.replace("\r\n", "\n").replace("\r", "\n").strip()
