"""How the words of a claim stand in its evidence: coverage, order, nearness, what is missing. No model.

`features_reading` gives what is measured here; `features` puts these beside what embeddings say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence, Set
from itertools import pairwise

from .features_reading import Reading, Sentence, Word

LEXICAL = (
    "cover",
    "cover_plain",
    "cover_sentence",
    "cover_pair",
    "cover_window",
    "cover_letters",
    "pairs_cover",
    "pairs_sentence",
    "near_pairs",
    "run",
    "subsequence",
    "names_missing",
    "numbers_missing",
    "missing_count",
    "missing_rarest",
    "missing_window",
    "clause_worst",
    "clause_sentence_worst",
    "precision_sentence",
    "negation_differs",
    "hedge_differs",
    "claim_length",
    "claim_names",
    "claim_numbers",
    "evidence_length",
    "evidence_sentences",
)

_WINDOW = 3
_NEAR = 4
_LETTERS = 4
_MOST_WORDS = 200
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|except|unless|"
    r"nicht|kein|keine|keinen|keinem|keiner|keines|nie|niemals|niemand|nichts|ohne|weder|außer)\b|n['’]t\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|can|perhaps|possibly|likely|some|sometimes|often|usually|should|kann|könnte|darf|sollte|"
    r"manche|manchmal|oft)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;:]|,\s(?=(?:and|but|or|which|who|while|where|und|aber|oder|der|die|das|wobei)\b)|\.\s")


def measure_words(reading: Reading) -> dict[str, float]:
    """The features named in LEXICAL; shares in [0, 1], lengths as logarithms."""
    content = reading.content[:_MOST_WORDS]
    sentences = reading.sentences
    everywhere: Set[str] = frozenset().union(*(sentence.stems for sentence in sentences))
    singles = [sentence.stems for sentence in sentences]
    best, best_share = _best(content, singles)
    _, pair = _best(content, _windows(singles, 2))
    window_at, window = _best(content, _windows(singles, _WINDOW))
    window_stems = _windows(singles, _WINDOW)[window_at] if sentences else frozenset()
    missing = [word for word in content if not _held(word.stem, everywhere)]
    beside = [word for word in content if not _held(word.stem, window_stems)]
    names = [word for word in content if _is_name(word, reading.claim)]
    numbers = [word for word in content if word.is_number]
    clauses = _clauses(reading)
    closest = sentences[best] if sentences else None
    pairs = _pairs(content)
    evidence_pairs = [_pairs([word for word in sentence.words if word.is_content]) for sentence in sentences]
    all_pairs: Set[tuple[str, str]] = frozenset().union(*evidence_pairs)
    near: Set[tuple[str, str]] = frozenset().union(*(_near_pairs(sentence) for sentence in sentences))
    return {
        "cover": _share(content, everywhere),
        "cover_plain": 1.0 - len(missing) / len(content) if content else 1.0,
        "cover_sentence": best_share,
        "cover_pair": pair,
        "cover_window": window,
        "cover_letters": _letters_held(missing, everywhere, content),
        "pairs_cover": _ratio(len(pairs & all_pairs), len(pairs)),
        "pairs_sentence": max((_ratio(len(pairs & one), len(pairs)) for one in evidence_pairs), default=0.0),
        "near_pairs": _ratio(len(pairs & near), len(pairs)),
        "run": _longest_run(reading.words[:_MOST_WORDS], closest),
        "subsequence": _subsequence(content, closest),
        "names_missing": _ratio(sum(not _held(w.stem, everywhere) for w in names), len(names), empty=0.0),
        "numbers_missing": _ratio(sum(w.stem not in everywhere for w in numbers), len(numbers), empty=0.0),
        "missing_count": math.log1p(len(missing)),
        "missing_rarest": max((word.weight for word in missing), default=0.0),
        "missing_window": math.log1p(sum(word.weight for word in beside)),
        "clause_worst": min((_share(clause, everywhere) for clause in clauses), default=1.0),
        "clause_sentence_worst": min((_best(clause, singles)[1] for clause in clauses), default=1.0),
        "precision_sentence": _ratio(
            len({word.stem for word in content} & (closest.stems if closest else frozenset())),
            sum(word.is_content for word in closest.words) if closest else 0,
            empty=0.0,
        ),
        "negation_differs": float(_says(_NEGATION, reading.claim) != _says(_NEGATION, closest.text if closest else "")),
        "hedge_differs": float(_says(_HEDGE, reading.claim)) - float(_says(_HEDGE, closest.text if closest else "")),
        "claim_length": math.log1p(len(content)),
        "claim_names": math.log1p(len(names)),
        "claim_numbers": math.log1p(len(numbers)),
        "evidence_length": math.log1p(sum(len(sentence.words) for sentence in sentences)),
        "evidence_sentences": math.log1p(len(sentences)),
    }


def rank_sentences(reading: Reading) -> list[int]:
    """Places of the evidence's sentences, those first that hold most of the claim; equal ones as they stand."""
    content = reading.content[:_MOST_WORDS]
    pairs = _pairs(content)

    def worth(place: int) -> float:
        sentence = reading.sentences[place]
        shared = len(pairs & _pairs([word for word in sentence.words if word.is_content]))
        return _share(content, sentence.stems) + 0.3 * _ratio(shared, len(pairs), empty=0.0)

    return sorted(range(len(reading.sentences)), key=lambda place: (-worth(place), place))


