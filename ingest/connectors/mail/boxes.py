"""Mail kept on this machine: mbox files, maildirs and trees of .eml and .msg files."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile, Unlisted
from ...settings import MailSettings
from ..files import MAX_FILE_BYTES
from .cache import MailCache
from .envelope import Envelope, iso_moment, make_item, message_key, read_envelope, vanished
from .folders import Place, find_places, maildir_messages
from .mbox import Span, fingerprint, read_head, read_message
from .scanning import Unsettled, file_state, scan_mbox

_HEAD_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a listed message is: the whole of a file, or a span of one."""

    path: Path
    span: Span | None = None


class MailBoxes:
    """Lists the mail below a path.

    Uris: a .eml or .msg file has its own; in a maildir a message is named by the unique part of its file's name, which
    reading or flagging does not change; in an mbox by its Message-ID. The path that globs and rules see is
    "<folder>/<subject>.eml", where the folder is the mbox's path or the maildir's ("INBOX" at the root), and for
    .eml and .msg files their own path.
    """

    def __init__(self, settings: MailSettings, root: Path, cache: MailCache) -> None:
        self._settings = settings
        self._root = Path(os.path.abspath(root))
        self._cache = cache
        self._known: dict[str, _Stored] = {}

    @property
    def location(self) -> str:
        """The uri of the file or folder."""
        return self._root.as_uri()

    def list(self) -> Listing:
        """All mail below the root; a mailbox that cannot be read is an unlisted place.

        Raises:
            SourceError: the root is missing, unreadable, or no mail.
        """
        found = find_places(self._root)
        items: list[Item] = []
        unlisted = list(found.unlisted)
        hidden = found.hidden
        known: dict[str, _Stored] = {}
        for place in found.places:
            try:
                listed, left_out = self._list_place(place, known)
            except OSError as error:
                if place.path == self._root:
                    raise SourceError(f"{self._root} cannot be read: {error.strerror or error}") from error
                unlisted.append(_refused(place, f"it cannot be read: {error.strerror or error}"))
            except Unsettled:
                unlisted.append(_refused(place, "it was being written all the time that it was read"))
            else:
                items += listed
                hidden += left_out
        self._cache.forget_all_but({place.uri for place in found.places} | {one.prefix[:-1] for one in unlisted})
        self._known = known
        return Listing(items=tuple(items), unlisted=tuple(unlisted), hidden=hidden)

    def read(self, item: Item) -> RawFile:
        """One mail as it was sent.

        Raises:
            ParseError: with code "unreadable", "vanished" or "too_large".
        """
        if item.uri not in self._known:
            self.list()
        stored = self._known.get(item.uri)
        if stored is None:
            raise vanished()
        try:
            return RawFile(name=item.name, data=self._bytes_of(item, stored))
        except FileNotFoundError as error:
            raise vanished() from error
        except OSError as error:
            raise ParseError(
                Problem(
                    code="unreadable",
                    reason=f"the system refuses to read it: {error.strerror or error}",
                    mend="give the user that runs groundcrew permission to read it",
                )
            ) from error

    def _bytes_of(self, item: Item, stored: _Stored) -> bytes:
        if stored.span is None:
            path = stored.path if stored.path.exists() else _renamed(stored.path)
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):  # Reading from a pipe might never end.
                raise OSError("it is a pipe, socket or device, not a file")
            _limit(status.st_size)
            return path.read_bytes()
        _limit(stored.span.end - stored.span.start)
        with stored.path.open("rb") as file:
            if fingerprint(file, stored.span, read_head(file, stored.span)) == item.fingerprint:
                return read_message(file, stored.span)
        # The mailbox was rewritten since it was listed: look where the message is now.
        self.list()
        moved = self._known.get(item.uri)
        if moved is None or moved.span is None:
            raise vanished()
        _limit(moved.span.end - moved.span.start)
        with moved.path.open("rb") as file:
            return read_message(file, moved.span)

    def _list_place(self, place: Place, known: dict[str, _Stored]) -> tuple[Sequence[Item], int]:
        """The items of a place, and how many of its messages are left out."""
        listed: list[Item] = []
        hidden = 0
        for item, stored in self._mbox(place) if place.kind == "mbox" else self._files(place):
            if item is None:
                hidden += 1
            else:
                listed.append(item)
                known[item.uri] = stored
        return listed, hidden

    def _mbox(self, place: Place) -> Iterator[tuple[Item | None, _Stored]]:
        mailbox = scan_mbox(place.path, place.uri, self._cache)
        modified = _moment(mailbox.modified)
        taken: Counter[str] = Counter()
        for span, mark, envelope in mailbox.rows:
            stored = _Stored(place.path, span)
            if envelope is None:
                yield None, stored
                continue
            yield (
                make_item(
                    self._settings,
                    uri=f"{place.uri}/{message_key(envelope, taken)}",
                    fingerprint=mark,
                    folder=place.folder,
                    relative=f"{place.folder}/{envelope.name}",
                    envelope=envelope,
                    modified_at=modified,
                    size=span.end - span.start,
                ),
                stored,
            )

    def _files(self, place: Place) -> Iterator[tuple[Item | None, _Stored]]:
        kept = self._cache.messages(place.uri)
        added: dict[str, str] = {}
        paths = maildir_messages(place.path) if place.kind == "maildir" else place.files
        for path in paths:
            maildir = place.kind == "maildir"
            unique, _, flags = path.name.partition(":2,")
            if maildir and "T" in flags:
                yield None, _Stored(path)
                continue
            uri = f"{place.uri}/{quote(os.fsencode(unique))}" if maildir else path.as_uri()
            try:
                status = path.stat()
                mark = _file_mark(status, maildir=maildir)
                last, _, text = kept.pop(uri, "").partition(" ")
                envelope = _loads(text) if last == mark else None
                if envelope is None:
                    envelope = _file_envelope(path)
                    added[uri] = f"{mark} {envelope.dumps()}"
            except FileNotFoundError:  # Moved or removed since its folder was listed; the next sync sees it again.
                if maildir and (renamed := _renamed(path)) != path:
                    status, envelope = renamed.stat(), _file_envelope(renamed)
                    mark = _file_mark(status, maildir=True)
                else:
                    continue
            except OSError:
                status, mark, envelope = None, "unreadable", Envelope("", path.stem, "", "", "", "")
            yield self._file_item(place, path, uri, mark, envelope, status), _Stored(path)
        self._cache.keep(place.uri, "", added, gone=kept)

    def _file_item(
        self, place: Place, path: Path, uri: str, mark: str, envelope: Envelope, status: os.stat_result | None
    ) -> Item | None:
        if place.kind == "maildir":
            relative = f"{place.folder}/{envelope.name}"
        else:
            relative = path.relative_to(self._root).as_posix() if path != self._root else path.name
        item = make_item(
            self._settings,
            uri=uri,
            fingerprint=mark,
            folder=place.folder if place.kind == "maildir" else relative.rpartition("/")[0],
            relative=relative,
            envelope=envelope,
            modified_at=_moment(status.st_mtime if status else 0.0),
            size=status.st_size if status else 0,
        )
        if item is None or path.suffix.lower() != ".msg":
            return item
        shown = os.fsencode(path.name).decode(errors="replace")
        return item._replace(
            name=shown, metadata={"folder": item.metadata["folder"]} if "folder" in item.metadata else {}
        )


