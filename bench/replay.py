"""Replays a git repository's history over a folder, syncing after each commit, and proves the index at the end.

python -m bench.replay REPO [--folder DIR] [--ref REF] [--most N] [--every K] [--json]

The first-parent history is applied to a plain folder as adds, edits, renames and deletions; files that a commit did
not change are not touched. At the end the home is held against one that is filled at once from the final state,
document by document and chunk by chunk. Exit 1 when they differ. Dot files are left out, as in every folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from api.wiring import Platform
from ingest.connectors.files import FilesConnector
from ingest.model import Access, SyncReport
from ingest.progress import merge
from ingest.settings import FilesSettings
from retrieval.embedding import OpenVinoEmbedder, bundled_model
from tests.ingest.equality import differences, make_platform

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_LINK, _SUBMODULE = "120000", "160000"
_SHOWN_WRONG = 20


class ReplayFailed(Exception):
    """The repository cannot be replayed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a commit did to one file. `old` is set for renames and deletions, `new` for all but deletions."""

    mode: str
    blob: str
    old: bytes | None
    new: bytes | None


class Repository:
    """What git tells of a repository, below one folder of it."""

    def __init__(self, path: Path, folder: str) -> None:
        self._path = path
        self._folder = folder.strip("/")

    def commits(self, ref: str) -> list[str]:
        """The first-parent history of a ref that touches the folder, oldest first."""
        command = ["rev-list", "--first-parent", "--reverse", ref]
        found = self._git(*command, *(["--", self._folder] if self._folder else [])).decode().split()
        if not found:
            raise ReplayFailed("no commit touches this folder")
        return found

    def changes(self, before: str | None, after: str) -> Iterator[Change]:
        """What to do to get from one commit's files to another's."""
        command = ["diff-tree", "-r", "-z", "-M50%", "-l5000", "--raw", "--no-abbrev"]
        if self._folder:
            command.append(f"--relative={self._folder}/")
        fields = iter(self._git(*command, before or _EMPTY_TREE, after).split(b"\0")[:-1])
        for head in fields:
            _, mode, _, blob, status = head.decode().removeprefix(":").split(" ")
            path = next(fields)
            match status[0]:
                case "R":
                    yield Change(mode=mode, blob=blob, old=path, new=next(fields))
                case "C":
                    yield Change(mode=mode, blob=blob, old=None, new=next(fields))
                case "D":
                    yield Change(mode=mode, blob=blob, old=path, new=None)
                case _:
                    yield Change(mode=mode, blob=blob, old=None, new=path)

    def blob(self, name: str) -> bytes:
        """The bytes of a file's content."""
        return self._git("cat-file", "blob", name)

    def blobs(self, commit: str) -> dict[bytes, str]:
        """Path to blob of all regular files of a commit, below the folder."""
        place = f"{commit}:{self._folder}" if self._folder else commit
        rows = self._git("ls-tree", "-r", "-z", "--full-tree", place).split(b"\0")[:-1]
        parts = [row.partition(b"\t") for row in rows]
        return {path: head.split()[2].decode() for head, _, path in parts if head[:3] == b"100"}

    def hash_of(self, path: bytes) -> str:
        """The blob that a file on disk would be."""
        return self._git("hash-object", "--no-filters", os.fsdecode(path)).decode().strip()

    def _git(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(["git", "-C", str(self._path), *arguments], capture_output=True, check=True)
        except FileNotFoundError as error:
            raise ReplayFailed("git is not installed: apt-get install git") from error
        except subprocess.CalledProcessError as error:
            raise ReplayFailed(f"git {arguments[0]}: {error.stderr.decode(errors='replace').strip()}") from error
        return done.stdout


def apply(repository: Repository, changes: Sequence[Change], folder: Path) -> None:
    """Does to the files on disk what a commit did: renames keep the file, all else leaves it alone or writes it."""
    root = os.fsencode(folder)
    parked: list[tuple[Change, bytes]] = []
    for number, change in enumerate(changes):
        if change.old is None:
            continue
        path = os.path.join(root, change.old)
        if change.new is None:
            _unlink(path)
        elif os.path.lexists(path):
            # Out of the way first: two files may have changed names with each other.
            aside = os.path.join(root, b".parked-%d" % number)
            os.rename(path, aside)
            parked.append((change, aside))
        _remove_empty(os.path.dirname(path), root)
    for change, aside in parked:
        assert change.new is not None
        path = os.path.join(root, change.new)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.rename(aside, path)
    for change in changes:
        if change.new is not None and change.mode != _SUBMODULE:
            _write(os.path.join(root, change.new), change, repository)


def _write(path: bytes, change: Change, repository: Repository) -> None:
    content = repository.blob(change.blob)
    if change.old is not None and change.mode != _LINK and not os.path.islink(path) and os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() == content:
                return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.islink(path) or change.mode == _LINK:
        _unlink(path)
    if change.mode == _LINK:
        os.symlink(content, path)
        return
    with open(path, "wb") as file:
        file.write(content)


def _unlink(path: bytes) -> None:
    if os.path.lexists(path):
        os.unlink(path)


def _remove_empty(folder: bytes, root: bytes) -> None:
    while folder != root and os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)
        folder = os.path.dirname(folder)


