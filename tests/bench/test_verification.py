"""The measurement of claim checking, on a set of a few claims."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.entailment_cases import NOT, PARTIAL, SUPPORTED
from bench.verification import run
from bench.verification_figures import balanced_accuracy, balanced_accuracy_3, macro_f1

EVIDENCE = ["The annual fee is 120 euros. Members under 18 travel for free. Trains run every hour."]
CLAIMS = [
    ("The annual fee is 120 euros.", "supported"),
    ("Members under 18 travel for free.", "supported"),
    ("Trains run every hour and serve warm meals.", "partially_supported"),
    ("The museum shows sculpture from Vienna.", "not_supported"),
    ("The annual fee is 130 euros.", "not_supported"),
]


def write(path: Path, subsets: bool) -> Path:
    rows = [
        {"claim": claim, "evidence": EVIDENCE, "label": label} | ({"subset": f"s{n % 2}"} if subsets else {})
        for n, (claim, label) in enumerate(CLAIMS)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("subsets", [True, False])
def test_a_set_is_measured_check_by_check(tmp_path: Path, subsets: bool) -> None:
    found = run(write(tmp_path / "set.jsonl", subsets))
    assert found["claims"] == 5
    assert found["weights"] == "as shipped"
    assert set(found["checks"]) >= {"all", "numbers", "names", "negation", "entailment", "word_overlap", "embedding"}
    assert found["all"] == found["checks"]["all"]
    assert set(found["all"]["by_subset"]) == ({"s0", "s1"} if subsets else {"set"})
    assert found["all"]["recall"]["value"] == 1.0
    assert found["all"]["macro_f1"]["low"] <= found["all"]["macro_f1"]["value"] <= found["all"]["macro_f1"]["high"]
    assert set(found["all"]["three_way"]["recall"]) == {"supported", "partial", "not_supported"}
    json.dumps(found)


def test_a_line_that_is_no_labelled_claim_is_named(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"claim": "x", "evidence": ["y"], "label": "perhaps"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        run(path)


def test_figures_are_those_of_the_books() -> None:
    truth = np.asarray([SUPPORTED, SUPPORTED, PARTIAL, NOT])
    said = np.asarray([SUPPORTED, NOT, PARTIAL, NOT])
    assert balanced_accuracy(truth, said) == pytest.approx(0.75)
    assert balanced_accuracy_3(truth, said) == pytest.approx((0.5 + 1 + 1) / 3)
    assert macro_f1(truth, said) == pytest.approx((2 / 3 + 4 / 5) / 2)
