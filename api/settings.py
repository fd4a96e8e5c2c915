"""Configuration: `groundcrew.toml` and the environment, checked before anything starts.

The only module that reads the environment. Each setting also answers to GROUNDCREW_<SECTION>__<NAME>, with more "__"
for deeper tables (GROUNDCREW_SOURCES__HANDBOOK__PATH); the value is read as TOML, or as a plain string where it is
none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from ingest.settings import FilesSettings, SourceSettings

from .crew_settings import BudgetSection, CrewSection, ModelSection, ReviewsSection, RunsSection
from .errors import UsageError
from .scheduling import DEFAULT_TIME_ZONE, Schedule, check_cron, check_run, check_time_zone
from .sourcing import SECTIONS, RuleSection, Section, SourceSection, expanded

PREFIX = "GROUNDCREW_"
HOME = PREFIX + "HOME"
DEFAULT_HOME = ".groundcrew"
CONFIG_NAME = "groundcrew.toml"


class ScheduleSection(Section):
    """Something to run at set times. `name` is what it is remembered by; without one, what it runs and when."""

    cron: str
    run: str
    time_zone: str = DEFAULT_TIME_ZONE
    name: str | None = None

    _cron = field_validator("cron")(check_cron)
    _zone = field_validator("time_zone")(check_time_zone)
    _run = field_validator("run")(check_run)

    def schedule(self) -> Schedule:
        """The schedule as it is run."""
        name = self.name or f"{self.run} {self.cron} {self.time_zone}"
        return Schedule(name=name, cron=self.cron, time_zone=self.time_zone, run=self.run)


class ServerSection(Section):
    """Where the server listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)


class UserSection(Section):
    """A user that `--as` can name."""

    groups: list[str] = Field(default_factory=list)


class IngestSection(Section):
    """What reading files may cost, and how long the texts of superseded versions are kept (unset: for good).

    A file is parsed in one of `parsers` processes, for at most `timeout_s` and `timeout_s_per_mb` for each of its
    megabytes, with at most `memory_mb` of memory.
    """

    parsers: int = Field(default_factory=lambda: max(1, min(8, (os.cpu_count() or 2) - 1)), ge=1, le=64)
    timeout_s: float = Field(default=120.0, gt=0)
    timeout_s_per_mb: float = Field(default=30.0, ge=0)
    memory_mb: int = Field(default=2048, ge=256)
    keep_versions_days: float | None = Field(default=None, ge=0)


class RetrievalSection(Section):
    """How passages are found. `engine` runs the embedding model: auto takes openvino where it is installed.

    `precision` f32 gives the same vectors on every machine; auto is faster on a CPU that multiplies bf16.
    `dense_weight` of 1 ranks by vectors alone, 0 by words alone; `document_weight` is how much of its document's best
    passage a passage is credited with. `reranker` is a cross-encoder's folder, or "hub:organisation/name": it orders
    the best `rerank_top` passages anew, for at most `rerank_budget_ms`.
    """

    engine: Literal["auto", "openvino", "torch"] = "auto"
    precision: Literal["auto", "f32"] = "auto"
    dense_weight: float = Field(default=0.5, ge=0, le=1)
    document_weight: float = Field(default=0.4, ge=0, le=1)
    reranker: str | None = None
    rerank_top: int = Field(default=50, ge=1, le=1000)
    rerank_budget_ms: int = Field(default=1500, ge=0)


