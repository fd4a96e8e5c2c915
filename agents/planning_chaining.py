"""Questions about what another question finds: "the manager of the site where the Fjord packages are made".

The inner question comes first, the outer one waits for its answer. English and German, and only where a thing is told
by what is known of it, with "the", and is of a kind that an answer can name (a person, a site, a supplier ...).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .question import Asked, asked_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Two questions: the second holds "{q1}" where the answer to the first goes."""

    first: str
    second: str


_PEOPLE = (
    "person|people|employee|engineer|manager|director|colleague|officer|lawyer|buyer|owner|author|team|department"
    "|product manager|site director|shift leader|head|supervisor|contact|man|woman|one"
)
_PLACES = "site|city|country|plant|location|office|factory|building|hall|town|place|room|warehouse"
_THINGS = (
    "supplier|customer|company|firm|vendor|provider|contractor|carrier|product|line|model|machine|system|project"
    "|course|plan|policy|document|contract|tool|software|service|controller|pump|rack|package|order|opportunity"
)
_WHO_OF = "owner|author|manager|director|buyer|head|product manager|site director|shift leader|chair|approver|keeper"
_ATTRIBUTES = (
    "extension|(?:tele)?phone number|number|e-?mail(?: address)?|address|office|manager|deputy|salary|role|department"
    "|boss|supervisor|site|team|employer|title|age|director|location|currency|country|buyer|contact"
)
_OF = "of|for|at|in|by|from|with|on|to|does|do|did|is|are|was|has|have"
_RELATIVE = re.compile(
    rf"^(?P<outer>(?:what|which|who|whom|whose|how|when|where)\b.{{1,120}}?\b(?:{_OF}) )the"
    rf" (?:(?P<person>{_PEOPLE})|(?P<place>{_PLACES})|(?P<thing>{_THINGS})),?"
    r" (?P<relative>where|in which|at which|from which|to which|who|that|which|whose) (?P<clause>.{3,160})$",
    re.IGNORECASE,
)
_CHAINED = re.compile(
    rf"^(?P<outer>(?:what|which|who|when|where|how)\b.{{1,60}}?\b(?:{_ATTRIBUTES}) (?:of|for) )the"
    rf" (?P<role>{_WHO_OF}) (?P<joint>of|for) (?P<rest>.{{3,120}})$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(
    rf"^(?P<outer>(?:what|who) (?:is|are|was) )the (?P<role>{_WHO_OF}) (?P<joint>of|for) (?P<rest>.{{3,120}}?)['’]s?"
    rf" (?P<attribute>{_ATTRIBUTES})$",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"^(?P<outer>(?:wer|was|wie|wann|wo|welche[rsnm]?)\b.{1,120}?)(?P<article>der|die|das|den|dem|des) (?:"
    r"(?P<person>person|mitarbeiter\w{0,5}|kolleg\w{1,4}|leiter\w{0,3}|ingenieur\w{0,4}|abteilung|stelle)"
    r"|(?P<place>standort\w{0,2}|stadt|werk\w{0,2}|land\w{0,2}|büro\w{0,2}|ort\w{0,2})"
    r"|(?P<thing>lieferant\w{0,2}|kunden?|firma|unternehmens?|produkt\w{0,2}|system\w{0,2}|projekt\w{0,2}"
    r"|vertrag\w{0,2})),"
    r" (?P<relative>in dem|an dem|in der|an der|wo|der|die|das|den) (?P<clause>.{3,160})$",
    re.IGNORECASE,
)
_GERMAN_LINKED = re.compile(r"^(?P<rest>.+) (?P<verb>[\wäöüß]{2,30})$", re.IGNORECASE)
_AUXILIARY = re.compile(
    r"^(?P<subject>.{1,100}?) (?P<auxiliary>is|are|was|were|can|will|has|have|had|must|should) (?P<rest>.{1,100})$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"^(?P<subject>we|i|you|they) (?P<rest>.{1,100})$", re.IGNORECASE)
_OUTER_KINDS = frozenset(
    (
        Asked.AMOUNT,
        Asked.NUMBER,
        Asked.DURATION,
        Asked.DATE,
        Asked.PERSON,
        Asked.ORGANISATION,
        Asked.CONTACT,
        Asked.PLACE,
        Asked.THING,
        Asked.DEFINITION,
        Asked.FREQUENCY,
    )
)
_SLOT = "{q1}"


def chain(text: str) -> Chain | None:
    """The two questions that `text` asks one inside the other, or None. Never raises."""
    bare = text.strip().rstrip("?!. ")
    if asked_for(bare + "?") not in _OUTER_KINDS:
        return None
    if match := _CHAINED.match(bare):
        first = f"Who is the {match['role']} {match['joint']} {match['rest']}?"
        return Chain(first=first, second=f"{match['outer']}{_SLOT}?")
    if match := _POSSESSIVE.match(bare):
        first = f"Who is the {match['role']} {match['joint']} {match['rest']}?"
        return Chain(first=first, second=f"{match['outer']}the {match['attribute']} of {_SLOT}?")
    if match := _RELATIVE.match(bare):
        return _by_clause(match)
    if match := _GERMAN.match(bare):
        return _by_german_clause(match)
    return None


def _by_clause(match: re.Match[str]) -> Chain | None:
    noun = (match["person"] or match["place"] or match["thing"]).lower()
    relative, clause = match["relative"].lower(), match["clause"].strip()
    if relative == "where" or " which" in relative:
        if not match["place"]:
            return None
        first = _where(noun, clause)
    elif relative == "whose":
        first = f"Which is the {noun} whose {clause}?"
    elif _starts_with_subject(clause):
        return None  # "the person that I report to" is known by who asks, not from a document.
    elif match["person"]:
        first = f"Who {clause}?" if noun in ("person", "people", "one", "man", "woman") else f"Which {noun} {clause}?"
    else:
        first = f"Which {noun} {clause}?"
    return Chain(first=first, second=f"{match['outer']}{_SLOT}?")


def _where(noun: str, clause: str) -> str:
    if parted := _AUXILIARY.match(clause):
        return f"Where {parted['auxiliary']} {parted['subject']} {parted['rest']}?"
    if parted := _PRONOUN.match(clause):
        return f"Where do {parted['subject']} {parted['rest']}?"
    return f"Which is the {noun} where {clause}?"


def _starts_with_subject(clause: str) -> bool:
    return clause[:1].isupper() or bool(
        re.match(r"(?:i|we|you|he|she|they|it|my|our|the|a|an)\b", clause, re.IGNORECASE)
    )


def _by_german_clause(match: re.Match[str]) -> Chain | None:
    linked = _GERMAN_LINKED.match(match["clause"].strip())
    if linked is None:
        return None
    rest, verb = linked["rest"], linked["verb"]
    if match["relative"].lower() in ("wo", "in dem", "an dem", "in der", "an der"):
        if not match["place"]:
            return None
        first = f"Wo {verb} {rest}?"
    elif match["person"]:
        first = f"Wer {verb} {rest}?"
    else:
        noun = match["thing"] or match["place"]
        first = f"Welcher {noun} {verb} {rest}?"
    outer = match["outer"].rstrip()
    # "der Chef der Person": a genitive, which a name needs "von" for.
    joint = " von" if match["article"].lower() in ("der", "des") and outer.split()[-1][0].isupper() else ""
    return Chain(first=first, second=f"{outer}{joint} {_SLOT}?")
