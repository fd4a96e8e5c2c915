"""A masker gives each datum of a run one placeholder and puts everything back exactly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.gateway.privacy import Masker, MaskingLimit


def test_parts_of_a_name_are_the_same_person() -> None:
    masked = Masker().mask(
        "Harriet Penhallow called. Penhallow asked for PENHALLOW's file; H. Penhallow signed, and Harriet left. "
        "See penhallow_notes.txt."
    )
    assert masked == (
        "[PERSON_1] called. [PERSON_1B] asked for [PERSON_1C]'s file; [PERSON_1D] signed, and [PERSON_1E] left. "
        "See [PERSON_1F]_notes.txt."
    )


def test_one_value_has_one_placeholder_in_all_texts_of_a_run() -> None:
    masker = Masker()
    assert masker.mask("Write to ana@kestholm.example.") == "Write to [EMAIL_1]."
    assert masker.mask("ben@kestholm.example, ana@kestholm.example") == "[EMAIL_2], [EMAIL_1]"
    assert masker.mask("ANA@kestholm.example") == "[EMAIL_1B]"


def test_what_a_later_text_tells_holds_for_those_before_it() -> None:
    question, document = Masker().mask_all(["Is wrenfield on leave?", "Employee: Oda Wrenfield, on leave"])
    assert "wrenfield" not in question.lower() + document.lower()


def test_a_labelled_number_is_known_without_its_label() -> None:
    masker = Masker()
    masker.mask("Passport number: X1234567")
    assert masker.mask("the file X1234567 is closed") == "the file [PASSPORT_1] is closed"


TOKENS = st.sampled_from(
    [
        "Harriet",
        "Penhallow",
        "harriet",
        "[PERSON_1]",
        "PERSON_1",
        "PERSON 1",
        "[person 2]",
        "[EMAIL_1",
        "]",
        "[",
        "[[",
        "\\",
        "EMAIL",
        "_1",
        " 1",
        "a@b.example",
        "@",
        "at",
        "dot",
        "com",
        "+44 1632 960400",
        "4111 1111 1111 1111",
        "0",
        "1234567890",
        "-",
        " ",
        "\n",
        "\u200b",
        "\u0308",
        "u",
        "ﬁ",
        "½",
        "１",
        "Dear Mr",
        ":",
        "Name:",
        ",",
        "|",
        "LITERAL_1",
        "[LITERAL_1]",
        "14 High Street",
        "DE89370400440532013000",
        "born 1.2.1980",
        "PERSON_",
        "1B",
        "İ",
        "ß",
        "=\n",
        "Phone_1",
        "x",
    ]
)


@given(st.lists(TOKENS | st.text(max_size=6), max_size=25).map("".join))
@settings(deadline=None)
def test_unmasking_undoes_masking(text: str) -> None:
    masker = Masker()
    assert masker.unmask(masker.mask(text)) == text
    assert masker.unmask(masker.mask(text)) == text
    assert masker.unknown == frozenset()


@given(st.lists(TOKENS, max_size=12).map("".join), st.lists(TOKENS, max_size=12).map("".join))
@settings(deadline=None)
def test_unmasking_undoes_masking_in_all_texts_of_a_run(one: str, other: str) -> None:
    masker = Masker()
    masked = masker.mask_all([one, other])
    assert [masker.unmask(text) for text in masked] == [one, other]


PIECES = [
    "[PERSON_1]",
    "[PERSON_1B]",
    "PERSON_1",
    "person_1",
    "[EMAIL_1]",
    "[PHONE_9]",
    "[",
    "x",
    " ",
    "PERSON 1",
    "'s",
    "\\",
]


@given(st.data())
@settings(deadline=None)
def test_a_stream_is_unmasked_as_the_whole_is(data: st.DataObject) -> None:
    masker = Masker()
    masker.mask("Harriet Penhallow, Penhallow, a@b.example, +44 1632 960400")
    reply = data.draw(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=20).map("".join))
    stream, out, rest = masker.stream(), [], reply
    while rest:
        size = data.draw(st.integers(1, 12))
        out.append(stream.feed(rest[:size]))
        rest = rest[size:]
    assert "".join([*out, stream.finish()]) == masker.unmask(reply)


@pytest.mark.parametrize(
    "said",
    [
        "[PERSON_1]",
        "[person_1]",
        "[Person 1]",
        "[PERSON-1]",
        "PERSON_1",
        "PERSON 1",
        "person_1",
        "\\[PERSON\\_1\\]",
        "[ PERSON_1 ]",
    ],
)
def test_what_models_do_to_placeholders_is_undone(said: str) -> None:
    masker = Masker()
    masker.mask("Harriet Penhallow")
    assert masker.unmask(f"Ask {said}'s team.") == "Ask Harriet Penhallow's team."
    assert masker.unmask(f"**{said}**, ({said})") == "**Harriet Penhallow**, (Harriet Penhallow)"
    assert masker.unknown == frozenset()


def test_a_placeholder_that_was_never_given_stays_and_is_reported() -> None:
    masker = Masker()
    masker.mask("Harriet Penhallow")
    assert masker.unmask("[PERSON_1] and [PERSON_7], Person 1") == "Harriet Penhallow and [PERSON_7], Person 1"
    assert masker.unknown == {"PERSON_7"}


def test_all_strings_of_a_reply_are_unmasked() -> None:
    masker = Masker()
    masker.mask("Harriet Penhallow")
    reply = {"claims": [{"text": "[PERSON_1] left", "n": 3}], "by": None}
    assert masker.unmask_value(reply) == {"claims": [{"text": "Harriet Penhallow left", "n": 3}], "by": None}


def test_a_run_with_too_much_is_refused() -> None:
    masker = Masker(most_values=20)
    with pytest.raises(MaskingLimit):
        masker.mask(" ".join(f"a{n}@b.example" for n in range(50)))
