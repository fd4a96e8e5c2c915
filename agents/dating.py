"""How recent a document is: the day it says it holds from, or else the day its file was changed.

`conflicts` prefers the newer of two documents that disagree. Days are compared with days of the same kind only: a file
that was copied yesterday is not newer than one that states when it came into force.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ingest.model import Chunk, Document

from .checks.dates import date_mentions
from .figures import written_out
from .model import EvidenceSpan
from .rows import ChunksOf

_OPENING = 1500
_LABEL = re.compile(
    r"\b(?:effective|valid|in force|last (?:updated|changed|reviewed|modified)|updated|revised|revision|issued"
    r"|published|version|edition|as of|date|stand|gültig|in kraft|fassung|datum|ausgabe|aktualisiert|sent|gesendet)\b"
    r"(?:(?!until|bis\b|next|review|withdrawn)[^\n.;]){0,40}\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")

How = Literal["stated", "title", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dating:
    """When a document is of. `words` are how it is written where it is stated, `span` where that is; for the day that
    a file was changed there is no span, and `words` is that day written out."""

    on: date
    how: How
    words: str
    span: EvidenceSpan | None = None


def datings(document: Document, known: Sequence[Chunk], chunks_of: ChunksOf | None = None) -> dict[How, Dating]:
    """All that is known of a document's age. `known` are chunks of it at hand; its opening is read when it can be."""
    found: dict[How, Dating] = {}
    opening = chunks_of(document.id, 0, 1) if chunks_of is not None else ()
    chunks = {chunk.id: chunk for chunk in (*opening, *known) if chunk.document_id == document.id}
    stated = max(_stated(document, chunks.values()), key=lambda dating: dating.on, default=None)
    if stated is not None:
        found["stated"] = stated
    years = _YEAR.findall(document.title)
    if len(years) == 1:
        found["title"] = Dating(on=date(int(years[0]), 1, 1), how="title", words=years[0])
    try:
        changed = date.fromisoformat(document.modified_at[:10])
    except ValueError:
        return found
    found["changed"] = Dating(on=changed, how="changed", words=written_out(changed))
    return found


def newer(one: dict[How, Dating], other: dict[How, Dating]) -> tuple[Dating, Dating] | None:
    """The datings by which the two are told apart, (of the first, of the second); None when nothing tells them."""
    for how in ("stated", "title", "changed"):
        ours, theirs = one.get(how), other.get(how)
        if ours is not None and theirs is not None:
            if ours.on != theirs.on:
                return ours, theirs
            if how != "title":
                return None
    return None


def _stated(document: Document, chunks: Iterable[Chunk]) -> Iterator[Dating]:
    for chunk in chunks:
        if chunk.start > _OPENING:
            continue
        text = chunk.text[: _OPENING - chunk.start]
        for mention in date_mentions(text):
            on = mention.as_date()
            if on is None or not _LABEL.search(text[max(0, mention.start - 60) : mention.start]):
                continue
            span = EvidenceSpan(
                document=document, chunk=chunk, start=chunk.start + mention.start, end=chunk.start + mention.end
            )
            yield Dating(on=on, how="stated", words=text[mention.start : mention.end], span=span)
