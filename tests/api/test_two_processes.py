"""A serving process answers from what another process ingests meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from api.wiring import Platform
from retrieval.access import Principal
from retrieval.model import Query
from tests.conftest import REPOSITORY


def ingest_elsewhere(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "api", "ingest", str(folder)],
        check=True,
        capture_output=True,
        timeout=120,
        env={"GROUNDCREW_HOME": str(folder.parent / "home"), "PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
    )


def words_found(platform: Platform, text: str) -> list[str]:
    hits = platform.searcher.search(Query(text=text, principal=Principal(admin=True)))
    return [hit.chunk.text for hit in hits]


def test_another_processs_writes_are_found_and_its_removals_are_not(platform: Platform, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "cat.md").write_text("# Cat\n\nThe office cat is called Miezi.\n", encoding="utf-8")
    ingest_elsewhere(docs)
    assert words_found(platform, "What is the cat called?") == ["The office cat is called Miezi."]
    (docs / "dog.md").write_text("# Dog\n\nThe office dog is called Bello.\n", encoding="utf-8")
    ingest_elsewhere(docs)
    assert words_found(platform, "What is the dog called?")[0] == "The office dog is called Bello."
    (docs / "cat.md").unlink()
    (docs / "dog.md").write_text("# Dog\n\nThe office dog is called Waldi.\n", encoding="utf-8")
    ingest_elsewhere(docs)
    assert words_found(platform, "What are the cat and the dog called?") == ["The office dog is called Waldi."]
