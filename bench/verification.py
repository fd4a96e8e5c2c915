"""Measures how claims are checked, on a labelled set.

    python -m bench.verification --set FILE.jsonl [--json] [--cross-validate | --shipped] [--folds subset|evidence]

The set holds {claim, evidence: [text], label, subset}; label: attributable or supported; partially_supported; not
attributable or not_supported. Printed for each check alone, all together (`all`), plain word overlap and the likeness
of embeddings: precision and recall of "supported", balanced accuracy and macro-F1 of supported against the rest, with
95 % bootstrap intervals, by subset and overall. Overall figures are means over the subsets, as the authors of
AttributionBench report them; `pooled` takes all claims as one. Of a set that tells partial support apart, the figures
over three classes stand under `three_way`.

On a set that the shipped weights never saw, they are used as they are. On one that they were trained on, the models
are trained anew without the fold that they judge: its subset, or a fifth of its evidence where the set has no subsets
or with --folds evidence. They learn from the other claims of the set and from the table of what the shipped weights
were trained on, less every claim of the set and of its evidence.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents.checks.coverage import word_coverage
from agents.checks.entailment import Assessment, FeatureEntailment, shipped_weights
from agents.checks.entailment_quoting import Quoted, quoted
from agents.checks.features import rows
from agents.checks.model import Finding, Verdict
from agents.checks.unsupported import WordModel
from agents.checks.verifying import CHECKS, PARTLY, findings_of, judge
from bench.entailment_cases import NOT, PARTIAL, SUPPORTED, Case, claim_hash, load_table, measure_cases, read_cases
from bench.entailment_fitting import fit_claims
from bench.reporting import only_result_on_stdout, say
from bench.verification_figures import FIGURES, Said, macro_f1, report_of

FOLDS = 5
KNOWN = 0.5
"""A set of whose claims the weights were trained on this share counts as known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found of one claim, whatever the fold."""

    case: Case
    findings: tuple[Finding, ...]
    overlap: float
    likeness: float


def folds_of(cases: Sequence[Case], *, by_evidence: bool = False) -> list[str]:
    """The fold of each claim: its subset, or a fifth of the evidence where that is asked or there is but one subset."""
    if not by_evidence and len({case.subset for case in cases}) > 1:
        return [case.subset for case in cases]
    return [str(int(case.family[:8], 16) % FOLDS) for case in cases]


def is_known(cases: Sequence[Case], weights: Mapping[str, Any]) -> bool:
    """Whether the weights were trained on this set."""
    seen = set(weights.get("trained_on", ()))
    return sum(claim_hash(case.claim) in seen for case in cases) > KNOWN * len(cases)


def assess(cases: Sequence[Case], folds: Sequence[str] | None) -> list[Assessment]:
    """The entailment of each claim: by the shipped weights, or by weights trained without its fold."""
    shipped = shipped_weights()
    if folds is None:
        return _weighed(cases, FeatureEntailment(_NoEmbeddings(), shipped))
    own = rows([case.measured[0] for case in cases], WordModel(shipped["words"]))
    known = [case.known for case in cases]
    claims, families = {one.claim for one in known}, {one.family for one in known}
    others, table = load_table()
    apart = [place for place, one in enumerate(others) if one.claim not in claims and one.family not in families]
    found: dict[int, Assessment] = {}
    for fold in sorted(set(folds)):
        outside = [place for place, name in enumerate(folds) if name == fold]
        hidden = {known[place].family for place in outside}
        inside = [place for place, name in enumerate(folds) if name != fold and known[place].family not in hidden]
        say(f"training without {fold}: {len(inside)} claims of the set, {len(apart)} others")
        learnt = [*(known[place] for place in inside), *(others[place] for place in apart)]
        weights = {**shipped, "claims": fit_claims(learnt, np.vstack([own[inside], table[apart]]))}
        entailment = FeatureEntailment(_NoEmbeddings(), weights)
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
        [SUPPORTED if one.probability >= 0.5 else PARTIAL if one.some >= PARTLY else NOT for one in assessed]
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


def run(path: Path, *, cross_validate: bool | None = None, by_evidence: bool = False) -> dict[str, Any]:
    """All figures of a set. `cross_validate` None decides by whether the weights were trained on it;
    `by_evidence` makes fifths of the evidence the folds, not subsets.

    Raises:
        ValueError: the file holds something else than labelled claims.
    """
    cases = read_cases(path)
    if not cases:
        raise ValueError(f"{path} holds no claims")
    known = is_known(cases, shipped_weights())
    validate = known if cross_validate is None else cross_validate
    measure_cases(cases)
    assessed = assess(cases, folds_of(cases, by_evidence=by_evidence) if validate else None)
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
    parser.add_argument("--folds", choices=("subset", "evidence"), default="subset")
    arguments = parser.parse_args()
    with only_result_on_stdout():
        try:
            found = run(
                arguments.path, cross_validate=arguments.cross_validate, by_evidence=arguments.folds == "evidence"
            )
        except (OSError, ValueError) as error:
            parser.error(str(error))
    if arguments.json:
        print(json.dumps(found))
    else:
        print("\n".join(_lines(found)))


if __name__ == "__main__":
    main()
