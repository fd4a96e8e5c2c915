"""What people type into a search, at the command line and over HTTP: sensible hits, or one line that says the mend."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import _status
from api.commands import ingest_paths
from api.settings import load_settings
from api.wiring import Platform
from retrieval.embedding import OpenVinoEmbedder

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, embedder: OpenVinoEmbedder) -> Iterator[Platform]:
    """A home with one document for everyone and one for the board."""
    base = tmp_path_factory.mktemp("input")
    settings = load_settings(None, {}).model_copy(update={"home": base / "home"})
    platform = Platform(settings)
    platform.__dict__["embedder"] = embedder
    (base / "travel.md").write_text("# Travel\n\nA hotel may cost 120 EUR a night.\n", encoding="utf-8")
    (base / "merger.md").write_text("# Merger\n\nThe hotel chain Lapwing is to be bought.\n", encoding="utf-8")
    ingest_paths(platform, [base / "travel.md"], None, ("everyone",))
    ingest_paths(platform, [base / "merger.md"], None, ("group:board",))
    yield platform
    platform.close()


@pytest.fixture(scope="module")
def client(filled: Platform) -> Iterator[TestClient]:
    with TestClient(create_app(filled), base_url="http://127.0.0.1") as made:
        yield made


@pytest.fixture
def run(filled: Platform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("GROUNDCREW_HOME", str(filled.home))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = _status(list(arguments))
        return status, *capsys.readouterr()

    return command


BAD_FILTERS = [
    ({"kind": "banana"}, "kind", "pdf"),
    ({"after": "2024-13-01"}, "after", "2024-03-31"),
    ({"after": "tomorrow"}, "after", "2024-03-31"),
    ({"year": "24"}, "year", "2024-03-31"),
    ({"-before": "2024"}, "before", "after:"),
    ({"colour": "red"}, "colour", "source"),
    ({"": "red"}, "''", "source"),
    ({"source": ""}, "source", "VALUE"),
    ({"source": "  "}, "source", "VALUE"),
    ({"so\0urce": "x"}, "so\\x00urce", "source"),
    ({"k" * 5_000: "x"}, "kkk", "source"),
]


@pytest.mark.parametrize(("where", "key", "mend"), BAD_FILTERS)
def test_a_bad_filter_over_http_is_a_problem_that_names_key_and_mend(
    client: TestClient, where: dict[str, str], key: str, mend: str
) -> None:
    response = client.post("/v1/search", json={"query": "hotel", "where": where})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    detail = response.json()["detail"]
    assert key in detail
    assert mend in detail
    assert "\n" not in detail
    assert len(detail) < 600


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("source", "KEY=VALUE"),
        ("=handbook", "KEY=VALUE"),
        ("source=", "KEY=VALUE"),
        ("", "KEY=VALUE"),
        ("kind=banana", "pdf"),
        ("after=2024-13-01", "2024-03-31"),
        ("colour=red", "known are source"),
    ],
)
def test_a_bad_filter_of_a_command_is_one_line_and_exit_2(run: Run, entry: str, told: str) -> None:
    status, out, err = run("search", "hotel", "--where", entry)
    assert (status, out) == (2, "")
    assert told in err
    assert err.startswith("groundcrew: ")
    assert err.count("\n") == 1


def test_one_key_given_twice_is_refused_rather_than_half_heard(run: Run) -> None:
    status, _, err = run("search", "hotel", "--where", "format=pdf", "--where", "format=markdown")
    assert status == 2
    assert "'format'" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("k", [0, -1, 101, 10**9, 10**30, 1.5, "many", None])
def test_a_number_of_hits_that_cannot_be_is_told(client: TestClient, k: Any) -> None:
    response = client.post("/v1/search", json={"query": "hotel", "k": k})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].startswith("body.k: ")


@pytest.mark.parametrize("k", ["0", "-1", "1000000000", "x"])
def test_a_command_tells_how_many_hits_there_can_be(run: Run, k: str) -> None:
    status, out, err = run("search", "hotel", "-k", k)
    assert (status, out) == (2, "")
    assert "-k" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("user", ["nobody-known", "", "group:board", "everyone", "*", "Ana\n", "ü" * 500])
def test_an_unknown_user_sees_what_everyone_may_see(run: Run, user: str) -> None:
    status, out, _ = run("search", "hotel", "--as", user, "--json")
    assert status == 0
    assert [hit["document"]["uri"].rsplit("/", 1)[-1] for hit in json.loads(out)["hits"]] == ["travel.md"]


QUERIES = {
    "stop words": "what is the",
    "punctuation": "?!... -- ()",
    "a quote": '"',
    "a minus": "-",
    "mixed scripts": "hotel 酒店 отель فندق โรงแรม 호텔",
    "50 KB": "hotel night " * 4_300,
    "one long word": "h" * 50_000,
    "control characters": "ho\x00tel \x07\x1b[31m hotel \x7f",
    "invisible characters": "hotel\u200b\ufeff\u2060 \u202e night",
    "combining marks": "ho\u0301\u0301\u0301tel" + "\u0301" * 2_000,
    "emoji": "\U0001f3e8 hotel \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "operators": "hotel AND (night OR NOT [a TO b]) ~2 ^3 *:* \\",
    "colons": ":::: a: :b http://hotel.example/x?y=1",
    "unbalanced quotes": 'hotel "night',
    "many filters": "hotel " + " ".join(f"-word{n:05}"[:20] for n in range(300)),
    "digits": "1" * 10_000,
}


@pytest.mark.parametrize("name", QUERIES)
def test_any_text_is_searched_for(client: TestClient, name: str) -> None:
    response = client.post("/v1/search", json={"query": QUERIES[name], "k": 5})
    assert response.status_code == 200, response.text[:300]
    hits = response.json()["hits"]
    assert all(0 < hit["rank"] <= 5 for hit in hits)
    assert len(hits) <= 2
    if "hotel" in QUERIES[name]:
        assert len(hits) == 2
    json.dumps(response.json()).encode()


@pytest.mark.parametrize("name", ["stop words", "punctuation", "mixed scripts", "control characters", "50 KB"])
def test_any_text_is_searched_for_by_a_command(run: Run, name: str) -> None:
    status, out, err = run("search", QUERIES[name].replace("\x00", ""), "--json")
    assert (status, err) == (0, "")
    assert isinstance(json.loads(out)["hits"], list)


def test_a_query_of_filters_alone_finds_nothing_and_fails_nothing(client: TestClient) -> None:
    for text in ("source:local", "-hotel", "kind:pdf after:2024"):
        assert client.post("/v1/search", json={"query": text}).json() == {"hits": []}


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_query_is_told(client: TestClient, run: Run, text: str) -> None:
    response = client.post("/v1/search", json={"query": text})
    assert response.status_code == 400
    assert "say what to look for" in response.json()["detail"]
    status, out, err = run("search", text)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_lone_surrogates_are_refused_in_one_line(client: TestClient, run: Run) -> None:
    for arguments in (["search", "hotel \udc80"], ["search", "hotel", "--where", "source=\udc80"]):
        status, out, err = run(*arguments)
        assert (status, out, err.count("\n")) == (2, "", 1)
        assert "UTF-8" in err
    response = client.post(
        "/v1/search", content=rb'{"query": "hotel \ud800"}', headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["kind:banana hotel", "after:2024-13-01 hotel"])
def test_a_bad_filter_inside_a_query_is_told_alike(client: TestClient, run: Run, text: str) -> None:
    response = client.post("/v1/search", json={"query": text})
    assert response.status_code == 422
    assert "expected is" in response.json()["detail"]
    status, out, err = run("search", text)
    assert (status, out, err.count("\n")) == (2, "", 1)
    answer = client.post("/v1/ask", json={"question": text})
    assert answer.status_code == 422
