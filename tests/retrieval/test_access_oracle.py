"""What somebody may not read has no effect on anything they see: random companies against two oracles."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.catalog import Catalog
from ingest.model import Access
from retrieval.lexical import LexicalIndex
from retrieval.model import IndexFilter
from tests.fakes import EVERYONE, make_chunk, make_document
from tests.retrieval.access_oracle import cases


@pytest.mark.parametrize("seed", range(3))
def test_results_are_those_of_a_world_that_holds_only_what_may_be_read(tmp_path: Path, seed: int) -> None:
    found = list(cases(tmp_path, seed, states=2, principals=2, questions=30))
    assert len(found) == 120
    assert [case.fault for case in found if case.fault] == []


def test_the_oracle_tells_of_words_counted_in_what_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = LexicalIndex._count

    def count_all(index: LexicalIndex, *arguments: object) -> int:
        term, reading, _, *field = arguments
        return count(index, term, reading, None, *field)  # type: ignore[arg-type]

    monkeypatch.setattr(LexicalIndex, "_count", count_all)
    assert any(case.fault for case in cases(tmp_path, 0, states=1, principals=2, questions=30))


def test_the_oracle_tells_of_a_key_that_only_others_documents_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Catalog.metadata_keys
    monkeypatch.setattr(Catalog, "metadata_keys", lambda catalog, _: keys(catalog, None))
    assert any(case.fault for case in cases(tmp_path, 2, states=1, principals=3, questions=60))


def test_a_language_that_only_others_read_changes_no_score(tmp_path: Path) -> None:
    mine = make_document("tools.md", text="a")
    theirs = make_document("werkzeug.md", access=Access(allow=("group:board",)), access_id=2, text="b")
    own = [make_chunk(mine, "The die of press FJ-320 is made in Hull."), make_chunk(mine, "The press.", start=99)]
    other = make_chunk(theirs, "Die Presse wird nach der Übernahme mit den Werkzeugen verkauft.")
    only = IndexFilter(access=frozenset({1}))
    found = []
    for name in ("mixed", "alone"):
        index = LexicalIndex(tmp_path / name)
        index.write(own, {mine.id: mine})
        if name == "mixed":
            index.write([other], {theirs.id: theirs})
        found.append([index.search(text, 10, only) for text in ("die FJ-320", "Presse", "press dies")])
        found[-1].append([("", index.rarity(word, only)) for word in ("die", "Presse", "Werkzeug")])
        index.close()
    assert found[0] == found[1]


def test_of_equally_good_chunks_those_with_the_first_ids_are_taken(tmp_path: Path) -> None:
    document = make_document("a.md", access=EVERYONE, text="a")
    chunks = [make_chunk(document, f"The press of hall {n}.", start=100 * n, ordinal=n) for n in range(12)]
    index = LexicalIndex(tmp_path)
    for chunk in reversed(chunks):
        index.write([chunk], {document.id: document})
    everything = index.search("press", 50, IndexFilter())
    assert len({score for _, score in everything}) == 1
    assert [chunk_id for chunk_id, _ in everything] == sorted(chunk.id for chunk in chunks)
    for k in (1, 3, 11):
        assert index.search("press", k, IndexFilter()) == everything[:k]
    index.close()


def test_a_chunk_that_is_written_again_and_again_is_still_found(tmp_path: Path) -> None:
    document = make_document("a.md", text="a")
    index = LexicalIndex(tmp_path)
    for _ in range(6):
        index.write([make_chunk(document, "The press of Hull.")], {document.id: document})
    assert len(index.search("press", 5, IndexFilter())) == 1
    assert 0.0 <= index.rarity("press", IndexFilter()) <= 1.0
    index.close()
