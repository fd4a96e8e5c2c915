"""Whether a unit holds the kind of thing that a question asks for: an amount, a duration, a person, a rule ...

Patterns for English and German. What the question itself already says ("after five years") does not count
as found, since an answer brings something new. `signals` is the only caller.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import assert_never

from .question import Asked, Part
from .words import STOPWORDS, stem, words_of

_REMEMBERED = 500
"""Longer texts are whole passages: what stands in them is looked for anew each time."""
_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|hundred"
    "|thousand|million|billion|half|once|twice|double|eine[mnrs]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf"
    "|zwanzig|dreißig|hundert|tausend|einmal|zweimal|doppelt|halbe[nrs]?|unlimited|no limit|unbegrenzt|zero|none"
)
_NUMERAL = r"\d[\d.,:/]*"
_TIME_UNIT = (
    "seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|yrs?|quarters?|decades?|centur(?:y|ies)"
    "|sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?s?|jahre?n?s?|quartale?|\\w*(?:tage|wochen|monate)n?"
)
_CURRENCY = r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|chf|cad|aud|dollars?|euros?|pounds?|cents?|franken)\b)"


class _Pattern:
    """A pattern, and what it found in the texts that it was last held against: the same ones answer many questions."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._compiled = re.compile(pattern, flags)
        self._found_before = lru_cache(maxsize=2048)(self._found)
        self._stood_before = lru_cache(maxsize=2048)(self._stands)

    def found(self, text: str) -> tuple[str, ...]:
        """All that it finds, each once, lower case."""
        return self._found_before(text) if len(text) <= _REMEMBERED else self._found(text)

    def stands(self, text: str) -> bool:
        """Whether it finds anything."""
        return self._stood_before(text) if len(text) <= _REMEMBERED else self._stands(text)

    def is_all_of(self, word: str) -> bool:
        """Whether it takes the whole of a word."""
        return self._compiled.fullmatch(word) is not None

    def left_out(self, text: str) -> str:
        """The text with a space for each thing found."""
        return self._compiled.sub(" ", text)

    def _found(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(match.group().lower() for match in self._compiled.finditer(text)))

    def _stands(self, text: str) -> bool:
        return self._compiled.search(text) is not None


