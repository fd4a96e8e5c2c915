"""The memory of token vectors, in RAM and on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from agents.forgetting import ForgettingSink
from agents.matching import Tokens
from agents.remembering import RememberedEmbeddings, halved, widened
from agents.token_store import TokenStore
from tests.agents.word_embeddings import WordEmbeddings
from tests.fakes import FakeSink


class CountingEmbeddings(WordEmbeddings):
    """Notes every text that it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def embed_tokens(self, texts: Sequence[str]) -> list[Tokens]:  # type: ignore[override]
        self.asked += texts
        return list(super().embed_tokens(texts))


def test_no_text_is_embedded_twice() -> None:
    inner = CountingEmbeddings()
    memory = RememberedEmbeddings(inner)
    first = memory.token_matrix(["two words", "three more words", "two words"], 64)
    again = memory.token_matrix(["three more words"], 64)
    assert sorted(inner.asked) == ["three more words", "two words"]
    np.testing.assert_array_equal(first.vectors[first.starts[1] :][:3], again.vectors)
    assert first.counts.tolist() == [2, 3, 2]


def test_the_memory_keeps_its_bound_and_drops_what_was_not_asked_for_the_longest() -> None:
    inner = CountingEmbeddings()
    memory = RememberedEmbeddings(inner, most_bytes=3000)
    for number in range(50):
        memory.token_matrix(["often asked", f"text {number}"], 64)
        assert memory.held_bytes <= 3000
    assert inner.asked.count("often asked") == 1
    memory.token_matrix(["text 0"], 64)
    assert inner.asked.count("text 0") == 2


def test_vectors_outlast_their_rounding() -> None:
    vectors = np.random.default_rng(7).normal(size=(40, 64)).astype(np.float32)
    back = widened([halved(vectors)], 64)
    np.testing.assert_allclose(back, vectors, rtol=2**-8)
    np.testing.assert_array_equal(halved(back), halved(vectors))


def test_texts_without_tokens_have_a_mean_of_zero() -> None:
    found = RememberedEmbeddings(WordEmbeddings()).token_matrix(["-", "word"], 64)
    assert found.counts.tolist() == [0, 1]
    assert not found.means[0].any()


def test_what_is_kept_on_disk_is_not_embedded(tmp_path: Path) -> None:
    inner, store = CountingEmbeddings(), TokenStore(tmp_path / "tokens.sqlite", "words")
    learnt = RememberedEmbeddings(inner).learn(["known words", "more"])
    store.write("chunk", learnt)
    store.close()
    store = TokenStore(tmp_path / "tokens.sqlite", "words")
    inner.asked.clear()
    found = RememberedEmbeddings(inner, store.read).token_matrix(["known words", "new"], 64)
    assert inner.asked == ["new"]
    np.testing.assert_array_equal(halved(found.vectors[:2]), learnt["known words"])
    store.close()


def test_what_is_said_twice_stays_until_the_last_chunk_goes(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens.sqlite", "words")
    said = RememberedEmbeddings(WordEmbeddings()).learn(["both say it", "one says it"])
    store.write("one", said)
    store.write("two", {"both say it": said["both say it"]})
    store.remove(["one", "unknown"])
    assert set(store.read(["both say it", "one says it"])) == {"both say it"}
    assert store.keep_only([]) == 1
    assert store.read(["both say it"]) == {}
    store.close()
    assert b"both say it" not in (tmp_path / "tokens.sqlite").read_bytes()


def test_the_file_keeps_its_bound_and_drops_what_came_first(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens.sqlite", "words", most_bytes=400_000)
    memory = RememberedEmbeddings(WordEmbeddings())
    for number in range(60):
        store.write(f"chunk {number}", memory.learn([f"{number} " + "word " * 200]))
    held = store.chunk_ids()
    assert "chunk 59" in held
    assert "chunk 0" not in held
    assert store.is_full or len(held) < 60
    store.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as a header" * 40, None])
def test_a_damaged_file_or_one_of_another_model_is_made_anew(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "tokens.sqlite"
    if content is not None:
        path.write_bytes(content)
    else:
        old = TokenStore(path, "another model")
        old.write("chunk", RememberedEmbeddings(WordEmbeddings()).learn(["words"]))
        old.close()
    store = TokenStore(path, "words")
    assert store.read(["words"]) == {}
    assert store.chunk_ids() == set()
    store.close()


def test_a_sync_that_drops_chunks_drops_their_vectors(tmp_path: Path) -> None:
    store, sink = TokenStore(tmp_path / "tokens.sqlite", "words"), FakeSink()
    store.write("gone", RememberedEmbeddings(WordEmbeddings()).learn(["words"]))
    ForgettingSink(sink, store.remove).remove(["gone"])
    assert store.chunk_ids() == set()
    store.close()
