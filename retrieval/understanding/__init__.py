"""What a query asks for, told without a model: explicit filters, and hints that move ranks.

`filters` are demanded (`--where`, `source:`, `after:`, `-word`), everything else is soft: `periods` and `relative` read
times, `names` names and phrases, `scope` exclusions, comparisons and kinds; the language is that of `..language`.
`admitting` holds filters against documents and chunks.
Rules know English, German and Norwegian; in other languages times in digits, names and phrases are still found.
All of it takes time in proportion to the query's length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date

from ..language import language_of
from .admitting import admits_chunk, admits_document, is_kind
from .filters import FILTER_KEYS, both, read_where, take_filters
from .model import KIND_ELEMENTS, KIND_FORMATS, KIND_METADATA, Filters, Kind, Period, Understanding
from .names import find_names, find_phrases
from .periods import find_periods, years_of
from .relative import wants_newest
from .scope import asks_to_compare, find_excluded, find_kinds

__all__ = [
    "FILTER_KEYS",
    "KIND_ELEMENTS",
    "KIND_FORMATS",
    "KIND_METADATA",
    "Filters",
    "Kind",
    "Period",
    "Understanding",
    "admits_chunk",
    "admits_document",
    "is_kind",
    "understand",
]

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff]+")
_SURROGATE = re.compile("[\ud800-\udfff]+")
_MOST_READ = 8_000
"""Characters of a query that hints are taken from: what is longer is a text, and its start says what it is about."""


def understand(
    text: str, *, where: Mapping[str, str] | None = None, today: date, known_keys: Iterable[str] = ()
) -> Understanding:
    """Reads a query. `today` is what "last year" counts from, `known_keys` the metadata keys that can be filtered by.

    Raises:
        FilterError: an explicit filter is unknown or malformed; nothing else is ever raised.
    """
    keys = tuple(known_keys)
    left, inline = take_filters(_cleaned(text), keys)
    filters = both(read_where(where or {}, keys), inline)
    read = left[:_MOST_READ]
    language = language_of(read)
    periods = find_periods(read, today)
    excluded = find_excluded(read)
    names = find_names(read, language=language, periods=periods, outside=excluded)
    return Understanding(
        text=left,
        original=text,
        filters=filters,
        years=years_of(periods),
        periods=periods,
        newest=wants_newest(read),
        names=names,
        phrases=find_phrases(read),
        excluded=excluded,
        kinds=find_kinds(read),
        compares=asks_to_compare(read, names, periods),
        language=language,
    )


def _cleaned(text: str) -> str:
    """The text in composed form, without what cannot be seen or written."""
    text = _UNSEEN.sub("", _UNPRINTABLE.sub(" ", _SURROGATE.sub("\ufffd", text)))
    return unicodedata.normalize("NFC", text).strip()
