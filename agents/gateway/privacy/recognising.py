"""All recognisers together: what is personal in a text, without overlaps, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .addresses import find_addresses, join_lines
from .contacts import find_contacts
from .identifiers import find_identifiers
from .kinds import RANK, Find, Kind
from .knowing import Known
from .labelled import find_labelled
from .naming import find_names
from .pairing import find_pairs
from .phones import find_phones
from .tables import find_cells
from .viewing import View
from .words import company_words, words_in

_NUMBERS = frozenset({Kind.IBAN, Kind.CARD, Kind.PASSPORT, Kind.ID, Kind.ACCOUNT, Kind.PHONE, Kind.NUMBER})
_ROLE_BOXES = frozenset(
    "info sales support hr it admin office contact service help mail noreply no-reply team jobs press".split()
)


def recognise(text: str, known: Known) -> list[Find]:
    """What `text` holds. What is found is added to `known`, and what is known is found again.

    Spans are those of `text` itself; `of` is alike for all forms of one datum in the run.
    """
    view = View(text)
    seen = view.text
    words = words_in(seen)
    run_on = join_lines(seen)
    finds = [*find_contacts(seen), *find_identifiers(run_on), *find_labelled(run_on), *find_phones(seen)]
    finds += [*find_addresses(seen), *find_cells(seen)]
    _learn_mailboxes(finds, known)
    known.company(company_words(seen, words))
    names = [*find_names(seen, words, known.companies), *find_pairs(seen, words, known.companies)]
    taken = [find for find in finds if find.kind is not Kind.PERSON]
    names += [find for find in finds if find.kind is Kind.PERSON]
    for find in sorted(_outside(names, taken), key=lambda find: find.start - find.end):
        if not known.full:
            known.person(seen[find.start : find.end])
    for find in taken:
        if find.kind in _NUMBERS:
            known.number(find.of, find.kind)
    names = [
        Find(start=n.start, end=n.end, kind=n.kind, of=known.person(seen[n.start : n.end]))
        for n in names
        if not known.full
    ]
    everything = _merged([*taken, *names, *known.find(seen, words)], seen)
    return _settled(_in_original(everything, view))


def _learn_mailboxes(finds: Iterable[Find], known: Known) -> None:
    """ "harriet.penhallow@..." tells a name."""
    for find in finds:
        if find.kind is Kind.EMAIL and not known.full:
            local = find.of.partition("@")[0].partition("+")[0]
            parts = [part for part in local.replace("_", ".").replace("-", ".").split(".") if part]
            named = len(parts) in (2, 3) and all(part.isalpha() for part in parts) and not _ROLE_BOXES & set(parts)
            if named and len(parts[0]) > 1 and len(parts[-1]) > 2:
                known.person(" ".join(parts))


def _outside(names: Iterable[Find], taken: Sequence[Find]) -> Iterator[Find]:
    """Names that lie in nothing else: a street's is nobody's."""
    spans = sorted((find.start, find.end) for find in taken)
    at = 0
    furthest = 0
    for name in sorted(names, key=lambda find: find.start):
        while at < len(spans) and spans[at][0] <= name.start:
            furthest = max(furthest, spans[at][1])
            at += 1
        if furthest <= name.start:
            yield name


def _merged(finds: Iterable[Find], text: str) -> list[Find]:
    """Overlapping finds made one, which has the name of the first kind; and parts of one person's name side by side."""
    merged: list[Find] = []
    for find in sorted(finds, key=lambda find: (find.start, -find.end)):
        last = merged[-1] if merged else None
        if last is not None and find.start < last.end:
            merged[-1] = _union(last, find)
        elif (
            last is not None
            and last.kind is find.kind is Kind.PERSON
            and last.of == find.of
            and text[last.end : find.start] in (" ", "-", "  ")
        ):
            merged[-1] = Find(start=last.start, end=find.end, kind=last.kind, of=last.of)
        else:
            merged.append(find)
    return merged


def _union(one: Find, other: Find) -> Find:
    end = max(one.end, other.end)
    if one.kind is other.kind is Kind.PERSON:
        longer = one if one.end - one.start >= other.end - other.start else other
        return Find(start=one.start, end=end, kind=one.kind, of=longer.of)
    named = min(one, other, key=lambda find: RANK[find.kind])
    whole = max(one, other, key=lambda find: find.end - find.start)
    # A number inside an address is of the address; a short sign inside something long does not name it.
    first = whole if whole.kind is Kind.ADDRESS and named.kind is not Kind.EMAIL else named
    return Find(start=one.start, end=end, kind=first.kind, of=first.of)


def _in_original(finds: Iterable[Find], view: View) -> Iterator[Find]:
    for find in finds:
        start, end = view.span(find.start, find.end)
        yield Find(start=start, end=end, kind=find.kind, of=find.of)


def _settled(finds: Iterable[Find]) -> list[Find]:
    """Without the overlaps that unseen characters make."""
    settled: list[Find] = []
    for find in finds:
        if settled and find.start < settled[-1].end:
            settled[-1] = _union(settled[-1], find)
        elif find.end > find.start:
            settled.append(find)
    return settled
