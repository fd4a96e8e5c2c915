"""Hints of a query held against the documents that were found."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.model import Document
from retrieval.errors import FilterError
from retrieval.hinting import WEIGHTS, hints, weigh
from retrieval.understanding import understand
from tests.fakes import make_document

TODAY = date(2026, 1, 5)
TITLES = ("Travel policy 2023", "Travel policy 2024", "AAPL 2022 Q3", "Lapwing merger", "Norway leave", "notes", "")


def hinted(text: str, *documents: Document, rarity: float = 1.0) -> dict[str, dict[str, float]]:
    """The hints of a query by title."""
    found = hints(understand(text, today=TODAY), documents, lambda word: rarity)
    return {one.title: found[one.id] for one in documents}


def documents_of(*titles: str) -> list[Document]:
    return [make_document(title) for title in titles]


def test_a_document_that_is_named_is_preferred() -> None:
    found = hinted("What does the merger with Lapwing cost?", *documents_of("Lapwing merger", "Heron merger", "notes"))
    assert found["Lapwing merger"]["name"] == 1.0
    assert "name" not in found["notes"]
    assert weigh(found["Lapwing merger"]) > weigh(found["Heron merger"]) > weigh(found["notes"]) == 0.0


def test_a_name_that_every_text_has_chooses_no_document() -> None:
    made = documents_of("Lapwing merger", "notes")
    assert "name" not in hinted("What is Lapwing?", *made, rarity=0.0)["Lapwing merger"]
    half, whole = (hinted("What is Lapwing?", *made, rarity=r)["Lapwing merger"]["name"] for r in (0.25, 0.5))
    assert 0.0 < half < whole == 1.0


def test_the_period_of_a_query_chooses_the_document_of_that_time() -> None:
    found = hinted("What were the travel rules in 2023?", *documents_of("Travel policy 2023", "Travel policy 2024"))
    assert found["Travel policy 2023"]["period"] == 1.0
    assert "period" not in found["Travel policy 2024"]


def test_the_latest_is_the_newest_by_its_name_else_by_its_file() -> None:
    found = hinted(
        "What is the latest travel policy?", *documents_of("Travel policy 2023", "Travel policy 2024", "Travel policy")
    )
    assert found["Travel policy"]["newest"] == 1.0  # Changed in 2026.
    assert found["Travel policy 2024"]["newest"] == 0.5
    assert "newest" not in found["Travel policy 2023"]
    assert "newest" not in hinted("What is the latest?", *documents_of("Travel policy 2023"))["Travel policy 2023"]
    assert "newest" not in hinted("the travel policy", *documents_of("Travel policy 2023", "notes"))["notes"]


def test_what_is_excluded_counts_against_its_documents() -> None:
    found = hinted(
        "How much leave is there except in Norway?", *documents_of("Norway leave", "Leave", "Norwayan leave")
    )
    assert found["Norway leave"]["excluded"] == 1.0
    assert "excluded" not in found["Leave"]
    assert "excluded" not in found["Norwayan leave"]
    assert WEIGHTS["excluded"] < 0.0


def test_a_kind_that_is_asked_for_is_a_hint_and_no_filter() -> None:
    sheet, page = make_document("rates", file_format="xlsx"), make_document("policy", file_format="html")
    found = hinted("Which spreadsheet has the rates?", sheet, page)
    assert found["rates"]["kind"] == 1.0
    assert "kind" not in found["policy"]


@pytest.mark.parametrize("text", ["", "?!", "the", "x" * 50_000, '"""', "2023 2024 " * 500])
def test_no_query_is_too_strange_for_hints(text: str) -> None:
    assert set(hinted(text, *documents_of(*TITLES))) == set(TITLES)
    assert hinted(text) == {}


@given(
    text=st.text(max_size=60) | st.sampled_from(["latest travel policy of Lapwing 2023", "AAPL vs Norway except 2024"]),
    titles=st.lists(st.sampled_from(TITLES) | st.text(max_size=20), max_size=6, unique=True),
    rarity=st.floats(0, 1),
)
def test_hints_are_shares_of_known_names_in_any_order_of_documents(text: str, titles: list[str], rarity: float) -> None:
    try:
        asked = understand(text, today=TODAY)
    except FilterError:
        return  # A malformed filter, which is told elsewhere.
    documents = documents_of(*titles)
    found = hints(asked, documents, lambda word: rarity)
    assert set(found) == {one.id for one in documents}
    for fits in found.values():
        assert set(fits) <= set(WEIGHTS)
        assert all(0.0 <= value <= 1.0 for value in fits.values())
    assert hints(asked, documents[::-1], lambda word: rarity) == found
