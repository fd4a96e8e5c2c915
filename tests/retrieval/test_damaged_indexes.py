"""Damaged index folders and broken libraries end in one clear error."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import SearchIndexError, as_index_error
from retrieval.lexical import LexicalIndex
from retrieval.model import IndexFilter
from retrieval.vectors import VectorIndex
from tests.fakes import FakeEmbedder, make_chunk, make_document

DOCUMENT = make_document("policy")
CHUNKS = [make_chunk(DOCUMENT, f"Rule {n} on travel.", start=100 * n, ordinal=n) for n in range(8)]


def vectors(folder: Path) -> Any:
    return VectorIndex(folder, FakeEmbedder())


def filled(make: Callable[[Path], Any], folder: Path) -> None:
    index = make(folder)
    index.write(CHUNKS, {DOCUMENT.id: DOCUMENT})
    index.close()


def assert_clear(make: Callable[[Path], Any], folder: Path) -> None:
    index = make(folder)
    with pytest.raises(SearchIndexError) as caught:
        index.search("rule travel", 5, IndexFilter())
    index.close()
    line = str(caught.value)
    assert str(folder) in line
    assert "doctor --repair" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "garbage", [b"this is no database, but some words" * 300, b"SQLite format 3\0" + b"\xff" * 9000, b"\0" * 4096]
)
def test_garbage_in_the_vector_database_is_a_clear_error(tmp_path: Path, garbage: bytes) -> None:
    filled(vectors, tmp_path / "vectors")
    (tmp_path / "vectors" / "chroma.sqlite3").write_bytes(garbage)
    assert_clear(vectors, tmp_path / "vectors")


def test_a_truncated_vector_database_is_a_clear_error_or_none(tmp_path: Path) -> None:
    filled(vectors, tmp_path / "vectors")
    path = tmp_path / "vectors" / "chroma.sqlite3"
    path.write_bytes(path.read_bytes()[:20_000])
    assert_clear(vectors, tmp_path / "vectors")


def test_a_vector_index_set_aside_is_made_anew_in_the_same_process(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    filled(vectors, folder)
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 999)
    index = vectors(folder)
    with pytest.raises(SearchIndexError):
        index.ids()
    index.close()
    shutil.move(folder, tmp_path / "aside")
    index.write(CHUNKS, {DOCUMENT.id: DOCUMENT})
    assert index.ids() == {chunk.id for chunk in CHUNKS}
    index.close()


@pytest.mark.parametrize("garbage", [b"{", b"", b'{"segments": 7}', b"\xff\xfe\x00"])
def test_garbage_in_the_lexical_index_is_a_clear_error(tmp_path: Path, garbage: bytes) -> None:
    filled(LexicalIndex, tmp_path / "lexical")
    (tmp_path / "lexical" / "meta.json").write_bytes(garbage)
    assert_clear(LexicalIndex, tmp_path / "lexical")


@pytest.mark.parametrize("suffix", [".term", ".idx", ".store", ".fast", ".pos", ".fieldnorm"])
@pytest.mark.parametrize("content", [None, b"", b"\xff" * 64])
def test_a_damaged_segment_of_the_lexical_index_is_a_clear_error_or_of_no_matter(
    tmp_path: Path, suffix: str, content: bytes | None
) -> None:
    folder = tmp_path / "lexical"
    filled(LexicalIndex, folder)
    for path in folder.glob(f"*{suffix}"):
        path.unlink() if content is None else path.write_bytes(content)
    index = LexicalIndex(folder)
    for read in (
        lambda: index.search("rule travel", 5, IndexFilter()),
        index.ids,
        lambda: index.rarity("travel", IndexFilter()),
    ):
        with suppress(SearchIndexError):
            read()


def test_a_lexical_index_set_aside_is_made_anew_in_the_same_process(tmp_path: Path) -> None:
    folder = tmp_path / "lexical"
    filled(LexicalIndex, folder)
    (folder / "meta.json").write_text("{")
    index = LexicalIndex(folder)
    with pytest.raises(SearchIndexError):
        index.ids()
    index.close()
    shutil.move(folder, tmp_path / "aside")
    index.write(CHUNKS, {DOCUMENT.id: DOCUMENT})
    assert index.ids() == {chunk.id for chunk in CHUNKS}


def test_a_file_in_the_place_of_an_index_is_a_clear_error(tmp_path: Path) -> None:
    for make in (vectors, LexicalIndex):
        (tmp_path / "there").write_text("a file")
        assert_clear(make, tmp_path / "there")


def test_a_second_writer_of_the_lexical_index_is_told_to_wait(tmp_path: Path) -> None:
    filled(LexicalIndex, tmp_path)
    first = LexicalIndex(tmp_path)
    writer = first._index.writer(64_000_000, 1)
    with pytest.raises(SearchIndexError, match="another process"):
        LexicalIndex(tmp_path).remove(["x"])
    del writer


def test_a_panic_of_a_library_is_a_search_index_error_and_an_interrupt_stays_one() -> None:
    class PanicException(BaseException):
        """As pyo3's, which is no Exception."""

    with pytest.raises(SearchIndexError, match="the index here"), as_index_error("the index here"):
        raise PanicException("range end index 7 out of range")
    with pytest.raises(KeyboardInterrupt), as_index_error("the index here"):
        raise KeyboardInterrupt
