"""`groundcrew eval`: runs a question set, keeps the run, holds its figures against a gate and earlier runs."""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.errors import QuestionRefused
from agents.evaluating import Judged, Question, count, evaluate, read_questions
from agents.model import Answer
from agents.scoring import (
    DEPTH,
    Gold,
    Scores,
    answer_scores,
    changes,
    figures,
    find_gold,
    hit_scores,
    keys_of,
)
from retrieval.access import Principal
from retrieval.metrics import Interval

from .commands import ask_question, search_passages
from .console import say
from .errors import UsageError
from .evaluation_report import Against, Evaluation
from .evaluations import History, QuestionRecord, Record, new_id, settings_changed
from .settings import Settings
from .sourcing import Section
from .wiring import Platform

_LEAST = ("right", "rightly_abstained")
_GREATEST = ("wrong", "abstained")
"""What a gate bounds: shares that must not fall under, and shares that must not rise over."""


def overridden(settings: Settings, entries: Sequence[str]) -> Settings:
    """The settings with ["retrieval.engine=torch"] set, for this run.

    Raises:
        UsageError: an entry is not SECTION.KEY=VALUE, names nothing, or its value is none that the key takes.
    """
    for entry in entries:
        name, sign, raw = entry.partition("=")
        section_name, dot, key = name.strip().partition(".")
        if not (sign and dot and key):
            raise UsageError(f"--with {entry!r} is not SECTION.KEY=VALUE, such as retrieval.engine=torch")
        section = getattr(settings, section_name, None) if section_name in type(settings).model_fields else None
        if not isinstance(section, Section) or key not in type(section).model_fields:
            raise UsageError(f"--with {entry!r}: there is no setting {name!r}{_keys_of(section)}")
        values = {**section.model_dump(), key: _value(raw)}
        try:
            changed = type(section).model_validate(values)
        except ValidationError as error:
            raise UsageError(f"--with {entry!r}: {error.errors(include_url=False)[0]['msg']}") from error
        settings = settings.model_copy(update={section_name: changed})
    return settings


def evaluate_set(
    platform: Platform, path: Path, gate: Path | None, compare_with: str | None = None, overrides: Sequence[str] = ()
) -> Evaluation:
    """Asks and searches every question of a set as an admin, keeps the run, and holds it against earlier ones.

    `overrides` are those that the platform's settings were made with.

    Raises:
        EvaluationError: the set cannot be read.
        UsageError: the gate or the run to compare with cannot be read, or nothing is indexed.
    """
    bounds = _read_gate(gate) if gate is not None else {}
    questions = read_questions(path)
    history = History(platform.home, say)
    other = None if compare_with is None else history.find(compare_with)
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
    counted = count(judged)
    golds = find_gold(questions, platform.catalog.documents(), platform.catalog.text)
    keys = keys_of(questions)
    scores = [answer_scores(j) | _found(platform, j.question, g) for j, g in zip(judged, golds, strict=True)]
    intervals = figures(dict(zip(keys, scores, strict=True)))
    record = _record(platform, path, keys, judged, scores, intervals, overrides)
    # What is compared with is read before this run is kept: it would be the latest itself.
    latest = history.latest(record.set_sha256)
    return Evaluation(
        figures=counted,
        judged=tuple(judged),
        missed=tuple(_missed(counted.shares(), bounds)),
        record=record,
        kept=history.add(record),
        intervals=intervals,
        unmapped={key: gold.missing for key, gold in zip(keys, golds, strict=True) if gold.missing},
        latest=_against(latest, record) if latest else None,
        compared=_against(other, record) if other else None,
    )


def _found(platform: Platform, question: Question, gold: Gold) -> Scores:
    if not question.gold_files:
        return {}
    try:
        hits, _ = search_passages(platform, question.question, DEPTH, Principal(admin=True), {})
    except (UsageError, QuestionRefused):  # It is no text to search for: nothing is found.
        hits = []
    return hit_scores(question, gold, hits)


def _record(
    platform: Platform,
    path: Path,
    keys: Sequence[str],
    judged: Sequence[Judged],
    scores: Sequence[Scores],
    intervals: Mapping[str, Interval],
    overrides: Sequence[str],
) -> Record:
    set_sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    identity, when = new_id(set_sha256)
    documents, chunks = platform.catalog.counts()
    retrieval = platform.settings.retrieval.model_dump(mode="json")
    return Record(
        id=identity,
        when=when,
        set_path=_storable(str(path.absolute())),
        set_sha256=set_sha256,
        settings={**{f"retrieval.{key}": value for key, value in retrieval.items()}, "with": list(overrides)},
        documents=documents,
        chunks=chunks,
        figures={name: asdict(one) for name, one in intervals.items()},
        questions=[
            QuestionRecord(
                key=_storable(key), question=_storable(j.question.question), result=j.result.value, scores=row
            )
            for key, j, row in zip(keys, judged, scores, strict=True)
        ],
    )


def _against(other: Record, record: Record) -> Against:
    found = changes(other.rows(), record.rows())
    if not found:
        raise UsageError(f"the evaluation {other.id} has no question in common with this set")
    return Against(
        id=other.id, when=other.when, settings=settings_changed(other.settings, record.settings), changes=found
    )


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


def _storable(text: str) -> str:
    """Without halves of characters, which JSON cannot carry."""
    return text.encode(errors="replace").decode()


def _value(raw: str) -> Any:
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw


def _keys_of(section: object) -> str:
    return f"; there are {', '.join(sorted(type(section).model_fields))}" if isinstance(section, Section) else ""


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
