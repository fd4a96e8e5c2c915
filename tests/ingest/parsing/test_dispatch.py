"""Which parser a file gets, and how files that cannot be read are refused."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress

import pytest

from ingest.errors import ParseError, Problem
from ingest.model import RawFile
from ingest.parsing import parse
from tests.ingest.parsing.parsing_samples import FIRST, SAMPLES, docx, eml, html, markdown, pptx, xlsx


def refusal(name: str, data: bytes) -> Problem:
    with pytest.raises(ParseError) as caught:
        parse(RawFile(name=name, data=data))
    problem = caught.value.problem
    assert problem.reason.endswith(".")
    assert problem.mend.endswith(".")
    return problem


@pytest.mark.parametrize("name", ["policy", "policy.txt", "policy.doc", "policy.bin", "policy.pdf"])
@pytest.mark.parametrize(("make", "found"), [(docx, "docx"), (pptx, "pptx"), (xlsx, "xlsx")])
def test_office_files_are_known_by_their_bytes(name: str, make: object, found: str) -> None:
    assert callable(make)
    assert parse(RawFile(name=name, data=make())).format == found


@pytest.mark.parametrize("name", ["page.doc", "page.xls", "page", "page.txt", "page.htm"])
def test_a_web_page_is_known_under_any_name(name: str) -> None:
    document = parse(RawFile(name=name, data=html()))
    assert document.format == "html"
    assert FIRST in document.text


def test_text_without_a_suffix_is_text() -> None:
    assert parse(RawFile(name="README", data=b"Some words.\n\nMore words.")).format == "text"


def test_a_mail_without_a_suffix_is_a_mail() -> None:
    assert parse(RawFile(name="12345", data=eml())).format == "eml"


def test_a_text_with_a_few_field_like_lines_is_no_mail() -> None:
    assert parse(RawFile(name="notes", data=b"Topic: a\nOwner: b\nDue: c\n\nText.")).format == "text"


@pytest.mark.parametrize("data", [b"", b"  \n\t\n", b"\xef\xbb\xbf\n", b"\x00\x00"])
def test_an_empty_file_is_refused_as_empty(data: bytes) -> None:
    assert refusal("a.txt", data).code == "empty"


@pytest.mark.parametrize("name", ["a.docx", "a.xlsx", "a.pptx", "a.xls", "a.epub"])
def test_an_empty_office_file_is_refused_as_empty(name: str) -> None:
    assert refusal(name, b"").code == "empty"


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("a.mp3", b"ID3\x04" + bytes(100), "MP3"),
        ("a.mp4", b"\x00\x00\x00\x20ftypisom" + bytes(100), "video"),
        ("a.gz", b"\x1f\x8b\x08\x00" + bytes(100), "gzip"),
        ("a.exe", b"MZ\x90\x00\x00" + bytes(100), "program"),
        ("a.dat", bytes(range(256)) * 8, ".dat"),
    ],
)
def test_unreadable_formats_are_named(name: str, data: bytes, word: str) -> None:
    problem = refusal(name, data)
    assert problem.code == "unsupported_format"
    assert word in problem.reason


def test_an_archive_is_refused_with_the_advice_to_unpack_it() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "words")
    assert "Unpack" in refusal("a.zip", packed.getvalue()).mend


@pytest.mark.parametrize("name", ["old.doc", "old.ppt"])
def test_old_office_files_name_the_missing_program(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    stream = "WordDocument" if name.endswith("doc") else "PowerPoint Document"
    problem = refusal(name, compound_file(stream))
    assert problem.code == "needs_libreoffice"
    assert "LibreOffice" in problem.mend


@pytest.mark.parametrize("name", ["secret.xlsx", "secret.docx", "secret"])
def test_an_encrypted_office_file_is_told_from_a_damaged_one(name: str) -> None:
    assert refusal(name, compound_file("EncryptedPackage")).code == "password_protected"


def compound_file(stream: str) -> bytes:
    """A minimal OLE compound file with one empty stream of that name."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += b"\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00" + bytes(6)
    header += (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(4)
    header += (4096).to_bytes(4, "little") + b"\xfe\xff\xff\xff" + bytes(4) + b"\xfe\xff\xff\xff" + bytes(4)
    header += (0).to_bytes(4, "little") + b"\xff\xff\xff\xff" * 108
    table = b"\xfd\xff\xff\xff\xfe\xff\xff\xff" + b"\xff\xff\xff\xff" * 126

    def entry(name: str, kind: int, child: int) -> bytes:
        raw = name.encode("utf-16-le") + b"\x00\x00"
        out = raw.ljust(64, b"\x00") + len(raw).to_bytes(2, "little") + bytes([kind, 1])
        out += b"\xff" * 8 + child.to_bytes(4, "little", signed=True)
        out += bytes(36) + b"\xfe\xff\xff\xff" + bytes(8)
        return out

    folder = entry("Root Entry", 5, 1) + entry(stream, 2, -1) + bytes(256)
    return header + table + folder


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_damaged_files_are_read_or_refused_and_nothing_else(name: str) -> None:
    data = SAMPLES[name][0]()
    dice = random.Random(name)
    for _ in range(4):
        broken = bytearray(data[: dice.randrange(1, len(data))])
        for _ in range(5):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        with suppress(ParseError):
            assert parse(RawFile(name=name, data=bytes(broken))).elements


def test_a_file_that_unpacks_to_far_more_than_its_size_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(80 << 20))
    assert refusal("bomb.docx", packed.getvalue()).code == "unsafe_archive"


def test_an_office_file_that_declares_entities_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", '<!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>')
    assert refusal("entities.docx", packed.getvalue()).code == "unsafe_archive"


def test_an_xml_file_that_declares_entities_is_refused() -> None:
    assert refusal("a.xml", b'<!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>').code == "unsafe_xml"


@pytest.mark.parametrize("name", ["deep.json", "deep.xml", "deep.html", "deep.md"])
def test_deep_nesting_is_no_trouble(name: str) -> None:
    opening, closing = {"json": ("[", "]"), "xml": ("<a>", "</a>"), "html": ("<div>", "</div>"), "md": ("> ", "")}[
        name.split(".")[1]
    ]
    middle = '"word"' if name == "deep.json" else "word"
    data = (opening * 5000 + middle + closing * 5000).encode()
    assert "word" in parse(RawFile(name=name, data=data)).text


def test_markdown_keeps_its_markup() -> None:
    document = parse(RawFile(name="a.md", data=markdown()))
    assert document.markup == "markdown"
    assert document.verbatim
