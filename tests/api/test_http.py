"""The HTTP doors, in process."""

from __future__ import annotations

import json
import re
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
    assert client.get("/readyz").json() == {"status": "ready"}
    documents = client.get("/v1/documents").json()["documents"]
    unread = [one for one in client.get("/v1/quarantine").json()["quarantine"] if one["part"] is None]
    assert len(documents) == 56 - len(unread)


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
        "notices",
        "resolved_question",
    }
    assert answer["conversation_id"] == "c1"
    assert set(answer["claims"][0]) == {
        "text",
        "citations",
        "verdict",
        "score",
        "checks",
        "note",
        "kind",
        "computation",
    }
    assert set(answer["claims"][0]["checks"]) == {
        "quote",
        "numbers",
        "names",
        "negation",
        "modality",
        "scope",
        "computed",
        "entailment",
    }
    assert set(answer["citations"][0]["document"]) == {
        "id",
        "uri",
        "title",
        "source",
        "version",
        "modified_at",
        "metadata",
    }
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
    assert names.index("evidence") < names.index("claim")
    stages = [json.loads(data.removeprefix("data: "))["stage"] for name, data in events if name == "event: stage"]
    assert stages == ["admit", "route", "plan", "research", "draft", "verify", "release"]
    [evidence] = [json.loads(data.removeprefix("data: ")) for name, data in events if name == "event: evidence"]
    assert evidence["citations"][0]["quote"]
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


@pytest.mark.parametrize("host", ["127.0.0.2", "127.0.0.2:8321", "localhost", "LOCALHOST:1", "[::1]", "127.0.0.1:80"])
def test_every_name_of_this_machine_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["", "10.0.0.1", "[::2]", "localhost.example", "127.0.0.1.example", "a@127.0.0.1:1"])
def test_no_other_name_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 421


def test_a_body_in_chunks_is_held_to_the_limit(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(20):
            yield b"y" * 100_000

    response = client.post("/v1/ask", content=chunks(), headers={"content-type": "application/json"})
    assert response.status_code == 413
    whole = client.post(
        "/v1/search", content=iter([b'{"query": ', b'"hotel"}']), headers={"content-type": "application/json"}
    )
    assert whole.json()["hits"]


def test_a_wrong_method_is_told_the_right_one(client: TestClient) -> None:
    response = client.get("/v1/ask")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/ask", r'{"question": "Why \ud800?"}'),
        ("/v1/ask", r'{"question": "Why?", "conversation_id": "\ud800"}'),
        ("/v1/ask", r'{"question": "Why?", "\ud800": 1}'),
        ("/v1/search", r'{"query": "\udfff"}'),
        ("/v1/search", r'{"query": "x", "where": {"\udc80": "x"}}'),
        ("/v1/search", r'{"query": "x", "where": {"source": "\udc80"}}'),
    ],
)
def test_half_a_character_is_refused(client: TestClient, path: str, body: str) -> None:
    response = client.post(path, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_an_empty_version_is_the_current_one(client: TestClient) -> None:
    document = client.get("/v1/documents").json()["documents"][0]
    path = f"/v1/documents/{document['id']}/text"
    assert client.get(f"{path}?version=").text == client.get(path).text != ""


def test_the_page_and_its_parts_are_served_under_a_strict_policy(client: TestClient) -> None:
    for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "javascript")):
        response = client.get(path)
        assert response.status_code == 200
        assert kind in response.headers["content-type"]
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert not re.search(r"https?:|[\"'(]//", response.text)


def test_an_inner_failure_tells_nothing_of_the_inside(company: Platform, tmp_path: Path) -> None:
    broken = Platform(company.settings.model_copy(update={"home": tmp_path / "home"}))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "catalog.sqlite").write_bytes(b"garbage" * 1000)
    with TestClient(create_app(broken), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        response = client.post("/v1/ask", json={"question": "Why?"})
        streamed = client.post("/v1/ask", json={"question": "Why?", "stream": True})
        assert client.get("/readyz").status_code == 503
    assert response.status_code == 503
    assert str(tmp_path) not in response.text + streamed.text
    assert json.loads(streamed.text.rsplit("data: ", 1)[1]) == {
        "code": "catalog_unusable",
        "detail": response.json()["detail"],
    }


def test_a_stream_tells_of_an_error_that_nobody_foresaw(company: Platform) -> None:
    broken = Platform(company.settings)
    broken.crew_parts.__dict__["crew"] = None
    with TestClient(create_app(broken), base_url="http://127.0.0.1") as client:
        streamed = client.post("/v1/ask", json={"question": "Why?", "stream": True})
    assert "event: error" in streamed.text
    assert json.loads(streamed.text.rsplit("data: ", 1)[1])["code"] == "internal_error"


def test_the_page_may_show_its_icon(client: TestClient) -> None:
    page = client.get("/")
    assert 'rel="icon" href="data:' in page.text
    assert "img-src 'self' data:" in page.headers["content-security-policy"]
