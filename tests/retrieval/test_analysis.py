"""Text to index terms, with tantivy's own stemmers."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.analysis import STRONG, STRONGER, Word, index_terms, marked, query_words
from retrieval.language import LANGUAGES, STOP_WORDS
from retrieval.lexical_rows import Stemmer

STEM = Stemmer()


def terms(text: str, language: str = "en") -> list[str]:
    return index_terms(text, language, STEM)


def asked(text: str, language: str = "en", languages: tuple[str, ...] = ("en",)) -> list[Word]:
    return query_words(text, language, languages, STEM)


def finds(query: str, text: str, language: str = "en") -> bool:
    """Whether each word of a query is among a text's terms."""
    held = set(terms(text, language))
    words = asked(query, language, (language,))
    return bool(words) and all(held & set(word.terms) for word in words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FJ-320", {"fj-320", "fj", "320"}),
        ("StdMapObserver", {"stdmapobserv", "std", "map", "observ"}),
        ("HTTPServer", {"httpserver", "http", "server"}),
        ("max_tokens", {"max", "token"}),
        ("v2.10.3", {"v2.10.3", "v", "2", "10", "3"}),
        ("ISO-27001", {"iso-27001", "iso", "27001"}),
        ("std::vector", {"std::vector", "std", "vector"}),
        ("C++ and C#", {"c++", "c#", "and"}),
        ("2024-Q1", {"2024-q1", "2024", "q", "1"}),
        ("the director's desk", {"the", "director", "desk"}),
    ],
)
def test_codes_and_identifiers_are_found_whole_and_by_their_parts(text: str, expected: set[str]) -> None:
    assert expected <= set(terms(text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,200", "1200"),
        ("1200", "1200"),
        ("1.200,50", "1200.50"),
        ("1,200.50", "1200.50"),
        ("1’200.50", "1200.50"),
        ("1\u00a0200", "1200"),
        ("1.200.000", "1200000"),
        ("1,234,567.8", "1234567.8"),
        ("3.14", "3.14"),
        ("3,14", "3.14"),
        ("120.", "120"),
        ("0,5", "0.5"),
    ],
)
def test_an_amount_is_the_same_however_it_is_written(text: str, number: str) -> None:
    assert terms(f"cost {text} euros")[1] == number


def test_a_point_before_three_digits_may_be_either() -> None:
    assert {"1200", "1.200"} <= set(terms("1.200"))
    assert finds("1200", "costs 1.200 EUR")
    assert {"1200", "1.200"} & set(terms("costs 1200 EUR")) & {form for word in asked("1,200") for form in word.terms}
    assert not finds("1200", "costs 12000 EUR")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("ana.ruiz@example.com", "Write to Ana.Ruiz@example.com."),
        ("ana ruiz", "Write to ana.ruiz@example.com."),
        ("example.com/policy", "See https://example.com/policy today."),
        ("policy", "See https://example.com/policy today."),
        ("hydraulic pumps", "A hydraulic pump"),
        ("PUMP", "the pump"),
        ("cafe", "the café"),
        ("R&D budget", "The budget of R&D"),
        ("fj 320", "Pump FJ-320"),
        ("max tokens", "set maxTokens to 5"),
    ],
)
def test_a_query_finds_a_text_that_says_it_otherwise(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text", "language"),
    [
        ("Reisen", "die Reise", "de"),
        ("Häuser", "hause", "de"),
        ("Kündigungen", "Kündigung", "de"),
        ("reisene", "reisen", "no"),
        ("hotellene", "hotell", "no"),
        ("voyages", "voyage", "fr"),
        ("документы", "документ", "ru"),
    ],
)
def test_words_are_cut_to_their_stems_by_the_rules_of_their_language(query: str, text: str, language: str) -> None:
    assert finds(query, text, language)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("酒店", "酒店价格"),
        ("价格", "酒店价格"),
        ("ホテル", "ホテルの料金"),
        ("โรงแรม", "ราคาโรงแรม"),
    ],
)
def test_scripts_without_blanks_are_found_by_pairs_of_characters(query: str, text: str) -> None:
    held = set(terms(text, ""))
    assert all(held & set(word.terms) for word in asked(query, "", ()))
    assert asked(query, "", ())


@pytest.mark.parametrize(
    ("text", "language"),
    [("what is the", "en"), ("was ist der die das", "de"), ("hva er det som", "no"), ("qu'est ce que la", "fr")],
)
def test_words_that_only_ask_are_left_out_of_a_query_and_kept_in_a_text(text: str, language: str) -> None:
    left = [word for word in text.replace("'", " ").split() if word not in STOP_WORDS[language]]
    assert len(asked(text, language, (language,))) == len(left)
    assert len(terms(text, language)) == len(text.replace("'", " ").split())


def test_where_the_language_is_not_known_words_that_ask_in_any_are_left_out() -> None:
    assert asked("die FJ-320", "", ("de", "en")) == asked("FJ-320", "", ("de", "en"))
    assert Word(("die",)) in asked("die FJ-320", "", ("en",))
    assert asked("die FJ-320", "en", ("de", "en"))[0].terms[0] == "die"


def test_a_word_is_asked_for_in_the_stems_of_all_languages_and_once() -> None:
    [word] = asked("travel travels", "en", ("en",))
    assert word.terms == ("travel",)
    [word] = asked("policies", "en", ("de", "en"))
    assert word.terms == ("polici",) or set(word.terms) >= {"polici"}


def test_what_stands_often_or_in_the_title_has_more_marks() -> None:
    assert set(marked({}, {"pump": 1})) == {"pump"}
    assert set(marked({}, {"pump": 2})) == {"pump", "pump" + STRONG}
    assert set(marked({"pump": 1}, {})) == {"pump", "pump" + STRONG}
    assert set(marked({"pump": 1}, {"pump": 2})) == {"pump", "pump" + STRONG, "pump" + STRONGER}
    assert not any("|" in term for term in terms("a|2 pump|4 || |2"))


@pytest.mark.parametrize(
    "text", ["x" * 50_000, "word " * 10_000, "1,200" * 10_000, "a-b_" * 12_000, "酒店" * 20_000, "aB" * 25_000]
)
def test_long_texts_are_taken_and_no_term_is_long(text: str) -> None:
    found = terms(text)
    assert all(len(term) <= 60 for term in found)
    assert len(found) <= 2 * len(text)


@given(text=st.text(max_size=200), language=st.sampled_from(["", "xx", *LANGUAGES]))
@example(text="\ud800 a\0b \u0130stanbul \u1e9e", language="tr")
@example(text="ﬁnance ½ ² ⅷ ١٢٣ 1٬200", language="en")
@settings(max_examples=200, deadline=None)
def test_what_a_text_says_can_be_asked_for_in_its_own_words(text: str, language: str) -> None:
    held = set(terms(text, language))
    assert all(term and " " not in term for term in held)
    for word in asked(text, language, (language,) if language in LANGUAGES else ()):
        assert held & set(word.terms)
