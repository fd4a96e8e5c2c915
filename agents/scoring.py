"""Each question of a set as numbers: what its answer is worth, and how well the search found what the set names.

A figure of a run is the mean of such a number over the questions that have it. Two runs are held against each other
question by question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ingest.model import Document
from retrieval.metrics import Comparison, Interval, Span, compare, interval, ranking_scores, span_scores
from retrieval.model import Hit

from .evaluating import Judged, Question, Result

DEPTH = 10
"""How many hits of a question's search are looked at."""
CUTS = (1, 3, 5, 10)
ANSWER_SCORES = ("right", "rightly_abstained", "wrong", "abstained")
"""The scores of answers; the others are those of retrieval."""
LESS_IS_BETTER = frozenset({"wrong", "abstained"})
SIGNIFICANT = 0.05
_MOST_PLACES = 100

Scores = dict[str, float]
Rows = Mapping[str, Mapping[str, float]]
"""Question key to its scores by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """Where the catalog holds what a question names.

    `file_of` maps the ids of right documents to the gold file that they are. Each of `quotes` has all places of one
    quote, as (document id, start, end). `missing` are files and quotes that the catalog does not hold.
    """

    file_of: Mapping[str, str]
    quotes: tuple[tuple[tuple[str, int, int], ...], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure of a run against that of another: from `before` to `after` over the questions that both have.

    `worse` and `better` say that the change is more than chance would bring about.
    """

    before: float
    after: float
    compared: Comparison
    worse: bool
    better: bool


def answer_scores(judged: Judged) -> Scores:
    """What an answer is worth, as 0.0 or 1.0 for each share that its question counts in."""
    if not judged.question.answerable:
        return {"rightly_abstained": float(judged.result is Result.RIGHTLY_ABSTAINED)}
    results = {"right": Result.RIGHT, "wrong": Result.WRONG, "abstained": Result.ABSTAINED}
    return {name: float(judged.result is result) for name, result in results.items()}


def find_gold(
    questions: Sequence[Question], documents: Iterable[Document], text_of: Callable[[str], str | None]
) -> list[Gold]:
    """For each question the documents and places that it names. `text_of` gives a document's canonical text.

    A gold file is every document whose uri ends in it. White space in a quote stands for any white space.
    """
    named: dict[str, list[Document]] = {}
    for document in documents:
        named.setdefault(unquote(document.uri).rsplit("/", 1)[-1], []).append(document)
    return [_gold(question, named, text_of) for question in questions]


def hit_scores(question: Question, gold: Gold, hits: Sequence[Hit]) -> Scores:
    """How well the hits find the question's gold files, ranked as documents, and its quotes, in characters.

    Files that the catalog does not hold count as not found; quotes that it does not hold are left out.
    """
    scores: Scores = {}
    if question.gold_files:
        ranked = [gold.file_of.get(hit.document.id, f"\0{hit.document.id}") for hit in hits[:DEPTH]]
        scores |= ranking_scores(ranked, frozenset(question.gold_files), CUTS)
    if gold.quotes:
        found: dict[str, list[Span]] = {}
        for hit in hits[:DEPTH]:
            found.setdefault(hit.document.id, []).append((hit.chunk.start, hit.chunk.end))
        # A quote that stands in several places is found as well as at the best of them.
        best = [max(places, key=lambda place: _covered(place, found)) for places in gold.quotes]
        wanted: dict[str, list[Span]] = {}
        for document_id, start, end in best:
            wanted.setdefault(document_id, []).append((start, end))
        spans = span_scores(found, wanted)
        scores |= {f"char_recall@{DEPTH}": spans.recall, f"char_precision@{DEPTH}": spans.precision}
    return scores


def figures(rows: Rows) -> dict[str, Interval]:
    """The mean of each score with its interval, over the questions that have it."""
    return {name: interval([row[name] for row in rows.values() if name in row]) for name in _names(rows)}


def changes(before: Rows, after: Rows) -> dict[str, Change]:
    """Each score that questions of both runs have, held against each other over those questions."""
    common = [key for key in after if key in before]
    found = {}
    for name in _names({key: after[key] for key in common}):
        keys = [key for key in common if name in after[key] and name in before[key]]
        if keys:
            found[name] = _change(name, [before[k][name] for k in keys], [after[k][name] for k in keys])
    return found


def keys_of(questions: Sequence[Question]) -> list[str]:
    """What names each question among the runs of a set: its id, told apart where it comes more than once."""
    seen: dict[str, int] = {}
    keys = []
    for question in questions:
        count = seen[question.id] = seen.get(question.id, 0) + 1
        keys.append(question.id if count == 1 else f"{question.id}#{count}")
    return keys


def _gold(question: Question, named: Mapping[str, Sequence[Document]], text_of: Callable[[str], str | None]) -> Gold:
    file_of: dict[str, str] = {}
    missing: list[str] = []
    for file in question.gold_files:
        ids = [d.id for d in named.get(file.rsplit("/", 1)[-1], ()) if unquote(d.uri).endswith("/" + file)]
        file_of |= dict.fromkeys(ids, file)
        if not ids:
            missing.append(file)
    texts = {document_id: text_of(document_id) or "" for document_id in file_of} if question.gold_quotes else {}
    quotes = []
    for quote in question.gold_quotes:
        places = tuple((i, start, end) for i, text in texts.items() for start, end in _places(quote, text))
        if places:
            quotes.append(places)
        else:
            missing.append(quote)
    return Gold(file_of=file_of, quotes=tuple(quotes), missing=tuple(missing))


def _places(quote: str, text: str) -> list[Span]:
    words = [re.escape(word) for word in quote.split()]
    if not words:
        return []
    found = re.finditer(r"\s+".join(words), text)
    return [match.span() for match, _ in zip(found, range(_MOST_PLACES), strict=False)]


def _covered(place: tuple[str, int, int], found: Mapping[str, Sequence[Span]]) -> int:
    document_id, start, end = place
    return max((min(end, b) - max(start, a) for a, b in found.get(document_id, ())), default=-(end - start))


def _change(name: str, before: Sequence[float], after: Sequence[float]) -> Change:
    sign = -1.0 if name in LESS_IS_BETTER else 1.0
    compared = compare([sign * value for value in after], [sign * value for value in before])
    significant = compared.p < SIGNIFICANT
    return Change(
        before=sum(before) / len(before),
        after=sum(after) / len(after),
        compared=compared,
        worse=significant and compared.difference < 0,
        better=significant and compared.difference > 0,
    )


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(name for row in rows.values() for name in row))
