"""Why a run ended as it did, read off its record: which passages led to which claim, what was rejected and why.

The result is JSON. It is made of what the record holds, so that of a record without what a reader may not see (see
`withholding`) nothing of that shows here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model import Answer
from .encoding import plain
from .model import ModelCall, RunEvent
from .record import RunRecord, RunState
from .rows import elapsed_ms

Json = dict[str, Any]


@dataclass(slots=True)
class _Story:
    """What happened to one claim text."""

    drafted: Mapping[str, Any] = field(default_factory=dict)
    checks: list[Mapping[str, Any]] = field(default_factory=list)
    opinions: list[Mapping[str, Any]] = field(default_factory=list)
    sent_back: list[Mapping[str, Any]] = field(default_factory=list)
    dropped: Mapping[str, Any] | None = None


def explain(record: RunRecord, *, withheld: bool = False) -> Json:
    """The explanation of a run. `withheld` says that the record is not whole. `claims` are those that were released or,
    where the answer `waits` for a person and the record holds it, those that would be."""
    stories = _stories(record.events)
    answer = record.answer
    waits = record.status is RunState.NEEDS_REVIEW and record.held is not None
    shown = record.held.answer if waits and record.held is not None else answer
    kept = {} if shown is None else {claim.text: stories.get(claim.text, _Story()) for claim in shown.claims}
    cited = {span["chunk"] for story in kept.values() for span in story.drafted.get("evidence", ())}
    return {
        "id": record.id,
        "question": record.question,
        "resolved": record.resolved,
        "status": record.status.value,
        "answer": None if answer is None else answer.answer,
        "not_answered": None if answer is None else _not_answered(answer),
        "notices": [] if answer is None else list(answer.notices),
        "route": _last(record.events, "routed"),
        "rerouted": _all(record.events, "rerouted"),
        "plan": _last(record.events, "planned"),
        "warned": _all(record.events, "warned"),
        "searches": [_search(data, cited) for data in _datas(record.events, "searched")],
        "judged": _all(record.events, "judged"),
        "left_out": _all(record.events, "left_out"),
        "planted": _all(record.events, "planted"),
        "masked": _all(record.events, "masked"),
        "claims": [] if shown is None else _released(shown, kept),
        "waits": waits,
        "rejected": [_rejected(text, story) for text, story in stories.items() if text not in kept],
        "policies": _all(record.events, "policy"),
        "limits": _all(record.events, "limited"),
        "review": plain(record.review),
        "ended": _last(record.events, "ended") or _last(record.events, "refused"),
        "models": _models(record.calls),
        "stages": _stages(record),
        "ms": elapsed_ms(record.started_at, record.ended_at),
        "versions": dict(record.versions),
        "feedback": plain(record.feedback),
        "withheld": withheld,
        "cut": record.cut,
    }


def _not_answered(answer: Answer) -> Json | None:
    """What of the question no claim answers, and why."""
    left = answer.abstention or answer.unanswered
    return None if left is None else {"looked_for": left.looked_for, "why": left.reason}


def _stories(events: Sequence[RunEvent]) -> dict[str, _Story]:
    """By a claim's text, in the order in which they were drafted."""
    stories: dict[str, _Story] = defaultdict(_Story)
    for event in events:
        data = event.data
        if event.what == "drafted":
            for claim in data.get("claims", ()):
                stories[claim["text"]].drafted = claim
        if not isinstance(data.get("claim"), str):
            continue
        match event.what:
            case "checked":
                stories[data["claim"]].checks.append(data)
            case "second_opinion":
                stories[data["claim"]].opinions.append(data)
            case "sent_back":
                stories[data["claim"]].sent_back.append(data)
            case "dropped":
                stories[data["claim"]].dropped = data
    return dict(stories)


