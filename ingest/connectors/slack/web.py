"""Slack's Web API as a source: listed by its channels' histories, a thread's replies fetched only when it is read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import ParseError, Problem, SourceError
from ...model import Item, Listing, Unlisted
from ...settings import SlackSettings
from .api import SlackApi, SlackRefusal
from .spool import Spool
from .text import (
    Message,
    Names,
    channel_label,
    content_mark,
    is_housekeeping,
    is_noise,
    moment,
    thread_text,
    user_names,
)
from .threads import Channel, chooses, thread_item, ts_of, vanished

REPLIES_WATCHED_S = 7 * 24 * 3600.0
"""So long after its last reply a thread is read again once a day: an edited reply shows in nothing that is listed."""

_PAGE = "200"
_GONE = frozenset(("thread_not_found", "message_not_found", "channel_not_found"))
_SHUT = frozenset(
    "not_in_channel channel_not_found missing_scope no_permission access_denied restricted_action "
    "method_not_supported_for_channel_type is_archived team_access_not_granted".split()
)


class SlackWeb:
    """Lists the threads of public channels and of the private ones that the token's app was invited to.

    The history tells a new, edited or deleted first message, and new and deleted replies. It tells nothing of an edited
    reply: for a week after its last reply such a thread is read again each day, later when it gets another reply.
    """

    def __init__(
        self, settings: SlackSettings, cache: Path, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._settings = settings
        self._api = SlackApi(settings, sleep)
        self._clock = clock
        self._spool = Spool(cache)
        self._workspace = ""
        self._names: Names | None = None
        self._channels: dict[str, Channel] = {}

    @property
    def location(self) -> str:
        """The workspace's address before its channels' ids; the API's until Slack has told it."""
        return self._workspace or self._settings.base_url

    def list(self) -> Listing:
        """All threads of the chosen channels; a channel that cannot be read is an unlisted place.

        Raises:
            SourceError: Slack cannot be reached, refuses, breaks off, or asks for a wait of more than a minute.
        """
        items: list[Item] = []
        unlisted: list[Unlisted] = []
        self._spool.begin()
        try:
            hidden = self._look_around()
            for channel in self._channels.values():
                listed: list[Item] = []
                try:
                    for item in self._threads(channel):
                        if item is None:
                            hidden += 1
                        else:
                            listed.append(item)
                except SlackRefusal as error:
                    if error.code not in _SHUT:
                        raise self._broken(error) from error
                    unlisted.append(Unlisted(prefix=channel.prefix, problem=_shut(channel, error, "unreadable_folder")))
                    continue
                items += listed
        except BaseException:
            self._spool.abandon()
            raise
        self._spool.finish()
        return Listing(items=tuple(items), unlisted=tuple(unlisted), hidden=hidden)

    def text(self, item: Item) -> str:
        """A thread as a document.

        Raises:
            ParseError: it cannot be read, or is gone.
            SourceError: Slack cannot be reached, or refuses.
        """
        kept = self._spool.get(item.uri, item.fingerprint)
        if kept is not None:
            return kept
        if self._names is None:
            self._look_around()
        channel_id, ts = ts_of(item.uri)
        channel = self._channels.get(channel_id)
        if channel is None or self._names is None:
            raise vanished()
        messages: list[Message] = []
        try:
            for page in self._api.pages("conversations.replies", channel=channel_id, ts=ts, limit=_PAGE):
                messages += page.get("messages") or []
        except SlackRefusal as error:
            if error.code in _GONE:
                raise vanished() from error
            if error.code in _SHUT:
                raise ParseError(_shut(channel, error, "unreadable")) from error
            raise self._broken(error) from error
        # Some pages repeat the first message.
        found = {str(one["ts"]): one for one in messages if one.get("ts")}
        shown = [one for one in found.values() if not is_noise(one) or str(one["ts"]) == ts]
        text = thread_text(channel_label(channel.name), shown, self._names) if ts in found else ""
        if not text:
            raise vanished()
        return text

    def close(self) -> None:
        """Closes the connections."""
        self._api.close()

    def _look_around(self) -> int:
        """Learns the workspace, its users and channels; returns how many channels are not chosen."""
        try:
            about = self._api.call("auth.test")
            users = [user for page in self._api.pages("users.list", limit=_PAGE) for user in page.get("members") or []]
            kinds = {"types": "public_channel,private_channel", "exclude_archived": "false", "limit": _PAGE}
            found = [
                one for page in self._api.pages("conversations.list", **kinds) for one in page.get("channels") or []
            ]
        except SlackRefusal as error:
            raise self._broken(error) from error
        url, team = str(about.get("url") or ""), str(about.get("team_id") or "workspace")
        web = urlsplit(url).scheme in ("https", "http")
        self._workspace = f"{url.rstrip('/')}/archives" if web else f"slack://{team}"
        channels = {
            str(one["id"]): Channel(
                id=str(one["id"]),
                name=str(one.get("name") or one["id"]),
                private=bool(one.get("is_private")),
                base=f"{self._workspace}/{one['id']}/",
                in_web=web,
            )
            for one in found
            if one.get("id")
        }
        self._names = Names(users=user_names(users), channels={one.id: one.name for one in channels.values()})
        self._channels = {key: one for key, one in channels.items() if chooses(self._settings.channels, one.name)}
        return len(channels) - len(self._channels)

    def _threads(self, channel: Channel) -> Iterator[Item | None]:
        """The threads of a channel, None for one that is left out."""
        seen: set[str] = set()
        for page in self._api.pages("conversations.history", channel=channel.id, limit=_PAGE):
            for message in page.get("messages") or []:
                ts = str(message.get("ts") or "")
                # A reply that was also sent to the channel belongs to its thread; a page may begin where one ended.
                if not ts or ts in seen or str(message.get("thread_ts") or ts) != ts:
                    continue
                seen.add(ts)
                yield self._item(channel, ts, message)

    def _item(self, channel: Channel, ts: str, message: Message) -> Item | None:
        names = self._names or Names()
        replies = int(message.get("reply_count") or 0)
        said = content_mark(message, names)
        if not replies and (is_noise(message) or not said):
            return None
        latest = str(message.get("latest_reply") or ts) if replies else ts
        edited = str((message.get("edited") or {}).get("ts") or ts)
        marks = [channel.name, said if not is_housekeeping(message) else "", ts, edited, str(replies), latest]
        if replies:
            marks += [names.users.get(str(one), "") for one in message.get("reply_users") or []]
            if (now := self._clock()) - moment(latest) < REPLIES_WATCHED_S:
                marks.append(datetime.fromtimestamp(now, UTC).date().isoformat())
        fingerprint = hashlib.blake2b("\0".join(marks).encode(errors="replace"), digest_size=16).hexdigest()
        item = thread_item(
            self._settings, channel, ts, fingerprint=fingerprint, messages=[message], names=names,
            latest=max(latest, edited, key=moment),
        )  # fmt: skip
        if item is not None and not replies:
            self._spool.put(item.uri, fingerprint, thread_text(channel_label(channel.name), [message], names))
        return item

    def _broken(self, error: SlackRefusal) -> SourceError:
        if error.code == "missing_scope":
            return SourceError(
                f"the token of the source {self._settings.name} lacks the scope {error.needed or 'that it needs'}: "
                "add it to the Slack app and install the app again",
                retryable=False,
            )
        return SourceError(f"Slack refuses the source {self._settings.name}: {error}")


def _shut(channel: Channel, error: SlackRefusal, code: str) -> Problem:
    return Problem(
        code=code,
        reason=f"Slack does not open the channel {channel.name}: {error}",
        mend=f"invite the app to the channel (/invite), give it the scope, or leave {channel.name} out of `channels`",
    )
