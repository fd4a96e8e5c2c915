"""The plan of the house, held against the imports: floors, one home a library, sizes."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FLOORS = ("ingest", "retrieval", "agents", "api")
MODULES = sorted(path for floor in FLOORS for path in (REPOSITORY / floor).rglob("*.py"))
MOST_LINES = 320

HOMES = {
    "chromadb": ("retrieval/vectors.py",),
    "tantivy": ("retrieval/lexical.py", "retrieval/lexical_rows.py"),
    "numkong": ("retrieval/quantized.py",),
    "unstructured": ("ingest/parsing/unstructured.py",),
    "fastapi": ("api/",),
    "starlette": ("api/",),
    "uvicorn": ("api/",),
    "typer": ("api/",),
    "rich": ("api/",),
    "workflows": ("agents/crew.py",),
    "openvino": ("retrieval/",),
    "torch": ("retrieval/embedding.py",),
    "sentence_transformers": ("retrieval/embedding.py", "retrieval/reranking.py", "retrieval/nli.py"),
    "sqlite3": ("ingest/", "api/job.py"),
    "prometheus_client": ("api/telemetry.py",),
    "dbos": ("api/jobs.py",),
    "watchdog": ("ingest/inotify.py", "ingest/notifying.py"),
    "llama_index": ("ingest/connectors/llamahub/", "retrieval/llamaindex.py", "agents/gateway/providers.py"),
    "croniter": ("api/scheduling.py",),
    "sqlalchemy": ("ingest/connectors/database/", "api/job"),
    "fsspec": ("ingest/connectors/object_store/",),
    "yaml": ("agents/policies.py",),
    "stdnum": ("agents/gateway/privacy/",),
    "spellchecker": ("agents/gateway/privacy/lexicon.py",),
}
ENVIRONMENT = {
    "api/settings.py",
    "api/__main__.py",
    "api/cli.py",
    "retrieval/embedding.py",
    "retrieval/vectors.py",
    "ingest/parsing/unstructured.py",
    "ingest/parsing/ocr.py",
    "ingest/isolating.py",
    "ingest/connectors/git/clone.py",
    "ingest/connectors/llamahub/reader.py",
    "api/demo.py",
}
"""Settings read the environment; the others hand it on to a program that they start, or switch off a library's
network or telemetry before importing it."""


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """A module's syntax tree, made once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[str]:
    """The top-level packages that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return frozenset(found)


def test_the_floors_hold() -> None:
    # In a process of its own: it switches off every logger that it finds.
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_library_has_one_home(library: str) -> None:
    users = [name_of(path) for path in MODULES if library in imports(path)]
    assert [user for user in users if not user.startswith(HOMES[library])] == []


def test_the_environment_is_touched_in_few_places() -> None:
    touching = set()
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "putenv"):
                touching.add(name_of(path))
    assert touching <= ENVIRONMENT


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_readable_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path))
