"""How well a document as a whole fits what a query hints at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Access, Document
from retrieval.affinity import document_affinity
from retrieval.understanding import understand

TODAY = date(2024, 5, 15)


def document(
    name: str, title: str = "", *, modified_at: str = "", metadata: Mapping[str, str] | None = None
) -> Document:
    return Document(
        id=name, source="s", uri=f"file:///docs/{quote(name)}", title=title or name.rsplit(".", 1)[0],
        format=name.rsplit(".", 1)[-1], version="v", modified_at=modified_at, access=Access(), access_id=1,
        metadata=metadata or {},
    )  # fmt: skip


def fit(query: str, of: Document, signal: str, headings: tuple[str, ...] = ()) -> float:
    return document_affinity(understand(query, today=TODAY), of, headings).get(signal, 0.0)


def test_a_name_is_found_in_title_file_name_headings_and_metadata_as_whole_words() -> None:
    asked = "What does Acme Robotics charge?"
    assert fit(asked, document("acme-robotics.pdf", "Price list"), "name") == 1.0
    assert fit(asked, document("a.pdf", "Prices of ACME Robotics Inc."), "name") == 1.0
    assert fit(asked, document("a.pdf", metadata={"author": "Acme Robotics"}), "name") == 1.0
    assert fit(asked, document("a.pdf"), "name", headings=("Acme Robotics",)) == 1.0
    assert fit(asked, document("a.pdf", "Acmes Roboticsworld"), "name") == 0.0
    assert 0.0 < fit(asked, document("a.pdf", "Acme price list"), "name") < 1.0


def test_the_share_of_names_counts() -> None:
    assert fit("How do Acme and Initech differ?", document("acme.pdf"), "name") == 0.5


@pytest.mark.parametrize(
    ("company", "ticker"), [("Microsoft", "MSFT"), ("Apple", "AAPL"), ("Intel", "INTC"), ("Netflix", "NFLX")]
)
def test_a_ticker_stands_for_its_company_and_the_other_way_round(company: str, ticker: str) -> None:
    by_name = fit(f"What was {company}'s revenue?", document(f"2022 Q3 {ticker}.pdf"), "name")
    by_ticker = fit(f"revenue of {ticker}", document("a.pdf", f"{company} annual report"), "name")
    assert 0.0 < by_name < 1.0
    assert 0.0 < by_ticker < 1.0
    assert fit(f"What was {company}'s revenue?", document("2022 Q3 ORCL.pdf"), "name") == 0.0


def test_the_quarter_asked_for_is_told_from_others_of_its_year() -> None:
    asked = "net sales in Q3 2022"
    names = ("2022 Q3 AAPL.pdf", "2022_Q3_AAPL.pdf", "Q3FY22Results.docx", "AAPL-3Q22.pdf")
    assert [fit(asked, document(name), "period") for name in names] == [1.0] * 4
    assert 0.0 < fit(asked, document("2022 Q1 AAPL.pdf"), "period") < 0.5
    assert fit(asked, document("2023 Q3 AAPL.pdf"), "period") == 0.0
    assert 0.5 < fit(asked, document("Annual report 2022.pdf"), "period") < 1.0


def test_fiscal_quarters_and_days_fit_within_a_tolerance() -> None:
    by_day = document("a.pdf", "10-Q for the quarterly period ended June 25, 2022")
    assert fit("net sales in Q2 2022", by_day, "period") > fit("net sales in Q3 2022", by_day, "period") > 0.0
    assert fit("net sales in Q2 2023", by_day, "period") == 0.0
    asked = "net sales in the quarter ended June 25, 2022"
    assert fit(asked, by_day, "period") == 1.0
    assert fit(asked, document("2022 Q3 AAPL.pdf"), "period") > fit(asked, document("2023 Q1 AAPL.pdf"), "period")


def test_a_year_fits_the_documents_named_after_it() -> None:
    assert fit("travel policy 2023", document("Travel_Policy-2023.pdf"), "period") == 1.0
    assert fit("travel policy 2023", document("FY23 travel policy.pdf"), "period") == 1.0
    assert fit("travel policy 2023", document("2023 Q1 travel.pdf"), "period") == 1.0
    assert fit("travel policy 2023", document("Travel policy 2022.pdf"), "period") == 0.0
    assert fit("travel policy last year", document("Travel policy 2023.pdf"), "period") == 1.0


def test_the_day_of_change_counts_less_and_only_without_a_time_in_the_name() -> None:
    within, without = "2023-04-01T09:00:00Z", "2021-04-01T09:00:00Z"
    assert 0.0 < fit("travel policy 2023", document("travel.md", modified_at=within), "period") < 0.5
    assert fit("travel policy 2023", document("travel.md", modified_at=without), "period") == 0.0
    assert fit("travel policy 2023", document("travel 2022.md", modified_at=within), "period") == 0.0


def test_a_kind_fits_by_format_or_by_what_the_source_says() -> None:
    assert fit("which slide shows growth", document("a.pptx"), "kind") == 1.0
    assert fit("which slide shows growth", document("a.pdf"), "kind") == 0.0
    assert fit("which message said so", document("a.md", metadata={"channel": "ops"}), "kind") == 1.0


def test_words_of_the_title_count_without_their_plural() -> None:
    assert fit("what are the travel policies", document("a.md", "Travel policy"), "title") == 1.0
    assert fit("travel expenses", document("a.md", "Travel"), "title") == 0.5


def test_nothing_asked_speaks_for_nothing() -> None:
    assert document_affinity(understand("the of and", today=TODAY), document("2022 Q3 AAPL.pdf")) == {}


@given(query=st.text(max_size=80), title=st.text(max_size=80), name=st.text(min_size=1, max_size=40).map(ascii))
def test_any_document_fits_between_nought_and_one(query: str, title: str, name: str) -> None:
    asked = understand(query.replace(":", " "), today=TODAY)
    found = document_affinity(asked, document(name, title), (title,))
    assert all(0.0 < value <= 1.0 for value in found.values())
