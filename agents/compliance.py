"""Compliance: checks every claim of a draft against the spans it cites. What fails is not released."""

from __future__ import annotations

from ingest.markup import prose

from .checks.coverage import word_coverage
from .checks.names import missing_names
from .checks.negation import negation_agrees
from .checks.numbers import missing_figures
from .checks.quotes import TextOf, quote_exists
from .model import CheckedClaim, Checks, DraftClaim, EvidenceSpan, Verdict

_SUPPORTED_COVERAGE = 0.999
_PARTIAL_COVERAGE = 0.8


class Compliance:
    """Verifies claims. `text_of` reads canonical text from the catalog, not from what the draft carries along."""

    def __init__(self, text_of: TextOf) -> None:
        self._text_of = text_of

    def verify(self, claim: DraftClaim) -> CheckedClaim:
        """The claim with its verdict: supported only when every check passes."""
        evidence = "\n".join(evidence_words(span) for span in claim.evidence)
        quoted = "\n".join(quoted_words(span) for span in claim.evidence)
        figures = missing_figures(claim.text, evidence)
        names = missing_names(claim.text, evidence)
        checks = Checks(
            quote=bool(claim.evidence) and all(quote_exists(span, self._text_of) for span in claim.evidence),
            numbers=not figures,
            names=not names,
            negation=negation_agrees(claim.text, evidence, quoted),
            entailment=round(word_coverage(claim.text, evidence), 3),
        )
        note = _note(figures, names)
        verdict = _verdict(checks)
        score = round(claim.score * checks.entailment, 3) if verdict is Verdict.SUPPORTED else 0.0
        return CheckedClaim(claim=claim, verdict=verdict, score=score, checks=checks, note=note)


def evidence_words(span: EvidenceSpan) -> str:
    """All that a span says as plain prose, and what its columns are called."""
    return "\n".join([*span.header, quoted_words(span)])


def quoted_words(span: EvidenceSpan) -> str:
    """A span's own words as plain prose. A table row is read cell by cell: the commas of a CSV line are not in its
    figures."""
    chunk = span.chunk
    row = next((e for e in chunk.elements if e.cells and (e.start, e.end) == (span.start, span.end)), None)
    spans = row.cells if row is not None else ((span.start, span.end),)
    texts = [chunk.text[start - chunk.start : end - chunk.start] for start, end in spans]
    return "\n".join(prose(text, chunk.markup) for text in texts)


def _verdict(checks: Checks) -> Verdict:
    if not checks.quote or not checks.numbers:
        return Verdict.UNSUPPORTED
    if not checks.negation:
        return Verdict.CONTRADICTED
    if checks.names and checks.entailment >= _SUPPORTED_COVERAGE:
        return Verdict.SUPPORTED
    return Verdict.PARTIAL if checks.entailment >= _PARTIAL_COVERAGE else Verdict.UNSUPPORTED


def _note(figures: set[str], names: set[str]) -> str | None:
    unsupported = sorted(figures) + sorted(names)
    return f"not in the cited text: {', '.join(unsupported)}" if unsupported else None
