"""Files of a git repository, at a ref, below a folder, as a source.

A bare clone in the cache folder is brought up to date at each listing; files are listed and read from it at one
commit, so that a listing is never half of one state and half of another.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile
from ...settings import GitSettings
from ..files import MAX_FILE_BYTES
from ..moments import moment_at
from .clone import Clone
from .remote import remote_of

_REGULAR = (b"100644", b"100755", b"100664")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class _Change:
    """The last commit that touched a file: its time (seconds since 1970), its id, its author's name."""

    time: int
    commit: str
    author: str


@dataclass(slots=True)
class _History:
    """The last change of every path that ever was below `folder`, up to `commit`."""

    folder: str
    commit: str
    changes: dict[bytes, _Change] = field(default_factory=dict)

    def note(self, path: bytes, change: _Change) -> None:
        """Of two changes the later one counts, whatever order they are found in; so a walk may be cut in two."""
        known = self.changes.get(path)
        if known is None or (known.time, known.commit) < (change.time, change.commit):
            self.changes[path] = change


class GitConnector:
    """Lists the regular files of one commit and reads them.

    Symbolic links, submodules, hidden files and folders (a leading dot) and what the rules leave out are counted.
    A uri holds the repository, the folder and the path, not the ref, so that it stays the same when the ref moves.
    An item's fingerprint is its blob's id. Its time and author are those of the last commit that touched it, worked
    out for new commits only.
    """

    kind = "git"
    scopes: tuple[str, ...] | None = None

    def __init__(self, settings: GitSettings, cache: Path) -> None:
        self._settings = settings
        self._remote = remote_of(settings.url)
        self._folder = settings.folder.strip("/")
        if any(part in ("", ".", "..") for part in self._folder.split("/")) and self._folder:
            raise SourceError(f"the folder of a git source is a plain path, not {settings.folder!r}", retryable=False)
        self._clone = Clone(self._remote, settings.ref, cache)
        self._state = cache / "history.json"

    @property
    def location(self) -> str:
        """The uri of the folder: "git+" and the repository's own, without user and password."""
        below = quote(os.fsencode(self._folder), safe="/")
        return f"{self._remote.shown}/{below}" if below else self._remote.shown

    def list(self) -> Listing:
        """All files at the commit that the ref stands at now.

        Raises:
            SourceError: git is missing, or the repository, the ref or the folder cannot be reached.
        """
        commit = self._clone.fetch()
        try:
            return self._listing(commit)
        except _Damaged:
            commit = self._clone.renew()
        try:
            return self._listing(commit)
        except _Damaged as error:
            raise SourceError(f"{self._remote.shown}: git cannot read what it fetched: {error}") from error

    def read(self, item: Item) -> RawFile:
        """The bytes of one item, as they were when it was listed.

        Raises:
            ParseError: with code "vanished", "too_large" or "lfs_pointer".
            SourceError: the clone is damaged and the repository cannot be reached.
        """
        if item.size is not None and item.size > MAX_FILE_BYTES:
            raise ParseError(
                Problem(
                    code="too_large",
                    reason=f"it has {item.size:,} bytes",
                    mend=f"split it into files under {MAX_FILE_BYTES:,} bytes, or leave it out with `exclude`",
                )
            )
        data = self._blob(item.fingerprint) if _OBJECT_ID.fullmatch(item.fingerprint) else None
        if data is None:
            raise ParseError(
                Problem(
                    code="vanished",
                    reason="it was listed, then the repository's history was rewritten without it",
                    mend="the next sync settles it",
                )
            )
        if len(data) < 1024 and data.startswith(_LFS):
            raise ParseError(
                Problem(
                    code="lfs_pointer",
                    reason="the repository holds only a pointer to it: the file itself is in Git LFS",
                    mend="check the repository out with `git lfs pull` and give the folder as a source of kind files",
                )
            )
        return RawFile(name=item.name, data=data)

    def close(self) -> None:
        """Ends the git process that reads."""
        self._clone.close()

    def _blob(self, blob: str) -> bytes | None:
        """A blob that the clone lacks may be one that it lost, so a second look is taken in a fresh one."""
        try:
            found = self._clone.blob(blob)
        except SourceError:
            found = None
        if found is None:
            self._clone.renew()
            found = self._clone.blob(blob)
        return found

    def _listing(self, commit: str) -> Listing:
        self._expect_folder(commit)
        history = self._history(commit)
        prefix = os.fsencode(self._folder) + b"/" if self._folder else b""
        tip = self._change_of(commit)
        items: list[Item] = []
        hidden = 0
        for mode, blob, size, path in self._tree(commit):
            relative = os.fsdecode(path)
            if mode not in _REGULAR or _is_hidden(relative) or not self._settings.admits(relative):
                hidden += 1
                continue
            change = history.changes.get(prefix + path, tip)
            items.append(
                Item(
                    uri=f"{self.location}/{quote(path, safe='/')}",
                    name=path.rsplit(b"/", 1)[-1].decode(errors="replace"),
                    fingerprint=blob,
                    modified_at=moment_at(change.time),
                    access=self._settings.access_of(relative),
                    metadata={"commit": change.commit, "author": change.author},
                    size=size,
                    identity=blob,
                )
            )
        return Listing(items=tuple(items), hidden=hidden)

    def _expect_folder(self, commit: str) -> None:
        """A folder that is gone is an error: an empty listing would take every document out."""
        if not self._folder:
            return
        names = [self._folder.rsplit("/", 1)[0] + "/"] if "/" in self._folder else []
        with _damage_told():
            found = list(self._clone.tokens("ls-tree", "-z", "--full-tree", commit, "--", *names, self._folder))
        if not any(one.split(b" ")[1] == b"tree" and one.endswith(b"\t" + os.fsencode(self._folder)) for one in found):
            raise SourceError(
                f"{self._remote.shown} has no folder {self._folder!r} at {self._settings.ref!r}", retryable=False
            )

    def _tree(self, commit: str) -> Iterator[tuple[bytes, str, int | None, bytes]]:
        """Mode, object id, size and path (below the folder) of everything in the commit's folder."""
        with _damage_told():
            for entry in self._clone.tokens("ls-tree", "-r", "-z", "--long", "--full-tree", f"{commit}:{self._folder}"):
                about, path = entry.split(b"\t", 1)
                mode, _, blob, size = about.split()
                yield mode, blob.decode(), int(size) if size.isdigit() else None, path

    def _change_of(self, commit: str) -> _Change:
        with _damage_told():
            said = self._clone.run("log", "-1", "--format=%ct %an", commit, "--")
        time, _, author = said.decode(errors="replace").rstrip("\n").partition(" ")
        return _Change(int(time), commit, author)

    def _history(self, commit: str) -> _History:
        """The history up to `commit`: what is kept of it, carried on; worked out anew when that does not lead there."""
        kept = _load(self._state)
        if kept is not None and kept.folder == self._folder and self._leads_to(kept.commit, commit):
            if kept.commit == commit:
                return kept
            history, span = kept, f"{kept.commit}..{commit}"
        else:
            history, span = _History(self._folder, commit), commit
        with _damage_told():
            self._walk(history, span)
        history.commit = commit
        _save(history, self._state)
        return history

    def _leads_to(self, earlier: str, commit: str) -> bool:
        try:
            self._clone.run("merge-base", "--is-ancestor", earlier, commit)
        except SourceError:
            return False
        return True

    def _walk(self, history: _History, span: str) -> None:
        """Notes each change in a span of commits. A merge counts for files that differ from all its parents."""
        mark = secrets.token_hex(16)  # No path can be taken for a commit's line.
        show = ("-z", "-c", "--name-only", "--no-renames", "--full-history", f"--format={mark}%H %ct %an")
        folder = [self._folder] if self._folder else []
        change: _Change | None = None
        at_first_path = False
        for token in self._clone.tokens("log", *show, span, "--", *folder):
            if token.startswith(mark.encode()):
                commit, time, author = token[len(mark) :].decode(errors="replace").split(" ", 2)
                change = _Change(int(time), commit, author)
                at_first_path = True
                continue
            # Between a commit's line and its first path git puts a newline, for a merge an empty token.
            path = token.removeprefix(b"\n") if at_first_path else token
            at_first_path = False
            if path and change is not None:
                history.note(path, change)


