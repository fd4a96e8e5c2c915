"""What the extractive analyst adds to the words it chose: results worked out from them, conflicts, supersession.

    composing_operands   which figure of a unit answers a step
    composing_choosing   which units may answer a step
    composing_words      how a result is said
    composing_arranging  the draft that all claims make
    calculating          exact arithmetic that refuses rather than guesses
    conflicts            two sources that say different things of one thing
    supersession         that a source takes another's place

Whatever is unclear is left out, and the reason is handed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product

from retrieval.model import Hit

from .aligning import different
from .calculating import compute, ranked
from .composing_arranging import distinct
from .composing_choosing import candidates
from .composing_operands import Found, cell_operand, operands_of
from .composing_words import MOST_LISTED, said, said_of_column, said_of_two
from .conflicts import find_conflicts
from .expressions import NotComputable
from .figures import Figure, figures_in
from .model import ClaimKind, Computation, DraftClaim, EvidenceSpan, Operand, Operation, Plan, Step
from .rows import Cell, ChunksOf, cells_of, is_total, rows_of_table
from .supersession import find_standing, find_supersessions
from .units import Unit
from .words import STOPWORDS, stem, words_of

_SCORE = 0.9
"""An exact result is as sure as the choice of what it was worked out from, which the quoted claims beside it carry."""
_MOST_COMBINATIONS = 64
_OVER_ROWS = frozenset({Operation.SUM, Operation.AVERAGE, Operation.LARGEST, Operation.SMALLEST})
_EXTREMES = frozenset({Operation.LARGEST, Operation.SMALLEST})
_TWO = 2


class _NotComputed(Exception):
    """Why nothing was computed; `quoted` are the words that the figures were taken from, where these were found."""

    def __init__(self, why: str, quoted: Sequence[DraftClaim] = ()) -> None:
        super().__init__(why)
        self.quoted = tuple(quoted)


def compose(
    plan: Plan,
    chosen: Mapping[str, Sequence[Unit]],
    superseded: Sequence[Hit],
    near: Mapping[str, Sequence[Unit]],
    *,
    chunks_of: ChunksOf | None = None,
) -> tuple[tuple[DraftClaim, ...], tuple[str, ...]]:
    """Claims beside the quoted ones, and why others were not composed.

    `chosen` holds for each step's id the units that answer it, best first; `near` those that came close, the chosen
    among them; `superseded` the passages of replaced documents that the search found. `chunks_of` reads on in a
    document that the asker may read: without it only tables that end within a passage are summed, and only what stands
    in a passage is known of a document's standing. Order: conflicts, supersession, computed claims.
    """
    reasons: list[str] = []
    claims: list[DraftClaim] = []
    for step in plan.steps:
        units, around = chosen.get(step.id, ()), near.get(step.id, ())
        claims += find_conflicts(step.question, units or _plain(step, around), around, chunks_of)
        claims += find_supersessions(step.question, units, superseded, chunks_of)
        if not units and len(step.question.parts) == 1:
            part, language = step.question.parts[0], step.question.language
            claims += find_standing(part, language, around, superseded, chunks_of)
    try:
        claims += _computed(plan, chosen, near, chunks_of)
    except _NotComputed as error:
        reasons.append(f"nothing was computed: {error}")
        claims += error.quoted
    if plan.compares and not any(claim.kind is ClaimKind.COMPUTED for claim in claims):
        claims += _sides(plan, chosen, near)
    return distinct(claims), tuple(reasons)


def _plain(step: Step, near: Sequence[Unit]) -> Sequence[Unit]:
    """The unit that comes first, below the threshold as it is: where another document says otherwise of the very same
    thing, both are shown."""
    return near[:1] if len(step.question.parts) == 1 else ()


def _computed(
    plan: Plan,
    chosen: Mapping[str, Sequence[Unit]],
    near: Mapping[str, Sequence[Unit]],
    chunks_of: ChunksOf | None,
) -> list[DraftClaim]:
    if plan.operation is None:
        return []
    if len(plan.steps) > 1:
        return _over_steps(plan, plan.operation, chosen, near)
    step = plan.steps[0]
    units = [unit for unit in chosen.get(step.id, ()) if cells_of(unit.span)]
    if plan.operation not in _OVER_ROWS:
        raise _NotComputed("only one of the figures is in a source")
    if not units:
        raise _NotComputed("no table was found whose figures are meant")
    if is_total(cells_of(units[0].span)) and plan.operation is Operation.SUM:
        return []  # the source states the sum itself, and the quoted claim says it
    try:
        return [_over_table(plan, plan.operation, step, units[0], chunks_of)]
    except NotComputable as error:
        raise _NotComputed(str(error)) from error


def _over_steps(
    plan: Plan, operation: Operation, chosen: Mapping[str, Sequence[Unit]], near: Mapping[str, Sequence[Unit]]
) -> list[DraftClaim]:
    """The result worked out from one figure for each step, then the words that each was taken from."""
    found: list[list[Found]] = []
    for step in plan.steps:
        others = [other for other in plan.steps if other is not step]
        answering = chosen.get(step.id, ())
        units = candidates(step, answering, near.get(step.id, ()), others)
        figures = operands_of(step, units, others, plan.question)
        if isinstance(figures, str):
            raise _NotComputed(figures)
        if not answering and _disagree(figures):
            raise _NotComputed(f"several figures were found for {step.question.text!r}")
        found.append(figures)
    reason = ""
    ways = _combinations(found)
    for way in ways:
        try:
            return [_claim_of(plan, operation, way), *_operand_quotes(plan, way)]
        except NotComputable as error:
            reason = reason or str(error)
    raise _NotComputed(reason, _operand_quotes(plan, ways[0]))


def _disagree(figures: Sequence[Found]) -> bool:
    return any(different(figures[0].figure, other.figure) for other in figures[1:])


def _operand_quotes(plan: Plan, way: Sequence[Found]) -> list[DraftClaim]:
    return [_quote(step, one.unit) for step, one in zip(plan.steps, way, strict=True)]


def _sides(plan: Plan, chosen: Mapping[str, Sequence[Unit]], near: Mapping[str, Sequence[Unit]]) -> list[DraftClaim]:
    """For each side of a comparison that was judged unanswered, the unit that comes first where it names it plainly."""
    found: list[DraftClaim] = []
    for step in plan.steps:
        others = [other for other in plan.steps if other is not step]
        first = near.get(step.id, ())[:1]
        if not chosen.get(step.id) and candidates(step, (), first, others):
            found.append(_quote(step, first[0]))
    return found


def _quote(step: Step, unit: Unit) -> DraftClaim:
    parts = tuple(part.text for part in step.question.parts)
    return DraftClaim(parts=parts, text=unit.claim, evidence=unit.evidence, score=_SCORE)


def _combinations(candidates: Sequence[Sequence[Found]]) -> list[tuple[Found, ...]]:
    """Ways to take one figure for each step: those that all stand in one table or text before the best of each."""
    ways = [way for way, _ in zip(product(*candidates), range(_MOST_COMBINATIONS), strict=False)]
    best = ways[0]
    together = [way for way in ways if _one_source(way) and _one_header(way)]
    return [*together, best] if together and together[0] is not best else [best, *together[1:]]


def _one_source(way: Sequence[Found]) -> bool:
    return len({found.unit.span.document.id for found in way}) == 1


def _one_header(way: Sequence[Found]) -> bool:
    """Whether all stand under the same columns; a spreadsheet's row leaves out those of its empty cells."""
    most = max((set(found.unit.span.header) for found in way), key=len)
    return all(set(found.unit.span.header) <= most for found in way)


