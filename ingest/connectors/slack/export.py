"""A Slack export as a source: its messages gathered into threads."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, Unlisted
from ...settings import SlackSettings
from .archive import SlackArchive, UnreadableFile, archive_state
from .text import Message, Names, channel_label, content_mark, is_noise, moment, thread_text, user_names
from .threads import Channel, chooses, thread_item, vanished

_DAYS_HELD = 4


@dataclass(slots=True)
class _Thread:
    """What a first reading gathers of a thread. `shown` are the ts of messages that say something."""

    days: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    root: Message | None = None
    first: Message | None = None


class _Stored(NamedTuple):
    """Where a listed thread is: its channel, the ts of its first message, and the days on which it was written."""

    channel: Channel
    ts: str
    days: tuple[str, ...]
    fingerprint: str


_UNKNOWN = _Stored(Channel(id="", name="", private=True, base=""), "", (), "")


class SlackExport:
    """Lists the threads of an export; of direct messages only those that `channels` names ("dm/*")."""

    def __init__(self, settings: SlackSettings, path: Path) -> None:
        self._settings = settings
        self._path = path
        self._archive: SlackArchive | None = None
        self._names = Names()
        self._known: dict[str, _Stored] = {}
        self._held: OrderedDict[str, list[Message]] = OrderedDict()
        self.location = path.absolute().as_uri()

    def list(self) -> Listing:
        """All threads of the chosen channels.

        Raises:
            SourceError: the export is missing, damaged, or none.
        """
        archive = self._opened()
        users = archive.entries("users.json")
        team = next((str(user["team_id"]) for user in users if user.get("team_id")), "export")
        self._names = Names(users=user_names(users))
        channels = list(self._channels(archive, team))
        self._names = Names(users=self._names.users, channels={one.id: one.name for one in channels})
        items: list[Item] = []
        unlisted: list[Unlisted] = []
        known: dict[str, _Stored] = {}
        hidden = 0
        for channel in channels:
            if not chooses(self._settings.channels, channel.name):
                hidden += 1
                continue
            try:
                threads = self._gather(archive, channel)
            except UnreadableFile as error:
                unlisted.append(Unlisted(prefix=channel.prefix, problem=_damaged(channel, error)))
                continue
            for ts, thread in threads.items():
                item = self._item(channel, ts, thread)
                if item is None:
                    hidden += 1
                else:
                    items.append(item)
                    known[item.uri] = _Stored(channel, ts, tuple(thread.days), item.fingerprint)
        self._known = known
        return Listing(items=tuple(items), unlisted=tuple(unlisted), hidden=hidden)

    def text(self, item: Item) -> str:
        """A thread as a document.

        Raises:
            ParseError: it cannot be read, or is gone.
            SourceError: the export is gone.
        """
        if self._changed() or self._known.get(item.uri, _UNKNOWN).fingerprint != item.fingerprint:
            self.list()
        if item.uri not in self._known:
            raise vanished()
        channel, root, days, _ = self._known[item.uri]
        kept: dict[str, Message] = {}
        try:
            for day in days:
                for message in self._day(day):
                    _apply(kept, message, root)
        except UnreadableFile as error:
            raise ParseError(_damaged(channel, error)) from error
        text = thread_text(channel_label(channel.name), list(kept.values()), self._names)
        if not text:
            raise vanished()
        return text

    def close(self) -> None:
        """Closes the archive."""
        if self._archive is not None:
            self._archive.close()
        self._archive = None
        self._held.clear()

    def _changed(self) -> bool:
        try:
            return self._archive is None or self._archive.state != archive_state(self._path)
        except OSError as error:
            raise SourceError(f"no such file or folder: {self._path}") from error

    def _opened(self) -> SlackArchive:
        # The files of a folder may have changed, whatever the folder's own state says.
        if self._archive is None or not self._archive.state or self._changed():
            self.close()
            self._archive = SlackArchive(self._path)
        return self._archive

    def _channels(self, archive: SlackArchive, team: str) -> Iterator[Channel]:
        for file, private in (("channels.json", False), ("groups.json", True)):
            for one in archive.entries(file):
                if not one.get("id") or not one.get("name"):
                    raise self._nameless(file)
                yield _channel(one, team, name=str(one["name"]), folder=str(one["name"]), private=private)
        for file in ("dms.json", "mpims.json"):
            for one in archive.entries(file):
                if not one.get("id"):
                    raise self._nameless(file)
                members = sorted(self._names.users.get(str(who), str(who)) for who in one.get("members") or [])
                name = "dm/" + (", ".join(members).replace("/", "-") or str(one["id"]))
                yield _channel(one, team, name=name, folder=str(one.get("name") or one["id"]), private=True)

    def _nameless(self, file: str) -> SourceError:
        return SourceError(f"the Slack export {self._path} is damaged: {file} has a channel without a name or an id")

    def _gather(self, archive: SlackArchive, channel: Channel) -> dict[str, _Thread]:
        """The threads of a channel by the ts of their first message. One day is held at a time."""
        threads: dict[str, _Thread] = {}
        for day in archive.days(channel.folder):
            for event in archive.messages(day):
                message, deleted = _effect(event)
                if message is None:
                    continue
                root = _root_of(message)
                thread = threads.setdefault(root, _Thread())
                if not thread.days or thread.days[-1] != day:
                    thread.days.append(day)
                ts = str(message["ts"])
                said = "" if deleted else content_mark(message, self._names)
                if said and (not is_noise(message) or ts == root):
                    thread.shown[ts] = said
                else:
                    thread.shown.pop(ts, None)
                if ts == root:
                    thread.root = None if deleted else message
                elif thread.first is None and said:
                    thread.first = message
        return threads

    def _item(self, channel: Channel, ts: str, thread: _Thread) -> Item | None:
        first = thread.root or thread.first
        replies = thread.shown.keys() - {ts}
        if first is None or not thread.shown or (not replies and is_noise(first)):
            return None
        marks = "".join(f"{one}{mark}" for one, mark in sorted(thread.shown.items()))
        return thread_item(
            self._settings,
            channel,
            ts,
            fingerprint=hashlib.blake2b(marks.encode(), digest_size=16).hexdigest(),
            messages=[one for one in (thread.root, thread.first) if one is not None],
            names=self._names,
            latest=max((*thread.shown, ts), key=moment),
        )

    def _day(self, name: str) -> Sequence[Message]:
        """A day's messages; the last few days stay in memory, since threads are read in their order."""
        if name not in self._held:
            if self._archive is None:
                raise UnreadableFile(name)
            self._held[name] = self._archive.messages(name)
            while len(self._held) > _DAYS_HELD:
                self._held.popitem(last=False)
        self._held.move_to_end(name)
        return self._held[name]


