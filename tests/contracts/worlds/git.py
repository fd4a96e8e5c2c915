"""A git repository on this machine; every change is a commit."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import quote

from ingest.connectors.git import GitConnector
from ingest.model import Access
from ingest.settings import GitSettings

EVERYONE = Access(allow=("everyone",))


class Repository:
    """A work tree whose commits are made by a fixed person."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("start")

    def git(self, *arguments: str, when: str | None = None) -> str:
        """The output of a git command in the work tree; `when` is the time that a commit gets."""
        person = {"GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.com"}
        person |= {"GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@example.com"}
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when} if when else {}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(self.folder.parent), **person, **dates},
            check=True,
            capture_output=True,
        )
        return done.stdout.decode(errors="surrogateescape")

    def commit(self, message: str, when: str | None = None) -> str:
        """Commits all that changed and gives the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message, when=when)
        return self.git("rev-parse", "HEAD").strip()

    def write(self, name: str, text: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


class GitWorld:
    def __init__(self, folder: Path) -> None:
        self.repository = Repository(folder / "repository")
        self._cache = folder / "cache"

    def put(self, name: str, text: str) -> None:
        self.repository.write(name, text)
        self.repository.commit(f"put {name!r}")

    def delete(self, name: str) -> None:
        (self.repository.folder / name).unlink()
        self.repository.commit(f"delete {name!r}")

    def uri(self, name: str) -> str:
        return f"git+{self.repository.folder.as_uri()}/{quote(name)}"

    def connector(self) -> GitConnector:
        return GitConnector(GitSettings(name="code", url=str(self.repository.folder), access=EVERYONE), self._cache)

    def fail(self) -> None:
        self.repository.folder.rename(self.repository.folder.with_name("moved"))

    def close(self) -> None:
        pass


def make(folder: Path) -> GitWorld:
    """A repository with one empty commit."""
    return GitWorld(folder)