class Settings(Section):
    """The whole configuration. `origin` is the file it came from, None when there was none."""

    sources: dict[str, SourceSection] = Field(default_factory=dict)
    models: dict[Literal["small", "large"], ModelSection] = Field(default_factory=dict)
    schedules: list[ScheduleSection] = Field(default_factory=list)
    server: ServerSection = ServerSection()
    ingest: IngestSection = Field(default_factory=IngestSection)
    users: dict[str, UserSection] = Field(default_factory=dict)
    retrieval: RetrievalSection = RetrievalSection()
    crew: CrewSection = CrewSection()
    budgets: BudgetSection = BudgetSection()
    runs: RunsSection = RunsSection()
    reviews: ReviewsSection = ReviewsSection()
    home: Path = Path(DEFAULT_HOME)
    origin: Path | None = None

    @field_validator("schedules")
    @classmethod
    def _differ(cls, schedules: list[ScheduleSection]) -> list[ScheduleSection]:
        names = [section.schedule().name for section in schedules]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two are alike, {twice[0]!r}; give each a `name` of its own, or leave one out")
        return schedules

    def source(self, name: str) -> SourceSettings:
        """A configured source as its connector takes it; KeyError when there is none of that name.

        Raises:
            UsageError: an environment variable that holds a secret of it is not set.
        """
        base = self.origin.parent if self.origin is not None else Path.cwd()
        found = self.sources[name].settings(name, base, os.environ)
        return replace(found, without=self.home.absolute()) if isinstance(found, FilesSettings) else found

    def beside(self, path: Path) -> Path:
        """A path of the configuration: relative ones lie beside its file."""
        base = self.origin.parent if self.origin is not None else Path.cwd()
        return base / expanded(path)

    def secret(self, model: ModelSection) -> str | None:
        """A model's API key, from the environment variable that its section names.

        Raises:
            UsageError: that variable is not set.
        """
        if model.api_key_env is None:
            return None
        if not os.environ.get(model.api_key_env):
            raise UsageError(
                f"the environment variable {model.api_key_env} is not set; it holds the API key of the model "
                f"{model.model}"
            )
        return os.environ[model.api_key_env]

    def folders(self) -> dict[str, FilesSettings]:
        """The configured sources that are folders on this machine, by name."""
        settings = [self.source(name) for name, section in self.sources.items() if section.kind == "files"]
        return {one.name: one for one in settings if isinstance(one, FilesSettings)}


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where state lives."""
    return expanded(Path(environ.get(HOME) or DEFAULT_HOME))


def load_settings(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads the configuration.

    Raises:
        UsageError: the file is missing, is no TOML, or a key or value is wrong; the message names file and key.
    """
    home = home_folder(environ)
    origin = _find(config, home)
    values = _read(origin) if origin is not None else {}
    overridden = _overlay(values, environ)
    try:
        return Settings.model_validate({**values, "home": home, "origin": origin and origin.absolute()})
    except ValidationError as error:
        raise UsageError(_explain(error, origin, overridden)) from error


def _find(config: Path | None, home: Path) -> Path | None:
    if config is not None:
        config = expanded(config)
        if not os.path.isfile(config):
            raise UsageError(f"no configuration file {config}; name an existing one with --config")
        return config
    return next((path for path in (home / CONFIG_NAME, Path(CONFIG_NAME)) if os.path.isfile(path)), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    for reserved in ("home", "origin"):
        if reserved in values:
            raise UsageError(f"{path}: unknown key {reserved!r}; set the home with the environment variable {HOME}")
    return values


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Puts GROUNDCREW_ variables over the file's values; returns which key came from which variable."""
    origins: dict[str, str] = {}
    for variable, raw in sorted(environ.items()):
        if not variable.startswith(PREFIX) or "__" not in variable:
            continue
        keys = variable[len(PREFIX) :].lower().split("__")
        table = values
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise UsageError(f"the environment variable {variable} goes below {key!r}, which is no table")
        table[keys[-1]] = _value(raw)
        origins[".".join(keys)] = variable
    return origins


def _value(raw: str) -> Any:
    try:
        return tomllib.loads(f"value = {raw}")["value"]
    except tomllib.TOMLDecodeError:
        return raw


def _explain(error: ValidationError, origin: Path | None, overridden: Mapping[str, str]) -> str:
    """One line: the file (or variable), the key, and what was expected."""
    found = error.errors(include_url=False)
    # A key that is misspelt is often missed as well: what stands in the file says more.
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    place = first["loc"]
    if place[0] == "sources" and len(place) > 2 and place[2] in SECTIONS:
        place = (*place[:2], *place[3:])  # The kind stands among the keys of an error, not among those of the file.
    key = ".".join(str(part) for part in place if part != "[key]")
    where = overridden.get(key.lower(), str(origin) if origin is not None else "the environment")
    match first["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key {key!r}; expected one of {', '.join(_known_keys(first['loc']))}"
        case "missing":
            return f"{where}: the key {key!r} is missing"
        case "union_tag_not_found":
            return f"{where}: the key '{key}.kind' is missing; expected one of {', '.join(SECTIONS)}"
        case "union_tag_invalid":
            kind = first["ctx"]["tag"]
            return f"{where}: '{key}.kind' is {kind!r}; expected one of {', '.join(SECTIONS)}"
    message = first["msg"].removeprefix("Value error, ")
    message = f"{message[:1].lower()}{message[1:]}"
    # A whole table may hold what is nobody's business.
    given = "" if isinstance(first["input"], dict) else f" is {first['input']!r}"
    return f"{where}: {key!r}{given}: {message}"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    sections: dict[str, type[Section]] = {
        "models": ModelSection,
        "schedules": ScheduleSection,
        "server": ServerSection,
        "users": UserSection,
        "ingest": IngestSection,
        "retrieval": RetrievalSection,
        "crew": CrewSection,
        "budgets": BudgetSection,
        "runs": RunsSection,
        "reviews": ReviewsSection,
    }
    if len(location) == 1:
        return sorted([*sections, "sources"])
    if "rules" in location:
        return sorted(RuleSection.model_fields)
    model = SECTIONS[str(location[2])] if location[0] == "sources" else sections[str(location[0])]
    return sorted(model.model_fields)
