"""For how long runs and conversations are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ingest.database import Database

from .record import utc


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long runs, and conversations that nobody goes on with, are kept."""

    runs: timedelta
    conversations: timedelta


def delete_old(database: Database, keep: Retention, now: datetime) -> tuple[int, int]:
    """Deletes runs and conversations that are older; returns how many of each. What waits for review stays."""
    with database.transaction() as db:
        runs = db.execute(
            "delete from runs where started_at < ? and status not in ('running', 'needs_review')",
            (utc(now - keep.runs),),
        ).rowcount
        conversations = db.execute(
            "delete from conversations where last_at < ?", (utc(now - keep.conversations),)
        ).rowcount
    if runs or conversations:
        database.truncate_log()
    return runs, conversations
