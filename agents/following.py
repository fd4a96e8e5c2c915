"""Questions that lean on earlier ones ("and in Berlin?", "who approves it?") put so that each stands by itself.

Only earlier questions are read, never answers: what an answer said may have been taken from the asker since. Rules for
English and German; a question that stands by itself is left exactly as it is, and so is one that no rule can complete.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .following_places import LONGEST, PREPOSITIONS, is_plural, put_in_place, topic_of
from .planning import plan
from .question import understand
from .words import FRAME_WORDS, STOPWORDS, words_of

MOST_TURNS = 6
_QUESTION = (
    "how|what|which|who|whom|whose|when|where|why|wie|was|welche[rsmn]?|wer|wen|wem|wessen|wann|wo|wohin|warum|weshalb"
    "|wieso|wieviel"
)
_OPENING = re.compile(
    r"^\W*(?:(?:and|but|so|or|then|ok(?:ay)?|und|aber|oder|also),? +)*"
    r"(?:what about|how about|what is it (?=in|for|at|on|with)|what if it is|how is it (?=in|for|at|on|with)"
    r"|is it the same (?=in|for|at|on|with)|(?:the )?same (?=in|for|at|on|with)|was ist mit|wie ist (?:es|das)(?:"
    r" mit)?"
    r"|wie sieht es|und was ist mit) +(?P<rest>.+)$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"^\W*(?:and|but|or|und|aber|oder)\b,? +(?P<rest>.+)$", re.IGNORECASE)
_PLACED = re.compile(rf"^(?:{PREPOSITIONS}) \S", re.IGNORECASE)
_NAMED = re.compile(r"^(?:the |a |an |der |die |das )?(?:[A-ZÄÖÜ]|\w*\d)[\w&/-]*\??$")
_NAME_INSIDE = re.compile(r"\S [A-ZÄÖÜ]|\d")
_ORDINAL = re.compile(
    r"^\W*(?:and |und |what about |was ist mit )*(?:the |der |die |das |dem |den )?(?P<nth>first|second|third"
    r"|fourth|last|former|latter|other|erste[nrms]?"
    r"|zweite[nrms]?|dritte[nrms]?|letzte[nrms]?|andere[nrms]?)(?: one| ones)?\W*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"^\W*(?:and |but |und |aber )*(?P<asked>(?:since |by |until |seit |bis |from )?(?:{_QUESTION})(?: (?:not|so"
    rf"|much|many|long|often|viel|viele"
    r"|lange|oft|nicht))?)\W*$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?P<pronoun>it|its|they|them|their|this|that|these|those|one(?=\W*$)|he|she|him|her|his|es|sie|ihn|ihm|ihr"
    r"|dies(?:e[rsnm]?)?|das|dafür"
    r"|davon|dazu|darüber)\b",
    re.IGNORECASE,
)
_EMPTY_IT = re.compile(
    r"\b(?:does|did|will|would|can|is|was|if|that|how long does|when is) it (?:take|takes|be|possible|allowed"
    r"|enough|necessary|ok|okay|true|required"
    r"|permitted|mean|matter|rain|snow|worth|better|best|safe|legal|too|still|normal|usual)\b|\bit (?:is|was|'s)"
    r" \w+ (?:to|that|if)\b"
    r"|\bit (?:has|have|takes|took)\b|\b(?:was|is|has) it \w+ed\b|\bgibt es\b|\bist es (?:erlaubt|möglich|nötig"
    r"|notwendig|richtig|wahr)\b|\bthat (?:i|we|you|they|he|she|it|is|are|was"
    r"|were|has|have|had|can|may|must|the|a|an|my|our|no|\w+s)\b|\b(?:this|that|these|those) (?!one\b"
    r"|ones\b)[a-z]{3,}",
    re.IGNORECASE,
)
_ASKING = re.compile(
    rf"\b(?:{_QUESTION}|is|are|do|does|can|may|must|was|were|will|has|have|ist|sind|kann|darf|muss)\b", re.IGNORECASE
)
_TOLD = re.compile(rf": (?=(?:(?:since|by|until|seit|bis) )?(?:{_QUESTION})\b)", re.IGNORECASE)
_POSSESSIVE = frozenset(("its", "their", "his", "her", "ihr"))
_MOST_OWN = 3
"""Content words of a question with a pronoun that still leans on an earlier one."""
_NTH = {
    "first": 0,
    "former": 0,
    "erste": 0,
    "second": 1,
    "other": 1,
    "zweite": 1,
    "andere": 1,
    "third": 2,
    "dritte": 2,
    "fourth": 3,
    "last": -1,
    "latter": -1,
    "letzte": -1,
}


class EarlierTurn(Protocol):
    """A question of the conversation as it was asked, and as it was resolved then."""

    @property
    def question(self) -> str: ...

    @property
    def resolved(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A question that stands by itself: `text`. `turns` is how many earlier questions were looked at, 0 where it needed
    none; `why` says what was put in words, "" where nothing was."""

    text: str
    turns: int = 0
    why: str = ""

    @property
    def changed(self) -> bool:
        """Whether it differs from what was asked."""
        return bool(self.why)


