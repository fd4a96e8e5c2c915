"""JSON as models write it: mended where there is one reading, left where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.gateway.lenient import MOST_CHARACTERS, Unreadable, values_in

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=8), JSON, min_size=1, max_size=4)


def only(text: str) -> Any:
    (value,) = values_in(text)
    return value


@settings(deadline=None, max_examples=40)
@given(OBJECTS)
def test_json_is_read_as_it_is(value: dict[str, Any]) -> None:
    assert only(json.dumps(value)) == value
    assert only(json.dumps(value, ensure_ascii=False, indent=2)) == value


@settings(deadline=None, max_examples=40)
@given(OBJECTS)
def test_fences_and_prose_around_it_do_not_matter(value: dict[str, Any]) -> None:
    body = json.dumps(value)
    assert only(f"Here you are: {body} I hope it helps.") == value
    assert only(f"Sure.\n```json\n{json.dumps(value).replace('```', '')}\n```\nDone.") == json.loads(
        body.replace("```", "")
    )
    assert only(f"<think>Is it {{this}}?</think>\n{body}") == value


@settings(deadline=None, max_examples=40)
@given(OBJECTS)
def test_what_is_cut_off_is_read_as_a_beginning_of_itself_or_not_at_all(value: dict[str, Any]) -> None:
    body = json.dumps(value)
    for end in range(1, len(body), max(1, len(body) // 20)):
        assert all(_begins(found, value) for found in values_in(body[:end]))


def _begins(part: Any, whole: Any) -> bool:
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and _begins(one, whole[key]) for key, one in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(_begins(one, other) for one, other in zip(part, whole, strict=False))
    return bool(part == whole)


@settings(deadline=None, max_examples=40)
@given(st.text(alphabet="{}[]\"':,\\ a1-.tnu\n`", max_size=400))
def test_any_text_is_read_or_not_but_never_breaks(text: str) -> None:
    try:
        found = list(values_in(text))
    except Unreadable:
        return
    json.dumps(found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2,], }', {"a": [1, 2]}),
        ("{'a': 'it\\'s', 'b': None, 'c': True}", {"a": "it's", "b": None, "c": True}),
        ("{'a': 'it's so'}", {"a": "it's so"}),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        ('{"a": ["x", "y"], "b": {"c": "d"', {"a": ["x", "y"], "b": {"c": "d"}}),
        ('{"a": ["x",', {"a": ["x"]}),
        ("{'a': '\\u00e4\\ud83d\\ude00'}", {"a": "ä😀"}),
        ("{'a': -1.5e3, 'b': []}", {"a": -1500.0, "b": []}),
    ],
)
def test_small_slips_are_mended(text: str, value: Any) -> None:
    assert only(text) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "cut in the mid',  # a string that breaks off
        '{"a": 12',  # 12, or the beginning of 123
        '{"a"',
        '{"a":',
        '{"a" "b"}',
        "{a: 1}",
        '{"a": 1, "a": 2,}',  # which of the two
        "{'a': 'one', two'}",  # where the string ends
        "nothing of the kind",
        "",
        '{"a": __import__("os")}',
    ],
)
def test_what_has_no_single_reading_is_not_read(text: str) -> None:
    assert [value for value in values_in(text) if isinstance(value, dict)] == []


def test_the_second_of_two_objects_is_told_apart() -> None:
    assert list(values_in('{"a": 1} and {"b": 2}')) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize("mark", ["[", '{"a":', "{'a':[", '"', "[1,", "{ "])
def test_hostile_text_costs_a_few_passes_at_most(mark: str) -> None:
    text = (mark * MOST_CHARACTERS)[:MOST_CHARACTERS]
    list(values_in(text))


def test_what_stands_inside_a_damaged_object_is_no_answer() -> None:
    assert list(values_in('{"claims": [{"text": "a"} {"text": "b"}]}')) in ([], [{"text": "b"}])
    assert list(values_in('{"claims": [{"text": "a"}, {"text": "b')) == []


def test_a_reply_of_any_length_is_not_read() -> None:
    with pytest.raises(Unreadable):
        list(values_in("x" * (MOST_CHARACTERS + 1)))
