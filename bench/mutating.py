"""Ways to make a true sentence false, one small change each, and ways to say it again without changing what it says.

The lists here are the measurement's own: nothing is taken from the checks that are measured.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

Change = tuple[str, str]
"""How the sentence was changed, and the changed sentence."""

_FIGURE = re.compile(
    r"(?<![\w.,:/#@+-])(?:[€£$]\s?)?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\w/:]|[.,]\d|-\w|\.\w)"
)
_ATTACHED = re.compile(
    r"(?<![\w.,:/#@+-])(?:[€£$]\s?)?(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?=k\b|m\b|bn\b|\s?%)"
)
_WORDED = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|zwei|drei|vier|fünf|sechs|zehn)\b"
)
_WORDS = "two three four five six seven eight nine ten twelve fifteen twenty thirty".split()
_WORTE = "zwei drei vier fünf sechs zehn".split()
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DATED = re.compile(rf"\b(?:{'|'.join(_MONTHS)})\b|\b(?:19|20)\d\d\b|\b\d{{1,2}}\.\d{{1,2}}\.")
_UNITS = (
    ("days", "weeks"), ("weeks", "months"), ("hours", "days"), ("minutes", "hours"), ("months", "years"),
    ("years", "months"),
    ("day", "week"), ("hour", "day"), ("minute", "hour"), ("month", "year"), ("year", "month"), ("week", "month"),
    ("seconds", "minutes"), ("km", "m"), ("kg", "t"), ("mm", "cm"), ("GB", "MB"), ("percent", "points"),
    ("Tage", "Wochen"),
    ("Stunden", "Tage"), ("Wochen", "Monate"), ("Monate", "Jahre"), ("Prozent", "Euro"), ("bar", "kg"),
)  # fmt: skip
_SCALES = (("million", "billion"), ("billion", "million"), ("thousand", "million"), ("bn", "m"), ("Mio.", "Mrd."))
_CURRENCIES = (("£", "$"), ("€", "£"), ("$", "€"), ("EUR", "USD"), ("USD", "EUR"), ("GBP", "EUR"), ("euros", "dollars"),
               ("Euro", "Dollar"), ("dollars", "euros"))  # fmt: skip
_AUXILIARY = re.compile(
    r"(?<=\w )(?:is|are|was|were|will|must|should|can|may|shall"
    r"|could|would|ist|sind|wird|werden|muss|müssen|darf|dürfen|kann|können)"
    r"(?=\s[a-zäöü]{2,})"
)
_GERMAN_AUXILIARY = frozenset("ist sind wird werden muss müssen darf dürfen kann können".split())
_NOT_NEGATED = re.compile(
    r"\s(?:not|only|never|no|nothing|nicht|nur|kein\w*|none|nie|neither|also|what|why|how|where)\b"
)
_DENIAL = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|should|would"
    r"|has|have|must|will)(?:n['’]t|\snot)\b(?!\s(?:only|just|least))"
    r"|\bcannot\b|\b(?:may|must|shall|might|need)\snot\b(?!\sonly)|\bnever\b(?!\smind)|\bnicht\b(?!\snur)|\bkeine?\b"
)
_OPPOSITES = (
    "allowed forbidden / permitted prohibited / increase decrease / increases decreases / increased decreased"
    " / before after"
    " / minimum maximum / includes excludes / include exclude / open closed / approved rejected / approve reject"
    " / accepted refused / above below / mandatory optional / internal external / public private"
    " / start end / starts ends"
    " / enabled disabled / enable disable / always never / valid invalid / add remove / adds removes / added removed"
    " / more fewer / higher lower / largest smallest / highest lowest / early late / first last / inside outside"
    " / paid unpaid / required unnecessary / possible impossible / available unavailable / able unable"
    " / with without / buy sell / sold bought / success failure / positive negative"
    " / manual automatic / permanent temporary"
    " / direct indirect / active inactive / complete incomplete / limited unlimited / related unrelated / known unknown"
    " / clear unclear / important unimportant / erlaubt verboten / mit ohne / mindestens höchstens"
    " / genehmigt abgelehnt"
).split(" / ")
_PAIRS = [tuple(pair.split()) for pair in _OPPOSITES]
_MODALS = (("may", "must"), ("must", "may"), ("can", "must"), ("should", "must"), ("must", "should"), ("should", "may"),
           ("will", "might"), ("shall", "may"), ("might", "will"), ("muss", "darf"), ("darf", "muss"), ("soll", "muss"),
           ("müssen", "können"), ("können", "müssen"), ("kann", "muss"))  # fmt: skip
_SCOPES = (("all", "some"), ("All", "Some"), ("every", "some"), ("Every", "Some"), ("only ", ""), ("Only ", ""),
    ("some", "all"),
           ("most", "all"), ("Most", "All"), ("up to", "at least"), ("at least", "at most"), ("at most", "at least"),
           ("up to ", ""), ("at least ", ""), ("always", "sometimes"), ("usually", "always"), ("sometimes", "always"),
           ("typically", "always"), ("often", "always"), ("except", "including"), ("unless", "if"), ("alle", "einige"),
           ("nur ", ""), ("mindestens", "höchstens"), ("generally", "always"))  # fmt: skip
_LISTED = re.compile(r"[\s,/&|()+–-]*(?:\b(?:and|or|und|oder|to|bis|through|vs)\b)?[\s,/&|()+–-]*")


def numbers(sentence: str, _paragraph: str, draw: random.Random, _names: Sequence[str]) -> Iterator[Change]:
    """Another value, unit, currency or scale, a percentage that is none, or two figures in each other's place."""
    found = [m for pattern in (_FIGURE, _ATTACHED) for m in pattern.finditer(sentence) if not _is_dated(sentence, m)]
    for match in found:
        yield "value", _put(sentence, match.span("digits"), _other_value(match["digits"], draw))
        yield from _other_units(sentence, match)
    for match in _WORDED.finditer(sentence):
        words = _WORTE if match.group() in _WORTE else _WORDS
        if not re.search(r"\bone or \Z", sentence[: match.start()]):
            yield "value", _put(sentence, match.span(), draw.choice([w for w in words if w != match.group()]))
    for first, second in _couples([m.span("digits") for m in found]):
        changed = _exchanged(sentence, first, second)
        # Two members of one list, or the ends of a range, may well change places.
        alike = _word_before(sentence, first[0]) == _word_before(sentence, second[0]) != ""
        if changed and not alike and not _LISTED.fullmatch(sentence[first[1] : second[0]]):
            yield "swapped", changed


