"""Orders the best hits anew with a model that reads query and passage together. Off unless one is configured.

No reranker ships with Groundcrew. One is named in the configuration: a folder on this machine, which is read without
any network, or a model of the Hugging Face hub as "hub:organisation/name", which is fetched once, at the first use.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ModelError
from .model import Hit
from .ports import Array, Reranker
from .superseding import SUPERSEDED_WEIGHT

HUB = "hub:"
BATCH = 8
"""So many pairs are scored between two looks at the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reranking:
    """What reranking did: of `asked` hits, the first `scored` were put in order; `milliseconds` is what it took."""

    asked: int
    scored: int
    milliseconds: float

    @property
    def in_time(self) -> bool:
        """Whether all hits that were to be scored were."""
        return self.scored == self.asked


def rerank(
    reranker: Reranker,
    query: str,
    hits: Sequence[Hit],
    *,
    top: int,
    budget_s: float,
    clock: Callable[[], float],
) -> tuple[list[Hit], Reranking]:
    """The first `top` hits in the order of the reranker, then the others as they were.

    Hits are scored in order, some at a time. When the next ones would not be done within `budget_s` seconds of
    `clock`, what is scored so far is put in order, exactly as with a smaller `top`, and all others keep their places
    after it; with none scored in time the ranking stays as it was. The places keep their scores, the hits move among
    them; `why["rerank"]` holds the reranker's own. Loading the model is no part of the budget.

    Raises:
        ModelError: the model cannot be loaded or gives scores that are none.
    """
    asked = min(top, len(hits))
    if asked < 2:
        return list(hits), Reranking(asked=0, scored=0, milliseconds=0.0)
    reranker.load()
    began = clock()
    scores: list[float] = []
    longest = 0.0
    while len(scores) < asked:
        before = clock()
        # A batch cannot be stopped: it is begun only if one like the longest so far would end in time.
        if before - began + longest > budget_s or budget_s <= 0:
            break
        texts = [hit.chunk.indexed_text for hit in hits[len(scores) : min(asked, len(scores) + BATCH)]]
        found = reranker.scores(query, texts)
        if found.shape != (len(texts),) or not np.isfinite(found).all():
            raise ModelError("the reranker gives scores that are no numbers; configure another one")
        after = clock()
        longest = max(longest, after - before)
        if after - began > budget_s:
            break
        scores += (float(score) for score in found)
    note = Reranking(asked=asked, scored=len(scores), milliseconds=round((clock() - began) * 1000, 1))
    return [*_in_order(hits[: len(scores)], scores), *hits[len(scores) :]], note


def _in_order(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    weighed = [
        score * SUPERSEDED_WEIGHT if "superseded" in hit.why else score for hit, score in zip(hits, scores, strict=True)
    ]
    order = sorted(range(len(hits)), key=lambda place: (-weighed[place], place))
    return [
        replace(
            hits[place],
            rank=hits[rank].rank,
            score=hits[rank].score,
            why={**hits[place].why, "rerank": round(weighed[place], 4)},
        )
        for rank, place in enumerate(order)
    ]


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder. Loads at first use; safe to share among threads."""

    def __init__(self, name: str) -> None:
        """`name` is a folder, or "hub:organisation/name"."""
        self._name = name
        self._lock = threading.Lock()

    def load(self) -> None:
        """Loads the model where that was not done yet, so that the first query need not wait for it.

        Raises:
            ModelError: there is no such model, it is damaged, or it is no reranker.
        """
        with self._lock:
            _ = self._model

    def scores(self, query: str, texts: Sequence[str]) -> Array:
        """(n,) float32 between 0 and 1: how well each text answers the query. Raises `ModelError` as `load`."""
        if not texts:
            return np.zeros(0, dtype=np.float32)
        pairs = [(_storable(query), _storable(text)) for text in texts]
        with self._lock:
            found = self._model.predict(
                pairs, batch_size=len(pairs), show_progress_bar=False, activation_fn=lambda logits: logits
            )
        # The models differ in whether they give logits or probabilities; only the latter can be weighed.
        logits = np.clip(np.asarray(found, dtype=np.float64), -700, 700)
        return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)

    @cached_property
    def _model(self) -> Any:
        if self._name.startswith(HUB):
            return _from_hub(self._name.removeprefix(HUB))
        folder = Path(self._name).expanduser()
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"there is no reranker in {folder}: it has no config.json; name the folder of a sentence-transformers "
                f"cross-encoder, or write {HUB}organisation/name for one of the Hugging Face hub"
            )
        try:
            return _checked(_loaded(str(folder), offline=True), str(folder))
        except ModelError:
            raise
        except Exception as error:  # The libraries raise whatever their readers of weights do.
            raise ModelError(
                f"the reranker in {folder} cannot be loaded ({_first_line(error)}); save or download it anew"
            ) from error


def _from_hub(name: str) -> Any:
    """A model of the hub; the network is used only when it is not on this machine yet."""
    try:
        model = None
        with contextlib.suppress(Exception):  # Not on this machine, or not whole.
            model = _loaded(name, offline=True)
        return _checked(_loaded(name, offline=False) if model is None else model, name)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"the reranker {name} cannot be fetched from the Hugging Face hub ({_first_line(error)}); check the name "
            "and the network, or download it elsewhere and name its folder"
        ) from error


def _loaded(name: str, *, offline: bool) -> Any:
    from sentence_transformers import CrossEncoder

    return CrossEncoder(name, device="cpu", local_files_only=offline, trust_remote_code=False)


def _checked(model: Any, name: str) -> Any:
    """The model, when it gives one score a pair and its last layer was trained rather than made up on loading."""
    kinds = getattr(model.config, "architectures", None) or []
    is_trained = any(kind.endswith(("ForSequenceClassification", "ForCausalLM")) for kind in kinds)
    if not is_trained or model.num_labels != 1:
        raise ModelError(
            f"{name} is no reranker ({', '.join(kinds) or 'of unknown kind'}, {model.num_labels} scores a pair); name "
            "a cross-encoder that gives one score"
        )
    return model


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _storable(text: str) -> str:
    """The text with lone surrogates as "?": no tokenizer takes them."""
    return text.encode(errors="replace").decode()
