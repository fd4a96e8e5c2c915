"""Conversations remember questions, belong to one person, are bounded, and go when told to or when they are old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.conversations import KEPT_TURNS, Conversations
from agents.errors import QuestionRefused
from agents.runs.errors import ConversationNotFound
from agents.runs.retention import Retention
from agents.runs.store import RunStore
from retrieval.access import Principal
from tests.agents.runs.run_samples import FakeTime

KEEP = Retention(runs=timedelta(days=90), conversations=timedelta(days=30))
ANA, BO, LOCAL, NOBODY = Principal(user="ana"), Principal(user="bo"), Principal(admin=True), Principal()


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def store(tmp_path: Path, clock: FakeTime) -> Iterator[RunStore]:
    with closing(RunStore(tmp_path / "runs.sqlite", now=clock)) as made:
        yield made


@pytest.fixture
def conversations(store: RunStore, clock: FakeTime) -> Conversations:
    return Conversations(store.database, now=clock)


def say(conversations: Conversations, who: Principal, conversation: str, *questions: str) -> None:
    for question in questions:
        conversations.add(who, conversation, run_id=f"run of {question}", question=question, resolved=question)


def test_the_last_turns_are_remembered_in_order(conversations: Conversations) -> None:
    say(conversations, ANA, "c", *(f"q{n}" for n in range(10)))
    assert [turn.question for turn in conversations.recent(ANA, "c", 3)] == ["q7", "q8", "q9"]
    assert [turn.number for turn in conversations.turns(ANA, "c")] == list(range(1, 11))


def test_open_points_are_kept(conversations: Conversations) -> None:
    conversations.add(ANA, "c", run_id="r", question="Und in Köln?", resolved="Hotels in Köln?", open_points=["“Köln”"])
    [turn] = conversations.recent(ANA, "c")
    assert (turn.resolved, turn.open_points) == ("Hotels in Köln?", ("“Köln”",))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ana", "bo", "admin"]), st.sampled_from(["a", "b", "A"]), st.booleans()), max_size=25
    )
)
def test_what_others_do_changes_nothing_for_anybody(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, str, bool]]
) -> None:
    people = {"ana": ANA, "bo": BO, "admin": LOCAL}

    def seen(of: str, mixed: bool) -> object:
        folder = tmp_path_factory.mktemp("talk")
        with closing(RunStore(folder / "runs.sqlite", now=FakeTime())) as store:
            conversations = Conversations(store.database, now=FakeTime())
            for n, (who, name, keep) in enumerate(acts):
                if not mixed and who != of:
                    continue
                if keep:
                    say(conversations, people[who], name, f"q{n}")
                elif conversations.recent(people[who], name):
                    conversations.delete(people[who], name)
            listed = conversations.list(people[of])
            return [(one, conversations.turns(people[of], one.id)) for one in listed]

    assert seen("ana", mixed=True) == seen("ana", mixed=False)


def test_an_unnamed_caller_has_no_conversations(conversations: Conversations) -> None:
    say(conversations, NOBODY, "c", "q")
    assert conversations.recent(NOBODY, "c") == []
    with pytest.raises(ConversationNotFound):
        conversations.turns(NOBODY, "c")


def test_a_conversation_never_grows_without_bound(conversations: Conversations) -> None:
    say(conversations, ANA, "c", *(f"q{n}" for n in range(KEPT_TURNS + 5)))
    turns = conversations.turns(ANA, "c")
    assert (len(turns), turns[0].question, turns[-1].number) == (KEPT_TURNS, "q5", KEPT_TURNS + 5)
    [listed] = conversations.list(ANA)
    assert (listed.turns, listed.first) == (KEPT_TURNS, "q5")


def test_what_nobody_went_on_with_expires(store: RunStore, conversations: Conversations, clock: FakeTime) -> None:
    say(conversations, ANA, "old", "q1")
    say(conversations, ANA, "long", "q1")
    clock.pass_(days=20)
    say(conversations, ANA, "long", "q2")
    clock.pass_(days=11)
    assert store.expire(KEEP) == (0, 1)
    assert [one.id for one in conversations.list(ANA)] == ["long"]
    assert store.database.read("select count(*) from turns where conversation_id = 'old'") == [(0,)]


def test_what_is_deleted_leaves_no_word_in_the_file(
    store: RunStore, conversations: Conversations, tmp_path: Path
) -> None:
    say(conversations, ANA, "c", "the merger with Lapwing")
    conversations.delete(ANA, "c")
    for name in ("runs.sqlite", "runs.sqlite-wal"):
        assert b"Lapwing" not in (tmp_path / name).read_bytes()
    with pytest.raises(ConversationNotFound):
        conversations.delete(ANA, "c")


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "a\x1bb", "\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(conversations: Conversations, name: str) -> None:
    with pytest.raises(QuestionRefused):
        say(conversations, ANA, name, "q")
    with pytest.raises(ConversationNotFound):
        conversations.turns(ANA, name)
    with pytest.raises(ConversationNotFound):
        conversations.delete(ANA, name)
