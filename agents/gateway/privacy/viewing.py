"""A text as a reader sees it: disguises that change nothing for the eye are undone, and each position can be led back.

Full-width and other digits become plain ones, odd spaces and hyphens common ones, accents are joined to their letters,
and what has no width goes. Text that holds none of this is its own view.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache

_ODD = re.compile(r"[^\x00-\x7f]+|=\r?\n")  # the latter is a soft break of quoted-printable mail
_HYPHENS = frozenset("‐‑‒–—―−⁃﹘﹣－⁻")
_APOSTROPHES = frozenset("‘’‛ʼ＇`´′")
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0")


class View:
    """`text` is what is read; `span` leads a span of it back to the original."""

    __slots__ = ("_at", "_size", "_to", "text")

    def __init__(self, original: str) -> None:
        pieces: list[str] = []
        self._at = [0]  # where in the view a stretch begins that runs in step with the original
        self._to = [0]  # and where in the original
        length = taken = 0
        for run in _ODD.finditer(original):
            if run.start() > taken:
                pieces.append(original[taken : run.start()])
            length += run.start() - taken
            taken = run.end()
            if run[0][0] == "=":
                self._stretch(length, taken)
                continue
            for position in range(run.start(), run.end()):
                character = original[position]
                if unicodedata.combining(character) and pieces:
                    if len(pieces[-1]) > 1:
                        pieces[-1:] = [pieces[-1][:-1], pieces[-1][-1]]
                    pieces[-1] = unicodedata.normalize("NFC", pieces[-1] + character)[0]
                    self._stretch(length, position + 1)
                    continue
                shown = _shown(character)
                if shown:
                    pieces.append(shown)
                length += len(shown)
                if len(shown) != 1:
                    self._stretch(length, position + 1)
        pieces.append(original[taken:])
        self.text = "".join(pieces) if len(pieces) > 1 else original
        self._size = len(original)

    def _stretch(self, view: int, original: int) -> None:
        if self._at[-1] == view:
            self._to[-1] = original
        else:
            self._at.append(view)
            self._to.append(original)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that shows as `start` to `end` here, with what is unseen inside it."""
        if end >= len(self.text):
            return self._original(start), self._size
        last = self._original(end - 1) + 1 if end > start else self._original(start)
        # Accents and unseen characters behind the last one belong to it.
        return self._original(start), min(self._size, max(last, self._behind(end)))

    def _original(self, position: int) -> int:
        index = bisect_right(self._at, position) - 1
        return self._to[index] + position - self._at[index]

    def _behind(self, position: int) -> int:
        index = bisect_right(self._at, position) - 1
        return self._to[index] if self._at[index] == position and index else 0


@lru_cache(maxsize=8192)
def _shown(character: str) -> str:  # noqa: PLR0911 - one kind of character a case
    """What a reader sees of one character: nothing, a plain character, or itself."""
    if character in _HYPHENS:
        return "-"
    if character in _APOSTROPHES:
        return "'"
    category = unicodedata.category(character)
    if category == "Cf" or character in _INVISIBLE or "\ufe00" <= character <= "\ufe0f":
        return ""
    if category == "Zs":
        return " "
    if character in ("\u2028", "\u2029", "\x85"):
        return "\n"
    if category == "Nd":
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character)
    # Longer forms (ligatures apart) are signs of their own, "½" or "№", which no datum is written with.
    return plain if plain != character and plain.isascii() and (len(plain) == 1 or plain.isalpha()) else character
