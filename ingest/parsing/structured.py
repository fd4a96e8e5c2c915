"""JSON and JSON lines, verbatim: elements are objects small enough to read at once, or runs of leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..model import Element, ElementKind, ParsedDocument
from .building import title_from_name
from .refusing import refuse_empty
from .text import parse_text

Span = tuple[int, int]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_WORD = re.compile(r"\w+")
_MAX_WORDS = 100


def parse_json(name: str, text: str) -> ParsedDocument:
    """Structure a decoded JSON file; text that is no valid JSON is kept as plain text."""
    if not text.strip():
        refuse_empty()
    if not _is_json(text):
        return parse_text(name, text, file_format="json")
    return _document(name, text, _Scanner(text).spans(0, len(text)), "json")


def parse_json_lines(name: str, text: str) -> ParsedDocument:
    """Structure a decoded JSON lines file: each line that is valid JSON stands for itself."""
    if not text.strip():
        refuse_empty()
    spans: list[Span] = []
    position = 0
    scanner = _Scanner(text)
    for line in text.split("\n"):
        end = position + len(line)
        if line.strip():
            left = position + len(line) - len(line.lstrip())
            inner = scanner.spans(left, end) if _is_json(line) else []
            spans.extend(inner or [(left, position + len(line.rstrip()))])
        position = end + 1
    return _document(name, text, spans, "ndjson")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _document(name: str, text: str, spans: list[Span], file_format: str) -> ParsedDocument:
    if not spans:
        refuse_empty()
    elements = tuple(Element(kind=ElementKind.PARAGRAPH, start=start, end=end) for start, end in spans)
    return ParsedDocument(title=title_from_name(name), text=text, elements=elements, format=file_format, verbatim=True)


@dataclass(slots=True)
class _Container:
    """An object or array that is being read: the spans of its finished members."""

    start: int
    is_array: bool
    words: int = 0
    # (span, words, is_leaf) of each finished member; a large container contributes its own parts.
    members: list[tuple[Span, int, bool]] = field(default_factory=list)
    # Where the member that is being read began (its key, in an object).
    member_start: int | None = None


class _Scanner:
    """Finds the spans of readable pieces in valid JSON, without building its values."""

    def __init__(self, text: str) -> None:
        self._text = text

    def spans(self, start: int, end: int) -> list[Span]:
        """Spans within [start, end), in order, each about `_MAX_WORDS` words or one leaf."""
        root = _Container(start=start, is_array=True)
        stack = [root]
        for token in _TOKEN.finditer(self._text, start, end):
            self._take(stack, token)
        return [span for span, _, _ in _grouped(root)]

    def _take(self, stack: list[_Container], token: re.Match[str]) -> None:
        top = stack[-1]
        match token.group():
            case "{" | "[" as opening:
                if top.member_start is None:
                    top.member_start = token.start()
                stack.append(_Container(start=token.start(), is_array=opening == "["))
            case "}" | "]":
                self._close(stack, token.end())
            case ",":
                self._finish_leaf(top, token.start())
            case ":":
                pass
            case _:
                if top.member_start is None:
                    top.member_start = token.start()
                if len(stack) == 1:
                    self._finish_leaf(top, token.end())

    def _finish_leaf(self, container: _Container, end: int) -> None:
        """Close the member that ends before `end`, unless a container already did."""
        if container.member_start is None:
            return
        piece = self._text[container.member_start : end].rstrip()
        words = len(_WORD.findall(piece))
        container.members.append(((container.member_start, container.member_start + len(piece)), words, True))
        container.words += words
        container.member_start = None

    def _close(self, stack: list[_Container], end: int) -> None:
        closed = stack.pop()
        self._finish_leaf(closed, end - 1)
        parent = stack[-1]
        member_start = closed.start if parent.member_start is None else parent.member_start
        key_words = len(_WORD.findall(self._text[member_start : closed.start]))
        words = closed.words + key_words
        parent.member_start = None
        parent.words += words
        if words <= _MAX_WORDS:
            parent.members.append(((member_start, end), words, False))
            return
        parts = _grouped(closed)
        if parts and key_words:
            # The key stands with the first part of its value.
            (_, first_end), first_words, _ = parts[0]
            parts[0] = ((member_start, first_end), first_words + key_words, False)
        parent.members.extend(parts)


def _grouped(container: _Container) -> list[tuple[Span, int, bool]]:
    """Members with neighbouring leaves joined up to the size limit; containers stay apart in arrays."""
    return list(_join(container.members))


def _join(members: list[tuple[Span, int, bool]]) -> Iterator[tuple[Span, int, bool]]:
    pending: tuple[Span, int, bool] | None = None
    for span, words, is_leaf in members:
        if pending is not None and pending[2] and is_leaf and pending[1] + words <= _MAX_WORDS:
            pending = ((pending[0][0], span[1]), pending[1] + words, True)
            continue
        if pending is not None:
            yield pending[0], pending[1], False
        pending = (span, words, is_leaf)
    if pending is not None:
        yield pending[0], pending[1], False
