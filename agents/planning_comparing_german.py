"""German comparisons taken apart; `planning_comparing` says what is made of them."""

from __future__ import annotations

import re

from .model import Operation
from .planning_pairs import PREPOSITION, members
from .planning_splits import Builder, Split, held, held_together, like_with, listed, subtracted

_KOMPARATIV = (
    "mehr|weniger|höher|niedriger|größer|kleiner|länger|kürzer|schwerer|leichter|teurer|günstiger|billiger|schneller"
    "|langsamer|älter|jünger|früher|später|lauter|leiser|geringer|besser"
)
_GRUNDFORM = {
    "größer": "groß",
    "kleiner": "groß",
    "länger": "lang",
    "kürzer": "lang",
    "schwerer": "schwer",
    "leichter": "schwer",
    "teurer": "teuer",
    "günstiger": "teuer",
    "billiger": "teuer",
    "schneller": "schnell",
    "langsamer": "schnell",
    "älter": "alt",
    "jünger": "alt",
    "lauter": "laut",
    "leiser": "laut",
}
_BEI = "hinsichtlich(?: der| des)?|in bezug auf|bezüglich(?: der| des)?|bei der|bei den|beim|bei"


def _unterschied(match: re.Match[str]) -> Split | None:
    about = (match["about"] or "").strip()
    return held_together(members(match["list"]), about, Operation.DIFFERENCE, german=True)


def _vergleiche(match: re.Match[str]) -> Split | None:
    joined = match["list"].replace(" mit ", " und ", 1)
    both = match["list"] if members(match["list"]) else joined
    return held_together(members(both), (match["about"] or "").strip(), None, german=True)


def _ist_als(match: re.Match[str]) -> Split | None:
    subject = f"{match['subject'].strip()} {(match['place'] or '').strip()}".strip()
    return held(subject, match["than"], match["degree"], _wie_hoch(match["be"], match["degree"]))


def _ist_oder(match: re.Match[str]) -> Split | None:
    return listed(members(match["list"]), match["degree"], _wie_hoch(match["be"], match["degree"]))


def _wo_ist(match: re.Match[str]) -> Split | None:
    found = [like_with(match["subject"], one) for one in members(match["list"])]
    return listed(found, match["degree"], _wie_hoch(match["be"], match["degree"]))


def _um_wie_viel(match: re.Match[str]) -> Split | None:
    opening = _wie_hoch(match["be"], match["degree"])
    return subtracted(held(match["subject"].strip(), match["than"], match["degree"], opening), match["degree"])


def _wie_hoch(be: str, degree: str = "") -> str:
    """ "Ist A schwerer" asks how heavy it is, "ist A höher" how high."""
    return f"Wie {_GRUNDFORM.get(degree.lower(), 'hoch')} {be.lower()}"


def rules() -> tuple[tuple[str, Builder], ...]:
    """Patterns of whole questions, without their mark, and what is made of each."""
    short = r"[^,?]{1,160}?"
    return (
        (
            r"(?:was|worin|wo|wie groß) (?:ist|liegt|besteht) der unterschied zwischen (?P<list>.{1,160}? und"
            r" .{1,120}?)"
            rf"(?: (?:{_BEI}) (?P<about>[^,?]{{1,100}}))?",
            _unterschied,
        ),
        (
            rf"vergleiche?n? (?:sie )?(?P<list>.{{1,160}}? (?:und|mit) .{{1,120}}?)(?: (?:{_BEI})"
            rf" (?P<about>[^,?]{{1,100}}))?",
            _vergleiche,
        ),
        (
            rf"(?P<be>ist|sind|war) (?P<subject>{short}) (?P<degree>{_KOMPARATIV})(?P<place> (?:{PREPOSITION})"
            rf" {short})?"
            r" als (?P<than>.{1,160})",
            _ist_als,
        ),
        (rf"(?P<be>ist|sind|war) (?P<list>.{{1,120}} oder .{{1,120}}) (?P<degree>{_KOMPARATIV})", _ist_oder),
        (
            rf"wo (?P<be>ist|sind) (?P<subject>{short}) (?P<degree>{_KOMPARATIV}),? (?P<list>.{{1,120}} oder"
            rf" .{{1,120}})",
            _wo_ist,
        ),
        (
            rf"(?:um )?wie ?viel (?P<degree>{_KOMPARATIV}) (?P<be>ist|sind|war) (?P<subject>{short}) als"
            rf" (?P<than>.{{1,160}})",
            _um_wie_viel,
        ),
        (
            rf"um wie ?viel(?: [\w%€£]{{1,20}})? (?P<be>ist|sind|war|waren) (?P<subject>{short})"
            rf" (?P<degree>{_KOMPARATIV}) als (?P<than>.{{1,160}})",
            _um_wie_viel,
        ),
    )
