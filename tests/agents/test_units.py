"""Passages taken apart: what is remembered of a chunk counts for that very chunk only."""

from __future__ import annotations

from dataclasses import replace

from agents.signals import context_of
from agents.units import embedded_texts, units_of
from tests.agents.passages import passage


def test_the_same_chunk_gives_the_same_units_under_the_score_it_has_now() -> None:
    hit = passage("Leave", "Leave is thirty days. It is asked for in the portal.")
    first, again = units_of([hit]), units_of([replace(hit, score=0.5)])
    assert [unit.claim for unit in first] == [unit.claim for unit in again]
    assert {unit.candidate.passage_score for unit in again} == {0.5}


def test_a_chunk_that_changed_under_its_id_is_read_anew() -> None:
    hit = passage("Leave", "Leave is thirty days.")
    units_of([hit])
    other = passage("Leave", "Leave is forty days!!")
    changed = replace(hit, chunk=replace(other.chunk, id=hit.chunk.id))
    assert [unit.claim for unit in units_of([changed])] == ["Leave is forty days!!"]


def test_all_that_the_judge_embeds_is_embedded_ahead() -> None:
    hit = passage("Limits", rows=[("Role", "Limit"), ("Director", "500"), ("Engineer", "100")], headings=("Cards",))
    ahead = embedded_texts(hit.chunk, hit.document.title)
    for unit in units_of([hit]):
        assert {unit.candidate.text, context_of(unit.candidate)} <= set(ahead)
