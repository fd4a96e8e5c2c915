"""What the words of a unit say of it: whom they address, what they ask for, and how they are put."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .vocabulary import CIPHERS, GENRES, LANGUAGES, PERSONS, QUESTION_WORDS, VERB_KINDS, WORLD

_ANSWER_NOUNS = (
    r"(?:answers?|responses?|repl(?:y|ies)|outputs?|completion|antwort(?:en)?|ausgabe|réponses?|"
    r"respuestas?|salida)\b"
)
_OWN = r"(?:your|deiner?|deinen?|ihrer?|ta|tes|votre|vos|tu|tus|su|sus)"
YOUR_ANSWER = re.compile(rf"\b{_OWN} (?:[\w'’-]+ ){{0,2}}?{_ANSWER_NOUNS}")
_THE_ANSWER = re.compile(rf"\b(?:the|this|every|each|any|whole|dieser?|jeder?|la|cada) (?:[\w'’-]+ )?{_ANSWER_NOUNS}")
_YOUR_MESSAGE = re.compile(rf"\b{_OWN} (?:[\w'’-]+ )?(?:messages?|text|nachricht|message|mensaje)\b")
_YOUR_OWN = re.compile(rf"\b{_OWN} (?!(?:[\w'’-]+ ){{0,2}}?(?:{_ANSWER_NOUNS}|message|text))")
_THIS_MAIL = re.compile(r"\bthis (?:e-?mail|mail|message|letter|form|survey|article)\b")
_GREETING = re.compile(r"(?:hi|hello|dear|hallo|liebe[rs]?|bonjour|chers?|hola|re|fyi)\b")
_USER = re.compile(
    r"\b(?:the |any |to |inform |tell |ask |urge )(?:end[- ])?(?:users?|readers?)\b|\bde[nrm] (?:be)?nutzer|"
    r"l['’]utilisateur|\bal usuario\b"
)
MACHINE = re.compile(
    r"\b(?:ai|llms?|language models?|assistants?|chat ?bots?|chatgpt|gpt|prompts?|ki|ia|sprachmodell|assistente?n?|"
    r"asistente)\b"
)
_LINK = re.compile(r"https?://|www\.|\b[\w-]+\.(?:com|net|org|xyz|io|info|example|co|ru)\b")
_QUOTED = re.compile(r"['\"“‘«„][^'\"”’»“]{2,}['\"”’»“]")
_TO_ME = re.compile(r"\b(?:me|mir|mich|moi)\b|[a-zé]-moi\b|\b(?:cuénta|di|da)me\b")
_POINTING = re.compile(r"\b(?:this|these|below|here|that|those|it|them|diese[rsn]?|ce|cette|este|esta)\b")
_GIVEN = re.compile(r"\b(?:text|sentence|phrase|passage|paragraph|review|tweet|statement|document|email|word)s?\b")
_CAPITAL = re.compile(r"(?<=\w[ ,])[A-Z][a-zA-Z]+")
_CODE = re.compile(r"[{}<>$\\`]|\w\(\)|::|=>|->|/\w+/|\w_\w|--\w")
_HOW_TO = re.compile(r"how (?:do|can|would|could|should) (?:i|you|we)\b|wie (?:kann|mache)|comment (?:puis|faire)|cómo")
_ASKING = re.compile(r"(?:can|could|would|will) you (?:please |kindly )?\w+|(?:kannst|können|könnten) (?:du|sie)\b")
_IN_ANSWER = re.compile(rf"(?:in|at|to|with|for|throughout|when|whenever|after|before)\b.{{0,30}}{_ANSWER_NOUNS}")


class Opening(NamedTuple):
    """How a unit begins: the kind of its imperative if any, whether it asks, and its words in lower case."""

    kind: str | None
    asks: bool
    polite: bool
    words: Sequence[str]
    is_candidate: bool


def wording(body: str, lower: str, opening: Opening) -> dict[str, float]:
    """The values of a unit's words by name; `lower` is `body` in lower case."""
    words = opening.words
    known = set(words)
    imperative = opening.kind is not None
    values: dict[str, float] = {f"verb_{kind}": opening.kind == kind for kind in VERB_KINDS}
    capitals = len(_CAPITAL.findall(body))
    values |= {
        "imperative": imperative,
        "question": opening.asks,
        "question_word": opening.asks and words[0] in QUESTION_WORDS,
        "how_to": bool(_HOW_TO.match(lower)),
        "asking": bool(_ASKING.match(lower)),
        "polite": opening.polite,
        "your_answer": bool(YOUR_ANSWER.search(lower)),
        "the_answer": bool(_THE_ANSWER.search(lower)),
        "your_message": bool(_YOUR_MESSAGE.search(lower)),
        "your_own": bool(_YOUR_OWN.search(lower)),
        "this_mail": bool(_THIS_MAIL.search(lower)),
        "greeting": bool(_GREETING.match(lower)),
        "in_answer": bool(_IN_ANSWER.match(lower)),
        "user": bool(_USER.search(lower)),
        "machine": bool(MACHINE.search(lower)),
        "markup_link": "](" in lower,
        "link": bool(_LINK.search(lower)),
        "quoted": bool(_QUOTED.search(body)),
        "to_me": bool(_TO_ME.search(lower)),
        "you": "you" in known or "your" in known,
        "persons": bool(known & PERSONS),
        "pointing": bool(_POINTING.search(lower)),
        "given": bool(_GIVEN.search(lower)),
        "genre": bool(known & GENRES),
        "cipher": min(3, len(known & CIPHERS)) / 2,
        "language": bool(known & LANGUAGES),
        "world": min(2, len(known & WORLD)) / 2,
        "code": bool(_CODE.search(lower)),
        "capitals": min(4, capitals) / 4,
        "short": len(words) <= 3,
        "long": len(words) > 25,
        "middling": 5 <= len(words) <= 16,
        "ended": body.rstrip("\"'”’)*_ ")[-1:] in (".", "!", "?"),
        "colon": body.rstrip().endswith(":"),
        "lower_start": body[:1].islower(),
        "article_next": imperative and len(words) > 2 and bool(known & {"a", "an"}),
        "the_next": imperative and len(words) > 2 and words[1] in ("the", "how", "what", "why"),
        "comma": "," in body,
        "conditional": bool(known & {"if", "when", "before", "after", "once", "unless", "wenn", "si"}),
    }
    return values
