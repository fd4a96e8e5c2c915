"""What a conversation remembers: its questions, what they referred to, and what stayed open. Never an answer: each turn
is retrieved and verified anew, under the access of whoever asks then.

A conversation belongs to whoever began it, and its id means something to them alone: the same id in somebody else's
mouth is another conversation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ingest.database import Database
from retrieval.access import Principal

from .errors import QuestionRefused
from .runs.encoding import storable
from .runs.errors import ConversationNotFound
from .runs.record import owner_of, utc

KEPT_TURNS = 200
"""Turns of one conversation that are kept; the oldest go first."""
MOST_LISTED = 200
LONGEST_ID = 200
_COLUMNS = "number, run_id, question, resolved, open_points, at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One question of a conversation. `resolved` is it with references to earlier turns put in words, `open_points` the
    parts of it that were not answered. `at` is UTC, ISO 8601."""

    number: int
    run_id: str
    question: str
    resolved: str
    open_points: tuple[str, ...]
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation in a list; `first` is its first question that is kept."""

    id: str
    started_at: str
    last_at: str
    turns: int
    first: str


class Conversations:
    """The conversations in a file of runs, each seen by its owner alone. A caller without a name has none."""

    def __init__(self, database: Database, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._now = now

    def recent(self, principal: Principal, conversation_id: str, most: int = 6) -> list[Turn]:
        """The last turns, oldest first; none of a conversation that is new to the principal."""
        rows = self._database.read(
            f"select {_COLUMNS} from turns where owner = ? and conversation_id = ? order by number desc limit ?",
            (owner_of(principal), storable(conversation_id), most),
        )
        return [_turn(row) for row in reversed(rows)]

    def add(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        run_id: str,
        question: str,
        resolved: str,
        open_points: Sequence[str] = (),
    ) -> None:
        """Remembers a turn, the first one of a new conversation. Nothing is kept for a caller without a name.

        Raises:
            QuestionRefused: the id is no name for a conversation.
        """
        check_id(conversation_id)
        owner = owner_of(principal)
        if owner is None:
            return
        at = utc(self._now())
        with self._database.transaction() as db:
            db.execute(
                "insert into conversations values (?, ?, ?, ?) "
                "on conflict (owner, id) do update set last_at = excluded.last_at",
                (owner, conversation_id, at, at),
            )
            [last] = db.execute(
                "select coalesce(max(number), 0) from turns where owner = ? and conversation_id = ?",
                (owner, conversation_id),
            ).fetchone()
            db.execute(
                "insert into turns values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    owner,
                    conversation_id,
                    last + 1,
                    run_id,
                    question,
                    resolved,
                    json.dumps(list(open_points), ensure_ascii=False),
                    at,
                ),
            )
            db.execute(
                "delete from turns where owner = ? and conversation_id = ? and number <= ?",
                (owner, conversation_id, last + 1 - KEPT_TURNS),
            )

    def list(self, principal: Principal, limit: int = MOST_LISTED) -> Sequence[Conversation]:
        """The principal's conversations, the latest first."""
        rows = self._database.read(
            "select c.id, c.started_at, c.last_at, count(t.number), "
            "(select f.question from turns f where f.owner = c.owner and f.conversation_id = c.id "
            "order by f.number limit 1) "
            "from conversations c left join turns t on t.owner = c.owner and t.conversation_id = c.id "
            "where c.owner = ? group by c.id order by c.last_at desc, c.id limit ?",
            (owner_of(principal), max(0, min(limit, MOST_LISTED))),
        )
        return [
            Conversation(id=row[0], started_at=row[1], last_at=row[2], turns=row[3], first=row[4] or "") for row in rows
        ]

    def turns(self, principal: Principal, conversation_id: str) -> Sequence[Turn]:
        """All turns of a conversation that are kept, in order: what it holds, whole.

        Raises:
            ConversationNotFound: the principal has none of that id.
        """
        found = self.recent(principal, conversation_id, KEPT_TURNS)
        if not found:
            raise ConversationNotFound(conversation_id)
        return found

    def delete(self, principal: Principal, conversation_id: str) -> int:
        """Deletes a conversation with the runs of its turns, but for those under way or waiting for review; returns how
        many runs went.

        Raises:
            ConversationNotFound: the principal has none of that id.
        """
        owner, conversation_id, runs = owner_of(principal), storable(conversation_id), 0
        with self._database.transaction() as db:
            gone = db.execute("delete from conversations where owner = ? and id = ?", (owner, conversation_id)).rowcount
            if gone:
                runs = db.execute(
                    "delete from runs where owner = ? and conversation_id = ? "
                    "and status not in ('running', 'needs_review')",
                    (owner, conversation_id),
                ).rowcount
        if not gone:
            raise ConversationNotFound(conversation_id)
        self._database.truncate_log()
        return runs


def check_id(conversation_id: str) -> None:
    """Raises QuestionRefused where a conversation's id is empty, too long or not printable."""
    if not 0 < len(conversation_id) <= LONGEST_ID or not conversation_id.isprintable():
        raise QuestionRefused(f"a conversation's id has 1 to {LONGEST_ID} printable characters; name another")


def _turn(row: tuple[Any, ...]) -> Turn:
    return Turn(
        number=row[0],
        run_id=row[1],
        question=row[2],
        resolved=row[3],
        open_points=tuple(json.loads(row[4])),
        at=row[5],
    )
