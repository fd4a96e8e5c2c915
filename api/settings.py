"""Configuration: `groundcrew.toml` and the environment, checked before anything starts.

The only module that reads the environment. Each setting also answers to GROUNDCREW_<SECTION>__<NAME>, with more "__"
for deeper tables (GROUNDCREW_SOURCES__HANDBOOK__PATH); the value is read as TOML, or as a plain string where it is
none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ingest.model import Access
from ingest.settings import AccessRule, FilesSettings

from .errors import UsageError

PREFIX = "GROUNDCREW_"
HOME = PREFIX + "HOME"
DEFAULT_HOME = ".groundcrew"
CONFIG_NAME = "groundcrew.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def check_allow(entries: Sequence[str]) -> Sequence[str]:
    """The entries, if each names somebody.

    Raises:
        ValueError: one does not.
    """
    for entry in entries:
        if entry != "everyone" and not (entry.startswith(("group:", "user:")) and entry.split(":", 1)[1]):
            raise ValueError(f"{entry!r} is none of: everyone, group:NAME, user:NAME")
    return entries


def expanded(path: Path) -> Path:
    """The path with a leading ~ resolved.

    Raises:
        UsageError: it names a user that there is not.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UsageError(f"{path} begins with the home of a user that this machine does not know") from error


def absolute(path: Path) -> Path:
    """The path as it is compared with others: absolute, without ~ and "..". Links are not followed."""
    return Path(os.path.abspath(expanded(path)))


class RuleSection(_Section):
    """Access of the paths that match a glob."""

    glob: str
    allow: list[str]
    label: str | None = None

    _allow = field_validator("allow")(check_allow)


class SourceSection(_Section):
    """A source of documents. Relative paths are relative to the configuration file."""

    kind: Literal["files"]
    path: Path
    include: list[str] = ["**/*"]
    exclude: list[str] = []
    allow: list[str] = []
    rules: list[RuleSection] = []

    _allow = field_validator("allow")(check_allow)


class ModelSection(_Section):
    """A language model that the crew may use."""

    kind: Literal["openai", "anthropic", "ollama"]
    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    locality: Literal["local", "remote"] = "remote"
    price_in: float = Field(default=0.0, ge=0)
    price_out: float = Field(default=0.0, ge=0)
    timeout_s: float = Field(default=30.0, gt=0)


class ScheduleSection(_Section):
    """Something to run at set times."""

    cron: str
    run: str


class ServerSection(_Section):
    """Where the server listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8321, ge=0, le=65535)


class UserSection(_Section):
    """A user that `--as` can name."""

    groups: list[str] = []


class RetrievalSection(_Section):
    """How passages are found. `engine` runs the embedding model: auto takes openvino where it is installed."""

    engine: Literal["auto", "openvino", "torch"] = "auto"


class Settings(_Section):
    """The whole configuration. `origin` is the file it came from, None when there was none."""

    sources: dict[str, SourceSection] = {}
    models: dict[str, ModelSection] = {}
    schedules: list[ScheduleSection] = []
    server: ServerSection = ServerSection()
    users: dict[str, UserSection] = {}
    retrieval: RetrievalSection = RetrievalSection()
    home: Path = Path(DEFAULT_HOME)
    origin: Path | None = None

    def files(self, name: str) -> FilesSettings:
        """A configured source as the connector takes it; KeyError when there is none of that name."""
        section = self.sources[name]
        base = self.origin.parent if self.origin is not None else Path.cwd()
        return FilesSettings(
            name=name,
            path=absolute(base / expanded(section.path)),
            include=tuple(section.include),
            exclude=tuple(section.exclude),
            access=Access(allow=tuple(section.allow)),
            rules=tuple(
                AccessRule(glob=rule.glob, access=Access(allow=tuple(rule.allow), label=rule.label))
                for rule in section.rules
            ),
        )


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
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    where = overridden.get(key.lower(), str(origin) if origin is not None else "the environment")
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key {key!r}; expected one of {', '.join(_known_keys(first['loc']))}"
    if first["type"] == "missing":
        return f"{where}: the key {key!r} is missing"
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {key!r} is {first['input']!r}: {message[:1].lower()}{message[1:]}"


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    sections: dict[str, type[BaseModel]] = {
        "sources": SourceSection,
        "models": ModelSection,
        "schedules": ScheduleSection,
        "server": ServerSection,
        "users": UserSection,
        "retrieval": RetrievalSection,
    }
    if len(location) == 1:
        return sorted(sections)
    model = RuleSection if "rules" in location else sections[str(location[0])]
    return sorted(model.model_fields)
