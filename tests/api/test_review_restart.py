"""An answer that waits for a person outlasts the process that wrote it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from api.commands import ingest_paths
from api.settings import load_settings
from api.wiring import Platform
from tests.conftest import REPOSITORY

_POLICY = """
name: spending
rules:
  - id: money
    when: {question: ["cost|price"]}
    then: review
    why: answers about spending are read by finance first
    risk: high
"""
_ASKS = """
import sys
from api.commands import ask_question
from api.settings import load_settings
from api.wiring import Platform
platform = Platform(load_settings())
answer = ask_question(platform, "How much may meals cost a day?", platform.principal("ana"))
print(answer.run_id, answer.status.value, flush=True)
sys.stdin.read()
"""


def test_a_held_answer_is_approved_after_its_process_was_killed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "spending.yaml").write_text(_POLICY, encoding="utf-8")
    Path("groundcrew.toml").write_text('[crew]\npolicies = "policies"\n[users.ana]\ngroups = []\n', encoding="utf-8")
    file = tmp_path / "travel.md"
    file.write_text(
        "# Travel policy\n\n## Meals\n\nMeals are capped at 60 EUR a day.\n\n## Flights\n\n"
        "Business class requires the approval of a director. Flights are booked by the travel desk.\n",
        encoding="utf-8",
    )
    with closing(Platform(load_settings())) as platform:
        ingest_paths(platform, [file], "files", ("everyone",))
    with subprocess.Popen(
        [sys.executable, "-c", _ASKS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    ) as process:
        assert process.stdout is not None
        run_id, status = process.stdout.readline().split()
        process.kill()
    assert status == "needs_review"
    with closing(Platform(load_settings())) as platform:
        ana, admin = platform.principal("ana"), platform.principal(None)
        assert "60 EUR" not in json.dumps(platform.run_access.run(ana, run_id, explained=True))
        [listed] = platform.review_access.reviews(admin)["reviews"]
        assert listed["run_id"] == run_id
        done = platform.review_access.decide(admin, run_id, "approve", None)
        assert done["answer"]["status"] == "answered"
        found = platform.run_access.run(ana, run_id, explained=True)
        assert "60 EUR" in found["answer"]["answer"]
        assert [one["text"] for one in found["explanation"]["claims"]] == ["Meals are capped at 60 EUR a day."]
        assert platform.run_access.replay(admin, run_id)["same"]