_NUMBER = _Pattern(rf"(?<![\w.]){_NUMERAL}|\b(?:{_NUMBER_WORDS})\b", re.IGNORECASE)
_MONEY = _Pattern(
    rf"{_CURRENCY}\s?{_NUMERAL}|{_NUMERAL}\s?(?:k|m|bn|million|billion|mio\.?|mrd\.?)?\s?{_CURRENCY}", re.IGNORECASE
)
_MONEY_WORD = _Pattern(
    r"\b(?:free of charge|for free|no (?:cost|charge|fee|limit)|fully (?:covered|paid|reimbursed)|actual costs?"
    r"|not (?:be )?(?:reimbursed|"
    r"covered|paid)|kostenlos|kostenfrei|unentgeltlich|budget|fee|price|cost|salary|allowance|amount|limit"
    r"|bonus|revenue|spend|cap|gebühr|preis|kosten|betrag|gehalt)\b",
    re.IGNORECASE,
)
_THOUSANDS = _Pattern(r"\d[,.]\d{3}\b")
_SPEED = _Pattern(r"\d\s?(?:km/h|mph|m/s|kph|knots)\b|\bwalking pace\b|\bschritttempo\b", re.IGNORECASE)
_SHARE = _Pattern(r"\d\s?%|\bper ?cent\b|\bprozent\b|\bhalf\b|\d/\d|\bhälfte\b|\bthird\b|\bquarter\b", re.IGNORECASE)
_SPAN_OF_TIME = _Pattern(
    rf"(?:{_NUMERAL}\+?|\b(?:{_NUMBER_WORDS}|a|an|several|few))[\s-]*(?:\w+[\s-]+){{0,2}}?(?:{_TIME_UNIT})\b",
    re.IGNORECASE,
)
_TIME_WORD = _Pattern(
    rf"\b(?:{_TIME_UNIT}|immediately|permanently|indefinitely|annual(?:ly)?|monthly|weekly|daily|sofort"
    rf"|unverzüglich|unbefristet"
    r"|jährlich|monatlich|until|until further notice|forever|eod|overnight|asap)\b",
    re.IGNORECASE,
)
_FREQUENCY = _Pattern(
    r"\b(?:every|each|per|once|twice|times|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?|bi-?weekly"
    r"|bi-?monthly|fortnightly"
    r"|semi-?annual(?:ly)?|hourly|regularly|ad hoc|recurring|continuous(?:ly)?|jede[nrs]?|pro|einmal|zweimal"
    r"|täglich|wöchentlich"
    r"|monatlich|vierteljährlich|halbjährlich|jährlich|alle|regelmäßig|mondays|tuesdays|wednesdays|thursdays"
    r"|fridays|yrs?|years)\b",
    re.IGNORECASE,
)
_MONTH = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?|sept?(?:ember)?"
    "|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_DATE = _Pattern(
    rf"\b(?:{_MONTH})\.?,? \d|\d\.? ?(?:{_MONTH})\b|\b(?:1[0-9]|20)\d\d\b"
    rf"|\b\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}\b|\b\d{{1,2}}(?:st|nd|rd|th)\b"
    r"|\b\d{1,2}:\d\d\b|\b\d{1,2} ?[ap]\.?m\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\bq[1-4]\b"
    r"|\bnoon\b|\bmidnight\b"
    r"|\b(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)s?\b|\d uhr\b|\b\d\. (?:quartal|werktag)\b",
    re.IGNORECASE,
)
_DATE_WORD = _Pattern(
    r"\b(?:when|before|after|by|within|until|as soon as|once|during|beginning|end of|start of|first|last|month"
    r"|year|week|quarter|day"
    r"|prior|wenn|sobald|vor|nach|bis|innerhalb|während|anfang|ende|ersten|letzten|monat|jahr|woche|tag|century"
    r"|jahrhundert)\b",
    re.IGNORECASE,
)
_ROLE = _Pattern(
    r"\b(?:\w*managers?|directors?|heads?|chiefs?|c[efotis]o|ciso|vps?|vice president|presidents?|officers?"
    r"|leads?|leaders?|teams?"
    r"|departments?|hr|human resources|finance|legal|board|committee|council|administrators?|admins?"
    r"|supervisors?|owners?|partners?"
    r"|employees?|staff|teammates?|engineers?|coordinators?|specialists?|counsel|secretary|executives?"
    r"|founders?|group|ops|desk|support"
    r"|\w*leiter(?:in)?|\w*leitung|geschäftsführ\w+|vorstand|abteilung|beauftragte[rn]?|vorgesetzte[rn]?"
    r"|mitarbeiter\w*|betriebsrat"
    r"|personal\w*|buchhaltung|sekretariat|verwaltung)\b|@[\w-]+|\S+@\S+\.\w+",
    re.IGNORECASE,
)
_GROUP = _Pattern(
    r"\b(?:teams?|departments?|staff|employees?|teammates?|group|ops|desk|support|mitarbeiter\w*|abteilung)\b",
    re.IGNORECASE,
)
_FULL_NAME = _Pattern(r"(?<![\w.])(?:(?:Dr|Prof|Mr|Mrs|Ms|Herr|Frau)\.? )?[A-ZÄÖÜ][a-zäöüß'’-]+ [A-ZÄÖÜ][\w'’-]+")
_PROPER_NAME = _Pattern(r"(?<=[\w,;)] )([A-ZÄÖÜ][\w&'’-]+)|\b\w+ (?:GmbH|AG|SE|Ltd|LLP|Inc|plc|Corp)\b")
_CONTACT = _Pattern(
    r"\+?\d[\d ()/-]{5,}\d|\b(?:ext(?:ension|\.)?|durchwahl|dial|call)\W{0,3}\d{3,}|\S+@\S+\.\w+|https?://|www\.",
    re.IGNORECASE,
)
_PLACE = _Pattern(
    r"#[\w-]{3,}|https?://|\bwww\.|\b(?:in|at|on|to|from|into|im|in der|auf|unter|bei|via|through"
    r"|under)\s+(?:the\s+|der\s+|dem\s+)?[A-Z][\w-]+"
    r"|\b(?:office|building|room|floor|street|city|country|region|portal|folder|drive|page|site|dashboard"
    r"|channel|inbox|intranet|system"
    r"|tab|menu|section|north|south|east|west|gebäude|raum|stock|straße|büro|ordner|laufwerk|seite|nord|süd"
    r"|ost)\w*\b|\S+@\S+\.\w+"
)
_RULE = _Pattern(
    r"\b(?:must|may|can|cannot|can't|should|shall|need(?:s|ed)?|require[ds]?|allowed|permitted|prohibited"
    r"|forbidden|eligible|entitled|never"
    r"|always|not|no|only|yes|won't|don't|doesn't|isn't|aren't|unless|except|optional|mandatory|able|free to"
    r"|welcome|provided|will|without"
    r"|darf|dürfen|kann|können|muss|müssen|soll\w*|nicht|kein\w*|nur|immer|nie|verboten|erlaubt|gestattet"
    r"|untersagt|zulässig|pflicht|ja|nein"
    r"|anspruch|erforderlich|ohne|außer)\b",
    re.IGNORECASE,
)
_STEP = _Pattern(
    r"\b(?:click|go to|select|submit|fill|send|contact|open|request|create|enter|choose|add|use|log ?in"
    r"|navigate|email|e-mail|post|ask|call|upload"
    r"|complete|visit|follow|run|set|install|write|book|file|raise|report|notify|inform|reach out|sign|schedule"
    r"|via|through|by \w+ing|step"
    r"|first|then|please|should|must|need to|klicken|wählen|senden|ausfüllen|einreichen|beantragen|öffnen"
    r"|eingeben|melden|wenden|anrufen|über"
    r"|schritt|zunächst|anschließend|bitte|muss|müssen)\b",
    re.IGNORECASE,
)
_REASON = _Pattern(
    r"\b(?:because|due to|since|so that|so you|in order to|to ensure|to make sure|to avoid|to prevent|to keep"
    r"|reason|therefore|thus|hence|caus\w+|as a"
    r" result|means|led to|result\w*|owing|this (?:way|allows|ensures|helps)|in case|otherwise|for the purpose"
    r"|weil|da|damit|deshalb|daher|wegen|aufgrund"
    r"|grund|um .+ zu|ursache|führt|sonst)\b",
    re.IGNORECASE,
)
_IS = _Pattern(
    r"\b(?:is|are|was|means?|refers? to|stands? for|describes?|known as|ist|sind|bedeutet|bezeichnet"
    r"|steht für)\b|:",
    re.IGNORECASE,
)
_STRONG, _WEAK, _TRACE = 1.0, 0.5, 0.25


