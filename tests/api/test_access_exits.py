"""Every exit gives one person exactly what a home would give that holds only what they may read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import _status
from api.commands import ingest_paths
from api.remote import AS_USER
from api.settings import load_settings
from api.wiring import Platform
from ingest.model import Access
from retrieval.embedding import OpenVinoEmbedder
from retrieval.errors import FilterError
from retrieval.llamaindex import GroundcrewRetriever

GROUPS = {"ana": ["hr", "travel"], "bo": ["board"], "cy": [], "group:board": ["everyone"]}
FILES = {
    "travel.md": (("everyone",), "# Travel policy\n\nThis policy replaces the Travel policy 2023.\n\n"
                  "## Hotels\n\nA hotel in Hamburg may cost at most 120 EUR a night.\n"),
    "travel-2023.md": (("everyone",), "# Travel policy 2023\n\n## Hotels\n\nA hotel in Hamburg may cost at most "
                       "100 EUR a night.\n"),
    "travel-2025.md": (("group:board",), "# Travel policy 2025\n\nThis policy replaces the Travel policy.\n\n"
                       "A hotel in Hamburg may cost at most 150 EUR a night.\n"),
    "copy.md": (("group:hr",), "# Hotels for applicants\n\nA hotel in Hamburg may cost at most 120 EUR a night.\n"),
    "merger.md": (("group:board",), "# Merger\n\nProject Lapwing is the merger with the hotel chain Heron AG.\n"),
    "salaries.csv": (("group:hr", "user:bo"), "role,salary\ndirector,90000\nclerk,40000\n"),
    "reise.md": (("group:travel",), "# Reisekosten\n\nDie Belege werden nach der Reise eingereicht.\n"),
    "note.txt": (("user:cy",), "Notes of Cy\n\nThe director of Heron called about hotels in Hamburg.\n"),
    "secret.md": ((), "# Audit\n\nThe audit of the salary of the director found Lapwing invoices.\n"),
}  # fmt: skip
"""Who may read a file, and what it says."""
QUERIES = (
    "What may a hotel in Hamburg cost?",
    "Lapwing",
    "what is the salary of the director",
    "die Reise",
    "the latest travel policy",
    "compare hotels of 2023 with 2025",
    "audit invoices",
)
WHERE: tuple[Mapping[str, str], ...] = ({}, {"format": "csv"}, {"colour": "red"}, {"title": "policy"})


class Exits:
    """One home and its exits, as somebody."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.client = TestClient(create_app(platform, owner_token="key"), base_url="http://127.0.0.1")

    def http(self, user: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"authorization": "Bearer key", AS_USER: user}
        response = self.client.request(method, path, json=body, headers=headers)
        told = response.headers["content-type"].startswith(("application/json", "application/problem+json"))
        return response.status_code, _lasting(response.json()) if told else response.text

    def nodes(self, user: str, text: str, where: Mapping[str, str]) -> Any:
        retriever = GroundcrewRetriever(
            self.platform.searcher.search, self.platform.principal(user), k=5, where=dict(where)
        )
        try:
            return [(found.score, found.node.to_dict()) for found in retriever.retrieve(text)]
        except FilterError as error:
            return str(error)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, embedder: OpenVinoEmbedder) -> Iterator[dict[str, Exits]]:
    """The home with all files under "", and by user one that holds only what that one may read."""
    base = tmp_path_factory.mktemp("exits")
    config = base / "groundcrew.toml"
    config.write_text(
        "".join(f'[users."{user}"]\ngroups = {json.dumps(groups)}\n' for user, groups in GROUPS.items()),
        encoding="utf-8",
    )
    (base / "docs").mkdir()
    for name, (_, text) in FILES.items():
        (base / "docs" / name).write_text(text, encoding="utf-8")
    made: dict[str, Exits] = {}
    for user in ("", *readers(), "nobody-known"):
        settings = load_settings(config, {}).model_copy(update={"home": base / f"home-{len(made)}"})
        platform = Platform(settings)
        platform.__dict__["embedder"] = embedder
        by_access: dict[tuple[str, ...], list[Path]] = {}
        for name, (allow, _) in FILES.items():
            if not user or platform.principal(user).may_read(Access(allow=allow)):
                by_access.setdefault(allow, []).append(base / "docs" / name)
        for allow, paths in by_access.items():
            ingest_paths(platform, paths, "files", allow)
        made[user] = Exits(platform)
    yield made
    for exits in made.values():
        exits.platform.close()


