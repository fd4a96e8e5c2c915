"""Compliance: checks every claim of a draft against the spans it cites, under the company's policies.

What fails is not released. Canonical text is read anew from the catalog, not from what a draft carries along.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from ingest.markup import prose

from .calculating import recomputes
from .checks.computing import computed
from .checks.coverage import word_coverage
from .checks.model import Finding, Verdict, Verification
from .checks.names import missing_names
from .checks.negation import negation_agrees
from .checks.numbers import missing_figures
from .checks.quotes import TextOf, quote_exists
from .checks.statements import verify_statement
from .gateway.privacy import Kind, scrub
from .model import Abstention, Answer, CheckedClaim, Checks, Citation, ClaimKind, DraftClaim, EvidenceSpan
from .policies import NO_POLICIES, Policies, Rule, Situation
from .ports import Verifier

Scrub = Callable[[str, Collection[Kind]], tuple[str, Mapping[Kind, int]]]
"""A text without the personal data of the kinds named, and how many of each were in it; see `gateway.privacy`."""

_SUPPORTED_COVERAGE = 0.999
_PARTIAL_COVERAGE = 0.8


class Compliance:
    """Verifies claims and applies policies. Holds no state of a run."""

    def __init__(
        self,
        text_of: TextOf,
        verifier: Verifier,
        policies: Policies = NO_POLICIES,
        scrub: Scrub = scrub,
    ) -> None:
        self._text_of = text_of
        self._verifier = verifier
        self.policies = policies
        self._scrub = scrub

    def verify(self, claim: DraftClaim) -> CheckedClaim:
        """The claim with its verdict: supported only when every check passes."""
        missing = [span for span in claim.evidence if not quote_exists(span, self._text_of)]
        quoted = bool(claim.evidence) and not missing
        if not quoted:
            why = "the cited text is not there any more" if missing else "it cites nothing that exists"
            return _checked(claim, _failed("quote", why), quote=False)
        match claim.kind:
            case ClaimKind.QUOTED:
                found = _quoted(claim)
            case ClaimKind.CONFLICT | ClaimKind.SUPERSESSION:
                found = _from_finding(verify_statement(claim))
            case ClaimKind.COMPUTED:
                found = self._computed(claim)
            case ClaimKind.WRITTEN:
                found = self._verifier(claim.text, [evidence_words(span) for span in claim.evidence])
        return _checked(claim, found, quote=True)

    def banned_by(self, claim: DraftClaim, situation: Situation) -> list[Rule]:
        """The policies that let this claim not be said."""
        return self.policies.applying("ban", replace(situation, claim=claim.text))

    def reworded(self, claim: DraftClaim, situation: Situation) -> DraftClaim:
        """A sentence of our own in the company's wording; a quote stays as it is."""
        if claim.kind is ClaimKind.QUOTED:
            return claim
        return replace(claim, text=self.policies.reworded(claim.text, situation))

    def notices(self, situation: Situation) -> tuple[str, ...]:
        """What the policies want said beside the answer."""
        return tuple(dict.fromkeys(rule.text for rule in self.policies.applying("disclaim", situation)))

    def wants_second_opinion(self, situation: Situation) -> list[Rule]:
        """The policies for which one checker is not enough."""
        return self.policies.applying("second_opinion", situation)

    def scrubbed(self, answer: Answer, situation: Situation) -> tuple[Answer, tuple[str, ...]]:
        """The answer without the personal data that the asker's role may not see, and which kinds were taken out."""
        kinds = [kind for rule in self.policies.applying("withhold", situation) for kind in rule.kinds]
        if not kinds:
            return answer, ()
        found: dict[str, None] = {}

        def clean(text: str) -> tuple[str, tuple[str, ...]]:
            cleaned, taken = self._scrub(text, kinds)
            names = tuple(kind.value.lower() for kind in taken)
            found.update(dict.fromkeys(names))
            return cleaned, names

        def shown(citations: Sequence[Citation]) -> tuple[Citation, ...]:
            cleaned = [(citation, *clean(citation.quote)) for citation in citations]
            return tuple(replace(citation, quote=words, withheld=taken) for citation, words, taken in cleaned)

        def left(open_part: Abstention | None) -> Abstention | None:
            return None if open_part is None else replace(open_part, nearest=shown(open_part.nearest))

        claims = tuple(replace(claim, text=clean(claim.text)[0]) for claim in answer.claims)
        without = replace(
            answer,
            answer=clean(answer.answer)[0],
            claims=claims,
            citations=shown(answer.citations),
            abstention=left(answer.abstention),
            unanswered=left(answer.unanswered),
        )
        return without, tuple(found)

    def _computed(self, claim: DraftClaim) -> Verification:
        """A figure that can be computed again, in a sentence that says no more than operands and result do."""
        assert claim.computation is not None
        finding = computed(claim.computation)
        if not finding.agrees and not recomputes(claim.computation):
            return _from_finding(finding)
        texts = [evidence_words(span) for span in claim.evidence]
        figures = missing_figures(claim.text, "\n".join([*texts, claim.computation.result]))
        if figures:
            return _from_finding(
                Finding(check="numbers", agrees=False, score=0.0, words=tuple(sorted(figures)), note="not computed")
            )
        return _from_finding(Finding(check="computed", agrees=True))


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


