"""Quality on a question set: how many answerable questions are answered right, and how many others are left alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from .errors import EvaluationError, QuestionRefused
from .following import resolve
from .model import Answer, Route, Status


class Question(BaseModel):
    """One line of a question set. `must_contain` are regular expressions that a right answer's text matches, all, and
    `must_not_contain` such as none of may match. `follows` are the questions asked before it in one conversation."""

    model_config = ConfigDict(frozen=True)
    id: str
    question: str
    answerable: bool
    type: str = "unknown"
    gold_files: tuple[str, ...] = ()
    gold_quotes: tuple[str, ...] = ()
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()

    @field_validator("must_contain", "must_not_contain")
    @classmethod
    def _compiles(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    question: str
    resolved: str


class Result(StrEnum):
    """What became of a question."""

    RIGHT = "right"
    WRONG = "wrong"
    ABSTAINED = "abstained"
    RIGHTLY_ABSTAINED = "rightly_abstained"
    WRONGLY_ANSWERED = "wrongly_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A question with its answer and what that is worth.

    `cites_gold`: a citation lies in a file that answers it. `refused`: the question was not taken, and is counted as
    not answered; the answer's text says why.
    """

    question: Question
    answer: Answer
    result: Result
    cites_gold: bool
    refused: bool = False

    @property
    def failed(self) -> bool:
        return self.result not in (Result.RIGHT, Result.RIGHTLY_ABSTAINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts over a set, and shares of the answerable and of the unanswerable questions."""

    answerable: int
    right: int
    wrong: int
    abstained: int
    unanswerable: int
    rightly_abstained: int
    right_cites_gold: int
    by_type: dict[str, tuple[int, int]]

    def shares(self) -> dict[str, float]:
        """The figures that a gate may bound."""
        answerable, unanswerable = max(self.answerable, 1), max(self.unanswerable, 1)
        return {
            "right": round(self.right / answerable, 4),
            "wrong": round(self.wrong / answerable, 4),
            "abstained": round(self.abstained / answerable, 4),
            "rightly_abstained": round(self.rightly_abstained / unanswerable, 4),
        }


def read_questions(path: Path) -> list[Question]:
    """The questions of a JSONL file.

    Raises:
        EvaluationError: the file cannot be read, holds no question, or a line is no question.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"the question set {path} cannot be read: {error}") from error
    questions = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                questions.append(Question.model_validate(json.loads(line)))
            except (json.JSONDecodeError, ValidationError) as error:
                reason = str(error).replace("\n", " ")
                raise EvaluationError(f"{path}, line {number} is no question: {reason}") from error
    if not questions:
        raise EvaluationError(f"the question set {path} holds no question")
    return questions


def evaluate(
    questions: Iterable[Question],
    ask: Callable[[str], Answer],
    converse: Callable[[Sequence[str]], Answer] | None = None,
) -> list[Judged]:
    """Asks every question and judges each answer.

    `converse` asks several questions in one new conversation and gives the answer to the last. Without it a question
    that follows others is put in words from theirs and asked alone, which finds the same: no turn reads an answer.
    """
    judged = []
    for question in questions:
        try:
            if question.follows and converse is not None:
                answer = converse((*question.follows, question.question))
            else:
                answer = ask(_standing_alone(question))
            refused = False
        except QuestionRefused as error:
            answer, refused = _refusal(question, str(error)), True
        judged.append(
            Judged(
                question=question,
                answer=answer,
                result=judge(question, answer),
                cites_gold=_cites_gold(question, answer),
                refused=refused,
            )
        )
    return judged


def judge(question: Question, answer: Answer) -> Result:
    """What an answer is worth: right is answered, with every pattern of `must_contain` in its text and none of
    `must_not_contain`, in any case."""
    answered = answer.status is Status.ANSWERED
    if not question.answerable:
        return Result.WRONGLY_ANSWERED if answered else Result.RIGHTLY_ABSTAINED
    if not answered:
        return Result.ABSTAINED
    right = all(re.search(pattern, answer.answer, re.IGNORECASE) for pattern in question.must_contain)
    bad = any(re.search(pattern, answer.answer, re.IGNORECASE) for pattern in question.must_not_contain)
    return Result.RIGHT if right and not bad else Result.WRONG


def count(judged: Sequence[Judged]) -> Figures:
    """The figures over judged questions; `by_type` gives (succeeded, all) for each type."""
    results = [j.result for j in judged]
    by_type: dict[str, tuple[int, int]] = {}
    for j in judged:
        good, total = by_type.get(j.question.type, (0, 0))
        by_type[j.question.type] = (good + (not j.failed), total + 1)
    return Figures(
        answerable=sum(j.question.answerable for j in judged),
        right=results.count(Result.RIGHT),
        wrong=results.count(Result.WRONG),
        abstained=results.count(Result.ABSTAINED),
        unanswerable=sum(not j.question.answerable for j in judged),
        rightly_abstained=results.count(Result.RIGHTLY_ABSTAINED),
        right_cites_gold=sum(j.result is Result.RIGHT and j.cites_gold for j in judged),
        by_type=by_type,
    )


def _standing_alone(question: Question) -> str:
    turns: list[_Turn] = []
    for text in (*question.follows, question.question):
        turns.append(_Turn(question=text, resolved=resolve(text, turns).text))
    return turns[-1].resolved


def _refusal(question: Question, why: str) -> Answer:
    return Answer(
        run_id="",
        question=question.question,
        conversation_id=None,
        status=Status.BLOCKED,
        answer=why,
        claims=(),
        citations=(),
        abstention=None,
        route=Route(mode="none", complexity="unknown", sensitivity="unknown", why=why),
    )


def _cites_gold(question: Question, answer: Answer) -> bool:
    uris = [unquote(citation.document.uri) for citation in answer.citations]
    return any(uri.endswith("/" + gold) for uri in uris for gold in question.gold_files)
