"""What `groundcrew eval` shows: the figures of a run, what failed, and how the run does against earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.evaluating import Figures, Judged
from agents.scoring import ANSWER_SCORES, DEPTH, Change
from retrieval.metrics import Interval

from .console import put
from .evaluations import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """This run held against another one."""

    id: str
    when: str
    settings: Mapping[str, Sequence[Any]]
    changes: Mapping[str, Change]

    def as_json(self) -> dict[str, Any]:
        """Which run, which settings differ, and each figure's change."""
        return {
            "id": self.id,
            "when": self.when,
            "settings": dict(self.settings),
            "figures": {name: _change_as_json(change) for name, change in self.changes.items()},
            "dropped": [name for name, change in self.changes.items() if change.worse],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The outcome of one run over a set. `missed` names the figures that are out of the gate's bounds.

    `intervals` are the figures of answers and of retrieval by name, `unmapped` the gold files and quotes that are not
    in the catalog, by question. `latest` is the latest earlier run of the set, `compared` the one that was named.
    """

    figures: Figures
    judged: tuple[Judged, ...]
    missed: tuple[str, ...]
    record: Record
    kept: Path | None
    intervals: Mapping[str, Interval]
    unmapped: Mapping[str, Sequence[str]]
    latest: Against | None
    compared: Against | None

    def as_json(self) -> dict[str, Any]:
        """Figures, shares, and each failing question with what was answered; retrieval figures, and earlier runs."""
        found = {name: _rounded(asdict(one)) for name, one in self.intervals.items()}
        return {
            **asdict(self.figures),
            "shares": self.figures.shares(),
            "missed": list(self.missed),
            "refused": [j.question.id for j in self.judged if j.refused],
            "failing": [_failing(j) for j in self.judged if j.failed],
            "intervals": {name: one for name, one in found.items() if name in ANSWER_SCORES},
            "retrieval": {
                "k": DEPTH,
                "questions": sum(bool(j.question.gold_files) for j in self.judged),
                "figures": {name: one for name, one in found.items() if name not in ANSWER_SCORES},
                "unmapped": {key: list(names) for key, names in self.unmapped.items()},
            },
            "evaluation": {
                "id": self.record.id,
                "when": self.record.when,
                "set_sha256": self.record.set_sha256,
                "settings": self.record.settings,
                "file": None if self.kept is None else str(self.kept),
            },
            "change": self.latest and self.latest.as_json(),
            "compared": self.compared and self.compared.as_json(),
        }


def show_evaluation(evaluation: Evaluation) -> None:
    """The figures for people, the failing questions last."""
    f, shares = evaluation.figures, evaluation.figures.shares()
    put(
        f"answerable    {f.answerable:>4}: {f.right} right ({shares['right']:.0%}; {f.right_cites_gold} of them cite "
        f"a gold file), {f.wrong} wrong ({shares['wrong']:.0%}), {f.abstained} abstained ({shares['abstained']:.0%})"
    )
    put(f"unanswerable  {f.unanswerable:>4}: {f.rightly_abstained} abstained ({shares['rightly_abstained']:.0%})")
    put("by type       " + ", ".join(f"{name} {good}/{total}" for name, (good, total) in sorted(f.by_type.items())))
    _show_retrieval(evaluation)
    for judged in evaluation.judged:
        if judged.failed:
            result = f"refused, {judged.result.value}" if judged.refused else judged.result.value
            put(f"\n{judged.question.id} {result}: {judged.question.question}")
            put(f"    expected: {' | '.join(judged.question.gold_quotes) or 'an abstention'}")
            put(f"    answered: {judged.answer.answer}")
    for judged in evaluation.judged:
        if judged.refused and not judged.failed:
            put(f"\n{judged.question.id} refused, and counted as abstained: {judged.answer.answer}")
    for title, against in (("the latest earlier run of this set", evaluation.latest), ("", evaluation.compared)):
        if against is not None:
            _show_against(title, against)
    for missed in evaluation.missed:
        put(f"\nout of the gate: {missed}")


def _show_retrieval(evaluation: Evaluation) -> None:
    found = {name: one for name, one in evaluation.intervals.items() if name not in ANSWER_SCORES}
    if found:
        put(f"found among the first {DEPTH} hits, with the bounds of 95 %:")
    for name, one in found.items():
        put(f"    {name:<18} {one.value:.3f}  [{one.low:.3f} to {one.high:.3f}]")
    for key, names in evaluation.unmapped.items():
        put(f"    {key}: not in the catalog: {' | '.join(names)}")


def _show_against(title: str, against: Against) -> None:
    put(f"\nagainst {title or 'the run named'}, {against.id} of {against.when}:")
    for name, (before, after) in against.settings.items():
        put(f"    setting {name}: {before!r} then, {after!r} now")
    for name, change in against.changes.items():
        c = change.compared
        if c.wins or c.losses:
            put(
                f"    {name:<18} {change.before:.3f} to {change.after:.3f}, {c.wins} questions better, "
                f"{c.losses} worse, {c.ties} alike, p = {c.p:.3f}"
            )
    if not any(change.compared.wins or change.compared.losses for change in against.changes.values()):
        put("    nothing has changed")
    for name, change in against.changes.items():
        if change.worse:
            put(f"    {name} is significantly worse than it was")


def _change_as_json(change: Change) -> dict[str, Any]:
    return _rounded({**asdict(change), **asdict(change.compared)} | {"compared": None}, without="compared")


def _rounded(values: Mapping[str, Any], without: str = "") -> dict[str, Any]:
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items() if k != without}


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
