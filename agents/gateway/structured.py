"""A model's answer as a typed reply, or what is wrong with it in words that the model can be told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.ports import Reply

from .lenient import Unreadable, values_in
from .ports import Message

_MOST_FAULTS = 8
_QUOTED = 4000


class Malformed(ValueError):
    """The answer, `answer`, does not have the wanted shape. The message says why, and quotes nothing of it."""

    def __init__(self, message: str, answer: str = "") -> None:
        super().__init__(message)
        self.answer = answer


def read_reply(text: str, reply: type[Reply], put_back: Callable[[str], str]) -> Reply:
    """The reply that an answer means; `put_back` is applied to every string of it.

    Raises:
        Malformed: nothing in it has the wanted shape, or several things have that differ.
    """
    fitting: list[Reply] = []
    keys = {*reply.model_fields, *(field.alias for field in reply.model_fields.values() if field.alias)}
    fault = "there is no JSON object with the wanted keys in it"
    try:
        for value in values_in(text):
            if not (isinstance(value, dict) and keys & value.keys()):
                continue  # A list, or an object of another kind: defaults would make a reply of anything.
            try:
                found = reply.model_validate(_each_string(value, put_back))
            except ValidationError as error:
                fault = _faults(error)
                continue
            if found not in fitting:
                fitting.append(found)
    except (Unreadable, RecursionError) as error:
        raise Malformed("it is too long or nested too deeply") from error
    if len(fitting) > 1:
        raise Malformed("it holds several JSON objects; give one")
    if not fitting:
        raise Malformed(fault)
    return fitting[0]


def asking_again(messages: list[Message], answer: str, fault: str, reply: type[BaseModel]) -> list[Message]:
    """The messages that ask once more, quoting the answer and what was wrong with it."""
    keys = ", ".join(reply.model_fields)
    words = (
        f"That reply could not be used: {fault}. Reply again with one JSON object with the keys {keys}, and with "
        "nothing else: no fences, no words around it."
    )
    said = answer if len(answer) <= _QUOTED else f"{answer[:_QUOTED]} ..."
    return [*messages, {"role": "assistant", "content": said or "(nothing)"}, {"role": "user", "content": words}]


def _faults(error: ValidationError) -> str:
    """Where the faults are and of what kind; pydantic's own messages may quote what the model wrote."""
    found = [
        f"{'.'.join(str(part)[:40] for part in one['loc']) or 'the object'}: {_kind(one['type'])}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_FAULTS]
    ]
    return "; ".join(found)


def _kind(kind: str) -> str:
    return kind.replace("_", " ")


def _each_string(value: Any, change: Callable[[str], str]) -> Any:
    """The same JSON with each string changed, keys included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_string(one, change) for one in value]
    if isinstance(value, dict):
        return {change(key): _each_string(one, change) for key, one in value.items()}
    return value
