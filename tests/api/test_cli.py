"""The command line from outside: output, exit status, one line for each error."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from api.cli import _status
from api.settings import load_settings
from api.wiring import Platform
from retrieval.embedding import OpenVinoEmbedder
from retrieval.ports import Array
from tests.conftest import REPOSITORY


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "travel.md").write_text(
        "# Travel policy\n\n## Meals\n\nMeals are capped at 60 EUR a day.\n\n## Flights\n\n"
        "Business class requires the approval of a director.\n",
        encoding="utf-8",
    )
    (folder / "hall.txt").write_text(
        "Opening hours\n\nThe Kassel hall opens at 06:30 on working days.\n", encoding="utf-8"
    )
    return folder


class Outcome:
    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    @property
    def value(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def command(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = _status(list(arguments))
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return command


def test_a_folder_becomes_answers(run: Any, docs: Path) -> None:
    report = run("ingest", str(docs), "--json").value
    assert {k: report[k] for k in ("added", "updated", "removed", "unchanged", "quarantined")} == {
        "added": 2,
        "updated": 0,
        "removed": 0,
        "unchanged": 0,
        "quarantined": 0,
    }
    answer = run("ask", "How much may meals cost a day?", "--json").value
    assert answer["status"] == "answered"
    assert "60 EUR" in answer["answer"]
    citation = answer["citations"][0]
    assert citation["quote"] == "Meals are capped at 60 EUR a day."
    assert citation["locator"]["line_start"] == 5
    assert citation["locator"]["headings"][-1] == "Meals"


def test_the_index_holds_exactly_what_the_folder_holds(run: Any, docs: Path) -> None:
    run("ingest", str(docs))
    (docs / "travel.md").write_text(
        "# Travel policy\n\n## Meals\n\nMeals are capped at 75 EUR a day.\n", encoding="utf-8"
    )
    (docs / "hall.txt").unlink()
    (docs / "new.md").write_text("# Parking\n\nThe car park has 40 places.\n", encoding="utf-8")
    report = run("ingest", str(docs), "--json").value
    assert (report["added"], report["updated"], report["removed"]) == (1, 1, 1)
    assert "75 EUR" in run("ask", "How much may meals cost a day?", "--json").value["answer"]
    hits = run("search", "When does the Kassel hall open?", "--json").value["hits"]
    assert not [hit for hit in hits if "hall.txt" in hit["document"]["uri"]]
    assert run("doctor", "--json").value["ok"]


def test_a_user_sees_only_what_is_allowed(run: Any, docs: Path) -> None:
    run("ingest", str(docs), "--allow", "group:finance")
    Path("groundcrew.toml").write_text(
        '[users.ana]\ngroups = ["finance"]\n[users.bob]\ngroups = []\n', encoding="utf-8"
    )
    assert run("search", "meals", "--as", "ana", "--json").value["hits"]
    assert run("search", "meals", "--as", "bob", "--json").value == {"hits": []}
    assert run("search", "meals", "--as", "nobody-known", "--json").value == {"hits": []}
    assert run("ask", "How much may meals cost a day?", "--as", "bob", "--json").value["status"] == "abstained"
    run("ingest", str(docs), "--allow", "everyone")
    assert run("search", "meals", "--as", "bob", "--json").value["hits"]


def test_without_allow_nobody_but_an_admin_reads(run: Any, docs: Path) -> None:
    run("ingest", str(docs))
    assert run("search", "meals", "--as", "ana", "--json").value == {"hits": []}
    assert run("search", "meals", "--json").value["hits"]


def test_hits_are_filtered_by_where(run: Any, docs: Path) -> None:
    run("ingest", str(docs))
    hits = run("search", "opens capped", "--where", "format=text", "--json").value["hits"]
    assert {hit["document"]["uri"].rsplit("/", 1)[-1] for hit in hits} == {"hall.txt"}
    refused = run("search", "opens", "--where", "colour=red")
    assert (refused.status, "source, format, document" in refused.err) == (2, True)
    assert run("search", "opens", "--where", "format").status == 2


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["ingest", "no/such/path"], 2, "no such file or folder: no/such/path"),
        (["ingest", ".", "--allow", "staff"], 2, "group:NAME"),
        (["ask", ""], 2, "empty"),
        (["ask", "   "], 2, "empty"),
        (["ask", "x" * 100_000], 2, "100,000 characters"),
        (["ask", "Why?", "--mode", "huge"], 2, "auto, extractive, small, large"),
        (["ask", "Why?", "--mode", "small"], 2, "language model"),
        (["search", " "], 2, "empty"),
        (["search", "x", "-k", "0"], 2, "-k"),
        (["frobnicate"], 2, "frobnicate"),
        (["ask"], 2, "question"),
        (["sources", "sync", "nowhere"], 2, "nowhere"),
        (["sources", "sync"], 2, "[sources.NAME]"),
        (["ask", "Why?", "--config", "no.toml"], 2, "no.toml"),
        (["eval", "no.jsonl"], 2, "no.jsonl"),
        (["serve", "--host", "0.0.0.0"], 2, "127.0.0.1"),
    ],
)
def test_bad_use_is_one_clear_line(run: Any, arguments: list[str], status: int, words: str) -> None:
    outcome = run(*arguments)
    assert outcome.status == status
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""
    as_json = run(*arguments, "--json")
    assert as_json.value["error"]["message"]


def test_a_question_in_another_script_is_taken(run: Any, docs: Path) -> None:
    run("ingest", str(docs))
    outcome = run("ask", "员工每年有多少天带薪年假?", "--json")
    assert outcome.status == 0
    assert outcome.value["status"] in ("answered", "abstained")


def test_asking_an_empty_home_abstains(run: Any) -> None:
    outcome = run("ask", "How long is the notice period?", "--json")
    assert outcome.status == 0
    assert outcome.value["status"] == "abstained"
    assert outcome.value["abstention"]["looked_for"] == "How long is the notice period?"


def test_a_damaged_catalog_is_told_from_an_empty_one(run: Any, docs: Path, home: Path) -> None:
    run("ingest", str(docs))
    (home / "catalog.sqlite").write_bytes(b"not a database, surely" * 400)
    for name in ("catalog.sqlite-wal", "catalog.sqlite-shm"):
        (home / name).unlink(missing_ok=True)
    outcome = run("ask", "How much may meals cost a day?")
    assert outcome.status == 3
    assert "catalog.sqlite" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_damaged_index_is_named_and_repaired(run: Any, docs: Path, home: Path) -> None:
    run("ingest", str(docs))
    (home / "lexical" / "meta.json").write_text("{", encoding="utf-8")
    outcome = run("ask", "How much may meals cost a day?")
    assert outcome.status == 3
    assert "doctor --repair" in outcome.err
    assert run("doctor").status == 1
    assert run("doctor", "--repair", "--json").value["ok"]
    assert "60 EUR" in run("ask", "How much may meals cost a day?", "--json").value["answer"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_quarantined_without_loss_of_the_rest(run: Any, docs: Path) -> None:
    (docs / "travel.md").chmod(0)
    report = run("ingest", str(docs), "--json").value
    (docs / "travel.md").chmod(stat.S_IRUSR)
    assert (report["added"], report["quarantined"]) == (1, 1)


def test_what_cannot_be_read_is_in_quarantine_with_its_mend(run: Any, docs: Path) -> None:
    (docs / "broken.docx").write_bytes(b"PK\x03\x04 this is no zip file")
    (docs / "empty.md").write_text("", encoding="utf-8")
    report = run("ingest", str(docs), "--json").value
    assert (report["added"], report["quarantined"]) == (2, 2)
    entries = run("sources", "quarantine", "--json").value["quarantine"]
    assert {e["uri"].rsplit("/", 1)[-1] for e in entries} == {"broken.docx", "empty.md"}
    assert all(e["code"] and e["reason"] and e["mend"] and e["since"] for e in entries)


def test_configured_sources_sync_with_their_rules(run: Any, docs: Path) -> None:
    (docs / "board").mkdir()
    (docs / "board" / "minutes.md").write_text("# Minutes\n\nThe board meets in May.\n", encoding="utf-8")
    Path("groundcrew.toml").write_text(
        '[sources.handbook]\nkind = "files"\npath = "docs"\nallow = ["everyone"]\n'
        'rules = [ { glob = "board/**", allow = ["group:board"], label = "restricted" } ]\n'
        '[users.ann]\ngroups = []\n[users.bea]\ngroups = ["board"]\n',
        encoding="utf-8",
    )
    assert run("sources", "sync", "handbook", "--json").value["added"] == 3
    found = {
        user: {
            hit["document"]["title"] for hit in run("search", "board meets meals", "--as", user, "--json").value["hits"]
        }
        for user in ("ann", "bea")
    }
    assert "Minutes" in found["bea"]
    assert "Minutes" not in found["ann"]
    assert "Travel policy" in found["ann"]
    (source,) = run("sources", "list", "--json").value["sources"]
    assert (source["name"], source["documents"]) == ("handbook", 3)
    assert run("ingest", str(docs / "travel.md"), "--json").value["unchanged"] == 1


def test_eval_prints_figures_and_keeps_the_gate(run: Any, docs: Path, tmp_path: Path) -> None:
    run("ingest", str(docs))
    questions = tmp_path / "set.jsonl"
    questions.write_text(
        json.dumps(
            {
                "id": "a",
                "question": "How much may meals cost a day?",
                "answerable": True,
                "type": "fact",
                "gold_files": ["travel.md"],
                "gold_quotes": ["60 EUR"],
                "must_contain": ["60 ?EUR"],
            }
        )
        + "\n",
        encoding="utf-8",
    )
    figures = run("eval", str(questions), "--json").value
    assert (figures["right"], figures["right_cites_gold"], figures["failing"]) == (1, 1, [])
    gate = tmp_path / "gate.json"
    gate.write_text('{"rightly_abstained": 0.5}', encoding="utf-8")
    assert run("eval", str(questions), "--gate", str(gate)).status == 1


def test_help_loads_no_heavy_library(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom api.cli import _status\nassert _status(['--help']) == 0\n"
        "heavy = {'torch', 'chromadb', 'unstructured', 'openvino', 'fastapi', 'numpy', 'workflows', 'tantivy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
    assert "ingest" in done.stdout


class RecallingEmbedder:
    """The real model. What the sample company's home holds a vector of is not embedded again."""

    def __init__(self, real: OpenVinoEmbedder, company: Platform) -> None:
        chunks = company.catalog.chunks(company.catalog.chunk_ids())
        vectors = company.index.vectors_of(list(chunks))
        self._real = real
        self._known = {chunk.indexed_text: vectors[one] for one, chunk in chunks.items()}
        self.dimensions = real.dimensions
        self.embed_tokens = real.embed_tokens

    def embed(self, texts: Sequence[str]) -> Array:
        found = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in texts if text not in found]
        found |= zip(new, self._real.embed(new), strict=True)
        return np.stack([found[text] for text in texts]) if texts else self._real.embed([])


