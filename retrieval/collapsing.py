"""Hits that say the same become one: a paragraph in two files, a copied policy, a mail quoted in its replies.

Only the few dozen hits at hand are compared, all of which the asker may read; nothing is kept of them. Two texts that
differ in a number, a date, a name, a negation or a limit are two, however alike they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from ingest.markup import fold, prose
from ingest.model import ElementKind

from .model import Hit
from .stop_words import STOP_WORDS

_ALIKE = 0.85
"""Jaccard similarity of word triples from which on two texts may be near-duplicates."""
_SHINGLE = 3
_FEWEST_WORDS = 8
"""Shorter texts mean what their headings make of them, and only equal ones are compared at all."""
_WORD = re.compile(r"[^\W_]+(?:['’.,:/&+#%@-][^\W_]+)*%?|[€$£¥%<>=≤≥+−]|(?<!\S)-(?=\d)")
_QUOTED = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.MULTILINE)
_CONTRACTED = re.compile(r"n['’]t$")
_COMMON = frozenset().union(*STOP_WORDS.values())
_NEGATIONS = frozenset(
    """
    not no never none nor neither without cannot nothing nobody unless except excluding excludes exclude nicht kein
    keine keinen keinem keiner keines nie niemals nichts ohne weder noch außer ikke ingen intet aldri aldrig uten uden
    inte inga utan ne pas jamais sans aucun aucune ni non mai senza nessun nessuna sin nunca ningún ninguna jamás niet
    geen nooit zonder não nunca sem nenhum ei eivät ilman nem nincs nu fără не нет без değil yok
    """.split()
)
_LIMITS = frozenset(
    """
    must may shall should might can could will would only all any every each some most least more less fewer over under
    above below before after until from to minimum maximum min max first last higher lower highest lowest increase
    increased increases decrease decreased decreases up down rise rose fall fell approved rejected allowed forbidden
    prohibited permitted required optional include includes including muss müssen darf dürfen soll sollen kann können
    nur alle jede jeder jedes mindestens höchstens maximal minimal vor nach bis ab über unter mehr weniger
    erlaubt verboten
    """.split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapsed:
    """The hits that are left, in order, and by their chunks' ids the hits that each stands for, best first."""

    hits: list[Hit]
    duplicates: Mapping[str, tuple[Hit, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """What two hits are compared by. `words` are as written, `folded` without case; `setting` is title and headings."""

    words: tuple[str, ...]
    folded: tuple[str, ...]
    shingles: frozenset[tuple[str, ...]]
    setting: tuple[str, ...]
    needs_setting: bool


def collapse(hits: Sequence[Hit]) -> Collapsed:
    """One hit for each thing said, ranked from 1, each at the best place and score of those it stands for.

    Of several, the one in force is kept, then the one modified last, then the better one. A hit that stands for
    others says for how many in `why["duplicates"]`.
    """
    texts = [_text_of(hit) for hit in hits]
    groups: list[list[int]] = []
    for place in range(len(hits)):
        # Alike to the first of a group, not to just any: a chain of small changes would join what differs.
        group = next((group for group in groups if _say_the_same(texts[group[0]], texts[place])), None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    left: list[Hit] = []
    duplicates: dict[str, tuple[Hit, ...]] = {}
    for rank, group in enumerate(groups, start=1):
        best = _preferred(hits, group)
        why = dict(hits[best].why)
        if len(group) > 1:
            duplicates[hits[best].chunk.id] = tuple(hits[place] for place in group if place != best)
            why["duplicates"] = float(len(group) - 1)
        left.append(replace(hits[best], rank=rank, score=hits[group[0]].score, why=why))
    return Collapsed(hits=left, duplicates=duplicates)


def _preferred(hits: Sequence[Hit], group: Sequence[int]) -> int:
    in_force = [place for place in group if "superseded" not in hits[place].why] or group
    newest = max(hits[place].document.modified_at for place in in_force)
    return next(place for place in in_force if hits[place].document.modified_at == newest)


def _text_of(hit: Hit) -> _Text:
    chunk = hit.chunk
    # A reply quotes with ">" before each line, which is no part of what is said.
    words = tuple(_WORD.findall(prose(_QUOTED.sub("", chunk.text), chunk.markup)))
    folded = tuple(word.casefold() for word in words)
    rows = [element for element in chunk.elements if element.kind is ElementKind.TABLE_ROW]
    columns = tuple(name for row in rows[:1] for name in row.columns)
    return _Text(
        words=words,
        folded=folded,
        shingles=frozenset(zip(*(folded[i:] for i in range(_SHINGLE)), strict=False)),
        setting=(fold(hit.document.title).casefold(), *(name.casefold() for name in chunk.headings), *columns),
        # "Total: 120" under two headings is said of two things.
        needs_setting=bool(rows) or len(words) < _FEWEST_WORDS,
    )


def _say_the_same(one: _Text, other: _Text) -> bool:
    if (one.needs_setting or other.needs_setting) and one.setting != other.setting:
        return False
    if one.folded == other.folded:
        return bool(one.folded)
    if one.needs_setting or other.needs_setting:
        return False
    # The larger of two sets is at least what they have together: most pairs are settled here.
    fewer, more = sorted((len(one.shingles), len(other.shingles)))
    if fewer < _ALIKE * more:
        return False
    shared = len(one.shingles & other.shingles)
    if shared < _ALIKE * (len(one.shingles) + len(other.shingles) - shared):
        return False
    return not any(_tells(word) for word in _differences(one, other))


def _differences(one: _Text, other: _Text) -> Iterator[str]:
    """The words in which two texts differ, as written."""
    matcher = SequenceMatcher(None, one.folded, other.folded, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield from one.words[a:b]
            yield from other.words[c:d]


def _tells(word: str) -> bool:
    """Whether a word changes what is said: number, code, name, negation, limit, or one of a script without case."""
    low = word.casefold()
    if low in _NEGATIONS or low in _LIMITS or _CONTRACTED.search(low):
        return True
    if any(character.isdigit() for character in word) or word.lower() == word.upper():
        return True
    return word != word.lower() and low not in _COMMON
