"""What the metadata of a LlamaIndex document says: its lasting name, its file name, when it changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..moments import UNKNOWN_TIME, moment_of

_NAMES = (
    "file_path url uri source_url page_url webpage_url link permalink page_id document_id file_id message_id id path"
)
_TITLES = "file_name title name subject"
_TIMES = "last_modified_date last_modified modified_at modified updated_at last_edited_time lastmod date created_at"
_PASSING = re.compile(r"access(ed|_date|_time)|^atime$|crawled|fetched|retrieved|loaded_at|^score$", re.IGNORECASE)
"""Keys whose values change although the document does not."""

_SIGNATURE = re.compile(
    r"sig|token|secret|expires|credential|password|policy|^(?:api_?)?key$|^x-(?:amz|goog|oss|cos)-", re.IGNORECASE
)
_HEADING = re.compile(r"^#{1,6} \S", re.MULTILINE)
_TEXT_SUFFIXES = (".md", ".markdown", ".txt", ".text")


def clean_metadata(metadata: Mapping[str, object]) -> dict[str, str]:
    """Metadata as strings, without what changes at every load, and with addresses that hold no secret."""
    cleaned: dict[str, str] = {}
    for name, value in metadata.items():
        if value is None or _PASSING.search(str(name)):
            continue
        if isinstance(value, str):
            cleaned[str(name)] = _clean_address(value)
        elif isinstance(value, (dict, list, tuple, set, frozenset)):
            plain = sorted(map(str, value)) if isinstance(value, (set, frozenset)) else value
            cleaned[str(name)] = json.dumps(plain, ensure_ascii=False, default=str)
        else:
            cleaned[str(name)] = str(value)
    return cleaned


def natural_id(metadata: Mapping[str, str]) -> str | None:
    """What names the document for good, None when its metadata has no such thing."""
    return next((metadata[name] for name in _NAMES.split() if metadata.get(name, "").strip()), None)


def file_name(metadata: Mapping[str, str], text: str) -> str:
    """A name for people. Its suffix is that of text, which the reader has already taken out of the file."""
    titles = (metadata[name] for name in _TITLES.split() if metadata.get(name, "").strip())
    whole = next(titles, None) or natural_id(metadata) or "document"
    path = urlsplit(whole).path if "://" in whole else whole
    name = " ".join((path.rstrip("/").rsplit("/", 1)[-1] or whole).split()).replace("/", "-")[:200]
    if name.lower().endswith(_TEXT_SUFFIXES):
        return name
    return name + (".md" if _HEADING.search(text) else ".txt")


def modified_at(metadata: Mapping[str, str]) -> str:
    """When the document changed last, UTC and ISO 8601; 1970 where nothing says."""
    times = (moment_of(metadata[name]) for name in _TIMES.split() if name in metadata)
    return next((one for one in times if one != UNKNOWN_TIME), UNKNOWN_TIME)


def _clean_address(value: str) -> str:
    """An address without user, password and signature; anything else as it is."""
    if "://" not in value or any(mark.isspace() for mark in value):
        return value
    try:
        parts = urlsplit(value)
        asked = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return value.split("?", 1)[0]
    place = parts.netloc.rsplit("@", 1)[-1]
    kept = [(name, one) for name, one in asked if not _SIGNATURE.search(name)]
    if place == parts.netloc and len(kept) == len(asked):
        return value
    return urlunsplit(parts._replace(netloc=place, query=urlencode(kept)))
