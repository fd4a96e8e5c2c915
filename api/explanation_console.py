"""What `groundcrew runs show RUN --explain` shows: from the question through passages and claims to cost and time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .console import Json, put, wrap
from .run_console import headline, show_state
from .tables import count, duration, money, one_line, put_table

_INDENT = "    "
_DEEPER = "      "
_MOST_HITS = 5
"""Passages of one search that are shown; the record holds all."""


def show_explanation(run: Json) -> None:
    """Why a run ended as it did."""
    found = run["explanation"]
    put(headline(run))
    put(wrap(one_line(found["question"]), indent=_INDENT))
    if found["resolved"] and found["resolved"] != found["question"]:
        put(wrap(f"understood as: {one_line(found['resolved'])}", indent=_INDENT))
    put("")
    show_state(run)
    _section("How it was gone about", _way(found))
    _section("What was searched", _searches(found))
    _section(
        "Would be released" if found["waits"] else "Released",
        [line for claim in found["claims"] for line in released_lines(claim)],
    )
    _section("Not released", [line for claim in found["rejected"] for line in rejected_lines(claim)])
    left = found["not_answered"]
    if left is not None:
        _section("Not answered", [wrap(f"{one_line(left['looked_for'])}: {left['why']}", indent="  ")])
    _section("What stepped in", interventions(found))
    if found["claims"] == [] and found["answer"] is not None:
        _section("What the asker read", [wrap(one_line(found["answer"]), indent="  ")])
    _show_models(found)
    _show_times(found)
    if found["withheld"]:
        put("\nPart of this is withheld: it rests on what may not be shown here.")
    if found["cut"]:
        put(f"\n{count(found['cut'], 'entry', 'entries')} of the record grew too large and were cut.")


def _section(title: str, lines: Iterator[str] | Sequence[str]) -> None:
    """Lines under their title; nothing where there are none."""
    shown = list(lines)
    if shown:
        put(title)
        for line in shown:
            put(line)
        put("")


def _way(found: Json) -> Iterator[str]:
    route, plan = found["route"], found["plan"]
    if route is not None:
        yield wrap(f"{route['mode']}: {route['why']} ({route['complexity']}, {route['sensitivity']})", indent="  ")
    for change in found["rerouted"]:
        yield wrap(f"{change['from']} → {change['to']}: {change['why']}", indent="  ")
    if plan is not None and len(plan["steps"]) > 1:
        for step in plan["steps"]:
            after = f"  (after {', '.join(step['needs'])})" if step["needs"] else ""
            yield wrap(one_line(step["text"]) + after, indent=_INDENT, first=f"  {step['id']}  ")
        if plan["operation"]:
            yield f"  then {plan['operation']} of their answers"


def _searches(found: Json) -> Iterator[str]:
    judged = {one["step"]: one for one in found["judged"] if "step" in one}
    steps = list(dict.fromkeys(one["step"] for one in found["searches"] if "step" in one))
    for step in steps:
        for search in (one for one in found["searches"] if one.get("step") == step):
            again = f", round {search['round']}" if search["round"] > 1 else ""
            yield wrap(
                f"“{one_line(search['query'])}” ({step}{again}): {count(len(search['hits']), 'passage')}", indent="  "
            )
            for hit in search["hits"][:_MOST_HITS]:
                cited = "  cited" if hit["cited"] else ""
                yield f"  {hit['rank']:>4}. {hit['score']:.2f}  {one_line(hit['title'])}{cited}"
            if len(search["hits"]) > _MOST_HITS:
                yield f"        and {len(search['hits']) - _MOST_HITS} more"
        if step in judged:
            one = judged[step]
            yield wrap(f"{'enough' if one['enough'] else 'not enough'}: {one['why']}", indent="  ")
    for one in found["left_out"]:
        if not one.get("passages"):
            continue
        titles = "; ".join(dict.fromkeys(one_line(passage["title"]) for passage in one["passages"]))
        yield wrap(
            f"left out, {one['tokens']} of {one['budget']} tokens being taken: "
            f"{count(len(one['passages']), 'passage')} of {titles}",
            indent="  ",
        )


def released_lines(claim: Json) -> Iterator[str]:
    """A claim that went out, or is held, with what it rests on."""
    yield wrap(one_line(claim["text"]), indent="  ")
    yield wrap(_verdict(claim), indent=_INDENT)
    if claim.get("note"):
        yield wrap(claim["note"], indent=_INDENT)
    if claim.get("computation"):
        yield wrap(f"computed: {claim['computation']}", indent=_INDENT)
    for citation in claim["citations"]:
        yield wrap(f"[{citation['id']}] {one_line(citation['title'])}", indent=_INDENT)
        yield wrap(f"“{one_line(citation['quote'])}”", indent=_DEEPER)
    yield from finding_lines(claim)


def rejected_lines(claim: Json) -> Iterator[str]:
    """A claim that did not go out: why, and what it was held against."""
    yield wrap(one_line(claim["text"]), indent="  ")
    rounds = f", sent back {count(claim['sent_back'], 'time')}" if claim["sent_back"] else ""
    yield wrap(f"{claim['fate']}{': ' + claim['why'] if claim['why'] else ''}{rounds}", indent=_INDENT)
    yield wrap(_verdict(claim), indent=_INDENT)
    yield from evidence_lines(claim)
    yield from finding_lines(claim)


def evidence_lines(claim: Json) -> Iterator[str]:
    """What a claim was held against."""
    for span in claim["evidence"]:
        yield wrap(f"against {one_line(span['title'])}", indent=_INDENT)
        yield wrap(f"“{one_line(span['quote'])}”", indent=_DEEPER)


def finding_lines(claim: Json) -> Iterator[str]:
    """What each check found: those that agree in one line, each other in its own."""
    agreeing = [one["check"] for one in claim["findings"] if one["agrees"]]
    for one in claim["findings"]:
        if not one["agrees"]:
            words = f" “{'”, “'.join(one['words'])}”" if one["words"] else ""
            how = "contradicted" if one["contradicts"] else "not borne out"
            note = f" ({one['note']})" if one["note"] else ""
            yield wrap(f"{one['check']}: {how}{words}{note}", indent=_INDENT)
    if agreeing:
        yield wrap(f"nothing against it: {', '.join(agreeing)}", indent=_INDENT)
    for one in claim.get("second_opinions", ()):
        note = f": {one['note']}" if one["note"] else ""
        yield wrap(f"second opinion by {one['by']}: {'agrees' if one['agrees'] else 'disagrees'}{note}", indent=_INDENT)


def interventions(found: Json) -> Iterator[str]:
    """Policies, planted instructions, limits, masking and ends before their time."""
    for one in found.get("warned", ()):
        yield wrap(f"the question: {', '.join(one['kinds'])}", indent="  ")
    for one in found["planted"]:
        if "title" in one:
            words = f": “{'”, “'.join(one['words'])}”" if one["words"] else ""
            yield wrap(f"instructions in {one_line(one['title'])}, fenced and not followed{words}", indent="  ")
    for one in found["policies"]:
        if "policy" in one:
            claim = f": {one_line(one['claim'])}" if one["claim"] else ""
            yield wrap(f"policy {one['policy']} ({one['effect']}): {one['why']}{claim}", indent="  ")
    for one in found.get("masked", ()):
        kinds = ", ".join(f"{number} {kind}" for kind, number in one["kinds"].items())
        yield wrap(f"replaced by placeholders before a remote call: {kinds}", indent="  ")
    for one in found.get("limits", ()):
        yield wrap(f"limit of {one['limit']}: {one['used']:g} of {one['allowed']:g}; {one['why']}", indent="  ")
    if found.get("ended") is not None:
        yield wrap(f"ended early ({found['ended'].get('code')}): {found['ended'].get('why')}", indent="  ")


def _verdict(claim: Json) -> str:
    """ "supported 0.97, quoted"."""
    parts = [claim["verdict"] or "not checked"]
    if claim["score"] is not None:
        parts[0] += f" {claim['score']:.2f}"
    if claim["kind"]:
        parts.append(claim["kind"])
    return ", ".join(parts)


def _show_models(found: Json) -> None:
    if not found["models"]:
        put("Models\n  none: every step went without one\n")
        return
    put("Models")
    rows = [
        (
            one["agent"],
            f"{one['model']} ({one['tier']}, {one['locality']})",
            ", ".join(one["prompts"]),
            f"{one['calls']:,}",
            ", ".join(one["outcomes"]),
            f"{one['tokens_in']:,}",
            f"{one['tokens_out']:,}",
            money(one["cost_usd"]),
            duration(one["ms"]),
        )
        for one in found["models"]
    ]
    put_table(
        ("AGENT", "MODEL", "PROMPT", "CALLS", "FAILED", "TOKENS IN", "OUT", "COST", "TIME"),
        rows,
        right=("CALLS", "TOKENS IN", "OUT", "COST", "TIME"),
        indent=2,
    )
    total = sum(one["cost_usd"] for one in found["models"])
    put(f"  in all {money(total) or 'free of charge'}\n")


def _show_times(found: Json) -> None:
    times = [
        # A number and its unit stay in one line.
        f"{one['stage']} {duration(one['ms'])}{_again(one['times'])}".replace(" ", "\N{NO-BREAK SPACE}")
        for one in found["stages"]
    ]
    if found["ms"] is not None:
        put("Time")
        put(wrap(f"{duration(found['ms'])}: {', '.join(times)}" if times else duration(found["ms"]), indent="  "))


def _again(times: int) -> str:
    return f" ({times} times)" if times > 1 else ""
