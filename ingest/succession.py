"""Which document says that it takes another's place, in its own words.

Policies say so near their top: "This policy replaces the Travel policy 2023", "SUPERSEDED by the Password standard".
Only the words are kept here; which document they name is settled when documents are ranked, among those that the
asker may read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_OPENING = 6000
"""Characters from the start within which a document speaks of its own standing."""
_NAME = r"(?P<name>[^.;\n|]{4,160})"
_REPLACES = re.compile(rf"\b(?:replaces|supersedes|ersetzt)\b[:\s|*_]+{_NAME}", re.IGNORECASE)
_REPLACED_BY = re.compile(rf"\b(?:superseded|replaced|ersetzt)\s+(?:by|durch)\b[:\s|*_]+{_NAME}", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_ARTICLES = frozenset({"the", "our", "die", "der", "das", "den", "dem", "unsere", "unser"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession:
    """One statement of succession: the document replaces, or is replaced by, what `name` names."""

    kind: Literal["replaces", "replaced_by"]
    name: str

    def title_keys(self) -> tuple[str, ...]:
        """The `title_key` of every title that what is named begins with.

        "Travel policy" is not meant by "Travel policy 2023".
        """
        words = _words(self.name)
        if words and words[0] in _ARTICLES:
            del words[0]
        return tuple(
            " ".join(words[:length])
            for length in range(1, len(words) + 1)
            if not (length < len(words) and len(words[length]) == 4 and words[length].isdigit())
        )


def title_key(title: str) -> str:
    """Equal for titles of the same words; "" for one without any, which nothing names."""
    return " ".join(_words(title))


def find_successions(text: str) -> tuple[Succession, ...]:
    """All statements of succession in a document's opening."""
    opening = text[:_OPENING]
    replaced = [Succession(kind="replaced_by", name=m["name"].strip()) for m in _REPLACED_BY.finditer(opening)]
    replaces = [
        Succession(kind="replaces", name=m["name"].strip())
        for m in _REPLACES.finditer(opening)
        if _words(m["name"])[:1] != ["durch"]
    ]
    return tuple(replaced + replaces)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
