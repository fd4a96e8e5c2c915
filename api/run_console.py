"""What `groundcrew runs` shows to people: lists, one run with what happened, figures, and replays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .console import Json, put, show_answer, wrap
from .event_console import event_line, short_json
from .tables import count, duration, moment, money, one_line, put_table

SHORT_ID = 12
"""Characters of a run's id that are shown, enough to name it by."""


def show_runs(found: Json) -> None:
    """Runs, one a line."""
    if not found["runs"]:
        put("No runs yet: groundcrew ask QUESTION")
        return
    rows = [
        (
            run["id"][:SHORT_ID],
            moment(run["started_at"]),
            run["user"] or "",
            run["status"].replace("_", " ") if run["status"] != "running" else f"in {run['stage']}",
            run["tier"] or "",
            str(run["claims"] or ""),
            str(run["dropped"] or ""),
            money(run["cost_usd"]),
            duration(run["ms"]),
            run["question"],
        )
        for run in found["runs"]
    ]
    put_table(
        ("RUN", "BEGUN (UTC)", "USER", "STATUS", "TIER", "CLAIMS", "DROPPED", "COST", "TIME", "QUESTION"),
        rows,
        right=("CLAIMS", "DROPPED", "COST", "TIME"),
    )


def show_run(run: Json) -> None:
    """A run: who asked what, the answer, and what happened, event by event."""
    put(headline(run))
    put(wrap(run["question"], indent="    "))
    if run["resolved"] and run["resolved"] != run["question"]:
        put(wrap(f"understood as: {run['resolved']}", indent="    "))
    put("")
    if run["answer"] is not None:
        show_answer(run["answer"])
        put("")
    show_state(run)
    put("What happened")
    for event in run["events"]:
        if event["what"] != "entered":
            put(wrap(one_line(event_line(event)), indent=" " * 33, first=_when(event)))
    if run["withheld"]:
        put("\nPart of this run is withheld: it rests on what may not be shown here.")
    if run["cut"]:
        put(f"\n{count(run['cut'], 'entry', 'entries')} of this run grew too large and were cut.")
    put(f"\nWhy it ended so: groundcrew runs show {run['id'][:SHORT_ID]} --explain")


def headline(run: Json) -> str:
    """ "Run 4f0c… · answered · extractive · asked by ana, 2026-03-02 09:00 UTC"."""
    asker = run["user"] or ("an admin" if run["admin"] else "nobody named")
    status: str = run["status"].replace("_", " ")
    parts = [f"Run {run['id'][:SHORT_ID]}", status, f"asked by {asker}, {moment(run['started_at'])} UTC"]
    if run["status"] == "running":
        parts.insert(2, f"in {run['stage']}")
    return " · ".join(parts)


def show_state(run: Json) -> None:
    """What a person decided or has yet to decide, and what the asker said."""
    review = run["review"]
    if review is not None:
        put(wrap(f"Review: {review_line(review)}"))
    if run["feedback"] is not None:
        said = "helpful" if run["feedback"]["helpful"] else "not helpful"
        why = f": {run['feedback']['why']}" if run["feedback"]["why"] else ""
        put(wrap(f"The asker found it {said}{why}"))
    if review is not None or run["feedback"] is not None:
        put("")


def review_line(review: Json) -> str:
    """Where a review stands, in one line."""
    why = f": {review['why']}" if review["why"] else ""
    match review["state"]:
        case "waiting":
            return f"waits until {moment(review['expires_at'])} UTC; risk {review['risk']}: " + "; ".join(
                review["reasons"]
            )
        case "expired":
            return f"nobody decided until {moment(review['expires_at'])} UTC"
        case state:
            return f"{state} by {review['decided_by']}, {moment(review['decided_at'])} UTC{why}"


def show_stats(found: Json) -> None:
    """Cost per verified claim and time to answer."""
    if not found["runs"]:
        put(f"No runs since {moment(found['since'])} UTC: groundcrew ask QUESTION")
        return
    put(f"{count(found['runs'], 'run')} since {moment(found['since'])} UTC\n")
    rows = [_figures(tier, figures) for tier, figures in found["tiers"].items()]
    if len(rows) > 1:
        rows.append(_figures("all", found["all"]))
    large = found["large_only"]
    if large is not None:
        rows.append(
            (
                "large only",
                "",
                "",
                "",
                "",
                _cost(large["cost_usd"]),
                _cost(large["cost_per_verified_claim_usd"]),
                duration(large["median_ms"]),
                "",
            )
        )
    put_table(
        ("TIER", "RUNS", "ANSWERED", "VERIFIED", "DROPPED", "COST", "PER VERIFIED CLAIM", "MEDIAN", "95 %"),
        rows,
        right=("RUNS", "ANSWERED", "VERIFIED", "DROPPED", "COST", "PER VERIFIED CLAIM", "MEDIAN", "95 %"),
    )
    if large is not None:
        share = "" if large["saved_share"] is None else f" ({large['saved_share']:.0%})"
        guess = f"; {count(large['estimated_runs'], 'run')} without a model counted as the others' mean"
        put(
            f"\nAgainst the large model for everything: {money(large['saved_usd']) or 'nothing'} saved{share}"
            f"{guess if large['estimated_runs'] else ''}."
        )
    if found["models"]:
        put("")
        put_table(
            ("MODEL", "TIER", "CALLS", "FAILED", "TOKENS IN", "TOKENS OUT", "COST", "MEAN"),
            [
                (
                    one["model"],
                    one["tier"],
                    f"{one['calls']:,}",
                    f"{one['failed']:,}" if one["failed"] else "",
                    f"{one['tokens_in']:,}",
                    f"{one['tokens_out']:,}",
                    money(one["cost_usd"]),
                    duration(one["mean_ms"]),
                )
                for one in found["models"]
            ],
            right=("CALLS", "FAILED", "TOKENS IN", "TOKENS OUT", "COST", "MEAN"),
        )
    if found["feedback"]["given"]:
        put(f"\nFound helpful: {found['feedback']['helpful']} of {found['feedback']['given']} that said so.")


def _figures(tier: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        tier,
        f"{figures['runs']:,}",
        f"{figures['answered']:,}",
        f"{figures['verified_claims']:,}",
        f"{figures['dropped_claims']:,}",
        _cost(figures["cost_usd"]),
        _cost(figures["cost_per_verified_claim_usd"]),
        duration(figures["median_ms"]),
        duration(figures["p95_ms"]),
    )


def _cost(usd: float | None) -> str:
    """In figures, no cost is worth saying; "no verified claim" is not the same."""
    return "" if usd is None else money(usd) or "$0"


def show_replay(found: Json) -> None:
    """Whether the same came out."""
    if found["same"]:
        put("The same answer: text, claims, verdicts and citations.")
        return
    put(f"Another answer, in {count(len(found['differences']), 'place')}:")
    for one in found["differences"]:
        put(f"\n  {one['where']}")
        put(wrap(f"was {short_json(one['before'])}", indent="    "))
        put(wrap(f"is  {short_json(one['now'])}", indent="    "))
    if found["changed_documents"]:
        put(f"\n{count(len(found['changed_documents']), 'cited document')} changed or went since the run.")


def _when(event: Json) -> str:
    return f"{duration(event['at_ms']):>9}  {event['stage']:<8}  {event['agent']:<10}  "
