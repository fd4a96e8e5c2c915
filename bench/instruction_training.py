"""Trains and measures how planted requests are told from a document's own: `ingest/instructions/weights.json`.

    python -m bench.instruction_training --attacks FILE.jsonl ... --contexts FILE.jsonl ... --clean FOLDER ...
        [--write FILE] [--seed N]

Each attack is planted into contexts and into clean files; the units that it makes up are the positives, every other
candidate of every clean text, whole and cut into pieces of a chunk's size, a negative. Quality is cross-validated
with whole kinds of attacks and whole clean texts held out. `bench/instruction_examples.jsonl` and
`bench/instruction_clean.jsonl` hold attacks and clean texts written for this.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from ingest.instructions.features import candidates

from .planting import POSITIONS, Attack, plant, read_attacks, read_contexts, sample

Array = NDArray[np.float64]
Values = Mapping[str, float]

_FOLDS = 5
_CHUNK = 1500
_SEPARATORS = ("\n", "\n", "\n\n", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is seen of one text: the values of its candidates. `group` is what is held out together."""

    group: str
    place: str
    values: Sequence[Values]


def measure(text: str) -> list[tuple[int, int, Values]]:
    """Spans and values of all candidates of a text."""
    return [(c.unit.start, c.unit.end, c.values) for c in candidates(text, text.lower())]


def planted_cases(attacks: Sequence[Attack], places: Mapping[str, Sequence[str]], seed: int) -> list[Case]:
    """Each attack in some contexts of each place, at every position; only the candidates that it makes up."""
    chance = random.Random(seed)
    cases = []
    for attack in attacks:
        for place, contexts in places.items():
            for position in POSITIONS:
                for context in sample(contexts, 2, chance):
                    planted = plant(context, attack.text, position, chance, chance.choice(_SEPARATORS))
                    values = [v for s, e, v in measure(planted.text) if s < planted.end and e > planted.start]
                    cases.append(Case(group=attack.kind, place=f"{place} {position}", values=values))
    return cases


def clean_cases(places: Mapping[str, Sequence[str]], seed: int) -> list[Case]:
    """Every clean text whole, and one piece of each longer one."""
    chance = random.Random(seed)
    cases = []
    for place, texts in places.items():
        for number, text in enumerate(texts):
            group = f"{place} {number}"
            cases.append(Case(group=group, place=place, values=[v for _, _, v in measure(text)]))
            if len(text) > 2 * _CHUNK:
                at = text.find("\n", chance.randrange(len(text) - _CHUNK)) + 1
                piece = text[at : at + _CHUNK]
                cases.append(Case(group=group, place=f"{place} pieces", values=[v for _, _, v in measure(piece)]))
    return cases


class Model:
    """Logistic regression over named values."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._index = {name: i for i, name in enumerate(self.names)}
        self.weights = np.zeros(len(self.names))
        self.bias = 0.0

    def matrix(self, rows: Sequence[Values]) -> Array:
        """One row a candidate; values without a weight are left out."""
        found = np.zeros((len(rows), len(self.names)))
        for i, row in enumerate(rows):
            for name, value in row.items():
                if name in self._index:
                    found[i, self._index[name]] = value
        return found

    def fit(self, x: Array, y: Array, strength: Array, ridge: float = 3.0) -> None:
        """Weighted maximum likelihood with a ridge penalty."""

        def loss(w: Array) -> tuple[float, Array]:
            z = x @ w[:-1] + w[-1]
            value = np.logaddexp(0, z) - y * z
            slope = strength * (1 / (1 + np.exp(-z)) - y)
            gradient = np.append(x.T @ slope + ridge * w[:-1], slope.sum())
            return float(strength @ value + ridge / 2 * (w[:-1] @ w[:-1])), gradient

        start = np.zeros(x.shape[1] + 1)
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
        self.weights, self.bias = found[:-1], float(found[-1])

    def best(self, case: Case) -> float:
        """The highest log-odds among a case's candidates; very low when it has none."""
        if not case.values:
            return -20.0
        return float((self.matrix(case.values) @ self.weights + self.bias).max())


