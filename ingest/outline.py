"""The structure above an element: the headings it stands under, and the line that introduces its list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .markup import prose
from .model import Element, ElementKind, ParsedDocument


def sections(parsed: ParsedDocument) -> Iterator[tuple[tuple[str, ...], list[Element]]]:
    """Runs of elements under one heading path. A heading with nothing below it stands as an element itself."""
    path: list[tuple[int, str]] = []
    body: list[Element] = []
    pending: Element | None = None
    for element in parsed.elements:
        if element.kind is not ElementKind.HEADING:
            body.append(element)
            pending = None
            continue
        if body:
            yield _names(path), body
        elif pending is not None and (element.level or 1) <= (pending.level or 1):
            yield _names(path), [pending]
        body, pending = [], element
        level = element.level or 1
        words = parsed.text[element.start : element.end]
        path = [(depth, name) for depth, name in path if depth < level]
        path.append((level, prose(words, parsed.markup)))
    if body:
        yield _names(path), body
    elif pending is not None:
        yield _names(path), [pending]


def _names(path: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(name for _, name in path)


def introductions(parsed: ParsedDocument, elements: Sequence[Element]) -> list[str | None]:
    """For each list item or row, the line before its list when that line ends in a colon."""
    found: list[str | None] = []
    current: str | None = None
    for element in elements:
        if element.kind in (ElementKind.PARAGRAPH, ElementKind.CODE):
            found.append(None)
            words = parsed.text[element.start : element.end]
            last = prose(words, parsed.markup)
            current = last.rsplit(". ", 1)[-1] if last.endswith(":") else None
        else:
            found.append(current)
    return found
