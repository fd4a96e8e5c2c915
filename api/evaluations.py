"""The history of evaluations: one file a run in the home's folder `evaluations`, readable by its owner alone."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.scoring import Rows

from .errors import UsageError

_FOLDER = "evaluations"


class QuestionRecord(BaseModel):
    """One question of a run. `key` names it among the questions of its set."""

    model_config = ConfigDict(frozen=True)
    key: str
    question: str
    result: str
    scores: dict[str, float]


class Record(BaseModel):
    """One run: when, over which set (by the hash of its file), with which settings, and what came of each question."""

    model_config = ConfigDict(frozen=True)
    id: str
    when: str
    set_path: str
    set_sha256: str
    settings: dict[str, Any]
    documents: int
    chunks: int
    figures: dict[str, dict[str, float]]
    questions: list[QuestionRecord]

    def rows(self) -> Rows:
        """Scores by question; a question of another wording is another question."""
        return {f"{one.key}\n{one.question}": one.scores for one in self.questions}


@dataclass(frozen=True, slots=True)
class History:
    """The runs that a home remembers. `warn` is told what is passed over."""

    home: Path
    warn: Callable[[str], None]

    def add(self, record: Record) -> Path | None:
        """Keeps a run: the whole file is there or none of it. None when the home cannot be written to."""
        path = self._folder / f"{record.id}.json"
        partial = path.with_suffix(".partial")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(record.model_dump(), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError as error:
            self.warn(f"this run is not kept: {path} cannot be written: {error.strerror}")
            return None
        return path

    def latest(self, set_sha256: str) -> Record | None:
        """The latest run over the same set that can be read."""
        return next(self._of_set(set_sha256), None)

    def find(self, other: str) -> Record:
        """A run by the path of its file or by its id.

        Raises:
            UsageError: there is none, or its file holds no run.
        """
        kept = self._folder / f"{other}.json"
        path = kept if Path(other).name == other and kept.is_file() else Path(other)
        if not path.is_file():
            latest = sorted((one.stem for one in self._folder.glob("*.json")), reverse=True)[:3]
            known = f"the latest are {', '.join(latest)}" if latest else "none is kept yet"
            raise UsageError(f"no evaluation {other!r}: neither a file nor an id in {self._folder} ({known})")
        try:
            return _read(path)
        except ValueError as error:
            raise UsageError(f"{path} holds no evaluation: {error}") from error

    def _of_set(self, set_sha256: str) -> Iterator[Record]:
        for path in sorted(self._folder.glob(f"*-{set_sha256[:12]}-*.json"), reverse=True):
            try:
                record = _read(path)
            except ValueError as error:
                self.warn(f"the earlier run {path} cannot be read and is passed over: {error}")
                continue
            if record.set_sha256 == set_sha256:
                yield record

    @property
    def _folder(self) -> Path:
        return self.home / _FOLDER


def new_id(set_sha256: str, now: datetime | None = None) -> tuple[str, str]:
    """(an id that sorts by time and names the set, the moment in ISO 8601)."""
    moment = now or datetime.now(UTC)
    stamp = moment.strftime("%Y%m%dT%H%M%S%fZ")
    return f"{stamp}-{set_sha256[:12]}-{uuid.uuid4().hex[:6]}", moment.isoformat(timespec="seconds")


def settings_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """Each setting that differs, as [before, after]."""
    names = sorted({*before, *after})
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _read(path: Path) -> Record:
    """Raises `ValueError` in one line when it cannot be read or is no run."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ValueError(str(error.strerror)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))} {first['msg']}".strip()) from error