def resolve(question: str, turns: Sequence[EarlierTurn]) -> Resolved:
    """`question` so that it stands by itself, from the questions of `turns`, oldest first. Pure; never raises."""
    asked = " ".join(question.split())
    earlier = [" ".join(turn.resolved.split()) for turn in turns[-MOST_TURNS:] if turn.resolved.strip()]
    if not earlier or not asked or len(asked) > LONGEST:
        return Resolved(text=question)
    named = asked.endswith("?") and _NAMED.match(asked) and _NAME_INSIDE.search(earlier[-1])
    if not named and not leans(asked):
        return Resolved(text=question)
    for back, before in enumerate(reversed(earlier), 1):
        found = _completed(asked, _TOLD.split(before[:LONGEST])[0].rstrip("?!. "))
        if found is not None and found[0].casefold() != asked.casefold() and len(found[0]) <= LONGEST:
            return Resolved(text=found[0], turns=back, why=found[1])
    return Resolved(text=question, turns=len(earlier))


def leans(question: str) -> bool:
    """Whether a question needs an earlier one to be understood."""
    opening = _OPENING.match(question)
    if opening and not re.search(r"\S [a-zäöü]+en\W*$", opening["rest"]):
        return True  # "Was ist mit X verbunden?" opens alike and stands by itself.
    if _ORDINAL.match(question) or _BARE.match(question):
        return True
    joined = _JOINED.match(question)
    rest = (joined["rest"] if joined else question).strip()
    if joined and len(words_of(rest)) <= 6 and not re.match(rf"(?:{_QUESTION})\b", rest, re.IGNORECASE):
        return True
    if _is_fragment(rest):
        return True
    return _points_back(rest)


def _is_fragment(text: str) -> bool:
    """ "In Berlin?", "For contractors?": a place or a group, and nothing that asks."""
    return bool(_PLACED.match(text)) and len(words_of(text)) <= 5 and not _ASKING.search(text)


def _points_back(text: str) -> bool:
    """A pronoun with little beside it: "Who approves it?". "Is it enough to ..." points nowhere."""
    pronoun = _PRONOUN.search(text)
    if pronoun is None or re.search(r"[.!?:] \S|, (?:and|und|but|aber) ", text):
        return False  # Beside another sentence it points back to what the same question told before.
    words = [(word.lower(), start) for word, start, _ in words_of(text) if word.lower() not in STOPWORDS]
    if _EMPTY_IT.search(text) and any(word not in FRAME_WORDS for word, _ in words):
        return False
    before = sum(start < pronoun.start() for _, start in words)
    names = [term for part in understand(text).parts for term in part.terms if term.kind in ("name", "quoted")]
    most = 1 if pronoun["pronoun"].lower() in _POSSESSIVE else 2
    return len(words) <= _MOST_OWN and before <= most and not names


def _completed(asked: str, before: str) -> tuple[str, str] | None:
    if ordinal := _ORDINAL.match(asked):
        return _nth(ordinal["nth"], before)
    if bare := _BARE.match(asked):
        return _bare(bare["asked"], before)
    opening = _OPENING.match(asked)
    joined = _JOINED.match(asked)
    rest = (opening or joined or {"rest": asked})["rest"].strip().rstrip("?!. ")
    asks = re.match(rf"(?:(?:by|since|until|seit|bis|ab) )?(?:{_QUESTION})\b", rest, re.IGNORECASE)
    if opening is None and (asks or _PRONOUN.search(rest)):
        return _pointing(rest, before)
    if _PRONOUN.fullmatch(rest):
        return None
    text = put_in_place(rest, before)
    return None if text is None else (f"{text}?", f"the earlier question is asked again for “{rest}”")


