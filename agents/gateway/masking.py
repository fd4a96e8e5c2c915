"""Personal data out of what a remote model is sent, and back into what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .ports import Masking, Message

_PLACEHOLDER = re.compile(r"\[([A-Z]{1,20}(?:_[A-Z]{1,20}){0,3})_[0-9]{1,6}[A-Z]{0,3}\]")


class PlainText:
    """Changes nothing: for local models, which may see everything."""

    note = ""
    counts: Mapping[Any, int] = {}

    def mask(self, text: str) -> str:
        """The text as it is."""
        return text

    def mask_all(self, texts: Sequence[str]) -> list[str]:
        """The texts as they are."""
        return list(texts)

    def unmask(self, text: str) -> str:
        """The text as it is."""
        return text


MaskerFactory = Callable[[], Masking]


def masked(messages: Sequence[Message], masker: Masking) -> list[Message]:
    """The messages with every content masked, and the first saying what placeholders are, where there are any."""
    contents = masker.mask_all([one["content"] for one in messages])
    changed = contents != [one["content"] for one in messages]
    if changed and masker.note and contents:
        contents[0] = f"{contents[0]}\n\n{masker.note}"
    return [{"role": one["role"], "content": content} for one, content in zip(messages, contents, strict=True)]


def renumbering(then: Sequence[Message], now: Sequence[Message], note: str) -> Callable[[str], str] | None:
    """What turns placeholders of one masking into those of another, given the same messages masked both ways.

    None where the two differ in more than the numbers, or a placeholder of one stands for several of the other.
    """
    # The note's own placeholders are examples, and stand for nothing.
    before, after = ("\0".join(one["content"].removesuffix(note) for one in messages) for messages in (then, now))
    if _PLACEHOLDER.sub(r"[\1]", before) != _PLACEHOLDER.sub(r"[\1]", after):
        return None
    pairs = set(
        zip(
            (found.group() for found in _PLACEHOLDER.finditer(before)),
            (found.group() for found in _PLACEHOLDER.finditer(after)),
            strict=True,
        )
    )
    numbers = dict(pairs)
    if not len(pairs) == len(numbers) == len(set(numbers.values())):
        return None
    return lambda text: _PLACEHOLDER.sub(lambda found: numbers.get(found.group(), found.group()), text)
