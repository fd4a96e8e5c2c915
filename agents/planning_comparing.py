"""Comparisons taken apart: "Is the cap higher in Berlin or in London?" asks for two caps and holds them together.

English and German. A question that only sounds like one ("for orders of more than £500") is left alone.
"""

from __future__ import annotations

import re

from .planning_comparing_english import rules as english
from .planning_comparing_german import rules as german
from .planning_splits import Split

_RULES = tuple((re.compile(rf"{pattern}$", re.IGNORECASE), build) for pattern, build in (*english(), *german()))


def compare(text: str) -> Split | None:
    """The questions that a comparing question needs, or None for any other. `text` has some hundred letters at most."""
    bare = text.strip().rstrip("?!. ")
    for pattern, build in _RULES:
        match = pattern.match(bare)
        if match and (found := build(match)) is not None:
            return found
    return None