def _pointing(rest: str, before: str) -> tuple[str, str] | None:
    topic = topic_of(before)
    pronoun = _PRONOUN.search(rest)
    many = pronoun is not None and pronoun["pronoun"].lower() in ("they", "them", "their", "these", "those")
    if topic is None or (many and not is_plural(topic)):
        # No thing to name: the earlier question is told before this one.
        return f"{before}: {rest}?", "the earlier question is told before it"
    if pronoun is None:
        return f"{_capital(rest)}, {_about(before)} {topic}?", f"it is asked about “{topic}”"
    word, put = pronoun["pronoun"].lower(), topic
    owned = re.match(r"(?P<noun> [\w -]{2,60})$", rest[pronoun.end() :])
    if word in _POSSESSIVE and owned:
        text = f"{rest[: pronoun.start()]}the{owned['noun']} of {topic}"
        return f"{_capital(text)}?", f"“{pronoun['pronoun']}” is taken as that of “{topic}”"
    if word in ("dafür", "davon", "dazu", "darüber"):
        put = {"dafür": "für", "davon": "von", "dazu": "zu", "darüber": "über"}[word] + f" {topic}"
    text = f"{rest[: pronoun.start()]}{put}{rest[pronoun.end() :]}"
    return f"{_capital(text)}?", f"“{pronoun['pronoun']}” is taken as “{topic}”"


def _bare(asked: str, before: str) -> tuple[str, str] | None:
    """ "Why?", "Since when?": the earlier question, with other words to ask."""
    low = asked.lower()
    inverted = re.match(
        rf"^(?:(?:{_QUESTION})(?: (?:much|many|long|often|fast|soon|viel|viele|lange|oft))? )?"
        r"(?P<rest>(?:can|could|may|must|should|do|does|did|will|would|kann|können|darf|dürfen|muss|müssen|soll"
        r"|sollen) .+)$",
        before,
        re.IGNORECASE,
    )
    if inverted and low == "why not":
        auxiliary, _, others = inverted["rest"].partition(" ")
        negated = {"can": "can’t", "do": "don’t", "does": "doesn’t", "did": "didn’t"}.get(auxiliary.lower())
        return f"Why {negated or auxiliary.lower() + ' not'} {others}?", "the earlier question is asked in another way"
    if inverted and low in ("why", "how", "when", "where", "warum", "weshalb", "wieso", "wann", "wo", "wie"):
        return f"{_capital(asked)} {_lower(inverted['rest'])}?", "the earlier question is asked again in another way"
    topic = topic_of(before)
    if topic is None:
        return f"{before}: {asked}?", "the earlier question is told before it"
    if low in ("why", "warum", "weshalb", "wieso"):
        be, so = ("ist", "so") if low != "why" else ("are" if is_plural(topic) else "is", "as it is")
        return f"{_capital(asked)} {be} {topic} {so}?", f"it is asked about “{topic}”"
    if low in ("how much", "wie viel", "wieviel"):
        return f"{_capital(asked)} {'ist' if low.startswith('wie') else 'is'} {topic}?", f"it is asked about “{topic}”"
    return f"{_capital(asked)}, {_about(before)} {topic}?", f"it is asked about “{topic}”"


def _nth(word: str, before: str) -> tuple[str, str] | None:
    """One of the things that the earlier question named side by side."""
    steps = plan(understand(f"{before}?")).steps
    if len(steps) < 2 or any(step.needs for step in steps):
        return None
    place = _NTH.get(word.lower(), _NTH.get(re.sub("[nrms]$", "", word.lower()), len(steps)))
    if place >= len(steps):
        return None
    return steps[place].question.text, f"“{word}” is taken as the {word} thing that the earlier question named"


def _about(before: str) -> str:
    return "bei" if understand(before).language == "de" else "about"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