def _other_units(sentence: str, match: re.Match[str]) -> Iterator[Change]:
    tail = sentence[match.end() :]
    percent = re.match(r"\s?%(?!\s?(?:to|and|bis|or|-|–)\s?\d)", tail)
    if percent is not None:
        yield "percent", sentence[: match.end()] + sentence[match.end() + percent.end() :]
    for old, new in _UNITS:
        if match["digits"] != "0" and (unit := re.match(rf"[\s-]?{re.escape(old)}\b", tail)) is not None:
            yield "unit", sentence[: match.end()] + unit.group().replace(old, new) + tail[unit.end() :]
    for old, new in _SCALES:
        if re.match(rf"\s{re.escape(old)}(?!\w)", tail):
            yield "scale", sentence[: match.end()] + tail.replace(old, new, 1)
    if match.group()[0] in "€£$" and re.match(r"k\b", tail):
        yield "scale", sentence[: match.end()] + "m" + tail[1:]
    for old, new in _CURRENCIES:
        if match.group().startswith(old):
            yield "currency", sentence[: match.start()] + new + sentence[match.start() + 1 :]
        elif re.match(rf"\s{re.escape(old)}(?!\w)", tail):
            yield "currency", sentence[: match.end()] + tail.replace(old, new, 1)


def negation(sentence: str, _paragraph: str, draw: random.Random, _names: Sequence[str]) -> Iterator[Change]:
    """A denial put in or taken out, or a word turned into its opposite."""
    for match in list(_AUXILIARY.finditer(sentence))[:2]:
        if not _NOT_NEGATED.match(sentence, match.end()):
            word = "nicht" if match.group() in _GERMAN_AUXILIARY else "not"
            yield "inserted", f"{sentence[: match.end()]} {word}{sentence[match.end() :]}"
    for match in _DENIAL.finditer(sentence):
        bare = re.sub(r"n['’]t\b|\snot\b|\bnever\b|\bnicht\b|(?<=\bcan)not\b", "", match.group())
        bare = {"ca": "can", "wo": "will", "keine": "eine", "kein": "ein"}.get(bare.strip(), bare)
        changed = re.sub(r"  +", " ", sentence[: match.start()] + bare + sentence[match.end() :]).strip()
        yield "removed", changed
    for pair in _PAIRS:
        for old, new in (pair, pair[::-1]):
            spots = [m for m in re.finditer(rf"\b{old}\b", sentence) if _may_turn(sentence, old, m)]
            if spots and new not in sentence.lower().split():
                yield "antonym", _put(sentence, draw.choice(spots).span(), new)