def readers() -> list[str]:
    return ["ana", "bo", "cy"]


@pytest.mark.parametrize("user", readers())
def test_searches_over_http_and_llamaindex_are_the_same_in_both_homes(homes: dict[str, Exits], user: str) -> None:
    everything, alone = homes[""], homes[user]
    for text in QUERIES:
        for where in WHERE if text in QUERIES[:2] else WHERE[:1]:
            for k in (2, 100):
                body = {"query": text, "k": k, "where": where}
                found = everything.http(user, "POST", "/v1/search", body)
                assert found == alone.http(user, "POST", "/v1/search", body), (text, where, k)
            assert everything.nodes(user, text, where) == alone.nodes(user, text, where)


@pytest.mark.parametrize("user", readers())
def test_answers_are_the_same_in_both_homes(homes: dict[str, Exits], user: str) -> None:
    for text in QUERIES[::2]:
        body = {"question": text, "mode": "extractive"}
        found = homes[""].http(user, "POST", "/v1/ask", body)
        assert found[0] == 200
        assert found == homes[user].http(user, "POST", "/v1/ask", body), text


@pytest.mark.parametrize("user", readers())
def test_documents_are_the_same_in_both_homes(homes: dict[str, Exits], user: str) -> None:
    everything, alone = homes[""], homes[user]
    assert everything.http(user, "GET", "/v1/documents") == alone.http(user, "GET", "/v1/documents")
    for document in everything.platform.catalog.documents():
        path = f"/v1/documents/{document.id}"
        for place in (path, f"{path}/text", f"{path}/text?version={document.version}", f"{path}/text?version=x"):
            found = everything.http(user, "GET", place)
            assert found == alone.http(user, "GET", place)
            may = everything.platform.principal(user).may_read(document.access)
            assert found[0] == (200 if may and not place.endswith("=x") else 404)


@pytest.mark.parametrize("user", readers())
def test_commands_as_somebody_are_the_same_in_both_homes(
    homes: dict[str, Exits], user: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(homes[""].platform.home.parent / "groundcrew.toml")
    for arguments in (
        ["search", "hotel in Hamburg", "-k", "50"],
        ["search", "salary", "--where", "colour=red"],
        ["ask", "What may a hotel in Hamburg cost?"],
    ):
        told = []
        for exits in (homes[""], homes[user]):
            monkeypatch.setenv("GROUNDCREW_HOME", str(exits.platform.home))
            capsys.readouterr()
            status = _status([*arguments, "--as", user, "--json", "--config", config])
            told.append((status, _lasting(json.loads(capsys.readouterr().out))))
        assert told[0] == told[1], arguments


def test_everyone_means_all_but_a_name_like_a_group_means_nothing(homes: dict[str, Exits]) -> None:
    _, found = homes[""].http("nobody-known", "GET", "/v1/documents")
    assert {one["uri"].rsplit("/", 1)[-1] for one in found["documents"]} == {"travel.md", "travel-2023.md"}
    assert homes[""].http("group:board", "GET", "/v1/documents")[1] == found


def test_rights_that_change_between_two_requests_hold_at_once(homes: dict[str, Exits], tmp_path: Path) -> None:
    exits = homes["nobody-known"]
    path = tmp_path / "new.md"
    path.write_text("# Parking\n\nThe car park Kestrel has 40 places.\n", encoding="utf-8")
    body = {"query": "Kestrel car park", "k": 1}

    def top(user: str) -> list[str]:
        return [
            hit["text"] for hit in exits.http(user, "POST", "/v1/search", body)[1]["hits"] if "Kestrel" in hit["text"]
        ]

    for allow, readers_of_it in (
        (("user:bo",), {"bo"}),
        (("group:hr",), {"ana"}),
        ((), set()),
        (("everyone",), {"ana", "bo"}),
    ):
        ingest_paths(exits.platform, [path], "parking", allow)
        assert {user for user in ("ana", "bo") if top(user)} == readers_of_it


def _lasting(value: Any) -> Any:
    """A result without what differs between any two runs of one request."""
    if isinstance(value, dict):
        return {key: _lasting(one) for key, one in value.items() if key not in ("run_id", "timing_ms")}
    return [_lasting(one) for one in value] if isinstance(value, list) else value
