"""What a query is understood to ask for: names, phrases, scope, kinds, and that nothing breaks it."""

from __future__ import annotations

import contextlib
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.model import ElementKind
from retrieval.errors import FilterError
from retrieval.understanding import KIND_ELEMENTS, KIND_FORMATS, Filters, Kind, Understanding, understand

TODAY = date(2024, 5, 15)


def read(text: str) -> Understanding:
    return understand(text, today=TODAY)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("What was Apple's revenue?", ("Apple",)),
        ("Apple's revenue", ("Apple",)),
        ("Has Microsoft bought anything?", ("Microsoft",)),
        ("How do Goldman Sachs and Bank of America differ?", ("Goldman Sachs", "Bank of America")),
        ("Does Claude 3 Opus see pictures?", ("Claude 3 Opus",)),
        ("net sales of AAPL", ("AAPL",)),
        ("How does the `run_target` method of the DiffExecutor end?", ("run_target", "DiffExecutor")),
        ("is the FJ-320 sold under ISO 9001?", ("FJ-320", "ISO 9001")),
        ("see src/app/main.py and report_v2.docx", ("src/app/main.py", "report_v2.docx")),
        ("what does os.path.join return", ("os.path.join",)),
        ("who is ana.smith@example.com", ("ana.smith@example.com",)),
        ("Travel policy for contractors", ()),
        ("When is the office closed in July?", ()),
        ("Is I'm on Monday OK, e.g. at 10 a.m.?", ()),
        ("Wie viele Urlaubstage haben die Mitarbeiter im Ausland?", ()),
        ("Welchen Umsatz hatte die Firma Siemens?", ("Siemens",)),
        ("Was sagt die Deutsche Bank zu Kosten von Reisen?", ("Deutsche Bank",)),
    ],
)
def test_names_are_told_by_their_form(text: str, names: tuple[str, ...]) -> None:
    assert read(text).names == names


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ('what does "net sales" mean', ("net sales",)),
        ("„Höhere Gewalt“ und «force majeure» und “act of God”", ("Höhere Gewalt", "force majeure", "act of God")),
        ('an unclosed "phrase is none', ()),
        ("it's Ana's desk, isn't it", ()),
        ('"..."', ()),
    ],
)
def test_phrases_stand_in_closed_quotation_marks(text: str, phrases: tuple[str, ...]) -> None:
    assert set(read(text).phrases) == set(phrases)


@pytest.mark.parametrize(
    ("text", "excluded"),
    [
        ("Which offices except Norway have a canteen?", ("Norway",)),
        ("offices except for Norway and Sweden", ("Norway", "Sweden")),
        ("except Norway, how many are there?", ("Norway",)),
        ("headcount excluding contractors by country", ("contractors",)),
        ("suppliers other than Apple", ("Apple",)),
        ("alle Standorte außer Oslo", ("Oslo",)),
        ("alle Mails ohne Werbung zu berücksichtigen", ("Werbung",)),
        ("alle kontorer unntatt Oslo", ("Oslo",)),
        ("offices in Europe but not in Norway", ("Norway",)),
        ("who may travel without approval", ()),
        ("allowed but not required", ()),
        ("closed except when it rains", ()),
        ("an exceptional year", ()),
    ],
)
def test_what_is_left_out_is_told_from_what_is_lacking(text: str, excluded: tuple[str, ...]) -> None:
    assert read(text).excluded == excluded


def test_what_is_left_out_is_no_name_that_is_asked_for() -> None:
    assert read("How do offices in Sweden, other than Malmö, heat?").names == ("Sweden",)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("in which table is the headcount", (Kind.TABLE,)),
        ("the slide on hiring", (Kind.SLIDE,)),
        ("which email said so", (Kind.MAIL,)),
        ("the email address of support", ()),
        ("In welcher Tabelle steht das?", (Kind.TABLE,)),
        ("welche Folie zeigt den Umsatz", (Kind.SLIDE,)),
        ("was it in slack", (Kind.MESSAGE,)),
        ("hvilket regneark viser dette", (Kind.SPREADSHEET,)),
        ("what is the travel policy", ()),
    ],
)
def test_kinds_of_thing_are_asked_for_by_word(text: str, kinds: tuple[Kind, ...]) -> None:
    assert read(text).kinds == kinds


def test_every_kind_is_told_by_formats_or_elements() -> None:
    assert KIND_FORMATS.keys() == set(Kind)
    assert all(KIND_FORMATS[kind] or kind in KIND_ELEMENTS for kind in Kind)
    assert KIND_ELEMENTS[Kind.TABLE] is ElementKind.TABLE_ROW


