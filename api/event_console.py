"""One event of a run in words, for people; `agents.runs.events` says what each holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .console import Json
from .tables import count


def event_line(event: Json) -> str:
    """What happened, in a sentence. An event that this version does not know is shown as it stands."""
    data: Json = event["data"]
    if data.get("withheld"):
        return f"{event['what']} (withheld)"
    if data.get("cut"):
        return f"{event['what']} (cut: the record grew too large)"
    known = _LINES.get(event["what"])
    if known is not None:
        return known(data)
    told = (f"{key} {short_json(value)}" for key, value in data.items() if value not in (None, "", []))
    return f"{event['what']}: {', '.join(told)}".rstrip(": ")


def short_json(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + " …"


def _with_why(text: str, why: str | None) -> str:
    return f"{text}: {why}" if why else text


_LINES: Mapping[str, Callable[[Json], str]] = {
    "warned": lambda data: f"the question: {', '.join(data['kinds'])}",
    "refused": lambda data: f"not let in: {data['why']}",
    "resolved": lambda data: f"understood as “{data['question']}”",
    "routed": lambda data: f"{data['mode']}: {data['why']} ({data['complexity']}, {data['sensitivity']})",
    "rerouted": lambda data: f"{data['from']} → {data['to']}: {data['why']}",
    "planned": lambda data: _with_why(count(len(data["steps"]), "step"), data["why"]),
    "searched": lambda data: f"“{data['query']}”: {count(len(data['hits']), 'passage')}",
    "judged": lambda data: _with_why("enough" if data["enough"] else "not enough", data["why"]),
    "left_out": lambda data: f"{count(len(data['passages']), 'passage')} left out, over {data['budget']} tokens",
    "planted": lambda data: f"instructions in {data['title']}, not followed ({', '.join(data['kinds'])})",
    "masked": lambda data: "masked " + ", ".join(f"{number} {kind}" for kind, number in data["kinds"].items()),
    "drafted": lambda data: _with_why(count(len(data["claims"]), "claim"), data["why"]),
    "checked": lambda data: f"{data['verdict']} {data['score']:.2f}: {data['claim']}",
    "second_opinion": lambda data: f"{data['by']} {'agrees' if data['agrees'] else 'disagrees'}: {data['claim']}",
    "policy": lambda data: f"policy {data['policy']} ({data['effect']}): {data['why']}",
    "sent_back": lambda data: f"sent back, {data['why']}: {data['claim']}",
    "dropped": lambda data: f"dropped, {data['why']}: {data['claim']}",
    "held": lambda data: f"waits for a person: {'; '.join(data['reasons'])}",
    "decided": lambda data: _with_why(f"{data['decision']} by {data['by']}", data["why"]),
    "released": lambda data: f"{data['status'].replace('_', ' ')}, {count(data['claims'], 'claim')}",
    "limited": lambda data: f"limit of {data['limit']}, {data['used']:g} of {data['allowed']:g}: {data['why']}",
    "ended": lambda data: f"{data['status']}: {data['why']}",
}
