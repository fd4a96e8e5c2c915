"""Measures how claims are checked, on a labelled set.

    python -m bench.verification --set FILE.jsonl [--json] [--cross-validate | --shipped]

The set holds {claim, evidence: [text], label, subset}; label: attributable or supported; partially_supported; not
attributable or not_supported. Printed for each check alone, all together (`all`), plain word overlap and the likeness
of embeddings: precision and recall of "supported", balanced accuracy and macro-F1 of supported against the rest, with
95 % bootstrap intervals, by subset and overall. Overall figures are means over the subsets, as the authors of
AttributionBench report them; `pooled` takes all claims as one. Of a set that tells partial support apart, the figures
over three classes stand under `three_way`.

On a set that the shipped weights never saw, they are used as they are. On one that they were trained on, the models
are trained anew without the subset that they judge (a set without subsets: without a fifth of its evidence), from the
other claims of this set alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.checks.coverage import word_coverage
from agents.checks.entailment import Assessment, FeatureEntailment, shipped_weights
from agents.checks.entailment_quoting import Quoted, quoted
from agents.checks.model import Finding, Verdict
from agents.checks.unsupported import WordModel
from agents.checks.verifying import CHECKS, findings_of, judge
from bench.entailment_training import (
    NOT,
    PARTIAL,
    SUPPORTED,
    Case,
    claim_hash,
    claim_table,
    fit_claims,
    measure_cases,
    read_cases,
)
from bench.reporting import only_result_on_stdout, say

Said = NDArray[np.int64]
"""For each claim SUPPORTED, PARTIAL or NOT."""

FOLDS = 5
DRAWS = 1000
KNOWN = 0.5
"""A set of whose claims the weights were trained on this share counts as known."""
CLASSES = {"supported": SUPPORTED, "partial": PARTIAL, "not_supported": NOT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found of one claim, whatever the fold."""

    case: Case
    findings: tuple[Finding, ...]
    overlap: float
    likeness: float


def folds_of(cases: Sequence[Case]) -> list[str]:
    """The fold of each claim: its subset, or a fifth of the evidence where there is but one."""
    if len({case.subset for case in cases}) > 1:
        return [case.subset for case in cases]
    return [str(int(case.family[:8], 16) % FOLDS) for case in cases]


def is_known(cases: Sequence[Case], weights: Mapping[str, Any]) -> bool:
    """Whether the weights were trained on this set."""
    seen = set(weights.get("trained_on", ()))
    return sum(claim_hash(case.claim) in seen for case in cases) > KNOWN * len(cases)


def assess(cases: Sequence[Case], *, cross_validate: bool) -> list[Assessment]:
    """The entailment of each claim: by the shipped weights, or by weights trained without its fold."""
    shipped = shipped_weights()
    if not cross_validate:
        return _weighed(cases, FeatureEntailment(_NoEmbeddings(), shipped))
    folds = folds_of(cases)
    table = claim_table(cases, WordModel(shipped["words"]))
    found: dict[int, Assessment] = {}
    for fold in sorted(set(folds)):
        inside = [place for place, name in enumerate(folds) if name != fold]
        outside = [place for place, name in enumerate(folds) if name == fold]
        say(f"training without {fold}: {len(inside)} claims")
        claims = fit_claims([cases[place] for place in inside], table[inside])
        entailment = FeatureEntailment(_NoEmbeddings(), {**shipped, "claims": claims})
        found.update(zip(outside, _weighed([cases[place] for place in outside], entailment), strict=True))
    return [found[place] for place in range(len(cases))]


def _weighed(cases: Sequence[Case], entailment: FeatureEntailment) -> list[Assessment]:
    found = []
    for case in cases:
        how = quoted(case.claim, case.evidence)
        is_quote = how is not Quoted.NO
        found.append(Assessment(probability=1.0, quoted=how) if is_quote else entailment.weigh(case.measured[0]))
    return found


class _NoEmbeddings:
    """Everything is measured already."""

    def embed_tokens(self, texts: Sequence[str]) -> list[Any]:
        raise AssertionError(texts)


