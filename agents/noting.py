"""What the record says of a research: searches, whether they suffice, and instructions planted in what was found."""

from __future__ import annotations

from functools import lru_cache

from ingest.instructions import few_words, planted_instructions

from .researcher import Findings
from .running import Run
from .runs import events

_planted_in = lru_cache(maxsize=4096)(planted_instructions)
"""The same chunks come again and again; a few megabytes of their texts are kept."""


def note_findings(run: Run, findings: Findings) -> None:
    """What was searched for and found, and what in it was meant to steer a model."""
    for one in findings.searches:
        run.note(events.searched(run.at_ms, query=one.query, hits=one.hits, step=one.step, round_=one.round))
    for found in findings.steps:
        run.note(
            events.judged(run.at_ms, enough=found.sufficient, why=found.why, missing=found.missing, step=found.step.id)
        )
    run.planted = {hit.chunk.id: planted for hit in findings.hits if (planted := _planted_in(hit.chunk.text))}
    for hit in findings.hits:
        found_in = run.planted.get(hit.chunk.id, ())
        if found_in:
            words = [few_words(hit.chunk.text[one.start : one.end]) for one in found_in]
            run.note(events.planted(run.at_ms, hit, kinds={one.reason for one in found_in}, words=words))
