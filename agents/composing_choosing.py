"""Which units may answer a step: those that were judged to, and those that plainly name all that it asks about.

A step is judged as if it stood alone, against a threshold meant for an answer that nothing else bears out. In a
comparison or a calculation its figure is shown beside its source, so that below this threshold a unit may serve that
takes up every word of the step and itself holds what is particular to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from .checks.quantities import CURRENCIES
from .composing_operands import numbered_things, unnamed
from .figures import figures_in
from .judging import PartJudgement
from .measuring import attributes_asked, is_measuring
from .model import Plan, Step
from .question import Language, Part, Term
from .units import Unit
from .words import COMPOUND, FRAME_WORDS, STOPWORDS, stem, words_of

_LIKELY = 0.5
_FAR_BEFORE = 0.8
_SEVERAL = 3
_TOTALS = frozenset(stem(word) for word in "total sum overall whole gesamt insgesamt summe".split())


def candidates(step: Step, chosen: Sequence[Unit], near: Sequence[Unit], others: Sequence[Step]) -> list[Unit]:
    """The units whose figure may be that of a step, best first: `chosen` ones, and `near` ones that name all of it.

    Of equals the judge's order stands; a unit that itself holds what sets the step apart from `others` comes first.
    """
    part = step.question.parts[0]
    own = particular(part, others)
    plain = [unit for unit in near if names_all(part, unit, own)]
    pool = {(unit.span.chunk.id, unit.span.start, unit.span.end): unit for unit in (*chosen, *plain)}
    return sorted(pool.values(), key=lambda unit: (len(_lacking(own, _own(unit), unit)), len(lacking(part, unit))))


def unnamed_sides(plan: Plan, chosen: Mapping[str, Sequence[Unit]]) -> tuple[Step, ...]:
    """The sides of a comparison whose answers all name another thing: they are not answered by them."""
    if not plan.compares or len(plan.steps) == 1:
        return ()
    return tuple(
        step
        for step in plan.steps
        if (units := chosen.get(step.id, ()))
        and all(_names_other(part, unit, plan.question.language) for part in step.question.parts for unit in units)
    )


def _names_other(part: Part, unit: Unit, language: Language) -> bool:
    if language == "de":  # every noun has a capital, so that only numbers tell names from other words
        return bool(numbered_things(part.text, f"{unit.candidate.title} {unit.candidate.text}"))
    return bool(unnamed(part, unit))


def names_all(part: Part, unit: Unit, own: Sequence[Term] = ()) -> bool:
    """Whether a unit, with what it stands under, takes up every word of a part, and itself those of `own`."""
    if numbered_things(part.text, " ".join((unit.candidate.text, *unit.candidate.columns))) and own:
        return False
    return bool(_content(part)) and not lacking(part, unit) and not _lacking(own, _own(unit), unit)


def plainly_answered(judged: PartJudgement, units: Sequence[Unit]) -> bool:
    """Whether a part is answered though the judge is less sure than it asks for: more likely than not, by a unit that
    stands far before all others and takes up every one of several words."""
    if not judged.chosen or judged.probability < _LIKELY or len(_content(judged.part)) < _SEVERAL:
        return False
    best = judged.chosen[0]
    return best.probability >= _FAR_BEFORE * judged.probability and names_all(judged.part, units[best.index])


def lacking(part: Part, unit: Unit) -> list[Term]:
    """The words that a part is about which neither the unit nor what it stands under holds."""
    candidate = unit.candidate
    above = (candidate.title, *candidate.headings, candidate.lead_in or "")
    around = _own(unit) | {stem(word) for text in above for word, _, _ in words_of(text)}
    return _lacking(_content(part), around, unit)


def particular(part: Part, others: Sequence[Step]) -> list[Term]:
    """The terms of a part that no other step has."""
    shared = {term.stem for other in others for one in other.question.parts for term in one.terms}
    return [term for term in part.terms if term.stem not in shared and (term.stem in _TOTALS or _counts(term))]


def _content(part: Part) -> list[Term]:
    return [term for term in part.terms if _counts(term) or (is_measuring(term.text) and attributes_asked(term.text))]


def _counts(term: Term) -> bool:
    low = term.text.lower()
    return low not in CURRENCIES and (term.kind != "word" or low not in FRAME_WORDS | STOPWORDS)


def _own(unit: Unit) -> set[str]:
    texts = (unit.candidate.text, *unit.candidate.columns)
    return {stem(word) for text in texts for word, _, _ in words_of(text)}


def _lacking(terms: Sequence[Term], held: set[str], unit: Unit) -> list[Term]:
    return [term for term in terms if not _stands(term, held, unit)]


def _stands(term: Term, held: set[str], unit: Unit) -> bool:
    if term.stem in held:
        return True
    if is_measuring(term.text):
        return bool(attributes_asked(term.text) & held) or term.text.lower() in FRAME_WORDS | STOPWORDS
    if term.kind == "number":
        return _in_range(term.text, unit)
    return len(term.stem) >= COMPOUND and any(term.stem in word for word in held)


def _in_range(text: str, unit: Unit) -> bool:
    """Whether a number lies within a range that the unit names, as a row for "151 to 500 kW" does."""
    wanted = [figure.value for figure in figures_in(text) if isinstance(figure.value, Decimal)]
    ranges = [figure for figure in figures_in(unit.candidate.text) if figure.is_range]
    return any(
        isinstance(figure.value, Decimal) and figure.upper is not None and figure.value <= value <= figure.upper
        for figure in ranges
        for value in wanted
    )
