"""Text, Markdown, delimited and structured text, web pages, encodings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import ingest
from ingest.errors import ParseError
from ingest.model import ElementKind, ParsedDocument, RawFile
from ingest.parsing import parse
from ingest.parsing.decoding import decode
from tests.ingest.parsing.parsing_samples import html


def read(name: str, text: str) -> ParsedDocument:
    return parse(RawFile(name=name, data=text.encode()))


def pieces(document: ParsedDocument, kind: ElementKind | None = None) -> list[str]:
    return [document.text[e.start : e.end] for e in document.elements if kind in (None, e.kind)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_are_found(encoding: str) -> None:
    text = "Die Größe der Mühle beträgt für Gäste 50 Meter.\nUnd überall grünt es schön.\n" * 5
    assert decode(text.encode(encoding)) == text


def test_newlines_become_one_character() -> None:
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ParseError) as caught:
        decode(bytes(range(256)) * 16)
    assert caught.value.problem.code == "undecodable_text"


def test_a_declared_charset_is_believed_where_the_bytes_allow() -> None:
    page = '<html><head><meta charset="iso-8859-2"></head><body><p>Zażółć gęślą jaźń</p></body></html>'
    document = parse(RawFile(name="a.html", data=page.encode("iso-8859-2")))
    assert document.text == "Zażółć gęślą jaźń"


def test_text_is_cut_into_headings_paragraphs_and_items() -> None:
    document = read(
        "a.txt", "PAYMENT TERMS\n\nInvoices are due\nin 14 days.\n\n- first\n  more\n- second\n\n3.1 Scope\n\nAll."
    )
    assert [(e.kind.value, document.text[e.start : e.end]) for e in document.elements] == [
        ("heading", "PAYMENT TERMS"),
        ("paragraph", "Invoices are due\nin 14 days."),
        ("list_item", "- first\n  more"),
        ("list_item", "- second"),
        ("heading", "3.1 Scope"),
        ("paragraph", "All."),
    ]


def test_a_wrapped_line_that_begins_with_a_number_is_no_item() -> None:
    assert len(read("a.txt", "The rule was made in\n19. It still holds today.").elements) == 1


def test_markdown_structure() -> None:
    source = (
        "---\ntitle: Leave\nowner: HR\n---\n\n# Leave policy\n\nText with **bold**\nand more.\n\n> quoted words\n\n"
        "1. one\n   - inner item\n\n     second paragraph\n2. two\n\n```sh\nrun it\n```\n\n<!-- hidden -->\n\n"
        "<div>shown</div>\n\nSub\n---\n\n| A | B |\n|---|---|\n| `x|y` | z |\n| 1 | 2 |\n"
    )
    document = read("a.md", source)
    assert document.title == "Leave"
    found = [(e.kind.value, e.level, document.text[e.start : e.end]) for e in document.elements]
    assert ("paragraph", None, "title: Leave\nowner: HR") in found
    assert ("heading", 1, "Leave policy") in found
    assert ("paragraph", None, "Text with **bold**\nand more.") in found
    assert ("paragraph", None, "quoted words") in found
    assert ("list_item", None, "one") in found
    assert ("list_item", None, "inner item") in found
    assert ("paragraph", None, "second paragraph") in found
    assert ("code", None, "run it") in found
    assert ("paragraph", None, "<div>shown</div>") in found
    assert ("heading", 2, "Sub") in found
    assert not any("hidden" in piece for _, _, piece in found)
    assert document.elements[-1].columns == ("A", "B")


def test_a_quoted_field_may_hold_line_breaks_and_delimiters() -> None:
    document = read("a.csv", 'Name,Note,Sum\nAna,"first, then\nsecond",12\nBo,"says ""hi""",13\n')
    rows = [[document.text[a:b] for a, b in e.cells] for e in document.elements]
    assert rows == [["Name", "Note", "Sum"], ["Ana", "first, then\nsecond", "12"], ["Bo", 'says ""hi""', "13"]]
    assert document.elements[1].columns == ("Name", "Note", "Sum")


def test_a_table_of_nothing_but_values_has_no_header() -> None:
    document = read("a.csv", "1,2,3\n4,5,6\n")
    assert all(not e.columns and not e.is_header for e in document.elements)


def test_short_and_long_rows_keep_cells_and_columns_parallel() -> None:
    document = read("a.csv", "Item,Price\npen,1\nink\ncap,2,extra\n")
    assert [e.columns for e in document.elements[1:]] == [("Item", "Price"), ("Item",), ("Item", "Price", "")]


def test_json_objects_are_elements_even_on_one_line() -> None:
    document = read("a.json", '[{"id":1,"text":"a"},{"id":2,"tags":["x","y"]}]'.replace("a", "word " * 60))
    assert len(document.elements) == 2
    assert pieces(document)[1].endswith('{"id":2,"tags":["x","y"]}'.replace("a", "word " * 60))


def test_broken_json_is_kept_as_text() -> None:
    assert "lost" in read("a.json", '{"a": "lost"').text


def test_web_boilerplate_goes_and_hidden_text_too() -> None:
    page = (
        "<html><body><nav>Menu words</nav><div style='display: none'>Secret</div><h1>Rules</h1>"
        "<p>Body <del>old</del> words.</p><figure><figcaption>Figure words.</figcaption></figure></body></html>"
    )
    assert pieces(read("a.html", page)) == ["Rules", "Body old words.", "Figure words."]


def test_a_table_that_lays_out_the_page_is_opened() -> None:
    page = "<table><tr><td><h2>Left</h2><p>One.</p></td><td><table><tr><th>K</th><th>V</th></tr><tr><td>a</td>"
    document = read("a.html", page + "<td>1</td></tr></table></td></tr></table>")
    assert pieces(document) == ["Left", "One.", "K | V", "a | 1"]


def test_merged_cells_of_a_web_table_name_and_repeat() -> None:
    page = (
        "<table><thead><tr><th rowspan=2>Region</th><th colspan=2>2026</th></tr><tr><th>Plan</th><th>Actual</th></tr>"
        "</thead><tr><td rowspan=2>North</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></table>"
    )
    last = read("a.html", page).elements[-1]
    document = read("a.html", page)
    assert last.columns == ("Region", "2026 Plan", "2026 Actual")
    assert document.text[last.start : last.end] == "North | 3 | 4"


def test_web_pages_are_read_without_network_language_model_or_torch(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(html())
    program = (
        "import socket, sys\n"
        "def refuse(*args, **kwargs): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from ingest.model import RawFile\nfrom ingest.parsing import parse\n"
        "document = parse(RawFile(name='a.html', data=open(sys.argv[1], 'rb').read()))\n"
        "assert document.elements and 'torch' not in sys.modules and 'spacy' not in sys.modules\n"
    )
    root = Path(ingest.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.html")], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
