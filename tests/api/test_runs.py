"""Runs, reviews and conversations over HTTP and the command line: who sees what, and what they may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from agents.conversations import Conversations
from agents.engagement import load_engagement
from agents.model import Answer, ReviewState, Status
from agents.reviewing import Decision, Reviewers
from agents.runs.record import RunRecord, RunState
from agents.runs.stats import Prices
from agents.runs.store import RunStore
from api.app import create_app
from api.cli import _status
from api.errors import UsageError
from api.local import Local
from api.presence import Address
from api.remote import AS_USER, Remote
from api.review_access import ReviewAccess
from api.run_access import RunAccess
from api.settings import load_settings
from api.wiring import Platform
from ingest.model import Access
from ingest.recording import Recorder
from retrieval.access import Principal
from tests.agents.runs.run_samples import MEALS, MERGER, FakeTime, answer_of, begun, call, claim, ended, span
from tests.agents.runs.run_samples import waiting as waits
from tests.fakes import EVERYONE, make_document, store

USERS = """
[users.ana]
groups = ["finance"]
[users.bo]
groups = ["finance"]
[users.cara]
groups = ["finance", "compliance"]
[users.dan]
groups = ["compliance"]
"""
FINANCE = Access(allow=("group:finance",))
COSTS = make_document("costs.md", text="costs", access=FINANCE)
COST = claim("Hotels cost 120 EUR.", span(COSTS, "Hotels cost 120 EUR."))


class FakeCrew:
    """Decides, stops and replays as it is told."""

    def __init__(self, runs: RunStore) -> None:
        self.runs = runs
        self.working: set[str] = set()
        self.again: Answer | None = None

    def resume(self, run_id: str, decision: Decision) -> Answer:
        held = self.runs.get(run_id).held
        assert held is not None
        if decision.decision == "approve":
            answer, state, status = held.answer, ReviewState.APPROVED, RunState.ANSWERED
        else:
            answer = replace(
                held.answer, status=Status.BLOCKED, answer=f"Not approved: {decision.why}", claims=(), citations=()
            )
            state, status = ReviewState.REJECTED, RunState.REJECTED
        self.runs.reviews.decide(run_id, state, by=decision.by, why=decision.why, status=status, answer=answer)
        return answer

    def stop(self, run_id: str, why: str) -> bool:
        if run_id in self.working:
            self.runs.finish(replace(ended(begun(run_id, user="ana")), status=RunState.STOPPED))
        return run_id in self.working

    def replay(self, record: RunRecord) -> Answer:
        assert record.answer is not None
        return self.again or record.answer


class Doors:
    """A home whose runs are made by hand, and its doors as somebody."""

    def __init__(self, platform: Platform, clock: FakeTime) -> None:
        self.clock = clock
        self.platform = platform
        self.runs = RunStore(platform.home / "runs.sqlite", now=clock)
        self.conversations = Conversations(self.runs.database, now=clock)
        self.crew = FakeCrew(self.runs)
        reviewers = Reviewers(who=frozenset({"group:compliance"}))
        documents = platform.catalog.documents
        platform.__dict__["run_access"] = RunAccess(
            self.runs,
            self.conversations,
            lambda: self.crew,
            documents,
            rules=load_engagement(),
            large=Prices(price_in=3.0, price_out=15.0),
        )
        platform.__dict__["review_access"] = ReviewAccess(self.runs, reviewers, lambda: self.crew, documents)
        self.client = TestClient(create_app(platform, owner_token="key"), base_url="http://127.0.0.1")

    def call(self, user: str | None, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"authorization": "Bearer key"} | ({AS_USER: user} if user else {})
        response = self.client.request(method, path, json=body, headers=headers)
        return response.status_code, response.json()

    def get(self, user: str | None, path: str) -> Any:
        status, value = self.call(user, "GET", path)
        assert status == 200, value
        return value

    def keep(self, record: RunRecord) -> None:
        self.runs.begin(replace(record, ended_at=None, status=RunState.RUNNING, events=(), calls=(), answer=None))
        if record.ended_at is not None:
            self.runs.finish(record)

    def shut(self, document: str, access: Access) -> None:
        """Changes who may read a document, from now on."""
        recorder = Recorder(self.platform.catalog)
        recorder.set_access(document, recorder.access_id(access))

    def remove(self, document: str) -> None:
        Recorder(self.platform.catalog).remove([document])


@pytest.fixture
def doors(home: Path) -> Iterator[Doors]:
    Path("groundcrew.toml").write_text(USERS, encoding="utf-8")
    platform = Platform(load_settings())
    recorder = Recorder(platform.catalog)
    for one, access in ((MEALS, EVERYONE), (MERGER, Access()), (COST, FINANCE)):
        [evidence] = one.evidence
        document = replace(evidence.document, access=access, access_id=recorder.access_id(access))
        store(platform.catalog, document, [evidence.chunk], evidence.quote)
    made = Doors(platform, FakeTime())
    yield made
    made.runs.close()
    platform.close()


@pytest.fixture
def run(doors: Doors, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    @contextmanager
    def here(_config: Path | None) -> Iterator[Platform]:
        yield doors.platform

    monkeypatch.setattr("api.cli_context.platform_of", here)

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = _status(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return command


def costly(run_id: str = "run-costs", user: str = "ana") -> RunRecord:
    """A run of somebody in finance that cites what finance alone may read."""
    return replace(ended(begun(run_id, user=user), claims=(MEALS, COST)), events=ended(begun()).events)


def test_everybody_sees_their_own_runs_and_an_admin_all(doors: Doors) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    doors.keep(ended(begun("run-bo", user="bo")))
    assert [one["id"] for one in doors.get("ana", "/v1/runs")["runs"]] == ["run-ana"]
    assert {one["id"] for one in doors.get(None, "/v1/runs")["runs"]} == {"run-ana", "run-bo"}
    assert doors.get("nobody", "/v1/runs") == {"runs": []}


@pytest.mark.parametrize("method", ["GET", "POST /stop", "POST /feedback"])
def test_somebody_elses_run_is_as_one_that_does_not_exist(doors: Doors, method: str) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    verb, _, rest = method.partition(" ")
    body = {"helpful": True} if "feedback" in rest else None
    found = [doors.call("bo", verb, f"/v1/runs/{one}{rest}", body) for one in ("run-ana", "run-xyz")]
    assert found[0][0] == found[1][0] == 404
    assert found[0][1] == json.loads(json.dumps(found[1][1]).replace("run-xyz", "run-ana"))


def test_a_run_can_be_named_by_the_beginning_of_its_id(doors: Doors) -> None:
    doors.keep(ended(begun("abcdef-1", user="ana")))
    doors.keep(ended(begun("abcdef-2", user="bo")))
    assert doors.get("ana", "/v1/runs/abcdef")["id"] == "abcdef-1"
    assert doors.get(None, "/v1/runs/abcdef-2")["id"] == "abcdef-2"
    assert doors.call(None, "GET", "/v1/runs/abcdef")[0] == 404
    assert doors.call(None, "GET", "/v1/runs/abc")[0] == 404


def test_what_the_asker_may_read_no_longer_is_withheld_and_said_to_be(doors: Doors) -> None:
    doors.keep(replace(costly(), calls=(call(response="Hotels cost 120 EUR."),)))
    whole = doors.get("ana", "/v1/runs/run-costs?explain=true")
    # The board's document, which the sample events name, was never ana's to read.
    assert whole["withheld"]
    assert "120 EUR" in json.dumps(whole["answer"])
    assert "million" not in json.dumps(whole)
    doors.shut(COSTS.id, Access(allow=("group:board",)))
    part = doors.get("ana", "/v1/runs/run-costs?explain=true")
    assert part["withheld"]
    assert "120 EUR" not in json.dumps(part)
    assert COSTS.id not in json.dumps(part)
    assert "withheld" in part["answer"]["answer"]
    assert [one["text"] for one in part["answer"]["claims"]] == [MEALS.text]
    assert "120 EUR" in json.dumps(doors.get(None, "/v1/runs/run-costs"))


def test_what_is_gone_is_withheld_from_all_but_an_admin_who_is_told(doors: Doors) -> None:
    doors.keep(costly())
    doors.remove(COSTS.id)
    assert "120 EUR" not in json.dumps(doors.get("ana", "/v1/runs/run-costs?explain=true"))
    found = doors.get(None, "/v1/runs/run-costs")
    assert found["gone"] == [COSTS.id]
    assert "120 EUR" in json.dumps(found)


def test_an_explanation_says_what_led_to_a_claim_and_why_another_fell(doors: Doors) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    found = doors.get(None, "/v1/runs/run-ana?explain=true")["explanation"]
    [kept], [fallen] = found["claims"], found["rejected"]
    assert kept["citations"][0]["quote"] == "Meals are capped at 60 EUR a day."
    assert kept["findings"][0]["check"] == "numbers"
    assert (fallen["fate"], fallen["verdict"], fallen["sent_back"]) == ("dropped", "contradicted", 1)
    assert fallen["why"] == "it did not hold after 1 repair"
    assert fallen["evidence"][0]["quote"] == "The merger costs 2 million EUR."
    assert [hit["cited"] for hit in found["searches"][0]["hits"]] == [True, False]
    assert found["left_out"][0]["passages"][0]["title"] == "board.md"
    stages = {one["stage"]: one["ms"] for one in found["stages"]}
    assert stages == {
        "admit": 1,
        "route": 1,
        "plan": 1,
        "research": 9,
        "draft": 4,
        "verify": 7,
        "repair": 3,
        "release": 1,
    }


def test_an_answer_that_waits_is_hidden_from_its_asker_and_shown_to_a_reviewer(doors: Doors) -> None:
    doors.keep(waits(begun("run-held", user="ana"), claims=(COST,)))
    own = doors.get("ana", "/v1/runs/run-held?explain=true")
    assert own["status"] == "needs_review"
    assert own["held"] is None
    assert "120 EUR" not in json.dumps(own)
    assert MEALS.text not in json.dumps(own)
    assert doors.get("ana", "/v1/reviews") == {"reviews": []}
    [listed] = doors.get("cara", "/v1/reviews")["reviews"]
    assert (listed["run_id"], listed["risk"], listed["reasons"]) == ("run-held", "high", ["sources in conflict"])
    shown = doors.get("cara", "/v1/reviews/run-held")
    assert shown["claims"][0]["evidence"][0]["quote"] == "Hotels cost 120 EUR."
    assert shown["answer"]["claims"][0]["text"] == COST.text
    assert "million" not in json.dumps(shown)
    assert COST.text not in [one["text"] for one in shown["rejected"]]
    whole = doors.get(None, "/v1/runs/run-held?explain=true")["explanation"]
    assert whole["waits"]
    assert [one["text"] for one in whole["claims"]] == [COST.text]


def test_a_reviewer_who_may_not_read_the_evidence_or_who_asked_sees_no_review(doors: Doors) -> None:
    doors.keep(waits(begun("run-held", user="ana"), claims=(COST,)))
    doors.keep(waits(begun("run-cara", user="cara"), claims=(MEALS,)))
    for user, run_id in (("dan", "run-held"), ("cara", "run-cara"), ("bo", "run-held")):
        assert run_id not in json.dumps(doors.get(user, "/v1/reviews"))
        for method, body in (("GET", None), ("POST", {"decision": "approve"})):
            status, problem = doors.call(user, method, f"/v1/reviews/{run_id}", body)
            assert status == 404
            assert problem["detail"] == doors.call(user, "GET", "/v1/reviews/none")[1]["detail"].replace("none", run_id)
    assert len(doors.get(None, "/v1/reviews")["reviews"]) == 2


def test_an_approved_answer_reaches_its_asker(doors: Doors) -> None:
    doors.keep(waits(begun("run-held", user="ana"), claims=(COST,)))
    status, done = doors.call("cara", "POST", "/v1/reviews/run-held", {"decision": "approve"})
    assert (status, done["by"], done["answer"]["status"]) == (200, "cara", "answered")
    assert "120 EUR" in doors.get("ana", "/v1/runs/run-held")["answer"]["answer"]
    status, problem = doors.call(None, "POST", "/v1/reviews/run-held", {"decision": "reject", "why": "late"})
    assert (status, problem["code"]) == (409, "review_closed")
    assert "approved by cara" in problem["detail"]


def test_a_rejection_needs_a_reason_and_gives_it_to_the_asker(doors: Doors) -> None:
    doors.keep(waits(begun("run-held", user="ana"), claims=(COST,)))
    for why in (None, "  "):
        status, problem = doors.call("cara", "POST", "/v1/reviews/run-held", {"decision": "reject", "why": why})
        assert (status, problem["code"]) == (422, "review_refused")
    doors.call("cara", "POST", "/v1/reviews/run-held", {"decision": "reject", "why": "an old price"})
    own = doors.get("ana", "/v1/runs/run-held?explain=true")
    assert (own["status"], own["review"]["why"]) == ("rejected", "an old price")
    assert "120 EUR" not in json.dumps(own)


def test_an_expired_review_cannot_be_decided(doors: Doors) -> None:
    doors.keep(waits(begun("run-held", user="ana"), hours=1))
    doors.clock.pass_(hours=2)
    status, problem = doors.call(None, "POST", "/v1/reviews/run-held", {"decision": "approve"})
    assert (status, problem["code"]) == (409, "review_closed")
    assert "expired" in problem["detail"]
    own = doors.get("ana", "/v1/runs/run-held")
    assert (own["status"], own["review"]["state"]) == ("expired", "expired")
    assert "not approved in time" in own["answer"]["answer"]


def test_a_run_is_stopped_here_or_where_it_is_under_way(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.run_access._STOP_S", 0.0)
    doors.keep(begun("run-slow", user="ana"))
    status, problem = doors.call("ana", "POST", "/v1/runs/run-slow/stop")
    assert (status, problem["code"]) == (409, "run_not_stoppable")
    assert doors.runs.stop_asked("run-slow") == "stopped by ana"
    doors.crew.working.add("run-slow")
    assert doors.call("ana", "POST", "/v1/runs/run-slow/stop") == (200, {"id": "run-slow", "status": "stopped"})
    status, problem = doors.call("ana", "POST", "/v1/runs/run-slow/stop")
    assert (status, problem["code"]) == (409, "run_not_stoppable")
    assert "is over (stopped)" in problem["detail"]


def test_feedback_is_kept_with_the_run(doors: Doors) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    status, given = doors.call("ana", "POST", "/v1/runs/run-ana/feedback", {"helpful": False, "why": "wrong year"})
    assert (status, given["helpful"]) == (200, False)
    assert doors.get("ana", "/v1/runs/run-ana")["feedback"]["why"] == "wrong year"
    assert doors.call("ana", "POST", "/v1/runs/run-ana/feedback", {"helpful": True, "why": "x" * 3000})[0] == 422


def test_figures_and_replays_are_for_an_admin(doors: Doors) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    assert doors.call("ana", "GET", "/v1/runs/stats")[0] == 403
    assert doors.call("ana", "POST", "/v1/runs/run-ana/replay")[0] == 403
    assert doors.get(None, "/v1/runs/graph")["mermaid"].startswith("flowchart")


def test_a_conversation_is_its_owners_alone(doors: Doors) -> None:
    ana, bo = Principal(user="ana"), Principal(user="bo")
    doors.keep(replace(costly("run-1"), conversation_id="trip"))
    doors.conversations.add(ana, "trip", run_id="run-1", question="Hotels?", resolved="Hotels?", open_points=("Paris",))
    for user in ("bo", None):
        status, problem = doors.call(user, "GET", "/v1/conversations/trip")
        assert status == 404
        assert problem["detail"] == doors.call(user, "GET", "/v1/conversations/none")[1]["detail"].replace(
            "none", "trip"
        )
        assert doors.call(user, "DELETE", "/v1/conversations/trip")[0] == 404
        assert doors.get(user, "/v1/conversations") == {"conversations": []}
    # The same id in another mouth is another conversation.
    doors.conversations.add(bo, "trip", run_id="run-2", question="Meals?", resolved="Meals?")
    assert [one["question"] for one in doors.get("bo", "/v1/conversations/trip")["turns"]] == ["Meals?"]
    [turn] = doors.get("ana", "/v1/conversations/trip")["turns"]
    assert (turn["number"], turn["open_points"]) == (1, ["Paris"])
    assert "120 EUR" in turn["answer"]["answer"]
    doors.shut(COSTS.id, Access())
    assert "120 EUR" not in json.dumps(doors.get("ana", "/v1/conversations/trip"))
    assert doors.call("ana", "DELETE", "/v1/conversations/trip") == (200, {"id": "trip", "deleted": True, "runs": 1})
    assert doors.call("ana", "GET", "/v1/runs/run-1")[0] == 404
    assert doors.get("bo", "/v1/conversations/trip")["turns"]


def test_the_commands_show_and_decide(doors: Doors, run: Any) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    doors.keep(waits(begun("run-held", user="ana"), claims=(COST,)))
    status, out, _ = run("runs", "list")
    assert status == 0
    assert "run-ana" in out
    assert "needs review" in out
    assert len({line.index("What may") for line in out.splitlines()[1:]}) == 1
    assert json.loads(run("runs", "list", "--as", "bo", "--json")[1]) == {"runs": []}
    shown = run("runs", "show", "run-ana", "--explain")[1]
    for part in ("Released", "Not released", "The merger costs 3 million EUR.", "“3 million EUR”", "left out", "Time"):
        assert part in shown
    assert "sent back" in run("runs", "show", "run-ana")[1]
    assert "run-held" in run("review", "list")[1]
    assert "Hotels cost 120 EUR." in run("review", "show", "run-held")[1]
    status, _, err = run("review", "reject", "run-held")
    assert (status, err.count("\n")) == (2, 1)
    assert "say why" in err
    status, out, _ = run("review", "approve", "run-held", "--as", "cara")
    assert status == 0
    assert "Hotels cost 120 EUR [1]." in out
    status, _, err = run("review", "approve", "run-held")
    assert status == 2
    assert "approved by cara" in err
    for command in (("runs", "show", "none"), ("review", "approve", "none"), ("conversations", "show", "none")):
        status, _, err = run(*command)
        assert (status, err.count("\n")) == (2, 1)


def test_a_replay_that_gives_another_answer_exits_with_1(doors: Doors, run: Any) -> None:
    doors.keep(ended(begun("run-ana", user="ana")))
    status, out, _ = run("runs", "replay", "run-ana")
    assert (status, out) == (0, "The same answer: text, claims, verdicts and citations.\n")
    doors.crew.again = answer_of("run-ana", COST)
    status, out, _ = run("runs", "replay", "run-ana", "--json")
    assert status == 1
    assert "answer" in [one["where"] for one in json.loads(out)["differences"]]


def test_figures_compare_with_the_large_model_alone(doors: Doors, run: Any) -> None:
    doors.keep(replace(ended(begun("run-1")), calls=(call(),)))
    doors.keep(ended(begun("run-2"), ms=60))
    found = json.loads(run("runs", "stats", "--days", "3650", "--json")[1])
    assert found["tiers"]["small"]["cost_per_verified_claim_usd"] == 0.00014
    assert found["tiers"]["extractive"]["median_ms"] == 60
    # 1000 tokens in and 100 out of each run, at 3 and 15 USD a million.
    assert found["large_only"]["cost_usd"] == pytest.approx(2 * 0.0045)
    assert found["large_only"]["estimated_runs"] == 1
    assert "large only" in run("runs", "stats", "--days", "3650")[1]


def test_a_conversation_is_shown_and_exported(doors: Doors, run: Any) -> None:
    doors.keep(replace(costly("run-1"), conversation_id="trip"))
    doors.conversations.add(
        Principal(user="ana"), "trip", run_id="run-1", question="And in Bonn?", resolved="Hotels in Bonn?"
    )
    assert "And in Bonn?" in run("conversations", "list", "--as", "ana")[1]
    assert "understood as: Hotels in Bonn?" in run("conversations", "show", "trip", "--as", "ana")[1]
    assert json.loads(run("conversations", "export", "trip", "--as", "ana")[1])["turns"][0]["answer"]["claims"]
    assert run("conversations", "delete", "trip", "--as", "ana")[0] == 0
    assert run("conversations", "show", "trip", "--as", "ana")[0] == 2


def test_a_command_gives_the_same_through_the_server_as_here(doors: Doors) -> None:
    doors.keep(replace(costly("run-ana1"), conversation_id="a trip/2"))
    doors.keep(waits(begun("run-held", user="ana"), claims=(COST,)))
    doors.conversations.add(Principal(user="ana"), "a trip/2", run_id="run-ana1", question="Q?", resolved="Q?")
    here, there = Local(doors.platform), Remote(Address(url="http://127.0.0.1", token="key"))
    there.close()
    doors.client.headers["authorization"] = "Bearer key"
    there.__dict__["_client"] = doors.client
    for ask in (
        lambda backend: backend.runs("ana", None, 5, None),
        lambda backend: backend.runs(None, "answered", 1, "run-held"),
        lambda backend: backend.run("run-ana1", "ana", explained=True),
        lambda backend: backend.run("run-ana1", None, explained=False),
        lambda backend: backend.graph(),
        lambda backend: backend.replay("run-ana1"),
        lambda backend: backend.reviews("cara"),
        lambda backend: backend.review("run-held", "cara"),
        lambda backend: backend.conversations("ana"),
        lambda backend: backend.conversation("a trip/2", "ana"),
    ):
        assert ask(here) == ask(there)
    with pytest.raises(UsageError, match="no run 'none'"):
        there.run("none", None, explained=False)
    with pytest.raises(UsageError, match="say why"):
        there.decide("run-held", "cara", "reject", None)
    assert there.decide("run-held", "cara", "approve", None)["answer"]["status"] == "answered"
    assert there.delete_conversation("a trip/2", "ana")["runs"] == 1
