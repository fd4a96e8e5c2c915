"""Records as JSON and back: typed values are written field by field and read by their types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from .errors import RunStoreError

Value = TypeVar("Value")


def encode(value: Any) -> str:
    """The JSON text of dataclasses, enums, mappings and sequences."""
    return storable(json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":")))


def storable(text: str) -> str:
    """The text with "?" for lone surrogates, which a model's reply or a command's argument may hold and no file can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def decode(kind: type[Value], text: str) -> Value:
    """The value that `encode` wrote.

    Raises:
        RunStoreError: it was written by a version whose types were others.
    """
    try:
        value: Value = _adapter(kind).validate_json(text)
    except ValidationError as error:
        raise RunStoreError(
            f"a record of runs.sqlite was written by another version ({error.error_count()} fields differ); "
            "move the file aside to begin anew"
        ) from error
    return value


def plain(value: Any) -> Any:
    """The same as a JSON value: dicts, lists, strings, numbers."""
    return json.loads(encode(value))


def _adapter(kind: Any) -> TypeAdapter[Any]:
    # Made when first read: it takes a while, and most commands read none.
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""One for each type that records hold."""


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
