"""Does every date of the claim agree with what it cites?"""

from __future__ import annotations

from collections.abc import Sequence

from .aligning import align
from .dates import agrees, date_mentions, same_kind
from .measures import measures
from .model import Finding
from .placing import misplaced
from .tokens import Token

_LIKE_ENOUGH = 0.4


def dates(claim: str, evidence: Sequence[str]) -> Finding:
    """Every date of the claim stands in the evidence, as far as it goes, and for the thing that it is said of."""
    shown = [mention for text in evidence for mention in date_mentions(text)]
    counts = {f"{measure.value}" for text in evidence for measure in measures(text) if measure.unit is None}
    alignments = align(claim, evidence)
    near = [t.date for a in alignments if a.coverage >= _LIKE_ENOUGH for t in a.evidence if t.date is not None]
    words: list[str] = []
    notes: list[str] = []
    contradicts = False
    for said in date_mentions(claim):
        written = claim[said.start : said.end]
        if any(agrees(said, held) for held in shown):
            continue
        if written.isdecimal() and written in counts:  # "1950" may be no year at all
            continue
        words.append(written)
        contradicts = contradicts or any(same_kind(said, held) for held in near)
        notes.append(f"{written} is not in the source")
    for alignment in alignments:
        for token, rival in misplaced(alignment, _is_date):
            words.append(token.text)
            contradicts = True
            notes.append(f"{token.text}: the source has {rival.text} there")
    found = dict.fromkeys(words)
    return Finding(
        check="dates", agrees=not found, score=0.0 if found else 1.0, words=tuple(found), contradicts=contradicts,
        note="; ".join(dict.fromkeys(notes)),
    )  # fmt: skip


def _is_date(token: Token) -> bool:
    return token.date is not None
