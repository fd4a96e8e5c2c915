"""Whether passages suffice to answer a question, told cheaply from their words, and how to ask again when not.

Only what is plainly thin is asked again: a name or code of the question that stands in no passage, few of its words, or
nothing of the kind asked for. Whether a passage really answers is for the analyst to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.model import Hit

from .kinds import kind_present
from .question import Asked, Part, Question, Term
from .words import FRAME_WORDS, STOPWORDS

MOST_AGAIN = 2
"""Further searches for one question."""
_LEAST_COVERED = 0.34
"""Of the words that matter, the share that must stand in some passage."""
_READ = 12
_LONGEST_QUERY = 300
_MOST_HEADINGS = 3
_PLAIN_KINDS = frozenset(
    (Asked.AMOUNT, Asked.NUMBER, Asked.DURATION, Asked.DATE, Asked.CONTACT, Asked.FREQUENCY, Asked.PERSON)
)
_FILTER = re.compile(r"(?<!\S)-(?=\w)|(?<=\w):(?=\S)")
_GERMAN_ENGLISH = (
    ("kündigungsfrist", "notice period"),
    ("probezeit", "probation"),
    ("urlaub", "annual leave"),
    ("reisekosten", "travel expenses"),
    ("reise", "travel"),
    ("hotel", "hotel"),
    ("verpflegung", "meal allowance"),
    ("obergrenze", "cap limit"),
    ("grenze", "limit"),
    ("gehalt", "salary"),
    ("krankmeldung", "sickness note"),
    ("krank", "sick"),
    ("lieferant", "supplier"),
    ("zahlungsziel", "payment term"),
    ("rechnung", "invoice"),
    ("vertrag", "contract"),
    ("genehm", "approval"),
    ("passwort", "password"),
    ("ersatzteil", "spare part"),
    ("gewährleistung", "warranty"),
    ("garantie", "warranty"),
    ("rabatt", "discount"),
    ("preis", "price"),
    ("datenschutz", "data protection"),
    ("arbeitszeit", "working hours"),
    ("schulung", "training"),
    ("werk", "site"),
    ("lager", "warehouse"),
    ("umsatz", "revenue"),
    ("standort", "site"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sufficiency:
    """Whether evidence suffices, why in one line without words of documents, and the question's words it lacks."""

    enough: bool
    why: str
    missing: tuple[str, ...] = ()


def suffices(question: Question, hits: Sequence[Hit]) -> Sufficiency:
    """Judges `hits`, best first, of which a dozen are read."""
    if not hits:
        return Sufficiency(enough=False, why="nothing was found", missing=_words(_terms(question)))
    texts = [hit.chunk.indexed_text for hit in hits[:_READ]]
    low = "\n".join(texts).casefold()
    terms = _terms(question)
    names = [term for term in terms if _is_name(term) and not _stands(term, low)]
    if names:
        return Sufficiency(enough=False, why="a name that was asked for stands in no passage", missing=_words(names))
    plain = [term for term in terms if term.kind == "word"]
    lacking = [term for term in plain if not _stands(term, low)]
    if plain and 1 - len(lacking) / len(plain) < _LEAST_COVERED:
        return Sufficiency(enough=False, why="few of the words asked for stand in a passage", missing=_words(lacking))
    for part in question.parts:
        if part.asked in _PLAIN_KINDS and not any(_holds_kind(part, hit) for hit in hits[:_READ]):
            why = f"no passage holds what was asked for: {part.asked.value}"
            return Sufficiency(enough=False, why=why, missing=_words(lacking))
    return Sufficiency(enough=True, why="what was asked for stands in the passages")


def ask_again(question: Question, found: Sufficiency, hits: Sequence[Hit], asked: Sequence[str]) -> str | None:
    """Other words to search with, or None when there are none that were not searched for already.

    First the words that matter alone; then what is missing, in English where it was asked in German, beside the
    headings of the best passages.
    """
    terms = _terms(question)
    key = _words(term for term in terms if _is_name(term) or term.kind == "number" or term.focus)
    headings = [heading for hit in hits[:2] for heading in hit.chunk.headings[-1:]]
    wanted = found.missing or key
    translated = _translated(question) if question.language == "de" else []
    tried: tuple[Sequence[str], ...] = (
        [*translated, *_names(terms)] if translated else key,
        [*wanted, *headings[:_MOST_HEADINGS]],
        key,
    )
    for words in tried:
        query = _FILTER.sub(" ", " ".join(dict.fromkeys(words)))[:_LONGEST_QUERY].strip()
        if query and query.casefold() not in {one.casefold().rstrip("?. ") for one in asked}:
            return query
    return None


def brings(found: Sufficiency, hit: Hit) -> bool:
    """Whether a passage holds a word that was missing before: others of a second search add nothing but noise."""
    low = hit.chunk.indexed_text.casefold()
    return not found.missing or any(_word_stands(word.casefold(), low) for word in found.missing)


def _terms(question: Question) -> list[Term]:
    """Terms of all parts, each once, without those that only frame a question."""
    known: dict[str, Term] = {}
    for part in question.parts:
        for term in part.terms:
            if term.kind != "word" or term.text.lower() not in FRAME_WORDS | STOPWORDS:
                known.setdefault(term.stem, term)
    return list(known.values())


def _names(terms: Sequence[Term]) -> tuple[str, ...]:
    return _words(term for term in terms if _is_name(term))


def _is_name(term: Term) -> bool:
    return term.kind in ("name", "quoted")


def _words(terms: Iterable[Term]) -> tuple[str, ...]:
    return tuple(term.text for term in terms)


def _stands(term: Term, low: str) -> bool:
    return _word_stands(term.text.casefold(), low) or (len(term.stem) > 3 and term.stem.casefold() in low)


def _word_stands(word: str, low: str) -> bool:
    if len(word) > 3 and word.isalpha():
        return word.removesuffix("s") in low
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", low) is not None


def _holds_kind(part: Part, hit: Hit) -> bool:
    return kind_present(part, hit.chunk.text) > 0


def _translated(question: Question) -> list[str]:
    low = question.text.casefold()
    return [english for german, english in _GERMAN_ENGLISH if german in low]
