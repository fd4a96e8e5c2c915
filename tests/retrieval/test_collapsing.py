"""Near-duplicate hits: what says the same becomes one, what differs in substance never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.locating import locate
from ingest.model import Element, ElementKind
from retrieval.collapsing import collapse
from retrieval.model import Hit
from tests.fakes import make_chunk, make_document

POLICY = (
    "Employees who travel for the company may book a hotel near the place of their meeting. The cost of a night is "
    "paid up to 120 EUR, breakfast included. Bills are handed in within four weeks together with the travel form."
)


def hit(
    name: str,
    text: str,
    rank: int = 1,
    modified_at: str = "2026-01-05T09:00:00Z",
    headings: tuple[str, ...] = (),
    **why: float,
) -> Hit:
    document = replace(make_document(name, text=text), modified_at=modified_at)
    chunk = replace(make_chunk(document, text), headings=headings)
    return Hit(
        rank=rank,
        score=round(1 / rank, 4),
        document=document,
        chunk=chunk,
        locator=locate(chunk, chunk.start, chunk.end),
        why=why,
    )


def names(hits: list[Hit]) -> list[str]:
    return [one.document.title for one in hits]


def test_a_copied_paragraph_becomes_one_hit_that_says_for_which_it_stands() -> None:
    found = collapse([hit("a", POLICY, 1), hit("b", POLICY.replace(" ", "\n", 3), 2), hit("c", "Something else.", 3)])
    assert names(found.hits) == ["a", "c"]
    assert [one.rank for one in found.hits] == [1, 2]
    assert found.hits[0].why["duplicates"] == 1.0
    assert "duplicates" not in found.hits[1].why
    assert names(list(found.duplicates[found.hits[0].chunk.id])) == ["b"]


def test_a_mail_quoted_in_its_reply_is_the_same() -> None:
    lines = POLICY.replace(". ", ".\n")
    quoted = "Thanks for this.\n" + "\n".join(f"> {line}" for line in lines.split("\n"))
    longer = " ".join(
        [POLICY, "The rest of the rules on trips can be read in the handbook on the pages for new people."]
    )
    assert len(collapse([hit("mail", longer, 1), hit("reply", longer.replace("be read", "be found"), 2)]).hits) == 1
    assert len(collapse([hit("mail", lines, 1), hit("reply", quoted.split("\n", 1)[1], 2)]).hits) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("120 EUR", "140 EUR"),
        ("120 EUR", "120 USD"),
        ("four weeks", "4 weeks"),
        ("is paid", "is not paid"),
        ("may book", "must book"),
        ("Employees", "Contractors"),
        ("near the place", "near the Oslo place"),
        ("are handed", "aren't handed"),
        ("up to", "from"),
        ("EUR, breakfast", "EUR + tax, breakfast"),
    ],
)
def test_what_differs_in_a_number_a_name_a_negation_or_a_limit_stays_apart(old: str, new: str) -> None:
    found = collapse([hit("2024", POLICY, 1), hit("2025", POLICY.replace(old, new), 2)])
    assert names(found.hits) == ["2024", "2025"]
    assert found.duplicates == {}


def test_the_one_in_force_is_kept_then_the_newest_at_the_best_place() -> None:
    old = hit("old", POLICY, 1, "2026-03-01T00:00:00Z", superseded=1.0)
    newer = hit("newer", POLICY, 2, "2026-02-01T00:00:00Z")
    newest = hit("newest", POLICY, 3, "2026-02-02T00:00:00Z")
    [kept] = collapse([old, newer, newest]).hits
    assert (kept.document.title, kept.rank, kept.score) == ("newest", 1, old.score)
    assert names(list(collapse([old, newer, newest]).duplicates[kept.chunk.id])) == ["old", "newer"]


def test_short_texts_and_rows_mean_what_stands_above_them() -> None:
    total = [hit(name, "Total: 120", rank, headings=("Costs",)) for rank, name in enumerate(("Hull", "Leeds"), 1)]
    assert len(collapse(total).hits) == 2
    assert len(collapse([total[0], replace(total[0], rank=2)]).hits) == 1
    text = "Hotel | 10 | 20 | 30 | 40 | 50 | 60 | 70 | 80"
    rows = []
    for rank, columns in enumerate((("a",), ("b",)), 1):
        one = hit("t", text, rank)
        row = Element(kind=ElementKind.TABLE_ROW, start=0, end=len(text), columns=columns)
        rows.append(replace(one, chunk=replace(one.chunk, elements=(row,))))
    assert len(collapse(rows).hits) == 2


def test_nothing_gives_nothing() -> None:
    assert collapse([]).hits == []


WORDS = st.sampled_from(
    "the cost of a night is paid to not 10 20 Hull Leeds may must when trips are booked early".split()
)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=30).map(" ".join), max_size=12)


@given(TEXTS)
def test_every_hit_is_kept_or_stood_for_once_and_order_and_scores_hold(texts: list[str]) -> None:
    hits = [hit(f"d{n}", text, n + 1) for n, text in enumerate(texts)]
    found = collapse(hits)
    everything = [one.chunk.id for one in found.hits]
    everything += [one.chunk.id for others in found.duplicates.values() for one in others]
    assert sorted(everything) == sorted(one.chunk.id for one in hits)
    assert [one.rank for one in found.hits] == list(range(1, len(found.hits) + 1))
    assert [one.score for one in found.hits] == sorted((one.score for one in found.hits), reverse=True)
    assert sum(one.why.get("duplicates", 0) for one in found.hits) == len(hits) - len(found.hits)
    again = collapse(found.hits)
    assert [one.chunk.id for one in again.hits] == [one.chunk.id for one in found.hits]


@given(st.lists(WORDS, min_size=1, max_size=40), st.data())
def test_a_changed_number_is_never_a_duplicate(words: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(words)))
    texts = [" ".join([*words[:place], number, *words[place:]]) for number in ("120", "140")]
    assert len(collapse([hit("d", texts[0], 1), hit("e", texts[1], 2)]).hits) == 2
