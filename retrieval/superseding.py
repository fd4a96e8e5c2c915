"""Prefers what is in force: finds the documents that another one replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ingest.model import Document
from ingest.succession import Succession

_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")


def superseded(
    documents: Iterable[Document], successions: Mapping[str, Sequence[Succession]], successors: Mapping[str, Document]
) -> frozenset[str]:
    """The ids of those documents that are replaced.

    `successions` maps document ids to their statements, `successors` the ids of those that the asker may read to their
    documents: a document that nobody but others may read replaces nothing.
    """
    found = set()
    for document in documents:
        own = successions.get(document.id, ())
        by_others = any(
            s.kind == "replaces" and s.names(document.title)
            for other, statements in successions.items()
            if other != document.id and other in successors
            for s in statements
        )
        if by_others or any(s.kind == "replaced_by" for s in own):
            found.add(document.id)
    return frozenset(found)


def asked_for(document: Document, question: str) -> bool:
    """Whether a question names the document itself, or its year, so that it is wanted though replaced."""
    years = set(_YEAR.findall(document.title))
    return bool(years & set(_YEAR.findall(question))) or document.title.casefold() in question.casefold()
