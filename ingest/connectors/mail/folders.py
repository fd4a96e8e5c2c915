"""Finds the mailboxes below a folder: what is an mbox, what a maildir, what a mail in a file of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...errors import Problem, SourceError
from ...model import Unlisted
from .mbox import is_mbox
from .names import decode_folder

_SUFFIXES = (".eml", ".msg")
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A mailbox. `folder` is its name as globs see it, `uri` names it; `files` are the mails of a plain folder."""

    kind: Literal["mbox", "maildir", "files"]
    path: Path
    uri: str
    folder: str
    files: tuple[Path, ...] = ()


@dataclass(slots=True, kw_only=True)
class Places:
    """All mailboxes below a root, folders that could not be listed, and the number of files that are no mail."""

    places: list[Place] = field(default_factory=list)
    unlisted: list[Unlisted] = field(default_factory=list)
    hidden: int = 0


def find_places(root: Path) -> Places:
    """The mailboxes at or below a root.

    Raises:
        SourceError: the root is missing, unreadable, or neither a folder nor mail.
    """
    try:
        mode = root.stat().st_mode
    except (OSError, ValueError) as error:
        raise SourceError(f"no such file or folder: {root}") from error
    if stat.S_ISDIR(mode):
        if not os.access(root, os.R_OK | os.X_OK):
            raise SourceError(f"no permission to read the folder {root}")
        return _walk(root)
    if root.suffix.lower() in _SUFFIXES:
        return Places(places=[_plain(root.parent, (root,), folder="")])
    try:
        fits = stat.S_ISREG(mode) and _starts_mbox(root)
    except OSError as error:
        raise SourceError(f"{root} cannot be read: {error.strerror}") from error
    if not fits:
        raise SourceError(
            f"{root} is no mail: give an mbox, a maildir, an .eml file or a folder that holds them", retryable=False
        )
    return Places(places=[_mbox(root, root.name)])


def maildir_messages(folder: Path) -> Iterator[Path]:
    """The files of a maildir's messages, read or new.

    Raises `OSError` when the maildir cannot be listed.
    """
    # New mail moves from "new" to "cur": in this order one that moves meanwhile is seen twice rather than never.
    seen: set[str] = set()
    for part in ("new", "cur"):
        for name in sorted(os.listdir(folder / part)):
            unique = name.partition(":2,")[0]
            if not name.startswith(".") and unique not in seen:
                seen.add(unique)
                yield folder / part / name


def _walk(root: Path) -> Places:
    found = Places()

    def refuse(error: OSError) -> None:
        folder = Path(str(error.filename))
        found.unlisted.append(
            Unlisted(
                prefix=folder.as_uri() + "/",
                problem=Problem(
                    code="unreadable_folder",
                    reason=f"the folder {folder.name} cannot be listed: {error.strerror}",
                    mend="give the user that runs groundcrew permission to list it; what is indexed of it stays",
                ),
            )
        )

    for name, folders, files in os.walk(root, onerror=refuse):
        here = Path(name)
        maildir = _is_maildir(here)
        if maildir:
            found.places.append(Place(kind="maildir", path=here, uri=here.as_uri(), folder=_maildir_name(here, root)))
            folders[:] = [one for one in folders if one not in ("cur", "new", "tmp")]
        kept = [one for one in folders if _enters(here / one, inside_maildir=maildir)]
        found.hidden += len(folders) - len(kept)
        folders[:] = sorted(kept)
        if maildir:  # What else stands in a maildir are the notes of its server.
            continue
        mails: list[Path] = []
        for one in sorted(files):
            path = here / one
            if one.startswith("."):
                found.hidden += 1
            elif path.suffix.lower() in _SUFFIXES:
                mails.append(path)
            else:
                _sort_in(path, root, found)
        if mails:
            relative = here.relative_to(root).as_posix() if here != root else ""
            found.places.append(_plain(here, tuple(mails), folder=relative))
    return found


def _sort_in(path: Path, root: Path, found: Places) -> None:
    """A file that its name does not show to be mail: an mbox, or none."""
    try:
        mailbox = stat.S_ISREG(path.stat().st_mode) and path.stat().st_size > 0 and _starts_mbox(path)
    except OSError:
        # A file that might be a mailbox and cannot be looked into: nothing indexed of it may go.
        found.unlisted.append(
            Unlisted(
                prefix=path.as_uri() + "/",
                problem=Problem(
                    code="unreadable_folder",
                    reason=f"the file {path.name} cannot be opened",
                    mend="give the user that runs groundcrew permission to read it; what is indexed of it stays",
                ),
            )
        )
        return
    if mailbox:
        found.places.append(_mbox(path, path.relative_to(root).as_posix()))
    else:
        found.hidden += 1


def _enters(folder: Path, *, inside_maildir: bool) -> bool:
    if folder.is_symlink():  # It may loop, or leave the root.
        return False
    return not folder.name.startswith(".") or (inside_maildir and _is_maildir(folder))


def _is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def _maildir_name(folder: Path, root: Path) -> str:
    """A maildir's path with the subfolders of Maildir++ (".Projects.2026") as folders, "INBOX" for the root."""
    parts: list[str] = []
    for part in folder.relative_to(root).parts:
        parts += [decode_folder(one) for one in part[1:].split(".")] if part.startswith(".") else [part]
    return "/".join(parts) or "INBOX"


def _starts_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return is_mbox(file.read(_HEAD_BYTES))


def _mbox(path: Path, folder: str) -> Place:
    return Place(kind="mbox", path=path, uri=path.as_uri(), folder=folder)


def _plain(path: Path, files: tuple[Path, ...], *, folder: str) -> Place:
    return Place(kind="files", path=path, uri=path.as_uri(), folder=folder, files=files)