def outcomes(cases: Sequence[Case]) -> list[Outcome]:
    """What no training changes: the findings, word overlap and likeness of every claim."""
    return [
        Outcome(
            case=case,
            findings=findings_of(case.claim, case.evidence),
            overlap=word_coverage(case.claim, "\n".join(case.evidence)),
            likeness=case.measured[0].values["cosine_window"],
        )
        for case in cases
    ]


def sayings(found: Sequence[Outcome], assessed: Sequence[Assessment]) -> dict[str, Said]:
    """What each check says of each claim, by the check's name."""
    names = [check.__name__.removesuffix("_agree") for check in CHECKS]
    verdicts = [judge(one, outcome.findings).verdict for one, outcome in zip(assessed, found, strict=True)]
    classes = {Verdict.SUPPORTED: SUPPORTED, Verdict.PARTIAL: PARTIAL}
    said = {"all": np.asarray([classes.get(verdict, NOT) for verdict in verdicts])}
    for name in names:
        agrees = [all(f.agrees for f in outcome.findings if f.check == name) for outcome in found]
        said[name] = np.where(agrees, SUPPORTED, NOT)
    said["entailment"] = np.asarray(
        [SUPPORTED if one.probability >= 0.5 else PARTIAL if one.some >= 0.5 else NOT for one in assessed]
    )
    said["word_overlap"] = by_threshold([outcome.overlap for outcome in found], [o.case for o in found])
    said["embedding"] = by_threshold([outcome.likeness for outcome in found], [o.case for o in found])
    return said


def by_threshold(values: Sequence[float], cases: Sequence[Case]) -> Said:
    """Supported from a threshold up, which for each fold is the best of the others."""
    column, truth, folds = np.asarray(values), truth_of(cases), np.asarray(folds_of(cases))
    said = np.full(len(column), NOT)
    for fold in np.unique(folds):
        inside = folds != fold
        if not inside.any():
            continue
        grid = np.unique(np.quantile(column[inside], np.linspace(0, 1, 101)))
        best = max(grid, key=lambda t: macro_f1(truth[inside], np.where(column[inside] >= t, SUPPORTED, NOT)))
        said[~inside] = np.where(column[~inside] >= best, SUPPORTED, NOT)
    return said


def truth_of(cases: Sequence[Case]) -> Said:
    """(claims,) labels."""
    return np.asarray([case.label for case in cases])


def precision(truth: Said, said: Said) -> float:
    """Of the claims that are called supported, the share that is."""
    called = said == SUPPORTED
    return float((truth[called] == SUPPORTED).mean()) if called.any() else 0.0


def recall(truth: Said, said: Said) -> float:
    """Of the supported claims, the share that is called so."""
    held = truth == SUPPORTED
    return float((said[held] == SUPPORTED).mean()) if held.any() else 0.0


def balanced_accuracy(truth: Said, said: Said) -> float:
    """The mean recall of supported and of all others."""
    right = (truth == SUPPORTED) == (said == SUPPORTED)
    return _mean([right[truth == SUPPORTED], right[truth != SUPPORTED]])


def macro_f1(truth: Said, said: Said) -> float:
    """The mean F1 of supported and of all others."""
    return float(np.mean([_f1(truth == SUPPORTED, said == SUPPORTED), _f1(truth != SUPPORTED, said != SUPPORTED)]))


def balanced_accuracy_3(truth: Said, said: Said) -> float:
    """The mean recall of supported, partly supported and not supported."""
    return _mean([said[truth == one] == one for one in CLASSES.values()])


def macro_f1_3(truth: Said, said: Said) -> float:
    """The mean F1 of the three classes."""
    return float(np.mean([_f1(truth == one, said == one) for one in CLASSES.values()]))


def _mean(parts: Sequence[NDArray[Any]]) -> float:
    return float(np.mean([part.mean() for part in parts if len(part)]))