def kind_present(part: Part, text: str, columns: tuple[str, ...] = ()) -> float:  # noqa: PLR0911, PLR0912 - one kind a case
    """How plainly `text` holds the kind of thing that `part` asks for: 0 (not at all) to 1 (plainly).

    Kinds without a plain form (THING, OTHER) give a value by the names and new words in `text`. A table row's
    `columns` count for amounts, since the currency often stands there.
    """
    match part.asked:
        case Asked.AMOUNT:
            return _amount(part, text, columns)
        case Asked.NUMBER:
            return _number(part, text)
        case Asked.DURATION:
            return _duration(part, text, columns)
        case Asked.FREQUENCY:
            return _graded(_new(part, _FREQUENCY, text), _new(part, _SPAN_OF_TIME, text), _new(part, _NUMBER, text))
        case Asked.DATE:
            return _graded(_new(part, _DATE, text), _DATE_WORD.stands(text), _new(part, _NUMBER, text))
        case Asked.PERSON:
            return _person(part, text)
        case Asked.ORGANISATION:
            return _graded(_new_proper_name(part, text), None, None)
        case Asked.CONTACT:
            return _graded(_CONTACT.stands(text), None, None)
        case Asked.PLACE:
            return _graded(_new(part, _PLACE, text), new_names(part, text) > 0, None)
        case Asked.YES_NO:
            return _graded(_RULE.stands(text), None, _IS.stands(text))
        case Asked.PROCEDURE:
            return _graded(_STEP.stands(text), _RULE.stands(text), None)
        case Asked.REASON:
            return _graded(_REASON.stands(text), None, None)
        case Asked.DEFINITION:
            return _graded(_IS.stands(text), None, None)
        case Asked.THING | Asked.OTHER:
            return _graded(new_names(part, text) > 0, len(text) > 0, None)
        case _ as unknown:
            assert_never(unknown)


