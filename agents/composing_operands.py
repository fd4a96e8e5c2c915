"""Which figure of a chosen unit answers a step: one, or none and the reason. Nothing is guessed.

Of a sentence it is its only figure of the kind asked for, or the only one in the clause that names what the step asks
about; of a table row it is that of the column the step names, in a row that the step names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from decimal import Decimal

from .checks.quantities import CURRENCIES
from .expressions import NotComputable
from .figures import Figure, figure_of, figures_in, with_unit
from .measuring import attributes_asked
from .model import EvidenceSpan, Operand, Step
from .question import Asked, Part, Question
from .rows import Cell, cells_of, is_total
from .units import Unit
from .words import FRAME_WORDS, STOPWORDS, stem, words_of

MOST_CANDIDATES = 4
_CLAUSE = re.compile(r"[;:]|,(?!\d)| (?:and|und|but|aber|while|während|or|oder) ")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_LABEL = re.compile(r"(?P<label>[A-Za-z][\w -]{0,40})[\"']?\s{0,2}[:=]\s{0,2}[\"']?\Z")
_LABEL_LENGTH = 60
_NUMBERED = re.compile(r"\d{1,2}[.)]?\s+[A-ZÄÖÜ]")
_NUMBERED_THING = re.compile(r"\b(?P<word>[^\W\d_]{3,}) (?P<number>\d{1,3})\b(?![.,]?\d| ?%)")
_LETTERED = re.compile(r"[A-Z][A-Z0-9]?")
_BEFORE_NUMBER = re.compile(r"[^\W\d_]+(?= \d)")
_POINTING = frozenset("the this that which each every no any another".split())
_TOTALS = frozenset(stem(word) for word in "total sum overall gesamt insgesamt summe".split())
_TIME = frozenset({"second", "minute", "hour", "day", "week", "month", "quarter", "year", "night", "working day"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A figure taken from a unit: the operand, what is read of it, and what names it there: `row` and `column` of a
    table row, `name` the step's own words in a sentence."""

    operand: Operand
    figure: Figure
    unit: Unit
    row: str = ""
    column: str = ""
    name: str = ""


def operands_of(
    step: Step, units: Sequence[Unit], others: Sequence[Step], whole: Question, *, in_passage: bool = False
) -> list[Found] | str:
    """The figures that answer a step, from its best units, best first; or why there is none.

    `others` are the plan's other steps, which tell what is particular to this one; `whole` is what was asked, which may
    name a currency for all of them. A name that is asked for may stand anywhere in the passage with `in_passage`, else
    in the unit or above it.
    """
    if not units:
        return f"nothing found answers {step.question.text!r}"
    found: list[Found] = []
    reason = ""
    for unit in units[:MOST_CANDIDATES]:
        try:
            found.append(_operand(step, unit, others, whole, in_passage=in_passage))
        except NotComputable as error:
            reason = reason or str(error)
    if not found:
        return reason
    return found


def cell_operand(span: EvidenceSpan, cell: Cell, cells: Sequence[Cell]) -> tuple[Operand, Figure]:
    """The one figure of a table cell, with the unit that its column or row names.

    Raises:
        NotComputable: the cell holds none, or several.
    """
    figures = figures_in(cell.text)
    if len(figures) != 1:
        raise NotComputable(f"{cell.text!r} under {cell.column!r} is not one figure")
    operand = Operand(text=figures[0].text, span=span)
    row = cells[0].text if cell is not cells[0] else ""
    return operand, with_unit(figures[0], (cell.column, row))


def _operand(step: Step, unit: Unit, others: Sequence[Step], whole: Question, *, in_passage: bool) -> Found:
    part = step.question.parts[0]
    if len(step.question.parts) > 1:
        raise NotComputable(f"{step.question.text!r} asks for more than one thing")
    lacking = unnamed(part, unit, in_passage=in_passage)
    if lacking:
        raise NotComputable(f"the source does not name {', '.join(sorted(lacking))}")
    cells = cells_of(unit.span)
    return _of_row(part, unit, cells, whole) if cells else _of_sentence(part, unit, others, whole)


def unnamed(part: Part, unit: Unit, *, in_passage: bool = False) -> set[str]:
    """Names, years and codes of the step that neither the unit nor what it stands under holds."""
    candidate = unit.candidate
    around = " ".join(
        (candidate.text, candidate.title, *candidate.headings, candidate.lead_in or "", *candidate.columns)
    )
    around += f" {unit.span.chunk.text}" if in_passage else ""
    held = {stem(word) for word, _, _ in words_of(around)}
    return numbered_things(part.text, around) | {
        term.text
        for term in part.terms
        if (term.kind in ("name", "quoted") or _YEAR.fullmatch(term.text))
        and term.stem not in held
        and term.text.lower() not in CURRENCIES
        and not any(term.stem in word or word in term.stem for word in held if len(word) > 4 and len(term.stem) > 4)
    }


