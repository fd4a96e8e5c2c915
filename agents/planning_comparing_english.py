"""English comparisons taken apart; `planning_splits` says what is made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .model import Operation
from .planning_pairs import PREPOSITION, like, members, names_something, with_time
from .planning_splits import Builder, Split, compared, held, held_together, like_with, listed, subtracted

_BASE = {
    "heavier": "heavy",
    "lighter": "heavy",
    "longer": "long",
    "shorter": "long",
    "higher": "high",
    "lower": "high",
    "larger": "large",
    "smaller": "large",
    "bigger": "large",
    "cheaper": "expensive",
    "dearer": "expensive",
    "faster": "fast",
    "slower": "fast",
    "older": "old",
    "younger": "old",
    "louder": "loud",
    "quieter": "loud",
    "wider": "wide",
    "deeper": "deep",
    "stronger": "strong",
    "heaviest": "heavy",
    "lightest": "heavy",
    "longest": "long",
    "shortest": "long",
    "largest": "large",
    "smallest": "large",
    "cheapest": "expensive",
    "loudest": "loud",
    "quietest": "loud",
}
_COMPARATIVE = (
    "more|less|fewer|higher|lower|larger|smaller|bigger|greater|longer|shorter|heavier|lighter|cheaper|dearer|faster"
    "|slower|quicker|older|younger|earlier|later|sooner|louder|quieter|wider|deeper|stronger"
)
_SUPERLATIVE = "most|least|fewest|highest|lowest|largest|smallest|biggest|longest|shortest|heaviest|lightest|cheapest"
_VERBS = "cost|weigh|earn|pay|get|take|hold|last|need|have|receive|charge|spend|allow|lift|contain|require"
_ABOUT = "in terms of|with regard to|with respect to|regarding|concerning|when it comes to|as to|on|in|for|by"
_COUNTED = frozenset("more fewer less most fewest least".split())
_HAPPENS = frozenset("ends starts begins opens closes expires ended started began opened closed expired".split())
_FIRMS = frozenset("supplier company firm customer vendor carrier provider person".split())
_PLACES = frozenset("city site office country town location plant stadt standort land werk".split())


def _is_than(match: re.Match[str]) -> Split | None:
    """Is S higher than T; is S higher in A than in B."""
    subject, place = match["subject"].strip(), (match["place"] or "").strip()
    return held(f"{subject} {place}".strip(), match["than"], match["degree"], _opening(match["be"], match["degree"]))


def _is_or(match: re.Match[str]) -> Split | None:
    """Is S higher in A or in B."""
    found = members(match["list"])
    return listed(
        [like_with(match["subject"], one) for one in found], match["degree"], _opening(match["be"], match["degree"])
    )


def _is_either(match: re.Match[str]) -> Split | None:
    """Is S in A or in B higher."""
    return listed(members(match["list"]), match["degree"], _opening(match["be"], match["degree"]))


def _does_than(match: re.Match[str]) -> Split | None:
    """Does S have more N than T; does S cost more than T."""
    if not names_something(match["than"]):
        return None
    auxiliary, verb, noun = match["be"].lower(), match["verb"], (match["noun"] or "").strip()
    asked, rest = _how_much(noun, match["degree"]), f"{verb} {noun}" if noun.startswith("to ") else verb
    sides = (match["subject"], like(match["subject"], match["than"]))
    return compared([f"{asked} {auxiliary} {side} {rest}?" for side in sides], match["degree"])


def _which_of(match: re.Match[str]) -> Split | None:
    """Which is heavier, A or B; which city has the higher cap, A or B."""
    found = members(match["list"])
    rest = match["rest"].strip()
    noun = (match["noun"] or "").strip()
    if has := re.fullmatch(rf"(?:has|have|had) (?:the )?({_COMPARATIVE}|{_SUPERLATIVE}) (.+)", rest, re.IGNORECASE):
        return _which_has(found, noun.lower(), has[1], has[2])
    if be := re.fullmatch(rf"(is|are|was|were) (?:the )?({_COMPARATIVE}|{_SUPERLATIVE})( .+)?", rest, re.IGNORECASE):
        base = _BASE.get(be[2].lower())
        if base is not None and be[3] is None:
            return compared([f"How {base} {be[1]} {one}?" for one in found], be[2])
        return None
    if verb := re.fullmatch(rf"(\w+) (?:the )?({_COMPARATIVE}|{_SUPERLATIVE}|first|last)( .+)?", rest, re.IGNORECASE):
        return _which_does(found, noun, verb)
    return None


def _which_has(found: Sequence[str], noun: str, degree: str, measure: str) -> Split | None:
    if degree.lower() in _COUNTED:
        return compared([f"{_how_much(measure, degree)} does {one} have?" for one in found], degree)
    if noun in _PLACES:
        return compared([f"What is the {measure} in {one}?" for one in found], degree)
    noun = "" if noun in _FIRMS else noun
    named = [f"the {one} {noun}" if noun and one[:1].isupper() and noun not in one else one for one in found]
    return compared([f"What is the {measure} of {one}?" for one in named], degree)


def _which_does(found: Sequence[str], noun: str, verb: re.Match[str]) -> Split | None:
    """Which costs more, A or B; which contract ends earlier, the one with A or the one with B."""
    if verb[1].lower() in _HAPPENS:
        named = [re.sub(r"^the one\b", f"the {noun or 'one'}", one) for one in found]
        degree = "earlier" if verb[2].lower() == "first" else verb[2]
        return compared([f"When does {one} {_base_form(verb[1])}?" for one in named], degree)
    asked = _how_much((verb[3] or "").strip(), verb[2])
    return compared([f"{asked} does {one} {_base_form(verb[1])}?" for one in found], verb[2])


def _difference(match: re.Match[str]) -> Split | None:
    about = (match["before"] or match["about"] or "").strip()
    return held_together(members(match["list"]), about, Operation.DIFFERENCE)


def _compare(match: re.Match[str]) -> Split | None:
    joined = re.sub(r" (?:with|to|against|mit) (?=\S)", " and ", match["list"], count=1)
    both = match["list"] if members(match["list"]) else joined
    return held_together(members(both), (match["about"] or "").strip(), None)


def _how_much_more(match: re.Match[str]) -> Split | None:
    """How much higher is S than T: the first less the second; how much more per year is S than T."""
    subject = f"{match['subject'].strip()}{match['rate'] or ''}"
    found = held(subject, match["than"], match["degree"], _opening(match["be"], match["degree"]))
    return subtracted(found, match["degree"])


def _how_much_does_more(match: re.Match[str]) -> Split | None:
    """How much more does S cost than T; how many more days of leave does S get than T."""
    if not names_something(match["than"]):
        return None
    asked = f"How {match['much']} {(match['noun'] or '').strip()}".strip()
    condition = re.search(r" for .+$", match["than"])
    shared = condition.group() if condition and " for " not in match["subject"] else ""
    sides = (f"{with_time(match['subject'], match['than'])}{shared}", like(match["subject"], match["than"]))
    rest = f"{match['verb']}{match['tail'] or ''}"
    found = compared([f"{asked} {match['be'].lower()} {side} {rest}?" for side in sides], match["degree"])
    return subtracted(found, match["degree"])


def _does_either(match: re.Match[str]) -> Split | None:
    """Does S or T have more N."""
    asked = _how_much((match["noun"] or "").strip(), match["degree"])
    be, verb = match["be"].lower(), match["verb"]
    return compared([f"{asked} {be} {one} {verb}?" for one in members(match["list"])], match["degree"])


def _are_there(match: re.Match[str]) -> Split | None:
    """Are there more N in S or in T."""
    sides = members(match["list"])
    return compared([f"How many {match['noun']} {match['be'].lower()} there {one}?" for one in sides], match["degree"])


def _how_much(noun: str, degree: str) -> str:
    """ "More days of leave" asks how many days of leave, "longer" how long."""
    if not noun or noun.startswith("to "):
        return "How long" if degree.lower() in ("longer", "shorter", "longest", "shortest") else "How much"
    return f"How {'many' if noun.split(' ', 1)[0].endswith('s') or noun.startswith('people') else 'much'} {noun}"


def _opening(be: str, degree: str) -> str:
    """ "Is the FJ-120 heavier" asks how heavy it is, "is the cap higher" what it is."""
    base = _BASE.get(degree.lower(), "")
    return f"How {base} {be.lower()}" if base not in ("", "high", "large") else f"What {be.lower()}"


def _base_form(verb: str) -> str:
    low = verb.lower()
    if low in ("has", "have", "had"):
        return "have"
    return low[:-2] if low.endswith(("sses", "shes", "ches")) else low.removesuffix("s")


def rules() -> tuple[tuple[str, Builder], ...]:
    """Patterns of whole questions, without their mark, and what is made of each."""
    short = r"[^,?]{1,160}?"
    return (
        (
            rf"(?P<be>are|were) there (?P<degree>more|fewer|less) (?P<noun>[\w -]{{1,40}}?) (?P<list>(?:{PREPOSITION})"
            r" .{1,80} or .{1,80})",
            _are_there,
        ),
        (
            rf"(?P<be>is|are|was|were) (?P<subject>{short}) (?P<degree>{_COMPARATIVE})"
            rf"(?P<place> (?:{PREPOSITION}) {short})? than (?P<than>.{{1,160}})",
            _is_than,
        ),
        (
            rf"(?P<be>is|are|was|were) (?P<subject>{short}) (?P<degree>{_COMPARATIVE}):?,?"
            r" (?P<list>.{1,120} or .{1,120})",
            _is_or,
        ),
        (rf"(?P<be>is|are|was|were) (?P<list>.{{1,120}} or .{{1,120}}) (?P<degree>{_COMPARATIVE})", _is_either),
        (
            rf"(?P<be>do|does|did) (?P<subject>{short}) (?P<verb>have|get|give|cost|weigh|take|hold|need|pay|earn|last"
            rf"|lift|contain|use|reach|run|receive|offer|allow|carry|require) (?P<degree>{_COMPARATIVE})(?P<noun>"
            rf" {short})? than"
            rf" (?P<than>.{{1,160}})",
            _does_than,
        ),
        (
            r"(?:which|what|who)(?P<noun> (?!is |are |was |has |have )[\w-]{1,30}(?: (?!is |are |was |has |have"
            r" )[\w-]{1,30})?)?"
            r" (?P<rest>(?:is|are|was|were|has|have|had|gets?|costs?|weighs?|takes?|holds?|needs?|pays?|earns?|lasts?"
            r"|ends|starts|begins|opens|closes|expires)"
            r" [^,:?]{1,120})[,:] (?P<list>.{1,120} or .{1,120})",
            _which_of,
        ),
        (
            r"(?:(?:what is|what's|what are|what was|state|give) )?(?:the )?differences? (?:in (?P<before>[\w"
            r" -]{1,80}?) )?"
            rf"between (?P<list>.{{1,160}}? and .{{1,120}}?)(?: (?:{_ABOUT}) (?:the )?(?P<about>[^,?]{{1,100}}))?",
            _difference_or_none,
        ),
        (
            r"(?:what is|what's|what was|how (?:big|large|high) is) the (?P<before>[\w-]{1,20}(?: [\w-]{1,20})?)"
            r" difference between (?P<list>.{1,160}? and .{1,120}?)(?P<about>)",
            _difference,
        ),
        (
            rf"(?P<be>do|does|did) (?P<list>.{{1,80}} or .{{1,80}}) (?P<verb>{_VERBS}|employ|use|make|offer)"
            rf" (?P<degree>{_COMPARATIVE})(?P<noun> [\w -]{{1,40}})?",
            _does_either,
        ),
        (
            r"(?:compare|contrast) (?P<list>.{1,160}? (?:and|with|to|against|versus|vs\.?) .{1,120}?)"
            r"(?: (?:on|by|in terms of|regarding|with regard to|with respect to|concerning) (?:the"
            r" )?(?P<about>[^,?]{1,100}))?",
            _compare,
        ),
        (
            rf"(?:by )?how (?:much|many [\w-]{{1,30}}) (?P<degree>{_COMPARATIVE})(?P<rate> (?:per|a|each) \w{{1,12}})?"
            rf" (?P<be>is|are|was|were)"
            rf" (?P<subject>{short}) than (?P<than>.{{1,160}})",
            _how_much_more,
        ),
        (
            rf"how (?P<much>much|many) (?P<degree>more|less|fewer)(?P<noun> [\w -]{{1,60}}?)? (?P<be>do|does|did)"
            rf" (?P<subject>{short}) (?P<verb>{_VERBS})(?P<tail> (?:per|a|each|in|at|for) [\w ]{{1,30}}?)?"
            r" than (?P<than>.{1,160})",
            _how_much_does_more,
        ),
        (
            rf"how (?P<much>much|many) (?P<degree>more|less|fewer)(?P<noun> [\w -]{{1,60}}?)? (?P<be>do|does|did)"
            rf" (?P<subject>{short}) (?P<verb>[\w-]{{2,20}})(?P<tail>) than (?P<than>.{{1,160}})",
            _how_much_does_more,
        ),
    )


def _difference_or_none(match: re.Match[str]) -> Split | None:
    # "the difference between the caps in Hull and in London": what follows "in" is no measure but a second place.
    if match["about"] and match["about"][:1].isupper():
        whole = match.string[match.start("list") :]
        return held_together(members(whole), (match["before"] or "").strip(), Operation.DIFFERENCE)
    return _difference(match)
