"""Types of query understanding: what is demanded (filters) and what is merely hinted at (everything else)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from ingest.model import ElementKind


class Kind(StrEnum):
    """A kind of thing that can be asked for."""

    TABLE = "table"
    SPREADSHEET = "spreadsheet"
    SLIDE = "slide"
    MAIL = "mail"
    MESSAGE = "message"
    PDF = "pdf"
    WORD = "word"
    WEB_PAGE = "page"
    PICTURE = "picture"
    CODE = "code"


KIND_FORMATS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.TABLE: frozenset(("xlsx", "xls", "csv")),
        Kind.SPREADSHEET: frozenset(("xlsx", "xls", "csv")),
        Kind.SLIDE: frozenset(("pptx", "ppt")),
        Kind.MAIL: frozenset(("eml", "msg")),
        Kind.MESSAGE: frozenset(("eml", "msg")),
        Kind.PDF: frozenset(("pdf",)),
        Kind.WORD: frozenset(("docx", "doc", "odt", "rtf")),
        Kind.WEB_PAGE: frozenset(("html",)),
        Kind.PICTURE: frozenset(("image",)),
        Kind.CODE: frozenset(),
    }
)
"""The formats whose documents are of a kind as a whole."""
KIND_ELEMENTS: Mapping[Kind, ElementKind] = MappingProxyType(
    {Kind.TABLE: ElementKind.TABLE_ROW, Kind.CODE: ElementKind.CODE}
)
"""The elements that make a chunk one of a kind, whatever its document's format."""
KIND_METADATA: Mapping[Kind, str] = MappingProxyType({Kind.MESSAGE: "channel"})
"""The metadata that documents of a kind carry, whatever their format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the asker demanded. Nothing that fails one of these may be found.

    `any_of`, `none_of`, `after` and `before` are as in `IndexFilter`. Of each group of `titles` one must stand in
    the title, in any case; `labels` and `kinds` admit when empty; `without` must not occur in the passage.
    `impossible` says that two demands exclude each other: nothing passes, and a set in `any_of` may be empty.
    """

    any_of: tuple[tuple[str, frozenset[str]], ...] = ()
    none_of: tuple[tuple[str, frozenset[str]], ...] = ()
    after: str | None = None
    before: str | None = None
    labels: frozenset[str] = frozenset()
    not_labels: frozenset[str] = frozenset()
    kinds: frozenset[Kind] = frozenset()
    not_kinds: frozenset[Kind] = frozenset()
    titles: tuple[frozenset[str], ...] = ()
    not_titles: frozenset[str] = frozenset()
    without: tuple[str, ...] = ()
    impossible: bool = False

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time asked for: its first and last day, and text[start:end] that names it.

    `year` and `quarter` (1 to 4) are its labels where it has them: fiscal calendars differ, so the days of a fiscal
    period are those of the calendar's, and its labels say more. `exact` is False where the year was supposed.
    """

    first: date
    last: date
    start: int
    end: int
    year: int | None = None
    quarter: int | None = None
    fiscal: bool = False
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What a query asks for. `text` is what is left to search for once filters are taken out: "" when nothing is.

    Spans are offsets into `text`. All but `filters` are hints: they may be wrong, and only
    ever move ranks. `excluded` is what the question leaves out ("except Norway"), `newest` a wish for the latest,
    `compares` that several documents are needed, `language` an ISO 639-1 code or "".
    """

    text: str
    original: str
    filters: Filters = field(default_factory=Filters)
    years: tuple[int, ...] = ()
    periods: tuple[Period, ...] = ()
    newest: bool = False
    names: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    compares: bool = False
    language: str = ""

    def __hash__(self) -> int:
        # Looked up once for each document that is held against it: all else follows from these.
        return hash((self.original, self.text))