def _channel(one: Message, team: str, *, name: str, folder: str, private: bool) -> Channel:
    return Channel(
        id=str(one["id"]), name=name, folder=folder, private=private, base=f"slack://{team}/{one['id']}/", in_web=False
    )


def _effect(event: Message) -> tuple[Message | None, bool]:
    """The message that an event leaves behind, and whether it deletes it; (None, False) for what is no message.

    Exports with a record of changes hold events that edit or delete an earlier message.
    """
    match event.get("subtype"):
        case "message_changed":
            message, deleted = event.get("message"), False
        case "message_deleted":
            message = event.get("previous_message") or event.get("original") or {"ts": event.get("deleted_ts")}
            deleted = True
        case _:
            message, deleted = event, False
    if not isinstance(message, dict) or not message.get("ts"):
        return None, False
    return message, deleted or message.get("subtype") == "tombstone"


def _root_of(message: Message) -> str:
    return str(message.get("thread_ts") or message["ts"])


def _apply(kept: dict[str, Message], event: Message, root: str) -> None:
    message, deleted = _effect(event)
    if message is None or _root_of(message) != root:
        return
    ts = str(message["ts"])
    if deleted or (is_noise(message) and ts != root):
        kept.pop(ts, None)
    else:
        kept[ts] = message


def _damaged(channel: Channel, error: UnreadableFile) -> Problem:
    return Problem(
        code="unreadable",
        reason=f"the export's channel {channel.name} cannot be read: {error}",
        mend="download the export again; what is indexed of the channel stays until then",
    )