def _released(answer: Answer, stories: Mapping[str, _Story]) -> list[Json]:
    citations = {citation.id: citation for citation in answer.citations}
    found = []
    for claim in answer.claims:
        story = stories[claim.text]
        found.append(
            {
                "text": claim.text,
                "verdict": claim.verdict.value,
                "score": claim.score,
                "note": claim.note,
                "kind": claim.kind.value,
                "computation": claim.computation,
                "citations": [
                    {
                        "id": one,
                        "document": citations[one].document.id,
                        "title": citations[one].document.title,
                        "version": citations[one].document.version,
                        "start": citations[one].locator.start,
                        "end": citations[one].locator.end,
                        "quote": citations[one].quote,
                    }
                    for one in claim.citations
                    if one in citations
                ],
                "findings": story.checks[-1]["findings"] if story.checks else [],
                "second_opinions": [_without_claim(one) for one in story.opinions],
            }
        )
    return found


def _rejected(text: str, story: _Story) -> Json:
    """A claim that was not released: `why`, from whoever gave it up or sent it back."""
    last = story.checks[-1] if story.checks else {}
    if story.dropped is not None:
        fate, why = "dropped", story.dropped.get("why")
    elif story.sent_back:
        fate, why = "rewritten", story.sent_back[-1].get("why")
    else:
        fate, why = "not released", None
    return {
        "text": text,
        "fate": fate,
        "why": why,
        "kind": story.drafted.get("kind"),
        "verdict": (story.dropped or {}).get("verdict") or last.get("verdict"),
        "score": last.get("score"),
        "words": last.get("words", []),
        "evidence": story.drafted.get("evidence", []),
        "findings": last.get("findings", []),
        "second_opinions": [_without_claim(one) for one in story.opinions],
        "sent_back": len(story.sent_back),
    }


def _search(data: Mapping[str, Any], cited: Collection[str]) -> Json:
    """A search with what it found, and whether a claim that holds rests on it."""
    return {**data, "hits": [{**hit, "cited": hit.get("chunk") in cited} for hit in data.get("hits", ())]}


def _models(calls: Sequence[ModelCall]) -> list[Json]:
    """Calls by model and agent: how many, with what tokens, money and time; `failed` gave nothing usable."""
    found: dict[tuple[str, str, str], Json] = {}
    for call in calls:
        row = found.setdefault(
            (call.agent, call.tier.value, call.model),
            {
                "agent": call.agent,
                "tier": call.tier.value,
                "model": call.model,
                "locality": call.locality,
                "prompts": [],
                "calls": 0,
                "failed": 0,
                "outcomes": [],
                "tokens_in": 0,
                "tokens_out": 0,
                "cost_usd": 0.0,
                "ms": 0,
            },
        )
        name = f"{call.prompt} {call.prompt_version}"
        if name not in row["prompts"]:
            row["prompts"].append(name)
        if call.outcome != "ok" and call.outcome not in row["outcomes"]:
            row["outcomes"].append(call.outcome)
        row["calls"] += 1
        row["failed"] += call.outcome != "ok"
        for name in ("tokens_in", "tokens_out", "cost_usd", "ms"):
            row[name] += getattr(call, name)
    return list(found.values())


def _stages(record: RunRecord) -> list[Json]:
    """Milliseconds by stage, in order of first entry; a stage that was entered again adds up. The last one lasts until
    the last event."""
    entries = [(event.at_ms, event.stage) for event in record.events if event.what == "entered"]
    if not entries:
        return []
    end = max(event.at_ms for event in record.events if event.what != "decided")
    spent: dict[str, Json] = {}
    for (at, stage), (until, _) in zip(entries, [*entries[1:], (end, "")], strict=True):
        row = spent.setdefault(stage, {"stage": stage, "ms": 0, "times": 0})
        row["ms"] += max(0, until - at)
        row["times"] += 1
    return list(spent.values())


def _all(events: Sequence[RunEvent], what: str) -> list[Json]:
    return [dict(data) for data in _datas(events, what)]


def _last(events: Sequence[RunEvent], what: str) -> Json | None:
    found = list(_datas(events, what))
    return dict(found[-1]) if found else None


def _datas(events: Sequence[RunEvent], what: str) -> Iterator[Mapping[str, Any]]:
    """The data of all such events, but for those whose data were withheld or cut."""
    return (event.data for event in events if event.what == what and not {"withheld", "cut"} & event.data.keys())


def _without_claim(data: Mapping[str, Any]) -> Json:
    return {key: value for key, value in data.items() if key != "claim"}
