"""What stores say of an object, each in its own names, as fingerprint, moment and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "Content-MD5", "generation")
_MOMENTS = ("LastModified", "last_modified", "updated", "modified", "Last-Modified", "mtime", "created")
_METADATA = {"ContentType": "content_type", "contentType": "content_type", "mimetype": "content_type",
             "content_type": "content_type", "StorageClass": "storage_class"}  # fmt: skip


def fingerprint_of(info: Mapping[str, Any]) -> str:
    """A store's own tag of the content, or else its size and time; "" when the store says neither."""
    tag = next((str(info[name]).strip('"') for name in _TAGS if info.get(name)), "")
    if tag:
        return f"{tag} {info.get('size')}"
    moment = next((info[name] for name in _MOMENTS if info.get(name)), None)
    return f"{moment} {info.get('size')} {info.get('ino', '')}".strip() if moment is not None else ""


def moment_of(info: Mapping[str, Any]) -> str:
    """When an object was last changed: UTC, ISO 8601; the beginning of 1970 when the store does not say."""
    value = next((info[name] for name in _MOMENTS if info.get(name)), 0.0)
    try:
        moment = _datetime(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment.isoformat().replace("+00:00", "Z")


def metadata_of(info: Mapping[str, Any]) -> dict[str, str]:
    """What else a store says that a person may ask for."""
    return {ours: str(info[theirs]) for theirs, ours in _METADATA.items() if info.get(theirs)}


def _datetime(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    text = str(value)
    return datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
