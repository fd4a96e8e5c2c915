"""Prefers what is in force: finds the documents that another one replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ingest.model import Document
from ingest.succession import Succession

_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")


def superseded(
    documents: Iterable[Document], successions: Mapping[str, Sequence[Succession]], readable: Mapping[str, Document]
) -> frozenset[str]:
    """The ids of those documents that another one, which the asker may read, replaces.

    `successions` maps document ids to their statements, `readable` the ids that the asker may read to their documents.
    It is enough that either of the two says so, naming the other by its title.
    """
    found = set()
    for document in documents:
        others = [other for other in readable.values() if other.id != document.id]
        named = [s for s in successions.get(document.id, ()) if s.kind == "replaced_by"]
        by_itself = any(statement.names(other.title) for statement in named for other in others)
        by_others = any(
            statement.kind == "replaces" and statement.names(document.title)
            for other in others
            for statement in successions.get(other.id, ())
        )
        if by_itself or by_others:
            found.add(document.id)
    return frozenset(found)


def asked_for(document: Document, question: str) -> bool:
    """Whether a question names the document itself, or its year, so that it is wanted though replaced."""
    years = set(_YEAR.findall(document.title))
    return bool(years & set(_YEAR.findall(question))) or document.title.casefold() in question.casefold()
