"""Puts real values back in place of placeholders, in whole texts and in streams.

A placeholder is "[PERSON_1]"; a letter behind the number marks another form of the same datum: "[PERSON_1B]". Models
change case, drop brackets, write a space for the underscore: all that is read too, where it can mean nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .kinds import Kind

_KINDS = "|".join(kind.value for kind in Kind)
_ANY_CASE = "|".join("".join(f"[{c}{c.lower()}]" for c in kind.value) for kind in Kind)
PATTERN = re.compile(
    rf"(?P<escaped>\\)?\[[ ]?(?P<kind>{_ANY_CASE})\\?[ "
    rf"_-]?(?P<number>[0-9]{{1,6}})(?P<form>[A-Za-z]{{0,3}})[ ]?(?(escaped)\\)\]"
    rf"|(?<![A-Za-z0-9_])(?:(?P<bare>{_ANY_CASE})\\?_(?P<bare_number>[0-9]{{1,6}})(?P<bare_form>[A-Za-z]{{0,3}})"
    rf"|(?P<spaced>{_KINDS})[ -](?P<spaced_number>[0-9]{{1,6}})(?P<spaced_form>[A-Z]{{0,3}}))(?![A-Za-z0-9_])"
)
"""What is read as a placeholder. Masking escapes whatever of a text matches it."""
LONGEST = 32
"""No match is longer than this, in characters."""


def key_of(match: re.Match[str]) -> str:
    """The placeholder that a match stands for, without brackets: "PERSON_1B"."""
    groups = match.groupdict()
    for prefix in ("", "bare_", "spaced_"):
        kind = groups["kind" if not prefix else prefix[:-1]]
        if kind:
            return f"{kind.upper()}_{int(groups[prefix + 'number'])}{groups[prefix + 'form'].upper()}"
    raise ValueError("not a match of PATTERN")


class StreamUnmasker:
    """Unmasks a text that comes in pieces: what `feed` returns joined with `finish` is the whole, unmasked."""

    def __init__(self, values: Mapping[str, str], unknown: set[str]) -> None:
        self._values = values
        self._unknown = unknown
        self._held = ""
        self._from = 0  # what lies before it is out already, and kept as what stands before the next

    def feed(self, chunk: str) -> str:
        """What can be given out by now; a few characters that may begin a placeholder are held back."""
        self._held += chunk
        return self._give(len(self._held) - LONGEST - 1)

    def finish(self) -> str:
        """The rest."""
        return self._give(len(self._held))

    def _give(self, until: int) -> str:
        if until <= self._from:
            return ""
        out: list[str] = []
        at = self._from
        for match in PATTERN.finditer(self._held, at):
            if match.start() >= until:
                break
            out += [self._held[at : match.start()], replacement(match, self._values, self._unknown)]
            at = match.end()
        if at < until:
            out.append(self._held[at:until])
            at = until
        # One character stays, for what may stand before a placeholder.
        kept = max(0, at - 1)
        self._held, self._from = self._held[kept:], at - kept
        return "".join(out)


def replacement(match: re.Match[str], values: Mapping[str, str], unknown: set[str]) -> str:
    """The value of a placeholder; one that was never given stays as it is, and is noted in `unknown`."""
    key = key_of(match)
    value = values.get(key)
    if value is None:
        unknown.add(key)
        return match[0]
    return value


def unmask(text: str, values: Mapping[str, str], unknown: set[str]) -> str:
    """`text` with the values of all placeholders that `values` knows."""
    return PATTERN.sub(lambda match: replacement(match, values, unknown), text)
