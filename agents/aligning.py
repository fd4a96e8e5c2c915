"""Whether two units speak of the same thing: of one subject and attribute, within one scope.

Documents of one company repeat each other's words with other cities, years, roles and models; those are not the same
thing. Two units are, only when both take up all that the question asks about, their own words overlap, and neither
holds a name, number or narrowing word that the other lacks. `conflicts` and `supersession` stand above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from .composing_operands import Found, operands_of
from .figures import Figure, factor_of, figures_in
from .model import Step
from .question import Asked, Part, Question
from .rows import cells_of
from .units import Unit
from .words import FRAME_WORDS, STOPWORDS, stem, words_of

_LEAST_OVERLAP = 0.5
_LEAST_JACCARD = 0.3
_LEAST_WHEN_NO_FIGURE = 0.6
_LEAST_SAME_DOCUMENT = 0.8
_FEW_WORDS = 2
# Words that narrow what is said to some people, times or conditions: in one text only, they change what it is about.
_NARROWING = """
    only except unless first last second third half double additional extra further other weekend weekends holiday
    holidays weekday weekdays saturday sunday saturdays sundays morning evening before after during until from since
    if when where while outside between apprentice apprentices trainee trainees intern interns student students
    temporary part-time full-time probation junior senior director directors manager managers executive executives
    supplier suppliers customer customers visitor visitors contractor contractors domestic abroad international
    gross net planned target forecast budget actual estimated average median total interim final draft proposed former
    previous old new breakfast lunch dinner single return overnight
    nur außer erste ersten zweite zweiten halb wochenende feiertag wenn falls während bis ab seit vor nach außerhalb
    zwischen auszubildende praktikanten teilzeit vollzeit probezeit geplant ziel netto brutto vorläufig früher
"""
NARROWING = frozenset(_NARROWING.split())
_RATE = re.compile(
    r"\b(?:(?:per|a|an|each|every|pro|je|im|in der)\s(?P<unit>hour|night|day|week|month|quarter|year|trip|person|head"
    r"|mile|km"
    r"|stunde|nacht|tag|woche|monat|quartal|jahr|reise|person|kopf)\b|(?P<adverb>hourly|nightly|daily|weekly|monthly"
    r"|quarterly|yearly|annual|annually|täglich|wöchentlich|monatlich|jährlich)\b)",
    re.IGNORECASE,
)
_SECTION = re.compile(r"^[\s§(]*(?:\d+(?:\.\d+)*|[A-Z]|[IVX]+)[.)]\s+")
_BETWEEN_FIGURES = re.compile(r"\b(?:between|zwischen)(?= [-−£€$]?\d)", re.IGNORECASE)
_SENTENCE_MARKS = ".!?:;|\n•"
_YEAR = re.compile(r"(?:19|20)\d{2}")
# Kinds of document of which the newest holds: a year in the title says which edition it is, not what it is about.
_EDITIONED = frozenset(
    "policy policies guideline guidelines handbook manual rules rulebook standard procedure terms code regulation "
    "richtlinie handbuch regelung ordnung leitfaden vorschrift".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a unit says in answer to a question: `words` without other cells of its row, `figure` the one that answers,
    None where it answers yes or no."""

    unit: Unit
    words: str
    figure: Figure | None = None


def statement_of(unit: Unit, part: Part) -> Statement | None:
    """What a unit says of what `part` asks; None when that is not one clear thing."""
    question = Question(text=part.text, language="other", parts=(part,))
    found = operands_of(Step(id="q", question=question), [unit], (), question, in_passage=True)
    if isinstance(found, str):
        yes_or_no = part.asked is Asked.YES_NO and not unit.span.header
        return Statement(unit=unit, words=unit.candidate.text) if yes_or_no else None
    return Statement(unit=unit, words=_said(found[0]), figure=found[0].figure)


def same_thing(one: Statement, other: Statement, part: Part, *, editions: bool = False) -> bool:
    """Whether both say something of what `part` asks about, of the same subject and within the same scope.

    `editions` says that the one is known to take the other's place, so that their titles need not agree.
    """
    return (
        (one.figure is None) == (other.figure is None)
        and _takes_up(one, part)
        and _takes_up(other, part)
        and _alike(one, other)
        and _rates_agree(one, other)
        and not _scope(one, other)
        and not _scope(other, one)
        and (editions or _titles_agree(one.unit, other.unit))
    )


def _said(found: Found) -> str:
    cells = cells_of(found.unit.span)
    return f"{found.row} {found.column}" if cells else found.unit.candidate.text


def own_words(statement: Statement) -> frozenset[str]:
    """Stems of a statement's content words, without its figures and what they are counted in."""
    return frozenset(stem(word) for word in _outside_figures(statement.words) if word.lower() not in STOPWORDS)


def _takes_up(statement: Statement, part: Part) -> bool:
    """Whether its passage holds every word that the question is about, it and its headings half of them at least, and
    it itself one."""
    own = {stem(word) for word, _, _ in words_of(statement.words)}
    above = {stem(word) for word, _, _ in words_of(_surroundings(statement.unit))}
    passage = {stem(word) for word, _, _ in words_of(statement.unit.span.chunk.text)}
    wanted = [term.stem for term in part.terms if term.kind != "word" or term.text.lower() not in FRAME_WORDS]
    held = [word for word in wanted if word in own | above]
    return (
        any(word in own for word in wanted)
        and len(held) * 2 >= len(wanted)
        and all(word in own | above | passage for word in wanted)
    )