def _refused(place: Place, reason: str) -> Unlisted:
    return Unlisted(
        prefix=place.uri + "/",
        problem=Problem(
            code="unreadable_folder",
            reason=f"the mailbox {place.folder}: {reason}",
            mend="see to it that the user that runs groundcrew may read it; what is indexed of it stays until then",
        ),
    )


def _limit(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise ParseError(
            Problem(
                code="too_large",
                reason=f"it has {size:,} bytes",
                mend=f"only mails under {MAX_FILE_BYTES:,} bytes are read; save its attachments as files",
            )
        )


def _renamed(path: Path) -> Path:
    """Where a maildir's message is now that its flags, or its being new, changed; the path itself when nowhere."""
    unique = path.name.partition(":2,")[0]
    if path.parent.name in ("cur", "new"):
        for place in (path.parent.parent / "cur", path.parent.parent / "new"):
            with suppress(OSError):
                for name in os.listdir(place):
                    if name.partition(":2,")[0] == unique:
                        return place / name
    return path


def _file_envelope(path: Path) -> Envelope:
    if path.suffix.lower() == ".msg":
        return Envelope("", path.stem, "", "", "", "")
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("not a file")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for end in (b"\r\n\r\n", b"\n\n"):
        head = head.partition(end)[0] if head.strip() else head
    return read_envelope(head)


def _file_mark(status: os.stat_result, *, maildir: bool) -> str:
    # A flag renames the file of a maildir's message and so sets its change time; its words stay.
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}" if maildir else file_state(status)


def _moment(seconds: float) -> str:
    try:
        return iso_moment(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return "1970-01-01T00:00:00Z"


def _loads(text: str) -> Envelope | None:
    try:
        return Envelope.loads(text)
    except (ValueError, TypeError):
        return None
