"""What a query hints at, held against the documents that were found: whole documents are chosen, not only passages.

Each hint is a share in [0, 1] of what the best of these documents gets, so that a name which all of them bear
chooses none. Hints move ranks; they never admit or exclude.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from ingest.model import Document

from .affinity import fits_beside_names, name_fits, named_until
from .understanding import Understanding

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"name": 0.35, "period": 0.35, "kind": 0.1, "title": 0.08, "newest": 0.3, "excluded": -0.2}
)
"""What a hint adds to a passage's score, which is about 1 for the best. Chosen on halves of sets: see `bench/`."""
_TELLING = 2.0
"""A name that stands in the square root of all passages, or fewer, tells as much as a name can."""
_MOST_WORDS = 8


def hints(
    understanding: Understanding, documents: Sequence[Document], rarity: Callable[[str], float]
) -> dict[str, dict[str, float]]:
    """By document id, the hints that speak for it or, "excluded", against it; those above 0.

    `rarity` of a word is 1 when nothing that the asker may read has it and 0 when everything does.
    """
    found = {one.id: fits_beside_names(understanding, one) for one in documents}
    best = max((fits.get("title", 0.0) for fits in found.values()), default=0.0)
    for fits in found.values():
        if "title" in fits:
            fits["title"] = round(fits["title"] / best, 4)
    if understanding.names:
        _add_names(understanding, documents, rarity, found)
    if understanding.newest and not understanding.periods:
        _add_newest(documents, found)
    for one in documents:
        if understanding.excluded and _is_about(one.title, understanding.excluded):
            found[one.id]["excluded"] = 1.0
    return found


def weigh(fits: Mapping[str, float]) -> float:
    """What a document's hints add to the scores of its passages."""
    return sum(WEIGHTS[name] * value for name, value in fits.items())


def _add_names(
    understanding: Understanding,
    documents: Sequence[Document],
    rarity: Callable[[str], float],
    found: Mapping[str, dict[str, float]],
) -> None:
    """The share of the asked names that a document is named after, each by how much the name tells.

    A name of which every text speaks ("10-Q" among filings, the company's own) chooses no document.
    """
    fits = {one.id: name_fits(understanding, one) for one in documents}
    # A ticker is a weak sign beside the full name, and all there is where no document has that.
    surest = [max(column) or 1.0 for column in zip(*fits.values(), strict=True)]
    most = max((sum(f / s for f, s in zip(row, surest, strict=True)) for row in fits.values()), default=0.0)
    if most <= 0.0:
        return
    tells = [min(1.0, _TELLING * _rarest(name, rarity)) for name in understanding.names]
    for document_id, row in fits.items():
        share = round(sum(t * f / s for t, f, s in zip(tells, row, surest, strict=False)) / most, 4)
        if share > 0.0:
            found[document_id]["name"] = share


def _rarest(name: str, rarity: Callable[[str], float]) -> float:
    return max((rarity(word) for word in name.split()[:_MOST_WORDS]), default=0.0)


def _add_newest(documents: Sequence[Document], found: Mapping[str, dict[str, float]]) -> None:
    """1 for the newest of the documents, evenly down to 0 for the oldest, by the time in the name or of the file."""
    moments = {one.id: named_until(one) or one.modified_at[:10] for one in documents}
    order = sorted(set(moments.values()))
    if len(order) > 1:
        for document_id, moment in moments.items():
            if share := order.index(moment) / (len(order) - 1):
                found[document_id]["newest"] = round(share, 4)


def _is_about(title: str, names: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title, re.IGNORECASE) for name in names)
