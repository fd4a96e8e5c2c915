"""The researcher: finds evidence that the asker may read. Nothing else reaches the analyst."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.access import Principal
from retrieval.model import Hit, Query

from .ports import Search
from .question import Question

PASSAGES = 12
"""Passages handed over for each part of a question."""


class Researcher:
    """Searches for the question as asked and for each of its parts."""

    def __init__(self, search: Search, passages: int = PASSAGES) -> None:
        self._search = search
        self._passages = passages

    def gather(self, question: Question, principal: Principal) -> list[Hit]:
        """Passages, best first, none twice; those that only another part's search found come after.

        What another document replaces is no evidence, unless the question names it.
        """
        texts = list(dict.fromkeys([question.text, *(part.text for part in question.parts)]))
        results = [self._search(Query(text=text, principal=principal, k=self._passages)) for text in texts]
        return _interleave([[hit for hit in hits if "superseded" not in hit.why] for hits in results])


def _interleave(results: Sequence[Sequence[Hit]]) -> list[Hit]:
    seen: set[str] = set()
    merged: list[Hit] = []
    for place in range(max((len(hits) for hits in results), default=0)):
        for hits in results:
            if place < len(hits) and hits[place].chunk.id not in seen:
                seen.add(hits[place].chunk.id)
                merged.append(hits[place])
    return merged
