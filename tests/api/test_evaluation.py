"""Runs of a question set: kept in the home, held against earlier ones, made under other settings."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.commands import ingest_paths
from api.errors import UsageError
from api.evaluation import evaluate_set, overridden
from api.evaluation_report import show_evaluation
from api.evaluations import History, QuestionRecord, Record, new_id, settings_changed
from api.settings import Settings
from api.wiring import Platform


@pytest.fixture
def asked(platform: Platform, tmp_path: Path) -> Path:
    """A question set over two ingested files."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "travel.md").write_text("# Travel\n\nMeals cost at most 60 EUR a day.\n", encoding="utf-8")
    (docs / "leave.md").write_text("# Leave\n\nEveryone has 30 days of leave a year.\n", encoding="utf-8")
    ingest_paths(platform, [docs], None, ())
    rows = [
        {
            "id": "meals",
            "question": "How much may meals cost a day?",
            "answerable": True,
            "gold_files": ["travel.md"],
            "gold_quotes": ["60 EUR", "no such words"],
            "must_contain": ["60 ?EUR"],
        },
        {"id": "moon", "question": "How far is the moon?", "answerable": False},
        {"id": "no-words", "question": "?!", "answerable": True, "gold_files": ["gone.md"]},
    ]
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def record(identity: str, set_sha256: str = "ab" * 32, score: float = 1.0) -> Record:
    return Record(
        id=identity,
        when="2026-01-05T09:00:00+00:00",
        set_path="set.jsonl",
        set_sha256=set_sha256,
        settings={},
        documents=1,
        chunks=1,
        figures={},
        questions=[QuestionRecord(key="a", question="?", result="right", scores={"right": score})],
    )


def test_a_run_measures_answers_and_retrieval_and_is_kept_for_its_owner_alone(
    platform: Platform, asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = evaluate_set(platform, asked, None)
    value = first.as_json()
    assert (value["right"], value["change"], value["compared"]) == (1, None, None)
    found = value["retrieval"]["figures"]
    assert (found["mrr"]["value"], found["recall@10"]["value"], found["char_recall@10"]["value"]) == (0.5, 0.5, 1.0)
    assert 0 <= found["mrr"]["low"] <= found["mrr"]["high"] <= 1
    assert value["retrieval"]["unmapped"] == {"meals": ["no such words"], "no-words": ["gone.md"]}
    assert value["intervals"]["right"]["value"] == value["shares"]["right"]
    assert first.kept is not None
    assert stat.S_IMODE(first.kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.kept.parent.stat().st_mode) == 0o700
    json.dumps(value)

    second = evaluate_set(platform, asked, None, compare_with=first.record.id)
    assert second.latest is not None
    assert second.compared is not None
    assert (second.latest.id, second.compared.id) == (first.record.id, first.record.id)
    assert second.as_json()["change"]["dropped"] == []
    show_evaluation(second)
    shown = capsys.readouterr().out
    assert "nothing has changed" in shown
    assert "meals: not in the catalog: no such words" in shown


def test_a_question_that_is_no_text_is_kept_too(platform: Platform, asked: Path) -> None:
    row = {"id": "b\ud800", "question": "\ud800?", "answerable": True, "gold_files": ["leave.md"]}
    asked.write_text(json.dumps(row), encoding="utf-8")
    first, second = evaluate_set(platform, asked, None), evaluate_set(platform, asked, None)
    assert first.as_json()["refused"] == ["b\ud800"]
    assert second.latest is not None
    assert second.latest.changes["mrr"].after == 0.0


def test_a_significant_drop_is_said_plainly(
    platform: Platform, asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [json.loads(asked.read_text(encoding="utf-8").split("\n")[0]) | {"id": f"m{n}"} for n in range(8)]
    asked.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    good = evaluate_set(platform, asked, None)
    for one in platform.catalog.documents():
        platform.index.remove(platform.catalog.chunk_ids(one.id))
    bad = evaluate_set(platform, asked, None)
    assert bad.latest is not None
    assert bad.latest.id == good.record.id
    dropped = bad.as_json()["change"]["dropped"]
    assert {"right", "mrr", "char_recall@10"} <= set(dropped)
    show_evaluation(bad)
    assert "mrr is significantly worse than it was" in capsys.readouterr().out


def test_the_latest_run_of_the_same_set_is_found_and_damage_is_passed_over_aloud(tmp_path: Path) -> None:
    said: list[str] = []
    history = History(tmp_path, said.append)
    assert history.latest("ab" * 32) is None
    names = [new_id("ab" * 32, datetime(2026, 1, day, tzinfo=UTC))[0] for day in (1, 2, 3)]
    other = new_id("cd" * 32, datetime(2026, 1, 4, tzinfo=UTC))[0]
    for name in names:
        history.add(record(name))
    history.add(record(other, "cd" * 32))
    path = history.add(record(names[2]))
    assert path is not None
    path.write_text('{"id": 1}', encoding="utf-8")
    latest = history.latest("ab" * 32)
    assert latest is not None
    assert latest.id == names[1]
    assert names[2] in said[0]
    assert history.find(str(history.home / "evaluations" / f"{other}.json")).id == other
    with pytest.raises(UsageError, match="holds no evaluation"):
        history.find(names[2])
    with pytest.raises(UsageError, match=other):
        history.find("nothing")
    assert not list((tmp_path / "evaluations").glob("*.partial"))


def test_a_home_that_cannot_be_written_to_costs_the_history_not_the_run(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "evaluations").write_text("a file stands here", encoding="utf-8")
    assert History(tmp_path, said.append).add(record("x")) is None
    assert "not kept" in said[0]


def test_a_run_of_other_questions_cannot_be_compared_with(platform: Platform, asked: Path) -> None:
    History(platform.home, print).add(record("elsewhere"))
    with pytest.raises(UsageError, match="no question in common"):
        evaluate_set(platform, asked, None, compare_with="elsewhere")


def test_settings_are_overridden_for_one_run() -> None:
    assert overridden(Settings(), ["retrieval.engine=torch", "server.port=1"]).retrieval.engine == "torch"
    assert overridden(Settings(), ["retrieval.precision=f32"]).retrieval.precision == "f32"
    assert overridden(Settings(), []) == Settings()
    assert settings_changed({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": [2, 3]}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("retrieval.engine", "not SECTION.KEY=VALUE"),
        ("engine=torch", "not SECTION.KEY=VALUE"),
        ("retrieval.speed=1", "no setting 'retrieval.speed'; there are"),
        ("sources.x=1", "no setting"),
        ("nothing.x=1", "no setting"),
        ("retrieval.engine=steam", "Input should be"),
    ],
)
def test_a_wrong_override_is_refused_with_what_there_is(entry: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        overridden(Settings(), [entry])
