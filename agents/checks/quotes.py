"""Does the cited span exist, word for word, in the version it names?"""

from __future__ import annotations

from collections.abc import Callable

from ..model import EvidenceSpan

TextOf = Callable[[str, str], str | None]
"""(document id, version) to that version's canonical text, None when it is not kept."""


def quote_exists(span: EvidenceSpan, text_of: TextOf) -> bool:
    """Whether canonical text [start, end) of the cited version is the quote, read anew from the catalog."""
    text = text_of(span.document.id, span.chunk.version)
    return text is not None and span.start < span.end and text[span.start : span.end] == span.quote
