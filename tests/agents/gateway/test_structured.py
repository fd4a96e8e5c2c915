"""Answers as typed replies, and what a model is told when its answer is none."""

from __future__ import annotations

import json

import pytest
from pydantic import BaseModel, Field

from agents.gateway.shapes import shape_of, stating, strict_schema
from agents.gateway.structured import Malformed, asking_again, read_reply


class Claim(BaseModel):
    text: str = Field(min_length=1)
    spans: list[int] = []


class Draft(BaseModel):
    claims: list[Claim]
    note: str | None = None


def back(text: str) -> str:
    return text.replace("[P]", "Anna")


def test_every_string_of_a_reply_is_put_back() -> None:
    found = read_reply('{"claims": [{"text": "[P] and [P]", "spans": [1]}], "note": "for [P]"}', Draft, back)
    assert found == Draft(claims=[Claim(text="Anna and Anna", spans=[1])], note="for Anna")


def test_the_object_that_fits_is_taken_from_among_others() -> None:
    text = 'I looked at {"page": 3} first.\n{"claims": [{"text": "a"}]}'
    assert read_reply(text, Draft, str).claims == [Claim(text="a")]


def test_the_same_object_twice_is_one() -> None:
    assert read_reply('{"claims": []} {"claims": []}', Draft, str) == Draft(claims=[])


class Loose(BaseModel):
    claims: list[str] = []


@pytest.mark.parametrize("text", ["{}", '{"text": "a"}', "[]", '{"claims": [{"claims": ["a"]}, {"clai'])
def test_defaults_make_no_reply_of_something_else(text: str) -> None:
    with pytest.raises(Malformed):
        read_reply(text, Loose, str)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("no", "no JSON object"),
        ('{"claims": [{"text": ""}]}', "claims.0.text: string too short"),
        ('{"claims": 3}', "claims: list type"),
        ('{"claims": []} {"claims": [{"text": "a"}]}', "several"),
    ],
)
def test_a_fault_is_named_and_nothing_of_the_reply_is_quoted(text: str, fault: str) -> None:
    with pytest.raises(Malformed, match=fault):
        read_reply(text, Draft, str)


def test_asking_again_quotes_the_answer_and_the_fault() -> None:
    messages = asking_again([{"role": "user", "content": "q"}], "x" * 9000, "claims: list type", Draft)
    assert [one["role"] for one in messages] == ["user", "assistant", "user"]
    assert len(messages[1]["content"]) < 5000
    assert "claims: list type" in messages[2]["content"]


def test_a_strict_schema_demands_every_key_and_no_other() -> None:
    schema = strict_schema(shape_of(Draft).schema)
    assert schema["required"] == ["claims", "note"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Claim"]["required"] == ["text", "spans"]
    assert "default" not in json.dumps(schema)


def test_a_shape_is_stated_beside_the_instructions() -> None:
    messages = stating([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "q"}], shape_of(Draft))
    assert messages[0]["content"].startswith("Be brief.\n\nReply with one JSON object")
    assert messages[1]["content"] == "q"
