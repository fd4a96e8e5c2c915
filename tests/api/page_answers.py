"""Answers, reviews and explanations as the server gives them, for tests of the web page."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
TEXT = "Hotels in Hull\nUp to 140 GBP a night.\nMeals up to 60 GBP a day."
MARKUP = '<img src=x onerror="document.title=1">'


def citation(number: int, quote: str) -> Json:
    """A citation of the one document there is."""
    start = TEXT.index(quote) if quote in TEXT else 0
    line = TEXT[:start].count("\n") + 1
    return {
        "id": number,
        "citation_id": f"c{number}",
        "document": {"id": "d1", "uri": "file:///docs/travel.md", "title": "Travel policy", "version": "v1"},
        "locator": {
            "start": start,
            "end": start + len(quote),
            "line_start": line,
            "line_end": line,
            "page": None,
            "slide": None,
            "sheet": None,
            "cells": None,
            "headings": [],
        },
        "quote": quote,
        "header": [],
        "withheld": [],
    }


HOTEL, MEALS = citation(1, "Up to 140 GBP a night."), citation(2, "Meals up to 60 GBP a day.")


def claim(text: str, *citations: int, kind: str = "quoted", computation: str | None = None) -> Json:
    """A released claim."""
    return {"text": text, "citations": citations, "verdict": "supported", "kind": kind, "computation": computation}


def answer(run_id: str, question: str, text: str = "", *, status: str = "answered", **values: Any) -> Json:
    """An answer in the shape of the API."""
    return {
        "run_id": run_id,
        "question": question,
        "status": status,
        "answer": text,
        "claims": [],
        "citations": [],
        "abstention": None,
        "unanswered": None,
        "review": None,
        "notices": [],
        "resolved_question": None,
        "timing_ms": {"total": 41},
        **values,
    }


RICH = answer(
    "run-rich",
    "What may a day in Hull cost?",
    "A night costs up to 140 GBP [1].",
    claims=[
        claim("A night in Hull costs up to 140 GBP.", 1),
        claim(f"Meals are paid up to 60 GBP a day {MARKUP}.", 2),
        claim("A night and its meals cost up to 200 GBP.", 1, 2, kind="computed", computation="sum(140; 60) = 200 GBP"),
        claim("The travel policy says 140 GBP, the Hull guide says 150 GBP.", 1, 2, kind="conflict"),
        claim("The travel policy of 2025 replaces that of 2023.", 1, kind="supersession"),
    ],
    citations=[HOTEL, MEALS],
    notices=["Book through TripLine only."],
    unanswered={"reason": "no sentence found answers it", "looked_for": "what a taxi may cost", "nearest": [MEALS]},
)
FOLLOWING = answer(
    "run-follow",
    "And in Leeds?",
    "The documents that you may read say nothing about this.",
    status="abstained",
    resolved_question="What may a day in Leeds cost?",
    abstention={"reason": "nothing found", "looked_for": "a day in Leeds", "nearest": []},
)
BLOCKED = answer(
    "run-blocked", "Should we sack Mr Low?", "Such questions are answered by HR, not here.", status="blocked"
)
REVIEW = {
    "state": "waiting",
    "reasons": ["hotel caps change this month"],
    "risk": "high",
    "requested_at": "2026-03-02T09:00:00.000Z",
    "expires_at": "2026-03-05T09:00:00.000Z",
    "decided_at": None,
    "decided_by": None,
    "why": None,
}
HELD = answer(
    "run-held",
    "What is the hotel cap in Hull?",
    "The answer waits for a reviewer's approval.",
    status="needs_review",
    review=REVIEW,
)
APPROVED = answer(
    "run-held",
    "What is the hotel cap in Hull?",
    "A night in Hull costs up to 140 GBP [1].",
    claims=[claim("A night in Hull costs up to 140 GBP.", 1)],
    citations=[HOTEL],
    review={**REVIEW, "state": "approved", "decided_by": "naomi", "decided_at": "2026-03-02T10:00:00.000Z"},
)
WAITING = {"run_id": "run-held", "question": HELD["question"], "user": "colm", **REVIEW}
_SPAN = {"document": "d1", "title": "Travel policy", "version": "v1", "chunk": "k1", "start": 15, "end": 37}
_AGREEING: list[Json] = [
    {"check": name, "agrees": True, "score": 1.0, "words": [], "contradicts": False, "note": ""}
    for name in ("quote", "numbers", "names")
]
_DISAGREEING = {
    "check": "numbers",
    "agrees": False,
    "score": 0.0,
    "words": ["150 GBP"],
    "contradicts": True,
    "note": "the source has 140 GBP there",
}
_REJECTED = {
    "text": "A night in Hull costs up to 150 GBP.",
    "fate": "dropped",
    "why": "numbers differ",
    "kind": "written",
    "verdict": "contradicted",
    "score": 0.04,
    "words": ["150 GBP"],
    "evidence": [{**_SPAN, "quote": HOTEL["quote"]}],
    "findings": [_DISAGREEING],
    "second_opinions": [],
    "sent_back": 1,
}
_POLICY: Json = {"policy": "hotel-review", "effect": "review", "why": "hotel caps change", "words": [], "claim": None}
REVIEWED = {
    **WAITING,
    "answer": APPROVED,
    "claims": [
        {
            "text": "A night in Hull costs up to 140 GBP.",
            "kind": "quoted",
            "verdict": "supported",
            "score": 0.97,
            "note": None,
            "words": [],
            "findings": _AGREEING,
            "evidence": [{**_SPAN, "quote": HOTEL["quote"]}],
        }
    ],
    "rejected": [],
    "policies": [_POLICY],
    "planted": [],
}
EXPLANATION = {
    "id": "run-rich",
    "question": RICH["question"],
    "resolved": RICH["question"],
    "status": "answered",
    "answer": RICH["answer"],
    "not_answered": {"looked_for": "what a taxi may cost", "why": "no sentence found answers it"},
    "notices": [],
    "route": {"mode": "small", "complexity": "lookup", "sensitivity": "internal", "why": "one fact asked"},
    "rerouted": [],
    "plan": {"question": RICH["question"], "steps": [], "operation": None, "compares": False, "why": ""},
    "warned": [],
    "searches": [
        {
            "step": "q1",
            "round": 1,
            "query": "day in Hull",
            "hits": [
                {"rank": 1, "chunk": "k1", "document": "d1", "title": "Travel policy", "score": 0.9, "cited": True},
                {"rank": 2, "chunk": "k2", "document": "d2", "title": "Hull guide", "score": 0.4, "cited": False},
            ],
        }
    ],
    "judged": [{"step": "q1", "enough": True, "why": "the place and the figure are there", "missing": []}],
    "left_out": [
        {"budget": 3000, "tokens": 2900, "passages": [{"document": "d3", "title": "Old guide", "tokens": 90}]}
    ],
    "planted": [{"title": "Supplier note", "kinds": ["drop"], "words": ["ignore all rules"]}],
    "masked": [],
    "claims": [
        {
            "text": "A night in Hull costs up to 140 GBP.",
            "verdict": "supported",
            "score": 0.97,
            "note": None,
            "kind": "quoted",
            "computation": None,
            "citations": [{"id": 1, "title": "Travel policy", "quote": HOTEL["quote"]}],
            "findings": _AGREEING,
            "second_opinions": [],
        }
    ],
    "waits": False,
    "rejected": [_REJECTED],
    "policies": [],
    "limits": [],
    "review": None,
    "ended": None,
    "models": [
        {
            "agent": "analyst",
            "tier": "small",
            "model": "some-4b",
            "locality": "local",
            "prompts": ["draft 1"],
            "calls": 2,
            "failed": 0,
            "outcomes": [],
            "tokens_in": 900,
            "tokens_out": 80,
            "cost_usd": 0.0002,
            "ms": 700,
        }
    ],
    "stages": [{"stage": "research", "ms": 20, "times": 1}, {"stage": "draft", "ms": 700, "times": 1}],
    "ms": 760,
    "versions": {},
    "feedback": None,
    "withheld": False,
    "cut": 0,
}
SOURCES = {"sources": [{"name": "docs", "documents": 3, "last_sync": None, "problem": None, "held": 0}]}
QUARANTINE = {
    "quarantine": [
        {
            "uri": "file:///docs/supplier.eml",
            "code": "planted_instructions",
            "part": "line 5",
            "reason": '"ignore all rules" reads like an instruction',
            "mend": "look at it",
        },
        {"uri": "file:///docs/broken.pdf", "code": "damaged", "part": None, "reason": "Damaged.", "mend": "Save it."},
    ]
}

_FIXED = {
    "/v1/sources": SOURCES,
    "/v1/quarantine": QUARANTINE,
    "/v1/reviews/run-held": REVIEWED,
    "/v1/runs/run-held": {"id": "run-held", "answer": HELD},
    "/v1/runs/run-rich?explain=true": {"id": "run-rich", "explanation": EXPLANATION},
    "/v1/documents/d1/text?version=v1": TEXT,
}


class Script:
    """Answers the page as a server would; a question beginning with `_` behaves badly."""

    def __init__(self) -> None:
        self.decided: str | None = None

    def __call__(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """The status and the value for a request."""
        if path == "/v1/ask":
            return self._ask(body)
        if path.endswith("/feedback"):
            return 200, body
        if (method, path) == ("POST", "/v1/reviews/run-held"):
            self.decided = body["decision"]
            return 200, {"run_id": "run-held", "decision": self.decided, "by": "naomi", "answer": APPROVED}
        if path == "/v1/reviews":
            return 200, {"reviews": [WAITING] if self.decided is None else []}
        found = _FIXED.get(path)
        return (404, {"detail": f"there is no {path}"}) if found is None else (200, found)

    def _ask(self, body: Json) -> tuple[int, Any]:
        question = body["question"]
        if question == "_too many":
            return 429, {"detail": "Too many questions; wait a minute."}
        found = next((one for one in (RICH, FOLLOWING, BLOCKED, HELD) if one["question"] == question), None)
        if not body.get("stream"):
            return 200, found or answer("run-plain", question, "The plain answer.", status="abstained")
        stages = [("stage", {"stage": one, "agent": "x"}) for one in ("research", "draft", "verify")]
        if question == "_broken stream":
            return 200, stages[:1]
        if question == "_failing":
            return 200, [*stages, ("error", {"code": "run_stopped", "detail": "The run was stopped."})]
        return 200, [*stages, ("answer", found)]
