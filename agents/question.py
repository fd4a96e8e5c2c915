"""What a question asks for: its parts, the kind of thing each part wants, and the words that matter.

Rules over question words of English and German; a question in another language keeps one part of kind
OTHER and is judged by embeddings alone. `signals` and `judging` read what is found here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from .sentences import split_sentences
from .words import STOPWORDS, stem, words_of

Language = Literal["en", "de", "other"]


class Asked(StrEnum):
    """The kind of thing that an answer must hold."""

    AMOUNT = "amount"  # money
    NUMBER = "number"  # a count, measure or share
    DURATION = "duration"
    FREQUENCY = "frequency"
    DATE = "date"  # a date, day or time of day
    PERSON = "person"  # a person, role or team
    ORGANISATION = "organisation"  # a firm, supplier, brand
    CONTACT = "contact"  # a telephone number, a mail or web address
    PLACE = "place"
    YES_NO = "yes_no"
    PROCEDURE = "procedure"
    REASON = "reason"
    DEFINITION = "definition"
    THING = "thing"  # "which", "what": one or several named things
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A content word of a question part: [start, end) in the part's text.

    `kind`: a name (capitalised inside a sentence, or with digits and letters mixed), a number, a word in
    quotation marks, or a plain word. `focus` says that it stands in the sentence that asks, not in a
    sentence told before it.
    """

    text: str
    stem: str
    start: int
    end: int
    kind: Literal["word", "name", "number", "quoted"] = "word"
    focus: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One fact asked for. `text` stands by itself; `unit` is the stem counted in "how many days"."""

    text: str
    asked: Asked
    terms: tuple[Term, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question as asked, its language as far as can be told, and its parts (at least one)."""

    text: str
    language: Language
    parts: tuple[Part, ...]


_QUESTION_WORDS = (
    "how|what|which|who|whom|whose|when|where|why"
    "|wie|was|welche[rsmn]?|wer|wen|wem|wessen|wann|wo|wohin|woher|warum|weshalb|wieso|wozu|wieviel"
)
_AUXILIARIES = (
    "can|could|may|might|must|shall|should|will|would|do|does|did|is|are|was|were|am|has|have|had|need"
    "|kann|können|könnte|darf|dürfen|muss|müssen|soll|sollte|sollen|ist|sind|war|wird|werden|wurde|gibt|gilt"
    "|gelten|hat|haben|habe|bekomme|bekommt|bekommen|erhalte|erhält|erhalten|braucht|brauche|brauchen|zahlt|bietet"
)
_PREPOSITIONS = (
    "to|for|from|by|at|on|in|within|until|since|with|of|after|about|under|over"
    "|bis|ab|seit|zu|an|am|von|mit|für|auf|aus|nach|bei|unter"
)
_MONEY = (
    r"\b(?:cost|costs|price|priced|fee|fees|pay|pays|paid|spend|spent|budget|charged?|reimburse\w*|salar\w+|wage"
    r"|allowance|stipend|expens\w+|bonus|fine|penalty|revenue|sales|income|money|cover|contribut\w+|deposit"
    r"|discount"
    r"|kosten|kostet|preis|gebühr\w*|budget|zahl\w+|bezahl\w+|erstatt\w+|gehalt|umsatz|betrag|geld|zuschuss"
    r"|pauschale"
    r"|verpflegung\w*|dollars?|euros?|usd|eur|\w*limit|cap|compensation|worth|earn|claim)\b"
)
_SHARE = r"\b(?:percent\w*|share|proportion|ratio|fraction|prozent\w*|anteil)\b"