def numbered_things(asked: str, text: str) -> set[str]:
    """Things that a question names by a number ("hall 3") and that a text does not name so."""
    pairs = {(match["word"], match["number"]) for match in _NUMBERED_THING.finditer(asked)}
    return {
        f"{word} {number}"
        for word, number in pairs
        if word.lower() not in STOPWORDS | FRAME_WORDS
        and not re.search(rf"\b{re.escape(stem(word))}\w{{0,4}}\W{{1,3}}{number}\b", text, re.IGNORECASE)
    }


def _of_row(part: Part, unit: Unit, cells: Sequence[Cell], whole: Question) -> Found:
    asked = _stems(part)
    usable = [cell for cell in cells[1:] if _holds_figure(cell)]
    if not usable:
        raise NotComputable(f"the row {cells[0].text!r} holds no single figure that answers")
    cell = _column_asked(part, usable, asked, whole)
    named = [other for other in cells if other is not cell and _names_row(other, asked, part)]
    if not named:
        raise NotComputable(f"{part.text!r} does not say which row of the table is meant")
    operand, figure = cell_operand(unit.span, cell, cells)
    _require_kind(part, figure)
    return Found(operand=operand, figure=figure, unit=unit, row=_row_label(named, asked), column=cell.column)


def _column_asked(part: Part, usable: Sequence[Cell], asked: set[str], whole: Question) -> Cell:
    """The column whose name takes up most of what is asked; a currency that is named decides between equals."""
    asked = asked | attributes_asked(part.text)
    scored = {cell: len(asked & _column_stems(cell)) for cell in usable}
    best = max(scored.values())
    first = [cell for cell in usable if scored[cell] == best]
    if len(first) > 1:
        wanted = _currencies(part.text) or _currencies(whole.text)
        first = [cell for cell in first if _currencies(cell.column) & wanted] or first
    if best and len(first) > 1:  # "Members" rather than "Response team members"
        fewest = min(len(_column_stems(cell)) for cell in first)
        first = [cell for cell in first if len(_column_stems(cell)) == fewest]
    if len(first) > 1:
        names = ", ".join(repr(cell.column) for cell in first[:4])
        raise NotComputable(f"it is not clear which column answers {part.text!r}: {names}")
    return first[0]


def _column_stems(cell: Cell) -> set[str]:
    return {stem(word) for word, _, _ in words_of(cell.column)}


def _names_row(cell: Cell, asked: set[str], part: Part) -> bool:
    """Whether the question takes up a word of the cell, or names a size that lies within the range the cell is."""
    if _LETTERED.fullmatch(cell.text) and re.search(rf"\b{cell.text}\b", part.text):
        return True  # "crew A"
    words = {stem(word) for word, _, _ in words_of(cell.text) if word.lower() not in STOPWORDS}
    if (words & asked) - {stem(word) for word in FRAME_WORDS} or (is_total([cell]) and asked & _TOTALS):
        return True
    wanted = [figure for figure in figures_in(part.text) if isinstance(figure.value, Decimal)]
    return any(
        _within(figure.value, size) for size in figures_in(cell.text) for figure in wanted if figure.unit == size.unit
    )


def _within(value: object, size: Figure) -> bool:
    if not size.is_range or not isinstance(value, Decimal) or not isinstance(size.value, Decimal):
        return False
    bounds = size.upper
    return bounds is not None and size.value <= value <= bounds


def _of_sentence(part: Part, unit: Unit, others: Sequence[Step], whole: Question) -> Found:
    text = unit.candidate.text
    known = {figure.key for figure in figures_in(part.text)}
    before = {match.group().lower() for match in _BEFORE_NUMBER.finditer(part.text)}
    figures = [f for f in figures_in(text) if f.key not in known and not _only_names(text, f, before)]
    fitting = [f for f in figures if _fits(part, f)] or [f for f in figures if _labelled_fit(part, text, f)]
    wanted = _currencies(part.text) or _currencies(whole.text)
    if wanted:
        fitting = [figure for figure in fitting if figure.unit in wanted] or fitting
    own = _own_words(part, others)
    if len({figure.key for figure in fitting}) > 1 and own:
        fitting = [f for f in fitting if own & _clause_stems(text, f)]
    if len({figure.key for figure in fitting}) > 1:
        fitting = _without_conversions(text, fitting)
    if len({figure.key for figure in fitting}) != 1:
        what = "no figure" if not fitting else "several figures"
        raise NotComputable(f"the sentence found for {part.text!r} holds {what} of the kind asked for")
    operand = Operand(text=fitting[0].text, span=unit.span)
    figure = figure_of(operand)
    return Found(operand=operand, figure=figure, unit=unit, name=_name_in(text, own))


