"""What `groundcrew conversations` shows."""

from __future__ import annotations

from .console import Json, put, wrap
from .run_console import SHORT_ID
from .tables import moment, one_line, put_table


def show_conversations(found: Json) -> None:
    """Conversations, one a line."""
    if not found["conversations"]:
        put("No conversations yet: groundcrew ask QUESTION --conversation ID")
        return
    rows = [(one["id"], moment(one["last_at"]), str(one["turns"]), one["first"]) for one in found["conversations"]]
    put_table(("ID", "LAST (UTC)", "TURNS", "BEGAN WITH"), rows, right=("TURNS",))


def show_conversation(found: Json) -> None:
    """The turns in order: question, how it was understood, the answer as far as it may be seen now, open points."""
    for turn in found["turns"]:
        put(wrap(one_line(turn["question"]), indent="    ", first=f"{turn['number']:>2}. "))
        if turn["resolved"] != turn["question"]:
            put(wrap(f"understood as: {one_line(turn['resolved'])}", indent="    "))
        answer = turn["answer"]
        put(wrap("(its run is not kept any more)" if answer is None else one_line(answer["answer"]), indent="    "))
        if turn["open_points"]:
            put(wrap(f"still open: {' / '.join(turn['open_points'])}", indent="    "))
        put(f"    {moment(turn['at'])} UTC, run {turn['run_id'][:SHORT_ID]}\n")
