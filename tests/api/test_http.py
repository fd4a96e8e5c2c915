"""The HTTP doors, in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.wiring import Platform


@pytest.fixture(scope="module")
def client(company: Platform) -> Iterator[TestClient]:
    with TestClient(create_app(company), base_url="http://127.0.0.1") as made:
        yield made


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["documents"] == 50 - len(client.get("/v1/quarantine").json()["quarantine"])


def test_a_question_is_answered_with_spans_that_can_be_fetched(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"question": "What is the hotel cap in Hamburg?"}).json()
    assert answer["status"] == "answered"
    for citation in answer["citations"]:
        document, locator = citation["document"], citation["locator"]
        response = client.get(f"/v1/documents/{document['id']}/text", params={"version": document["version"]})
        assert response.headers["content-type"].startswith("text/plain")
        assert response.text[locator["start"] : locator["end"]] == citation["quote"]


def test_an_answer_has_every_field_of_its_shape(client: TestClient) -> None:
    answer = client.post(
        "/v1/ask", json={"question": "What is the hotel cap in Hamburg?", "conversation_id": "c1"}
    ).json()
    assert set(answer) == {
        "run_id",
        "question",
        "conversation_id",
        "status",
        "answer",
        "claims",
        "citations",
        "abstention",
        "unanswered",
        "review",
        "route",
        "usage",
        "timing_ms",
    }
    assert answer["conversation_id"] == "c1"
    assert set(answer["claims"][0]) == {"text", "citations", "verdict", "score", "checks", "note"}
    assert set(answer["claims"][0]["checks"]) == {"quote", "numbers", "names", "negation", "entailment"}
    assert set(answer["citations"][0]["document"]) == {"id", "uri", "title", "source", "version", "modified_at"}
    assert set(answer["citations"][0]["locator"]) == {
        "start",
        "end",
        "line_start",
        "line_end",
        "page",
        "boxes",
        "sheet",
        "cells",
        "slide",
        "headings",
    }
    assert set(answer["route"]) == {"mode", "complexity", "sensitivity", "why"}
    assert set(answer["usage"]) == {"model_calls", "tokens_in", "tokens_out", "cost_usd"}
    assert set(answer["timing_ms"]) == {"total", "retrieve", "draft", "verify"}


def test_search_gives_ranked_hits(client: TestClient) -> None:
    hits = client.post("/v1/search", json={"query": "hotel cap", "k": 3, "where": {"format": "markdown"}}).json()[
        "hits"
    ]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0]["score"] >= hits[1]["score"] >= hits[2]["score"]


def test_an_answer_streams_checked_claims_before_the_whole(client: TestClient) -> None:
    with client.stream(
        "POST", "/v1/ask", json={"question": "What is the hotel cap in Hamburg?", "stream": True}
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n", 1) for block in "".join(response.iter_text()).strip().split("\n\n")]
    names = [name.removeprefix("event: ") for name, _ in events]
    assert names[0] == "stage"
    assert names[-1] == "answer"
    assert "claim" in names
    assert json.loads(events[-1][1].removeprefix("data: "))["status"] == "answered"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": ""}, 422),
        ({"question": "x" * 100_000}, 422),
        ({"question": "y" * 2_000_000}, 413),
        ({}, 422),
        ({"question": "Why?", "mode": "huge"}, 422),
        ({"question": "Why?", "mode": "large"}, 422),
        ({"question": "Why?", "colour": "red"}, 422),
    ],
)
def test_bad_questions_are_problem_documents(client: TestClient, body: dict[str, str], status: int) -> None:
    response = client.post("/v1/ask", json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert response.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/documents/none", "/v1/documents/none/text", "/v1/nothing"])
def test_what_does_not_exist_is_a_problem_document(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_an_unknown_version_is_not_found(client: TestClient) -> None:
    document = client.get("/v1/documents").json()["documents"][0]
    assert client.get(f"/v1/documents/{document['id']}").json() == document
    assert client.get(f"/v1/documents/{document['id']}/text", params={"version": "sha256:0"}).status_code == 404


def test_another_host_name_is_refused(client: TestClient) -> None:
    response = client.get("/healthz", headers={"host": "rebound.example:8321"})
    assert response.status_code == 421
    assert client.get("/healthz", headers={"host": "localhost:8321"}).status_code == 200
    assert client.get("/healthz", headers={"host": "[::1]:8321"}).status_code == 200


def test_the_page_and_its_parts_are_served_under_a_strict_policy(client: TestClient) -> None:
    for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "javascript")):
        response = client.get(path)
        assert response.status_code == 200
        assert kind in response.headers["content-type"]
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "//" not in response.text.replace("// Offsets", "").replace("data:,", "")


def test_an_inner_failure_tells_nothing_of_the_inside(company: Platform, tmp_path: Path) -> None:
    broken = Platform(company.settings.model_copy(update={"home": tmp_path / "home"}))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "catalog.sqlite").write_bytes(b"garbage" * 1000)
    with TestClient(create_app(broken), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        response = client.post("/v1/ask", json={"question": "Why?"})
    assert response.status_code == 503
    assert str(tmp_path) not in response.text