def train(positives: Sequence[Case], negatives: Sequence[Case], names: Sequence[str]) -> Model:
    """Fits to the candidates; of a planted attack in several sentences each counts for a part."""
    rows: list[Values] = []
    labels: list[float] = []
    strength: list[float] = []
    weight = 6000 / max(1, len(positives))
    counts = Counter(case.place for case in negatives)
    emphasis = {place: min(3.0, max(1.0, 150 / count)) for place, count in counts.items()}
    for case in positives:
        for values in case.values:
            rows.append(values)
            labels.append(1.0)
            strength.append(weight / len(case.values))
    for case in negatives:
        for values in case.values:
            rows.append(values)
            labels.append(0.0)
            # Long texts have many chances to be reported in error, yet count once.
            share = 1.0 if len(case.values) < 50 else (50 / len(case.values)) ** 0.5
            strength.append(share * emphasis[case.place])
    model = Model(names)
    model.fit(model.matrix(rows), np.array(labels), np.array(strength))
    return model


def cross_validate(
    positives: Sequence[Case], negatives: Sequence[Case], names: Sequence[str], seed: int
) -> tuple[list[tuple[Case, float]], list[tuple[Case, float]]]:
    """Each case with its log-odds by a model that saw neither its kind nor its text."""
    chance = random.Random(seed)
    kinds = sorted({case.group for case in positives})
    texts = sorted({case.group for case in negatives})
    chance.shuffle(kinds)
    chance.shuffle(texts)
    fold = {group: i % _FOLDS for groups in (kinds, texts) for i, group in enumerate(groups)}
    caught, clean = [], []
    for held in range(_FOLDS):
        model = train(
            [c for c in positives if fold[c.group] != held], [c for c in negatives if fold[c.group] != held], names
        )
        caught += [(c, model.best(c)) for c in positives if fold[c.group] == held]
        clean += [(c, model.best(c)) for c in negatives if fold[c.group] == held]
    return caught, clean


def report(caught: Sequence[tuple[Case, float]], clean: Sequence[tuple[Case, float]], threshold: float) -> None:
    """Shares reported, by kind and by place."""
    for title, scored, keys in (
        ("attacks", caught, (lambda c: c.place, lambda c: c.group)),
        ("clean", clean, (lambda c: c.place,)),
    ):
        for key in keys:
            by: dict[str, list[bool]] = defaultdict(list)
            for case, score in scored:
                by[key(case)].append(score > threshold)
            for name, hits in sorted(by.items()):
                print(f"{title:<8} {name:<40} {sum(hits) / len(hits):.3f} of {len(hits)}")


def read_places(paths: Sequence[Path], suffixes: Sequence[str] = (".md", ".txt")) -> dict[str, list[str]]:
    """The texts of each folder or file, by its name."""
    places: dict[str, list[str]] = {}
    for path in paths:
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in suffixes)
        texts = [text for file in files for text in read_contexts(file) if text.strip()]
        places[path.stem] = texts
    return places


def main() -> None:
    """Prints the figures, and writes the weights where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attacks", type=Path, nargs="+", required=True)
    parser.add_argument("--contexts", type=Path, nargs="+", required=True)
    parser.add_argument("--clean", type=Path, nargs="*", default=[])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--threshold", type=float, default=0.5, help="log-odds from which a candidate is reported")
    arguments = parser.parse_args()
    attacks = [attack for path in arguments.attacks for attack in read_attacks(path)]
    contexts, clean = read_places(arguments.contexts), read_places(arguments.clean)
    positives = planted_cases(attacks, contexts, arguments.seed)
    negatives = clean_cases(contexts | clean, arguments.seed)
    names = sorted({name for case in (*positives, *negatives) for values in case.values for name in values})
    caught, passed = cross_validate(positives, negatives, names, arguments.seed)
    report(caught, passed, arguments.threshold)
    if arguments.write:
        model = train(positives, negatives, names)
        weights = {name: round(float(w), 4) for name, w in zip(model.names, model.weights, strict=True)}
        threshold = round(float(1 / (1 + np.exp(-arguments.threshold))), 4)
        found = {
            "bias": round(model.bias, 4),
            "threshold": threshold,
            "weights": {name: w for name, w in weights.items() if w},
        }
        arguments.write.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
