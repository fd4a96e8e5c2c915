"""Evidence for a prompt: packed to a budget of tokens and taken apart into numbered sentences that a model can cite.

A model cites by number, so that what it cites is found again exactly and cannot be misquoted; a number that was never
given out cites nothing. `units` takes passages apart, `fencing` writes them as data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.locating import locate
from ingest.model import Chunk
from retrieval.model import Hit, Passage

from .units import Unit, units_of

Pack = Callable[[str, Sequence[Hit], int], Sequence[Passage]]
"""Passages of at most so many tokens together, best first; see `retrieval.packing`."""
ChunksOf = Callable[[str, int, int], Sequence[Chunk]]
"""The chunks of a document from one ordinal to another, in order; see `Catalog.chunks_of`."""

_REACH = 3
"""How many chunks beside a hit a passage may have grown to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedPassage:
    """One passage with its sentences: `numbers` run parallel to `units`."""

    passage: Passage
    numbers: tuple[int, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBook:
    """All that one prompt shows. `left_out` are the hits of which nothing found room, by chunk id."""

    passages: tuple[PackedPassage, ...]
    tokens: int
    left_out: tuple[str, ...] = ()

    def unit(self, number: int) -> Unit | None:
        """The sentence with that number, None when no sentence has it."""
        for packed in self.passages:
            if packed.numbers and packed.numbers[0] <= number <= packed.numbers[-1]:
                return packed.units[number - packed.numbers[0]]
        return None

    @property
    def units(self) -> tuple[Unit, ...]:
        """All sentences, in the order of their numbers from 1."""
        return tuple(unit for packed in self.passages for unit in packed.units)

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the documents shown."""
        access = [packed.passage.document.access for packed in self.passages]
        return frozenset(one.label for one in access if one.label)


def open_book(question: str, hits: Sequence[Hit], budget: int, pack: Pack, chunks_of: ChunksOf) -> EvidenceBook:
    """The evidence of `hits` that fits `budget` tokens, numbered in order of passage, then of text."""
    passages = pack(question, hits, budget)
    packed: list[PackedPassage] = []
    number = 1
    for passage in passages:
        units = tuple(_units_inside(passage, hits, chunks_of))
        if units:
            numbers = tuple(range(number, number + len(units)))
            packed.append(PackedPassage(passage=passage, numbers=numbers, units=units))
            number += len(units)
    shown = {chunk_id for one in packed for chunk_id in one.passage.chunk_ids}
    return EvidenceBook(
        passages=tuple(packed),
        tokens=sum(one.passage.tokens for one in packed),
        left_out=tuple(hit.chunk.id for hit in hits if hit.chunk.id not in shown),
    )


def _units_inside(passage: Passage, hits: Sequence[Hit], chunks_of: ChunksOf) -> list[Unit]:
    own = {hit.chunk.id: hit for hit in hits if hit.chunk.id in passage.chunk_ids}
    ordinals = [hit.chunk.ordinal for hit in own.values()]
    if not ordinals:
        return []
    if all(hit.chunk.start <= passage.start and passage.end <= hit.chunk.end for hit in own.values()):
        chunks: Sequence[Chunk] = [next(iter(own.values())).chunk]
    else:
        chunks = chunks_of(passage.document.id, max(0, min(ordinals) - _REACH), max(ordinals) + _REACH)
    units: list[Unit] = []
    for chunk in chunks:
        if chunk.version == passage.document.version and chunk.start < passage.end and passage.start < chunk.end:
            locator = locate(chunk, chunk.start, chunk.end)
            hit = own.get(chunk.id) or Hit(
                rank=1, score=passage.score, document=passage.document, chunk=chunk, locator=locator, why={}
            )
            units += [
                unit for unit in units_of([hit]) if passage.start <= unit.span.start and unit.span.end <= passage.end
            ]
    return units
