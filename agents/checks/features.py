"""All that is measured of a claim and its evidence, in one row of numbers: `entailment` weighs it.

Below lie `features_reading` (words and sentences), `features_lexical`, `features_embedding` and `features_words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features_embedding import EMBEDDED, TokenEmbeddings, Tokens, measure_meaning, select
from .features_lexical import LEXICAL, measure_words
from .features_reading import Rarity, Reading, read
from .features_words import measure_each_word
from .unsupported import SUMMARIES, WordModel, summarise

FEATURES = (*LEXICAL, *EMBEDDED, *SUMMARIES)
Pair = tuple[str, Sequence[str]]
"""A claim and the texts that it cites."""

_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A claim as numbers: `words` is (words of the claim, WORD_FEATURES), `values` those of LEXICAL and EMBEDDED."""

    reading: Reading
    values: dict[str, float]
    words: NDArray[np.float64]


def measure(pairs: Sequence[Pair], embeddings: TokenEmbeddings, rarity: Rarity) -> Iterator[Measured]:
    """Measures claims, some at a time: what is held meanwhile does not grow with their number."""
    for first in range(0, len(pairs), _AT_ONCE):
        readings = [read(claim, evidence, rarity) for claim, evidence in pairs[first : first + _AT_ONCE]]
        selections = [select(reading) for reading in readings]
        texts = sorted({text for selection in selections for text in selection.texts}, key=lambda t: (len(t), t))
        known: dict[str, Tokens] = dict(zip(texts, embeddings.embed_tokens(texts), strict=True))
        for reading, selection in zip(readings, selections, strict=True):
            tokens = [known[text] for text in selection.texts]
            yield Measured(
                reading=reading,
                values=measure_words(reading) | measure_meaning(reading, tokens),
                words=measure_each_word(reading, selection, tokens),
            )


def row(measured: Measured, unmet: NDArray[np.float64]) -> NDArray[np.float64]:
    """(FEATURES,) of a measured claim whose words lack support with the probabilities `unmet`."""
    values = measured.values | summarise(unmet, measured.reading.words)
    return np.asarray([values[name] for name in FEATURES], dtype=np.float64)


def rows(measured: Sequence[Measured], model: WordModel) -> NDArray[np.float64]:
    """(claims, FEATURES)."""
    found = [row(one, model(one.words)) for one in measured]
    return np.stack(found) if found else np.zeros((0, len(FEATURES)))
