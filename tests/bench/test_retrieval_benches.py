"""The small parts of the measurements of retrieval, and a run over a handful of passages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.baselines import Piece, Search
from bench.caching import VectorCache, remembered
from bench.chunking import hits_in_order, place_of
from bench.filings import right_documents
from bench.passages import Passage, Question, document_of, group, lay_out, read_set, title_of
from bench.reporting import comparison, figures
from bench.retrieval import BASELINES, evaluate, measure, retrieval_settings
from ingest.locating import locate
from ingest.model import ElementKind
from retrieval.embedding import ModelTokenizer
from retrieval.model import Hit
from retrieval.ports import Array
from tests.conftest import REPOSITORY
from tests.fakes import make_chunk, make_document


def passage(identity: str, title: str = "", text: str = "words") -> Passage:
    return Passage(id=identity, title=title, text=text)


def write(folder: Path, passages: Sequence[object], questions: Sequence[object]) -> Path:
    for name, rows in (("passages", passages), ("questions", questions)):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("identity", "document", "title"),
    [
        ("https://host/docs/travel#meals", "https://host/docs/travel", "travel"),
        ("https://host/docs/travel", "https://host/docs/travel", "travel"),
        ("src/main.rs:12", "src/main.rs", "main.rs"),
        ("5e4c01057a10732d34784af2a97bee9d:0", "5e4c01057a10732d34784af2a97bee9d", ""),
        ("5e4c0105-7a10-732d-3478-4af2a97bee9d", "5e4c0105-7a10-732d-3478-4af2a97bee9d", ""),
        ("17", "17", ""),
        ("#top", "#top", "#top"),
        ("", "", ""),
    ],
)
def test_a_passage_belongs_to_what_its_id_says(identity: str, document: str, title: str) -> None:
    assert (document_of(identity), title_of(document)) == (document, title)


def test_passages_of_a_document_are_its_sections_one_below_the_other() -> None:
    parts = [passage("d#1", "Meals", "Meals\n\n60 EUR."), passage("e"), passage("d#2", "Trains", "They go first.")]
    assert {name: [one.id for one in ones] for name, ones in group(parts).items()} == {"d": ["d#1", "d#2"], "e": ["e"]}
    text, laid = lay_out([parts[0], passage("d#0", "", ""), parts[2]])
    found = [[(e.kind, text[e.start : e.end]) for e in elements] for _, elements in laid]
    heading, paragraph = ElementKind.HEADING, ElementKind.PARAGRAPH
    assert found == [
        [(heading, "Meals"), (paragraph, "60 EUR.")],
        [],
        [(heading, "Trains"), (paragraph, "They go first.")],
    ]


def test_halves_share_no_question_and_leave_none_out() -> None:
    halves = [Question(text=f"question {n}", gold=frozenset("a")).half for n in range(200)]
    assert set(halves) == {1, 2}
    assert 60 < halves.count(1) < 140


@pytest.mark.parametrize("bad", ['{"id": 1}\nnonsense', '{"title": "no id"}', "[]", ""])
def test_a_bad_set_is_refused_with_file_and_line(tmp_path: Path, bad: str) -> None:
    write(tmp_path, [], [{"question": "?", "gold_ids": []}])
    (tmp_path / "passages.jsonl").write_text(bad, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"passages\.jsonl"):
        read_set(tmp_path)


def test_a_small_set_is_measured_from_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BASELINES, "nowhere", ("no_such_module", "build", "no-such-package"))
    folder = write(
        tmp_path,
        [
            {"id": "h#1", "title": "Meals", "text": "Meals cost at most 60 EUR a day.", "more": 1},
            {"id": "h#2", "title": None, "text": "Everyone has 30 days of leave a year."},
            {"id": 3, "text": ""},
            {"id": "long", "title": "Long", "text": "Pumps are greased every week. " * 300},
        ],
        [
            {"question": "How much may meals cost?", "gold_ids": ["h#1"], "answer": "60 EUR"},
            {"question": "How many days of leave are there?", "gold_ids": ["h#2", "gone"]},
            {"question": "?!", "gold_ids": [3]},
            {"question": "nobody knows", "gold_ids": []},
        ],
    )
    report = evaluate(folder, ["groundcrew", "nowhere"], None, cache=tmp_path / "cache")
    json.dumps(report)
    assert (report["passages"], report["questions"], report["questions_without_gold"]) == (4, 3, 1)
    assert report["gold_ids_not_in_passages"] == 1
    ours = report["systems"]["groundcrew"]
    assert ours["pass@5"]["value"] == pytest.approx(2 / 3, abs=1e-4)
    assert ours["recall@5"]["value"] == pytest.approx(0.5)
    assert ours["failed_queries"] == 0
    assert report["skipped"]["nowhere"].endswith("pip install no-such-package")
    assert (tmp_path / "cache" / "vectors.npz").is_file()


def test_a_query_that_a_system_fails_on_counts_as_nothing_found() -> None:
    def search(query: str, _k: int) -> list[str]:
        if query == "bad":
            raise RuntimeError("it cannot")
        return ["a"]

    outcome = measure(search, [Question(text=text, gold=frozenset("a")) for text in ("good", "bad")])
    assert (outcome.failures, [row["mrr"] for row in outcome.scores]) == (1, [1.0, 0.0])
    assert [row["mrr"] for row in outcome.of([False, True]).scores] == [0.0]


def test_an_override_of_a_setting_is_checked() -> None:
    made = retrieval_settings(["retrieval.engine=torch"])
    assert made is not None
    assert made.engine == "torch"
    assert retrieval_settings([]) is None
    with pytest.raises(ValueError, match="speed"):
        retrieval_settings(["speed=1"])


def test_vectors_are_made_once(tmp_path: Path) -> None:
    made: list[str] = []

    def embed(texts: Sequence[str]) -> Array:
        made.extend(texts)
        return np.array([[len(text), 0] for text in texts], dtype=np.float32)

    first = VectorCache(tmp_path)
    assert first.embed(["a", "bb", "a"], embed)[:, 0].tolist() == [1, 2, 1]
    first.save()
    assert VectorCache(tmp_path).embed(["bb", "ccc"], embed)[:, 0].tolist() == [2, 3]
    assert made == ["a", "bb", "ccc"]
    VectorCache(None).save()


def test_work_is_remembered_by_its_key(tmp_path: Path) -> None:
    assert remembered(tmp_path, ("a", 1), lambda: {"found": 1}) == {"found": 1}
    assert remembered(tmp_path, ("a", 1), lambda: {"found": 2}) == {"found": 1}
    assert remembered(tmp_path, ("a", 2), lambda: {"found": 2}) == {"found": 2}
    assert remembered(None, ("a", 1), lambda: {"found": 3}) == {"found": 3}


def test_figures_are_means_and_comparisons_run_question_by_question() -> None:
    rows = [{"mrr": 1.0, "recall": 0.5}, {"mrr": 0.0}]
    assert (figures(rows)["mrr"]["value"], figures(rows)["recall"]["value"]) == (0.5, 0.5)
    held = comparison([{"mrr": 1.0}, {"mrr": 0.5}], [{"mrr": 0.0}, {"mrr": 0.5}])
    assert (held["mrr"]["wins"], held["mrr"]["ties"], held["mrr"]["difference"]) == (1, 1, 0.5)


def test_a_reference_is_found_where_it_stands_now() -> None:
    text = "one two. three\nfour. one two."
    assert place_of("one two.", 21, text) == (21, 29)
    assert place_of("one two.", 18, text) == (21, 29)
    assert place_of("three four.", 9, text) == (9, 20)
    assert place_of("not there", 0, text) is None
    assert place_of(" ", 50, "") is None


def test_hits_fill_the_budget_and_no_more(tokenizer: ModelTokenizer) -> None:
    document = make_document("a.txt")
    texts = ["one two three", "four five six", "seven"]
    chunks = [make_chunk(document, text, start=place * 20) for place, text in enumerate(texts)]
    hits = [
        Hit(rank=n, score=1.0, document=document, chunk=c, locator=locate(c, c.start, c.end), why={})
        for n, c in enumerate(chunks, 1)
    ]
    assert hits_in_order(tokenizer)("?", hits, 4) == {document.id: [(0, 13), (20, 24)]}
    assert hits_in_order(tokenizer)("?", hits, 100) == {document.id: [(0, 13), (20, 33), (40, 45)]}
    assert hits_in_order(tokenizer)("?", [], 4) == {}


def test_a_glob_names_files_with_or_without_their_suffix() -> None:
    documents = [make_document("docs/2023 Q1 AAPL.pdf"), make_document("docs/2023 Q2 AAPL.pdf")]
    assert right_documents("*AAPL*", documents) == {d.id for d in documents}
    assert right_documents("*Q1 AAPL", documents) == {documents[0].id}
    assert right_documents("*MSFT*", documents) == frozenset()


def test_bm25_finds_nothing_for_words_that_stand_nowhere(tmp_path: Path) -> None:
    pytest.importorskip("bm25s")
    from bench.baselines.plain import build_bm25

    pieces: list[Piece] = [("a", "grease the pump"), ("b", "book the train")]
    search: Search = build_bm25(pieces, tmp_path, tmp_path)
    assert search("which pumps are greased", 5) == ["a"]
    assert search("zebra", 5) == []


def test_the_script_prints_one_json_value(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        [{"id": "a", "title": "Meals", "text": "60 EUR a day."}],
        [{"question": "What do meals cost?", "gold_ids": ["a"]}],
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.retrieval", "--set", str(folder), "--systems", "groundcrew", "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["systems"]["groundcrew"]["mrr"]["value"] == 1.0
