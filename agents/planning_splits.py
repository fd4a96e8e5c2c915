"""What a question is taken apart into, and the questions that a comparison of two or more things makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .model import Operation
from .planning_pairs import PREPOSITION, like, names_something, singular, with_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A question taken apart: the questions whose answers it needs, in the order of the operands, and what is done
    with them."""

    texts: tuple[str, ...]
    operation: Operation | None = None
    compares: bool = False
    why: str = ""


Builder = Callable[[re.Match[str]], Split | None]

LESS = frozenset(
    """
    less fewer lower smaller cheaper shorter lighter slower earlier sooner younger quieter narrower shallower worse
    lowest smallest cheapest shortest lightest earliest fewest least youngest quietest
    weniger niedriger kleiner günstiger billiger kürzer leichter früher geringer jünger leiser
    """.split()
)


def like_with(subject: str, member: str) -> str:
    """The subject with one of several places after it; "Berlin" alone is taken as "in Berlin"."""
    if re.match(rf"(?:{PREPOSITION}) ", member, re.IGNORECASE):
        return f"{subject.strip()} {member}"
    return f"{subject.strip()} {'in' if member[:1].isupper() else 'of'} {member}"


def held(subject: str, than: str, degree: str, opening: str) -> Split | None:
    """A subject held against what follows "than", or None where that is a measure ("than six hours")."""
    if not names_something(than):
        return None
    condition = re.search(r" for .+$", than)
    second = like(subject, than)
    subject = with_time(subject, than)
    if condition and " for " not in subject and not than.startswith("for "):
        subject += condition.group()  # "is the Plus plan more than the Essential plan for a large plant"
    return listed((subject, second), degree, opening)


def listed(found: Sequence[str], degree: str, opening: str) -> Split | None:
    """Each of several things asked about with the same opening words."""
    return compared([f"{opening} {one}?" for one in found], degree)


def compared(texts: Sequence[str], degree: str) -> Split | None:
    """Questions whose answers are held together by a comparative or superlative; None for fewer than two."""
    if len(texts) < 2 or len(set(texts)) < len(texts):
        return None
    operation = Operation.SMALLEST if degree.lower() in LESS else Operation.LARGEST
    return Split(texts=tuple(texts), operation=operation, compares=True, why="two or more things are compared")


def subtracted(found: Split | None, degree: str) -> Split | None:
    """A comparison that asks by how much."""
    if found is None:
        return None
    # The larger comes first: "how much lower is A than B" is B less A.
    texts = found.texts[::-1] if degree.lower() in LESS else found.texts
    return Split(
        texts=texts, operation=Operation.DIFFERENCE, compares=True, why="a difference between two is asked for"
    )


def held_together(
    found: tuple[str, ...], about: str, operation: Operation | None, *, german: bool = False
) -> Split | None:
    """Several things asked about alike: what each is `about` ("response time"), or what each is."""
    if len(found) < 2:
        return None
    if about and german:
        texts = [f"Was gilt bei {one} für {about}?" for one in found]
    elif about:
        about = about.removeprefix("the ")
        texts = [f"What is the {about} {_placed(singular(one))}?" for one in found]
    elif german:
        texts = [f"Was gilt für {one}?" for one in found]
    else:
        texts = [f"What is {singular(one)}?" for one in found]
        # Without a measure named ("between Plus and Basic") there is nothing to take one from the other.
        operation = operation if any(re.search(rf" (?:{PREPOSITION}) ", one) for one in found) else None
    return Split(texts=tuple(texts), operation=operation, compares=True, why="two or more things are held together")


def _placed(name: str) -> str:
    return name if re.match(rf"(?:{PREPOSITION}) ", name, re.IGNORECASE) else f"of {name}"
