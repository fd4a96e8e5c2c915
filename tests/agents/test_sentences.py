"""Sentence spans: where they end, where they do not, and that no word falls outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Meals are capped. Ask Finance.", ["Meals are capped.", "Ask Finance."]),
        ("Use a tool, e.g. Slack. Then stop.", ["Use a tool, e.g. Slack.", "Then stop."]),
        ("See No. 5 of the list. It applies.", ["See No. 5 of the list.", "It applies."]),
        ("The answer is no. We stay.", ["The answer is no.", "We stay."]),
        ("Dr. J. R. Smith signs. So does Ms. Lee.", ["Dr. J. R. Smith signs.", "So does Ms. Lee."]),
        ("The fee is 3.5 percent. No more.", ["The fee is 3.5 percent.", "No more."]),
        ("Open https://a.example/c.d?x=1. Sign in.", ["Open https://a.example/c.d?x=1.", "Sign in."]),
        ("Acme Inc. The rest is ours.", ["Acme Inc.", "The rest is ours."]),
        ("It ended in 1999. Nobody knew.", ["It ended in 1999.", "Nobody knew."]),
        ("Really?! Yes. (See below.) Good.", ["Really?!", "Yes.", "(See below.)", "Good."]),
        ("**Two weeks before.** Tell them.", ["**Two weeks before.**", "Tell them."]),
        ("Das gilt z. B. für Reisen. Mehr nicht.", ["Das gilt z. B. für Reisen.", "Mehr nicht."]),
        ("Nach Abs. 2 endet es am 3. Mai. Danach nicht.", ["Nach Abs. 2 endet es am 3. Mai.", "Danach nicht."]),
        ("我们今天去。你呢？", ["我们今天去。", "你呢？"]),
    ],
)
def test_ends_sentences_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_list_numbers_and_bullets_stay_with_their_items() -> None:
    assert sentences("- 1. Click here. Then go.\n- 2. Wait.") == ["- 1. Click here.", "Then go.", "- 2. Wait."]


def test_a_blank_line_ends_a_sentence_and_a_soft_wrap_does_not() -> None:
    assert sentences("A title\n\nA line that\nwraps.") == ["A title", "A line that\nwraps."]


@given(st.text(alphabet="aB1 .!?\n\t-*()“”z。", max_size=80))
def test_spans_are_ordered_trimmed_and_cover_every_word(text: str) -> None:
    spans = split_sentences(text)
    outside = "".join(
        text[a:b] for a, b in zip([0, *(e for _, e in spans)], [*(s for s, _ in spans), len(text)], strict=True)
    )
    assert outside.strip() == ""
    assert all(text[s:e] == text[s:e].strip() != "" for s, e in spans)
