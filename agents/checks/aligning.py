"""Which words of the evidence a claim's words speak of: each sentence of a claim laid beside the sentences nearest it.

Words are paired in order, so that what took a word's place stands opposite it; what merely moved is paired after that.
The other checks look only at such pairs, never at how often a word occurs somewhere in the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..sentences import split_sentences
from ..words import content_stems
from . import dates
from .agreement import same_figure
from .tokens import Token, tokens_of
from .vocabulary import SCOPES, alike, is_role, modal_level, opposite

_MOST_CANDIDATES = 4
_MOST_TOKENS = 160
_CLAIM_GAP, _EVIDENCE_GAP = -0.6, -0.1
_NO = float("-inf")
_CELL = 60
_NEEDS_MORE = 0.75
_MOST_SENTENCES = 40
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """One sentence of a claim beside the evidence nearest to it.

    `pairs[i]` is the evidence token that stands opposite claim token i, whether it says the same or not; `same[i]`
    that it does. `back` is the other way round. `coverage` is the share of the claim's content that says the same.
    """

    claim: tuple[Token, ...]
    evidence: tuple[Token, ...]
    pairs: tuple[int | None, ...]
    same: tuple[bool, ...]
    back: tuple[int | None, ...]
    coverage: float
    score: float


@lru_cache(maxsize=128)
def _aligned(claim: str, evidence: tuple[str, ...]) -> tuple[Alignment, ...]:
    shown = list(dict.fromkeys(passage for text in evidence for passage in _passages(text)))
    return tuple(
        found
        for start, end in split_sentences(claim)[:_MOST_SENTENCES]
        if (found := _best(claim[start : min(end, start + _LONGEST)], shown, evidence)) is not None
    )


def align(claim: str, evidence: Sequence[str]) -> tuple[Alignment, ...]:
    """An alignment for each sentence of the claim that shares anything with the evidence."""
    return _aligned(claim, tuple(evidence))


def agree(claimed: Token, shown: Token) -> bool:
    """Whether two tokens say the same, as far as one token can."""
    if claimed.figure is not None and shown.figure is not None:
        return same_figure(claimed.figure, shown.figure)
    if claimed.date is not None and shown.date is not None:
        return dates.agrees(claimed.date, shown.date)
    return claimed.kind == shown.kind and claimed.key == shown.key


def head(tokens: Sequence[Token], at: int, *, reach: int = 4) -> list[int]:
    """The content words that token `at` governs: the next few of its clause, or those before it where none follow."""
    clause = tokens[at].clause
    after = [i for i in range(at + 1, min(len(tokens), at + 1 + reach)) if tokens[i].clause == clause]
    found = [i for i in after if _carries(tokens[i])][:2]
    if not found:
        before = [i for i in range(at - 1, max(-1, at - 1 - reach), -1) if tokens[i].clause == clause]
        found = [i for i in before if _carries(tokens[i])][:2]
    return found


def _carries(token: Token) -> bool:
    return token.content or token.kind in ("figure", "date", "modal", "scope")


def _passages(text: str) -> Iterable[str]:
    """The sentences of a text, and a table row that stands below its column names as one sentence of cells."""
    lines = text.split("\n")
    half = len(lines) // 2
    if len(lines) >= 4 and not len(lines) % 2 and all(len(line) <= _CELL for line in lines) and any(lines[:half]):
        cells = [f"{name}: {cell}" if name else cell for name, cell in zip(lines[:half], lines[half:], strict=True)]
        yield f"{lines[half]} – {'; '.join(cells[1:])}"
        yield "; ".join(cells)
    for line in lines:
        for start, end in split_sentences(line):
            for at in range(start, end, _LONGEST):
                yield line[at : min(end, at + _LONGEST)]


def _best(sentence: str, shown: Sequence[str], evidence: tuple[str, ...]) -> Alignment | None:
    claim = tokens_of(sentence)[:_MOST_TOKENS]
    if not claim:
        return None
    holding = _holding(sentence, evidence)
    if holding is not None:
        exact = _lay(claim, tokens_of(holding)[:_MOST_TOKENS])
        if exact.coverage > 0.999:
            return exact
    stems = content_stems(sentence) or frozenset(token.key for token in claim)
    ranked = sorted(range(len(shown)), key=lambda n: -_overlap(stems, shown[n]))[:_MOST_CANDIDATES]
    laid = [_lay(claim, tokens_of(shown[n])[:_MOST_TOKENS]) for n in ranked]
    if not laid:
        return None
    first = max(range(len(laid)), key=lambda n: laid[n].score)
    best = laid[first]
    # One strange word is more likely put there than taken from another sentence.
    if best.coverage < _NEEDS_MORE:
        for other in ranked:
            if other != ranked[first]:
                both = " – ".join(shown[n] for n in sorted((ranked[first], other)))
                joined = _lay(claim, tokens_of(both)[: 2 * _MOST_TOKENS])
                if joined.coverage > best.coverage + 0.05 and joined.score > best.score:
                    best = joined
    return best if best.coverage > 0 else None


def _overlap(stems: frozenset[str], text: str) -> float:
    theirs = content_stems(text)
    return len(stems & theirs) - 0.001 * len(theirs)


def _holding(sentence: str, evidence: tuple[str, ...]) -> str | None:
    """The sentences of the evidence in which the claim's sentence stands word for word, None where it does not."""
    wanted = " ".join(sentence.split()).rstrip(".!?;:, ").casefold()
    if not wanted:
        return None
    for text in evidence:
        # A line by itself first: where sentences begin small, only line ends part them.
        for folded, lowered in _folded(text):
            at = lowered.find(wanted)
            end = at + len(wanted)
            if at < 0 or folded[end : end + 1].isalnum() or (at and folded[at - 1].isalnum()):
                continue
            spans = [(a, b) for a, b in split_sentences(folded) if a < end and at < b]
            if spans:
                return folded[spans[0][0] : spans[-1][1]]
    return None


