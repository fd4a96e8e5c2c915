"""Who may decide on a held answer, and what a decision must hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agents.model import ReviewState
from agents.reviewing import MOST_REASON, Reviewers, decide
from agents.runs.errors import ReviewRefused
from retrieval.access import Principal

REVIEWERS = Reviewers(who=frozenset({"group:compliance", "user:bo"}), wait=timedelta(hours=2))


@pytest.mark.parametrize(
    ("principal", "asker", "may"),
    [
        (Principal(admin=True), "user:ana", True),
        (Principal(admin=True), "admin", True),
        (Principal(user="root", admin=True), "user:root", True),
        (Principal(user="bo"), "user:ana", True),
        (Principal(user="bo"), "user:bo", False),
        (Principal(user="cara", groups=frozenset({"compliance"})), "user:ana", True),
        (Principal(user="cara", groups=frozenset({"compliance"})), "user:cara", False),
        (Principal(groups=frozenset({"compliance"})), "user:ana", False),
        (Principal(user="dan", groups=frozenset({"finance"})), "user:ana", False),
        (Principal(), None, False),
    ],
)
def test_a_reviewer_is_named_and_never_the_asker(principal: Principal, asker: str | None, may: bool) -> None:
    assert REVIEWERS.may_review(principal, asker) is may


def test_without_reviewers_an_admin_alone_decides() -> None:
    assert not Reviewers().may_review(Principal(user="bo"), "user:ana")
    assert Reviewers().may_review(Principal(admin=True), "user:ana")


def test_a_review_waits_for_as_long_as_is_set_and_names_each_reason_once() -> None:
    review = REVIEWERS.request(["low support", "conflict", "low support"], "high", datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert review.reasons == ("low support", "conflict")
    assert (review.state, review.expires_at) == (ReviewState.WAITING, "2026-03-02T11:00:00.000Z")


def test_a_decision_names_who_made_it() -> None:
    assert decide(Principal(user="bo"), "approve", "  ").why is None
    assert decide(Principal(admin=True), "reject", " old ").why == "old"
    assert decide(Principal(admin=True), "reject", "old").by == "an admin"


@pytest.mark.parametrize(
    ("decision", "why"), [("reject", None), ("reject", " "), ("approve", "x" * (MOST_REASON + 1)), ("perhaps", "why")]
)
def test_a_decision_that_says_too_little_or_too_much_is_refused(decision: str, why: str | None) -> None:
    with pytest.raises(ReviewRefused):
        decide(Principal(user="bo"), decision, why)
