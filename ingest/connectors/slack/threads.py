"""A thread of Slack as an item, and which channels are chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ParseError, Problem
from ...model import Item
from ...settings import SlackSettings
from ..mail.envelope import file_name
from .text import Message, Names, author, channel_label, iso_time, title


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A conversation. `name` is what globs see, `folder` where an export keeps it.

    `base` is what the uris of its threads begin with; `in_web` says that they are the links by which Slack shows them.
    """

    id: str
    name: str
    private: bool
    base: str
    folder: str = ""
    in_web: bool = True

    @property
    def prefix(self) -> str:
        """What the uris of its threads begin with."""
        return self.base

    def uri(self, ts: str) -> str:
        """The uri of the thread that begins with the message `ts`."""
        return f"{self.base}p{ts.replace('.', '')}" if self.in_web else f"{self.base}{ts}"


def thread_item(
    settings: SlackSettings, channel: Channel, ts: str, *, fingerprint: str, messages: Sequence[Message], names: Names,
    latest: str,
) -> Item | None:  # fmt: skip
    """A thread as an item, None when the source's globs leave it out. `latest` is the ts of its last change."""
    relative = f"{channel.name}/{ts}"
    if not settings.admits(relative):
        return None
    metadata = {"channel": channel.name, "date": iso_time(ts)}
    if messages:
        metadata["author"] = author(messages[0], names)
    if channel.private:
        metadata["private"] = "yes"
    return Item(
        uri=channel.uri(ts),
        name=file_name(title(channel_label(channel.name), messages, names)) + ".md",
        fingerprint=fingerprint,
        modified_at=iso_time(latest),
        access=settings.access_of(relative),
        metadata=metadata,
    )


def ts_of(uri: str) -> tuple[str, str]:
    """The channel's id and the thread's ts that a uri names; empty ones for a uri that is none of Slack's."""
    found = re.search(r"/([A-Z0-9]+)/(?:p(\d+)(\d{6})|(\d+\.\d+))$", uri)
    if found is None:
        return "", ""
    return found.group(1), found.group(4) or f"{found.group(2)}.{found.group(3)}"


def chooses(wanted: Sequence[str], name: str) -> bool:
    """Whether names or globs choose a channel: "*" and "?" do not cross "/", so direct messages need "dm/*"."""
    return any(
        re.fullmatch(
            "".join(
                "[^/]*" if one == "*" else "[^/]" if one == "?" else re.escape(one) for one in glob.removeprefix("#")
            ),
            name,
        )
        for glob in wanted
    )


def vanished() -> ParseError:
    """A thread that is not there any more."""
    return ParseError(
        Problem(
            code="vanished",
            reason="it was listed, then gone before it could be read",
            mend="a thread just deleted: the next sync settles it",
        )
    )
