"""A cross-encoder in place of the entailment model that ships: reads claim and evidence together.

Meets `agents.ports.Entailment`. The model itself lies behind `NliModel`, which `retrieval.nli` fulfils.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .entailment_quoting import Quoted, quoted
from .features_embedding import Array
from .features_lexical import rank_sentences
from .features_reading import common_rarity, read

_SENTENCES = 6
_MOST_WORDS = 220


class NliModel(Protocol):
    """The probability that the second text of each pair follows from the first."""

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> Array: ...


class CrossEncoderEntailment:
    """Holds each claim against its whole evidence where that is short, and against its closest sentences; the more
    favourable reading counts. Quotes need no model."""

    def __init__(self, model: NliModel) -> None:
        self._model = model

    def __call__(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[float]:
        """The probability in [0, 1] for each (claim, evidence). Raises `retrieval.errors.ModelError`."""
        found = [1.0 if quoted(*pair) is not Quoted.NO else 0.0 for pair in pairs]
        asked: list[tuple[str, str]] = []
        owners: list[int] = []
        for place, (claim, evidence) in enumerate(pairs):
            if found[place] < 1.0:
                premises = _premises(claim, evidence)
                asked += [(premise, claim) for premise in premises]
                owners += [place] * len(premises)
        for place, probability in zip(owners, self._model.probabilities(asked) if asked else (), strict=True):
            found[place] = max(found[place], float(probability))
        return found


def _premises(claim: str, evidence: Sequence[str]) -> list[str]:
    """What the claim is held against: the whole, if a model can read it, else the closest sentences in their order."""
    reading = read(claim, evidence, common_rarity())
    if not reading.sentences:
        return []
    whole = " ".join(sentence.text for sentence in reading.sentences)
    if len(whole.split()) <= _MOST_WORDS:
        return [whole]
    best = rank_sentences(reading)[:_SENTENCES]
    together = " ".join(reading.sentences[place].text for place in sorted(best))
    return [together, reading.sentences[best[0]].text]
