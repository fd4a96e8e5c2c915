"""Web sites: what is fetched, what is spared, what is gone and what must stay for want of an answer."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.connectors.web import WebConnector
from ingest.errors import ParseError, SourceError
from ingest.model import Access, Listing
from ingest.settings import AccessRule, WebSettings
from tests.ingest.connectors.web_server import WebServer, links


@pytest.fixture
def server() -> Iterator[WebServer]:
    made = WebServer()
    yield made
    made.close()


def web(server: WebServer, folder: Path, **fields: Any) -> WebConnector:
    waits: list[float] = fields.pop("waits", [])
    start = fields.pop("start", ("/",) if "sitemaps" not in fields else ())
    urls = {"start": start, "sitemaps": fields.pop("sitemaps", ())}
    absolute = {key: tuple(one if "//" in one else server.url + one for one in value) for key, value in urls.items()}
    settings = WebSettings(name="site", **({"delay_s": 0, "timeout_s": 2} | absolute | fields))  # type: ignore[arg-type]
    return WebConnector(settings, folder / "cache", waits.append)


def paths(server: WebServer, listing: Listing) -> list[str]:
    return sorted(item.uri.removeprefix(server.url) for item in listing.items)


def keeps(server: WebServer, listing: Listing, path: str) -> bool:
    """Whether a sync would leave a known document alone."""
    uri = server.url + path
    return path in paths(server, listing) or any(uri.startswith(place.prefix) for place in listing.unlisted)


def test_pages_are_reached_by_links_up_to_the_depth(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/a.html#part", "b/", "mailto:x@example.com", "/logo.png"))
    server.put("/a.html", links("/c.html", "/"))
    server.put("/b/", links("deep.html"))
    server.put("/b/deep.html", links("/too/deep.html"))
    server.put("/c.html", "<p>c</p>")
    server.put("/too/deep.html", "<p>deep</p>")
    listing = web(server, tmp_path).list()
    assert paths(server, listing) == ["/", "/a.html", "/b/", "/b/deep.html", "/c.html"]
    assert {item.name for item in listing.items} == {"index.html", "a.html", "deep.html", "c.html"}
    assert "/logo.png" not in server.statuses()
    assert paths(server, web(server, tmp_path / "x", depth=0).list()) == ["/"]


def test_an_unchanged_site_costs_answers_without_bodies_only(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/a.html", "/b.txt"))
    server.put("/a.html", links("/c.html"))
    server.put("/b.txt", "plain words", content_type="text/plain")
    server.put("/c.html", "<p>c</p>")
    first = web(server, tmp_path).list()
    server.log.clear()
    assert web(server, tmp_path).list() == first
    server.pages.pop("/robots.txt", None)
    assert {path: status for path, status in server.log if path != "/robots.txt"} == dict.fromkeys(
        ("/", "/a.html", "/b.txt", "/c.html"), 304
    )


def test_a_changed_page_has_another_fingerprint_and_its_new_links_are_followed(
    server: WebServer, tmp_path: Path
) -> None:
    server.put("/", links("/a.html"), validators=False)
    server.put("/a.html", "<p>old</p>")
    [root, old] = web(server, tmp_path).list().items
    server.put("/a.html", links("/new.html", text="new"))
    server.put("/new.html", "<p>new</p>")
    connector = web(server, tmp_path)
    items = {item.uri.removeprefix(server.url): item for item in connector.list().items}
    assert set(items) == {"/", "/a.html", "/new.html"}
    assert items["/"].fingerprint == root.fingerprint
    assert items["/"].modified_at == root.modified_at
    assert items["/a.html"].fingerprint != old.fingerprint
    assert b"new" in connector.read(items["/a.html"]).data


def test_a_page_that_is_gone_is_not_listed(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/a.html", "/b.html"))
    server.put("/a.html", "<p>a</p>")
    server.put("/b.html", "<p>b</p>")
    assert len(web(server, tmp_path).list().items) == 3
    del server.pages["/a.html"]
    server.put("/b.html", "gone", status=410)
    listing = web(server, tmp_path).list()
    assert (paths(server, listing), listing.unlisted) == (["/"], ())


@pytest.mark.parametrize("status", [500, 503, 403, -1])
def test_a_page_without_an_answer_stays_and_what_it_led_to_is_listed(
    server: WebServer, tmp_path: Path, status: int
) -> None:
    server.put("/", links("/a.html"))
    server.put("/a.html", links("/child.html"))
    server.put("/child.html", "<p>child</p>")
    web(server, tmp_path).list()
    server.put("/a.html", "broken", status=status)
    listing = web(server, tmp_path).list()
    assert paths(server, listing) == ["/", "/child.html"]
    assert [place.prefix for place in listing.unlisted] == [server.url + "/a.html"]
    server.pages["/a.html"].status = 404
    assert web(server, tmp_path).list().unlisted == ()


def test_with_a_lost_cache_a_failing_page_keeps_the_whole_site(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/a.html"))
    server.put("/a.html", links("/child.html"))
    server.put("/child.html", "<p>child</p>")
    web(server, tmp_path).list()
    server.put("/a.html", "broken", status=500)
    listing = web(server, tmp_path / "elsewhere").list()
    assert keeps(server, listing, "/child.html")
    assert keeps(server, web(server, tmp_path / "elsewhere").list(), "/child.html")


def test_a_damaged_cache_is_made_anew(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/a.html"))
    server.put("/a.html", "<p>words of a</p>")
    first = web(server, tmp_path).list()
    (tmp_path / "cache" / "site.sqlite").write_bytes(b"no database at all, whatever its name says" * 100)
    again = web(server, tmp_path).list().items
    assert [(item.uri, item.fingerprint) for item in again] == [(item.uri, item.fingerprint) for item in first.items]
    for body in (tmp_path / "cache" / "bodies").iterdir():
        body.write_bytes(b"x" * body.stat().st_size)
    connector = web(server, tmp_path)
    item = next(item for item in connector.list().items if item.name == "a.html")
    assert b"words of a" in connector.read(item).data


@pytest.mark.parametrize("status", [404, 500, 403, -1])
def test_without_its_start_page_a_site_cannot_be_listed(server: WebServer, tmp_path: Path, status: int) -> None:
    server.put("/", "words", status=status)
    with pytest.raises(SourceError, match=re.escape(f"start page {server.url}/")):
        web(server, tmp_path).list()


def test_a_server_that_is_down_is_a_source_error(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/a.html"))
    web(server, tmp_path).list()
    server.close()
    with pytest.raises(SourceError, match=r"robots\.txt cannot be had: no connection"):
        web(server, tmp_path).list()


def test_a_server_that_goes_down_half_way_is_a_source_error(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links(*[f"/{number}.html" for number in range(20)]))
    for number in range(20):
        server.put(f"/{number}.html", "words", status=-1 if number > 3 else 200)
    with pytest.raises(SourceError, match="stopped answering"):
        web(server, tmp_path).list()


def test_robots_rules_are_kept(server: WebServer, tmp_path: Path) -> None:
    rules = "User-agent: *\nDisallow: /private/\nAllow: /private/open.html\nDisallow: /*.tmp$\nCrawl-delay: 3\n"
    server.put("/robots.txt", rules + "Sitemap: /other.xml\n", content_type="text/plain")
    server.put("/", links("/private/a.html", "/private/open.html", "/x.tmp", "/ok.html"))
    for path in ("/private/a.html", "/private/open.html", "/ok.html"):
        server.put(path, "<p>words</p>")
    waits: list[float] = []
    listing = web(server, tmp_path, waits=waits).list()
    assert paths(server, listing) == ["/", "/ok.html", "/private/open.html"]
    assert listing.hidden == 2
    assert not {"/private/a.html", "/x.tmp", "/other.xml"} & set(server.statuses())
    assert len(waits) >= 3
    assert max(waits) > 2


@pytest.mark.parametrize("status", [500, -1])
def test_robots_that_cannot_be_had_forbid_everything(server: WebServer, tmp_path: Path, status: int) -> None:
    server.put("/robots.txt", "oops", status=status)
    server.put("/", "<p>words</p>")
    with pytest.raises(SourceError, match=r"robots\.txt"):
        web(server, tmp_path).list()
    assert "/" not in server.statuses()


def test_other_hosts_are_not_visited(server: WebServer, tmp_path: Path) -> None:
    other = WebServer()
    try:
        other.put("/x.html", "<p>x</p>")
        server.put("/", links(other.url + "/x.html", "/out.html", "http://user:secret@127.0.0.1/y"))
        server.put("/out.html", "", status=301, headers={"Location": other.url + "/x.html"})
        listing = web(server, tmp_path).list()
        assert paths(server, listing) == ["/"]
        assert other.log == []
        hosts = tuple(one.removeprefix("http://") for one in (server.url, other.url))
        both = web(server, tmp_path / "both", hosts=hosts, exclude=(f"{hosts[0]}/out.html",)).list()
        assert {item.uri for item in both.items} == {server.url + "/", other.url + "/x.html"}
    finally:
        other.close()


def test_redirects_and_canonical_links_lead_to_one_document(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/old", "/new?print=1", "/loop1", "/new#top"))
    server.put("/old", "", status=301, headers={"Location": "/new"})
    server.put("/loop1", "", status=302, headers={"Location": "/loop2"})
    server.put("/loop2", "", status=302, headers={"Location": "/loop1"})
    page = '<head><link rel="canonical" href="/new"></head><body><p>words</p></body>'
    server.put("/new?print=1", page)
    server.put("/new", page)
    listing = web(server, tmp_path).list()
    assert paths(server, listing) == ["/", "/new"]
    assert [item.name for item in listing.items] == ["index.html", "new.html"]
    server.put("/old", "", status=302, headers={"Location": "http://127.0.0.1:1/login"})
    assert keeps(server, web(server, tmp_path).list(), "/old")


def test_a_canonical_link_cannot_widen_access(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/hr/pay.html"))
    server.put("/hr/pay.html", '<head><link rel="canonical" href="/public/pay.html"></head><p>secret</p>')
    hr = Access(allow=("group:hr",))
    rules = (AccessRule(glob="hr/**", access=hr),)
    listing = web(server, tmp_path, access=Access(allow=("everyone",)), rules=rules).list()
    assert {item.uri.removeprefix(server.url): item.access for item in listing.items}["/hr/pay.html"] == hr


def test_rules_see_the_unescaped_path_without_the_query(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/%68r/pay.html?v=2", "/drafts/x.html"))
    server.put("/%68r/pay.html?v=2", "<p>pay</p>")
    hr = Access(allow=("group:hr",))
    rules = (AccessRule(glob="hr/*.html", access=hr),)
    listing = web(server, tmp_path, rules=rules, exclude=("drafts/**",)).list()
    assert hr in [item.access for item in listing.items]
    assert "/drafts/x.html" not in server.statuses()
    assert listing.hidden == 1


def test_sitemaps_with_an_index_and_gzip(server: WebServer, tmp_path: Path) -> None:
    name = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    inner = f"<urlset {name}><url><loc>{server.url}/a.html?x=1&amp;y=2</loc></url></urlset>"
    server.put("/index.xml", f"<sitemapindex {name}><sitemap><loc>{server.url}/s.xml.gz</loc></sitemap></sitemapindex>")
    server.put("/s.xml.gz", gzip.compress(inner.encode()), content_type="application/gzip")
    server.put("/a.html?x=1&y=2", links("/not-followed.html"))
    for _ in range(2):
        assert paths(server, web(server, tmp_path, sitemaps=("/index.xml",)).list()) == ["/a.html?x=1&y=2"]
    assert server.statuses()["/s.xml.gz"] == 304
    for bad in (b"<urlset><url>", b"\x1f\x8bnot gzip", b"<html></html>"):
        server.put("/s.xml.gz", bad)
        with pytest.raises(SourceError, match="sitemap"):
            web(server, tmp_path, sitemaps=("/index.xml",)).list()
    del server.pages["/s.xml.gz"]
    with pytest.raises(SourceError, match="answers 404"):
        web(server, tmp_path, sitemaps=("/index.xml",)).list()


def test_a_site_beyond_the_limit_says_so_and_loses_nothing(server: WebServer, tmp_path: Path) -> None:
    names = [f"/{number}.html" for number in range(8)]
    server.put("/", links(*names))
    for name in names:
        server.put(name, "<p>words</p>")
    assert len(web(server, tmp_path).list().items) == 9
    del server.pages["/0.html"]
    for folder in (tmp_path, tmp_path / "fresh"):
        listing = web(server, folder, max_pages=4).list()
        assert len(listing.items) == 3
        assert all(keeps(server, listing, name) for name in names[1:])
        assert "max_pages (4)" in listing.unlisted[0].problem.reason
    assert not keeps(server, web(server, tmp_path, max_pages=4).list(), "/0.html")


def test_a_short_wait_is_honoured_and_a_long_one_handed_on(server: WebServer, tmp_path: Path) -> None:
    server.put("/", "busy", status=503, headers={"Retry-After": "7"})
    waits: list[float] = []
    with pytest.raises(SourceError):
        web(server, tmp_path, waits=waits).list()
    assert waits.count(7.0) == 2
    server.put("/", "busy", status=429, headers={"Retry-After": "600"})
    with pytest.raises(SourceError) as caught:
        web(server, tmp_path).list()
    assert caught.value.retry_after_s == 600


def test_linked_documents_are_read_as_they_are(server: WebServer, tmp_path: Path) -> None:
    server.put("/", links("/get?id=7", "/notes.md", "/data", "/picture"))
    server.put("/get?id=7", b"%PDF-1.7 bytes", content_type="application/pdf")
    server.put("/notes.md", "# Notes", content_type="text/plain")
    server.put("/data", "Straße".encode("latin-1"), content_type="text/plain; charset=iso-8859-1")
    server.put("/picture", b"GIF89a", content_type="image/gif")
    connector = web(server, tmp_path)
    listing = connector.list()
    read = {item.name: connector.read(item).data for item in listing.items}
    assert read["get.pdf"] == b"%PDF-1.7 bytes"
    assert read["notes.md"] == b"# Notes"
    assert read["data.txt"].decode() == "Straße"
    assert (len(read), listing.hidden) == (4, 1)


@pytest.mark.parametrize(
    ("head", "kind", "encoding"),
    [
        ("", "text/html; charset=latin-1", "latin-1"),
        ('<meta charset="utf-8">', "text/html", "utf-8"),
        ("", "", "utf-8"),
    ],
)
def test_charsets(server: WebServer, tmp_path: Path, head: str, kind: str, encoding: str) -> None:
    server.put("/a.html", f"<html><head>{head}</head><p>Grüße</p></html>".encode(encoding), content_type=kind)
    connector = web(server, tmp_path, start=("/a.html",))
    [item] = connector.list().items
    assert "Grüße" in connector.read(item).data.decode()


def test_robots_meta_tags_are_kept(server: WebServer, tmp_path: Path) -> None:
    server.put("/", '<meta name="robots" content="noindex"><a href="/a.html">a</a>')
    server.put("/a.html", '<meta name="robots" content="nofollow"><a href="/b.html">b</a>')
    server.put("/b.html", "<p>b</p>")
    listing = web(server, tmp_path).list()
    assert (paths(server, listing), listing.hidden) == (["/a.html"], 1)


def test_no_secret_is_sent_or_told(server: WebServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        web(server, tmp_path, start=("http://ana:hunter2@127.0.0.1/",))
    assert "hunter2" not in str(caught.value)
    server.put("/", links("/a.html"), headers={"Set-Cookie": "session=1"})
    server.put("/a.html", "<p>a</p>")
    web(server, tmp_path).list()
    assert not any({"Cookie", "Authorization"} & set(sent) for sent in server.sent)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "no url", "http://"])
def test_a_wrong_start_page_is_named(server: WebServer, tmp_path: Path, url: str) -> None:
    with pytest.raises(SourceError, match="http or https"):
        WebConnector(WebSettings(name="site", start=(url,)), tmp_path)
    with pytest.raises(SourceError, match="neither"):
        WebConnector(WebSettings(name="site"), tmp_path)


def test_a_name_may_hold_anything(server: WebServer, tmp_path: Path) -> None:
    odd = ["/a%0Ab.html", "/%F0%9F%98%80.html", "/" + "x" * 250 + ".html"]
    server.put("/", links(*odd))
    for path in odd:
        server.put(path, "<p>odd</p>")
    listing = web(server, tmp_path).list()
    assert {item.name for item in listing.items} == {"index.html", "a\nb.html", "😀.html", "x" * 250 + ".html"}


def test_a_page_too_large_is_a_problem_of_that_page(
    server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.connectors.web.fetching.MAX_BODY_BYTES", 1000)
    server.put("/", links("/big.html"))
    server.put("/big.html", gzip.compress(b"<p>" + b"x" * 100_000), headers={"Content-Encoding": "gzip"})
    connector = web(server, tmp_path)
    item = next(item for item in connector.list().items if item.name == "big.html")
    with pytest.raises(ParseError) as caught:
        connector.read(item)
    assert caught.value.problem.code == "too_large"


def test_what_most_pages_repeat_is_kept_on_one_of_them(server: WebServer, tmp_path: Path) -> None:
    names = [f"/{number}.html" for number in range(5)]

    def page(words: str) -> str:
        menu = "".join(f'<a href="{name}">Item</a> ' for name in names)
        return f"<body><div>{menu}</div><p>{words}</p><p>Prices without VAT.</p></body>"

    server.put("/", page("Welcome"))
    for name in names[:2]:
        server.put(name, page(f"About {name}"))
    few = {item.uri: item for item in web(server, tmp_path).list().items}
    for name in names[2:]:
        server.put(name, page(f"About {name}"))
    connector = web(server, tmp_path)
    items = connector.list().items
    read = {item.uri.removeprefix(server.url): connector.read(item).data.decode() for item in items}
    assert "Prices" in read["/"]
    assert "Item" not in read["/"]
    assert not any("Prices" in read[name] or "Item" in read[name] for name in names)
    assert all(f"About {name}" in read[name] for name in names)
    now = {item.uri: item for item in items}
    assert all(now[uri].fingerprint != few[uri].fingerprint for uri in few)
    assert WebConnector(connector._settings, tmp_path / "cache").read(items[1]) == connector.read(items[1])