def _best(content: Sequence[Word], places: Sequence[Set[str]]) -> tuple[int, float]:
    """Where most of the words stand, and the weighted share that does."""
    shares = [_share(content, stems) for stems in places]
    if not shares:
        return 0, 0.0
    at = max(range(len(shares)), key=shares.__getitem__)
    return at, shares[at]


def _windows(singles: Sequence[frozenset[str]], size: int) -> list[frozenset[str]]:
    last = max(1, len(singles) - size + 1)
    return [frozenset().union(*singles[first : first + size]) for first in range(last)]


def _share(content: Sequence[Word], stems: Set[str]) -> float:
    total = sum(word.weight for word in content)
    return sum(word.weight for word in content if word.stem in stems) / total if total else 1.0


def _held(wanted: str, stems: Set[str]) -> bool:
    return wanted in stems


def _ratio(part: float, whole: float, empty: float = 1.0) -> float:
    return part / whole if whole else empty


def _letters_held(missing: Sequence[Word], stems: Set[str], content: Sequence[Word]) -> float:
    """Coverage when a word also counts as far as its beginning or its runs of letters stand in one word there."""
    total = sum(word.weight for word in content)
    if not total:
        return 1.0
    grams = {stem[at : at + _LETTERS] for stem in stems for at in range(len(stem) - _LETTERS + 1)}
    lost = 0.0
    for word in missing:
        own = [word.stem[at : at + _LETTERS] for at in range(len(word.stem) - _LETTERS + 1)]
        lost += word.weight * (1.0 - _ratio(sum(gram in grams for gram in own), len(own), empty=0.0))
    return 1.0 - lost / total


def _is_name(word: Word, claim: str) -> bool:
    before = claim[: word.start].rstrip(" \"'“„«([*_")
    opens = not before or before[-1] in ".!?"
    return (word.text[:1].isupper() and not opens) or any(c.isupper() for c in word.text[1:])


def _pairs(content: Sequence[Word]) -> set[tuple[str, str]]:
    return {(a.stem, b.stem) for a, b in pairwise(content)}


def _near_pairs(sentence: Sentence) -> set[tuple[str, str]]:
    """Pairs of content words that stand near each other, in either order."""
    stems = [word.stem for word in sentence.words if word.is_content]
    found = set()
    for at, one in enumerate(stems):
        for other in stems[at + 1 : at + 1 + _NEAR]:
            found.update({(one, other), (other, one)})
    return found


def _longest_run(said: Sequence[Word], sentence: Sentence | None) -> float:
    """The longest run of words that stands in the sentence as in the claim, as a share of the claim."""
    if sentence is None or not said:
        return 0.0
    shown = [word.stem for word in sentence.words]
    before = [0] * (len(shown) + 1)
    longest = 0
    for word in said:
        row = [0] * (len(shown) + 1)
        for at, other in enumerate(shown):
            if word.stem == other:
                row[at + 1] = before[at] + 1
        longest = max(longest, *row)
        before = row
    return longest / len(said)


def _subsequence(content: Sequence[Word], sentence: Sentence | None) -> float:
    """The longest common subsequence of content words, as a share of the claim's (ROUGE-L, Lin 2004)."""
    if sentence is None or not content:
        return 0.0
    shown = [word.stem for word in sentence.words if word.is_content]
    before = [0] * (len(shown) + 1)
    for word in content:
        row = [0] * (len(shown) + 1)
        for at, other in enumerate(shown):
            row[at + 1] = before[at] + 1 if word.stem == other else max(before[at + 1], row[at])
        before = row
    return before[-1] / len(content)


def _clauses(reading: Reading) -> list[list[Word]]:
    """The content words of the claim's clauses that have at least two."""
    cuts = [match.start() for match in _CLAUSE.finditer(reading.claim)] + [len(reading.claim)]
    clauses: list[list[Word]] = [[] for _ in cuts]
    place = 0
    for word in reading.content[:_MOST_WORDS]:
        while word.start > cuts[place]:
            place += 1
        clauses[place].append(word)
    return [clause for clause in clauses if len(clause) > 1]


def _says(pattern: re.Pattern[str], text: str) -> bool:
    return pattern.search(text) is not None
