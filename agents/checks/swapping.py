"""Is the claim its evidence word for word, but for names or figures that were exchanged or put in another's place?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..words import STOPWORDS, words_of
from .model import Finding

_MOST_WORDS, _MOST_SHOWN = 80, 20_000
_FEWEST_SAME, _SHARE_SAME = 3, 0.6
_LONGEST_STRETCH, _MOST_MOVED = 3, 6
_JOINING = frozenset({"and", "or", "und", "oder"})


def swapped(claim: str, evidence: Sequence[str]) -> Finding:
    """No name or figure stands where the same words of the evidence have another one."""
    said = [word for word, _, _ in words_of(claim)]
    words: tuple[str, ...] = ()
    if _FEWEST_SAME < len(said) <= _MOST_WORDS:
        for text in evidence:
            shown = [word for word, _, _ in words_of(text)][:_MOST_SHOWN]
            folded = [word.casefold() for word in shown], [word.casefold() for word in said]
            if _stands(*folded):
                words = ()
                break
            words = words or _replaced(said, shown, *reversed(folded)) or _moved(said, *reversed(folded))
    return Finding(check="swapped", agrees=not words, score=0.0 if words else 1.0, words=words, contradicts=bool(words))


def _stands(shown: Sequence[str], said: Sequence[str]) -> bool:
    return any(list(shown[at : at + len(said)]) == list(said) for at, word in enumerate(shown) if word == said[0])


def _replaced(said: Sequence[str], shown: Sequence[str], low: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The stretch of the claim in whose place the evidence has another one, all around being the same."""
    count = len(low)
    for start in range(len(there)):
        same = 0
        while same < count and start + same < len(there) and low[same] == there[start + same]:
            same += 1
        for own in range(1, min(_LONGEST_STRETCH, count - same) + 1):
            rest = low[same + own :]
            if count - own < max(_FEWEST_SAME, _SHARE_SAME * count):
                continue
            for other in range(1, _LONGEST_STRETCH + 1):
                after = start + same + other
                if there[after : after + len(rest)] != rest:
                    continue
                mine, theirs = said[same : same + own], shown[start + same : after]
                if all(map(_tells, (*mine, *theirs))) and not _alike(mine, theirs):
                    return (" ".join(mine),)
    return ()


def _moved(said: Sequence[str], low: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The claim's words that stand in each other's place."""
    count, wanted = len(low), Counter(low)
    for start in range(len(there) - count + 1):
        apart: list[int] = []
        for at in range(count):
            if low[at] != there[start + at]:
                apart.append(at)
                if len(apart) > _MOST_MOVED:
                    break
        if not 2 <= len(apart) <= _MOST_MOVED or Counter(there[start : start + count]) != wanted:
            continue
        between = [low[at] for at in range(apart[0] + 1, apart[-1]) if at not in apart]
        is_list = bool(between) and _JOINING.issuperset(between)
        moved = tuple(said[at] for at in apart if _tells(said[at]))
        if len(moved) > 1 and not is_list:
            return moved
    return ()


def _tells(word: str) -> bool:
    """A name or a figure."""
    capital = word[:1].isupper() and word.lower() not in STOPWORDS
    return capital or any(character.isdecimal() for character in word)


def _alike(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """One of them is short for the other, or they share a word."""
    one, other = ({word.casefold() for word in words} for words in (mine, theirs))
    initials = ["".join(word[0] for word in words).casefold() for words in (mine, theirs)]
    return bool(one & other) or initials[0] in other or initials[1] in one
