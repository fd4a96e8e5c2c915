"""`groundcrew eval`: runs a question set, shows the figures and what failed, holds them against a gate."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.evaluating import Figures, Judged, count, evaluate, read_questions
from agents.model import Answer, Request
from retrieval.access import Principal

from .errors import UsageError
from .wiring import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The outcome of one run over a set. `missed` names the gate's figures that were not reached."""

    figures: Figures
    judged: tuple[Judged, ...]
    missed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Figures, shares, and each failing question with what was answered."""
        return {
            **asdict(self.figures),
            "shares": self.figures.shares(),
            "missed": list(self.missed),
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
        if sys.stderr.isatty():
            print(f"\r{done}/{len(questions)}", end="", file=sys.stderr, flush=True)
        return platform.crew.ask(Request(question=question, principal=Principal(admin=True)))

    judged = evaluate(questions, ask)
    figures = count(judged)
    shares = figures.shares()
    missed = tuple(f"{name} {shares[name]:.3f} < {bound}" for name, bound in bounds.items() if shares[name] < bound)
    return Evaluation(figures=figures, judged=tuple(judged), missed=missed)


def show_evaluation(evaluation: Evaluation) -> None:
    """The figures for people, the failing questions last."""
    f, shares = evaluation.figures, evaluation.figures.shares()
    print(
        f"answerable    {f.answerable:>4}: {f.right} right ({shares['right']:.0%}; {f.right_cites_gold} of them cite "
        f"a gold file), {f.wrong} wrong ({shares['wrong']:.0%}), {f.abstained} abstained ({shares['abstained']:.0%})"
    )
    print(f"unanswerable  {f.unanswerable:>4}: {f.rightly_abstained} abstained ({shares['rightly_abstained']:.0%})")
    print("by type       " + ", ".join(f"{name} {good}/{total}" for name, (good, total) in sorted(f.by_type.items())))
    for judged in evaluation.judged:
        if judged.failed:
            print(f"\n{judged.question.id} {judged.result.value}: {judged.question.question}")
            print(f"    expected: {' | '.join(judged.question.gold_quotes) or 'an abstention'}")
            print(f"    answered: {judged.answer.answer}")
    for missed in evaluation.missed:
        print(f"\nunder the gate: {missed}")


def _failing(judged: Judged) -> dict[str, Any]:
    return {
        "id": judged.question.id,
        "type": judged.question.type,
        "result": judged.result.value,
        "question": judged.question.question,
        "expected": list(judged.question.gold_quotes),
        "answer": judged.answer.answer,
    }


def _read_gate(path: Path) -> dict[str, float]:
    known = ("right", "wrong", "abstained", "rightly_abstained")
    try:
        bounds = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"the gate {path} cannot be read as JSON: {error}") from error
    if not isinstance(bounds, dict) or any(k not in known or not isinstance(v, int | float) for k, v in bounds.items()):
        raise UsageError(f"the gate {path} must map some of {', '.join(known)} to the least share")
    return bounds
