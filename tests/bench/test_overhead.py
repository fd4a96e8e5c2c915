"""The measurement of the crew's own cost, over two small documents."""

from __future__ import annotations

import json
from pathlib import Path

from bench.overhead import measure


def test_an_answer_is_measured_cold_and_warm_beside_its_search(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "leave.md").write_text("# Leave\n\nLeave is thirty days a year.\n", encoding="utf-8")
    (corpus / "travel.md").write_text("# Travel\n\nTrips are booked at the travel desk.\n", encoding="utf-8")
    lines = [
        {"id": str(at), "question": question, "answerable": True, "type": "fact"}
        for at, question in enumerate(("How many days is leave?", "Where are trips booked?"))
    ]
    question_set = tmp_path / "set.jsonl"
    question_set.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = measure(corpus, question_set, 2)
    assert found["questions"] == 2
    assert set(found["ms"]) == {"search", "cold", "warm"}
    for way in ("cold", "warm"):
        stages = found["ms"][way]
        assert 0 < stages["own"]["median"] < stages["total"]["median"]
