"""A cross-encoder that says whether one text follows from another. Off unless one is configured; none ships.

The model is read from a folder on this machine, without any network. `agents.checks.judges` holds claims with it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ModelError
from .ports import Array

_ENTAILED = ("entailment", "entailed", "entails", "supported", "consistent")
_BATCH = 8


class CrossEncoderNli:
    """A sentence-transformers cross-encoder for natural language inference. Loads at first use; safe among threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def load(self) -> None:
        """Loads the model where that was not done yet.

        Raises:
            ModelError: there is no such model, it is damaged, or it does not say which of its classes is entailment.
        """
        with self._lock:
            _ = self._model

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> Array:
        """(n,) float32: the probability that the second text of each pair follows from the first. As `load` raises."""
        if not pairs:
            return np.zeros(0, dtype=np.float32)
        texts = [(_storable(premise), _storable(hypothesis)) for premise, hypothesis in pairs]
        with self._lock:
            model, place = self._model
            logits = np.asarray(
                model.predict(texts, batch_size=_BATCH, show_progress_bar=False, activation_fn=lambda given: given),
                dtype=np.float64,
            ).reshape(len(pairs), -1)
        if not np.isfinite(logits).all():
            raise ModelError(
                f"the entailment model in {self._folder} gives scores that are no numbers; use another one"
            )
        if logits.shape[1] == 1:
            return np.asarray(1 / (1 + np.exp(-np.clip(logits[:, 0], -60, 60))), dtype=np.float32)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares[:, place] / shares.sum(axis=1), dtype=np.float32)

    @cached_property
    def _model(self) -> tuple[Any, int]:
        """The model and the place of its class "entailment"."""
        folder = self._folder.expanduser()
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"there is no entailment model in {folder}: it has no config.json; name the folder of a "
                "sentence-transformers cross-encoder for natural language inference"
            )
        try:
            from sentence_transformers import CrossEncoder

            model = CrossEncoder(str(folder), device="cpu", local_files_only=True, trust_remote_code=False)
        except Exception as error:  # The libraries raise whatever their readers of weights do.
            raise ModelError(
                f"the entailment model in {folder} cannot be loaded ({type(error).__name__}); save or download it anew"
            ) from error
        return model, _entailed_class(model, folder)


def _entailed_class(model: Any, folder: Path) -> int:
    kinds = getattr(model.config, "architectures", None) or []
    if not any(kind.endswith("ForSequenceClassification") for kind in kinds):
        raise ModelError(f"{folder} is no classifier ({', '.join(kinds) or 'of unknown kind'}); name another model")
    if model.num_labels == 1:
        return 0
    names = {str(name).casefold(): int(place) for place, name in model.config.id2label.items()}
    place = next((names[name] for name in _ENTAILED if name in names), None)
    if place is None:
        raise ModelError(
            f"the model in {folder} does not say which class is entailment ({', '.join(sorted(names))}); "
            'name it "entailment" in id2label of its config.json'
        )
    return place


def _storable(text: str) -> str:
    """The text with lone surrogates as "?": no tokenizer takes them."""
    return text.encode(errors="replace").decode()
