"""Markdown slices as readable text."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.markup import plain


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('[label](http://a.example/c_(d)_e "title") end', "label end"),
        ("![a chart](chart.png) end", "a chart end"),
        ("[![badge](b.svg)](https://ci.example)", "badge"),
        ("see [the policy][1] and note[^2].", "see the policy and note."),
        ("<https://a.example/x> and <ana@example.com>", "https://a.example/x and ana@example.com"),
        ("**bold**, __bold too__, *it*, _it too_, ***both***, ~~gone~~", "bold, bold too, it, it too, both, gone"),
        ("`co_de*x*` and ``a ` b``", "co_de*x* and a ` b"),
        ("**Note:**text", "Note:text"),
        ("a<br>b<br/>c", "a b c"),
        ('<b>x</b> <span class="k">y</span>', "x y"),
        ("a < b > c and <your name>", "a < b > c and <your name>"),
        ("AT&amp;T &copy; 2026", "AT&T © 2026"),
        ("# Heading ##", "Heading"),
        ("> > quoted\n> text", "quoted text"),
        ("- [x] done **well**", "done well"),
        ("3. third", "third"),
        ("| a | b\\|c |", "a | b|c"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a | b 1 | 2"),
        (r"\*not emphasis\* 1\. x", "*not emphasis* 1. x"),
        ("Title\n=====\nBody", "Title Body"),
        ("a <!-- hidden --> b", "a b"),
    ],
)
def test_markup_becomes_what_a_reader_sees(markup: str, expected: str) -> None:
    assert plain(markup) == expected


@pytest.mark.parametrize(
    "prose",
    [
        "snake_case_name and __init__ and _private stay",
        "2*3*4 = 24 and 2 ** 3 ** 4, 5 * 3 * 2",
        "*.py,*.md and src/**/*.py, docs/**",
        "https://a.example/a_b_c?x=1&copy=2_3 stays",
        "me_too_2@example.com",
        "x[0][1] and f(x)[2]",
        "Fish & chips, R&D; 5 < 6 > 4",
        "~5 min, ~10 max",
        "C# and F# at 9 # 5",
        "10,000 | 20,000",
    ],
)
def test_prose_that_only_looks_like_markup_stays(prose: str) -> None:
    assert plain(prose) == prose


@given(st.lists(st.text(string.ascii_letters + string.digits + ".,;:!?'()%&/@äöüß€é–", min_size=1), max_size=12))
def test_plain_prose_comes_back_unchanged(words: list[str]) -> None:
    # A number with a dot at the start would be a list marker.
    prose = " ".join(["Say", *words])
    assert plain(prose) == prose


@given(st.text(string.ascii_lowercase + " \n*_`[]()<>!#|-\\&;~\ue000\ue0011", max_size=80))
def test_any_slice_is_accepted_and_keeps_its_letters(text: str) -> None:
    result = plain(text)
    assert result == " ".join(result.split())
    assert set(result) <= set(text) | set(" &<>\"'") or "&" in text


@pytest.mark.parametrize("unit", ["[", "*a ", "_a ", "`", "**a", "<a ", "![a](", "(", "~~a", "\\", "[a](b", "&a"])
def test_long_runs_of_markers_take_no_long_time(unit: str) -> None:
    started = time.perf_counter()
    plain(unit * 2000)
    assert time.perf_counter() - started < 2
