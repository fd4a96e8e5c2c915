"""What of a run somebody may see now. Two things are taken out, and that they were is said.

What rests on documents that the reader may not read any more, or that are gone. And from an asker who is no admin, the
drafts of a run that has released nothing, or not all: a reviewer or a policy may have seen to it that the asker does
not get what was in them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..model import Abstention, Answer, Citation
from .model import RunEvent
from .record import RunRecord, RunState

WITHHELD = "Part of this answer is withheld: it rests on documents that you may not read now, or that are gone."
_DEEPEST = 12
_DRAFTING = ("draft", "verify", "repair")
_WORDLESS = ("entered", "rerouted", "masked", "limited", "ended")
"""Events that hold nothing of a draft."""
_RELEASED = (RunState.ANSWERED, RunState.ABSTAINED)
_HARMLESS = ("disclaim", "local_only", "review", "second_opinion")
"""Effects of policies that take nothing out of an answer."""
_MARK = {"withheld": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A run as somebody may see it. `withheld` says that something is missing."""

    record: RunRecord
    withheld: bool


def documents_of(record: RunRecord) -> frozenset[str]:
    """The ids of all documents that a run names."""
    found: set[str] = set()
    for event in record.events:
        found |= _documents(event.data)
    for answer in (record.answer, None if record.held is None else record.held.answer):
        if answer is not None:
            found |= {citation.document.id for citation in _citations(answer)}
    return frozenset(found) | held_documents(record)


def held_documents(record: RunRecord) -> frozenset[str]:
    """The ids of the documents that a held answer rests on."""
    if record.held is None:
        return frozenset()
    return frozenset(span.document.id for item in record.held.checked for span in item.claim.evidence)


def for_asker(record: RunRecord, readable: Collection[str]) -> View:
    """The run as its asker sees it, who may read these documents now."""
    held_back = record.status not in _RELEASED or any(
        event.what == "policy" and event.data.get("effect") not in _HARMLESS for event in record.events
    )
    seen = for_reader(record, readable)
    if not held_back:
        return View(record=replace(seen.record, held=None), withheld=seen.withheld)
    events = tuple(
        replace(event, data=_MARK) if event.stage in _DRAFTING and event.what not in _WORDLESS else event
        for event in seen.record.events
    )
    return View(record=replace(seen.record, held=None, events=events, calls=_without_texts(seen.record)), withheld=True)


def for_reader(record: RunRecord, readable: Collection[str]) -> View:
    """The run as a reviewer sees it, who may read these documents now."""
    hidden = documents_of(record) - frozenset(readable)
    if not hidden:
        return View(record=record, withheld=False)
    held = record.held
    if held is not None:
        checked = tuple(
            item for item in held.checked if hidden.isdisjoint({span.document.id for span in item.claim.evidence})
        )
        held = replace(held, answer=_trimmed(held.answer, hidden), checked=checked)
    return View(
        record=replace(
            record,
            events=tuple(_event(event, hidden) for event in record.events),
            calls=_without_texts(record),  # Any of them may quote any document.
            answer=None if record.answer is None else _trimmed(record.answer, hidden),
            held=held,
        ),
        withheld=True,
    )


def _without_texts(record: RunRecord) -> tuple[Any, ...]:
    return tuple(replace(call, messages=(), response="") for call in record.calls)


def _trimmed(answer: Answer, hidden: frozenset[str]) -> Answer:
    """The answer without what rests on hidden documents."""
    gone = {citation.id for citation in answer.citations if citation.document.id in hidden}
    claims = tuple(claim for claim in answer.claims if gone.isdisjoint(claim.citations))
    text = answer.answer
    if gone:
        text = " ".join([WITHHELD, *(claim.text for claim in claims)])
    return replace(
        answer,
        answer=text,
        claims=claims,
        citations=_seen(answer.citations, hidden),
        abstention=_nearest(answer.abstention, hidden),
        unanswered=_nearest(answer.unanswered, hidden),
    )


def _nearest(abstention: Abstention | None, hidden: frozenset[str]) -> Abstention | None:
    return None if abstention is None else replace(abstention, nearest=_seen(abstention.nearest, hidden))


def _seen(citations: tuple[Citation, ...], hidden: frozenset[str]) -> tuple[Citation, ...]:
    return tuple(citation for citation in citations if citation.document.id not in hidden)


def _citations(answer: Answer) -> list[Citation]:
    nearest = [one.nearest for one in (answer.abstention, answer.unanswered) if one is not None]
    return [*answer.citations, *(citation for part in nearest for citation in part)]


def _event(event: RunEvent, hidden: frozenset[str]) -> RunEvent:
    """The event without list items that rest on hidden documents; without all its data where it rests on one itself."""
    kept: dict[str, Any] = {}
    for key, value in event.data.items():
        if isinstance(value, list) and key != "documents":
            kept[key] = [item for item in value if hidden.isdisjoint(_documents(item))]
        elif not hidden.isdisjoint(_documents({key: value})):
            return replace(event, data=_MARK)
        else:
            kept[key] = value
    return replace(event, data=kept)


def _documents(value: Any, depth: int = 0) -> set[str]:
    """The ids under `document` and `documents`, wherever in it."""
    if depth > _DEEPEST:
        return set()
    found: set[str] = set()
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "document" and isinstance(part, str):
                found.add(part)
            elif key == "documents" and isinstance(part, list):
                found |= {one for one in part if isinstance(one, str)}
            else:
                found |= _documents(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            found |= _documents(part, depth + 1)
    return found
