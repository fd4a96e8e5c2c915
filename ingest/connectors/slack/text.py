"""Slack's messages as words: its markup and mentions resolved, a thread laid out as a Markdown document."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Message = Mapping[str, Any]
"""A message as Slack's JSON has it."""

_HOUSEKEEPING = frozenset(
    "channel_join channel_leave channel_topic channel_purpose channel_name channel_archive channel_unarchive "
    "channel_convert_to_private channel_posting_permissions group_join group_leave group_topic group_purpose "
    "group_name group_archive group_unarchive bot_add bot_remove bot_enable bot_disable pinned_item unpinned_item "
    "reminder_add reminder_delete tombstone huddle_thread sh_room_created sh_room_shared app_conversation_join "
    "ekm_access_denied channel_canvas_updated document_mention joiner_notification "
    "joiner_notification_for_inviter".split()
)
_REFERENCE = re.compile(r"<([^<>]+)>")
_MENTION = re.compile(r"<[@#]([A-Z0-9]+)")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_EMPHASIS = tuple(
    re.compile(rf"(?<![\w{mark}]){mark}(?=[^\s{mark}])([^{mark}\n]*[^\s{mark}]){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", "~")
)
_BULLET = re.compile(r"^([ \t]*)[•◦▪][ \t]+", re.MULTILINE)
# What would be a heading, an underline or a tag in Markdown and was typed as words.
_MISREAD = re.compile(r"^([ \t]*)(#{1,6}[ \t]|={2,}[ \t]*$|-{2,}[ \t]*$|\+[ \t])|<(?=[A-Za-z/!?])", re.MULTILINE)
_TITLE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class Names:
    """What people and channels are called, by their ids."""

    users: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


def user_names(users: Iterable[Message]) -> dict[str, str]:
    """Each user's display name, or real name, or handle, by id."""
    found: dict[str, str] = {}
    for user in users:
        profile = user.get("profile") or {}
        shown = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
        name = next((" ".join(str(one).split()) for one in shown if one and str(one).strip()), "")
        if name and user.get("id"):
            found[str(user["id"])] = name
    return found


def is_noise(message: Message) -> bool:
    """Whether a message says nothing by itself: joins and other housekeeping, deleted ones, what programs post."""
    return is_housekeeping(message) or message.get("subtype") == "bot_message" or not message.get("user")


def is_housekeeping(message: Message) -> bool:
    """Whether a message is never shown, not even as part of a thread."""
    return message.get("subtype") in _HOUSEKEEPING or bool(message.get("hidden"))


def author(message: Message, names: Names) -> str:
    """Who wrote a message."""
    profile = message.get("user_profile") or {}
    bot = message.get("bot_profile") or {}
    user = str(message.get("user") or "")
    shown = (names.users.get(user), profile.get("display_name"), profile.get("real_name"), message.get("username"))
    return next((" ".join(str(one).split()) for one in (*shown, bot.get("name"), user) if one), "unknown")


def words(text: str, names: Names) -> str:
    """Slack's markup as plain words in Markdown: mentions by name, links with their label, code kept as it is."""
    text = _REFERENCE.sub(lambda found: _referent(found.group(1), names), text)
    pieces = _CODE.split(text)
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            for pattern in _EMPHASIS:
                piece = pattern.sub(r"\1", piece)  # noqa: PLW2901 - folded over the patterns
            piece = _BULLET.sub(r"\1- ", _unescaped(piece))  # noqa: PLW2901
            pieces[index] = _MISREAD.sub(lambda found: (found.group(1) or "") + "\\" + found.group().lstrip(), piece)
        elif piece.startswith("```"):
            pieces[index] = f"\n```\n{_unescaped(piece[3:-3]).strip(chr(10))}\n```\n"
        else:
            pieces[index] = _unescaped(piece)
    return "".join(pieces).strip()