def names(sentence: str, paragraph: str, draw: random.Random, pool: Sequence[str]) -> Iterator[Change]:
    """A name in another's place: two of the sentence exchanged, one of the paragraph, or one from elsewhere."""
    spans = [
        m.span()
        for name in pool
        if name in sentence
        for m in re.finditer(rf"\b{re.escape(name)}\b(?!['’-]?\w)", sentence)
    ]
    spans = sorted(span for span in spans if not _inside(span, spans) and _apart(sentence, span))
    for first, second in _couples(spans):
        changed = _exchanged(sentence, first, second)
        if (
            changed
            and not _related(sentence[slice(*first)], sentence[slice(*second)])
            and re.search(r"\b(?!and\b|or\b|und\b|oder\b)[a-zäöü]", sentence[first[1] : second[0]])
        ):
            yield "swapped", changed
    others = [name for name in pool if name in paragraph and name not in sentence]
    for span in spans:
        mine = sentence[span[0] : span[1]]
        fitting = [n for n in others if not _related(n, mine) and n.lower() not in sentence.lower()]
        if fitting:
            yield "of the paragraph", _put(sentence, span, draw.choice(fitting))
        strange = draw.choice(pool)
        if strange not in paragraph and strange.lower() not in paragraph.lower():
            yield "replaced", _put(sentence, span, strange)


def dates(sentence: str, _paragraph: str, draw: random.Random, _names: Sequence[str]) -> Iterator[Change]:
    """Another day, month, year, weekday or quarter."""
    month = rf"(?:{'|'.join(_MONTHS)})"
    for match in re.finditer(rf"\b{month}\b", sentence):
        if match.group() not in ("May", "March") or re.search(r"\d\s\Z|\b(?:in|by|of)\s\Z", sentence[: match.start()]):
            yield "month", _put(sentence, match.span(), draw.choice([m for m in _MONTHS if m != match.group()]))
    for match in re.finditer(rf"\b(?P<day>\d{{1,2}})(?=\s{month}\b)|\b{month}\s(?P<later>\d{{1,2}})\b(?!:)", sentence):
        span = match.span("day") if match["day"] else match.span("later")
        day = draw.choice([n for n in range(1, 29) if n != int(sentence[span[0] : span[1]])])
        yield "day", _put(sentence, span, str(day))
    for match in re.finditer(
        r"(?<![\w/#.,$£€-])(?:199|20[0-3])\d(?![\w/-]|[.,]\d|\s(?:[a-z]+s\b|EUR|people))", sentence
    ):
        yield "year", _put(sentence, match.span(), str(int(match.group()) + draw.choice((-3, -2, -1, 1, 2, 3))))
    for match in re.finditer(rf"\b(?:{'|'.join(_DAYS)})(?=s?\b)", sentence):
        yield "weekday", _put(sentence, match.span(), draw.choice([d for d in _DAYS if d != match.group()]))
    for match in re.finditer(r"\bQ([1-4])\b", sentence):
        yield "quarter", _put(sentence, match.span(1), str(int(match[1]) % 4 + 1))


def modality(sentence: str, _paragraph: str, _draw: random.Random, _names: Sequence[str]) -> Iterator[Change]:
    """Another duty or permission. A denied one is left alone: "may not" and "must not" say the same."""
    for old, new in _MODALS:
        for match in re.finditer(rf"\b{old}\b(?!\s(?:not|nicht|be found|also be found)\b|['’])", sentence):
            yield f"{old} to {new}", _put(sentence, match.span(), new)


def scope(sentence: str, _paragraph: str, _draw: random.Random, _names: Sequence[str]) -> Iterator[Change]:
    """Said of all instead of some, of less, or without its limit."""
    for old, new in _SCOPES:
        pattern = rf"(?<!not )(?<!at )(?<!after )(?<!above )\b{re.escape(old)}" + (
            "" if old.endswith(" ") else r"\b(?!\sof\sthe\stime| time)"
        )
        for match in re.finditer(pattern, sentence):
            if old.startswith(("up", "at ")) and not re.match(
                r"\s?[€£$]?\d|\s?(?:one|two|three|four|five|six|ten)\b", sentence[match.end() :]
            ):
                continue
            yield f"{old.strip()} to {new.strip() or 'nothing'}", _put(sentence, match.span(), new)


MUTATORS: dict[str, Callable[[str, str, random.Random, Sequence[str]], Iterator[Change]]] = {
    "numbers": numbers, "negation": negation, "names": names, "dates": dates, "modality": modality, "scope": scope,
}  # fmt: skip


