"""Arithmetic as a language model writes it, over named operands, worked out exactly.

A model that must compute names the figures it found and says how they go together: "(a + b) / 2". Nothing else is
understood: no calls, no powers, no names but those handed in, so that hostile text can neither run anything nor take
long. `calculating` computes what the planner named; this module computes what a model wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal, DecimalException, localcontext

from .errors import AgentError

MOST_CHARACTERS = 400
MOST_TOKENS = 120
MOST_DEPTH = 20
MOST_DIGITS = 24
PRECISION = Context(prec=34)
"""What sums are worked out in: IEEE 754 decimal128, beyond what any document counts."""

_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[-+*/()]))")


class NotComputable(AgentError):
    """A result cannot be worked out without guessing; the message says why."""

    code = "not_computable"


def evaluate(expression: str, operands: Mapping[str, Decimal]) -> Decimal:
    """The value of `expression`: + - * / and parentheses over plain numbers and the names in `operands`.

    Raises:
        NotComputable: it is too long or too deep, is no such expression, names an unknown operand, divides by zero.
    """
    tokens = _tokens(expression)
    with localcontext(PRECISION):
        try:
            value, at = _sum(tokens, 0, operands, 0)
        except DecimalException as error:
            raise NotComputable(f"{expression!r} has no value that can be worked out") from error
    if at != len(tokens):
        raise NotComputable(f"{tokens[at]!r} stands where an operator or the end was expected")
    return value


def _tokens(expression: str) -> list[str]:
    if len(expression) > MOST_CHARACTERS:
        raise NotComputable(f"the expression is longer than {MOST_CHARACTERS} characters; write a shorter one")
    tokens: list[str] = []
    text, at = expression.rstrip(), 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotComputable(f"{text[at:].lstrip()[:1]!r} is not understood; use numbers, names, + - * / ( )")
        if match["number"] and len(match["number"]) > MOST_DIGITS:
            raise NotComputable(f"a number has more than {MOST_DIGITS} digits")
        tokens.append(match[match.lastgroup or 0])
        at = match.end()
    if not tokens:
        raise NotComputable("the expression is empty")
    if len(tokens) > MOST_TOKENS:
        raise NotComputable(f"the expression has more than {MOST_TOKENS} terms and marks; write a shorter one")
    return tokens


def _sum(tokens: list[str], at: int, operands: Mapping[str, Decimal], depth: int) -> tuple[Decimal, int]:
    value, at = _product(tokens, at, operands, depth)
    while at < len(tokens) and tokens[at] in "+-":
        other, after = _product(tokens, at + 1, operands, depth)
        value = value + other if tokens[at] == "+" else value - other
        at = after
    return value, at


def _product(tokens: list[str], at: int, operands: Mapping[str, Decimal], depth: int) -> tuple[Decimal, int]:
    value, at = _factor(tokens, at, operands, depth)
    while at < len(tokens) and tokens[at] in "*/":
        other, after = _factor(tokens, at + 1, operands, depth)
        if tokens[at] == "/" and not other:
            raise NotComputable("the expression divides by zero")
        value = value * other if tokens[at] == "*" else value / other
        at = after
    return value, at


def _factor(tokens: list[str], at: int, operands: Mapping[str, Decimal], depth: int) -> tuple[Decimal, int]:
    if depth > MOST_DEPTH:
        raise NotComputable(f"the expression nests deeper than {MOST_DEPTH}")
    if at >= len(tokens):
        raise NotComputable("the expression ends where a number or a name was expected")
    token = tokens[at]
    if token in "+-":
        value, at = _factor(tokens, at + 1, operands, depth + 1)
        return (-value if token == "-" else value), at
    if token == "(":
        value, at = _sum(tokens, at + 1, operands, depth + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise NotComputable("a parenthesis is not closed")
        return value, at + 1
    if token[0].isdigit():
        return Decimal(token), at + 1
    if token in operands:
        return operands[token], at + 1
    raise NotComputable(f"{token!r} is neither a number nor one of: {', '.join(sorted(operands)) or 'no operands'}")