def _f1(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    both, all_of_both = int((truth & said).sum()), int(truth.sum()) + int(said.sum())
    return 2 * both / all_of_both if all_of_both else 0.0


Figure = Callable[[Said, Said], float]
FIGURES: dict[str, Figure] = {
    "macro_f1": macro_f1,
    "balanced_accuracy": balanced_accuracy,
    "precision": precision,
    "recall": recall,
}


def with_interval(figure: Figure, truth: Said, said: Said, parts: Sequence[NDArray[np.int64]]) -> dict[str, float]:
    """The figure's mean over parts of the set, and its 95 % interval by drawing claims of each part anew."""
    draw = np.random.default_rng(0)
    drawn = [
        np.mean([figure(truth[picks], said[picks]) for part in parts for picks in [draw.choice(part, len(part))]])
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    value = float(np.mean([figure(truth[part], said[part]) for part in parts]))
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def report_of(truth: Said, said: Said, subsets: Mapping[str, NDArray[np.int64]], *, three_way: bool) -> dict[str, Any]:
    """All figures of one check."""
    everything = [np.arange(len(truth))]
    found: dict[str, Any] = {
        name: with_interval(figure, truth, said, list(subsets.values())) for name, figure in FIGURES.items()
    }
    found["pooled"] = {name: with_interval(FIGURES[name], truth, said, everything) for name in list(FIGURES)[:2]}
    found["by_subset"] = {
        subset: {name: with_interval(figure, truth, said, [part]) for name, figure in FIGURES.items()}
        for subset, part in subsets.items()
    }
    if three_way:
        found["three_way"] = {
            "balanced_accuracy": with_interval(balanced_accuracy_3, truth, said, everything),
            "macro_f1": with_interval(macro_f1_3, truth, said, everything),
            "recall": {
                name: round(float((said[truth == one] == one).mean()), 4) if (truth == one).any() else None
                for name, one in CLASSES.items()
            },
        }
    return found


def run(path: Path, *, cross_validate: bool | None = None) -> dict[str, Any]:
    """All figures of a set. `cross_validate` None decides by whether the weights were trained on it.

    Raises:
        ValueError: the file holds something else than labelled claims.
    """
    cases = read_cases(path)
    if not cases:
        raise ValueError(f"{path} holds no claims")
    known = is_known(cases, shipped_weights())
    validate = known if cross_validate is None else cross_validate
    measure_cases(cases)
    assessed = assess(cases, cross_validate=validate)
    truth = truth_of(cases)
    names = np.asarray([case.subset for case in cases])
    subsets = {str(name): np.flatnonzero(names == name) for name in np.unique(names)}
    three_way = bool((truth == PARTIAL).any())
    said = sayings(outcomes(cases), assessed)
    checks = {name: report_of(truth, one, subsets, three_way=three_way) for name, one in said.items()}
    return {
        "set": path.name,
        "claims": len(cases),
        "trained_on": known,
        "weights": "trained anew without the fold that is judged" if validate else "as shipped",
        "subsets": {name: len(part) for name, part in subsets.items()},
        "checks": checks,
        "all": checks["all"],
    }


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['set']}: {found['claims']} claims, weights {found['weights']}"
    if found["trained_on"] and found["weights"] == "as shipped":
        yield "the weights were trained on this set: the figures are those of fitting, not of judging"
    yield "supported against the rest; overall: mean over subsets"
    for name, check in found["checks"].items():
        for place, figures in [("overall", check), ("  pooled", check["pooled"]), *check["by_subset"].items()]:
            shown = (
                f"{figure} {one['value']:.3f} [{one['low']:.3f} to {one['high']:.3f}]"
                for figure, one in figures.items()
                if figure in FIGURES
            )
            yield f"{name:<13} {place:<20} {'  '.join(shown)}"
        if "three_way" in check:
            three = check["three_way"]
            recalls = ", ".join(f"{one} {value}" for one, value in three["recall"].items())
            value = three["balanced_accuracy"]["value"]
            yield f"{name:<13} three classes: balanced accuracy {value:.3f}; recall {recalls}"


def main() -> None:
    """Reads the set, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True, dest="path")
    parser.add_argument("--json", action="store_true")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--cross-validate", action="store_const", const=True, dest="cross_validate")
    how.add_argument("--shipped", action="store_const", const=False, dest="cross_validate")
    arguments = parser.parse_args()
    with only_result_on_stdout():
        try:
            found = run(arguments.path, cross_validate=arguments.cross_validate)
        except (OSError, ValueError) as error:
            parser.error(str(error))
    if arguments.json:
        print(json.dumps(found))
    else:
        print("\n".join(_lines(found)))


if __name__ == "__main__":
    main()
