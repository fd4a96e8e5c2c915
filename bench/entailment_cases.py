"""Labelled claims: read from sets, measured, and kept as numbers without their text.

A set holds {claim, evidence: [text], label, subset}, and where people marked the tokens of its claims,
{claim_tokens, non_supported_spans} beside. The table of what the shipped weights were trained on lies beside this
module, so that they can be trained anew without a part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agents.checks.entailment_trees import Values
from agents.checks.features import FEATURES, Measured, measure
from agents.checks.features_reading import common_rarity
from bench.reporting import say
from retrieval.embedding import OpenVinoEmbedder, bundled_model

TABLE_PATH = Path(__file__).with_name("entailment_table.npz")
HASH = 10
SUPPORTED, PARTIAL, NOT = 2, 1, 0
LABELS = {
    "attributable": SUPPORTED, "supported": SUPPORTED, "partially_supported": PARTIAL, "not attributable": NOT,
    "not_attributable": NOT, "not_supported": NOT,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What training needs of a claim beside its features. `claim` and `family` are hashes of it and its evidence."""

    claim: str
    family: str
    label: int
    subset: str
    three_way: bool

    @property
    def is_supported(self) -> bool:
        return self.label == SUPPORTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A labelled claim. `marked` are spans of the claim that people found not borne out; None where nobody looked."""

    claim: str
    evidence: tuple[str, ...]
    label: int
    subset: str
    three_way: bool = False
    marked: tuple[tuple[int, int], ...] | None = None
    measured: list[Measured] = field(default_factory=list)

    @property
    def family(self) -> str:
        """Claims that share their evidence may not be parted in cross-validation."""
        return _hash("\n".join(self.evidence))

    @property
    def known(self) -> Known:
        """The claim without its text."""
        return Known(
            claim=claim_hash(self.claim), family=self.family[:HASH], label=self.label, subset=self.subset,
            three_way=self.three_way,
        )  # fmt: skip


def read_cases(path: Path) -> list[Case]:
    """The claims of a set. A set without subsets is one subset, by the name of its file.

    Raises:
        ValueError: a line lacks a key or has a label that is not known; names the line.
    """
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            evidence = entry["evidence"]
            found.append(
                Case(
                    claim=entry["claim"], evidence=(evidence,) if isinstance(evidence, str) else tuple(evidence),
                    label=LABELS[str(entry["label"]).strip().lower()], subset=entry.get("subset") or path.stem,
                    marked=_marked(entry),
                )
            )  # fmt: skip
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(
                f"{path}, line {number}: no labelled claim ({error}); see the module's docstring"
            ) from error
    three_way = {case.subset for case in found if case.label == PARTIAL}
    return [_with(case, three_way=case.subset in three_way) for case in found]


def _with(case: Case, *, three_way: bool) -> Case:
    return Case(
        claim=case.claim, evidence=case.evidence, label=case.label, subset=case.subset, marked=case.marked,
        three_way=three_way,
    )  # fmt: skip


def _marked(entry: dict[str, Any]) -> tuple[tuple[int, int], ...] | None:
    if "non_supported_spans" not in entry:
        return None
    spans, at = [], 0
    for token, is_marked in zip(entry["claim_tokens"], entry["non_supported_spans"], strict=True):
        start = entry["claim"].find(token, at)
        if start >= 0:
            at = start + len(token)
            if is_marked:
                spans.append((start, at))
    return tuple(spans)


def measure_cases(cases: Sequence[Case]) -> None:
    """Measures every case with the embedding model that ships; each keeps its own."""
    embeddings = OpenVinoEmbedder(bundled_model())
    pairs = [(case.claim, case.evidence) for case in cases]
    for number, (case, one) in enumerate(zip(cases, measure(pairs, embeddings, common_rarity()), strict=True), start=1):
        case.measured.append(one)
        if number % 400 == 0:
            say(f"{number} of {len(cases)} claims measured")


def claim_hash(claim: str) -> str:
    """A short hash by which the weights know the claims that they were trained on."""
    return _hash(claim)[:HASH]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def save_table(path: Path, known: Sequence[Known], table: Values) -> None:
    """Keeps claims and their features, (claims, FEATURES), without any text."""
    np.savez_compressed(
        path, features=np.asarray(FEATURES), table=table.astype(np.float32),
        claim=np.asarray([one.claim for one in known]), family=np.asarray([one.family for one in known]),
        label=np.asarray([one.label for one in known]), subset=np.asarray([one.subset for one in known]),
        three_way=np.asarray([one.three_way for one in known]),
    )  # fmt: skip


def load_table(path: Path = TABLE_PATH) -> tuple[list[Known], Values]:
    """What `save_table` kept. Raises OSError when it is missing, ValueError when it is of other features."""
    with np.load(path) as kept:
        if tuple(kept["features"]) != FEATURES:
            raise ValueError(f"{path} holds other features than are measured; train the weights anew with --write")
        columns = zip(kept["claim"], kept["family"], kept["label"], kept["subset"], kept["three_way"], strict=True)
        known = [
            Known(claim=str(claim), family=str(family), label=int(label), subset=str(subset), three_way=bool(three))
            for claim, family, label, subset, three in columns
        ]
        return known, kept["table"].astype(np.float64)
