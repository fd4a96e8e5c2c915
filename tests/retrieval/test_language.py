"""Which language a text is in, from a few words to a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.language import LANGUAGES, STOP_WORDS, language_of

QUESTIONS = {
    "ar": "كم عدد أيام الإجازة؟",
    "da": "Hvornår skal jeg aflevere min rejseafregning?",
    "de": "Wie viele Urlaubstage habe ich?",
    "el": "Πόσες ημέρες άδειας έχω;",
    "en": "How many vacation days do I get?",
    "es": "¿Cuántos días de vacaciones tengo?",
    "fi": "Kuinka monta lomapäivää minulla on?",
    "fr": "Combien de jours de congé ai-je ?",
    "hu": "Hány nap szabadságom van?",
    "it": "Quanti giorni di ferie ho?",
    "nl": "Hoeveel vakantiedagen heb ik?",
    "no": "Hvor mange feriedager har jeg, og hva gjelder for meg?",
    "pt": "Quantos dias de férias tenho?",
    "ro": "Câte zile de concediu am?",
    "ru": "Сколько у меня дней отпуска?",
    "sv": "Hur många semesterdagar har jag?",
    "ta": "எனக்கு எத்தனை நாட்கள் விடுப்பு?",
    "tr": "Kaç gün iznim var?",
}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_short_question_tells_its_language(language: str) -> None:
    assert language_of(QUESTIONS[language]) == language


def test_every_language_has_function_words() -> None:
    assert STOP_WORDS.keys() == LANGUAGES.keys()
    assert all(len(words) > 30 and all(w.casefold() in words for w in words) for words in STOP_WORDS.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "???",
        "12345 67.8",
        "FJ-320",
        "AAPL 10-Q",
        "getUserById(id)",
        "std::vector<int> x = foo(bar);",
        "for (int i = 0; i < n; i++) { if (a[i] == b) { return c[i]; } } while (x) { y = f(x); }",
        "有多少天假期",
        "Скільки в мене днів відпустки і коли її можна взяти?",
        "Kolik dní dovolené mám k dispozici příští rok?",
    ],
)
def test_what_is_no_known_language_is_not_guessed(text: str) -> None:
    assert language_of(text) == ""


def test_names_and_terms_of_another_language_do_not_turn_a_question() -> None:
    assert language_of("What does the word Kündigungsfrist mean for a café in Málaga?") == "en"
    assert language_of("Was bedeutet Return on Investment für das Controlling?") == "de"
    assert language_of("What is the meaning of договор in this contract?") == "en"


def test_a_long_text_is_told_from_its_start_and_its_middle() -> None:
    prose = "The committee approves every invoice that is above the limit, and it is paid within ten days. " * 2_000
    assert language_of(prose) == "en"


@given(st.text(max_size=700))
def test_any_text_gives_a_known_language_or_none_and_always_the_same(text: str) -> None:
    assert language_of(text) in {*LANGUAGES, ""}
    assert language_of(text) == language_of(text)