def content_mark(message: Message, names: Names) -> str:
    """A short text that changes when a message's paragraph does, "" for a message without words and files."""
    text = str(message.get("text") or "")
    said = [text] if text.strip() else _shared(message)
    said += _files(message)
    if not any(said):
        return ""
    named = [names.users.get(user, "") + names.channels.get(user, "") for one in said for user in _MENTION.findall(one)]
    parts = "\0".join([author(message, names), *said, *named])
    return hashlib.blake2b(parts.encode(errors="replace"), digest_size=8).hexdigest()


def paragraph(message: Message, names: Names) -> str:
    """A message with its author and time, "" for one without words and files."""
    text = str(message.get("text") or "")
    lines = [words(one, names) for one in ([text] if text.strip() else _shared(message))]
    lines += [f"Attached file: {_line(name)}" for name in _files(message)]
    said = "\n\n".join(line for line in lines if line)
    return f"**{_line(author(message, names))}**, {_minute(str(message['ts']))}:\n\n{said}\n" if said else ""


def title(channel: str, messages: Sequence[Message], names: Names) -> str:
    """The channel and the first words of a thread, on one line."""
    for message in messages:
        said = paragraph(message, names).partition(":\n\n")[2].replace("```", " ")
        if said and not is_housekeeping(message):
            line = _line(said)
            return f"{channel}: {line if len(line) <= _TITLE_LENGTH else line[:_TITLE_LENGTH].rsplit(' ', 1)[0] + ' …'}"
    return channel


def thread_text(channel: str, messages: Sequence[Message], names: Names) -> str:
    """A thread as a Markdown document, its messages in order of time; "" when nothing is left to show."""
    shown = sorted((one for one in messages if not is_housekeeping(one)), key=lambda one: moment(str(one["ts"])))
    paragraphs = [text for text in (paragraph(one, names) for one in shown) if text]
    return "\n".join([f"# {title(channel, shown, names)}\n", *paragraphs]) if paragraphs else ""


def channel_label(name: str) -> str:
    """A channel as people write it: "#general"; a direct message has no sign."""
    return name if "/" in name else f"#{name}"


def moment(ts: str) -> float:
    """A message's ts as seconds since 1970; 0 for one that is none."""
    try:
        return float(ts)
    except ValueError:
        return 0.0


def iso_time(ts: str) -> str:
    """A message's ts as UTC, ISO 8601."""
    try:
        return datetime.fromtimestamp(moment(ts), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, OSError, ValueError):
        return "1970-01-01T00:00:00Z"


def _shared(message: Message) -> list[str]:
    """What stands in the boxes below a message, which programs fill instead of its text."""
    boxes = [one for one in message.get("attachments") or [] if isinstance(one, Mapping)]
    return [str(one.get("text") or one.get("fallback") or one.get("title") or "").strip() for one in boxes]


def _files(message: Message) -> list[str]:
    files = [one for one in message.get("files") or [] if isinstance(one, Mapping)]
    shown = [one for one in files if one.get("mode") not in ("tombstone", "hidden_by_limit")]
    return [str(one.get("title") or one.get("name") or "without a name") for one in shown]


def _minute(ts: str) -> str:
    return iso_time(ts)[:16].replace("T", " ") + " UTC"


def _referent(inner: str, names: Names) -> str:
    target, _, label = inner.partition("|")
    match target[:1]:
        case "@":
            return "@" + (names.users.get(target[1:]) or label or target[1:])
        case "#":
            return "#" + (label or names.channels.get(target[1:]) or target[1:])
        case "!":
            if label:
                return label
            return "@" + target[1:].split("^")[0]
    target = target.removeprefix("mailto:")
    if not label or label == target or target.endswith("://" + label):
        return target
    label = label.replace("[", "(").replace("]", ")")
    return f"[{label}]({target})" if not re.search(r"[\s()]", target) else f"{label}: {target}"


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _line(text: object) -> str:
    return " ".join(str(text).split())
