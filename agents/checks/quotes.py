"""Does the cited span exist, word for word, in the version it names?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..model import EvidenceSpan
from .model import Finding

TextOf = Callable[[str, str], str | None]
"""(document id, version) to that version's canonical text, None when it is not kept."""


def quote_exists(span: EvidenceSpan, text_of: TextOf) -> bool:
    """Whether canonical text [start, end) of the cited version is the quote, read anew from the catalog."""
    text = text_of(span.document.id, span.chunk.version)
    return text is not None and span.start < span.end and text[span.start : span.end] == span.quote


def quotes(spans: Sequence[EvidenceSpan], text_of: TextOf) -> Finding:
    """Every cited span exists word for word; a claim that cites nothing does not pass."""
    gone = [span for span in spans if not quote_exists(span, text_of)]
    note = "" if spans else "nothing is cited"
    if gone:
        note = f"the cited words are not in the kept text of {', '.join(dict.fromkeys(s.document.title for s in gone))}"
    return Finding(check="quote", agrees=not note, score=0.0 if note else 1.0, note=note)
