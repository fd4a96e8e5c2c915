"""Evidence within a token budget: gather chunks → take apart → weigh → choose → join → passages.

What is chosen are sentences, list items and table rows, best first. Where the budget holds everything, whole chunks
stay whole, touching ones become one span and the best grow to their neighbours; where it is tight, what matters least
is left out first. Every passage is one span of one version, so each of its characters can be located.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ingest.model import Chunk, Document

from .joining import Run, context_lines, join, related, touching
from .model import Hit, Passage
from .selecting import Embed, Split, Unit, Weights, units_of, worths

Count = Callable[[Sequence[str]], Sequence[int]]
"""The number of tokens of each text."""
ChunksOf = Callable[[str, int, int], Sequence[Chunk]]
"""The chunks of a document from one ordinal to another, both included, in order; see `Catalog.chunks_of`."""
Excerpt = Callable[[str, str, int, int], str | None]
"""[start, end) of the canonical text of a document's version; see `Catalog.excerpt`. None when it is not kept."""

_MOST_HITS = 40
_GROWN = 3
"""So many of the best hits grow to the chunks before and after them."""
_BRIDGED = 10
"""Among so many of the best hits, a chunk that lies between two of them is taken in."""
_GROWTH = 0.6
"""What a chunk beside a hit is worth of what the hit is."""
_GAP_TOKENS = 60
"""A gap of one unit between two chosen ones is filled when it is not longer."""
_SAME_WORDS = 5
"""Shorter units may repeat: "Yes." answers more than one question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidates:
    """Units in reading order within each document, with what each is worth and costs."""

    documents: dict[str, Document]
    units: list[Unit]
    worth: list[float]
    tokens: Sequence[int]


class Packer:
    """Packs hits into passages. Its parts are handed in; it keeps nothing between two calls."""

    def __init__(
        self,
        *,
        count: Count,
        split: Split,
        chunks_of: ChunksOf,
        excerpt: Excerpt,
        embed: Embed | None = None,
        weights: Weights | None = None,
        keep_repeats: bool = False,
    ) -> None:
        """Without `embed`, sentences are chosen by words and by their chunks' scores alone.

        `keep_repeats` packs what stands in several places as often as it is found, for measures that count places.
        """
        self._count = count
        self._split = split
        self._chunks_of = chunks_of
        self._excerpt = excerpt
        self._embed = embed
        self._weights = weights or Weights()
        self._keep_repeats = keep_repeats

    def pack(self, query: str, hits: Sequence[Hit], budget: int) -> list[Passage]:
        """Passages of at most `budget` tokens together, context included, best first.

        Their spans are disjoint within a version and lie in the hits' chunks or in chunks beside them of the same
        document and version: what a hit's asker may read. A sentence is packed whole or not at all; where the best one
        fits but for its context, context is left out.
        """
        if budget <= 0 or not hits:
            return []
        found = self._candidates(query, hits[:_MOST_HITS])
        if not found.units:
            return []
        chosen = self._choose(found, budget, with_context=True)
        best = min(range(len(found.units)), key=lambda i: (-found.worth[i], found.units[i].place, i))
        # What is worth most matters more than where it comes from, which its locator says as well.
        bare = best not in chosen and (found.tokens[best] <= budget or not chosen)
        if bare:
            chosen = self._choose(found, budget, with_context=False)
        return self._fitting(found, chosen, budget, with_context=not bare)

    def _candidates(self, query: str, hits: Sequence[Hit]) -> _Candidates:
        documents = {hit.document.id: hit.document for hit in reversed(hits)}
        best = hits[0].score
        scores: dict[str, float] = {}
        chunks: dict[str, Chunk] = {}
        for hit in hits:
            # One version of a document: a better hit's, where there could be two.
            if hit.chunk.version == documents[hit.document.id].version:
                chunks.setdefault(hit.chunk.id, hit.chunk)
                scores.setdefault(hit.chunk.id, min(1.0, max(0.0, hit.score / best)) if best > 0 else 1 / hit.rank)
        for chunk, score in self._beside(list(chunks.values()), scores):
            if chunk.id not in chunks:
                chunks[chunk.id], scores[chunk.id] = chunk, score
        places = {
            document_id: place
            for place, document_id in enumerate(dict.fromkeys(c.document_id for c in chunks.values()))
        }
        units: list[Unit] = []
        ends: dict[str, int] = {}
        order = {chunk_id: place for place, chunk_id in enumerate(chunks)}
        for chunk in sorted(chunks.values(), key=lambda c: (places[c.document_id], c.start, c.end, order[c.id])):
            for unit in units_of(chunk, order[chunk.id], self._split):
                if unit.start >= ends.get(chunk.document_id, 0):
                    units.append(unit)
                    ends[chunk.document_id] = unit.end
        worth = worths(units, query, scores, self._embed, self._weights)
        return _Candidates(
            documents=documents, units=units, worth=worth, tokens=self._count([_text(unit) for unit in units])
        )

    def _beside(self, chunks: Sequence[Chunk], scores: dict[str, float]) -> Iterator[tuple[Chunk, float]]:
        """Chunks that lie between two good hits, then those beside the best, each with its score."""
        for one, other in combinations(chunks[:_BRIDGED], 2):
            if one.document_id == other.document_id and abs(one.ordinal - other.ordinal) == 2:
                middle = (one.ordinal + other.ordinal) // 2
                for chunk in self._chunks_of(one.document_id, middle, middle):
                    if chunk.version == one.version:
                        yield chunk, min(scores[one.id], scores[other.id])
        for one in chunks[:_GROWN]:
            for chunk in self._chunks_of(one.document_id, one.ordinal - 1, one.ordinal + 1):
                if chunk.version == one.version and related(one.headings, chunk.headings):
                    yield chunk, scores[one.id] * _GROWTH

    def _choose(self, found: _Candidates, budget: int, *, with_context: bool) -> set[int]:
        """The units that are worth most and fit the budget, by their own tokens and one context for each section."""
        units, worth = found.units, list(found.worth)
        queue = [(-worth[i], units[i].place, i) for i in range(len(units))]
        heapq.heapify(queue)
        contexts: dict[tuple[str, tuple[str, ...]], int] = {}
        chosen: set[int] = set()
        said: set[str] = set()
        used = 0
        while queue:
            negative, _, i = heapq.heappop(queue)
            if i in chosen or -negative < worth[i]:
                continue
            unit = units[i]
            if not self._keep_repeats and unit.key in said and len(unit.words.split()) >= _SAME_WORDS:
                continue
            section = (unit.chunk.document_id, unit.chunk.headings)
            opening = 0
            if with_context and section not in contexts:
                lines = context_lines(found.documents[unit.chunk.document_id], [unit], with_section=True)
                opening = self._count(["\n".join(lines)])[0]
            if used + found.tokens[i] + opening > budget:
                continue
            used += found.tokens[i] + opening
            contexts.setdefault(section, opening)
            chosen.add(i)
            said.add(unit.key)
            for j, middle in ((i - 2, i - 1), (i + 2, i + 1)):
                if j in chosen and middle not in chosen and self._bridges(found, min(i, j)):
                    raised = min(worth[i], worth[j])
                    if raised > worth[middle]:
                        worth[middle] = raised
                        heapq.heappush(queue, (-raised, units[middle].place, middle))
        return chosen

    def _bridges(self, found: _Candidates, first: int) -> bool:
        """Whether the unit after `first` joins it to the one after that, and is short enough to be taken in."""
        one, middle, other = found.units[first : first + 3]
        return found.tokens[first + 1] <= _GAP_TOKENS and touching(one, middle) and touching(middle, other)

    def _fitting(self, found: _Candidates, chosen: set[int], budget: int, *, with_context: bool) -> list[Passage]:
        """The passages of the chosen units; less the worst of them, where joined they cost more than apart."""
        kept = set(chosen)
        while kept:
            passages = self._passages(found, kept, with_context=with_context)
            excess = sum(passage.tokens for passage in passages) - budget
            if excess <= 0:
                return passages
            for i in sorted(kept, key=lambda i: (found.worth[i], -found.units[i].place, -i)):
                kept.discard(i)
                excess -= max(1, found.tokens[i])
                if excess <= 0:
                    break
        return []

    def _passages(self, found: _Candidates, chosen: set[int], *, with_context: bool) -> list[Passage]:
        runs = sorted(self._runs(found, chosen), key=lambda run: (-run.worth, run.place))
        shown: set[tuple[str, tuple[str, ...]]] = set()
        contexts = []
        for run in runs:
            section = (run.document.id, run.units[0].chunk.headings)
            lines = context_lines(run.document, run.units, with_section=section not in shown) if with_context else []
            shown.add(section)
            contexts.append("\n".join(lines))
        whole = [f"{context}\n{run.text}" if context else run.text for context, run in zip(contexts, runs, strict=True)]
        return [
            Passage(
                document=run.document,
                start=run.start,
                end=run.end,
                text=run.text,
                context=context,
                locator=run.locator,
                score=round(run.worth, 4),
                tokens=tokens,
                chunk_ids=run.chunk_ids,
            )
            for run, context, tokens in zip(runs, contexts, self._count(whole), strict=True)
        ]

    def _runs(self, found: _Candidates, chosen: set[int]) -> Iterator[Run]:
        """Chosen units that touch, joined. A table's header that no row follows is left out."""
        group: list[int] = []
        for i in [*sorted(chosen), -1]:
            if group and (i != group[-1] + 1 or not touching(found.units[group[-1]], found.units[i])):
                while group and found.units[group[-1]].element.is_header:
                    group.pop()
                if group:
                    yield from self._joined(found, group)
                group = []
            group.append(i)

    def _joined(self, found: _Candidates, group: Sequence[int]) -> Iterator[Run]:
        """One run; one for each chunk where the text between them is not to be had."""
        units = [found.units[i] for i in group]
        worth = [found.worth[i] for i in group]
        run = join(found.documents[units[0].chunk.document_id], units, max(worth), self._excerpt)
        if run is not None:
            yield run
            return
        for chunk_id in dict.fromkeys(unit.chunk.id for unit in units):
            own = [i for i in group if found.units[i].chunk.id == chunk_id]
            yield from self._joined(found, own)


def _text(unit: Unit) -> str:
    return unit.chunk.text[unit.start - unit.chunk.start : unit.end - unit.chunk.start]
