"""What every embedder does, and that both engines give the same vectors."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding import ModelTokenizer, OpenVinoEmbedder, SentenceTransformerEmbedder, bundled_model
from retrieval.errors import ModelError
from retrieval.ports import Embedder
from tests.fakes import FakeEmbedder

TEXTS = [
    "Business class requires the approval of a director.",
    "",
    "long text with many words and numbers 1,200.50 " * 60,
    "Die Reisekosten werden nach § 4 Abs. 2 erstattet; Übernachtung höchstens 120 €.",
    "def embed(texts):\n    return [model(t) for t in texts]  # O(n)",
    "日本語の文書 \U0001f6eb naïve e\u0301te مرحبا",
    "x" * 400,
    "A.",
]


@pytest.fixture(scope="module")
def reference() -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(bundled_model(), verify=False)


@pytest.fixture(params=["fake", "openvino", "torch"])
def any_embedder(
    request: pytest.FixtureRequest, embedder: OpenVinoEmbedder, reference: SentenceTransformerEmbedder
) -> Embedder:
    return {"fake": FakeEmbedder(), "openvino": embedder, "torch": reference}[request.param]


def test_vectors_are_of_length_1_and_in_the_order_of_their_texts(any_embedder: Embedder) -> None:
    together = any_embedder.embed(TEXTS)
    assert together.shape == (len(TEXTS), any_embedder.dimensions)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-4)
    for row in (0, 3, 7):
        assert together[row] == pytest.approx(any_embedder.embed([TEXTS[row]])[0], abs=1e-4)


def test_nothing_in_nothing_out(any_embedder: Embedder) -> None:
    assert any_embedder.embed([]).shape == (0, any_embedder.dimensions)
    assert any_embedder.embed_tokens([]) == []


def test_tokens_have_a_unit_vector_and_their_place_each(any_embedder: Embedder) -> None:
    texts = [TEXTS[0], "", TEXTS[3]]
    found = any_embedder.embed_tokens(texts)
    assert len(found) == 3
    for text, (vectors, offsets) in zip(texts, found, strict=True):
        assert vectors.shape == (len(offsets), any_embedder.dimensions)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(offsets)), abs=1e-4)
        assert all(0 <= a < b <= len(text) for a, b in offsets)
        assert offsets == sorted(offsets)
        covered = "".join(text[a:b] for a, b in offsets)
        assert covered == "".join(text.split())


def test_the_default_precision_stays_close_to_the_reference(
    embedder: OpenVinoEmbedder, reference: SentenceTransformerEmbedder
) -> None:
    assert (embedder.embed(TEXTS) * reference.embed(TEXTS)).sum(axis=1).min() >= 0.999


def test_both_engines_give_the_same_vectors(reference: SentenceTransformerEmbedder) -> None:
    exact = OpenVinoEmbedder(bundled_model(), precision="f32")
    cosines = (exact.embed(TEXTS) * reference.embed(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.9999
    for (ours, places), (theirs, same) in zip(
        exact.embed_tokens(TEXTS[:4]), reference.embed_tokens(TEXTS[:4]), strict=True
    ):
        assert places == same
        assert len(ours) == 0 or (ours * theirs).sum(axis=1).min() >= 0.9999


def test_half_a_surrogate_pair_does_no_harm(embedder: OpenVinoEmbedder) -> None:
    assert embedder.embed(["a \ud800 b"]) == pytest.approx(embedder.embed(["a ? b"]))
    assert ModelTokenizer(bundled_model())(["ab \ud800 c"]) == [[(0, 2), (3, 4), (5, 6)]]


def copy_of_the_model(folder: Path, without: str) -> Path:
    for path in bundled_model().iterdir():
        if path.is_file() and path.name != without:
            (folder / path.name).symlink_to(path)
    return folder


def flip_a_byte(path: Path) -> None:
    shutil.copyfile(bundled_model() / path.name, path)
    with path.open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"\x42\x42\x42\x42")


ENGINES: list[Callable[[Path], Embedder]] = [OpenVinoEmbedder, SentenceTransformerEmbedder]


@pytest.mark.parametrize("engine", ENGINES)
def test_missing_weights_are_a_clear_error(tmp_path: Path, engine: Callable[[Path], Embedder]) -> None:
    folder = copy_of_the_model(tmp_path, without="model.safetensors")
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        engine(folder).embed(["text"])


@pytest.mark.parametrize("engine", ENGINES)
def test_damaged_weights_are_a_clear_error(tmp_path: Path, engine: Callable[[Path], Embedder]) -> None:
    folder = copy_of_the_model(tmp_path, without="model.safetensors")
    flip_a_byte(folder / "model.safetensors")
    with pytest.raises(ModelError, match="damaged"):
        engine(folder).embed(["text"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\xff" * 100),
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "gpt2"}'),
        ("tokenizer.json", b"{}"),
        ("tokenizer.json", b"\x00\xff"),
    ],
)
def test_a_damaged_file_is_a_clear_error_though_no_hash_was_checked(tmp_path: Path, name: str, content: bytes) -> None:
    folder = copy_of_the_model(tmp_path, without=name)
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError):
        OpenVinoEmbedder(folder, verify=False).embed(["text"])


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=name.split(".", maxsplit=1)[0]):
        OpenVinoEmbedder(copy_of_the_model(tmp_path, without=name), verify=False).embed(["text"])
