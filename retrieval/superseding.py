"""Prefers what is in force: finds the documents that another one replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ingest.model import Document
from ingest.succession import Succession, title_key

_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")

SUPERSEDED_WEIGHT = 0.5
"""What is no longer in force ranks below what is, yet can still be found."""


def superseded(
    documents: Iterable[Document], successions: Mapping[str, Sequence[Succession]], readable: Mapping[str, Document]
) -> frozenset[str]:
    """The ids of those documents that another one, which the asker may read, replaces.

    `successions` maps document ids to their statements, `readable` the ids that the asker may read to their documents.
    It is enough that either of the two says so, naming the other by its title.
    """
    if not successions:
        return frozenset()
    titled: dict[str, set[str]] = {}
    if any(statement.kind == "replaced_by" for statements in successions.values() for statement in statements):
        for other in readable.values():
            titled.setdefault(title_key(other.title), set()).add(other.id)
    replacing: dict[str, set[str]] = {}
    for other_id in successions.keys() & readable.keys():
        for key in _named(successions[other_id], "replaces"):
            replacing.setdefault(key, set()).add(other_id)
    found = set()
    for document in documents:
        others = set(replacing.get(title_key(document.title), ()))
        for key in successors_named(successions.get(document.id, ())):
            others |= titled.get(key, set())
        if others - {document.id}:
            found.add(document.id)
    return frozenset(found)


def successors_named(statements: Iterable[Succession]) -> set[str]:
    """The titles, as `title_key`, that may be those of what a document says that it is replaced by."""
    return _named(statements, "replaced_by")


def asked_for(document: Document, question: str) -> bool:
    """Whether a question names the document itself, or its year, so that it is wanted though replaced."""
    years = set(_YEAR.findall(document.title))
    return bool(years & set(_YEAR.findall(question))) or document.title.casefold() in question.casefold()


def _named(statements: Iterable[Succession], kind: str) -> set[str]:
    return {key for statement in statements if statement.kind == kind for key in statement.title_keys()}
