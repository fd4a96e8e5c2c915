"""What is made of a record: explanations, drawings, replays, figures; and what of it is withheld."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.engagement import load_engagement
from agents.model import Abstention, Draft
from agents.runs import events
from agents.runs.encoding import decode, encode, plain
from agents.runs.errors import RunNotFound, RunStoreError
from agents.runs.explaining import explain
from agents.runs.graph import draw
from agents.runs.model import ModelCall, RunEvent
from agents.runs.record import Held, RunRecord, RunState
from agents.runs.replaying import replay
from agents.runs.withholding import documents_of, for_asker, for_reader
from api.explanation_console import show_explanation
from api.run_console import show_run
from api.run_schemas import run_json
from tests.agents.runs.run_samples import (
    BOARD,
    MEALS,
    MERGER,
    SUPPORTED,
    TRAVEL,
    answer_of,
    begun,
    call,
    claim,
    ended,
    happened,
    hit,
    span,
    waiting,
)
from tests.fakes import make_document

DOCUMENTS = [make_document(f"d{n}.md", text=f"d{n}") for n in range(4)]
CLAIMS = [claim(f"Word{n} costs {n} EUR.", span(one, f"Word{n} costs {n} EUR.")) for n, one in enumerate(DOCUMENTS)]
CLAIMS.append(claim("Both Word0 and Word1.", CLAIMS[0].evidence[0], CLAIMS[1].evidence[0]))


def everything(picked: list[int]) -> RunRecord:
    """A run that names documents in every kind of event."""
    chosen = [CLAIMS[n] for n in picked]
    spans = [one for item in chosen for one in item.evidence]
    record = waiting(begun(), claims=chosen)
    answer = replace(
        answer_of("r1", *chosen),
        abstention=Abstention(reason="none", looked_for="it", nearest=answer_of("r1", *CLAIMS[:1]).citations),
    )
    noted: list[RunEvent] = [
        events.searched(1, query="costs", hits=[hit(one) for one in spans]),
        events.left_out(2, passages=[hit(one) for one in spans], budget=10, tokens=5),
        events.drafted(3, Draft(claims=tuple(chosen), why="")),
        *(events.planted(4, hit(one), kinds=["override"], words=[one.quote]) for one in spans),
        *(events.checked(5, item, SUPPORTED) for item in chosen),
        *(events.second_opinion(6, item, by="judge", agrees=False, note=item.text) for item in chosen),
        *(events.policy(7, name="p", effect="ban", why="x", words=[item.text], claim=item) for item in chosen),
        *(events.sent_back(8, item, why=item.text, round_=1) for item in chosen),
        *(events.dropped(9, item, why=item.text) for item in chosen),
    ]
    return replace(
        record,
        status=RunState.ANSWERED,
        events=tuple(noted),
        answer=answer,
        calls=(call(response=" ".join(item.text for item in chosen)),),
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True), st.sets(st.integers(0, 3)))
def test_nothing_of_a_document_that_may_not_be_read_is_left(picked: list[int], hidden: set[int]) -> None:
    record = everything(picked)
    readable = {one.id for n, one in enumerate(DOCUMENTS) if n not in hidden}
    named = documents_of(record)
    for view in (for_reader(record, readable), for_asker(record, readable)):
        text = encode(view.record) + encode(explain(view.record))
        for n in hidden:
            assert DOCUMENTS[n].id not in text
            assert DOCUMENTS[n].title not in text
            assert f"Word{n}" not in text
        if named - readable:
            assert view.withheld
    if not named - readable:
        assert for_reader(record, readable).record == record


@pytest.mark.parametrize("status", [one for one in RunState if one not in ("answered", "abstained")])
def test_what_is_held_back_from_the_asker_shows_nowhere(status: RunState) -> None:
    record = replace(waiting(begun()), status=status, calls=(call(response=MEALS.text),), events=happened())
    view = for_asker(record, documents_of(record))
    text = encode(view.record) + encode(explain(view.record))
    assert view.withheld
    assert MEALS.text not in text
    assert MERGER.text not in text
    assert encode(for_reader(record, documents_of(record)).record).count(MEALS.text) > 1


@pytest.mark.parametrize(("effect", "seen"), [("withhold", False), ("ban", False), ("disclaim", True)])
def test_drafts_are_hidden_from_the_asker_where_a_policy_took_something_out(effect: str, seen: bool) -> None:
    record = ended(begun())
    noted = (*record.events, events.policy(30, name="p", effect=effect, why="personal data"))
    view = for_asker(replace(record, events=noted), documents_of(record))
    assert (MERGER.text in encode(view.record.events)) is seen
    assert view.withheld is not seen


def test_every_event_is_json_and_comes_back_the_same() -> None:
    for event in (*happened(), *everything([0, 1, 4]).events):
        assert json.loads(encode(event.data)) == event.data
        assert decode(RunEvent, encode(event)) == event


def test_a_long_text_is_cut_in_events() -> None:
    event = events.dropped(1, claim("x" * 100_000, span(TRAVEL, "x")), why="y" * 100_000)
    assert len(encode(event)) < 5000


def test_records_of_other_types_are_refused_with_a_mend() -> None:
    with pytest.raises(RunStoreError, match="another version"):
        decode(ModelCall, '{"key": 1}')
    assert decode(Held, encode(waiting(begun()).held)) == waiting(begun()).held


def test_a_claim_that_was_rewritten_says_so() -> None:
    better = claim("The merger costs 2 million EUR.", span(BOARD, "The merger costs 2 million EUR."))
    record = ended(begun(), claims=[better])
    noted = (
        events.drafted(1, Draft(claims=(MERGER,), why="")),
        events.sent_back(2, MERGER, why="its figure is not its source's", round_=1),
        events.drafted(3, Draft(claims=(better,), why=""), round_=2),
        events.checked(4, better, SUPPORTED, round_=2),
    )
    found = explain(replace(record, events=noted))
    [old] = found["rejected"]
    assert (old["fate"], old["text"]) == ("rewritten", MERGER.text)
    assert found["claims"][0]["findings"]


def test_the_rules_are_drawn_with_every_hand_over_and_limit() -> None:
    rules = load_engagement()
    drawn = draw(rules)
    assert drawn.startswith("flowchart TD\n")
    for name, step in rules.steps.items():
        assert f'  {name}["' in drawn
        for to in step.to:
            assert any(line.startswith(f"  {name} -->") and line.endswith(f" {to}") for line in drawn.splitlines())
    assert "at most 2 times" in drawn
    assert "120,000 tokens" in drawn


def test_words_of_a_configuration_cannot_break_out_of_a_drawing() -> None:
    rules = load_engagement()
    first = next(iter(rules.steps))
    agent = rules.steps[first].agent
    odd = 'x"]; click evil "javascript:alert(1)" %%'
    changed = rules.model_copy(
        update={
            "agents": {**rules.agents, odd: rules.agents[agent]},
            "steps": {**rules.steps, first: rules.steps[first].model_copy(update={"agent": odd})},
        }
    )
    assert '"]; click' not in draw(changed)


def test_a_replay_that_gives_the_same_is_the_same_whatever_its_times() -> None:
    record = ended(begun())
    assert record.answer is not None
    answer = replace(record.answer, run_id="other", timing_ms=replace(record.answer.timing_ms, total=99))
    done = replay(record, lambda _: answer, lambda ids: {TRAVEL.id: TRAVEL.version})
    assert done.same
    assert done.changed == ()


def test_a_replay_says_what_differs_and_which_documents_changed() -> None:
    record = ended(begun())
    done = replay(record, lambda _: answer_of("r1", MERGER), lambda ids: {})
    assert "claims[0].text" in [one.where for one in done.differences]
    assert done.changed == (TRAVEL.id,)


def test_a_held_answer_is_what_its_replay_is_compared_with() -> None:
    record = waiting(begun())
    assert replay(record, lambda _: answer_of("r1", MEALS), lambda ids: {}).same


@pytest.mark.parametrize("status", [RunState.RUNNING, RunState.STOPPED, RunState.FAILED])
def test_a_run_without_an_answer_cannot_be_compared(status: RunState) -> None:
    with pytest.raises(RunNotFound):
        replay(begun(), lambda _: answer_of("r1", MEALS), lambda ids: {})


def test_plain_is_json() -> None:
    assert json.loads(json.dumps(plain(ended(begun())))) == plain(ended(begun()))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5, unique=True), st.sets(st.integers(0, 3)), st.booleans())
def test_every_view_of_a_run_can_be_shown(picked: list[int], hidden: set[int], asker: bool) -> None:
    noted = (
        *everything(picked).events,
        events.entered(10, "repair"),
        events.limited(10, "verify", limit="rounds", used=2, allowed=2, why="dropped"),
        events.masked(11, "draft", {"mail": 2}),
        events.rerouted(12, "verify", before="small", after="large", why="escalated"),
        events.warned(13, kinds=["exfiltration"]),
        events.ended(14, "draft", status="stopped", code="run_stopped", why="stopped by ana"),
        RunEvent(at_ms=15, stage="draft", agent="analyst", what="drafted", data={"cut": True}),
        RunEvent(at_ms=16, stage="later", agent="somebody", what="new thing", data={"words": ["x"]}),
    )
    record = replace(everything(picked), events=noted, status=RunState.STOPPED if asker else RunState.ANSWERED)
    readable = {one.id for n, one in enumerate(DOCUMENTS) if n not in hidden}
    view = for_asker(record, readable) if asker else for_reader(record, readable)
    shown = run_json(view.record, withheld=view.withheld, gone=[])
    shown["explanation"] = explain(view.record, withheld=view.withheld)
    with redirect_stdout(io.StringIO()) as out:
        show_run(shown)
        show_explanation(shown)
    assert "limit of rounds" in out.getvalue()
    assert "new thing" in out.getvalue()


def test_a_reply_that_is_no_valid_text_is_kept_all_the_same() -> None:
    kept = decode(ModelCall, encode(call(response="half a sign \ud83d")))
    assert kept.response == "half a sign ?"
