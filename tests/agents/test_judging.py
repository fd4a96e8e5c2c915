"""The judge: which candidate it takes, when it abstains, and that its weights fit the signals."""

from __future__ import annotations

import pytest

from agents.judging import Judge
from agents.question import understand
from agents.signals import Candidate
from tests.agents.word_embeddings import WordEmbeddings

TEXTS = (
    "Hotels are booked through the travel desk.",
    "The probation period of apprentices lasts 4 months.",
    "Apprentices attend school on Mondays.",
    "Lunch is served at noon.",
)


def candidates(texts: tuple[str, ...] = TEXTS) -> list[Candidate]:
    return [
        Candidate(text=text, passage_text=text, title="Handbook", passage_score=1.0 - i / 10, rank=i)
        for i, text in enumerate(texts)
    ]


def test_takes_the_sentence_that_answers() -> None:
    judgement = Judge.load().judge(
        understand("How long does the probation period of apprentices last?").parts, candidates(), WordEmbeddings()
    )
    (part,) = judgement.parts
    assert judgement.answered
    assert TEXTS[part.chosen[0].index] == "The probation period of apprentices lasts 4 months."


def test_abstains_when_nothing_comes_near_and_still_names_the_nearest() -> None:
    judgement = Judge.load().judge(
        understand("What discount do universities get on licences?").parts, candidates(), WordEmbeddings()
    )
    assert not judgement.answered
    assert judgement.parts[0].chosen


def test_without_candidates_it_abstains() -> None:
    judgement = Judge.load().judge(understand("Who signs?").parts, [], WordEmbeddings())
    assert not judgement.answered
    assert judgement.probability == 0.0


def test_judges_each_part_and_embeds_each_text_once() -> None:
    embeddings = WordEmbeddings()
    question = understand("How long is the probation of apprentices, and when is lunch served?")
    judgement = Judge.load().judge(question.parts, candidates(), embeddings)
    chosen = [TEXTS[part.chosen[0].index] for part in judgement.parts]
    assert chosen == [TEXTS[1], TEXTS[3]]
    # Four sentences (each its own passage), one heading line, and the text of each part, twice.
    assert embeddings.texts_embedded <= len(TEXTS) + 1 + 2 * len(question.parts)


def test_probabilities_lie_between_none_and_all_and_fall_along_the_list() -> None:
    (part,) = Judge.load().judge(understand("When is lunch served?").parts, candidates(), WordEmbeddings()).parts
    probabilities = [chosen.probability for chosen in part.chosen]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0.0 <= sum(probabilities) <= part.probability <= 1.0


def test_a_threshold_handed_in_overrides_that_of_the_weights() -> None:
    question = understand("How long does the probation period of apprentices last?")
    assert not Judge.load().judge(question.parts, candidates(), WordEmbeddings(), threshold=1.01).answered
    assert Judge.load().judge(question.parts, candidates(), WordEmbeddings(), threshold=0.0).answered


def test_weights_for_a_signal_that_is_not_measured_are_refused() -> None:
    weights = {
        "rank": {"weights": {"telepathy": 1.0}},
        "answer": {"weights": {}, "bias": 0.0},
        "threshold": {"answer": 0.5, "share_of_best": 0.2, "most": 3},
    }
    with pytest.raises(ValueError, match="telepathy"):
        Judge(weights)