def _only_names(text: str, figure: Figure, before: Set[str]) -> bool:
    """Whether a figure counts nothing: it opens a list's item, is the "one" of "the one in hall 3", or names a thing of
    the kind that the question names by number (`before` are the words that stand before its numbers)."""
    if figure.unit:
        return False
    opens = figure.start == 0 and bool(_NUMBERED.match(text))
    words = text[: figure.start].split()[-1:]
    last = words[0].lower() if words else ""
    return opens or last in before or (figure.text.lower() == "one" and last in _POINTING)


def _labelled_fit(part: Part, text: str, figure: Figure) -> bool:
    """Whether a bare figure's label names the money that is asked for, as a field of a data file does."""
    label = _LABEL.search(text[max(0, figure.start - _LABEL_LENGTH) : figure.start])
    return part.asked is Asked.AMOUNT and figure.unit == "" and label is not None and bool(_currencies(label["label"]))


def _clause_stems(text: str, figure: Figure) -> set[str]:
    """Stems of the words in the clause that holds a figure."""
    start = max((match.end() for match in _CLAUSE.finditer(text, 0, figure.start)), default=0)
    following = _CLAUSE.search(text, figure.end)
    return {stem(word) for word, _, _ in words_of(text[start : following.start() if following else len(text)])}


def _without_conversions(text: str, figures: Sequence[Figure]) -> list[Figure]:
    """Without amounts that stand in brackets behind another, in other currencies: "£190 (€225, PLN 900)"."""
    first = figures[0]
    opening = text.find("(", first.end)
    closing = text.find(")", opening) if opening >= 0 else -1
    if closing < 0:
        return list(figures)
    rest = [f for f in figures[1:] if not (opening < f.start < closing and f.unit != first.unit and f.unit in _MONEY)]
    return [first, *rest]


_MONEY = frozenset(CURRENCIES.values())


def _own_words(part: Part, others: Sequence[Step]) -> set[str]:
    """Stems that this step has and no other step has: what it is about."""
    shared = {term.stem for other in others for one in other.question.parts for term in one.terms}
    return {term.stem for term in part.terms} - shared


def _name_in(text: str, own: set[str]) -> str:
    """The words that are particular to the step, as they stand in the text: its longest run of them."""
    best = (0, 0)
    run: tuple[int, int] | None = None
    for word, start, end in words_of(text):
        if stem(word) in own and not figures_in(word):
            run = (run[0] if run and text[run[1] : start].strip() in ("", "-") else start, end)
            if run[1] - run[0] > best[1] - best[0]:
                best = run
        else:
            run = None
    return text[best[0] : best[1]]


def _holds_figure(cell: Cell) -> bool:
    return len(figures_in(cell.text)) == 1 and not _YEAR.fullmatch(cell.text.strip())


def _fits(part: Part, figure: Figure) -> bool:
    match part.asked:
        case Asked.AMOUNT:
            return figure.unit in _MONEY
        case Asked.DURATION:
            return figure.unit in _TIME
        case Asked.DATE:
            return figure.unit == "date"
        case _:
            return figure.unit not in ("date", "clock")


def _require_kind(part: Part, figure: Figure) -> None:
    if (part.asked is Asked.DATE) != (figure.unit == "date") and part.asked in (
        Asked.DATE,
        Asked.AMOUNT,
        Asked.DURATION,
    ):
        raise NotComputable(f"{figure.text!r} is not of the kind that {part.text!r} asks for")
    if part.asked is Asked.DURATION and figure.unit not in _TIME:
        raise NotComputable(f"{figure.text!r} is no length of time")


def _row_label(named: Sequence[Cell], asked: set[str]) -> str:
    """The words of the cell that takes up most of what is asked."""
    return max(named, key=lambda cell: len(asked & {stem(word) for word, _, _ in words_of(cell.text)})).text


def _stems(part: Part) -> set[str]:
    return {term.stem for term in part.terms}


def _currencies(text: str) -> set[str]:
    return {CURRENCIES[word.lower()] for word in re.findall(r"[€$£¥]|[^\W\d_]+", text) if word.lower() in CURRENCIES}