def new_names(part: Part, text: str) -> int:
    """Names in `text` that the question lacks."""
    known = {term.stem for term in part.terms}
    return sum(name not in known for name in names(text))


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[str, ...]:
    """The stems of the names in `text`: what is capitalised inside a sentence, acronyms, words with capitals inside."""
    found = []
    for index, (word, _, _) in enumerate(words_of(text)):
        capital = word[0].isupper() and (index > 0 or word.isupper())
        if (capital or any(c.isupper() for c in word[1:])) and word.lower() not in STOPWORDS:
            found.append(stem(word))
    return tuple(found)


@lru_cache(maxsize=4096)
def numbers(text: str) -> frozenset[str]:
    """Numerals and number words of `text`, lower case."""
    return frozenset(number.rstrip(".,:/") for number in _NUMBER.found(text))


def _graded(strong: object, weak: object, trace: object) -> float:
    return _STRONG if strong else _WEAK if weak else _TRACE if trace else 0.0


def _new(part: Part, pattern: _Pattern, text: str) -> bool:
    """Whether `pattern` finds something in `text` that the question does not say itself."""
    question = part.text.lower()
    return any(found not in question for found in pattern.found(text))


def _amount(part: Part, text: str, columns: tuple[str, ...]) -> float:
    number = _new(part, _NUMBER, text)
    named = " ".join(columns).replace("_", " ")
    in_row = number and columns and (re.search(_CURRENCY, named, re.IGNORECASE) or _MONEY_WORD.stands(named))
    likely = number and (_SHARE.stands(text) or _THOUSANDS.stands(text))
    return _graded(_new(part, _MONEY, text) or in_row, likely or _MONEY_WORD.stands(text), number)


def _person(part: Part, text: str) -> float:
    """A full name or a role is plain; a team, or any other name, may be what is meant."""
    known = part.text.lower()
    named = any(not any(word in known for word in name.split()) for name in _FULL_NAME.found(text))
    return _graded(
        named or _new(part, _ROLE, _GROUP.left_out(text)), _new(part, _ROLE, text) or new_names(part, text), None
    )


def _new_proper_name(part: Part, text: str) -> bool:
    """Whether a capitalised word that opens no sentence, and that the question does not hold, stands in `text`."""
    known = part.text.lower()
    return any(name not in known for name in _PROPER_NAME.found(text))


def _duration(part: Part, text: str, columns: tuple[str, ...]) -> float:
    number = _new(part, _NUMBER, text)
    in_row = number and _TIME_WORD.stands(" ".join((text, *columns)).replace("_", " "))
    # "How long" may ask for pages and "how fast" for speed: then a number alone is worth something.
    measure = number and re.search(r"\b(?:long|fast|lange?|schnell|old|alt)\b", part.text, re.IGNORECASE)
    strong = _new(part, _SPAN_OF_TIME, text) or (number and _SPEED.stands(text))
    return _graded(strong, in_row or measure, number or _TIME_WORD.stands(text))


def _number(part: Part, text: str) -> float:
    if re.search(r"percent|share|proportion|ratio|prozent|anteil", part.text, re.IGNORECASE):
        number = _new(part, _NUMBER, text)
        return _graded(number and _SHARE.stands(text), None, number)
    if not _new(part, _NUMBER, text):
        return 0.0
    if part.unit is None:
        return _STRONG
    words = words_of(text)
    at_number = [index for index, (word, _, _) in enumerate(words) if _NUMBER.is_all_of(word)]
    near = any(stem(word) == part.unit for index in at_number for word, _, _ in words[index + 1 : index + 4])
    return _STRONG if near else _WEAK
