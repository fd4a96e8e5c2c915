"""What is let in, and what is released."""

from __future__ import annotations

import pytest

from agents.errors import QuestionRefused
from agents.governor import MAX_QUESTION_CHARACTERS, admit
from agents.model import Request
from retrieval.access import Principal


def request(question: str, **named: object) -> Request:
    return Request(question=question, principal=Principal(admin=True), **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("question", ["", "  \n", "???", "…"])
def test_a_question_without_words_is_refused(question: str) -> None:
    with pytest.raises(QuestionRefused, match="empty"):
        admit(request(question))


def test_a_question_past_the_limit_is_refused_with_the_limit() -> None:
    with pytest.raises(QuestionRefused, match="4,000"):
        admit(request("a" * (MAX_QUESTION_CHARACTERS + 1)))


def test_a_mode_that_needs_a_model_is_refused_rather_than_ignored() -> None:
    with pytest.raises(QuestionRefused, match="language model"):
        admit(request("How long?", mode="large"))


def test_a_question_is_trimmed() -> None:
    assert admit(request("  Wie lange? ")).request.question == "Wie lange?"