def rewordings(sentence: str) -> Iterator[Change]:
    """The same said a little differently; each must still be taken for true."""
    if sentence.endswith("."):
        yield "no full stop", sentence[:-1]
    grouped = re.sub(r"(?<![\w.,])(\d{1,3}),(\d{3})(?![\d,])", r"\1 \2", sentence)
    yield "1 200 for 1,200", grouped
    yield "1200 for 1,200", re.sub(r"(?<![\w.,])(\d{1,3}),(\d{3})(?![\d,.])", r"\1\2", sentence)
    yield "percent for %", re.sub(r"(?<=\d)\s?%(?!\w)", " percent", sentence)
    yield "do not for don't", re.sub(r"\b(do|does|is|are|did|has|have|should|was)n['’]t\b", r"\1 not", sentence)
    yield "curly marks", sentence.replace("'", "’")
    yield "5 EUR for €5", re.sub(r"€\s?(\d[\d,.]*\d|\d)(?![\dkm])", r"\1 EUR", sentence)
    yield "day first", re.sub(rf"\b({'|'.join(_MONTHS)}) (\d{{1,2}}), (\d{{4}})\b", r"\2 \1 \3", sentence)
    yield "month first", re.sub(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}})\b", r"\2 \1, \3", sentence)
    yield "no number in front", re.sub(r"\A(?:\d+(?:\.\d+)+|\d+[.)])\s+", "", sentence)


def _is_dated(sentence: str, match: re.Match[str]) -> bool:
    around = sentence[max(0, match.start() - 12) : match.end() + 12]
    return bool(_DATED.search(around)) or (
        match["digits"].startswith("0") and len(match["digits"]) > 1 and "." not in match["digits"]
    )


def _other_value(digits: str, draw: random.Random) -> str:
    """As many digits, or nearly, and far enough from the old ones that no "about" covers it."""
    spots = [n for n, c in enumerate(digits) if c.isdecimal()]
    first = spots[0]
    choices = [c for c in "123456789" if c != digits[first]]
    return digits[:first] + draw.choice(choices) + digits[first + 1 :]


def _couples(spans: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return [(a, b) for n, a in enumerate(spans) for b in spans[n + 1 : n + 3]]


def _exchanged(sentence: str, first: tuple[int, int], second: tuple[int, int]) -> str | None:
    one, other = sentence[first[0] : first[1]], sentence[second[0] : second[1]]
    if one == other or first[1] > second[0]:
        return None
    return sentence[: first[0]] + other + sentence[first[1] : second[0]] + one + sentence[second[1] :]


def _put(sentence: str, span: tuple[int, int], new: str) -> str:
    return sentence[: span[0]] + new + sentence[span[1] :]


def _word_before(sentence: str, at: int) -> str:
    found = re.search(r"(\w+)\W{1,3}\Z", sentence[:at])
    return found[1] if found else ""


def _related(first: str, second: str) -> bool:
    """Whether two names may be one thing: plural and singular, or one a piece of the other."""
    one, other = first.lower().rstrip("s"), second.lower().rstrip("s")
    return one.startswith(other) or other.startswith(one) or bool(set(one.split()) & set(other.split()))


def _inside(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(span != other and other[0] <= span[0] and span[1] <= other[1] for other in spans)


def _apart(sentence: str, span: tuple[int, int]) -> bool:
    """Whether a name is not a piece of a longer one: no other capital word right beside it."""
    return not re.search(r"[A-Z][\w'’]*[\s/&-]\Z", sentence[: span[0]]) and not re.match(
        r"[\s/&-][A-Z]", sentence[span[1] :]
    )


def _may_turn(sentence: str, word: str, match: re.Match[str]) -> bool:
    """Whether a word is no part of an idiom that its opposite does not fit."""
    before, after = sentence[: match.start()].lower(), sentence[match.end() :].lower()
    idioms = {
        "open": r"\s(?:source|a\b|an\b|the\b|up|your|issue|pr\b|pull|-)",
        "first": r"\s(?:name|line|-)",
        "end": r"\sto\b|-",
        "with": r"\s(?:regard|respect)|in\b",
        "more": r"\s(?:than|about|info)",
        "above": r"\s*(?:[.,)]|$)",
        "below": r"\s*(?:[.,)]|$)",
        "able": r"$^",
        "last": r"\s(?:name|but)",
        "public": r"$^",
        "closed": r"$^",
        "late": r"$^",
        "after": r"\s?all\b|-",
        "before": r"-",
    }
    if (
        re.match(idioms.get(word, r"$^"), after)
        or (after[:1] in ("-", "/", "_", ".") and after[1:2].isalnum())
        or before[-1:] in "-/_."
    ):
        return False
    return not re.search(r"\b(?:not|no|n['’]t|at|once|once and|and|or)\s\Z", before) and not re.match(
        r"\s(?:and|or|/)\s?", after
    )
