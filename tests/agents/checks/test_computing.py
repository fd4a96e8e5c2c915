"""A computed claim comes out again from its operands, or it does not pass."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.computing import computed
from agents.model import Computation, EvidenceSpan, Operand, Operation
from ingest.model import Access, Chunk, Document


def operand(text: str) -> Operand:
    document = Document(
        id="d", source="s", uri="file:///a.txt", title="a", format="text", version="v",
        modified_at="2026-01-01T00:00:00Z", access=Access(allow=("everyone",)), access_id=1,
    )  # fmt: skip
    said = f"It says {text} here."
    chunk = Chunk(
        id="c", document_id="d", version="v", ordinal=0, start=0, end=len(said), text=said, indexed_text=said,
        headings=(), lead_in=None, elements=(), segments=(), first_line=None, markup="plain", tokens=9,
    )  # fmt: skip
    return Operand(text=text, span=EvidenceSpan(document=document, chunk=chunk, start=0, end=len(said)))


def comes_out(operation: Operation, result: str, *texts: str) -> bool:
    return computed(Computation(operation=operation, operands=tuple(operand(t) for t in texts), result=result)).agrees


@pytest.mark.parametrize(
    ("operation", "texts", "result", "right"),
    [
        (Operation.SUM, ("1,200 EUR", "250 EUR"), "1,450 EUR", True),
        (Operation.SUM, ("1,200 EUR", "250 EUR"), "1,460 EUR", False),
        (Operation.SUM, ("1,200 EUR", "250 EUR"), "1,450 USD", False),
        (Operation.SUM, ("1,200 EUR", "250 USD"), "1,450 EUR", False),
        (Operation.DIFFERENCE, ("£1.2m", "£300,000"), "£0.9m", True),
        (Operation.DIFFERENCE, ("12 %", "9 %"), "3 percentage points", True),
        (Operation.PRODUCT, ("12", "50 EUR"), "600 EUR", True),
        (Operation.RATIO, ("90", "30"), "3", True),
        (Operation.SHARE, ("30 EUR", "90 EUR"), "33.3 %", True),
        (Operation.SHARE, ("30 EUR", "90 EUR"), "33.4 %", False),
        (Operation.GROWTH, ("80 EUR", "90 EUR"), "12.5 %", True),
        (Operation.AVERAGE, ("3 days", "4 days"), "3.5 days", True),
        (Operation.LARGEST, ("3 days", "2 weeks"), "2 weeks", True),
        (Operation.SMALLEST, ("3 days", "2 weeks"), "3 days", True),
        (Operation.DAYS_BETWEEN, ("5 January 2026", "5.2.2026"), "31 days", True),
        (Operation.DAYS_BETWEEN, ("5 January 2026", "5.2.2026"), "30 days", False),
        (Operation.DATE_AFTER, ("5 January 2026", "2 weeks"), "19 January 2026", True),
        (Operation.DATE_AFTER, ("31 January 2026", "one month"), "28 February 2026", True),
        (Operation.DATE_AFTER, ("5 January 2026", "10 working days"), "19 January 2026", False),
        (Operation.RATIO, ("5", "0"), "5", False),
        (Operation.SUM, ("no figure", "5"), "5", False),
    ],
)
def test_a_result_follows_or_does_not(operation: Operation, texts: tuple[str, ...], result: str, right: bool) -> None:
    assert comes_out(operation, result, *texts) is right


def test_words_that_do_not_stand_in_the_source_are_no_operand() -> None:
    there = operand("5 EUR")
    finding = computed(
        Computation(operation=Operation.SUM, operands=(there, Operand(text="6 EUR", span=there.span)), result="11 EUR")
    )
    assert not finding.agrees
    assert "does not stand in its source" in finding.note


amounts = st.decimals(min_value=Decimal("0.01"), max_value=Decimal("999999"), places=2)


@settings(max_examples=50, deadline=None)
@given(amounts, amounts, st.integers(0, 2))
def test_a_rounded_sum_comes_out_and_one_step_beside_it_does_not(first: Decimal, second: Decimal, places: int) -> None:
    step = Decimal(1).scaleb(-places)
    result = (first + second).quantize(step, ROUND_HALF_UP)
    texts = (f"{first:,} EUR", f"{second:,} EUR")
    assert comes_out(Operation.SUM, f"{result:,} EUR", *texts)
    assert not comes_out(Operation.SUM, f"{result + step:,} EUR", *texts)
