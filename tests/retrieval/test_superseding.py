"""What a document says of another's standing, and what that means for ranking."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.catalog import Catalog
from ingest.model import Access, Document, NewDocument
from ingest.recording import Recorder
from ingest.succession import Succession, find_successions, title_key
from retrieval.superseding import asked_for, superseded


def document(name: str, title: str) -> Document:
    return Document(
        id=name, source="s", uri=name, title=title, format="markdown", version="v", modified_at="", access_id=1,
        access=Access(allow=("everyone",)),
    )  # fmt: skip


OLD, NEW, OTHER = document("old", "Travel policy 2023"), document("new", "Travel policy"), document("x", "Expenses")
ALL = {d.id: d for d in (OLD, NEW, OTHER)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "This policy replaces the Travel policy 2023 (version 2.1).",
            ("replaces", "the Travel policy 2023 (version 2"),
        ),
        ("*** SUPERSEDED by the Travel policy, version 3", ("replaced_by", "the Travel policy, version 3")),
        ("Supersedes: Travel policy 2023 (kept)", ("replaces", "Travel policy 2023 (kept)")),
        ("Diese Richtlinie ersetzt die Reiserichtlinie 2023.", ("replaces", "die Reiserichtlinie 2023")),
    ],
)
def test_statements_of_succession_are_found(text: str, found: tuple[str, str]) -> None:
    assert [(s.kind, s.name) for s in find_successions(text)] == [found]


def test_the_named_one_is_superseded_and_its_namesake_is_not() -> None:
    says = {"new": [Succession(kind="replaces", name="the Travel policy 2023 (version 2.1)")]}
    assert superseded(ALL.values(), says, ALL) == {"old"}


def test_a_successor_that_may_not_be_read_replaces_nothing() -> None:
    says = {"new": [Succession(kind="replaces", name="Travel policy 2023")]}
    assert superseded([OLD], says, {"old": OLD}) == frozenset()


@pytest.mark.parametrize(
    "name", ["Facilities within two days", "a single verb where one will do", "the earlier rules on expenses"]
)
def test_a_sentence_that_names_no_document_supersedes_nothing(name: str) -> None:
    says = {"old": [Succession(kind="replaced_by", name=name)], "new": [Succession(kind="replaces", name=name)]}
    assert superseded(ALL.values(), says, ALL) == frozenset()


def test_what_the_question_names_is_wanted_all_the_same() -> None:
    assert asked_for(OLD, "What did the travel policy of 2023 say?")
    assert not asked_for(OLD, "What does the travel policy say?")


@settings(deadline=None)
@given(
    name=st.lists(st.sampled_from(["the", "Travel", "policy", "2023", "rules", "-"]), max_size=6).map(" ".join),
    title=st.lists(st.sampled_from(["the", "TRAVEL", "Policy,", "2023", "Rules"]), max_size=4).map(" ".join),
)
def test_what_names_a_title_begins_with_its_words_and_no_year_follows(name: str, title: str) -> None:
    words, sought = (re.findall(r"\w+", text.casefold()) for text in (name, title))
    if words[:1] == ["the"]:
        del words[0]
    expected = bool(sought) and words[: len(sought)] == sought and words[len(sought) : len(sought) + 1] != ["2023"]
    assert (title_key(title) in Succession(kind="replaces", name=name).title_keys()) == expected


def test_the_catalog_gives_the_statements_that_bear_on_some_documents(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    put(
        catalog,
        [
            (OLD, "Old rules."),
            (NEW, "This replaces the Travel policy 2023."),
            (OTHER, "Superseded by the Travel policy."),
        ],
    )
    assert {*catalog.successions([], [title_key(OLD.title)])} == {"new"}
    assert {*catalog.successions(["x"], [])} == {"x"}
    assert catalog.titled([title_key("travel POLICY")]) == {"new"}
    put(catalog, [(NEW, "Nothing is said of others.")])
    assert catalog.successions(["new"], [title_key(OLD.title)]) == {}
    Recorder(catalog).remove(["x"])
    assert catalog.successions(["x"], []) == {}
    catalog.close()


def put(catalog: Catalog, texts: list[tuple[Document, str]]) -> None:
    recorder = Recorder(catalog)
    number = recorder.access_id(Access(allow=("everyone",)))
    recorder.commit(
        [
            NewDocument(
                document=replace(one, access_id=number), text=text, gaps=(), fingerprint="1", identity="",
                pipeline="1", created_at="2026-01-01T00:00:00Z",
            )
            for one, text in texts
        ]
    )  # fmt: skip