# Each pattern starts at its question word; earlier rules are the more special ones.
_RULES: tuple[tuple[Asked, str], ...] = (
    (
        Asked.CONTACT,
        r"\b(?:(?:tele)?phone|mobile|extension|hotline) numbers?\b|\be-?mail address\w*|\b(?:web|internet) ?address"
        r"|\b(?:telefon|handy|durchwahl)\w*nummer\w*|\bdurchwahl\b|\bmail-?adresse\w*",
    ),
    (
        Asked.ORGANISATION,
        r"\b(?:what|which|whose) (?:(?!of\b|do\b|does\b|is\b)[\w-]+ ){0,3}(?:company|companies|firms?|suppliers?"
        r"|vendors?|providers?|insurers?|brands?|couriers?|carriers?|banks?|auditors?|agency|agencies|contractors?|manufacturers?"
        r"|makers?|airlines?|chains?|dealers?|customers?)\b(?! (?:policy|card|car|account|discount))"
        r"|\bwelche[rsmn]? (?:\w+ )?(?:firma|unternehmen|lieferant\w*|anbieter|versicher\w+|marke|bank|hersteller)\b",
    ),
    (Asked.FREQUENCY, r"\bhow (?:often|frequently|regularly|many times)\b|\bwie (?:oft|häufig)\b|\bfrequency\b"),
    (
        Asked.DURATION,
        r"\bhow (?:long|soon|quickly|fast|old|far (?:ahead|in advance)|early|late|much (?:notice|time|longer))\b"
        r"|\bhow many (?:\w+ ){0,2}?(?:seconds|minutes|hours|days|weeks|months|years|workdays)\b"
        r"|\bwie (?:lange?|schnell|früh|alt|weit im voraus)\b|\bwie ?viele? (?:\w+ )?(?:sekunden|minuten"
        r"|stunden|tage"
        r"|wochen|monate|jahre|werktage|arbeitstage|urlaubstage)\b"
        r"|\b(?:what|which) (?:is the )?(?:(?!of\b)\w+ ){0,3}(?:notice|period|duration|deadline|time ?frame"
        r"|turnaround)\b"
        r"|\b(?:what|which) .{3,40} in (?:hours|days|weeks|months|years)\b"
        r"|\bwelche \w*(?:frist|dauer)\b",
    ),
    (
        Asked.PROCEDURE,
        r"\bwhat (?:steps|must i do|should i do|do i (?:need|have) to do|to do)\b|\bwas (?:muss|soll) ich tun\b",
    ),
    (
        Asked.REASON,
        r"\bwhy\b|\bhow come\b|\bwhat (?:\w+ )?(?:causes?|reasons?)\b|\b(?:warum|weshalb|wieso|wozu)\b|\bgrund\b",
    ),
    (
        Asked.DATE,
        r"\bwhen\b(?! \w+ing)|\b(?:what|which) (?:\w+ ){0,2}(?:date|day|days|time|hour|month|year|quarter"
        r"|weekday)\b"
        r"|\bwann\b|\b(?:welche[rmns]?|an welchem) (?:\w+ )?(?:tag|datum|monat|jahr|uhrzeit|quartal)\b"
        r"|\bseit wann\b",
    ),
    (
        Asked.PERSON,
        r"\bwho(?:m|se)?\b|\b(?:what|which) (?:(?!of\b)\w+ ){0,2}(?:person|people|team|teams|department|manager"
        r"|leaders?|role"
        r"|roles|director|employee|employees|groups?|executive|officer)\b|\bwe[rnm]\b|\bwessen\b"
        r"|\bwelche[rsmn]? (?:\w+ )?(?:person|abteilung|team|rolle|mitarbeiter\w*|stelle)\b",
    ),
    (
        Asked.PLACE,
        r"\bwhere\b|\b(?:what|which) (?:\w+ ){0,2}(?:office|city|country|countries|place|location|building|room"
        r"|region"
        r"|site|channel|page|folder|address)\b|\bwo(?:hin|her)?\b|\bwelche[rsmn]? (?:\w+ )?(?:ort|stadt|land"
        r"|raum|büro)\b",
    ),
    (Asked.NUMBER, rf"(?:what|which|how|wie|welche).*{_SHARE}|\bhow many\b|\bwie ?viele\b"),
    (
        Asked.AMOUNT,
        rf"\b(?:how (?:high|big|large)|wie ?viel|wie hoch)\b.*{_MONEY}|\bhow much (?:\w+ )?{_MONEY}"
        rf"|\bhow much (?:is|are|was)\b|\bhow much (?:{_AUXILIARIES})\b.*{_MONEY}",
    ),
    (
        Asked.AMOUNT,
        r"\b(?:what|which) (?:(?:is|are|was|were) )?(?:(?!of\b)\S+ ){0,4}(?:cost|price|fee|budget|salary|allowance"
        r"|stipend|limit|rate|amount|bonus|discount|per diem|cap|deposit|revenue|sales|income)s?\b"
        r"|\bwhat (?:do|does|did|will|would) .+ (?:cost|pay|earn)\b|\bhow (?:expensive|costly)\b|\bwas kostet\b",
    ),
    (
        Asked.NUMBER,
        r"\bhow (?:much|high|big|large|far|tall|wide|heavy|deep|hot|cold|loud)\b|\bwie (?:viel|hoch|groß|weit"
        r"|schwer)\b"
        r"|\b(?:what|which) (?:\w+ ){0,3}(?:number|size|speed|length|score|count|temperature|minimum|maximum)\b",
    ),
    (Asked.PROCEDURE, rf"\bhow (?:to|(?:{_AUXILIARIES}))\b|\bwie (?:{_AUXILIARIES}|man|\w+[te] (?:ich|man|wir))\b"),
    (
        Asked.DEFINITION,
        r"^\W*what (?:is|are) (?:an? )?[\w'-]+(?: [\w'-]+)?\W*$|\bwhat does .+ (?:mean|stand for)\b"
        r"|^\W*was (?:ist|sind|bedeutet)\b|\bdefinition\b",
    ),
    (Asked.THING, r"\b(?:which|what)\b|\bwelche[rsmn]?\b|\bwas\b"),
    (Asked.PROCEDURE, r"^\W*(?:how|wie)\b"),
    (Asked.YES_NO, rf"^\W*(?:[^?]{{0,80}},\s+)?(?:{_AUXILIARIES})\b|\bis there\b|\bor not\b"),
)
_COMPILED = tuple((asked, re.compile(pattern, re.IGNORECASE)) for asked, pattern in _RULES)
_STARTS_YES_NO = re.compile(rf"^\W*(?:{_AUXILIARIES})\b", re.IGNORECASE)
_SPLIT = re.compile(
    rf"[,;]?\s+(?:and|und|&|sowie)\s+(?=(?:(?:{_PREPOSITIONS})\s+)?(?:{_QUESTION_WORDS})\b)"
    rf"|[,;]\s+(?:and|und)\s+(?=(?:{_AUXILIARIES})\s+(?:i|we|you|they|he|she|it|the|my|our|there|ich|wir|man|es"
    rf"|die|der|das)\b)",
    re.IGNORECASE,
)
_DOUBLE = re.compile(rf"^\W*({_QUESTION_WORDS})\s+(?:and|und)\s+({_QUESTION_WORDS})\s+(.+)$", re.IGNORECASE | re.DOTALL)
_UNIT = re.compile(r"\b(?:how many|wie ?viele)\s+(?:\w+ )??([\w-]{3,})", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“„«`]([^\"”“»`]{2,60})[\"”“»`]")
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|that|this|those|these|one|es|sie|ihn|ihm|dies\w*|das|davon|dafür)\b", re.I
)
_GERMAN_WORDS = """
    der die das ein eine und oder ist sind wie was wer wann wo warum welche welcher welches nicht für mit bei im
    am zum zur den dem des kann darf muss gibt ich wir von auf viele lange werden wird haben hat
"""
_GERMAN = frozenset(_GERMAN_WORDS.split())
_ENGLISH_WORDS = """
    the a an and or is are how what who when where why which not for with at in on to of can may must do does
    there i we my our many long will has have if be it
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_MIN_OWN_TERMS = 2
_MAX_POINTING_TERMS = 4


def understand(question: str) -> Question:
    """Splits `question` into parts that each ask for one fact. Never raises; an empty text has one empty part."""
    text = " ".join(question.split())
    sentences = [text[start:end] for start, end in split_sentences(text)]
    asking = [s for s in sentences if s.endswith("?")] or sentences[-1:] or [text]
    told = " ".join(s for s in sentences if s not in asking)
    parts: list[Part] = []
    for sentence in asking:
        for piece in _pieces(sentence):
            parts.append(_part(piece, told, parts[0].text if parts else None))
    return Question(text=text, language=_language(text), parts=tuple(parts))


def asked_for(sentence: str) -> Asked:
    """The kind of thing that one asking sentence wants."""
    if _STARTS_YES_NO.match(sentence):
        return Asked.YES_NO
    matches = [
        (match.start(), order) for order, (_, pattern) in enumerate(_COMPILED) if (match := pattern.search(sentence))
    ]
    # The first question word asks ("How do I report it when ..."); among rules that start there, their order decides.
    return _COMPILED[min(matches)[1]][0] if matches else Asked.OTHER


def _pieces(sentence: str) -> list[str]:
    double = _DOUBLE.match(sentence)
    if double:
        return [f"{double[1]} {double[3]}", f"{double[2]} {double[3]}"]
    pieces = [piece.strip(" ,;") for piece in _SPLIT.split(sentence)]
    return [piece if piece.endswith("?") else f"{piece}?" for piece in pieces if piece.strip("? ")] or [sentence]


def _part(piece: str, told: str, first: str | None) -> Part:
    """Builds a part; one too bare to stand alone ("and how much?") takes the first part's words along."""
    before = told
    own = [word for word, _, _ in words_of(piece) if word.lower() not in STOPWORDS]
    bare = len(own) < _MIN_OWN_TERMS or (len(own) < _MAX_POINTING_TERMS and bool(_POINTS_BACK.search(piece)))
    if first is not None and bare:
        before = first
    elif first is None or not told:
        prefix, colon, rest = piece.partition(": ")
        if colon and re.match(
            rf"(?:(?:{_PREPOSITIONS})\s+)?(?:{_QUESTION_WORDS}|{_AUXILIARIES})\b", rest, re.IGNORECASE
        ):
            before, piece = prefix + colon.strip(), rest
    text = f"{before} {piece}".strip()
    unit = _UNIT.search(piece)
    asked = asked_for(piece)
    if asked is Asked.NUMBER and unit is None and re.search(_MONEY, before, re.IGNORECASE):
        asked = Asked.AMOUNT  # "Is there a fee, and how much?"
    return Part(
        text=text,
        asked=asked,
        terms=_terms(text, len(text) - len(piece)),
        unit=stem(unit[1]) if unit else None,
    )


