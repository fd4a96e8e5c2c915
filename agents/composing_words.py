"""How computed results are said: the sources' own words and figures, joined by a few fixed phrases.

`CONNECTING` lists those phrases, so that the checks can tell them from what a source must bear out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .model import Operation
from .question import Language

MOST_LISTED = 8
_ENGLISH = {
    Operation.SUM: "The sum is {result}: {listed}.",
    Operation.DIFFERENCE: "The difference is {result}: {first} less {second}.",
    Operation.PRODUCT: "The product is {result}: {listed}.",
    Operation.RATIO: "The ratio is {result}: {first} to {second}.",
    Operation.SHARE: "The share is {result}: {first} of {second}.",
    Operation.GROWTH: "The growth is {result}: from {first} to {second}.",
    Operation.AVERAGE: "The average is {result}: of {listed}.",
    Operation.LARGEST: "The largest is {result}: of {listed}.",
    Operation.SMALLEST: "The smallest is {result}: of {listed}.",
    Operation.DAYS_BETWEEN: "There are {result} from {first} to {second}.",
    Operation.DATE_AFTER: "{second} after {first} is {result}.",
}
_GERMAN = {
    Operation.SUM: "Die Summe beträgt {result}: {listed}.",
    Operation.DIFFERENCE: "Die Differenz beträgt {result}: {first} abzüglich {second}.",
    Operation.PRODUCT: "Das Produkt beträgt {result}: {listed}.",
    Operation.RATIO: "Das Verhältnis beträgt {result}: {first} zu {second}.",
    Operation.SHARE: "Der Anteil beträgt {result}: {first} von {second}.",
    Operation.GROWTH: "Die Veränderung beträgt {result}: von {first} auf {second}.",
    Operation.AVERAGE: "Der Durchschnitt beträgt {result}: von {listed}.",
    Operation.LARGEST: "Am größten ist {result}: von {listed}.",
    Operation.SMALLEST: "Am kleinsten ist {result}: von {listed}.",
    Operation.DAYS_BETWEEN: "Von {first} bis {second} sind es {result}.",
    Operation.DATE_AFTER: "{second} nach {first} ist der {result}.",
}
_FALL = {"en": "The change is {result}: from {first} to {second}.", "de": _GERMAN[Operation.GROWTH]}
_MANY = {
    "en": "The {what} of the figures under “{column}” is {result}.",
    "de": "{what} der Werte unter „{column}“: {result}.",
}
_WHAT = {
    "en": {Operation.SUM: "sum", Operation.AVERAGE: "average"},
    "de": {Operation.SUM: "Summe", Operation.AVERAGE: "Durchschnitt"},
}
_EXTREME = {
    "en": {Operation.LARGEST: "The largest is {result}{label}, of the figures under “{column}”.",
           Operation.SMALLEST: "The smallest is {result}{label}, of the figures under “{column}”."},
    "de": {Operation.LARGEST: "Am größten von den Werten unter „{column}“ ist {result}{label}.",
           Operation.SMALLEST: "Am kleinsten von den Werten unter „{column}“ ist {result}{label}."},
}  # fmt: skip
_MORE = {
    ("en", "more"): "{first} is more than {second}.",
    ("en", "less"): "{first} is less than {second}.",
    ("en", "later"): "{first} is later than {second}.",
    ("en", "earlier"): "{first} is earlier than {second}.",
    ("de", "more"): "{first} ist mehr als {second}.",
    ("de", "less"): "{first} ist weniger als {second}.",
    ("de", "later"): "{first} ist später als {second}.",
    ("de", "earlier"): "{first} ist früher als {second}.",
}
_FIXED = {Operation.SUM: ("plus", "plus"), Operation.PRODUCT: ("times", "mal")}
_FIELD = re.compile(r"\{\w+\}")


def _phrases() -> tuple[str, ...]:
    forms = [*_ENGLISH.values(), *_GERMAN.values(), *_FALL.values(), *_MANY.values(), *_MORE.values()]
    forms += [form for table in _EXTREME.values() for form in table.values()]
    pieces = {piece.strip(" .:“”„") for form in forms for piece in _FIELD.split(form)}
    pieces |= {word for table in _WHAT.values() for word in table.values()} | {"plus", "times", "mal", "and", "und"}
    return tuple(sorted(piece for piece in pieces if piece))


CONNECTING = _phrases()
"""The phrases of computed claims that no source holds."""


def said(operation: Operation, result: str, operands: Sequence[tuple[str, str]], language: Language) -> str:
    """The sentence of a computation over (figure, what it is) in their order; "what it is" may be empty."""
    german = language == "de"
    shown = [f"{figure} ({label})" if label else figure for figure, label in operands]
    forms = _GERMAN if german else _ENGLISH
    form = forms[operation]
    if operation is Operation.GROWTH and result.startswith("-"):
        form = _FALL["de" if german else "en"]
    return form.format(result=result, listed=_listed(operation, shown, german=german), first=shown[0], second=shown[-1])


def said_of_column(operation: Operation, result: str, label: str, column: str, language: Language) -> str:
    """The sentence of a computation over a whole column of a table, too many figures to list."""
    tongue = "de" if language == "de" else "en"
    if operation in _EXTREME[tongue]:
        named = f" ({label})" if label else ""
        return _EXTREME[tongue][operation].format(result=result, label=named, column=column)
    return _MANY[tongue].format(what=_WHAT[tongue][operation], result=result, column=column)


def said_of_two(
    first: tuple[str, str], second: tuple[str, str], language: Language, *, dates: bool, larger: bool
) -> str:
    """The sentence that the first of two is more or less, later or earlier, than the second."""
    word = ("later" if larger else "earlier") if dates else ("more" if larger else "less")
    shown = [f"{figure} ({label})" if label else figure for figure, label in (first, second)]
    return _MORE["de" if language == "de" else "en", word].format(first=shown[0], second=shown[1])


def _listed(operation: Operation, shown: Sequence[str], *, german: bool) -> str:
    if operation in _FIXED:
        return f" {_FIXED[operation][german]} ".join(shown)
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown[:-1])} {'und' if german else 'and'} {shown[-1]}"
