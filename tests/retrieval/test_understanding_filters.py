"""Explicit filters, from `where` and from within a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from ingest.model import Access, Document, Element, ElementKind
from retrieval.errors import FilterError
from retrieval.understanding import (
    FILTER_KEYS,
    Filters,
    Kind,
    Understanding,
    admits_chunk,
    admits_document,
    understand,
)
from tests.fakes import make_chunk

TODAY = date(2024, 5, 15)
KEYS = ("author", "Channel")


def read(text: str, where: Mapping[str, str] | None = None) -> Understanding:
    return understand(text, where=where, today=TODAY, known_keys=KEYS)


def test_filters_are_taken_out_of_what_is_searched_for() -> None:
    found = read('travel policy source:handbook -draft after:2024-03 title:"per diem" -"old version" author:"Ana Li"?')
    assert found.text == "travel policy ?"
    assert found.filters == Filters(
        any_of=(("author", frozenset({"Ana Li"})), ("source", frozenset({"handbook"}))),
        after="2024-03-01T00:00:00Z",
        titles=(frozenset({"per diem"}),),
        without=("draft", "old version"),
    )


def test_values_of_one_key_are_alternatives_and_minus_excludes() -> None:
    found = read(
        "source:a source:b -source:mail -format:PDF format:md kind:table kind:slide label:restricted rules"
    ).filters
    assert found.any_of == (("format", frozenset({"markdown"})), ("source", frozenset({"a", "b"})))
    assert found.none_of == (("format", frozenset({"pdf"})), ("source", frozenset({"mail"})))
    assert (found.kinds, found.labels) == (frozenset({Kind.TABLE, Kind.SLIDE}), frozenset({"restricted"}))


@pytest.mark.parametrize(
    ("text", "after", "before"),
    [
        ("after:2024", "2024-01-01", None),
        ("before:2024-03-05", None, "2024-03-05"),
        ("on:2024-02", "2024-02-01", "2024-03-01"),
        ("year:2023", "2023-01-01", "2024-01-01"),
        ("on:2023-Q4", "2023-10-01", "2024-01-01"),
        ("year:2022 year:2023", "2022-01-01", "2024-01-01"),
        ("year:2023 after:2023-06", "2023-06-01", "2024-01-01"),
    ],
)
def test_dates_bound_from_the_first_day_to_the_first_after_the_last(
    text: str, after: str | None, before: str | None
) -> None:
    found = read(text)
    assert found.text == ""
    assert found.filters.after == (after and f"{after}T00:00:00Z")
    assert found.filters.before == (before and f"{before}T00:00:00Z")
    assert not found.filters.impossible


@pytest.mark.parametrize(
    "text",
    [
        "note: this is a test",
        "what is http://x.example/a",
        "at 10:30 tomorrow",
        r"the folder C:\path",
        "std::vector of int",
        "foo:bar",
        "what is the source: the wiki",
        "between -5 and -3 degrees",
        "to - or not to",
        "ls -la",
        "what does the -verbose flag do",
        "Ein- und -ausgang",
        "things:\n-first\n-second",
        "twenty-one e-mail",
        '-""',
    ],
)
def test_what_only_looks_like_a_filter_stays_words(text: str) -> None:
    found = read(text)
    assert (found.text, found.filters) == (text, Filters())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("after:yesterdayish x", "'after' has the value 'yesterdayish'"),
        ("before:2024-13-01", "'before' has the value '2024-13-01'"),
        ("on:2023-02-30", "2024-03-31"),
        ("kind:banana", "one of table, spreadsheet"),
        ("-after:2024", "cannot be excluded"),
        ("on:2020 on:2023", "gap before 2023"),
        ('source:"  "', "'source' has no value"),
    ],
)
def test_a_malformed_value_is_told(text: str, told: str) -> None:
    with pytest.raises(FilterError, match=told):
        read(text)


@pytest.mark.parametrize("key", ["x", "", "sources", "-", "author "])
def test_an_unknown_key_of_where_is_told_with_the_known_ones(key: str) -> None:
    with pytest.raises(FilterError, match=f"unknown filter '{key}'; known are source, format, document, .*author"):
        read("text", {key: "y"})


def test_known_keys_of_metadata_are_told_only_where_they_exist() -> None:
    with pytest.raises(FilterError) as error:
        understand("text", where={"author": "ana"}, today=TODAY)
    assert str(error.value) == f"unknown filter 'author'; known are {', '.join(FILTER_KEYS)}"


def test_an_empty_value_of_where_is_told() -> None:
    with pytest.raises(FilterError, match="'source' has no value; write source:VALUE"):
        read("text", {"source": " "})


def test_where_takes_values_whole_and_excludes_by_minus() -> None:
    found = read("rules", {"author": "Ana Li", "-source": "mail", "kind": "email", "channel": "#ops"}).filters
    assert found.any_of == (("Channel", frozenset({"#ops"})), ("author", frozenset({"Ana Li"})))
    assert (found.none_of, found.kinds) == ((("source", frozenset({"mail"})),), frozenset({Kind.MAIL}))


def test_a_query_cannot_widen_what_where_demands() -> None:
    where = {"source": "handbook", "label": "public", "after": "2024", "title": "a"}
    found = read("source:handbook source:secret label:public label:x after:2020 title:b rules", where).filters
    assert found.any_of == (("source", frozenset({"handbook"})),)
    assert (found.labels, found.after) == (frozenset({"public"}), "2024-01-01T00:00:00Z")
    assert found.titles == (frozenset({"a"}), frozenset({"b"}))
    assert not found.impossible


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("source:b", {"source": "a"}),
        ("label:b", {"label": "a"}),
        ("kind:pdf", {"kind": "mail"}),
        ("before:2023", {"after": "2024"}),
        ("after:2024 before:2024", {}),
    ],
)
def test_demands_that_exclude_each_other_let_nothing_pass(text: str, where: Mapping[str, str]) -> None:
    assert read(text, where).filters.impossible


def document(title: str = "Travel policy", file_format: str = "pdf", **about: str) -> Document:
    return Document(
        id="d1", source="handbook", uri="file:///a", title=title, format=file_format, version="v",
        modified_at=about.pop("modified_at", "2024-02-10T09:00:00Z"), access_id=1, metadata=about,
        access=Access(allow=("everyone",), label="internal"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "admitted"),
    [
        ("", True),
        ("source:handbook format:pdf document:d1 label:internal author:Ana", True),
        ("source:mail source:handbook", True),
        ("source:mail", False),
        ("-format:pdf", False),
        ("author:Bo", False),
        ("-author:Bo", True),
        ("channel:x", False),
        ("-label:internal", False),
        ("label:restricted", False),
        ("title:POLICY", True),
        ("title:expenses title:travel", True),
        ("-title:travel", False),
        ("on:2024-02", True),
        ("after:2024-02-10", True),
        ("after:2024-02-11", False),
        ("before:2024-02-10", False),
        ("before:2020 after:2021", False),
    ],
)
def test_a_document_passes_when_every_demand_is_met(query: str, admitted: bool) -> None:
    assert admits_document(read(query).filters, document(author="Ana")) is admitted


def test_kinds_and_words_are_held_against_the_chunk() -> None:
    owner = document()
    chunk = make_chunk(owner, "Drafts cost nothing. The old  plan ended.")
    row = Element(kind=ElementKind.TABLE_ROW, start=0, end=5)
    table = replace(chunk, elements=(row,))
    cases = (("kind:pdf", True), ("kind:mail", False), ("-kind:pdf", False), ("kind:mail kind:pdf", True))
    for query, expected in cases:
        assert admits_chunk(read(query).filters, owner, chunk) is expected
    assert [admits_chunk(read("kind:table").filters, owner, c) for c in (chunk, table)] == [False, True]
    assert [admits_chunk(read("-kind:table").filters, owner, c) for c in (chunk, table)] == [True, False]
    excluding = ("-draft", "-drafts", '-"old plan"')
    assert [admits_chunk(read(q).filters, owner, chunk) for q in excluding] == [True, False, False]
    assert admits_chunk(read("kind:message").filters, document(channel="ops"), chunk)