def check_files(repository: Repository, commit: str, folder: Path) -> None:
    """Raises `ReplayFailed` unless the folder holds just the commit's files: the proof would be of something else."""
    root = os.fsencode(folder)
    wanted = repository.blobs(commit)
    held = {
        os.path.relpath(os.path.join(place, name), root)
        for place, _, names in os.walk(root)
        for name in names
        if not os.path.islink(os.path.join(place, name))
    }
    if held != wanted.keys():
        raise ReplayFailed(f"the folder does not hold the files of {commit}: {sorted(held ^ wanted.keys())[:5]}")
    wrong = [
        path
        for path in sorted(held)[:: max(1, len(held) // 200)]
        if repository.hash_of(root + b"/" + path) != wanted[path]
    ]
    if wrong:
        raise ReplayFailed(f"files differ from those of {commit}: {wrong[:5]}")


def sync(platform: Platform, folder: Path) -> SyncReport:
    """One sync of the folder into a home."""
    settings = FilesSettings(name="replay", path=folder, access=Access(allow=("everyone",)))
    with platform.writing():
        return platform.synchronizer.sync("replay", FilesConnector(settings))


def replay(repository: Repository, commits: Sequence[str], root: Path) -> dict[str, Any]:
    """The figures of a replay; "wrong" is empty when the homes are equal."""
    folder = root / "files"
    folder.mkdir()
    embedder = OpenVinoEmbedder(bundled_model())
    platform = make_platform(root / "home", embedder)
    fresh = make_platform(root / "fresh", embedder)
    reports: list[SyncReport] = []
    before: str | None = None
    started = time.monotonic()
    try:
        for commit in commits:
            apply(repository, list(repository.changes(before, commit)), folder)
            before = commit
            reports.append(sync(platform, folder))
            r = reports[-1]
            print(
                f"{commit[:10]}  {r.added:>4} added {r.updated:>4} updated {r.removed:>4} removed "
                f"{r.unchanged:>5} unchanged {r.quarantined:>3} quarantined "
                f"{r.chunks:>6} chunks {r.embedded:>6} embedded {r.seconds:>7.2f} s",
                file=sys.stderr,
                flush=True,
            )
        seconds = time.monotonic() - started
        check_files(repository, commits[-1], folder)
        whole = sync(fresh, folder)
        wrong = differences(platform, fresh, folder)
        documents, chunks = platform.catalog.counts()
    finally:
        platform.close()
        fresh.close()
    return {
        "commits": len(commits),
        "seconds": round(seconds, 1),
        **{f"all_{name}": count for name, count in asdict(merge(reports)).items() if name not in ("seconds", "held")},
        "documents": documents,
        "chunks": chunks,
        "fresh_s": whole.seconds,
        "fresh_embedded": whole.embedded,
        "equal": not wrong,
        "wrong": wrong[:_SHOWN_WRONG],
    }


def main() -> None:
    """Prints the figures; exit 1 when the homes differ, 2 when the repository cannot be replayed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--folder", default="", help="replay only what lies in this folder of the repository")
    parser.add_argument("--ref", default="HEAD")
    parser.add_argument("--most", type=int, help="only the last N commits, the first of them from nothing")
    parser.add_argument("--every", type=int, default=1, help="several commits at a time; the last one always")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    repository = Repository(arguments.repository, arguments.folder)
    try:
        commits = repository.commits(arguments.ref)[-arguments.most if arguments.most else None :]
        chosen = [*commits[: -1 : arguments.every], commits[-1]]
        with tempfile.TemporaryDirectory() as root:
            figures = replay(repository, chosen, Path(root))
    except ReplayFailed as error:
        print(f"replay: {error}", file=sys.stderr)
        sys.exit(2)
    if arguments.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<20} {value}")
    sys.exit(0 if figures["equal"] else 1)


if __name__ == "__main__":
    main()
