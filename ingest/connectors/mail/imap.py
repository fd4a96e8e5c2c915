"""Mail on an IMAP server, listed incrementally: header lines are fetched once, then only those of new mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, RawFile, Unlisted
from ...settings import MailSettings
from ..files import MAX_FILE_BYTES
from .cache import MailCache
from .envelope import make_item, message_key, vanished
from .fetched import HEADERS, Messages, is_deleted, read_row, read_rows, uid_of
from .names import chooses, is_pattern
from .session import ConnectionLost, Fetched, Folder, ImapSession, Refused

_NUMBERS_AT_ONCE = 5000
_HEADERS_AT_ONCE = 200
_DEFAULT_PORTS = (None, 143, 993)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a listed message is."""

    folder: Folder
    uidvalidity: str
    uid: int


class ImapMail:
    """Lists the messages of the chosen folders.

    A message is named by its folder and its Message-ID, so its uri outlives a rebuilt folder; UIDVALIDITY, UID and
    size are its fingerprint. What was fetched of its header lines is kept in the cache under the folder's UIDVALIDITY.
    The path that globs and rules see is "<folder>/<subject>.eml". A glob leaves out the folders that the server
    declares as those of deleted mail or junk; a name takes any.
    """

    def __init__(self, settings: MailSettings, host: str, cache: MailCache) -> None:
        self._settings = settings
        self._host = host
        self._cache = cache
        self._session = ImapSession(settings, host)
        self._known: dict[str, _Stored] = {}

    @property
    def location(self) -> str:
        """The uri of the mailbox, without a password."""
        user = quote(self._settings.user, safe="")
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = f":{self._settings.port}" if self._settings.port not in _DEFAULT_PORTS else ""
        return f"imap://{user}@{host}{port}" if user else f"imap://{host}{port}"

    def list(self) -> Listing:
        """All messages of the chosen folders that are not marked as deleted.

        Raises:
            SourceError: the server cannot be reached, refuses, broke off twice, or lacks a folder that is named.
        """
        try:
            folders = self._asked(self._session.folders)
        except Refused as error:
            raise SourceError(f"the mail server {self._host} does not list its folders: {error}") from error
        chosen, hidden = self._choose(folders)
        items: list[Item] = []
        unlisted: list[Unlisted] = []
        known: dict[str, _Stored] = {}
        for folder in chosen:
            try:
                messages, deleted = self._asked(partial(self._messages, folder))
            except Refused as error:
                unlisted.append(Unlisted(prefix=self._prefix(folder), problem=_refused(folder, error)))
                continue
            hidden += deleted
            for item, stored in self._items(folder, messages):
                if item is None:
                    hidden += 1
                else:
                    items.append(item)
                    known[item.uri] = stored
        self._cache.forget_all_but({self._prefix(folder) for folder in folders})
        self._known = known
        return Listing(items=tuple(items), unlisted=tuple(unlisted), hidden=hidden)

    def read(self, item: Item) -> RawFile:
        """One message as it was sent; it is not marked as read.

        Raises:
            ParseError: with code "unreadable", "vanished" or "too_large".
            SourceError: the server is gone, or rebuilt the folder since it was listed.
        """
        stored = self._known.get(item.uri)
        if stored is None or not item.fingerprint.startswith(f"{stored.uidvalidity}-{stored.uid}-"):
            self.list()  # Another process listed it, or later than this one.
            stored = self._known.get(item.uri)
        if stored is None:
            raise vanished()
        if item.size is not None and item.size > MAX_FILE_BYTES:
            raise ParseError(
                Problem(
                    code="too_large",
                    reason=f"it has {item.size:,} bytes",
                    mend=f"only mails under {MAX_FILE_BYTES:,} bytes are read; save its attachments as files",
                )
            )
        try:
            answer = self._asked(partial(self._fetch_body, stored))
        except Refused as error:
            raise ParseError(
                Problem(
                    code="unreadable",
                    reason=f"the mail server does not give it out: {error}",
                    mend="look whether the message opens in a mail program; the next sync tries again",
                )
            ) from error
        for message in answer:
            if uid_of(message) != stored.uid or is_deleted(message):
                continue
            if message.literal is not None:
                return RawFile(name=item.name, data=message.literal)
        raise vanished()

    def close(self) -> None:
        """Hangs up; the next call connects again."""
        self._session.close()

    def _asked(self, ask: Callable[[], Result]) -> Result:
        """What the server answers; a connection that broke is made anew, once."""
        try:
            return ask()
        except ConnectionLost:
            pass
        try:
            return ask()
        except ConnectionLost as error:
            raise SourceError(f"the mail server {self._host} broke off: {error}") from error

    def _choose(self, folders: Sequence[Folder]) -> tuple[Sequence[Folder], int]:
        """The folders that are configured, and how many are not."""
        wanted = self._settings.folders
        for one in wanted:
            if not is_pattern(one) and not any(chooses(one, folder.name) for folder in folders):
                there = ", ".join(sorted(folder.name for folder in folders)[:20])
                raise SourceError(
                    f"the mail server {self._host} has no folder {one} for {self._settings.user}: "
                    f"correct `folders`; there are {there or 'none'}",
                    retryable=False,
                )
        chosen = [
            folder
            for folder in folders
            if any(
                chooses(one, folder.name) and not (is_pattern(one) and folder.attributes & {"\\trash", "\\junk"})
                for one in wanted
            )
        ]
        return chosen, len(folders) - len(chosen)

    def _messages(self, folder: Folder) -> tuple[Messages, int]:
        """A folder's messages with their envelopes, and how many are marked as deleted."""
        examined = self._session.examine(folder)
        uids, deleted = self._uids(folder, examined.exists)
        place, validity = self._prefix(folder), examined.uidvalidity
        if self._cache.state(place) != validity:
            self._cache.forget(place)
        rows = {uid: row for uid, row in read_rows(self._cache.messages(place)) if uid in uids}
        missing = sorted(uids - rows.keys())
        for begin in range(0, len(missing), _HEADERS_AT_ONCE):
            batch = missing[begin : begin + _HEADERS_AT_ONCE]
            fetched = {
                row.uid: row for row in map(read_row, self._session.fetch_uids(batch, HEADERS)) if row is not None
            }
            self._prove_gone(folder, [uid for uid in batch if uid not in fetched])
            rows |= {uid: row for uid, row in fetched.items() if uid in uids}
            self._cache.keep(place, validity, {str(uid): row.dumps() for uid, row in fetched.items()})
        gone = [str(uid) for uid, _ in read_rows(self._cache.messages(place)) if uid not in rows]
        self._cache.keep(place, validity, {}, gone)
        return Messages(validity, [rows[uid] for uid in sorted(rows)]), deleted

    def _uids(self, folder: Folder, exists: int) -> tuple[set[int], int]:
        """The UIDs of a folder's messages, and how many more are marked as deleted.

        Sequence numbers hold still during FETCH (RFC 3501, 7.4.1), so each message is seen once.
        """
        uids: set[int] = set()
        deleted: set[int] = set()
        for begin in range(1, exists + 1, _NUMBERS_AT_ONCE):
            for message in self._session.fetch(f"{begin}:{min(begin + _NUMBERS_AT_ONCE - 1, exists)}", "(UID FLAGS)"):
                uid = uid_of(message)
                if uid is not None:
                    (deleted if is_deleted(message) else uids).add(uid)
        if len(uids | deleted) < exists:
            raise SourceError(
                f"the mail server {self._host} named {len(uids | deleted):,} of the {exists:,} messages of "
                f"{folder.name}; the next sync tries again"
            )
        return uids - deleted, len(deleted)

    def _prove_gone(self, folder: Folder, uids: Sequence[int]) -> None:
        """Raises `SourceError` when a message that was not given out is there all the same."""
        if not uids:
            return
        there = [uid_of(message) for message in self._session.fetch_uids(uids, "(UID)")]
        if any(uid in uids for uid in there):
            raise SourceError(
                f"the mail server {self._host} withholds header lines of messages in {folder.name}; "
                "the next sync tries again"
            )

    def _items(self, folder: Folder, messages: Messages) -> Iterator[tuple[Item | None, _Stored]]:
        taken: Counter[str] = Counter()
        for row in messages.rows:
            item = make_item(
                self._settings,
                uri=self._prefix(folder) + message_key(row.envelope, taken),
                fingerprint=f"{messages.uidvalidity}-{row.uid}-{row.size}",
                folder=folder.name,
                relative=f"{folder.name}/{row.envelope.name}",
                envelope=row.envelope,
                modified_at=row.arrived,
                size=row.size,
            )
            yield item, _Stored(folder, messages.uidvalidity, row.uid)

    def _fetch_body(self, stored: _Stored) -> Sequence[Fetched]:
        if not self._session.is_examined(stored.folder):
            examined = self._session.examine(stored.folder)
            if examined.uidvalidity != stored.uidvalidity:
                raise SourceError(
                    f"the mail server {self._host} rebuilt the folder {stored.folder.name} since it was listed; "
                    "the next sync lists it anew"
                )
        return self._session.fetch_uids([stored.uid], "(UID FLAGS BODY.PEEK[])")

    def _prefix(self, folder: Folder) -> str:
        # ";" ends the folder's name, so that no folder's uri begins like that of a message in another.
        return f"{self.location}/{quote(folder.name, safe='/', errors='surrogatepass')};mid="


def _refused(folder: Folder, error: Refused) -> Problem:
    return Problem(
        code="unreadable_folder",
        reason=f"the mail server does not open the folder {folder.name}: {error}",
        mend="give the user the right to read it, or leave it out of `folders`; what is indexed of it stays until then",
    )
