"""Sources in the configuration: which keys each kind takes, and the connector that it becomes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingest import settings as kinds
from ingest.model import Access
from ingest.ports import Connector
from ingest.settings import AccessRule, FilesSettings, SourceSettings

from .errors import UsageError


class Section(BaseModel):
    """A table of the configuration: unknown keys are refused."""

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


class RuleSection(Section):
    """Access of the paths that match a glob."""

    glob: str
    allow: list[str]
    label: str | None = None

    _allow = field_validator("allow")(check_allow)


class CommonSection(Section):
    """What every kind of source takes. `removal_limit` is the share of its documents that a sync may remove unasked."""

    include: list[str] = ["**/*"]
    exclude: list[str] = []
    allow: list[str] = []
    rules: list[RuleSection] = []
    removal_limit: float = Field(default=0.5, ge=0, le=1)

    _allow = field_validator("allow")(check_allow)
    _settings: ClassVar[type[SourceSettings]]
    _connector: ClassVar[str]
    _secrets: ClassVar[tuple[str, ...]] = ()
    """Keys that name an environment variable, as "password_env" names that of `password`."""

    def settings(self, name: str, base: Path, environ: Mapping[str, str]) -> SourceSettings:
        """The settings as the connector takes them; relative paths are relative to `base`.

        Raises:
            UsageError: an environment variable that holds a secret is not set.
        """
        own: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in self.model_dump(exclude=_COMMON).items()
        }
        if own.get("path") is not None:
            own["path"] = absolute(base / expanded(own["path"]))
        for secret in self._secrets:
            variable = own.pop(f"{secret}_env", None)
            if variable is None:
                continue
            if variable not in environ:
                raise UsageError(
                    f"the environment variable {variable} is not set; source {name!r} takes its {secret} from it"
                )
            own[secret] = environ[variable]
        return self._settings(
            name=name,
            include=tuple(self.include),
            exclude=tuple(self.exclude),
            access=Access(allow=tuple(self.allow)),
            rules=tuple(
                AccessRule(glob=rule.glob, access=Access(allow=tuple(rule.allow), label=rule.label))
                for rule in self.rules
            ),
            removal_limit=self.removal_limit,
            **own,
        )


_COMMON = {"kind", "include", "exclude", "allow", "rules", "removal_limit", "options_env"}
"""Keys that are not settings under the same name."""


class FilesSection(CommonSection):
    """A folder on this machine. `poll_s` looks for changes that often instead of waiting to be told of them."""

    kind: Literal["files"]
    path: Path
    poll_s: float | None = Field(default=None, gt=0)

    _settings = FilesSettings
    _connector = "files.FilesConnector"


class ObjectStoreSection(CommonSection):
    """Objects below a URL. `options` go to fsspec; `options_env` maps further ones to environment variables."""

    kind: Literal["object_store"]
    url: str
    options: dict[str, Any] = {}
    options_env: dict[str, str] = {}

    _settings = kinds.ObjectStoreSettings
    _connector = "object_store.ObjectStoreConnector"

    def settings(self, name: str, base: Path, environ: Mapping[str, str]) -> SourceSettings:
        """As for every kind, with the options from the environment."""
        missing = [variable for variable in self.options_env.values() if variable not in environ]
        if missing:
            raise UsageError(
                f"the environment variable {missing[0]} is not set; source {name!r} takes an option from it"
            )
        options = {**self.options, **{key: environ[variable] for key, variable in self.options_env.items()}}
        taken = self.model_copy(update={"options": options})
        return super(ObjectStoreSection, taken).settings(name, base, environ)


class WebSection(CommonSection):
    """Pages, from start pages or sitemaps on."""

    kind: Literal["web"]
    start: list[str] = []
    sitemaps: list[str] = []
    hosts: list[str] = []
    depth: int = Field(default=2, ge=0)
    max_pages: int = Field(default=5000, ge=1)
    delay_s: float = Field(default=0.5, ge=0)
    timeout_s: float = Field(default=30.0, gt=0)
    user_agent: str = "groundcrew"

    _settings = kinds.WebSettings
    _connector = "web.WebConnector"

    @model_validator(mode="after")
    def _has_a_start(self) -> WebSection:
        if not self.start and not self.sitemaps:
            raise ValueError("set `start` or `sitemaps`: there is no page to begin with")
        return self


class MailSection(CommonSection):
    """Mail in files below `path`, or on the IMAP server `host`."""

    kind: Literal["mail"]
    path: Path | None = None
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    user: str = ""
    password_env: str | None = None
    security: Literal["tls", "starttls", "none"] = "tls"
    folders: list[str] = ["INBOX"]
    timeout_s: float = Field(default=30.0, gt=0)

    _settings = kinds.MailSettings
    _connector = "mail.MailConnector"
    _secrets = ("password",)

    @model_validator(mode="after")
    def _is_one_of_two(self) -> MailSection:
        if (self.path is None) == (self.host is None):
            raise ValueError("set either `path` or `host`")
        return self


class GitSection(CommonSection):
    """Files of a git repository at a ref."""

    kind: Literal["git"]
    url: str
    ref: str = "HEAD"
    folder: str = ""

    _settings = kinds.GitSettings
    _connector = "git.GitConnector"


class SlackSection(CommonSection):
    """Threads of a Slack export, `path`, or of the Web API with the token in `token_env`."""

    kind: Literal["slack"]
    path: Path | None = None
    token_env: str | None = None
    channels: list[str] = ["*"]
    base_url: str = "https://slack.com/api"
    timeout_s: float = Field(default=30.0, gt=0)

    _settings = kinds.SlackSettings
    _connector = "slack.SlackConnector"
    _secrets = ("token",)

    @model_validator(mode="after")
    def _is_one_of_two(self) -> SlackSection:
        if (self.path is None) == (self.token_env is None):
            raise ValueError("set either `path` or `token_env`")
        return self


class DatabaseSection(CommonSection):
    """Rows of a query. `url_env` keeps a URL with a password out of the file."""

    kind: Literal["database"]
    url: str | None = None
    url_env: str | None = None
    query: str
    key: list[str] = Field(min_length=1)
    cursor: str | None = None
    title: str | None = None
    columns: list[str] = []

    _settings = kinds.DatabaseSettings
    _connector = "database.DatabaseConnector"
    _secrets = ("url",)

    @model_validator(mode="after")
    def _is_one_of_two(self) -> DatabaseSection:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("set either `url` or `url_env`")
        return self


class LlamaHubSection(CommonSection):
    """A LlamaIndex reader: its dotted name, what it is made with, and what it is asked to load."""

    kind: Literal["llamahub"]
    reader: str
    arguments: dict[str, Any] = {}
    load: dict[str, Any] = {}

    _settings = kinds.LlamaHubSettings
    _connector = "llamahub.LlamaHubConnector"


SourceSection = Annotated[
    FilesSection
    | ObjectStoreSection
    | WebSection
    | MailSection
    | GitSection
    | SlackSection
    | DatabaseSection
    | LlamaHubSection,
    Field(discriminator="kind"),
]
SECTIONS: dict[str, type[CommonSection]] = {
    "files": FilesSection,
    "object_store": ObjectStoreSection,
    "web": WebSection,
    "mail": MailSection,
    "git": GitSection,
    "slack": SlackSection,
    "database": DatabaseSection,
    "llamahub": LlamaHubSection,
}


def make_connector(section: CommonSection, settings: SourceSettings, cache: Path) -> Connector:
    """The connector of a source. Its module is loaded now: some bring large libraries."""
    module, name = section._connector.split(".")
    made = getattr(import_module(f"ingest.connectors.{module}"), name)
    return cast(Connector, made(settings) if isinstance(settings, FilesSettings) else made(settings, cache))
