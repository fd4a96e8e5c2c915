"""Keeps what does not change between runs of a measurement: vectors by their text, and the other systems' outcomes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.ports import Array


class VectorCache:
    """Vectors on disk by a hash of their text. Without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder and folder / "vectors.npz"
        self._held: dict[str, Array] = {}
        if self._path is not None and self._path.is_file():
            with np.load(self._path) as stored:
                self._held = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
        self._read = len(self._held)

    def embed(self, texts: Sequence[str], embed: Callable[[Sequence[str]], Array]) -> Array:
        """(n, dimensions) vectors, only those made that are not held."""
        if self._path is None:
            return embed(texts)
        keys = [hashlib.sha256(text.encode(errors="replace")).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._held}
        if missing:
            self._held.update(zip(missing, embed(list(missing.values())), strict=True))
        return np.stack([self._held[key] for key in keys])

    def save(self) -> None:
        """Writes what is new."""
        if self._path is None or len(self._held) == self._read:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial.npz")
        np.savez(partial, keys=np.array(list(self._held)), vectors=np.stack(list(self._held.values())))
        os.replace(partial, self._path)


def remembered(folder: Path | None, key: Sequence[object], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The JSON value that this work gave before under this key; else the work is done and its value kept."""
    if folder is None:
        return work()
    path = folder / (hashlib.sha256(repr(list(key)).encode(errors="replace")).hexdigest()[:32] + ".json")
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    value = work()
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value), encoding="utf-8")
    os.replace(partial, path)
    return value
