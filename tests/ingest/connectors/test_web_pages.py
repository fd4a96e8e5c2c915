"""Boilerplate goes, and no word of the main text with it."""

from __future__ import annotations

import re

from lxml import html

from ingest.connectors.web.pages import main_content, page_facts

PAGE = """<!doctype html><html lang="en"><head><title>Travel policy | Acme</title><style>p{}</style></head><body>
<div id="cookie-banner"><p>We use cookies.</p><button>Accept</button></div>
<header><a href="/">Acme</a><nav><ul><li><a href="/hr">HR</a></li></ul></nav></header>
<aside><p>Related pages</p></aside>
<main><article><header><h1>Travel policy</h1><p>Valid from 1 May.</p></header>
<p>Short.</p><p>Business class needs the <b>director's</b> approval.</p>
<aside class="note"><p>Note: meals are capped.</p></aside>
<table><caption>Caps</caption><tr><th>Meal</th><th>EUR</th></tr><tr><td>Lunch</td><td>20</td></tr></table>
<ul><li>Trains first<ul><li>second class</li></ul></li><li>Planes last</li></ul>
<dl><dt>Per diem</dt><dd>60 EUR</dd></dl><pre>code = 1</pre>
<blockquote>Quoted words</blockquote><details><summary>More</summary><p>Folded text</p></details>
<figure><img src="x.png" alt="x"><figcaption>A figure</figcaption></figure>
<footer><p>Signed by the board</p></footer></article></main>
<footer><p>Copyright Acme</p></footer><script>var x = "script words";</script></body></html>"""


def words(data: bytes) -> list[str]:
    return re.findall(r"\w+", " ".join(html.fromstring(data).find("body").itertext()))


def test_the_main_text_is_whole_and_in_order_and_the_rest_is_gone() -> None:
    found = words(main_content(PAGE, frozenset(), keep_prose=False))
    wanted = re.findall(
        r"\w+",
        "Travel policy Valid from 1 May Short Business class needs the director's approval Note: meals are capped Caps "
        "Meal EUR Lunch 20 Trains first second class Planes last Per diem 60 EUR code = 1 Quoted words More Folded "
        "text A figure Signed by the board",
    )
    assert found == wanted
    assert b"<title>Travel policy | Acme</title>" in main_content(PAGE, frozenset(), keep_prose=False)


def test_what_most_pages_have_at_their_edges_goes_and_one_page_keeps_its_prose() -> None:
    page = (
        "<body><div><a href='/'>Home</a> <a href='/x'>Contact</a></div><p>{}</p><p>Call us any time.</p>"
        "<p>{} again</p><p>Prices without VAT.</p></body>"
    )
    one, two = page.format("First page", "first"), page.format("Second page", "second")
    shared = frozenset(page_facts(one, "http://h/").blocks) & frozenset(page_facts(two, "http://h/").blocks)
    assert " ".join(words(main_content(one, shared, keep_prose=False))) == "First page Call us any time first again"
    kept = " ".join(words(main_content(one, shared, keep_prose=True)))
    assert kept == "First page Call us any time first again Prices without VAT"


def test_a_page_of_nothing_but_boilerplate_is_left_whole() -> None:
    assert "Contents" in words(main_content("<body><nav>Contents</nav></body>", frozenset(), keep_prose=False))


def test_the_only_heading_survives_its_header() -> None:
    page = "<body><header><a href='/'>Home</a><h1>Leave</h1></header><p>Thirty days.</p></body>"
    assert words(main_content(page, frozenset(), keep_prose=False)) == ["Leave", "Thirty", "days"]


def test_links_are_absolute_by_the_base_and_written_once() -> None:
    page = "<head><base href='/docs/'></head><a href='a.html'>a</a><a href='a.html'>b</a><a rel=nofollow href=c>c</a>"
    assert page_facts(page, "http://h/x.html").links == ("http://h/docs/a.html",)