@lru_cache(maxsize=128)
def _folded(text: str) -> tuple[tuple[str, str], ...]:
    """The lines of a text and the text as one line, white space folded, each with its lower case of equal length."""
    folded = [" ".join(part.split()) for part in (*text.split("\n"), text)]
    return tuple((part, low) for part in dict.fromkeys(folded) if len(low := part.casefold()) == len(part))


def _lay(claim: tuple[Token, ...], evidence: tuple[Token, ...]) -> Alignment:
    keys = [token.key for token in claim]
    for shift in range(len(evidence) - len(claim) + 1):
        if evidence[shift].key == keys[0] and [t.key for t in evidence[shift : shift + len(keys)]] == keys:
            pairs: list[int | None] = list(range(shift, shift + len(keys)))
            return _result(claim, evidence, pairs, 3.0 * len(keys))
    pairs, score = _in_order(claim, evidence)
    _moved(claim, evidence, pairs)
    return _result(claim, evidence, pairs, score)


def _result(claim: tuple[Token, ...], evidence: tuple[Token, ...], pairs: list[int | None], score: float) -> Alignment:
    back: list[int | None] = [None] * len(evidence)
    same = []
    for i, j in enumerate(pairs):
        if j is not None:
            back[j] = i
        same.append(j is not None and agree(claim[i], evidence[j]))
    content = [i for i, token in enumerate(claim) if _carries(token)] or list(range(len(claim)))
    coverage = sum(same[i] for i in content) / len(content)
    return Alignment(
        claim=claim, evidence=evidence, pairs=tuple(pairs), same=tuple(same), back=tuple(back),
        coverage=coverage, score=score + 4 * coverage,
    )  # fmt: skip


def _in_order(claim: tuple[Token, ...], evidence: tuple[Token, ...]) -> tuple[list[int | None], float]:
    """Needleman and Wunsch's alignment, what stands before and after in the evidence free of charge."""
    rows, columns = len(claim), len(evidence)
    best = [0.0] * (columns + 1)
    moves: list[bytearray] = []  # 0 pair, 1 leave out the claim's token, 2 leave out the evidence's
    for i in range(rows):
        token, previous = claim[i], best
        best = [previous[0] + _CLAIM_GAP]
        row = bytearray(columns + 1)
        row[0] = 1
        left = best[0]
        gap = 0.0 if i == rows - 1 else _EVIDENCE_GAP
        for j in range(columns):
            worth = _likeness(token, evidence[j])
            paired, skipped, passed = previous[j] + worth, previous[j + 1] + _CLAIM_GAP, left + gap
            if paired >= skipped and paired >= passed:
                left = paired
            elif skipped >= passed:
                left, row[j + 1] = skipped, 1
            else:
                left, row[j + 1] = passed, 2
            best.append(left)
        moves.append(row)
    pairs: list[int | None] = [None] * rows
    i, j = rows, columns
    while i:
        move = moves[i - 1][j]
        if move == 0 and j:
            i, j = i - 1, j - 1
            pairs[i] = j
        elif move == 2:
            j -= 1
        else:
            i -= 1
    return pairs, best[columns]


def _likeness(first: Token, second: Token) -> float:
    if first.key == second.key and first.kind == second.kind:
        return 3.0 if first.content or first.figure or first.date else 1.5 if first.kind != "word" else 0.8
    if first.kind != second.kind:
        return _across(first, second)
    match first.kind:
        case "figure" | "date" | "code":
            return 3.0 if agree(first, second) else 1.0
        case "modal" | "scope":
            return 1.2 if _sort(first) == _sort(second) else 0.8
        case "negation":
            return 1.5
        case _:
            return _words_likeness(first, second)


def _sort(token: Token) -> str | None:
    return modal_level(token.text) if token.kind == "modal" else SCOPES.get(token.text.lower())


def _words_likeness(first: Token, second: Token) -> float:
    low, other = first.text.lower(), second.text.lower()
    if opposite(low, other):
        return 1.5
    if first.content and second.content:
        if alike(low, other):
            return 1.8
        return 1.0 if first.name and second.name else 0.0
    return -0.2 if first.content == second.content else _NO


def _across(first: Token, second: Token) -> float:
    kinds = {first.kind, second.kind}
    if kinds == {"figure", "date"}:
        return 0.3
    if "code" in kinds and (first.name and second.name):
        return 0.8
    if kinds <= {"word", "modal", "scope", "negation"} and opposite(first.text.lower(), second.text.lower()):
        return 1.4
    return _NO


def _moved(claim: tuple[Token, ...], evidence: tuple[Token, ...], pairs: list[int | None]) -> None:
    """Pairs what says the same but stands elsewhere; a pair of unlike words gives way to one of like ones."""
    taken = {j for i, j in enumerate(pairs) if j is not None and agree(claim[i], evidence[j])}
    for i, token in enumerate(claim):
        j = pairs[i]
        if token.kind != "word" or not token.content or token.name or (j is not None and agree(token, evidence[j])):
            continue
        if is_role(token.text):
            continue  # as with names, who stands where is what matters
        other = next(
            (k for k, shown in enumerate(evidence) if k not in taken and not shown.name and agree(token, shown)), None
        )
        if other is not None:
            if other in pairs:
                pairs[pairs.index(other)] = None
            pairs[i] = other
            taken.add(other)