@pytest.mark.parametrize(
    ("text", "compares"),
    [
        ("compare the two policies", True),
        ("What is the difference between leave and sabbatical?", True),
        ("How has the gross margin changed?", True),
        ("Apple versus Intel", True),
        ("How much did Apple and Intel earn?", True),
        ("sales in 2021 and 2022", True),
        ("sales from 2019 to 2021", True),
        ("Was ist der Unterschied zwischen Urlaub und Gleittag?", True),
        ("Hva er forskjellen på ferie og permisjon?", True),
        ("What is the travel policy?", False),
        ("How do I change my password?", False),
        ("sales in 2021", False),
    ],
)
def test_questions_over_several_documents_are_told(text: str, compares: bool) -> None:
    assert read(text).compares is compares


def test_the_language_is_that_of_the_words() -> None:
    assert [read(t).language for t in ("Wer genehmigt das?", "Who approves it?", "")] == ["de", "en", ""]


def test_an_ordinary_question_stays_as_it_is() -> None:
    question = "What is the notice period?"
    assert read(question) == Understanding(text=question, original=question, language="en")


@pytest.mark.parametrize("text", ["", "   ", "?!…", "the of and", "\x00\x07", "\ud800", "-", '"', "🙂"])
def test_odd_queries_are_understood_as_nothing_in_particular(text: str) -> None:
    found = read(text)
    assert (found.filters, found.names, found.periods) == (Filters(), (), ())
    found.text.encode()


LONG = 50_000


@pytest.mark.parametrize(
    "text",
    [
        "a" * LONG,
        " " * LONG,
        '"' * LONG,
        "a " * (LONG // 2),
        "-a" * (LONG // 2),
        "a.b" * (LONG // 3),
        "_" * LONG,
        "Q3 " * LONG,
        "2022-" * (LONG // 5),
        "A" * LONG,
        "Ab " * (LONG // 3),
        "except " * (LONG // 7),
        "how has " * (LONG // 8),
        "a:" * (LONG // 2),
        "\n-x" * (LONG // 3),
        "a@" * (LONG // 2),
        "ohne x " * (LONG // 7),
        "first " * (LONG // 6),
        "a/b" * (LONG // 3),
        "Q3" + " " * LONG + "2022",
        "1" * LONG,
        "x" + "\u0301" * LONG,
    ],
)
def test_a_very_long_query_is_read_to_the_end(text: str) -> None:
    found = read(text)
    assert len(found.text) <= len(text)


PARTS = st.sampled_from(
    [
        "source:",
        "source:a",
        '-"old plan"',
        "-draft",
        "-",
        '"',
        "„",
        "“",
        "kind:mail",
        "after:2024-02",
        "on:2023",
        "Q3",
        "2022",
        "FY18",
        "'",
        "last year",
        "i fjor",
        "except",
        "Norway",
        "and",
        "und",
        "`x_y`",
        "a.b",
        "\n-",
        ":",
        "title:",
        "x:y",
        " ",
        "  ",
        "\n",
        "?",
        "\u0301",
        "\x00",
        "\ud800",
        "\u200b",
        "March",
        "March 2024",
        "31.12.2023",
        "ISO 9001",
        "Apple's",
        "ß",
        "İ",
        "9999-12",
        "0000",
    ],
)
QUERIES = st.one_of(
    st.text(max_size=300), st.lists(PARTS, max_size=14).map("".join), st.lists(PARTS, max_size=14).map(" ".join)
)


@given(text=QUERIES)
@example(text="\n-source:x\n-foo")
@example(text="last 99 years")
def test_any_query_is_understood_or_refused_as_a_filter(text: str) -> None:
    found = None
    with contextlib.suppress(FilterError):
        found = understand(text, today=TODAY, known_keys=("x", "author"))
    if found is None:
        return
    found.text.encode()
    for period in found.periods:
        assert 0 <= period.start < period.end <= len(found.text)
        assert period.first <= period.last
    spans = [(p.start, p.end) for p in found.periods]
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert list(found.years) == sorted(set(found.years))
    again = understand(found.text, today=TODAY, known_keys=("x", "author"))
    assert (again.text, again.filters) == (found.text, Filters())
    assert (again.names, again.periods, again.language) == (found.names, found.periods, found.language)


@given(text=QUERIES, today=st.dates())
def test_any_day_may_be_today(text: str, today: date) -> None:
    with contextlib.suppress(FilterError):
        understand(f"{text} last year, next quarter, past 12 months, yesterday, Q4, last week", today=today)
