"""Entailment: quotes follow without a model, the small model meets its port, unsupported words are named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.checks.entailment import FeatureEntailment
from agents.checks.entailment_quoting import Quoted, quoted
from agents.checks.entailment_trees import Forest
from agents.checks.features import FEATURES
from agents.checks.judges import CrossEncoderEntailment
from retrieval.embedding import OpenVinoEmbedder, bundled_model
from retrieval.errors import ModelError
from retrieval.nli import CrossEncoderNli
from tests.retrieval.rerankers import save_tiny_cross_encoder

FEE = "The annual fee is 120 euros. Members under 18 travel for free."


class NoEmbeddings:
    """Fails when asked: what is a quote needs no model."""

    def embed_tokens(self, texts: Sequence[str]) -> list[tuple[np.ndarray, list[tuple[int, int]]]]:
        raise AssertionError(texts)


@pytest.fixture(scope="module")
def entailment() -> FeatureEntailment:
    return FeatureEntailment(OpenVinoEmbedder(bundled_model()))


@pytest.mark.parametrize(
    ("claim", "evidence", "expected"),
    [
        ("The annual fee is 120 euros.", [FEE], Quoted.WHOLE),
        ("- the annual FEE\n is  120 euros", [FEE], Quoted.WHOLE),
        ("fee is paid", ["No fee is paid."], Quoted.INSIDE),
        ("The fee is 12", ["The fee is 12.5 euros."], Quoted.NO),
        ("check", ["a check-in desk"], Quoted.NO),
        ("Berlin – Hotel: 140; Meals: 28.", ["City\nHotel\nMeals\nBerlin\n140\n28"], Quoted.WHOLE),
        ("Berlin – Hotel: 28; Meals: 140.", ["City\nHotel\nMeals\nBerlin\n140\n28"], Quoted.NO),
        ("Warranty: Technical: 3 years.", ["Warranty:", "- Technical: 3 years"], Quoted.WHOLE),
        ("...", ["..."], Quoted.NO),
    ],
)
def test_a_quote_is_told_from_a_part_of_a_sentence(claim: str, evidence: list[str], expected: Quoted) -> None:
    assert quoted(claim, evidence) is expected


def test_a_quote_follows_without_embedding_anything() -> None:
    assert FeatureEntailment(NoEmbeddings())([("Members under 18 travel for free.", [FEE])]) == [1.0]


def test_nothing_follows_from_no_evidence() -> None:
    assert FeatureEntailment(NoEmbeddings())([("Members travel for free.", []), ("So they do.", [" "])]) == [0.0, 0.0]


def test_a_rewording_is_likelier_to_follow_than_something_else(entailment: FeatureEntailment) -> None:
    near, far = entailment([
        ("Members who are younger than 18 travel free of charge.", [FEE]),
        ("The museum opened a new wing for modern sculpture in Vienna.", [FEE]),
    ])  # fmt: skip
    assert near > 0.5 > far


def test_the_words_that_are_not_borne_out_are_named(entailment: FeatureEntailment) -> None:
    evidence = ["The company was founded in Hamburg in 1998 and makes pumps for ships."]
    found = entailment.assess([("The company was founded in Hamburg and sells wooden furniture to schools.", evidence)])
    words = " ".join(found[0].words)
    assert "furniture" in words
    assert "Hamburg" not in words


def test_answers_keep_the_order_of_the_pairs(entailment: FeatureEntailment) -> None:
    pairs = [("Pumps are red.", ["Pumps are blue and large."]), ("The annual fee is 120 euros.", [FEE]), ("", [FEE])]
    together = entailment(pairs)
    assert together[1] == 1.0
    assert together[0] == pytest.approx(entailment(pairs[:1])[0], abs=0.02)


@settings(max_examples=25, deadline=None)
@given(claim=st.text(max_size=60), evidence=st.lists(st.text(max_size=80), max_size=3))
def test_any_text_gets_a_probability(entailment: FeatureEntailment, claim: str, evidence: list[str]) -> None:
    assert 0.0 <= entailment([(claim, evidence)])[0] <= 1.0


def test_trees_send_each_row_to_its_leaf() -> None:
    tree = {
        "feature": [0, -1, -1],
        "threshold": [0.5, 0, 0],
        "left": [1, 0, 0],
        "right": [2, 0, 0],
        "value": [0, 0.2, 0.9],
    }
    forest = Forest({"trees": [tree], "depth": 1, "base": 0.0, "scale": 1.0, "logit": False})
    assert forest(np.asarray([[0.5], [0.6]])).tolist() == [0.2, 0.9]


def test_weights_for_other_features_are_refused() -> None:
    with pytest.raises(ValueError, match="train the weights anew"):
        FeatureEntailment(NoEmbeddings(), {"words": {"features": ["another"]}, "claims": {"features": FEATURES}})


def test_a_cross_encoder_judges_what_is_no_quote(tmp_path: Path) -> None:
    folder = save_tiny_cross_encoder(tmp_path / "nli", labels=1)
    judge = CrossEncoderEntailment(CrossEncoderNli(folder))
    found = judge([("trains cost 120 euros", ["hotels cost 120 euros"]), ("Hotels.", ["Hotels."]), ("trains", [])])
    assert 0.0 < found[0] < 1.0
    assert found[1:] == [1.0, 0.0]


def test_a_model_that_does_not_name_entailment_is_refused(tmp_path: Path) -> None:
    folder = save_tiny_cross_encoder(tmp_path / "many", labels=3)
    with pytest.raises(ModelError, match="which class is entailment"):
        CrossEncoderNli(folder).probabilities([("a", "b")])
    with pytest.raises(ModelError, match=r"no config\.json"):
        CrossEncoderNli(tmp_path / "nowhere").load()
