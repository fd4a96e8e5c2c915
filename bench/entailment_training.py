"""Trains how claims are held against evidence: the weights of `agents/checks/entailment_weights.json`.

    python -m bench.entailment_training --set FILE.jsonl ... --words FILE.jsonl [--write] [--measured FILE]

The sets are as in `entailment_cases`; --words holds claims whose tokens people marked, which also count as partly
supported. `entailment_fitting` fits the models. `--write` also keeps the claims' features beside this module, so that
`verification` can train anew without the claims that it judges. `--measured` keeps what was measured in a file, so that
fitting can be repeated without embedding.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agents.checks.entailment import WEIGHTS_PATH
from agents.checks.entailment_trees import Values
from agents.checks.features import row, rows
from agents.checks.unsupported import WordModel
from bench.entailment_cases import TABLE_PATH, Case, Known, measure_cases, read_cases, save_table
from bench.entailment_fitting import SEED, fit_claims, fit_words, word_folds, word_table, word_threshold
from bench.reporting import say


def train(cases: Sequence[Case], word_cases: Sequence[Case]) -> tuple[dict[str, Any], list[Known], Values]:
    """All models, and the claims with the features, (claims, FEATURES), that they were fitted on.

    `word_cases` are marked; their claims count as partly supported ones, with words out of fold.
    """
    folds = word_folds(word_cases)
    features, marks, _ = word_table(word_cases)
    threshold, score = word_threshold(word_cases, folds)
    words = fit_words(features, marks) | {"threshold": threshold}
    marked = [row(case.measured[0], folds.get(place, np.zeros(0))) for place, case in enumerate(word_cases)]
    table = np.vstack([rows([case.measured[0] for case in cases], WordModel(words)), *marked])
    known = [case.known for case in (*cases, *word_cases)]
    weights = {
        "provenance": provenance(cases, word_cases),
        "words": words | {"token_f1": round(score, 4)},
        "claims": fit_claims(known, table),
        "trained_on": sorted({one.claim for one in known}),
    }
    return weights, known, table


def provenance(cases: Sequence[Case], word_cases: Sequence[Case]) -> dict[str, Any]:
    """What the weights were made from."""
    return {
        "sets": "AttributionBench dev (OSU-NLP-Group/AttributionBench), WiCE dev and marked words of its training "
        "split (ryokamoi/wice, annotations ODC-BY); common stems as in common_stems.json",
        "claims": {
            name: sum(case.subset == name for case in cases) for name in sorted({case.subset for case in cases})
        },
        "marked_claims": len(word_cases),
        "embedding_model": "all-MiniLM-L6-v2",
        "seed": SEED,
        "made_by": "bench/entailment_training.py",
    }


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """The main figures of all checks together and of entailment alone."""
    kept: dict[str, Any] = {name: found[name] for name in ("set", "claims", "weights")}
    for name in ("all", "entailment"):
        check = found["checks"][name]
        kept[name] = {figure: check[figure]["value"] for figure in ("macro_f1", "balanced_accuracy")}
        kept[name] |= {f"pooled_{figure}": one["value"] for figure, one in check["pooled"].items()}
        kept[name] |= {"three_way_recall": check["three_way"]["recall"]} if "three_way" in check else {}
    return kept


def main() -> None:
    """Measures, fits, and writes the weights when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, action="append", required=True, dest="sets")
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--measured", type=Path, help="read measured claims from here, or keep them here")
    parser.add_argument(
        "--figures", type=Path, nargs="*", default=[], help="results of bench.verification --json, kept as provenance"
    )
    parser.add_argument("--write", type=Path, nargs="?", const=WEIGHTS_PATH, help="write the weights")
    arguments = parser.parse_args()
    if arguments.measured and arguments.measured.exists():
        cases, word_cases = pickle.loads(arguments.measured.read_bytes())
    else:
        cases = [case for path in arguments.sets for case in read_cases(path)]
        word_cases = read_cases(arguments.words)
        measure_cases([*cases, *word_cases])
        if arguments.measured:
            arguments.measured.write_bytes(pickle.dumps((cases, word_cases)))
    weights, known, table = train(cases, word_cases)
    say(f"token F1 of unsupported words, out of fold: {weights['words']['token_f1']}")
    weights["provenance"]["figures"] = [_figures(json.loads(path.read_text())) for path in arguments.figures]
    if arguments.write:
        save_table(TABLE_PATH if arguments.write == WEIGHTS_PATH else arguments.write.with_suffix(".npz"), known, table)
        arguments.write.write_text(json.dumps(weights, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
