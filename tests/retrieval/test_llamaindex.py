"""LlamaIndex on Groundcrew: its query engines answer from what one person may read."""

from __future__ import annotations

import asyncio
import builtins
import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import CompletionResponse, CompletionResponseGen, LLMMetadata
from llama_index.core.llms import CustomLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode

from api.commands import ingest_paths
from api.settings import load_settings
from api.wiring import Platform
from ingest.errors import MissingLibrary
from retrieval.access import Principal
from retrieval.errors import FilterError
from retrieval.llamaindex import GroundcrewRetriever
from retrieval.model import Hit, Passage

DOCS = Path(__file__).resolve().parents[2] / "docs" / "llamaindex.md"


class Echo(CustomLLM):
    """A language model that answers with its prompt, so that a test sees what it was given."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=8000, num_output=500)

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        return CompletionResponse(text=prompt)

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        yield CompletionResponse(text=prompt, delta=prompt)


@pytest.fixture
def handbook(platform: Platform, tmp_path: Path) -> Platform:
    """A home with one document for everyone and one for the board."""
    for name, text in (
        ("travel.md", "# Travel\n\n## Hotels\n\nA hotel may cost 120 EUR a night.\n"),
        ("merger.md", "# Merger\n\nThe hotel chain Lapwing is to be bought.\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    ingest_paths(platform, [tmp_path / "travel.md"], None, ("everyone",))
    ingest_paths(platform, [tmp_path / "merger.md"], None, ("group:board",))
    return platform


def uris(nodes: Sequence[Any]) -> set[str]:
    return {found.node.metadata["uri"].rsplit("/", 1)[-1] for found in nodes}


def test_a_query_engine_answers_from_what_its_person_may_read(handbook: Platform) -> None:
    question = "What may a hotel cost?"
    ana = GroundcrewRetriever(handbook.searcher.search, Principal(user="ana"))
    answer = RetrieverQueryEngine.from_args(ana, llm=Echo()).query(question)
    assert "120 EUR" in str(answer)
    assert "Lapwing" not in str(answer)
    assert uris(answer.source_nodes) == {"travel.md"}
    board = GroundcrewRetriever(handbook.searcher.search, Principal(groups=frozenset({"board"})))
    answer = RetrieverQueryEngine.from_args(board, llm=Echo()).query(question)
    assert uris(answer.source_nodes) == {"travel.md", "merger.md"}

    # Denied by default: who names nobody is nobody.
    assert uris(GroundcrewRetriever(handbook.searcher.search).retrieve("Lapwing")) == {"travel.md"}

    async def both() -> list[Any]:
        return [await ana.aretrieve("Lapwing"), await RetrieverQueryEngine.from_args(ana, llm=Echo()).aquery(question)]

    found, later = asyncio.run(both())
    assert uris(found) == {"travel.md"}
    assert "120 EUR" in str(later)

    # A node can be cited: its text is a span of the version's canonical text.
    [first] = ana.retrieve(question)
    node, about = first.node, first.node.metadata
    text = handbook.catalog.text(about["document_id"], about["version"])
    assert text is not None
    assert node.text == text[about["start"] : about["end"]] == "A hotel may cost 120 EUR a night."
    assert (about["line_start"], about["line_end"], about["headings"]) == (5, 5, "Travel > Hotels")
    assert node.ref_doc_id == about["document_id"]
    assert first.score is not None
    shown = node.get_content(MetadataMode.LLM)
    assert "Travel > Hotels" in shown
    assert "sha256" not in shown

    # Filters hold, and a wrong one is told.
    assert GroundcrewRetriever(handbook.searcher.search, where={"source": "elsewhere"}).retrieve("hotel") == []
    with pytest.raises(FilterError):
        GroundcrewRetriever(handbook.searcher.search, where={"colour": "red"}).retrieve("hotel")

    # Packed passages become nodes as hits do.
    def pack(query: str, hits: Sequence[Hit]) -> list[Passage]:
        return [
            Passage(
                document=hit.document,
                start=hit.chunk.start,
                end=hit.chunk.end,
                text=hit.chunk.text,
                context="Travel",
                locator=hit.locator,
                score=hit.score,
                tokens=9,
                chunk_ids=(hit.chunk.id,),
            )
            for hit in hits
        ]

    [packed] = GroundcrewRetriever(handbook.searcher.search, pack=pack).retrieve(question)
    assert (packed.node.text, packed.node.metadata["context"]) == (node.text, "Travel")


def test_the_example_of_the_documentation_runs(handbook: Platform, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"llm": Echo()}
    exec(first.replace("platform.close()", "") + second, names)
    names["platform"].close()
    out = capsys.readouterr().out
    assert "travel.md 5 A hotel may cost 120 EUR a night." in out
    assert "Lapwing" not in out
    assert load_settings().home == names["platform"].home


def test_without_llamaindex_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("llama_index"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.delitem(sys.modules, "retrieval.llamaindex")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingLibrary, match=r"pip install 'groundcrew\[llamaindex\]'"):
        importlib.import_module("retrieval.llamaindex")
