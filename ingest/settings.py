"""Settings of a source, as frozen values. `api.settings` reads them from the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wcmatch import glob

from .model import Access

_GLOB_FLAGS = glob.GLOBSTAR | glob.DOTGLOB | glob.BRACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """Paths (relative to the source's root, "/" as separator) that match `glob` get this access."""

    glob: str
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesSettings:
    """A folder, or a single file, on this machine. Globs are relative to `path`; "**" crosses folders."""

    name: str
    path: Path
    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    access: Access = field(default_factory=Access)
    rules: tuple[AccessRule, ...] = ()

    def admits(self, relative: str) -> bool:
        """Whether a path belongs to the source at all."""
        return matches(relative, self.include) and not matches(relative, self.exclude)

    def access_of(self, relative: str) -> Access:
        """The access of a path: of the rules that match it, the last one decides alone."""
        for rule in reversed(self.rules):
            if matches(relative, (rule.glob,)):
                return rule.access
        return self.access


def matches(relative: str, patterns: tuple[str, ...]) -> bool:
    """Whether a relative path matches any of the glob patterns."""
    return any(glob.globmatch(relative, pattern, flags=_GLOB_FLAGS) for pattern in patterns)