def _quoted(claim: DraftClaim) -> Verification:
    """A claim in the source's own words: every one of them must stand there, and nothing be denied that is not."""
    evidence = "\n".join(evidence_words(span) for span in claim.evidence)
    quoted = "\n".join(quoted_words(span) for span in claim.evidence)
    figures, names = missing_figures(claim.text, evidence), missing_names(claim.text, evidence)
    agrees = negation_agrees(claim.text, evidence, quoted)
    coverage = word_coverage(claim.text, evidence)
    findings = (
        Finding(check="numbers", agrees=not figures, words=tuple(sorted(figures))),
        Finding(check="names", agrees=not names, words=tuple(sorted(names))),
        Finding(check="negation", agrees=agrees, contradicts=not agrees),
        Finding(check="entailment", agrees=coverage >= _SUPPORTED_COVERAGE, score=round(coverage, 3)),
    )
    if figures:
        verdict = Verdict.UNSUPPORTED
    elif not agrees:
        verdict = Verdict.CONTRADICTED
    elif not names and coverage >= _SUPPORTED_COVERAGE:
        verdict = Verdict.SUPPORTED
    else:
        verdict = Verdict.PARTIAL if coverage >= _PARTIAL_COVERAGE else Verdict.UNSUPPORTED
    words = tuple(sorted(figures)) + tuple(sorted(names))
    return Verification(verdict=verdict, score=coverage, findings=findings, words=words)


def _failed(check: str, why: str) -> Verification:
    return _from_finding(Finding(check=check, agrees=False, score=0.0, note=why))


def _from_finding(finding: Finding) -> Verification:
    verdict = Verdict.SUPPORTED if finding.agrees else Verdict.UNSUPPORTED
    if finding.contradicts:
        verdict = Verdict.CONTRADICTED
    return Verification(verdict=verdict, score=finding.score, findings=(finding,), words=finding.words)


def _checked(claim: DraftClaim, found: Verification, *, quote: bool) -> CheckedClaim:
    agree = {finding.check: finding.agrees for finding in found.findings}
    entailment = next((f.score for f in found.findings if f.check == "entailment"), found.score)
    supported = found.verdict is Verdict.SUPPORTED
    checks = Checks(
        quote=quote,
        numbers=agree.get("numbers", quote) and agree.get("dates", True),
        names=agree.get("names", quote),
        negation=agree.get("negation", quote),
        modality=agree.get("modality", quote),
        scope=agree.get("scope", quote),
        computed=agree.get("computed") if claim.kind is ClaimKind.COMPUTED else None,
        entailment=round(entailment, 3),
    )
    return CheckedClaim(
        claim=claim,
        verdict=found.verdict,
        score=round(claim.score * found.score, 3) if supported else 0.0,
        checks=checks,
        note=_note(found),
        findings=found.findings,
        words=found.words,
    )


def _note(found: Verification) -> str | None:
    """What is wrong with a claim, in one line."""
    if found.verdict is Verdict.SUPPORTED:
        return None
    notes = [finding.note for finding in found.findings if not finding.agrees and finding.note]
    if found.words:
        notes.append(f"not in the cited text: {', '.join(found.words)}")
    return "; ".join(dict.fromkeys(notes)) or None
