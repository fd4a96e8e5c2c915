"""JSON as language models write it: in fences, amid prose, with small slips that have only one reading.

Mended are commas too many, single quotes, Python's constants, line breaks inside strings, and an end that is missing
after a whole value. What could be read in two ways is not read: a string, a number or a key that breaks off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

MOST_CHARACTERS = 100_000
_DEEPEST = 64
_MOST_BLOCKS = 40
_MOST_UNREAD = 100
_SPACE = " \t\r\n"
_FENCE = re.compile(r"```[a-zA-Z0-9]{0,20}[ \t]{0,8}\n(.*?)```", re.DOTALL)
_START = re.compile(r"[{\[]")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,30})(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}


class Unreadable(ValueError):
    """There is no reading of the text, or more than one."""


def values_in(text: str) -> Iterator[Any]:
    """The JSON objects and lists that a model's answer may mean, those that need least mending first.

    Reading takes one or two passes over the text.
    """
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"the reply has more than {MOST_CHARACTERS:,} characters")
    said = text.strip().removeprefix("\ufeff")
    try:
        yield json.loads(said, strict=False)
    except (ValueError, RecursionError):
        if said.startswith("<think>"):
            said = said.rsplit("</think>", 1)[-1].strip()
        fenced = [one.strip() for one in _FENCE.findall(said)[:_MOST_BLOCKS]] if said.count("```") >= 2 else []
        for block in fenced:
            yield from _values(block)
        if not fenced:
            yield from _values(said)


def _values(text: str) -> Iterator[Any]:
    """Every object or list of the text that stands in no other, as far as it can be read.

    After one that cannot be read it goes on from where the reading failed: what stands inside a damaged object is no
    answer by itself, and no text is read twice. A text with many such is given up.
    """
    at = unread = 0
    while unread < _MOST_UNREAD and (found := _next_start(text, at)) is not None:
        reader = _Reader(text, found)
        try:
            value = reader.value(0)
        except Unreadable:
            unread += 1
            at = max(found + 1, reader.at)
            continue
        at = reader.at
        yield value


def _next_start(text: str, at: int) -> int | None:
    found = _START.search(text, at)
    return found.start() if found else None


class _Reader:
    """Reads one value from a place in a text, and knows where it ended."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise Unreadable("it is nested too deeply")
        match self._peek():
            case "{":
                return self._object(depth)
            case "[":
                return self._list(depth)
            case '"' | "'":
                return self._string()
            case _:
                return self._scalar()

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self.at += 1
        while self._more("}", first=not found):
            if self._peek() not in ('"', "'"):
                raise Unreadable("a key is missing")
            key = self._string()
            if key in found:
                raise Unreadable("a key stands there twice")
            if self._peek() != ":":
                raise Unreadable("a colon is missing")
            self.at += 1
            found[key] = self.value(depth + 1)
        return found

    def _list(self, depth: int) -> list[Any]:
        found: list[Any] = []
        self.at += 1
        while self._more("]", first=not found):
            found.append(self.value(depth + 1))
        return found

    def _more(self, end: str, *, first: bool) -> bool:
        """Whether another entry follows; passes the comma before it, or the end."""
        if not first:
            if self._peek() == ",":
                self.at += 1
            elif self._peek() not in (end, ""):
                raise Unreadable("a comma is missing")
        if self._peek() == end:
            self.at += 1
            return False
        return self._peek() != ""  # The text ends after a whole value: what was open is closed.

    def _string(self) -> str:
        quote = self._text[self.at]
        parts: list[str] = []
        at = start = self.at + 1
        while True:
            if at >= len(self._text):
                self.at = at
                raise Unreadable("a string breaks off")
            character = self._text[at]
            if character == "\\":
                parts.append(self._text[start:at])
                piece, at = self._escape(at + 1)
                parts.append(piece)
                start = at
            elif character == quote and (quote == '"' or self._closes(at + 1)):
                parts.append(self._text[start:at])
                self.at = at + 1
                return "".join(parts)
            else:
                at += 1

    def _escape(self, at: int) -> tuple[str, int]:
        mark = self._text[at : at + 1]
        if mark == "u":
            digits = self._text[at + 1 : at + 5]
            if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                raise Unreadable("an escape is damaged")
            pair = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match(self._text, at + 5)
            first = int(digits, 16)
            if 0xD800 <= first < 0xDC00 and pair:
                low = int(pair.group(1), 16)
                return chr(0x10000 + ((first - 0xD800) << 10) + (low - 0xDC00)), pair.end()
            return ("\ufffd" if 0xD800 <= first < 0xE000 else chr(first)), at + 5
        if mark not in _ESCAPES:
            raise Unreadable("an escape is damaged")
        return _ESCAPES[mark], at + 1

    def _closes(self, at: int) -> bool:
        """Whether a single quote before `at` ends its string; else it is an apostrophe."""
        while at < len(self._text) and self._text[at] in _SPACE:
            at += 1
        return at >= len(self._text) or self._text[at] in ",:}]"

    def _scalar(self) -> Any:
        for word, meaning in _WORDS.items():
            if self._text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        number = _NUMBER.match(self._text, self.at)
        if number is None or number.end() == len(self._text):
            raise Unreadable("a value is missing or breaks off")
        self.at = number.end()
        return json.loads(number.group())

    def _peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while self.at < len(self._text) and self._text[self.at] in _SPACE:
            self.at += 1
        return self._text[self.at : self.at + 1]
