"""What every reranker does, on a hand-written one and on the real loading code with a tiny model made here."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding import bundled_model
from retrieval.errors import ModelError
from retrieval.ports import Reranker
from retrieval.reranking import CrossEncoderReranker
from tests.retrieval.rerankers import WordReranker, save_tiny_cross_encoder

TEXTS = ["Hotels cost 120 euros.", "", "日本語 \ud800 x", "Hotels " * 900, "Trains are booked early."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_cross_encoder(tmp_path_factory.mktemp("reranker"))


@pytest.fixture(params=["fake", "cross-encoder"])
def reranker(request: pytest.FixtureRequest, folder: Path) -> Reranker:
    return WordReranker() if request.param == "fake" else CrossEncoderReranker(str(folder))


def test_each_text_gets_a_score_between_0_and_1_in_its_order(reranker: Reranker) -> None:
    together = reranker.scores("what may hotels cost", TEXTS)
    assert together.shape == (len(TEXTS),)
    assert together.dtype == np.float32
    assert ((together >= 0) & (together <= 1)).all()
    for place, text in enumerate(TEXTS):
        assert reranker.scores("what may hotels cost", [text])[0] == pytest.approx(together[place], abs=1e-5)


def test_the_score_depends_on_the_query_and_on_the_text(reranker: Reranker) -> None:
    one, other = reranker.scores("hotels", ["Hotels cost 120 euros.", "Trains are booked early."])
    assert one != other
    assert one != reranker.scores("trains", ["Hotels cost 120 euros."])[0]


def test_nothing_in_nothing_out(reranker: Reranker) -> None:
    assert reranker.scores("hotels", []).shape == (0,)
    assert reranker.scores("", [""]).shape == (1,)


def test_loading_twice_changes_nothing_and_threads_share_one_model(reranker: Reranker) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: reranker.load(), range(4)))
        found = list(pool.map(lambda _: reranker.scores("hotels", TEXTS[:2]).tolist(), range(4)))
    assert all(scores == pytest.approx(found[0]) for scores in found)


def test_a_missing_folder_is_named_and_never_looked_for_on_the_network(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no reranker in .*nowhere.*hub:"):
        CrossEncoderReranker(str(tmp_path / "nowhere")).load()
    # A name of the hub is one only when it says so.
    with pytest.raises(ModelError, match="no reranker in cross-encoder/some-model"):
        CrossEncoderReranker("cross-encoder/some-model").scores("hotels", ["text"])


def test_a_hub_that_cannot_be_reached_is_a_clear_error() -> None:
    with pytest.raises(ModelError, match="some-organisation/no-such-model cannot be fetched"):
        CrossEncoderReranker("hub:some-organisation/no-such-model").load()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("model.safetensors", b"\xff" * 64),
        ("model.safetensors", None),
        ("tokenizer.json", b"\x00"),
    ],
)
def test_a_damaged_model_is_a_clear_error(folder: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / name).unlink()
    if content is not None:
        (copy / name).write_bytes(content)
    with pytest.raises(ModelError, match="copy"):
        CrossEncoderReranker(str(copy)).load()


def test_what_is_no_reranker_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no reranker"):
        CrossEncoderReranker(str(bundled_model())).load()
    many = save_tiny_cross_encoder(tmp_path / "many", labels=3)
    assert json.loads((many / "config.json").read_text())["architectures"] == ["BertForSequenceClassification"]
    with pytest.raises(ModelError, match="3 scores a pair"):
        CrossEncoderReranker(str(many)).load()
