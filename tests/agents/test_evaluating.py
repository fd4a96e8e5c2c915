"""How answers on a question set are judged and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.errors import EvaluationError, QuestionRefused
from agents.evaluating import Question, Result, count, evaluate, judge, read_questions
from agents.model import Answer, Route, Status


def answer(text: str, status: Status = Status.ANSWERED) -> Answer:
    route = Route(mode="extractive", complexity="lookup", sensitivity="internal", why="")
    return Answer(
        run_id="r",
        question="q",
        conversation_id=None,
        status=status,
        answer=text,
        claims=(),
        citations=(),
        abstention=None,
        route=route,
    )


def question(answerable: bool = True) -> Question:
    return Question(id="q1", question="How long?", answerable=answerable, must_contain=("30 days", r"\bmanager\b"))


def test_an_answer_is_right_when_every_pattern_is_in_it() -> None:
    assert judge(question(), answer("Your Manager decides within 30 days [1].")) is Result.RIGHT
    assert judge(question(), answer("Within 30 days [1].")) is Result.WRONG


def test_abstaining_is_right_only_where_there_is_no_answer() -> None:
    assert judge(question(), answer("", Status.ABSTAINED)) is Result.ABSTAINED
    assert judge(question(False), answer("", Status.ABSTAINED)) is Result.RIGHTLY_ABSTAINED
    assert judge(question(False), answer("30 days")) is Result.WRONGLY_ANSWERED


@pytest.mark.parametrize(
    "content",
    ["", "not json\n", '{"id": "x"}\n', '{"id": "x", "question": "?", "answerable": true, "must_contain": ["("]}\n'],
)
def test_a_bad_set_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match="set"):
        read_questions(path)


def test_a_line_ends_only_where_the_file_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    line = '{"id": "%s", "question": "Line\u2028separator\x85here?", "answerable": true}'
    path.write_bytes(f"{line % 'a'}\r\n\n{line % 'b'}".encode())
    assert [q.id for q in read_questions(path)] == ["a", "b"]


def test_a_refused_question_is_counted_and_the_rest_is_asked() -> None:
    def ask(text: str) -> Answer:
        if text == "":
            raise QuestionRefused("the question is empty")
        return answer("30 days")

    questions = [Question(id="empty", question="", answerable=True), Question(id="full", question="?", answerable=True)]
    judged = evaluate(questions, ask)
    assert [(j.result, j.refused) for j in judged] == [(Result.ABSTAINED, True), (Result.RIGHT, False)]
    assert judged[0].answer.answer == "the question is empty"
    assert (count(judged).abstained, count(judged).right) == (1, 1)


def test_an_answer_is_wrong_with_a_pattern_that_it_may_not_hold() -> None:
    planted = Question(
        id="p", question="?", answerable=True, must_contain=("30 days",), must_not_contain=("no approval",)
    )
    assert judge(planted, answer("30 days [1].")) is Result.RIGHT
    assert judge(planted, answer("30 days [1]. It needs No approval.")) is Result.WRONG


def test_a_question_that_follows_others_is_asked_after_them() -> None:
    follow = Question(
        id="f", question="and in Berlin?", answerable=True, follows=("What is the cap in Rome?", "and in Oslo?")
    )
    asked: list[object] = []

    def ask(text: str) -> Answer:
        asked.append(text)
        return answer("")

    def converse(texts: Sequence[str]) -> Answer:
        asked.append(list(texts))
        return answer("")

    evaluate([follow], ask)
    evaluate([follow], ask, converse)
    assert asked == ["What is the cap in Berlin?", ["What is the cap in Rome?", "and in Oslo?", "and in Berlin?"]]
