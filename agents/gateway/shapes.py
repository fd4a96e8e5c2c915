"""The wanted shape of a reply, as JSON Schema and as words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from .ports import Message, Shape

_DEEPEST = 32


def shape_of(reply: type[BaseModel]) -> Shape:
    """The shape of a pydantic model's JSON."""
    name = "".join(character if character.isascii() and character.isalnum() else "_" for character in reply.__name__)
    return Shape(name=name[:60] or "reply", schema=reply.model_json_schema())


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as endpoints demand it that hold a model to it: all keys required, no others, no defaults."""
    found: dict[str, Any] = _strict(schema, 0)
    return found


def _strict(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("the reply's shape is nested too deeply")
    if isinstance(value, list):
        return [_strict(one, depth + 1) for one in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _strict(one, depth + 1) for key, one in value.items() if key != "default"}
    if isinstance(found.get("properties"), dict):
        found["required"] = list(found["properties"])
        found["additionalProperties"] = False
    return found


def stating(messages: Sequence[Message], shape: Shape) -> list[Message]:
    """The messages with the shape stated in the system's, for endpoints that cannot be told one."""
    words = (
        "Reply with one JSON object that fits this JSON Schema, and with nothing else:\n"
        f"{json.dumps(shape.schema, ensure_ascii=False, separators=(',', ':'))}"
    )
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{words}"}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]
