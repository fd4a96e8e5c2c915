"""Mails: header lines, the better body, attachments embedded with their places."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from ingest.errors import ParseError
from ingest.model import ElementKind, ParsedDocument, RawFile
from ingest.parsing import parse
from tests.ingest.parsing.parsing_samples import FIRST, docx, eml, html, xlsx

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000000000400010d0a2db40000000049454e44ae426082"
)


def message(body: str = "See the files.\n", subject: str = "Files") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ana Silva <ana@example.com>"
    mail["To"] = "Bo <bo@example.com>, cy@example.com"
    mail["Subject"] = subject
    mail.set_content(body)
    return mail


def read(mail: EmailMessage) -> ParsedDocument:
    return parse(RawFile(name="a.eml", data=mail.as_bytes()))


def test_the_subject_is_the_title_and_a_header_line() -> None:
    document = read(message(subject="Grüße aus Köln"))
    assert document.title == "Grüße aus Köln"
    assert "Subject: Grüße aus Köln" in document.text.split("\n")
    assert "To: Bo <bo@example.com>, cy@example.com" in document.text.split("\n")


def test_quoted_replies_stay() -> None:
    assert "> Is it 60 EUR?" in read(message("Yes.\n\n> Is it 60 EUR?\n")).text


def test_the_html_body_is_read_where_the_plain_one_is_a_stub() -> None:
    mail = message("Please view this message in an HTML browser.\n")
    mail.add_alternative(html().decode(), subtype="html")
    document = read(mail)
    assert FIRST in document.text
    assert any(e.columns == ("City", "Hotel limit", "Currency") for e in document.elements)


def test_the_plain_body_is_preferred_where_both_say_the_same() -> None:
    mail = message("Meals are capped at 60 EUR.\n")
    mail.add_alternative("<p>Meals are capped at 60 EUR.</p>", subtype="html")
    assert read(mail).text.count("capped") == 1


def test_attachments_stand_under_their_names_with_their_own_places() -> None:
    mail = message()
    mail.add_attachment(xlsx(), maintype="application", subtype="octet-stream", filename="limits.xlsx")
    mail.add_attachment(docx(), maintype="application", subtype="octet-stream", filename="policy.docx")
    document = read(mail)
    headings = [document.text[e.start : e.end] for e in document.elements if e.kind is ElementKind.HEADING]
    assert headings[:2] == ["Attachment: limits.xlsx", "Limits"]
    assert "Attachment: policy.docx" in headings
    [zurich] = [s for s in document.segments if document.text[s.start : s.end] == "Zürich"]
    assert (zurich.sheet, zurich.cell) == ("Limits", "A2")


def test_an_unreadable_attachment_is_a_gap_and_does_not_cost_the_mail() -> None:
    mail = message()
    mail.add_attachment(b"ID3\x04" + bytes(200), maintype="audio", subtype="mpeg", filename="memo.mp3")
    document = read(mail)
    assert "See the files." in document.text
    [gap] = document.gaps
    assert gap.code == "unsupported_format"
    assert gap.part == "attachment memo.mp3"


def test_a_tiny_inline_picture_is_no_gap() -> None:
    mail = message()
    mail.add_attachment(PIXEL, maintype="image", subtype="png", filename="logo.png", disposition="inline")
    assert read(mail).gaps == ()


def test_mails_within_mails_are_read_to_a_depth() -> None:
    mail = message("The innermost words.\n", "Level 0")
    for level in range(1, 6):
        outer = message(f"Words of level {level}.\n", f"Level {level}")
        outer.add_attachment(mail)
        mail = outer
    document = read(mail)
    assert "Words of level 2." in document.text
    assert "The innermost words." not in document.text
    assert [gap.code for gap in document.gaps] == ["nested_too_deep"]


def test_an_encrypted_mail_is_refused() -> None:
    data = b"From: a@example.com\nSubject: s\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; name=smime.p7m\n"
    with pytest.raises(ParseError) as caught:
        parse(RawFile(name="a.eml", data=data + b"Content-Transfer-Encoding: base64\n\nAAAA\n"))
    assert caught.value.problem.code == "encrypted_mail"


def test_lines_count_in_the_file_over_soft_line_breaks() -> None:
    body = "Meals are capped at 60 EUR a day, and drinks are included in that sum in all countries. " * 3
    mail = message()
    mail.set_content(body + "ü\n", cte="quoted-printable")
    document = read(mail)
    [segment] = [s for s in document.segments if document.text[s.start :].startswith("Meals")]
    lines = mail.as_bytes().decode().split("\n")
    assert segment.line_start is not None
    assert segment.line_end is not None
    assert lines[segment.line_start - 1].startswith("Meals are capped")
    assert segment.line_end > segment.line_start


def test_a_mail_saved_as_utf_16_is_read() -> None:
    data = eml().decode().encode("utf-16")
    assert FIRST in parse(RawFile(name="a.eml", data=data)).text
