"""Finds people whose names are words of the dictionary: "Rose Field", "Will Price", "April Best".

The words alone say little; what counts is that a word that can be a given name stands before one other capitalised word
and no more of them, or that both stand where people are named: behind a label, among people, before what somebody said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from .announcing import BEFORE_PEOPLE, BEHIND_PEOPLE, COMPANY, FIELDS
from .kinds import Find, Kind
from .lexicon import GREETINGS, NEVER, ROLES, TITLES, fold, is_given, is_place, is_weak, is_word, is_wordlike
from .words import Word, is_camel

_NAMES_TOO = frozenset("hall west north east south best lane page may march house great young saint werner".split())
_ASKING = frozenset(("will", "may", "mark", "bill", "grant", "chase"))  # with which a sentence may begin
_JOINED = (" ", "  ", "\u00a0")
_BEGINS = re.compile(r"(?:^|[.!?:\n>][\"')\s]*|\n[ \t>]*(?:[-*•]|\d{1,3}[.)])[ \t]{1,3})$")
_SLOT_LEFT = re.compile(r"(?:[:;,(<|&/\"\]]|[-*•]|\d[.)])[ \t\n]{0,3}$")
_SLOT_RIGHT = re.compile(r"[ \t]{0,3}(?:$|[\n,;:.()<>|&/\"\t]|(?:and|und|et|y|e|i|or|oder)\b)")
_LINE_BEFORE = re.compile(r"(?:^|\n)[ \t>]{0,6}#{1,6}[ ][^\n]{0,80}$")
_SPEAKER = re.compile(
    r"^[ \t>]{0,4}(?:\[[\d:., apmAPM/-]{3,20}\][ \t]{0,2}|\d{1,2}:\d\d[ \t]{1,2})?"
    r"(?:<((?:[^\W\d_][\w'-]{1,30}[ ]?){1,3})>|((?:[^\W\d_][\w'-]{1,30}[ ]?){1,3}):)[ \t]{1,2}(?=\S)",
    re.MULTILINE,
)
_OWN_LINE_LEFT = re.compile(r"(?:^|\n)[ \t>]{0,6}$")
_OWN_LINE_RIGHT = re.compile(r"[ \t]{0,4}(?:\d{1,2}:\d\d[ \t]{0,3})?(?:\n|$)")
_TURNED = re.compile(
    r"(?:(?<=[:;\n])|^)[ ]{0,2}([^\W\d_][\w'-]{1,30}, [^\W\d_][\w'-]{1,30})(?=[ ]{0,2}(?:;|$))", re.MULTILINE
)
_GREETED = re.compile(r"[ ]?(?:[,!\n]|$|(?:and|und|et|y|e|i|&)[ ])")
_SINGLE = 1
_FEWEST_SPEAKERS = 2


def find_pairs(text: str, words: Sequence[Word], companies: Collection[str]) -> Iterator[Find]:
    """People in `text`, whose words are given, that only their place in it tells; what is in `companies` is none."""
    for at, word in enumerate(words):
        if word.is_capital and len(word.text) > 1:
            if at + 1 < len(words) and _is_pair(text, words, at, companies):
                yield _person(word.start, words[at + 1].end)
            elif at and _is_greeted(text, words, at):
                yield _person(word.start, word.end)
    yield from _speakers(text)
    if ";" in text:
        turned = [match.span(1) for match in _TURNED.finditer(text)]
        for before, after in pairwise(turned):  # "Price, Anna; Berg, Ana": family name first, one after another
            if text[before[1] : after[0]].strip() == ";":
                yield from (_person(start, end) for start, end in (before, after) if _is_turned(text[start:end]))


def _is_turned(words: str) -> bool:
    parts = words.split(", ")
    return all(part[0].isupper() and (fold(part) not in NEVER or is_weak(part)) for part in parts)


def _person(start: int, end: int) -> Find:
    return Find(start=start, end=end, kind=Kind.PERSON, of="")


def _can_be_family(word: Word, companies: Collection[str]) -> bool:
    low = fold(word.text)
    if not word.is_capital or len(word.text) < 2 or low in companies or is_camel(word.text):
        return False
    if low in TITLES or low in GREETINGS or low in ROLES or low in COMPANY or is_wordlike(low):
        return False
    return low not in NEVER or low in _NAMES_TOO


def _is_pair(text: str, words: Sequence[Word], at: int, companies: Collection[str]) -> bool:  # noqa: PLR0911 - one sign after another
    """Whether the words `at` and behind it are given and family name of somebody."""
    first, second = words[at], words[at + 1]
    given = is_given(first.text) or is_weak(first.text)
    if second.gap not in _JOINED or first.is_upper != second.is_upper or not _can_be_family(second, companies):
        return False
    low = fold(first.text)
    if not given:
        return _is_unlisted(text, words, at, companies)
    if low in companies or (is_place(first.text) and is_place(second.text)):
        return False
    before = text[max(0, first.start - 90) : first.start]
    behind = text[second.end : second.end + 40]
    if _LINE_BEFORE.search(before) or (first.text.isupper() and len(first.text) < 3):
        return False  # a heading
    previous = fold(words[at - 1].text) if at and first.gap in _JOINED else ""
    announced = previous in TITLES or previous in GREETINGS or previous in ROLES or previous in BEFORE_PEOPLE
    told = announced or BEHIND_PEOPLE.match(text, second.end) is not None
    if low in NEVER:  # "June Day", but not "June Sales rose"
        if _OWN_LINE_LEFT.search(before) is not None and _OWN_LINE_RIGHT.match(behind) is not None:
            return True
        return told or (_SLOT_LEFT.search(before) is not None and _SLOT_RIGHT.match(behind) is not None)
    begins = _BEGINS.search(before) is not None
    if begins and low in _ASKING and re.match(r"[ ][a-z]", behind) and not told:
        return False
    if (
        previous
        and not announced
        and not is_given(first.text)
        and words[at - 1].is_capital
        and not _begins(text, words, at - 1)
    ):
        return False
    following = words[at + 2] if at + 2 < len(words) and words[at + 2].gap in _JOINED else None
    return told or following is None or not following.is_capital


def _begins(text: str, words: Sequence[Word], at: int) -> bool:
    return _BEGINS.search(text[max(0, words[at].start - 12) : words[at].start]) is not None


def _is_unlisted(text: str, words: Sequence[Word], at: int, companies: Collection[str]) -> bool:
    """ "URIC DAMANTLE" on a line of its own, and two capitalised words behind a label that has people below it: one
    that no dictionary has, the other no word that sentences are made with."""
    first, second = words[at], words[at + 1]
    low = fold(first.text)
    if low in NEVER or low in ROLES or low in TITLES or low in GREETINGS or low in COMPANY or low in companies:
        return False
    if is_word(second.text) or is_place(first.text) or is_place(second.text) or is_camel(first.text):
        return False
    alone = re.search(r"(?:^|\n)[ \t>*]{0,6}(?:[A-Z][a-z]{1,2}[ ])?$", text[max(0, first.start - 11) : first.start])
    if alone is not None and re.match(r"[ \t*]{0,4}(?:\n|$)", text[second.end : second.end + 8]):
        return True
    label = re.search(r"([^\W\d_]{2,20})[ \t]{0,2}[:|][ \t]{0,3}$", text[max(0, first.start - 26) : first.start])
    return label is not None and label[1].lower() in FIELDS and _SLOT_RIGHT.match(text, second.end) is not None


def _is_greeted(text: str, words: Sequence[Word], at: int) -> bool:
    """ "Dear June," and "Hi Will and April,": a greeting, or one and somebody else, before it."""
    word = words[at]
    if not (is_weak(word.text) or is_given(word.text)) or not _GREETED.match(text[word.end : word.end + 5]):
        return False
    if fold(words[at - 1].text) in GREETINGS and word.gap in (" ", ", "):
        return True
    paired = at > 2 and words[at - 1].text.lower() in ("and", "und", "et", "y", "e", "i")
    return paired and fold(words[at - 3].text) in GREETINGS


def _speakers(text: str) -> Iterator[Find]:
    """Who speaks in a chat: the lines of a text begin with names, of which one at least is known to be such."""
    turns = [(*(match.span(1) if match[1] is not None else match.span(2)),) for match in _SPEAKER.finditer(text)]
    said = [text[start:end].strip().split(" ") for start, end in turns]
    people = [parts for parts in said if is_given(parts[0]) or is_weak(parts[0])]
    if len(turns) < _FEWEST_SPEAKERS or 2 * len(people) < len(turns):
        return
    for (start, _), parts in zip(turns, said, strict=True):
        capital = all(part[:1].isupper() for part in parts)
        if capital and fold(parts[-1]) not in FIELDS and (parts in people or _is_free(parts)):
            yield _person(start, start + len(" ".join(parts)))


def _is_free(parts: Sequence[str]) -> bool:
    """Whether no part is a word that labels are made with."""
    lows = [fold(part) for part in parts]
    plain = any(low in NEVER or low in ROLES or low in COMPANY for low in lows)
    return not plain and (len(parts) > _SINGLE or not is_word(parts[0]))
