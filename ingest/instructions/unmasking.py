"""Takes disguises off a text: characters that nobody sees, look-alikes, text that runs backwards, encoded text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"
)
_UNSEEN_RUN = re.compile(f"[{_UNSEEN}]+")
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_TURNED = re.compile("[\u202e\u202d]([^\n\u202c\u202e\u202d]{8,2000})")
_ENCODED = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{4}){6,2000}(?:[A-Za-z0-9+/_-]{0,3}={0,2})(?![A-Za-z0-9+/=])"
)
_HEX = re.compile(r"\b(?:[0-9A-Fa-f]{2}){24,4000}\b")
_SPACED = re.compile(
    r"(?<!\S)(?:[^\W\d_][ .\-_*]){7,200}[^\W\d_](?!\S)(?: {2,}(?:[^\W\d_][ .\-_*]){1,60}[^\W\d_](?!\S))*"
)
_WORDS = re.compile(r"[A-Za-zÀ-ÿ]{2,}[ ,.!?:']")
_LEAST_ENCODED = 24
_MOST_ENCODED = 200

_LOOK_ALIKE = dict(
    zip(
        map(ord, "аеорсухіјѕԁһոӏАВЕКМНОРСТХІЈЅαοινκρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"),
        "aeopcyxijsdhnlABEKMHOPCTXIJSaoivkptuxABEZHIKMNOPTYX",
        strict=True,
    )
)
_STYLED = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff\u2460-\u24e9Ͱ-ԯ]")
_MIXED_WORD = re.compile(r"[A-Za-z]+[Ͱ-ԯ]+|[Ͱ-ԯ]+[A-Za-z]+")


class Hidden(NamedTuple):
    """What a stretch [start, end) of the text says once its disguise is off, and what the disguise is."""

    start: int
    end: int
    text: str
    reason: str


class Plain(NamedTuple):
    """A text without characters that nobody sees. `places` maps its offsets to the text's; None when they agree."""

    text: str
    places: Sequence[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where [start, end) stands in the text as it was."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[max(start, end - 1)] + 1


def unmask(text: str) -> Plain:
    """The text as a reader sees it: nothing unseen, and look-alikes as the letters that they pass for."""
    places: list[int] | None = None
    if not text.isascii():
        runs = list(_UNSEEN_RUN.finditer(text))
        if runs:
            kept: list[int] = []
            parts = []
            at = 0
            for run in runs:
                parts.append(text[at : run.start()])
                kept.extend(range(at, run.start()))
                at = run.end()
            parts.append(text[at:])
            kept.extend(range(at, len(text)))
            text, places = "".join(parts), kept
        if _STYLED.search(text):
            text = _as_letters(text)
    return Plain(text, places)


def lowered(text: str) -> str:
    """The text in lower case, of equal length whatever the letters."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    return lower.replace("’", "'").replace("\u00a0", " ")


def hidden(text: str) -> Iterator[Hidden]:
    """What is written so that people do not see it and programs do, decoded."""
    if not text.isascii():
        for run in _TAGS.finditer(text):
            said = "".join(chr(ord(c) - 0xE0000) for c in run.group())
            yield Hidden(run.start(), run.end(), said, "is written in characters that nobody sees")
        for turned in _TURNED.finditer(text):
            yield Hidden(turned.start(), turned.end(), turned.group(1)[::-1], "is written to run backwards")
    if any(len(word) >= _LEAST_ENCODED for word in text.split()):
        for encoding, decode, reason in (
            (_ENCODED, _from_base64, "is encoded in Base64"),
            (_HEX, bytes.fromhex, "is encoded in hexadecimal"),
        ):
            for found in islice(encoding.finditer(text), _MOST_ENCODED):
                decoded = _readable(decode(found.group()))
                if decoded:
                    yield Hidden(found.start(), found.end(), decoded, reason)
    for spaced in _SPACED.finditer(text):
        words = re.split(" {2,}", spaced.group())
        said = " ".join(re.sub(r"[ .\-_*]", "", word) for word in words)
        yield Hidden(spaced.start(), spaced.end(), said, "is written letter by letter")


def _from_base64(encoded: str) -> bytes:
    body = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except binascii.Error:
        return b""


def _readable(data: bytes) -> str | None:
    """The bytes as text, when they are words."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and len(_WORDS.findall(text)) >= 3 else None


def _as_letters(text: str) -> str:
    styled = _STYLED.sub(_plain_letter, text)
    return (
        _MIXED_WORD.sub(lambda word: word.group().translate(_LOOK_ALIKE), styled)
        if _MIXED_WORD.search(styled)
        else styled
    )


def _plain_letter(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if 0xFF01 <= code <= 0xFF5E:
        return chr(code - 0xFEE0)
    if 0x1D400 <= code <= 0x1D6A3:
        place = (code - 0x1D400) % 52
        return chr(ord("A") + place) if place < 26 else chr(ord("a") + place - 26)
    return character
