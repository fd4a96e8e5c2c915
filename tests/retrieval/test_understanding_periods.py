"""Times that a query asks for, written out or counted from today."""

from __future__ import annotations

from datetime import date

import pytest

from retrieval.understanding import understand

TODAY = date(2024, 5, 15)


def spans(text: str) -> list[str]:
    return [f"{p.first}..{p.last}" for p in understand(text, today=TODAY).periods]


def labels(text: str) -> list[tuple[int | None, int | None, bool]]:
    return [(p.year, p.quarter, p.fiscal) for p in understand(text, today=TODAY).periods]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("revenue in 2018", (2018,)),
        ("in 2021 and 2022", (2021, 2022)),
        ("2019-2021", (2019, 2020, 2021)),
        ("from 2019 to 2021", (2019, 2020, 2021)),
        ("zwischen 2019 und 2021", (2019, 2020, 2021)),
        ("season 2019/20", (2019, 2020)),
        ("FY2018", (2018,)),
        ("FY18 and FY'19", (2018, 2019)),
        ("fiscal 2018, fiscal year 2019", (2018, 2019)),
        ("Geschäftsjahr 2018", (2018,)),
        ("regnskapsåret 2018", (2018,)),
        ("Which employees joined after 2019?", (2019,)),
        ("ISO 9001 and RFC 2119", ()),
        ("with 2000 employees", ()),
        ("costs $2,019 or 2019.50 or €2019", ()),
        ("port 2020, room 2021, page 1999", ()),
        ("part X2020 or 2020-A7 or #2020", ()),
        ("more than 2000", ()),
        ("2000 Mitarbeiter, 2010 Euro", ()),
        ("call 020 2020 3040", (2020,)),
    ],
)
def test_years_are_told_from_other_numbers(text: str, years: tuple[int, ...]) -> None:
    assert understand(text, today=TODAY).years == years


@pytest.mark.parametrize(
    "text",
    ["Q3 2022", "2022 Q3", "2022Q3", "Q3/2022", "Q3'22", "3Q22", "3Q 2022", "third quarter of 2022",
     "tredje kvartal 2022", "third quarter 2022", "3. Quartal 2022", "im dritten Quartal 2022", "3. kvartal i 2022"],
)  # fmt: skip
def test_a_quarter_is_told_in_any_of_its_forms(text: str) -> None:
    assert (spans(text), labels(text)) == (["2022-07-01..2022-09-30"], [(2022, 3, False)])


@pytest.mark.parametrize(
    "text", ["Q3 FY22", "FY22 Q3", "FY2022 Q3", "Q3 of fiscal 2022", "third fiscal quarter of 2022"]
)
def test_a_fiscal_quarter_keeps_its_label(text: str) -> None:
    assert labels(text) == [(2022, 3, True)]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("H1 2023", "2023-01-01..2023-06-30"),
        ("2H23", "2023-07-01..2023-12-31"),
        ("first half of 2023", "2023-01-01..2023-06-30"),
        ("zweites Halbjahr 2023", "2023-07-01..2023-12-31"),
        ("March 2024", "2024-03-01..2024-03-31"),
        ("im März 2024", "2024-03-01..2024-03-31"),
        ("mars 2024", "2024-03-01..2024-03-31"),
        ("2024-03", "2024-03-01..2024-03-31"),
        ("02/2024", "2024-02-01..2024-02-29"),
        ("2024-03-15", "2024-03-15..2024-03-15"),
        ("15.03.2024", "2024-03-15..2024-03-15"),
        ("31/12/2023", "2023-12-31..2023-12-31"),
        ("March 15th, 2024", "2024-03-15..2024-03-15"),
        ("15 March 2024", "2024-03-15..2024-03-15"),
        ("15. März 2024", "2024-03-15..2024-03-15"),
        ("quarter ended June 30, 2023", "2023-04-01..2023-06-30"),
        ("nine months ended September 30, 2023", "2023-01-01..2023-09-30"),
        ("fiscal year ended 2023-06-30", "2022-07-01..2023-06-30"),
        ("quarterly period ended June 25, 2022", "2022-03-27..2022-06-25"),
        ("in the 1990s", "1990-01-01..1999-12-31"),
    ],
)
def test_times_have_a_first_and_a_last_day(text: str, span: str) -> None:
    assert spans(text) == [span]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("last year", "2023-01-01..2023-12-31"),
        ("letztes Jahr", "2023-01-01..2023-12-31"),
        ("i fjor", "2023-01-01..2023-12-31"),
        ("this quarter", "2024-04-01..2024-06-30"),
        ("last quarter", "2024-01-01..2024-03-31"),
        ("im letzten Quartal", "2024-01-01..2024-03-31"),
        ("forrige måned", "2024-04-01..2024-04-30"),
        ("next month", "2024-06-01..2024-06-30"),
        ("last week", "2024-05-06..2024-05-12"),
        ("yesterday", "2024-05-14..2024-05-14"),
        ("i går", "2024-05-14..2024-05-14"),
        ("past three years", "2021-01-01..2024-05-15"),
        ("die letzten 2 Quartale", "2023-10-01..2024-05-15"),
        ("siste tre år", "2021-01-01..2024-05-15"),
    ],
)
def test_relative_times_count_from_today(text: str, span: str) -> None:
    assert spans(text) == [span]


def test_a_quarter_without_a_year_takes_the_next_one_named_or_the_latest() -> None:
    assert labels("Q1 and Q2 2023") == [(2023, 1, False), (2023, 2, False)]
    assert spans("sales in Q3") == ["2023-07-01..2023-09-30"]
    assert understand("sales in Q3", today=TODAY).years == ()


@pytest.mark.parametrize(
    "text", ["previous quarters", "may 5 people march", "the first half", "day 2 of 3", "31.02.2024"]
)
def test_what_names_no_time_gives_none(text: str) -> None:
    assert spans(text) == []


@pytest.mark.parametrize(
    ("text", "newest"),
    [
        ("the latest travel policy", True),
        ("most recent 10-Q", True),
        ("aktuelle Richtlinie", True),
        ("nyeste versjon", True),
        ("what are current liabilities", False),
        ("travel policy of 2023", False),
    ],
)
def test_the_newest_is_asked_for_in_words(text: str, newest: bool) -> None:
    assert understand(text, today=TODAY).newest is newest


def test_a_time_is_where_its_text_stands() -> None:
    found = understand("source:a sales in Q3 2022?", today=TODAY)
    assert [found.text[p.start : p.end] for p in found.periods] == ["Q3 2022"]