def _terms(text: str, focus_from: int) -> tuple[Term, ...]:
    quoted = [match.span(1) for match in _QUOTED.finditer(text)]
    openings = {start for start, _ in split_sentences(text)}
    terms: list[Term] = []
    for word, start, end in words_of(text):
        kind = _kind(word, start, openings, quoted)
        if kind == "word" and (word.lower() in STOPWORDS or len(word) < 2):
            continue
        terms.append(Term(text=word, stem=stem(word), start=start, end=end, kind=kind, focus=start >= focus_from))
    return tuple(terms)


def _kind(
    word: str, start: int, openings: set[int], quoted: list[tuple[int, int]]
) -> Literal["word", "name", "number", "quoted"]:
    if any(a <= start < b for a, b in quoted):
        return "quoted"
    if any(c.isdecimal() for c in word):
        return "number" if word[0].isdecimal() else "name"
    inside = not any(o <= start <= o + 1 for o in openings)
    if inside and word.lower() not in STOPWORDS and (word[0].isupper() or any(c.isupper() for c in word[1:])):
        return "name"
    return "word"


def _language(text: str) -> Language:
    words = [word.lower() for word, _, _ in words_of(text)]
    german, english = sum(w in _GERMAN for w in words), sum(w in _ENGLISH for w in words)
    if german == english == 0:
        return "other"
    return "de" if german > english or (german == english and re.search("[äöüß]", text.lower())) else "en"
