"""Finds on which lines of the source file a piece of extracted text stands."""

from __future__ import annotations

import binascii
import html
import quopri
import re
from bisect import bisect_right
from collections import defaultdict

from .building import Place

_WORD = re.compile(r"\w+")
_HIDDEN = re.compile(r"<(script|style|template)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
# Inline tags may stand inside a word; all others part words.
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|tt|u|var"
    r"|wbr)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_KEY_WORDS = 5
_MAX_SKIPPED = 12
_MAX_CANDIDATES = 200


class LineFinder:
    """Locates texts in the words of a source, each one searched from where the last was found."""

    def __init__(self, source: str, line_starts: list[int] | None = None) -> None:
        """`line_starts` are the offsets in `source` where lines of the file begin."""
        if line_starts is None:
            line_starts = [0, *(found.end() for found in re.finditer("\n", source))]
        self._words: list[str] = []
        self._lines: list[int] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        for found in _WORD.finditer(source):
            word = found.group().casefold()
            self._places[word].append(len(self._words))
            self._words.append(word)
            self._lines.append(bisect_right(line_starts, found.start()))
        self._cursor = 0
        self._inner = 0

    def find(self, text: str) -> Place | None:
        """First and last line of `text`, None where its words do not stand in the source in this order."""
        words = [found.group().casefold() for found in _WORD.finditer(text)]
        if not words:
            return None
        span = self._search(words, self._cursor) or self._search(words, 0)
        if span is None:
            return None
        first, last = span
        self._cursor = last + 1
        return Place(line_start=self._lines[first], line_end=self._lines[last])

    def find_within(self, text: str, outer: Place | None) -> Place | None:
        """As `find`, for a part of what was found at `outer`; None where it is found elsewhere."""
        if outer is None or outer.line_start is None or outer.line_end is None:
            return None
        after = self._cursor
        self._cursor = min(self._cursor, bisect_right(self._lines, outer.line_start - 1))
        self._cursor = max(self._cursor, self._inner)
        found = self.find(text)
        if found is None or not outer.line_start <= (found.line_start or 0) <= outer.line_end:
            found = None
        self._inner = self._cursor if found else self._inner
        self._cursor = after
        return found

    def _search(self, words: list[str], begin: int) -> tuple[int, int] | None:
        places = self._places.get(words[0], [])
        for start in places[bisect_right(places, begin - 1) :][:_MAX_CANDIDATES]:
            key = words[:_KEY_WORDS]
            if self._words[start : start + len(key)] == key and (end := self._follow(words, start)) is not None:
                return start, end
        return None

    def _follow(self, words: list[str], start: int) -> int | None:
        """The place of the last word, allowing for a few words in the source that the text leaves out."""
        place = start
        for word in words:
            limit = min(place + _MAX_SKIPPED, len(self._words))
            while place < limit and self._words[place] != word:
                place += 1
            if place == limit:
                return None
            place += 1
        return place - 1


def markup_finder(source: str) -> LineFinder:
    """A finder over the text between the tags of an HTML or XML source."""
    return LineFinder(stripped(source))


def stripped(source: str) -> str:
    """An HTML or XML source without its tags, comments and scripts, line for line."""
    bare = _HIDDEN.sub(_keep_lines, source)
    bare = _TAG.sub(lambda m: _keep_lines(m) or " ", _INLINE_TAG.sub(_keep_lines, bare))
    return "\n".join(html.unescape(line) for line in bare.split("\n"))


def mail_finder(source: str) -> LineFinder:
    """A finder over a mail's source: soft line breaks are joined, tags are taken out."""
    text, starts = [], []
    length = 0
    source = re.sub(r"<(style|script)\b.*?</\1\s*>", _keep_lines, source, flags=re.DOTALL | re.IGNORECASE)
    for line in source.split("\n"):
        starts.append(length)
        piece = line
        if "=" in line:
            try:
                piece = quopri.decodestring(line.removesuffix("=").encode("utf-8", "replace")).decode(
                    "utf-8", "replace"
                )
            except (binascii.Error, ValueError):
                piece = line
        if "<" in piece:
            piece = html.unescape(_TAG.sub(" ", piece))
        piece += "" if line.endswith("=") else "\n"
        text.append(piece)
        length += len(piece)
    return LineFinder("".join(text), starts)


def _keep_lines(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")
