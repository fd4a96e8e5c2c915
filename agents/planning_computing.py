"""Calculations taken apart: sums, averages, growth, shares and spans of days ask for figures and reckon with them.

A figure that a text may well state itself ("total revenue", "the average age") is looked up, not reckoned: only words
that ask for reckoning ("in total across all", "altogether", "from 2023 to 2025") make a calculation.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .model import Operation
from .planning_pairs import PREPOSITION, like, members, singular
from .planning_splits import Split

_PERIOD = (
    r"(?:(?:the )?(?:financial |fiscal )?(?:year )?(?:end of )?)?(?:FY ?|GJ ?)?(?:\d{4}(?:/\d{2,4})?|Q[1-4](?: \d{4})?"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)(?: \d{4})?)"
)
_BETWEEN = (
    rf"(?:from|between|von|zwischen) (?P<first>{_PERIOD}) (?:to|and|until|till|auf|und|bis) (?P<second>{_PERIOD})"
)
_GROW = (
    "grow|grown|grew|rise|risen|rose|increase|increased|fall|fallen|fell|drop|dropped|decrease|decreased|decline"
    "|declined|change|changed|go up|go down|gone up|gone down"
)
_PERCENT = re.compile(r"per ?cent|percentage|%|growth|prozent|\brate\b", re.IGNORECASE)
_IN_PERCENT = re.compile(r" (?:in|as a) (?:per ?cent|percentage|%)", re.IGNORECASE)
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Split | None]], ...]


def compute(text: str) -> Split | None:
    """The questions for the operands of a calculation, or None when none is asked for.

    One question alone means that the operands stand side by side, as in the rows of a table.
    """
    bare = text.strip().rstrip("?!. ")
    for pattern, build in _RULES:
        match = pattern.match(bare)
        if match and (found := build(match)) is not None:
            return found
    return _over_rows(text)


def _growth(match: re.Match[str]) -> Split | None:
    subject, first, second = match["subject"].strip(), match["first"], match["second"]
    german = match.re is _GERMAN_GROWTH
    opening = "Wie hoch war" if german else "What were" if re.search(r"s$", subject.split()[-1]) else "What was"
    rest = f" {match['rest'].strip()}" if match.groupdict().get("rest") else ""
    rest = _IN_PERCENT.sub("", rest)
    texts = tuple(f"{opening} {subject}{rest} {'' if german else 'in '}{period}?" for period in (first, second))
    if _PERCENT.search(match.string):
        return Split(texts=texts, operation=Operation.GROWTH, why="growth from one time to another is asked for")
    return Split(
        texts=texts[::-1], operation=Operation.DIFFERENCE, why="the change from one time to another is asked for"
    )


def _total(match: re.Match[str]) -> Split | None:
    operation = Operation.AVERAGE if match["kind"].lower() in ("average", "mean") else Operation.SUM
    found = members(f"{match['measure']} {match['list']}")
    be = match["be"].lower()
    return _each([f"What {be} the {singular(one)}?" for one in found], operation)


def _together(match: re.Match[str]) -> Split | None:
    found = members(match["list"])
    be = {"do": "does", "are": "is", "have": "has"}.get(match["be"].lower(), match["be"].lower())
    rest = f" {match['rest'].strip()}" if match["rest"] and match["rest"].strip() else ""
    tail = match["tail"] or ""
    return _each([f"{match['asked']} {be} {one}{rest}{tail}?" for one in found], Operation.SUM)


def _sum_of(match: re.Match[str]) -> Split | None:
    return _each([f"What is {singular(one)}?" for one in members(match["list"])], Operation.SUM)


def _zusammen(match: re.Match[str]) -> Split | None:
    be = {"kosten": "kostet", "wiegen": "wiegt", "sind": "ist", "betragen": "beträgt"}[match["be"].lower()]
    return _each([f"{match['asked']} {be} {one}?" for one in members(match["list"])], Operation.SUM)


def _summe_von(match: re.Match[str]) -> Split | None:
    return _each([f"Wie hoch ist {one}?" for one in members(match["list"])], Operation.SUM)


def _share_of_total(match: re.Match[str]) -> Split | None:
    whole, part = match["whole"].strip(), match["part"].strip()
    texts = (f"What is the {whole} for {part}?", f"What is the total {whole}?")
    return Split(texts=texts, operation=Operation.SHARE, why="a share of a whole is asked for")


def _as_share(match: re.Match[str]) -> Split | None:
    rest = f" {match['rest'].strip()}" if match["rest"] else ""
    texts = tuple(f"What {match['be'].lower()} {one.strip()}{rest}?" for one in (match["part"], match["whole"]))
    return Split(texts=texts, operation=Operation.SHARE, why="one figure is asked for as a share of another")


def _ratio(match: re.Match[str]) -> Split | None:
    part, whole = match["part"].strip(), match["whole"].strip()
    texts = (f"What is {part}?", f"What is {like(part, whole)}?")
    return Split(texts=texts, operation=Operation.RATIO, why="a ratio is asked for")


def _days_between(match: re.Match[str]) -> Split | None:
    if match.re is _GERMAN_DAYS:
        # Without its article the noun needs no other case: "zwischen dem Audit", "wann war Audit".
        bare = (re.sub(r"^(?:dem|der|den|einem|einer) ", "", match[name].strip()) for name in ("first", "second"))
        texts = tuple(f"Wann war {one}?" for one in bare)
    else:
        first, second = match["first"].strip(), match["second"].strip()
        owner = re.search(r" of .+$", second)
        if owner and " of " not in first:
            first += owner.group()  # "the start and the end of the project"
        texts = (f"When was {first}?", f"When was {second}?")
    return Split(texts=texts, operation=Operation.DAYS_BETWEEN, why="the time between two dates is asked for")


def _after_event(match: re.Match[str]) -> Split | None:
    texts = (f"When was {match['first'].strip()}?", f"When {match['be'].lower()} {match['second'].strip()}?")
    return Split(texts=texts, operation=Operation.DAYS_BETWEEN, why="the time between two dates is asked for")


def _each(texts: list[str], operation: Operation) -> Split | None:
    if len(texts) < 2 or len(set(texts)) < len(texts):
        return None
    why = "an average of several figures is asked for" if operation is Operation.AVERAGE else "a sum is asked for"
    return Split(texts=tuple(texts), operation=operation, why=why)


def _over_rows(text: str) -> Split | None:
    for pattern, operation, why in _OVER_ROWS:
        if pattern.search(text):
            return Split(texts=(text,), operation=operation, why=why)
    return None


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"{text}$", re.IGNORECASE)


_GERMAN_GROWTH = _pattern(
    rf"(?:um )?wie ?(?:viel|stark)(?: prozent)? (?:ist|sind) (?P<subject>.{{1,120}}?) {_BETWEEN}"
    r" (?:gestiegen|gewachsen|gefallen|gesunken|angestiegen)"
)
_GERMAN_DAYS = _pattern(
    r"wie ?viele (?:tage|wochen|monate) (?:liegen|lagen|sind|waren) zwischen (?P<first>.{1,120}?) und"
    r" (?P<second>.{1,120})"
)
_RULES = (
    (
        _pattern(
            rf"(?:by )?(?:how much|how many [a-z ]{{1,30}}?|what per ?cent(?:age)?|how strongly)(?: in per ?cent)?"
            rf" (?:did|does|do|will|has|have) (?P<subject>.{{1,120}}?) (?:{_GROW})(?P<rest> .{{1,60}}?)? {_BETWEEN}"
        ),
        _growth,
    ),
    (
        _pattern(
            r"(?:what (?:is|was)|what's) the (?:percentage |per ?cent |relative )?"
            rf"(?:growth|increase|decrease|change|rise|drop|decline|growth rate) (?:of|in) (?P<subject>.{{1,120}}?)"
            rf" {_BETWEEN}(?: in (?:per ?cent|%))?"
        ),
        _growth,
    ),
    (_pattern(rf"(?:what (?:is|was)|what's) the (?P<subject>.{{1,120}}?) growth {_BETWEEN}"), _growth),
    (_GERMAN_GROWTH, _growth),
    (_pattern(r"what (?:is|was) the sum of (?P<list>.{1,160} and .{1,120})"), _sum_of),
    (
        _pattern(
            r"what (?P<be>is|are|was|were) (?:the )?(?P<kind>total|combined|joint|overall|average|mean)(?: of the)?"
            rf" (?P<measure>[^,?]{{1,80}}? (?:{PREPOSITION})) (?P<list>.{{1,120}} and .{{1,120}})"
        ),
        _total,
    ),
    (
        _pattern(
            r"(?P<asked>how (?:much|many)(?: [\w-]{1,30}){0,3}?|what) (?P<be>do|does|did|are|is|have)"
            r" (?P<list>.{1,120} and .{1,120}?)"
            r" (?P<rest>cost|weigh|hold|need|take|contain|require|earn|pay|have|get|make)?"
            r" ?(?:all together|altogether|together|in total|in all|combined|in sum)"
            r"(?P<tail> (?:in|as|per|a) [^,?]{1,60})?"
        ),
        _together,
    ),
    (
        _pattern(
            r"(?P<asked>wie ?viel|wie hoch|was) (?P<be>kosten|wiegen|sind|betragen) (?P<list>.{1,120} und .{1,120}?)"
            r" (?:zusammen|insgesamt|in summe)"
        ),
        _zusammen,
    ),
    (_pattern(r"(?:wie hoch|was) ist die summe (?:aus|von|der) (?P<list>.{1,160} und .{1,120})"), _summe_von),
    (
        _pattern(
            r"what (?:share|percentage|proportion|per ?cent) of (?:the )?(?:total|whole|overall|entire)"
            r" (?P<whole>[^,?]{1,80}?) (?:is|was|are|goes to|went to|comes from|came from|falls to|is spent on|was"
            r" spent on|is for)"
            r" (?P<part>[^,?]{1,80})"
        ),
        _share_of_total,
    ),
    (
        _pattern(
            r"what (?P<be>is|was|are|were) (?P<part>[^,?]{1,80}?) as a (?:percentage|share|proportion|per ?cent) of"
            rf" (?P<whole>[^,?]{{1,80}}?)(?P<rest> in {_PERIOD})?"
        ),
        _as_share,
    ),
    (
        _pattern(r"what (?:is|was) the ratio (?:of|between) (?P<part>[^,?]{1,80}?) (?:to|and) (?P<whole>[^,?]{1,80})"),
        _ratio,
    ),
    (
        _pattern(
            r"how many (?:calendar |working )?(?:days|weeks|months) (?:are there |were there |lie |lay |passed |are"
            r" |is it )?"
            r"(?:between|from) (?P<first>.{1,120}?) (?:and|to|until) (?P<second>.{1,120})"
        ),
        _days_between,
    ),
    (
        # In the past only: "how many days after a trip do I file" asks for a rule.
        _pattern(
            r"how (?:long|many (?:days|weeks|months)) after (?P<first>.{1,120}?) (?P<be>was|were|did)"
            r" (?P<second>.{1,120})"
        ),
        _after_event,
    ),
    (_GERMAN_DAYS, _days_between),
)
_ALL = r"(?:all|each|every|the (?:two|three|four|five|six)|both)"
_DATE = (
    r"(?:\d{1,2}\.? (?:january|february|march|april|may|june|july|august|september|october|november|december|januar"
    r"|februar"
    r"|märz|mai|juni|juli|oktober|dezember)|(?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december) \d{1,2}|\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})"
)
_OVER_ROWS = (
    (
        re.compile(
            rf"^(?:what|how much)(?: [\w-]{{1,20}}){{0,2}} (?:do|are|is|does|did) {_ALL} [^?]{{1,120}}"
            r"\b(?:in total|altogether|together|in all|combined)\W*$"
            rf"|\b(?:add up|adds up to|sum of {_ALL}|total(?: [\w-]{{1,30}}){{1,4}} (?:of|across|for|over|with|from)"
            rf" {_ALL}"
            rf"|combined (?:[\w-]{{1,30}} ){{1,4}}(?:of|across|for) {_ALL}|altogether|all together|in total across"
            r"|summe all(?:er|en)|zusammengerechnet)\b",
            re.IGNORECASE,
        ),
        Operation.SUM,
        "a sum is asked for",
    ),
    (
        re.compile(
            rf"\b(?:average|mean|durchschnitt\w{{0,6}})(?: [\w-]{{1,30}}){{1,4}} (?:of|across|for|over|aller|über)"
            rf"(?: {_ALL}| aller)\b",
            re.IGNORECASE,
        ),
        Operation.AVERAGE,
        "an average is asked for",
    ),
    (
        re.compile(
            r"^\W*(?:which|who|welche[rsn]?|wer)\b.{1,80}\b(?:has|have|had|is|are|takes?|costs?|gets?|hat|haben|ist)"
            r" (?:the |der |die |das |den )?(?:highest|largest|biggest|greatest|longest|heaviest|most expensive"
            r"|most|höchste[nrs]?"
            r"|größte[nrs]?|längste[nrs]?|meisten|teuerste[nrs]?|schwerste[nrs]?)\b",
            re.IGNORECASE,
        ),
        Operation.LARGEST,
        "the largest of several is asked for",
    ),
    (
        re.compile(
            r"^\W*(?:which|who|welche[rsn]?|wer)\b.{1,80}\b(?:has|have|had|is|are|takes?|costs?|gets?|hat|haben|ist)"
            r" (?:the |der |die |das |den )?(?:lowest|smallest|shortest|lightest|cheapest|least|fewest"
            r"|niedrigste[nrs]?"
            r"|kleinste[nrs]?|kürzeste[nrs]?|wenigsten|günstigste[nrs]?|leichteste[nrs]?)\b",
            re.IGNORECASE,
        ),
        Operation.SMALLEST,
        "the smallest of several is asked for",
    ),
    (
        re.compile(
            # A date that is told ("I joined on 3 March 2026. When ...", "if ... on 3 March, when"), not one that names.
            rf"(?:\b(?:if|suppose|wenn|falls)\b[^.?!]{{1,160}}{_DATE}|{_DATE}[^.?!]{{0,80}}[.!])[^?]{{1,160}}"
            r"\b(?:when|by what date|by which date|until when|what is the (?:deadline|last day)|wann)\b"
            rf"|\b(?:when|by what date|by which date|until when|wann)\b.{{1,160}}\b(?:if|wenn"
            rf"|falls)\b.{{1,160}}{_DATE}",
            re.IGNORECASE,
        ),
        Operation.DATE_AFTER,
        "a date reckoned from another is asked for",
    ),
)