def _alike(one: Statement, other: Statement) -> bool:
    ours, theirs = own_words(one), own_words(other)
    shared = len(ours & theirs)
    if min(len(ours), len(theirs)) < _FEW_WORDS or not shared:
        return False
    jaccard = shared / len(ours | theirs)
    if one.unit.span.document.id == other.unit.span.document.id:
        apart = one.unit.span.chunk.headings != other.unit.span.chunk.headings
        return apart and jaccard >= _LEAST_SAME_DOCUMENT
    least = _LEAST_JACCARD if one.figure is not None else _LEAST_WHEN_NO_FIGURE
    return shared / min(len(ours), len(theirs)) >= _LEAST_OVERLAP and jaccard >= least


def _rates_agree(one: Statement, other: Statement) -> bool:
    ours, theirs = _rates(one.words), _rates(other.words)
    return not ours or not theirs or ours == theirs


def _rates(text: str) -> set[str]:
    return {stem(match["unit"] or match["adverb"]) for match in _RATE.finditer(text)}


def _scope(one: Statement, other: Statement) -> set[str]:
    """Names, numbers and narrowing words of `one` that `other` and what it stands under lack."""
    there = {stem(word) for word, _, _ in words_of(f"{other.words} {_surroundings(other.unit)}")}
    in_text = {stem(word) for word, _, _ in words_of(other.unit.span.chunk.text)}
    words = _BETWEEN_FIGURES.sub(" ", one.words)
    narrowing = {word.lower() for word in _outside_figures(words) if word.lower() in NARROWING}
    above = (*one.unit.candidate.headings[1:], one.unit.candidate.lead_in or "")
    headed = {word for heading in above for word in _names(_SECTION.sub("", heading)) if stem(word) not in in_text}
    return {word for word in narrowing | _names(one.words) | headed if stem(word) not in there}


def _titles_agree(one: Unit, other: Unit) -> bool:
    """Whether no name or number in either title sets the documents apart; a year may where the newest edition holds."""
    titles = one.span.document.title, other.span.document.title
    apart = _apart(one, other) | _apart(other, one)
    if not apart:
        return True
    ours, theirs = ({w.lower() for w, _, _ in words_of(title) if not _YEAR.fullmatch(w)} for title in titles)
    return all(_YEAR.fullmatch(word) for word in apart) and ours == theirs and bool(ours & _EDITIONED)


def _apart(one: Unit, other: Unit) -> set[str]:
    """Numbers and names in the title of `one` that `other` nowhere has."""
    there = {stem(w) for w, _, _ in words_of(f"{_surroundings(other)} {other.span.chunk.text}")}
    small = {stem(w) for unit in (one, other) for w, _, _ in words_of(unit.span.chunk.text) if w.islower()}
    found: set[str] = set()
    for at, (word, _, _) in enumerate(words_of(one.span.document.title)):
        if stem(word) in there:
            continue
        ordinary = stem(word) in small or word.lower() in _EDITIONED or word.lower() in STOPWORDS
        if any(c.isdecimal() for c in word) or (at > 0 and word[0].isupper() and not ordinary):
            found.add(word)
    return found


def _outside_figures(text: str) -> list[str]:
    taken = [(figure.start, figure.end) for figure in figures_in(text)]
    return [word for word, start, end in words_of(text) if not any(a < end and start < b for a, b in taken)]


def _names(text: str) -> set[str]:
    """Words with digits outside figures, and capitalised ones that do not open a sentence."""
    taken = [(figure.start, figure.end) for figure in figures_in(text)]
    found: set[str] = set()
    for word, start, end in words_of(text):
        if any(a < end and start < b for a, b in taken):
            continue
        before = text[:start].rstrip(" \"'“„«([*_")
        opens = not before or before[-1] in _SENTENCE_MARKS
        coded = any(c.isdecimal() for c in word) or any(c.isupper() for c in word[1:])
        if coded or (word[0].isupper() and not opens and word.lower() not in STOPWORDS):
            found.add(word)
    return found


def _surroundings(unit: Unit) -> str:
    candidate = unit.candidate
    headings = " ".join(_SECTION.sub("", heading) for heading in candidate.headings)
    return f"{candidate.title} {headings} {candidate.lead_in or ''} {' '.join(candidate.columns)}"


def different(one: Figure, other: Figure) -> bool:
    """Whether two figures of one kind say different things: not the same rounded, converted or with less said."""
    if one.key == other.key or one.is_range or other.is_range or one.is_rough or other.is_rough:
        return False
    if one.limit != other.limit and {one.limit, other.limit} != {"", "at most"}:
        return False
    return _dates_differ(one, other) if "date" in (one.unit, other.unit) else _values_differ(one, other)


def _values_differ(one: Figure, other: Figure) -> bool:
    if not isinstance(one.value, Decimal) or not isinstance(other.value, Decimal):
        return False
    ours, base = factor_of(one.unit)
    theirs, other_base = factor_of(other.unit)
    least = max(one.step * ours, other.step * theirs) / 2
    return base == other_base and abs(one.value * ours - other.value * theirs) > least


def _dates_differ(one: Figure, other: Figure) -> bool:
    return one.unit == other.unit and one.value is not None and other.value is not None and one.value != other.value