class _Damaged(Exception):
    """The clone cannot be read."""


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    """Tells a failure of git on the clone itself from one of the repository behind it."""
    try:
        yield
    except (SourceError, ValueError) as error:
        raise _Damaged(str(error)) from error


def _load(state: Path) -> _History | None:
    """What is kept of a history, None when that is nothing or damaged."""
    try:
        held = json.loads(state.read_bytes())
        changes = {
            os.fsencode(path): _Change(int(time), str(commit), str(held["authors"][author]))
            for path, (time, commit, author) in held["changes"].items()
        }
        return _History(str(held["folder"]), str(held["commit"]), changes)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None


def _save(history: _History, state: Path) -> None:
    authors: dict[str, int] = {}
    changes = {
        os.fsdecode(path): (one.time, one.commit, authors.setdefault(one.author, len(authors)))
        for path, one in history.changes.items()
    }
    held = {"commit": history.commit, "folder": history.folder, "authors": list(authors), "changes": changes}
    half = state.with_suffix(".tmp")
    with contextlib.suppress(OSError):  # It is worked out anew next time.
        half.write_text(json.dumps(held), encoding="ascii")
        half.replace(state)


def _is_hidden(relative: str) -> bool:
    return any(part.startswith((".", "~$")) for part in relative.split("/"))
