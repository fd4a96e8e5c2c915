"""`groundcrew eval`: runs a question set, shows the figures and what failed, holds them against a gate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.evaluating import Figures, Judged, count, evaluate, read_questions
from agents.model import Answer
from retrieval.access import Principal

from .commands import ask_question
from .console import put
from .errors import UsageError
from .wiring import Platform

_LEAST = ("right", "rightly_abstained")
_GREATEST = ("wrong", "abstained")
"""What a gate bounds: shares that must not fall under, and shares that must not rise over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The outcome of one run over a set. `missed` names the figures that are out of the gate's bounds."""

    figures: Figures
    judged: tuple[Judged, ...]
    missed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Figures, shares, and each failing question with what was answered."""
        return {
            **asdict(self.figures),
            "shares": self.figures.shares(),
            "missed": list(self.missed),
            "refused": [j.question.id for j in self.judged if j.refused],
            "failing": [_failing(j) for j in self.judged if j.failed],
        }


def evaluate_set(platform: Platform, path: Path, gate: Path | None) -> Evaluation:
    """Asks every question of a set as an admin.

    Raises:
        EvaluationError: the set cannot be read.
        UsageError: the gate cannot be read, or nothing is indexed.
    """
    bounds = _read_gate(gate) if gate is not None else {}
    questions = read_questions(path)
    if platform.catalog.counts()[0] == 0:
        raise UsageError(
            f"nothing is indexed in {platform.home}; first ingest the documents that the questions are about"
        )
    done = 0

    def ask(question: str) -> Answer:
        nonlocal done
        done += 1
        _show_counter(f"{done}/{len(questions)}")
        return ask_question(platform, question, Principal(admin=True))

    try:
        judged = evaluate(questions, ask)
    finally:
        _show_counter("")
    figures = count(judged)
    return Evaluation(figures=figures, judged=tuple(judged), missed=tuple(_missed(figures.shares(), bounds)))


def _missed(shares: dict[str, float], bounds: dict[str, float]) -> Iterator[str]:
    for name, bound in bounds.items():
        if name in _LEAST and shares[name] < bound:
            yield f"{name} {shares[name]:.3f} < {bound}"
        elif name in _GREATEST and shares[name] > bound:
            yield f"{name} {shares[name]:.3f} > {bound}"


def _show_counter(text: str) -> None:
    """Replaces the counter's line on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def show_evaluation(evaluation: Evaluation) -> None:
    """The figures for people, the failing questions last."""
    f, shares = evaluation.figures, evaluation.figures.shares()
    put(
        f"answerable    {f.answerable:>4}: {f.right} right ({shares['right']:.0%}; {f.right_cites_gold} of them cite "
        f"a gold file), {f.wrong} wrong ({shares['wrong']:.0%}), {f.abstained} abstained ({shares['abstained']:.0%})"
    )
    put(f"unanswerable  {f.unanswerable:>4}: {f.rightly_abstained} abstained ({shares['rightly_abstained']:.0%})")
    put("by type       " + ", ".join(f"{name} {good}/{total}" for name, (good, total) in sorted(f.by_type.items())))
    for judged in evaluation.judged:
        if judged.failed:
            result = f"refused, {judged.result.value}" if judged.refused else judged.result.value
            put(f"\n{judged.question.id} {result}: {judged.question.question}")
            put(f"    expected: {' | '.join(judged.question.gold_quotes) or 'an abstention'}")
            put(f"    answered: {judged.answer.answer}")
    for judged in evaluation.judged:
        if judged.refused and not judged.failed:
            put(f"\n{judged.question.id} refused, and counted as abstained: {judged.answer.answer}")
    for missed in evaluation.missed:
        put(f"\nout of the gate: {missed}")


def _failing(judged: Judged) -> dict[str, Any]:
    return {
        "id": judged.question.id,
        "type": judged.question.type,
        "result": judged.result.value,
        "refused": judged.refused,
        "question": judged.question.question,
        "expected": list(judged.question.gold_quotes),
        "answer": judged.answer.answer,
    }


def _read_gate(path: Path) -> dict[str, float]:
    known = (*_LEAST, *_GREATEST)
    try:
        bounds = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the gate {path} cannot be read as JSON: {error}") from error
    if not isinstance(bounds, dict) or any(k not in known or not isinstance(v, int | float) for k, v in bounds.items()):
        raise UsageError(
            f"the gate {path} must map some of {', '.join(_LEAST)} to the least share, "
            f"or some of {', '.join(_GREATEST)} to the greatest"
        )
    return bounds
