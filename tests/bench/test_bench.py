"""The measuring scripts run on a handful of files. What they measure is not asserted: it depends on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.unchanged import make_files
from tests.conftest import REPOSITORY


def bench(name: str, *arguments: str) -> dict[str, Any]:
    """The one JSON value that a script prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments, "--json"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    value: dict[str, Any] = json.loads(done.stdout)
    return value


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    make_files(tmp_path / "corpus", 4)
    return tmp_path / "corpus"


def test_ingest_measures_its_own_side_without_the_libraries_of_the_other(corpus: Path) -> None:
    figures = bench("ingest", "--corpus", str(corpus), "--sides", "groundcrew")
    side = figures["sides"]["groundcrew"]
    assert (side["files"], side["chunks"], figures["compared"]) == (4, 4, 4)
    assert figures["cosine"] >= 0.999
    assert 0 < figures["busy"] <= 1
    assert side["peak_mib"] > 0


def test_unchanged_measures_a_folder_that_is_in_step(corpus: Path) -> None:
    figures = bench("unchanged", "--corpus", str(corpus), "--repeat", "1")
    assert (figures["files"], figures["chunks"], figures["embedder"]) == (4, 4, "real")
    assert figures["second_s"] > 0


@pytest.mark.parametrize("mode", [(), ("--serve",)])
def test_freshness_sees_an_edit_and_a_deletion(corpus: Path, mode: tuple[str, ...]) -> None:
    figures = bench("freshness", "--corpus", str(corpus), "--changes", "1", *mode)
    assert figures["documents"] == 4
    assert figures["edit"]["median"] > 0
    assert figures["deletion"]["median"] > 0