def _claim_of(plan: Plan, operation: Operation, found: Sequence[Found]) -> DraftClaim:
    if len({(f.unit.span.chunk.id, f.unit.span.start, f.operand.text, f.column) for f in found}) < len(found):
        raise NotComputable(f"one figure, {found[0].operand.text}, was found for two things")
    computation = compute(operation, [one.operand for one in found])
    if operation is Operation.DIFFERENCE and computation.result.startswith("-"):
        found = found[::-1]
        computation = compute(operation, [one.operand for one in found])
    labels = _labels(found)
    shown = [(one.figure.text, label) for one, label in zip(found, labels, strict=True)]
    language = plan.question.language
    if operation in _EXTREMES and len(found) == _TWO:
        low, high = ranked([one.figure for one in found])
        first, second = (high, low) if operation is Operation.LARGEST else (low, high)
        text = said_of_two(
            shown[first], shown[second], language,
            dates=found[0].figure.unit == "date", larger=operation is Operation.LARGEST,
        )  # fmt: skip
    else:
        text = said(operation, computation.result, shown, language)
    return _computed_claim(plan, text, computation)


def _labels(found: Sequence[Found]) -> list[str]:
    """What each figure is, in its source's words: the rows' names where they differ, else the columns', else the words
    that the steps look for; none where these do not tell them apart."""
    for kind in ("row", "column", "name"):
        names = [str(getattr(one, kind)) for one in found]
        if all(names) and len(set(names)) == len(names):
            return names
    mixed = [one.row or one.name for one in found]
    return mixed if all(mixed) and len(set(mixed)) == len(mixed) else [""] * len(found)


