"""The planner: takes a question apart into steps, each one lookup, or leaves it alone.

    planning_pairs       things named side by side, each with the words that they share
    planning_comparing   comparisons
    planning_computing   sums, averages, growth, shares, days between dates
    planning_chaining    questions about what another question finds
    planning_model       the same by a language model, checked, and this one's plan where it fails

`question.understand` splits a question into the parts that it asks side by side; this module goes on from there.
Over-splitting costs more than it brings: whatever no rule knows stays one step, the question itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from .model import Operation, Plan, Step
from .planning_chaining import chain
from .planning_comparing import compare
from .planning_computing import compute
from .planning_pairs import members, singular
from .planning_splits import Split
from .question import Part, Question, understand

MOST_STEPS = 6
MOST_LETTERS = 400
"""Characters of the longest part that is taken apart: what is longer tells a story rather than comparing."""
_MOST_ANSWER = 160
_BARE = re.compile(
    r"^(?:and |und )?(?:(?:which|what|who)(?: one| of (?:them|the two|these|both))? (?:is|are|costs?|has|gets"
    r"|takes) (?:the )?"
    r"(?P<degree>more|less|fewer|higher|lower|larger|smaller|bigger|greater|longer|shorter|heavier|lighter|cheaper"
    r"|faster"
    r"|highest|lowest|largest|smallest|longest|shortest|most|least|cheapest)"
    r"|(?:what is|how (?:much|big|large) is) (?P<difference>the difference)(?: between (?:them|the two|both))?"
    r"|(?:what is|how much is|how much are|what are|what do) (?P<sum>(?:that|they|it|both|the two|the total|the sum)"
    r"(?: (?:make|come to|cost))?(?: (?:together|in total|altogether|combined))?)"
    r"|(?:was|wie groß) ist (?P<unterschied>der unterschied)"
    r"|(?:wie ?viel|was) (?:ist|sind|macht) das (?P<summe>zusammen|insgesamt))\W*$",
    re.IGNORECASE,
)
_LIST = re.compile(
    r"^(?P<asked>what|how (?:much|many|long|high|heavy)|wie (?:hoch|lang|schwer)|was) (?P<be>are|is|were|was|do"
    r"|does|sind|ist|waren"
    r"|kosten) (?P<list>[^?]{3,200}?)(?P<rest> (?:cost|weigh|hold|take|last))?\W*$",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\b(?:what|which|who|how|when|where|was|wie|wer) (?:is|are|do|does|ist|sind)\b", re.IGNORECASE)
_SMALLER = frozenset("less fewer lower smaller shorter lighter cheaper lowest smallest shortest least cheapest".split())


def plan(question: Question) -> Plan:
    """The steps of `question`, 1 to `MOST_STEPS`, and what is reckoned from their answers. Pure; never raises."""
    parts, bare = _without_bare(question.parts)
    if len(parts) == 1:
        listed = _listed(parts[0].text, bare) if bare is not None else None
        return _of_split(question, listed) if listed is not None else _of_one(question, parts[0])
    steps: list[Step] = []
    compares, reasons = False, []
    for at, part in enumerate(parts):
        left = MOST_STEPS - len(steps) - (len(parts) - at - 1)
        split = compare(part.text) if _short(part) else None
        if split is not None and len(split.texts) <= left:
            steps += _steps(split.texts, len(steps))
            compares = compares or split.compares
            reasons.append(split.why)
        elif len(steps) == MOST_STEPS - 1 and at < len(parts) - 1:
            # Nothing is dropped: the last step takes all that is left.
            steps.append(_step_of(question, parts[at:], len(steps)))
            break
        else:
            steps.append(_step_of(question, (part,), len(steps)))
    operation = bare if len(steps) > 1 else None
    reasons.insert(0, f"{len(parts)} things are asked for side by side" if len(parts) > 1 else "one thing is asked for")
    compares = compares or operation in (Operation.LARGEST, Operation.SMALLEST, Operation.DIFFERENCE)
    return Plan(
        question=question,
        steps=tuple(steps),
        operation=operation,
        compares=compares,
        why="; ".join(dict.fromkeys(reasons)),
    )


def alone(question: Question, why: str = "one thing is asked for") -> Plan:
    """The plan of a question that is not taken apart: one step, the question itself."""
    return Plan(question=question, steps=(Step(id="q1", question=question),), why=why)


def fill(step: Step, answers: Mapping[str, str]) -> Question:
    """The step's question with earlier answers in it. An answer is cut to a name's length and loses its braces.

    Raises KeyError with the id of a step whose answer is not there.
    """
    text = step.question.text
    if not step.needs:
        return step.question
    for needed in step.needs:
        words = " ".join(answers[needed].replace("{", " ").replace("}", " ").split())
        text = text.replace(f"{{{needed}}}", words[:_MOST_ANSWER].rstrip(" .,;:!?"))
    return understand(text)


def _of_one(question: Question, part: Part) -> Plan:
    if not _short(part):
        return alone(question)
    if linked := chain(part.text):
        first, second = Step(id="q1", question=understand(linked.first)), understand(linked.second)
        return Plan(
            question=question,
            steps=(first, Step(id="q2", question=second, needs=("q1",))),
            why="what is asked about has to be found first",
        )
    split = compute(part.text) or compare(part.text)
    if split is None or len(split.texts) > MOST_STEPS:
        return alone(question)
    if len(split.texts) == 1:
        return replace(alone(question, split.why), operation=split.operation)
    return _of_split(question, split)


def _listed(text: str, operation: Operation) -> Split | None:
    """What a list asks for, one by one, when the next words say what to do with it ("... and which is higher?")."""
    match = _LIST.match(text)
    found = members(match["list"]) if match else ()
    if match is None or not found or any(_ASKS.search(one) for one in found):
        return None
    be = {"are": "is", "were": "was", "do": "does", "sind": "ist", "waren": "war"}.get(match["be"], match["be"])
    texts = tuple(f"{match['asked']} {be} {singular(one)}{match['rest'] or ''}?" for one in found)
    compares = operation is not Operation.SUM
    return Split(texts=texts, operation=operation, compares=compares, why="several things are listed and held together")


def _of_split(question: Question, split: Split) -> Plan:
    return Plan(
        question=question,
        steps=tuple(_steps(split.texts, 0)),
        operation=split.operation,
        compares=split.compares,
        why=split.why,
    )


def _steps(texts: tuple[str, ...], before: int) -> list[Step]:
    return [Step(id=f"q{before + at}", question=understand(text)) for at, text in enumerate(texts, 1)]


def _step_of(question: Question, parts: tuple[Part, ...], before: int) -> Step:
    text = " ".join(part.text for part in parts)
    own = Question(text=text, language=question.language, parts=parts)
    return Step(id=f"q{before + 1}", question=own)


def _short(part: Part) -> bool:
    return len(part.text) <= MOST_LETTERS


def _without_bare(parts: tuple[Part, ...]) -> tuple[tuple[Part, ...], Operation | None]:
    """The parts without a last one that only says what to do with the others ("and which is higher?")."""
    if len(parts) < 2:
        return parts, None
    # A bare part takes the first part's words along: its own stand behind them.
    own = parts[-1].text.removeprefix(parts[0].text).strip()
    match = _BARE.match(own)
    if match is None:
        return parts, None
    if degree := match["degree"]:
        operation = Operation.SMALLEST if degree.lower() in _SMALLER else Operation.LARGEST
    elif match["difference"] or match["unterschied"]:
        operation = Operation.DIFFERENCE
    else:
        operation = Operation.SUM
    return parts[:-1], operation
