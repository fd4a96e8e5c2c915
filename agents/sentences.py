"""Exact sentence spans by rule, for English, German and languages that write full stops like them.

Below it stands nothing; `signals` and the analyst stand above. Rules only: no model, no download. A wrong
join costs a longer quote, a wrong cut costs the meaning, so doubtful full stops do not end a sentence.
"""

from __future__ import annotations

import re

# Abbreviations after which a sentence goes on, lower case, without the last full stop.
_GO_ON = """
    mr mrs ms dr prof sr jr st mt ft vs cf approx ca resp fig figs eq sec ch vol ed eds pp p par para art abs nr
    str tel ext bzw ggf inkl exkl zzgl evtl sog vgl usf mind max min std mio mrd tsd jan feb mär mrz apr jun jul
    aug sep sept okt oct nov dez dec gem lt abt abb bsp z.b d.h u.a i.d.r o.ä s.o s.u v.a e.g i.e dipl ing hr fr
    gen col lt maj capt rev hon gov sen rep attn dept est incl excl
"""
_NEVER_END = frozenset(_GO_ON.split())
# Abbreviations that end a sentence when the next word opens one.
_OFTEN_LAST = """
    inc ltd corp co llc plc gmbh bros etc usw al a.m p.m u.s u.k u.n e.u ph.d b.a m.a
"""
_MAY_END = frozenset(_OFTEN_LAST.split())
# Abbreviations only in front of a number: "No. 5".
_NUMBERED = """
    no nos nr art sec p pp ch vol fig ziff rn
"""
_BEFORE_NUMBER = frozenset(_NUMBERED.split())
_OPENING = """
    the a an it its this that these those there he she they we you i if when while for in on at to as by with
    from after before all any each no not our your their his her please however but and or so such what who how
    why where which is are was do does can der die das ein eine es er sie wir ihr ich wenn bei im in am für mit
    nach vor alle jede jeder kein nicht bitte aber und oder so dies diese dieser dieses dafür dabei auch
"""
_OPENERS = frozenset(_OPENING.split())
_COUNTED = """
    januar jänner februar märz april mai juni juli august september oktober november dezember january february
    march may june july october december quartal kalendertag werktag tag monat jahrhundert lebensjahr etage
    stock halbjahr woche absatz satz kapitel
"""
_MONTHS = frozenset(_COUNTED.split())
_LEADING = """
    am vom zum der die das dem den des bis im ab seit jeder jedem jeden jede beim und zur ins aufs
"""
_BEFORE_ORDINAL = frozenset(_LEADING.split())
_CLOSERS = "\"'”’»›)]}*_`"
_TERMINATOR = re.compile(r"[.!?…]+[" + re.escape(_CLOSERS) + r"]*(?=\s)|[。！？][」』）”]*")
_BREAK = re.compile(
    r"\n[ \t]*\n\s*"  # a blank line
    r"|\n(?=[ \t]*(?:[-*+•‣▪–]\s|\d{1,3}[.)]\s|[a-zA-Z][.)]\s|#{1,6}\s|\||>))"  # a list item, heading, row, quote
)
_NEXT = re.compile(r"\s*[\"'“„«‚‘(\[*_`¿¡]*")
_WORD_BEFORE = re.compile(r"[^\s(\[\"'“„*_`/]*\Z")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans (start, end) of the sentences of `text`, in code points, ordered and trimmed of white space.

    Every character outside the spans is white space. A bullet or list number stays with its item.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _BREAK.finditer(text):
        spans.extend(_split_block(text, start, match.start()))
        start = match.end()
    spans.extend(_split_block(text, start, len(text)))
    return spans


def _split_block(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = start
    for match in _TERMINATOR.finditer(text, start, end):
        if _ends_sentence(text, at, match.start(), match.end(), end):
            _append_trimmed(spans, text, at, match.end())
            at = match.end()
    _append_trimmed(spans, text, at, end)
    return spans


def _append_trimmed(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


def _ends_sentence(text: str, start: int, mark: int, mark_end: int, end: int) -> bool:
    """Whether the terminator at [mark, mark_end) ends the sentence that began at `start`."""
    opened = _NEXT.match(text, mark_end, end)
    following = opened.end() if opened else mark_end
    if following >= end:
        return True
    if text[mark] in "。！？":
        return True
    if text[following].islower():
        return False
    if text[mark] != "." or text[mark : mark + 2] == "..":
        return True
    before = _WORD_BEFORE.search(text, start, mark)
    word = before.group().lower() if before else ""
    if not word.strip("-*+•.)"):
        return False  # a bare bullet or list number so far
    next_word = _word_at(text, following, end)
    return _full_stop_ends(text, start, mark, word, next_word)


def _full_stop_ends(text: str, start: int, mark: int, word: str, next_word: str) -> bool:
    opens = next_word.lower() in _OPENERS
    if word.isdecimal():
        return _number_ends(text[start : mark - len(word)], word, next_word)
    if word in _BEFORE_NUMBER and next_word[:1].isdecimal():
        return False
    if word in _NEVER_END:
        return False
    if word in _MAY_END:
        return opens
    letters = word.replace(".", "")
    if letters.isalpha() and (len(word) == 1 or all(len(part) == 1 for part in word.split("."))):
        # An initial ("J. Smith", "z. B.") goes on unless the next word plainly opens a sentence.
        return opens and not word.islower()
    return True


def _number_ends(before: str, word: str, next_word: str) -> bool:
    """Whether "5." ends a sentence: not as a list number, and not as a German ordinal ("am 3. Mai")."""
    if not before.strip(" \t-*+•_(#>"):
        return False
    if len(word) > 2:
        return True
    previous = before.rsplit(maxsplit=1)[-1].lower().strip("(*_")
    return not (next_word.lower() in _MONTHS or previous in _BEFORE_ORDINAL)


def _word_at(text: str, start: int, end: int) -> str:
    at = start
    while at < end and (text[at].isalnum() or text[at] in "-'’"):
        at += 1
    return text[start:at]
