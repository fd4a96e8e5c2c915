"""Settings of sources, as frozen values. `api.sourcing` reads them from the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from wcmatch import glob

from .model import Access

_GLOB_FLAGS = glob.GLOBSTAR | glob.DOTGLOB | glob.BRACE


@dataclass(frozen=True, kw_only=True)
class AccessRule:
    """Paths (relative to the source's root, "/" as separator) that match `glob` get this access."""

    glob: str
    access: Access

    @cached_property
    def pattern(self) -> Pattern:
        return Pattern((self.glob,))


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """What every source has. Globs are relative to the source's root; "**" crosses folders.

    Without `allow` and `rules` nobody but an admin may read its documents. Of the documents known, a sync without
    a person at hand removes at most the share `removal_limit`; more waits for confirmation.
    """

    name: str
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    access: Access = field(default_factory=Access)
    rules: tuple[AccessRule, ...] = ()
    removal_limit: float = 0.5

    def admits(self, relative: str) -> bool:
        """Whether a path belongs to the source at all."""
        return self._included.matches(relative) and not self._excluded.matches(relative)

    def access_of(self, relative: str) -> Access:
        """The access of a path: of the rules that match it, the last one decides alone."""
        for rule in reversed(self.rules):
            if rule.pattern.matches(relative):
                return rule.access
        return self.access

    @cached_property
    def _included(self) -> Pattern:
        return Pattern(self.include)

    @cached_property
    def _excluded(self) -> Pattern:
        return Pattern(self.exclude)


@dataclass(frozen=True, kw_only=True)
class FilesSettings(SourceSettings):
    """A folder, or a single file, on this machine. `poll_s` set: changes are looked for, not waited for.

    `without` is a folder that is left out wherever it lies: the home of the program, which changes with every sync.
    """

    path: Path
    poll_s: float | None = None
    without: Path | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectStoreSettings(SourceSettings):
    """Objects below a URL that fsspec understands; `options` go to its file system as they are."""

    url: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class WebSettings(SourceSettings):
    """Pages reached from `start` or listed in `sitemaps`, up to `depth` links away, on `hosts` (empty: those of the
    start pages). `delay_s` lies between two requests to a host, unless its robots.txt asks for more."""

    start: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    depth: int = 2
    max_pages: int = 5000
    delay_s: float = 0.5
    timeout_s: float = 30.0
    user_agent: str = "groundcrew"


@dataclass(frozen=True, kw_only=True)
class MailSettings(SourceSettings):
    """Mail below `path` (an mbox file, a maildir, a tree of .eml files) or on an IMAP server, `host`.

    `folders` are IMAP folder names or globs, ("*",) all of them. `security` is "tls", "starttls" or "none".
    """

    path: Path | None = None
    host: str | None = None
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "tls"
    folders: tuple[str, ...] = ("INBOX",)
    timeout_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class GitSettings(SourceSettings):
    """Files of a git repository, a local path or any URL that git understands, at `ref`, below `folder`."""

    url: str = field(repr=False)
    ref: str = "HEAD"
    folder: str = ""


@dataclass(frozen=True, kw_only=True)
class SlackSettings(SourceSettings):
    """Threads of a Slack export (`path`: the archive or its unpacked folder) or of the Web API (`token`).

    `channels` are names or globs. `base_url` is that of the Web API.
    """

    path: Path | None = None
    token: str = field(default="", repr=False)
    channels: tuple[str, ...] = ("*",)
    base_url: str = "https://slack.com/api"
    timeout_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings(SourceSettings):
    """Rows of `query`, each a document, from any database that SQLAlchemy reaches.

    `key` are the columns that name a row for good. `cursor` is a column that changes whenever the row does; without
    it every row is read at every sync. `title` names the column of the title; `columns` those of the text (empty:
    all but the key).
    """

    url: str = field(repr=False)
    query: str
    key: tuple[str, ...]
    cursor: str | None = None
    title: str | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LlamaHubSettings(SourceSettings):
    """A LlamaIndex reader by its dotted name, made with `arguments`, asked with `load`."""

    reader: str
    arguments: Mapping[str, object] = field(default_factory=dict, repr=False)
    load: Mapping[str, object] = field(default_factory=dict, repr=False)


def is_hidden(name: str) -> bool:
    """Whether files and folders of this name are left out: dot files, and the lock files of office programs."""
    return name.startswith((".", "~$"))


class Pattern:
    """Several globs as one test of a relative path."""

    def __init__(self, globs: tuple[str, ...]) -> None:
        self._all = "**/*" in globs or "**" in globs
        wanted, unwanted = glob.translate(list(globs), flags=_GLOB_FLAGS) if globs else ([], [])
        self._wanted = [re.compile(one) for one in wanted]
        self._unwanted = [re.compile(one) for one in unwanted]

    def matches(self, relative: str) -> bool:
        """Whether any of the globs matches."""
        if self._all and not self._unwanted:
            return True
        return any(one.fullmatch(relative) for one in self._wanted) and not any(
            one.fullmatch(relative) for one in self._unwanted
        )
