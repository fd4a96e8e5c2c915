"""Words, their stems and the words that carry no content, for English and German."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_WITHOUT_CONTENT = """
    a an the and or but if then else of to in on at by for from with without as into onto over under up down out
    off about than that this these those there here it its it's he she they them their his her him we us our
    ours you your yours i i'm i'd i'll i've me my mine myself yourself be is are was were been being am do does
    did done doing have has had having can could may might must shall should will would what which who whom
    whose when where why how much many more most some any each every all both either neither no not nor only own
    same so such too very just also again once ever still yet please tell say get gets got need needs needed
    want wants like let lets make makes made s t d ll re ve isn't aren't don't doesn't didn't can't won't anyone
    someone something anything one ones other another per via etc while during before after between through
    because until upon within long often soon far old work works use used happen happens mean there's what's
    who's we're you're der die das den dem des ein eine einen einem einer eines und oder aber wenn dann als wie
    was wer wen wem wessen wann wo wohin woher warum weshalb wieso welche welcher welches welchem welchen ist
    sind war waren sein wird werden wurde wurden hat haben hatte hatten kann können konnte darf dürfen muss
    müssen soll sollen sollte sollten will wollen möchte ich du er sie es wir ihr mich mir uns euch ihn ihm
    ihnen mein meine meinen meiner meinem sein seine unser unsere unseren ihre ihren nicht kein keine keinen
    auch noch nur schon so zu zum zur im in am an auf aus bei mit nach von vom vor für über unter durch gegen
    ohne um bis ab seit man sich gibt es viel viele lange oft bitte dass daß ob denn mehr sehr etwa etwas
"""
STOPWORDS = frozenset(_WITHOUT_CONTENT.split())
# Words that frame a question or name the kind of thing asked for; an answer need not take them up.
_FRAMING = """
    take takes taken give gives given go goes going gone come comes ask asks asked keep keeps bring brings put
    find look see know hold holds apply applies carry carried raise happen start begin begins end ends finish
    set run runs show use have receive number name amount kind type sort way thing things person people somebody
    day days date time times hour hours week weeks month months year years cost costs price prices pay pays paid
    earn earns spend worth charge charged rate maximum minimum highest lowest least usual usually typically
    typical normally currently current new recent right allowed able possible total exactly approximately
    company firm place called large big high heavy fast quickly soon early late next last first same different
    particular several certain expensive bekommen bekommt erhalten zahlen zahlt kosten kostet betrag preis tag
    tage tagen datum zeit stunde stunden woche wochen monat monate jahr jahre anzahl name art person personen
    hoch groß gelten gilt machen macht geben darf neue neuen neuer firma unternehmen
"""
FRAME_WORDS = frozenset(_FRAMING.split())
_WORD = re.compile(r"[^\W_]+(?:[-'’.&/+#][^\W_]+)*[+#%]*", re.UNICODE)
_ENDINGS = """
    ization ational ements ations ement ments ation ances ences ment ance ence ities ingly ible able ings ions
    ness ity ion ing ers ies ied ive ungen ung heit keit lich isch ern em en er es ed ly al or e s n y
"""
_SUFFIXES = tuple(_ENDINGS.split())
COMPOUND = 5
"""Stems of so many letters or more are looked for inside others: "urlaub" in "urlaubstag"."""
_MIN_STEM = 3
_MIN_WORD = 4


def words_of(text: str) -> list[tuple[str, int, int]]:
    """The words of `text` with their spans; "e-mail", "3.5" and "R&D" are one word each."""
    return [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A crude stem shared by a word's forms: lower case, without possessive and one suffix."""
    low = word.lower().replace("’", "'")
    low = low.removesuffix("'s").removesuffix("'")
    if len(low) <= _MIN_WORD - 1 or any(c.isdecimal() for c in low):
        return low
    if len(low) == _MIN_WORD:
        return low.removesuffix("s") if not low.endswith("ss") else low
    for suffix in _SUFFIXES:
        if low.endswith(suffix) and len(low) - len(suffix) >= _MIN_STEM:
            low = low[: -len(suffix)]
            break
    return low[:-1] if len(low) > _MIN_STEM and low[-1] == low[-2] else low


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWords:
    """The words of a text, read once: how many there are, and the stems of those that carry content.

    `long` are the stems that may stand in compounds, `joined` the same in one string, so that one look finds a part.
    """

    count: int
    stems: frozenset[str]
    long: frozenset[str]
    joined: str


@lru_cache(maxsize=8192)
def read_words(text: str) -> TextWords:
    """The words of a text; the same text is read once while it stays among the last."""
    words = words_of(text)
    stems = frozenset(stem(word) for word, _, _ in words if word.lower() not in STOPWORDS)
    long = frozenset(one for one in stems if len(one) >= COMPOUND)
    return TextWords(count=len(words), stems=stems, long=long, joined=" ".join(long))


def content_stems(text: str) -> frozenset[str]:
    """Stems of the words of `text` that carry content."""
    return read_words(text).stems
