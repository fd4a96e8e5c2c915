"""Claims are held against what they cite, read anew, in the form that the file has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from agents.checks.coverage import word_coverage
from agents.checks.model import Verdict, Verification
from agents.compliance import Compliance
from agents.model import Answer, CheckedClaim, Checks, Draft, DraftClaim, EvidenceSpan, Request, Route, Status, Timing
from agents.releasing import make_answer
from agents.units import units_of
from ingest.chunking import chunk_document
from ingest.locating import locate
from ingest.model import Access, Document, RawFile
from ingest.parsing import parse
from retrieval.access import Principal
from retrieval.embedding import ModelTokenizer
from retrieval.model import Hit

ROUTE = Route(mode="extractive", complexity="lookup", sensitivity="internal", why="a test")


def by_words(claim: str, evidence: Sequence[str]) -> Verification:
    """A verifier that counts words, for claims that are no quotes."""
    share = word_coverage(claim, "\n".join(evidence))
    return Verification(verdict=Verdict.SUPPORTED if share == 1 else Verdict.UNSUPPORTED, score=share, findings=())


def answer_of(question: str, asked: Sequence[str], draft: Draft, outcome: Sequence[CheckedClaim]) -> Answer:
    kept = [item for item in outcome if item.verdict is Verdict.SUPPORTED]
    fallen = [item for item in outcome if item.verdict is not Verdict.SUPPORTED]
    request = Request(question=question, principal=Principal(admin=True))
    return make_answer(
        request, "r", asked=asked, draft=draft, kept=kept, fallen=fallen, route=ROUTE, timing=Timing()
    )


def hits_of(name: str, text: str, tokenizer: ModelTokenizer) -> tuple[list[Hit], str]:
    parsed = parse(RawFile(name=name, data=text.encode()))
    document = Document(
        id="d", source="s", uri=f"file:///{name}", title=parsed.title, format=parsed.format, version="v",
        modified_at="2026-01-01T00:00:00Z", access=Access(allow=("everyone",)), access_id=1,
    )  # fmt: skip
    chunks = list(chunk_document(parsed, "d", "v", tokenizer))
    return [
        Hit(rank=n, score=1.0, document=document, chunk=c, locator=locate(c, c.start, c.end), why={})
        for n, c in enumerate(chunks, 1)
    ], parsed.text


def claims_of(name: str, text: str, tokenizer: ModelTokenizer) -> tuple[list[DraftClaim], Compliance]:
    hits, canonical = hits_of(name, text, tokenizer)
    claims = [DraftClaim(parts=("q",), text=u.claim, evidence=u.evidence, score=1.0) for u in units_of(hits)]
    return claims, Compliance(lambda _document, _version: canonical, by_words)


TABLES = {
    "stock.csv": "part,minimum,on_order\nsteel bolt,12,45\nbrass nut,7,1200\n12,45,7\n",
    "stock.md": "# Stock\n\n| No. | Item | Price |\n|---|---|---|\n| 1 | bolt | 12 EUR |\n| 2 | nut | 1,200 EUR |\n",
    "rules.md": "# Rules\n\nLaptops are **not** sold.\n\n- Screens:\n  - 27 inches\n- [Docks](https://a.example)\n",
    "head.txt": "STANDARD\nOwner: Ana Berg\nVersion: 4.0\n\nA password has no expiry date. It has 14 characters.\n",
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_what_is_quoted_is_supported_by_its_own_words(name: str, tokenizer: ModelTokenizer) -> None:
    claims, compliance = claims_of(name, TABLES[name], tokenizer)
    assert claims
    for claim in claims:
        assert compliance.verify(claim).verdict is Verdict.SUPPORTED, claim.text


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("Laptops are sold.", Verdict.CONTRADICTED),
        ("Laptops are not sold for 90 EUR.", Verdict.UNSUPPORTED),
        ("Whales swim far away.", Verdict.CONTRADICTED),
        ("Laptops are not sold.", Verdict.SUPPORTED),
    ],
)
def test_what_the_quote_does_not_say_is_not_supported(said: str, verdict: Verdict, tokenizer: ModelTokenizer) -> None:
    claims, compliance = claims_of("rules.md", TABLES["rules.md"], tokenizer)
    quoted = next(claim for claim in claims if "not sold" in claim.text)
    altered = DraftClaim(parts=("q",), text=said, evidence=quoted.evidence, score=1.0)
    assert compliance.verify(altered).verdict is verdict


def test_a_quote_that_the_kept_text_does_not_hold_fails(tokenizer: ModelTokenizer) -> None:
    claims, _ = claims_of("rules.md", TABLES["rules.md"], tokenizer)
    changed = Compliance(lambda _document, _version: "another text altogether, of the same version", by_words)
    gone = Compliance(lambda _document, _version: None, by_words)
    assert changed.verify(claims[0]).verdict is Verdict.UNSUPPORTED
    assert not gone.verify(claims[0]).checks.quote


def test_units_of_a_head_are_its_lines(tokenizer: ModelTokenizer) -> None:
    claims, _ = claims_of("head.txt", TABLES["head.txt"], tokenizer)
    assert "Owner: Ana Berg." in [claim.text for claim in claims]


def test_a_claim_reads_without_its_clause_number_and_its_quote_keeps_it(tokenizer: ModelTokenizer) -> None:
    claims, _ = claims_of("a.md", "# A\n\n4.2 Business class is for long flights.\n\n2 weeks are enough.\n", tokenizer)
    assert [claim.text for claim in claims] == ["Business class is for long flights.", "2 weeks are enough."]
    assert claims[0].evidence[0].quote.startswith("4.2 ")


def test_what_two_copies_say_is_said_once_and_cites_both(tokenizer: ModelTokenizer) -> None:
    first, _ = hits_of("a.md", "# A\n\nScreens have 27 inches.\n", tokenizer)
    second, _ = hits_of("b.md", "# B\n\nScreens have 27 inches.\n", tokenizer)
    copy = replace(second[0], document=replace(second[0].document, id="other"))
    (unit,) = units_of([first[0], copy])
    assert [span.document.id for span in unit.evidence] == ["d", "other"]


def checked(claim: DraftClaim, verdict: Verdict) -> CheckedClaim:
    checks = Checks(quote=True, numbers=True, names=True, negation=True, entailment=1.0)
    return CheckedClaim(claim=claim, verdict=verdict, score=0.9, checks=checks)


def spans(tokenizer: ModelTokenizer) -> list[tuple[EvidenceSpan, ...]]:
    claims, _ = claims_of("rules.md", TABLES["rules.md"], tokenizer)
    return [claim.evidence for claim in claims]


def test_claims_that_fail_are_dropped_and_their_part_is_left_open(tokenizer: ModelTokenizer) -> None:
    first, second = spans(tokenizer)[:2]
    good = DraftClaim(parts=("one?",), text="Laptops are not sold.", evidence=first, score=1.0)
    bad = DraftClaim(parts=("two?",), text="Laptops cost 9.", evidence=second, score=1.0)
    draft = Draft(claims=(good, bad), why="")
    outcome = [checked(good, Verdict.SUPPORTED), checked(bad, Verdict.UNSUPPORTED)]
    answer = answer_of("one and two?", ["one?", "two?"], draft, outcome)
    assert answer.status is Status.ANSWERED
    assert "9" not in answer.answer
    assert answer.unanswered is not None
    assert answer.unanswered.looked_for == "two?"
    assert [c.id for c in (*answer.citations, *answer.unanswered.nearest)] == [1, 2]


def test_when_every_claim_fails_it_abstains_and_shows_them_as_nearest(tokenizer: ModelTokenizer) -> None:
    bad = DraftClaim(parts=("one?",), text="Laptops cost 9.", evidence=spans(tokenizer)[0], score=1.0)
    outcome = [checked(bad, Verdict.UNSUPPORTED)]
    answer = answer_of("one?", ["one?"], Draft(claims=(bad,), why=""), outcome)
    assert answer.status is Status.ABSTAINED
    assert answer.abstention is not None
    assert (answer.abstention.looked_for, len(answer.abstention.nearest)) == ("one?", 1)
    assert not answer.claims
