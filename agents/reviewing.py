"""Who may decide on an answer that waits for a person, until when, and what a decision is. Rules, nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from retrieval.access import Principal

from .model import Review, ReviewState
from .runs.encoding import storable
from .runs.errors import ReviewRefused
from .runs.record import owner_of, utc

MOST_REASON = 2000
"""Characters of a reviewer's reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided on a held answer; `by` names them. A rejection says why, an approval may."""

    decision: Literal["approve", "reject"]
    by: str
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewers:
    """Who may decide besides an admin ("group:NAME", "user:NAME"), and how long a review waits."""

    who: frozenset[str] = field(default_factory=frozenset)
    wait: timedelta = timedelta(hours=72)

    def may_review(self, principal: Principal, asker: str | None) -> bool:
        """Whether the principal may decide on an answer to `asker` (see `owner_of`). Nobody approves their own question
        but an admin, who reads everything anyway."""
        if principal.admin:
            return True
        own = owner_of(principal)
        if own is None or own == asker:
            return False
        return own in self.who or not self.who.isdisjoint({f"group:{group}" for group in principal.groups})

    def request(self, reasons: Sequence[str], risk: str, now: datetime) -> Review:
        """A review that begins to wait."""
        return Review(
            state=ReviewState.WAITING,
            reasons=tuple(dict.fromkeys(reasons)),
            risk=risk,
            requested_at=utc(now),
            expires_at=utc(now + self.wait),
        )


def decide(principal: Principal, decision: str, why: str | None) -> Decision:
    """What somebody who may review says, as a decision.

    Raises:
        ReviewRefused: it is neither of the two, or rejects without a reason, or the reason is too long.
    """
    reason = storable((why or "").strip()) or None
    if reason is not None and len(reason) > MOST_REASON:
        raise ReviewRefused(f"the reason has {len(reason):,} characters, at most {MOST_REASON:,} are taken; shorten it")
    by = principal.user or "an admin"
    match decision:
        case "approve":
            return Decision(decision="approve", by=by, why=reason)
        case "reject" if reason is None:
            raise ReviewRefused("a rejection needs a reason, which the asker reads; say why")
        case "reject":
            return Decision(decision="reject", by=by, why=reason)
    raise ReviewRefused(f"the decision {decision!r} is none of: approve, reject")
