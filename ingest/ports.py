"""What this floor needs from elsewhere, as Protocols that `api.wiring` fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .model import ParsedDocument, RawFile


class Parser(Protocol):
    """Turns one file into canonical text with structure, or raises `ParseError`."""

    def __call__(self, raw: RawFile) -> ParsedDocument: ...


class Tokenizer(Protocol):
    """The embedding model's own tokenizer.

    Returns for each text the (start, end) character offsets of its tokens, without special tokens and
    without truncation; the number of tokens is the length of that list.
    """

    def __call__(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]: ...