def test_the_demo_answers_without_serving(
    run: Any, home: Path, company: Platform, embedder: OpenVinoEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalling = RecallingEmbedder(embedder, company)
    monkeypatch.setattr("api.wiring.OpenVinoEmbedder", lambda *_, **__: recalling)
    run("ask", "Is anything here yet?")  # leaves an empty home behind
    outcome = run("demo", "--no-serve")
    assert outcome.status == 0, outcome.err
    assert "\n[1] " in outcome.out
    assert "Nearest passages" not in outcome.out
    shutil.rmtree(home)
    home.mkdir()
    (home / "notes.txt").write_text("mine", encoding="utf-8")
    refused = run("demo", "--no-serve")
    assert (refused.status, "would replace" in refused.err) == (2, True)
    assert (home / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_the_demo_spares_documents_of_ones_own(run: Any, home: Path, docs: Path) -> None:
    home.mkdir()
    (home / "made-by-demo").touch()
    run("ingest", str(docs))
    refused = run("demo", "--no-serve")
    assert (refused.status, "source local" in refused.err) == (2, True)
    assert run("search", "meals", "--json").value["hits"]


def test_the_demo_waits_for_nobody_who_writes(run: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.wiring._PATIENCE_S", 0.2)
    home.mkdir()
    with Platform(load_settings()).locked():
        refused = run("demo", "--no-serve")
    assert (refused.status, "another groundcrew process" in refused.err) == (3, True)


def configure(path: str) -> None:
    Path("groundcrew.toml").write_text(
        f'[sources.handbook]\nkind = "files"\npath = "{path}"\nallow = ["everyone"]\n[users.ann]\ngroups = []\n',
        encoding="utf-8",
    )


def test_a_source_configured_with_dots_governs_its_folder(run: Any, docs: Path, tmp_path: Path) -> None:
    configure(f"../{tmp_path.name}/docs")
    assert run("ingest", "docs", "--json").value["added"] == 2
    (source,) = run("sources", "list", "--json").value["sources"]
    assert (source["name"], source["location"]) == ("handbook", docs.as_uri())
    assert run("search", "meals", "--as", "ann", "--json").value["hits"]


def test_a_path_that_leaves_a_source_by_dots_is_not_in_it(run: Any, docs: Path, tmp_path: Path) -> None:
    configure("docs")
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "minutes.md").write_text("# Minutes\n\nThe board meets in May.\n", encoding="utf-8")
    assert run("ingest", "docs/../board", "--json").value["added"] == 1
    assert run("search", "board", "--as", "ann", "--json").value == {"hits": []}
    assert run("ingest", "docs/../board", "--source", "handbook").status == 2


@pytest.mark.parametrize("arguments", [["."], ["docs", "--source", "other"], ["docs/travel.md", "--source", "other"]])
def test_the_rules_of_a_source_cannot_be_bypassed(run: Any, docs: Path, arguments: list[str]) -> None:
    configure("docs")
    refused = run("ingest", *arguments, "--allow", "everyone")
    assert (refused.status, "groundcrew sources sync handbook" in refused.err) == (2, True)


@pytest.mark.parametrize("path", ["x" * 300, "~nosuch/docs", "docs/travel.md/below"])
def test_a_path_that_cannot_be_is_bad_use(run: Any, docs: Path, path: str) -> None:
    refused = run("ingest", path)
    assert (refused.status, refused.err.count("\n")) == (2, 1)
    assert path in refused.err or "~nosuch" in refused.err


@pytest.mark.parametrize("home_name", ["docs/travel.md", "docs/travel.md/home", "~nosuch/home", "y" * 300])
@pytest.mark.parametrize(
    "arguments", [["ingest", "docs"], ["ask", "Why?"], ["sources", "list"], ["demo", "--no-serve"], ["doctor"]]
)
def test_a_home_that_cannot_be_made_is_bad_use(
    run: Any, docs: Path, monkeypatch: pytest.MonkeyPatch, home_name: str, arguments: list[str]
) -> None:
    monkeypatch.setenv("GROUNDCREW_HOME", home_name)
    refused = run(*arguments)
    assert (refused.status, refused.err.count("\n")) == (2, 1), refused.err
    assert (docs / "travel.md").is_file()


def test_one_source_that_fails_does_not_stop_the_others(run: Any, docs: Path) -> None:
    Path("groundcrew.toml").write_text(
        '[sources.gone]\nkind = "files"\npath = "gone"\n[sources.handbook]\nkind = "files"\npath = "docs"\n',
        encoding="utf-8",
    )
    outcome = run("sources", "sync")
    assert (outcome.status, outcome.err.count("\n")) == (2, 1)
    assert "gone: no such file or folder" in outcome.err
    assert "1 of 2 synced" in outcome.err
    assert len(run("search", "meals", "--json").value["hits"])
    assert "synced)" not in run("sources", "sync", "gone").err


def test_a_gate_bounds_mistakes_from_above(run: Any, docs: Path, tmp_path: Path) -> None:
    run("ingest", str(docs))
    questions, gate = tmp_path / "set.jsonl", tmp_path / "gate.json"
    rows = [
        {"id": "meals", "question": "How much may meals cost a day?", "answerable": True, "must_contain": ["60 ?EUR"]},
        {"id": "no-words", "question": "?!", "answerable": True},
        {"id": "no-text", "question": "\ud800 why?", "answerable": False},
    ]
    questions.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    for bounds, missed in (
        ({"wrong": 0, "abstained": 0.5, "right": 0.5, "rightly_abstained": 1}, []),
        ({"abstained": 0.4}, ["abstained 0.500 > 0.4"]),
        ({"right": 0.6}, ["right 0.500 < 0.6"]),
    ):
        gate.write_text(json.dumps(bounds), encoding="utf-8")
        outcome = run("eval", str(questions), "--gate", str(gate), "--json")
        assert (outcome.status, outcome.value["missed"]) == (bool(missed), missed)
    assert outcome.value["refused"] == ["no-words", "no-text"]
    for_people = run("eval", str(questions)).out
    assert "no-words refused, abstained" in for_people
    assert "no-text refused" in for_people


def test_the_words_of_a_document_do_not_steer_the_terminal(run: Any, docs: Path) -> None:
    (docs / "evil\x1b[2J\nname.txt").write_text("Visitors\n\nVisitors sign in at the \x9b2Jgate.\n", encoding="utf-8")
    (docs / "broken\x1b[31m.docx").write_bytes(b"PK\x03\x04")
    run("ingest", str(docs))
    for arguments in (
        ("ask", "Where do visitors sign in?"),
        ("search", "visitors"),
        ("sources", "quarantine"),
        ("ingest", "no\x1b[31m"),
    ):
        outcome = run(*arguments)
        assert not {c for c in outcome.out + outcome.err if unicodedata.category(c) == "Cc"} - {"\n"}
    hits = run("search", "visitors").out
    assert "evil[2J name.txt" in hits
    assert "sign in at the 2Jgate." in hits


def test_an_empty_home_is_hinted_at(run: Any, docs: Path, home: Path) -> None:
    hint = f"nothing is indexed yet in {home}: groundcrew ingest PATH\n"
    assert run("search", "meals", "--json").value == {"hits": []}
    assert run("search", "meals").err == hint
    assert run("ask", "How much may meals cost a day?").err == hint
    run("ingest", str(docs))
    assert run("ask", "How much may meals cost a day?").err == ""


def test_doctor_says_which_mend_fits(run: Any, docs: Path, home: Path) -> None:
    run("ingest", str(docs))
    with closing(Platform(load_settings())) as platform:
        platform.index.lexical.remove(platform.catalog.chunk_ids())
    (problem,) = run("doctor", "--json").value["problems"]
    assert problem == "the lexical index lacks 3 chunks that the catalog names; to mend: groundcrew doctor --repair"
    assert run("doctor", "--repair").status == 0
    with closing(sqlite3.connect(home / "catalog.sqlite")) as catalog, catalog:
        catalog.execute("update versions set text = 'other words'")
    problems = run("doctor", "--json").value["problems"]
    assert [f"move {home} aside" in problem for problem in problems] == [True, True]
    assert "--repair" not in run("doctor").out


def test_doctor_tells_when_a_sync_is_under_way(run: Any, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.wiring._PATIENCE_S", 0.2)
    run("ingest", str(docs))
    with Platform(load_settings()).locked():
        outcome = run("doctor")
    assert (outcome.status, "another groundcrew process" in outcome.err) == (3, True)
