"""Types of the ingest floor: what a file becomes on its way to chunks.

All offsets are Python string offsets (Unicode code points) into the *canonical text* of one version of a
document. The canonical text holds only words that stand in the file, in reading order; what helps to
understand a stretch of it (title, headings, a table's column names) travels beside it as context and is
never part of a quote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

from .errors import Problem


class ElementKind(StrEnum):
    """What a stretch of canonical text is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle on a page, in points (1/72 inch), origin at the page's top left corner, y downwards."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Where canonical text [start, end) stands in the file. Lines, pages and slides count from 1.

    PDF: one segment per printed line (page, box). Spreadsheet: one per cell (sheet, cell as "B7").
    Slides: one per paragraph (slide). HTML, mail: one per element (lines of the file) where it was found.
    """

    start: int
    end: int
    line_start: int | None = None
    line_end: int | None = None
    page: int | None = None
    box: Box | None = None
    sheet: str | None = None
    cell: str | None = None
    slide: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One structural piece of the canonical text: [start, end), never overlapping another element.

    `level` is a heading's depth from 1. A table row has its table's column names in `columns` (empty when the
    table has no header row) and the span of each of its cells, as (start, end), in `cells`; both run
    parallel when there is a header. The header row itself is an element with `is_header` set.
    """

    kind: ElementKind
    start: int
    end: int
    level: int | None = None
    columns: tuple[str, ...] = ()
    cells: tuple[tuple[int, int], ...] = ()
    is_header: bool = False


Markup = Literal["plain", "markdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """A file as canonical text with its structure.

    `verbatim` says that `text` is the decoded file itself (newlines as "\\n", no byte order mark), so that line
    numbers follow from counting newlines and `segments` is empty. Otherwise `segments`, in order of start,
    say where the text stands. `gaps` are parts of the file that could not be read; they go to quarantine
    while the rest is indexed. `format` is the lower-case name of the format ("pdf", "docx", "markdown"...).
    """

    title: str
    text: str
    elements: tuple[Element, ...]
    format: str
    segments: tuple[Segment, ...] = ()
    verbatim: bool = False
    markup: Markup = "plain"
    gaps: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """A file's bytes and its name (with suffix, without folder), as a parser gets them."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """Exactly where a span stands: character offsets, and the place a person would turn to.

    `boxes` are set for PDF, `cells` is a range such as "A4:C4", `headings` runs from the outermost in.
    """

    start: int
    end: int
    line_start: int | None = None
    line_end: int | None = None
    page: int | None = None
    boxes: tuple[Box, ...] | None = None
    sheet: str | None = None
    cells: str | None = None
    slide: int | None = None
    headings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may read a document. `allow` holds "everyone", "group:NAME", "user:NAME"; empty admits only an admin."""

    allow: tuple[str, ...] = ()
    label: str | None = None


class Item(NamedTuple):
    """One thing that a source lists, before it is read.

    `uri` names it for good. `name` is shown, and its suffix hints at the format. `fingerprint` changes whenever
    the content may have changed; it is cheap to get and never trusted to say that two different items are equal.
    `identity` is what stays when the item is renamed or moved (an inode, a blob id), where there is such a thing.
    `modified_at` is UTC, ISO 8601. `metadata` holds what the source knows of it besides ("author": "…"), `size` its
    bytes where they are known.
    """

    uri: str
    name: str
    fingerprint: str
    modified_at: str
    access: Access
    metadata: Mapping[str, str] = MappingProxyType({})
    size: int | None = None
    identity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlisted:
    """A place that could not be listed: what is known under `prefix` is neither confirmed nor removed."""

    prefix: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All that a source holds within a scope. `hidden` counts what its rules left out."""

    items: tuple[Item, ...]
    unlisted: tuple[Unlisted, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document in the catalog, at its current version. `version` is "sha256:" and the hash of its bytes."""

    id: str
    source: str
    uri: str
    title: str
    format: str
    version: str
    modified_at: str
    access: Access
    access_id: int
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of one version's canonical text, cut at structure, that fits the embedding model whole.

    `text` is exactly canonical[start:end]. `indexed_text` is what gets embedded and searched: the context (title,
    headings, column names) and the text as plain prose. `elements` and `segments` are the document's own,
    cut to the chunk; `first_line` is the source line of `start` for verbatim formats.
    """

    id: str
    document_id: str
    version: str
    ordinal: int
    start: int
    end: int
    text: str
    indexed_text: str
    headings: tuple[str, ...]
    lead_in: str | None
    elements: tuple[Element, ...]
    segments: tuple[Segment, ...]
    first_line: int | None
    markup: Markup
    tokens: int


class KnownDocument(NamedTuple):
    """What a sync must know of a document to tell whether it changed."""

    id: str
    version: str
    fingerprint: str
    identity: str
    pipeline: str
    access_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseTask:
    """A file to parse and cut. Chunk ids follow from `document_id`, `version` and `pipeline`, the code that does it."""

    raw: RawFile
    document_id: str
    version: str
    pipeline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What is known of a file once all of its chunks are cut. `text` is its canonical text."""

    title: str
    format: str
    text: str
    gaps: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document whose chunks are staged, ready to become current. `pipeline` names the code that parsed and cut it.

    `replaces` is the id of a document that goes in the same moment: the same one under the name it had before.
    """

    document: Document
    text: str
    gaps: Sequence[Problem]
    fingerprint: str
    identity: str
    pipeline: str
    created_at: str
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntry:
    """A file, or a part of one, that could not be read. `since` is UTC, ISO 8601."""

    source: str
    uri: str
    code: str
    reason: str
    mend: str
    since: str
    part: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What the catalog knows of a source. Times are UTC, ISO 8601.

    `held` counts documents that the source no longer lists and whose removal waits for confirmation; `problem` is why
    the latest sync failed, None when it did not.
    """

    name: str
    kind: str
    location: str
    documents: int
    chunks: int
    quarantined: int
    last_sync: str | None
    held: int = 0
    problem: str | None = None
    problem_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What one sync did. Every listed item is counted in exactly one of `added`, `updated`, `unchanged` and
    `quarantined`; `removed` counts documents that are gone, `held` those whose removal waits for confirmation.

    `chunks` were written, `embedded` of them had a text that no index held yet.
    """

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    chunks: int = 0
    seconds: float = 0.0
    embedded: int = 0
    held: int = 0
