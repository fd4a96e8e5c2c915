"""What `groundcrew review` shows: what waits, one held answer with its evidence, and what came of a decision."""

from __future__ import annotations

from .console import Json, put, show_answer, wrap
from .explanation_console import evidence_lines, finding_lines, interventions, rejected_lines
from .run_console import SHORT_ID, review_line
from .tables import moment, one_line, put_table


def show_reviews(found: Json) -> None:
    """What waits, one a line."""
    if not found["reviews"]:
        put("No answer waits for you.")
        return
    rows = [
        (
            one["run_id"][:SHORT_ID],
            moment(one["requested_at"]),
            moment(one["expires_at"]),
            one["user"] or "",
            one["risk"],
            "; ".join(one["reasons"]),
            one["question"],
        )
        for one in found["reviews"]
    ]
    put_table(("RUN", "SINCE (UTC)", "UNTIL (UTC)", "ASKER", "RISK", "WHY", "QUESTION"), rows)
    put("\nTo judge one: groundcrew review show RUN, then approve RUN or reject RUN --why TEXT")


def show_review(found: Json) -> None:
    """A held answer as it would be released, its claims with evidence and findings, and what compliance said."""
    put(f"Run {found['run_id'][:SHORT_ID]} · asked by {found['user'] or 'an admin'}")
    put(wrap(one_line(found["question"]), indent="    "))
    put("\n" + wrap(f"Review: {review_line(found)}"))
    if found["answer"] is not None:
        put("\nWhat would be released")
        show_answer(found["answer"])
    if found["claims"]:
        put("\nClaims")
    for claim in found["claims"]:
        put(wrap(one_line(claim["text"]), indent="  "))
        put(f"    {claim['verdict']} {claim['score']:.2f}, {claim['kind']}")
        for line in (*evidence_lines(claim), *finding_lines(claim)):
            put(line)
    if found["rejected"]:
        put("\nGiven up before")
        for claim in found["rejected"]:
            for line in rejected_lines(claim):
                put(line)
    said = list(interventions(found))
    if said:
        put("\nWhat stepped in")
        for line in said:
            put(line)


def show_decision(found: Json) -> None:
    """What was decided, and what the asker gets now."""
    put(f"Run {found['run_id'][:SHORT_ID]} is {'approved' if found['decision'] == 'approve' else 'rejected'}.\n")
    show_answer(found["answer"])
