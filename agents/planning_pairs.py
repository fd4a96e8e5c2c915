"""Things named side by side ("the Gold and Silver plan", "in Berlin or in London"), each with the words they share.

The planner's rules find where a list stands; this module says what each of its members is when it stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_MEMBERS = 5

_PREPOSITIONS = (
    "in at on for of with under from by to per im am auf für von vom bei beim mit unter aus nach zu zum zur der des"
).split()
# "an" is German only before an article or a day: in English it is an article itself.
_GERMAN_AN = r"an(?= (?:der|dem|den|die|das|eine[mnr]?|jede[mnr]|feier|werk|wochen|sonn))"
PREPOSITION = "|".join((*_PREPOSITIONS, _GERMAN_AN))
_DETERMINERS = frozenset(
    """
    the a an our my your their its this that these those der die das den dem des ein eine einen einem einer eines
    unser unsere unseren unserer
    """.split()
)
_CONJUNCTION = re.compile(r",? (?:and|or|versus|vs\.?|und|oder|gegenüber) |, |; ", re.IGNORECASE)
_KINDS = frozenset(
    """
    plan plans package packages rack racks pump pumps policy policies model models site sites office offices department
    departments team teams project projects contract contracts course courses supplier suppliers version versions
    """.split()
)
_LAST_PREPOSITION = re.compile(rf"^(?P<head>(?:.* )?)(?P<preposition>{PREPOSITION}) (?P<object>\S.*)$", re.IGNORECASE)
_LEADING = re.compile(rf"^(?P<preposition>{PREPOSITION}) (?P<object>\S.*)$", re.IGNORECASE)
_CONDITION = re.compile(
    r" (?:for|of|in|at|on|für|von|in|am|im) (?:(?:the|an?|den?|dem|der|eine[nr]?) )?\S[^,]*$", re.IGNORECASE
)
_HAS_CONDITION = re.compile(rf" (?:{PREPOSITION}) ", re.IGNORECASE)
_ONE = re.compile(r"^(?:one|ones|the one|einer?|eines)(?= (?:for|of|in|at|with|für|von|in|mit) )", re.IGNORECASE)
_HEAD = re.compile(r"^.+?(?= (?:for|of|in|at|with|für|von|in|mit) )", re.IGNORECASE)
_OWNER = re.compile(r"^(?:[^ ]+ ){0,2}[^ ]+['’]s(?= )")
_TIME = re.compile(
    r" (?:in|for|at the end of|im jahr|für) (?:the )?(?:financial year |fiscal year )?(?:FY ?|GJ ?)?(?:19"
    r"|20)\d{2}(?:/\d{2,4})?$",
    re.IGNORECASE,
)
_POINTS = re.compile(
    rf"^(?:that|those|the one|the ones|der|die|das|derjenigen?) (?=(?:{PREPOSITION}) )",
    re.IGNORECASE,
)


def members(text: str) -> tuple[str, ...]:
    """What a list names, each standing by itself: at least two, or none when `text` is no list.

    Words before the list hold for each ("the caps in Hull and Kassel"), and so do plain words after it ("the Gold and
    Silver support plan").
    """
    time = _TIME.search(text)
    ending = time.group() if time else ""
    pieces = [piece.strip() for piece in _CONJUNCTION.split(text.removesuffix(ending))]
    pieces = [piece.removeprefix("either ").removeprefix("both ") for piece in pieces if piece]
    if not 2 <= len(pieces) <= MOST_MEMBERS:
        return ()
    if pieces[0].endswith("-") and "-" in pieces[-1]:  # "Plus- und Basic-Plan"
        pieces = [f"{one}{pieces[-1].rpartition('-')[2]}" if one.endswith("-") else one for one in pieces]
    found = [pieces[0]] + [like(pieces[0], piece) for piece in pieces[1:]]
    found = _with_condition(found, pieces)
    tail = _shared_tail(pieces[-1])
    # "the budget of Sales and Human resources": behind a preposition a name may end in plain words of its own.
    if _LAST_PREPOSITION.match(pieces[0]) and tail and tail.split()[-1] not in _KINDS:
        tail = ""
    if tail and all(_is_name(piece.split()[-1]) for piece in pieces[:-1]):
        article = "the " if found[0].startswith("the ") else ""
        found = [f"{one} {tail}" for one in found[:-1]] + [
            found[-1] if found[-1].startswith(article) else article + found[-1]
        ]
    return tuple(f"{one}{ending}" for one in found) if len(set(found)) == len(found) else ()


def _with_condition(found: list[str], pieces: Sequence[str]) -> list[str]:
    """ "the gasket set and the bearing set for a TN-30": what follows the last of several nouns, each with an article
    and nothing behind it, holds for all."""
    condition = _CONDITION.search(pieces[-1])
    articles = all(len(piece.split()) > 1 and piece.split()[0].lower() in _DETERMINERS for piece in pieces)
    if condition is None or not articles or any(_HAS_CONDITION.search(piece) for piece in pieces[:-1]):
        return found
    return [*(f"{one}{condition.group()}" for one in found[:-1]), found[-1]]


def like(first: str, second: str) -> str:
    """`second` with the words of `first` that it shares: ("the cap in Hull", "in Kassel") is "the cap in Kassel"."""
    second = _POINTS.sub("", second)
    if one := _ONE.match(second):
        found = _HEAD.match(first)
        return f"{found.group()}{second[one.end() :]}" if found else second  # "a can for a TN-55" and "one for a TN-15"
    if (owner := _OWNER.match(first)) and re.fullmatch(r"[^ ]+(?: [^ ]+){0,2}['’]s", second):
        return f"{second}{first[owner.end() :]}"  # "Hamburg's cap" and "Kassel's"
    leading = _LEADING.match(second)
    if leading and not _LEADING.match(first):
        start = _start_of(first, leading["preposition"])
        return f"{first[:start]}{second}" if start is not None else f"{first} {second}"
    parted = _LAST_PREPOSITION.match(first)
    own = parted and f" {parted['preposition']} " in second  # "the crane in hall 1" stands by itself.
    if leading is None and parted and not own and _shape(parted["object"]) == _shape(second):
        return f"{parted['head']}{parted['preposition']} {second}"
    return second


def with_time(subject: str, than: str) -> str:
    """A subject with the time that stands behind what it is held against: "IT" and "Procurement in FY2026"."""
    time = _TIME.search(than)
    return f"{subject}{time.group()}" if time and not _TIME.search(subject) else subject


def _start_of(first: str, preposition: str) -> int | None:
    places = [match.start() for match in re.finditer(rf"\b{preposition} ", first, re.IGNORECASE)]
    return places[-1] if places else None


def _shared_tail(last: str) -> str:
    """The plain words at the end of "Silver support plan"; none where a name does not come before them."""
    words = last.split()
    start = len(words)
    while start and words[start - 1].isalpha() and words[start - 1].islower():
        start -= 1
    plain = words[start:]
    named = all(_is_name(word) or word.lower() in _DETERMINERS for word in words[:start])
    return " ".join(plain) if plain and start and named and plain[0] not in _PREPOSITIONS else ""


def _shape(phrase: str) -> str:
    words = phrase.split()
    while len(words) > 1 and words[0].lower() in _DETERMINERS:
        words = words[1:]
    return "name" if words and _is_name(words[0]) else "word"


def _is_name(word: str) -> bool:
    return word[:1].isupper() or any(character.isdecimal() for character in word)


def singular(phrase: str) -> str:
    """A list's shared plural for one of its members: "the hotel caps in Hull" is "the hotel cap in Hull"."""
    parted = re.split(rf"( (?:{PREPOSITION}) )", phrase, maxsplit=1)
    start, _, head = parted[0].rpartition(" ")
    if head.islower() and len(head) > 3 and head.endswith("s") and not head.endswith(("ss", "us", "is")):
        es = head.endswith(("ches", "shes", "sses", "xes"))
        head = f"{head[:-3]}y" if head.endswith("ies") else head[: -2 if es else -1]
    return f"{start} {head}".strip() + "".join(parted[1:])


def names_something(phrase: str) -> bool:
    """Whether `phrase` is a thing to compare with: a name, a code, or a noun with an article or a preposition.

    "Six hours", "usual" and "expected" are not.
    """
    words = phrase.split()
    if not words or len(words) > 12:
        return False
    if _ONE.match(phrase):
        return True
    if words[0][0].isdecimal() or words[0][0] in "£$€" or words[0].lower() in _MEASURES:
        return False
    if words[0].lower() in _DETERMINERS or _LEADING.match(phrase):
        year = len(words) > 1 and re.fullmatch(r"(?:19|20)\d{2}", words[1])
        return len(words) > 1 and (bool(year) or not (words[1][0].isdecimal() or words[1][0] in "£$€"))
    return any(_is_name(word) for word in words)


_MEASURES = frozenset(
    """
    one two three four five six seven eight nine ten twelve fifteen twenty thirty fifty hundred usual expected normal
    planned allowed average ever before eins zwei drei vier fünf sechs sieben acht neun zehn üblich erwartet geplant
    erlaubt
    """.split()
)
