"""Do claims about documents, that they disagree or that one replaces another, say what their spans say?

Such a claim is made of fixed phrases, titles, days and quoted pieces. Each quoted piece must stand in a cited span of
the document named before it, each figure outside the quotes in a title or in how the documents are dated, and the
quoted pieces of a conflict must differ. `conflicts` and `supersession` write these claims.
"""

from __future__ import annotations

import re
from datetime import date

from ingest.markup import prose

from ..figures import figures_in, written_out
from ..model import ClaimKind, DraftClaim, EvidenceSpan
from ..rows import cells_of
from .model import Finding

CHECK = "statement"
_QUOTED = re.compile(r"“([^“”]{1,600})”|„([^„“”]{1,600})“")
_PAIR = 2


def verify_statement(claim: DraftClaim) -> Finding:
    """Whether a conflict or supersession claim is borne out; the finding names the pieces that are not.

    Any other kind of claim is not this check's to judge and agrees.
    """
    if claim.kind not in (ClaimKind.CONFLICT, ClaimKind.SUPERSESSION):
        return Finding(check=CHECK, agrees=True)
    pieces = [(match.group(1) or match.group(2), match.start()) for match in _QUOTED.finditer(claim.text)]
    wrong = [piece for piece, at in pieces if not _borne_out(piece, claim.text[:at], claim)]
    wrong += _unknown_figures(claim)
    if not pieces or (claim.kind is ClaimKind.CONFLICT and len(pieces) != _PAIR):
        return _failed("it does not quote what it speaks of", tuple(wrong))
    if wrong:
        return _failed("not in the cited text", tuple(wrong))
    if claim.kind is ClaimKind.CONFLICT and _same(pieces[0][0], pieces[1][0]):
        return _failed("both sides say the same", (pieces[1][0],), contradicts=True)
    return Finding(check=CHECK, agrees=True)


def _borne_out(piece: str, before: str, claim: DraftClaim) -> bool:
    """Whether a quoted piece stands, at the borders of words, in a span of the document last named before it."""
    places = [(before.rfind(span.document.title), span) for span in claim.evidence]
    last = max((at for at, _ in places), default=-1)
    longest = max((len(span.document.title) for at, span in places if at == last), default=0)
    spans = [span for at, span in places if at == last and len(span.document.title) == longest]
    pattern = re.compile(rf"(?<!\w){re.escape(_folded(piece))}(?!\w)")
    return last >= 0 and any(pattern.search(_folded(text)) for span in spans for text in _texts(span))


def _texts(span: EvidenceSpan) -> list[str]:
    """A span's words: of a table row, cell by cell, so that a piece never runs over two."""
    cells = cells_of(span)
    return [cell.text for cell in cells] if cells else [prose(span.quote, span.chunk.markup), span.quote]


def _unknown_figures(claim: DraftClaim) -> list[str]:
    """Figures and dates outside the quotes that belong to no title and do not date a cited document."""
    rest = _QUOTED.sub(" ", claim.text)
    for title in sorted({span.document.title for span in claim.evidence}, key=len, reverse=True):
        rest = rest.replace(title, " ")
    known = {figure.key for span in claim.evidence for text in _texts(span) for figure in figures_in(text)}
    for span in claim.evidence:
        known |= {figure.key for figure in figures_in(_changed(span.document.modified_at))}
    return [figure.text for figure in figures_in(rest) if figure.key not in known]


def _changed(modified_at: str) -> str:
    try:
        return written_out(date.fromisoformat(modified_at[:10]))
    except ValueError:
        return ""


def _same(one: str, other: str) -> bool:
    keys = [[figure.key for figure in figures_in(text)] for text in (one, other)]
    return _folded(one) == _folded(other) or (len(keys[0]) == 1 and keys[0] == keys[1])


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _failed(note: str, words: tuple[str, ...], *, contradicts: bool = False) -> Finding:
    return Finding(check=CHECK, agrees=False, score=0.0, words=words, contradicts=contradicts, note=note)
