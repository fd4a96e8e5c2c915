"""Explicit filters: `where` of the command line and HTTP, and `key:value` or `-word` inside a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

from ..errors import FilterError
from .dates import DATE_FORMS, days_of
from .model import Filters, Kind

INDEX_KEYS = ("source", "format", "document")
DATE_KEYS = ("after", "before", "on", "year")
FILTER_KEYS = (*INDEX_KEYS, "kind", "title", "label", *DATE_KEYS)
"""Keys that every corpus has; those of its metadata come on top, and these win where both have a name."""

_QUOTES = '"“”„'
_VALUE = rf"[{_QUOTES}][^{_QUOTES}\n]{{1,300}}[{_QUOTES}]|[^\s{_QUOTES}]{{1,300}}"
_ITEM = re.compile(
    rf"""
    (?<!\S) (?:
        (?P<minus>-?) (?P<key>[^\W\d][\w.-]{{0,60}}) : (?P<value>{_VALUE})
        | -[{_QUOTES}] (?P<phrase>[^{_QUOTES}\n]{{1,300}}) [{_QUOTES}]
        | - (?P<word>[^\W\d_][\w'’-]{{2,60}})
    ) (?=[?!.,;]{{0,3}}(?:\s|$))
    """,
    re.VERBOSE,
)
_BULLET = re.compile(r"^[ \t]*-[^\s-]", re.MULTILINE)
# "What does the -verbose flag do", "Ein- und -ausgang": part of what is said.
_OF_A_PROGRAM = re.compile(r"\s+(?:flags?|options?|switch(?:es)?|parameters?|arguments?|schalter)\b", re.IGNORECASE)
_AFTER_AND = re.compile(r"(?:\b(?:and|or|und|oder|bzw\.?|og|eller)|[-/])[ \t]+$", re.IGNORECASE)
_MOST_SHOWN = 80
"""Characters of a bad key or value that its error repeats."""
_BLANKS = re.compile(r"[ \t]{2,}")
_KIND_NAMES = {
    "email": Kind.MAIL, "e-mail": Kind.MAIL, "mails": Kind.MAIL, "tables": Kind.TABLE, "slides": Kind.SLIDE,
    "presentation": Kind.SLIDE, "spreadsheets": Kind.SPREADSHEET, "excel": Kind.SPREADSHEET, "image": Kind.PICTURE,
    "messages": Kind.MESSAGE, "web": Kind.WEB_PAGE,
}  # fmt: skip
_FORMAT_NAMES = {"md": "markdown", "txt": "text", "htm": "html", "jsonl": "ndjson", "mail": "eml", "png": "image"}


class _Demands:
    """Collects demands; those of one key within one place are alternatives, those of two places both hold."""

    def __init__(self) -> None:
        self.wanted: dict[str, set[str]] = {}
        self.unwanted: dict[str, set[str]] = {}
        self.without: list[str] = []

    def add(self, key: str, value: str, *, exclude: bool) -> None:
        _check(key, value, exclude=exclude)
        if key == "format":
            value = _FORMAT_NAMES.get(value.lower(), value.lower())
        (self.unwanted if exclude else self.wanted).setdefault(key, set()).add(value)

    def filters(self) -> Filters:
        wanted, unwanted = self.wanted, self.unwanted
        after, before = _bounds(wanted)
        titles = wanted.get("title")
        return Filters(
            any_of=tuple((key, frozenset(v)) for key, v in sorted(wanted.items()) if _is_field(key)),
            none_of=tuple((key, frozenset(v)) for key, v in sorted(unwanted.items()) if _is_field(key)),
            after=after,
            before=before,
            labels=frozenset(wanted.get("label", ())),
            not_labels=frozenset(unwanted.get("label", ())),
            kinds=frozenset(map(_kind, wanted.get("kind", ()))),
            not_kinds=frozenset(map(_kind, unwanted.get("kind", ()))),
            titles=(frozenset(titles),) if titles else (),
            not_titles=frozenset(unwanted.get("title", ())),
            without=tuple(dict.fromkeys(self.without)),
            impossible=after is not None and before is not None and after >= before,
        )


def read_where(where: Mapping[str, str], known_keys: Iterable[str] = ()) -> Filters:
    """The filters of `where`. A key with "-" before it excludes.

    Raises:
        FilterError: a key is unknown, or a value malformed or empty.
    """
    known = _known(known_keys)
    demands = _Demands()
    for given, value in where.items():
        exclude = given.startswith("-")
        key = known.get(given.removeprefix("-").casefold())
        if key is None:
            raise FilterError(f"unknown filter {_shown(given)}; known are {', '.join(dict.fromkeys(known.values()))}")
        demands.add(key, _unquoted(value.strip()), exclude=exclude)
    return demands.filters()


def take_filters(text: str, known_keys: Iterable[str] = ()) -> tuple[str, Filters]:
    """Splits a query into what is searched for and the filters that stand in it.

    Raises:
        FilterError: a known key has a malformed value.
    """
    known = _known(known_keys)
    demands = _Demands()
    # Taking one thing out can bring another to where it counts; the second look finds what is left.
    for _ in range(3):
        left = _take(text, known, demands)
        if left == text:
            break
        text = left
    return text, demands.filters()


def both(one: Filters, other: Filters) -> Filters:
    """The filters that admit what both admit: what a program demands is not widened by what a query says."""
    fields, impossible = dict(one.any_of), one.impossible or other.impossible
    for key, values in other.any_of:
        fields[key] = fields[key] & values if key in fields else values
    unwanted = dict(one.none_of)
    for key, values in other.none_of:
        unwanted[key] = unwanted.get(key, frozenset()) | values
    after = max(filter(None, (one.after, other.after)), default=None)
    before = min(filter(None, (one.before, other.before)), default=None)
    labels = one.labels & other.labels if one.labels and other.labels else one.labels | other.labels
    kinds = one.kinds & other.kinds if one.kinds and other.kinds else one.kinds | other.kinds
    emptied = (one.labels and other.labels and not labels) or (one.kinds and other.kinds and not kinds)
    return Filters(
        any_of=tuple(sorted(fields.items(), key=lambda pair: pair[0])),
        none_of=tuple(sorted(unwanted.items(), key=lambda pair: pair[0])),
        after=after,
        before=before,
        labels=labels,
        not_labels=one.not_labels | other.not_labels,
        kinds=kinds,
        not_kinds=one.not_kinds | other.not_kinds,
        titles=tuple(dict.fromkeys((*one.titles, *other.titles))),
        not_titles=one.not_titles | other.not_titles,
        without=tuple(dict.fromkeys((*one.without, *other.without))),
        impossible=bool(
            impossible
            or emptied
            or not all(fields.values())
            or (after is not None and before is not None and after >= before)
        ),
    )


def _take(text: str, known: Mapping[str, str], demands: _Demands) -> str:
    bullets = [match.end() - 2 for match in _BULLET.finditer(text)]
    listed = frozenset(bullets if len(bullets) > 1 else ())

    def take(match: re.Match[str]) -> str:
        if match["key"] is not None:
            key = known.get(match["key"].casefold())
            if key is None:
                return match[0]
            value = match["value"] if match["value"][0] in _QUOTES else match["value"].rstrip("?!.,;")
            demands.add(key, _unquoted(value), exclude=bool(match["minus"]))
        elif match["phrase"] is not None:
            if not match["phrase"].strip():
                return match[0]
            demands.without.append(" ".join(match["phrase"].split()))
        else:
            start, end = match.span()
            if _OF_A_PROGRAM.match(text, end) or _AFTER_AND.search(text, max(0, start - 9), start) or start in listed:
                return match[0]
            demands.without.append(match["word"])
        return ""

    taken = _ITEM.sub(take, text)
    return taken if taken == text else _BLANKS.sub(" ", taken).strip()


def _known(known_keys: Iterable[str]) -> dict[str, str]:
    """Keys as they may be written, caseless, and as they are; the built-in ones come first and win."""
    known = {key: key for key in FILTER_KEYS}
    for key in sorted(known_keys):
        known.setdefault(key.casefold(), key)
    return known


def _is_field(key: str) -> bool:
    return key not in FILTER_KEYS or key in INDEX_KEYS


def _unquoted(value: str) -> str:
    return value.strip(_QUOTES).strip() if len(value) > 1 and value[0] in _QUOTES and value[-1] in _QUOTES else value


def _kind(value: str) -> Kind:
    name = value.lower()
    return _KIND_NAMES.get(name) or Kind(name)


def _check(key: str, value: str, *, exclude: bool) -> None:
    if not value:
        raise FilterError(f"filter {key!r} has no value; write {key}:VALUE")
    if key == "kind" and value.lower() not in _KIND_NAMES and value.lower() not in set(Kind):
        raise FilterError(f"filter 'kind' has the value {_shown(value)}; expected is one of {', '.join(Kind)}")
    if key not in DATE_KEYS:
        return
    if exclude:
        raise FilterError(f"filter {key!r} cannot be excluded; bound the days by after: and before:")
    if days_of(value) is None:
        raise FilterError(
            f"filter {key!r} has the value {_shown(value)}; expected is a day, month or year: {DATE_FORMS}"
        )


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…")


def _bounds(wanted: Mapping[str, set[str]]) -> tuple[str | None, str | None]:
    """The first moment admitted, and the first one after it that is not, as ISO 8601 in UTC."""
    after = [days[0] for value in wanted.get("after", ()) if (days := days_of(value))]
    before = [days[0] for value in wanted.get("before", ()) if (days := days_of(value))]
    spans = sorted(days for key in ("on", "year") for value in wanted.get(key, ()) if (days := days_of(value)))
    for (_, end), (start, _) in pairwise(spans):
        if start > end:
            raise FilterError(
                f"filters 'on' and 'year' name times with a gap before {start.isoformat()}; ask for one after the other"
            )
    if spans:
        after.append(spans[0][0])
        before.append(max(end for _, end in spans))
    return _moment(max(after, default=None)), _moment(min(before, default=None))


def _moment(day: date | None) -> str | None:
    return f"{day.isoformat()}T00:00:00Z" if day is not None else None