def _over_table(plan: Plan, operation: Operation, step: Step, unit: Unit, chunks_of: ChunksOf | None) -> DraftClaim:
    """A computation over the column that the question names, in the rows that it names, or in all of the table."""
    column = _named_column(step, cells_of(unit.span))
    rows = rows_of_table(unit.span, chunks_of)
    if rows is None:
        raise NotComputable("it is not certain that the whole table was found")
    asked = {term.stem for part in step.question.parts for term in part.terms}
    cited: list[tuple[str, Operand, Figure]] = []
    for row in rows:
        cells = cells_of(row)
        cell = next((one for one in cells if one.column == column), None)
        if cell is None or not any(character.isalnum() for character in cell.text):
            continue
        operand, figure = cell_operand(row, cell, cells)
        cited.append((cells[0].text if cell is not cells[0] else "", operand, figure))
    named = [one for one in cited if _words(one[0]) & asked]
    cited = named if _TWO <= len(named) < len(cited) else cited
    if len(cited) < _TWO:
        raise NotComputable(f"the column {column!r} holds fewer than two figures")
    computation = compute(operation, [operand for _, operand, _ in cited])
    language = plan.question.language
    if operation in _EXTREMES or len(cited) > MOST_LISTED:
        label = ""
        if operation in _EXTREMES:
            order = ranked([figure for _, _, figure in cited])
            label = cited[order[-1 if operation is Operation.LARGEST else 0]][0]
        text = said_of_column(operation, computation.result, label, column, language)
    else:
        text = said(operation, computation.result, [(figure.text, label) for label, _, figure in cited], language)
    return _computed_claim(plan, text, computation)


def _named_column(step: Step, cells: Sequence[Cell]) -> str:
    """The one column of figures that the question names, or the only one there is."""
    columns = [cell.column for cell in cells[1:] if cell.column and _is_figure(cell)]
    asked = {term.stem for part in step.question.parts for term in part.terms}
    scored = {column: len(_words(column) & asked) for column in columns}
    best = max(scored.values(), default=0)
    first = [column for column, score in scored.items() if score == best]
    if len(first) != 1 or len(columns) != len(set(columns)):
        raise NotComputable("it is not clear which column of the table is meant")
    return first[0]


def _is_figure(cell: Cell) -> bool:
    figures = figures_in(cell.text)
    return len(figures) == 1 and isinstance(figures[0].value, Decimal)


def _words(text: str) -> set[str]:
    return {stem(word) for word, _, _ in words_of(text) if word.lower() not in STOPWORDS}


def _computed_claim(plan: Plan, text: str, computation: Computation) -> DraftClaim:
    spans: dict[tuple[str, int, int], EvidenceSpan] = {}
    for operand in computation.operands:
        span = operand.span
        spans.setdefault((span.document.id, span.start, span.end), span)
    return DraftClaim(
        parts=_parts(plan),
        text=text,
        evidence=tuple(spans.values()),
        score=_SCORE,
        kind=ClaimKind.COMPUTED,
        computation=computation,
    )


def _parts(plan: Plan) -> tuple[str, ...]:
    """What a result answers: the question, and with it all that its steps ask."""
    questions = (plan.question, *(step.question for step in plan.steps))
    return tuple(dict.fromkeys(part.text for question in questions for part in question.parts))
