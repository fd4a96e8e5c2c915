"""PDF: canonical text, structure and places, on files that each test makes for itself."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections import Counter

import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.lib import pdfencrypt
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import ParseError
from ingest.model import Box, Element, ElementKind, ParsedDocument, RawFile
from ingest.parsing import pdf as pdf_module
from ingest.parsing.pdf import parse_pdf
from ingest.parsing.pdf_text import join_at_break, spellings_of

WIDTH, HEIGHT = letter
SENTENCES = (
    "The committee met in the morning and heard what the departments had to say about the year",
    "Every team lead sends the figures of the month to the finance office before the fifth day",
    "Travel by train is preferred where the journey takes less than six hours from door to door",
    "A laptop that was lost or stolen is reported to the help desk within one working day at most",
    "Suppliers are paid thirty days after the invoice was checked and approved by two people",
)


class Sheet:
    """A canvas that counts from the top of the page, as boxes do."""

    def __init__(self, **options: object) -> None:
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=letter, **options)

    def text(self, x: float, y: float, text: str, *, size: float = 10, font: str = "Helvetica") -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, HEIGHT - y, text)

    def right(self, x: float, y: float, text: str, *, size: float = 10, font: str = "Helvetica") -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawRightString(x, HEIGHT - y, text)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.canvas.line(x0, HEIGHT - y0, x1, HEIGHT - y1)

    def paragraph(self, x: float, y: float, lines: tuple[str, ...] | list[str], step: float = 12) -> float:
        for number, line in enumerate(lines):
            self.text(x, y + number * step, line)
        return y + len(lines) * step

    def next_page(self) -> None:
        self.canvas.showPage()

    def file(self, name: str = "report.pdf") -> RawFile:
        self.canvas.showPage()
        self.canvas.save()
        return RawFile(name=name, data=self.buffer.getvalue())


def texts(document: ParsedDocument, kind: ElementKind | None = None) -> list[str]:
    return [document.text[e.start : e.end] for e in document.elements if kind in (None, e.kind)]


def cells(document: ParsedDocument, element: Element) -> list[str]:
    return [document.text[start:end] for start, end in element.cells]


def table_rows(document: ParsedDocument) -> list[Element]:
    return [element for element in document.elements if element.kind is ElementKind.TABLE_ROW]


def words_within(raw: RawFile, box: Box) -> list[str]:
    """What pdfium finds in a box of an unrotated page; one point off above and below, where lines touch."""
    with pdfium.PdfDocument(raw.data) as document:
        page = document[box.page - 1]
        textpage = page.get_textpage()
        height = page.get_height()
        text = textpage.get_text_bounded(
            left=box.x0 - 0.5, right=box.x1 + 0.5, top=height - box.y0 - 1, bottom=height - box.y1 + 1
        )
        textpage.close()
        page.close()
    return str(text).split()


def check_offsets(document: ParsedDocument) -> None:
    position = 0
    for element in document.elements:
        assert position <= element.start < element.end <= len(document.text)
        position = element.end
        for start, end in element.cells:
            assert element.start <= start < end <= element.end
        assert not element.columns or len(element.columns) == len(element.cells)
    for before, after in itertools.pairwise(document.segments):
        assert before.end <= after.start
    assert all(s.page is not None and s.box is not None and s.start < s.end for s in document.segments)


def numbered_report(pages: int = 6) -> RawFile:
    sheet = Sheet()
    for number in range(1, pages + 1):
        sheet.text(72, 40, "Northwind Ltd. - Annual report", size=8)
        sheet.text(72, 110, f"{number}. Part about subject {'abcdefghij'[number]}", size=16, font="Helvetica-Bold")
        for part in range(3):
            sheet.paragraph(72, 150 + part * 60, [f"{s} {number}{part}" for s in SENTENCES[part : part + 3]])
        sheet.text(280, 760, f"Page {number} of {pages}", size=8)
        if number < pages:
            sheet.next_page()
    return sheet.file()


def test_running_headers_and_page_numbers_are_left_out() -> None:
    document = parse_pdf(numbered_report())
    assert "Northwind" not in document.text
    assert "Page 3" not in document.text
    assert document.text.count("The committee met") == 6
    check_offsets(document)


def test_pages_are_parted_by_a_blank_line_and_segments_know_their_page() -> None:
    document = parse_pdf(numbered_report())
    assert document.text.count("\n\n") == 5
    for number, page in enumerate(document.text.split("\n\n"), start=1):
        start = document.text.index(page)
        assert {s.page for s in document.segments if start <= s.start < start + len(page)} == {number}


def test_body_text_that_stands_near_the_edge_of_many_pages_stays() -> None:
    sheet = Sheet()
    for number in range(5):
        sheet.paragraph(72, 40, [f"{SENTENCES[number]} first", "and so it goes on in this paragraph."])
        sheet.paragraph(72, 700, SENTENCES[:3])
        sheet.next_page()
    document = parse_pdf(sheet.file())
    assert all(f"{sentence} first" in document.text for sentence in SENTENCES)


def test_rows_of_a_long_table_are_no_running_lines() -> None:
    sheet = Sheet()
    for page in range(4):
        sheet.text(72, 50, "Item")
        sheet.right(300, 50, "Amount")
        for row in range(40):
            sheet.text(72, 64 + 14 * row, f"Widget {page * 40 + row}")
            sheet.right(300, 64 + 14 * row, f"{1000 + 7 * (page * 40 + row)}")
        sheet.next_page()
    document = parse_pdf(sheet.file())
    assert all(re.search(rf"Widget {number} \| {1000 + 7 * number}\b", document.text) for number in range(160))


def test_two_columns_are_read_one_after_the_other() -> None:
    sheet = Sheet()
    sheet.text(72, 80, "A title across the whole of the page", size=18)
    left = [" ".join(s.split()[:8]) + f" l{i}" for i, s in enumerate(SENTENCES * 3)]
    right = [" ".join(s.split()[-8:]) + f" r{i}" for i, s in enumerate(SENTENCES * 3)]
    sheet.paragraph(60, 120, left)
    sheet.paragraph(330, 124, right)
    document = parse_pdf(sheet.file())
    marks = re.findall(r"\b[lr]\d+\b", document.text)
    assert marks == [f"l{i}" for i in range(15)] + [f"r{i}" for i in range(15)]
    assert document.title == "A title across the whole of the page"
    check_offsets(document)


def test_words_broken_at_a_line_end_are_joined_and_compounds_keep_their_hyphen() -> None:
    sheet = Sheet()
    sheet.paragraph(
        72,
        100,
        [
            "We build engines, and we know how to manu-",
            "facture them at a low cost; that is a long-",
            "term plan of ours. A long-term plan pays for the Hewlett-",
            "Packard servers, too.",
        ],
    )
    document = parse_pdf(sheet.file())
    assert "manufacture them" in document.text
    assert "a long-term plan of ours" in document.text
    assert "Hewlett-Packard servers" in document.text
    check_offsets(document)


@pytest.mark.parametrize(
    ("before", "after", "elsewhere", "joined"),
    [
        ("manu-", "facture", "", "manufacture"),
        ("long-", "term", "long-term", "long-term"),
        ("high-", "dimensional", "high dimensional dimensional", "high-dimensional"),
        ("10-", "Q filings", "", "10-Q filings"),
        ("plain", "words", "", "plain words"),
        ("soft\u00ad", "ware", "", "software"),
        ("a dash -", "then", "", "a dash - then"),
    ],
)
def test_line_ends_meet_as_they_were_meant(before: str, after: str, elsewhere: str, joined: str) -> None:
    kept, separator = join_at_break(before, after, spellings_of(elsewhere))
    assert kept + separator + after == joined


def financial_table(sheet: Sheet, top: float = 100) -> None:
    columns = (320, 400, 480, 560)
    for x, title in ((360, "Three Months Ended"), (520, "Nine Months Ended")):
        sheet.canvas.setFont("Helvetica-Bold", 9)
        sheet.canvas.drawCentredString(x - 5, HEIGHT - top, title)
    sheet.line(260, top + 4, 405, top + 4)
    sheet.line(420, top + 4, 565, top + 4)
    for x, day, year in zip(columns, ("June 25,", "June 26,") * 2, ("2022", "2021") * 2, strict=True):
        sheet.right(x, top + 16, day, size=9, font="Helvetica-Bold")
        sheet.right(x, top + 27, year, size=9, font="Helvetica-Bold")
    rows = (
        ("Net sales:",),
        ("Products", "63,355", "63,948", "245,241", "232,309"),
        ("Services", "19,604", "17,486", "58,941", "50,148"),
        ("Other income/(expense), net", "(10)", "243", "(97)", "796"),
        ("Share of sales", "23.6 %", "21.5 %", "-", "17.8 %"),
    )
    for number, (label, *values) in enumerate(rows):
        y = top + 45 + 14 * number
        sheet.text(60, y, label)
        for x, value in zip(columns, values, strict=False):
            sheet.right(x, y, value)
            if label == "Products":
                sheet.text(x - 55, y, "$")


def test_a_table_without_rules_has_named_columns() -> None:
    sheet = Sheet()
    sheet.paragraph(60, 60, ["The figures of the quarter follow."])
    financial_table(sheet)
    sheet.paragraph(60, 260, SENTENCES)
    document = parse_pdf(sheet.file())
    header, label, *rows = table_rows(document)
    assert header.is_header
    assert cells(document, header)[:2] == ["Three Months Ended", "Nine Months Ended"]
    assert cells(document, label) == ["Net sales:"]
    assert cells(document, rows[0]) == ["Products", "$ 63,355", "$ 63,948", "$ 245,241", "$ 232,309"]
    assert rows[0].columns == (
        "",
        "Three Months Ended June 25, 2022",
        "Three Months Ended June 26, 2021",
        "Nine Months Ended June 25, 2022",
        "Nine Months Ended June 26, 2021",
    )
    assert cells(document, rows[2]) == ["Other income/(expense), net", "(10)", "243", "(97)", "796"]
    assert cells(document, rows[3])[1:] == ["23.6 %", "21.5 %", "-", "17.8 %"]
    assert len(rows) == 4
    check_offsets(document)


def test_a_table_that_goes_on_after_a_page_break_keeps_its_column_names() -> None:
    sheet = Sheet()
    for page in range(2):
        if page == 0:
            sheet.text(72, 600, "Item", font="Helvetica-Bold")
            sheet.right(300, 600, "Amount", font="Helvetica-Bold")
        for row in range(6):
            y = (616 if page == 0 else 72) + 14 * row
            sheet.text(72, y, f"Part {'ABCDEFGHIJKL'[page * 6 + row]}")
            sheet.right(300, y, f"{(page * 6 + row) * 1234 + 100:,}")
        sheet.next_page()
    document = parse_pdf(sheet.file())
    rows = [row for row in table_rows(document) if not row.is_header]
    assert len(rows) == 12
    assert {row.columns for row in rows} == {("Item", "Amount")}


def test_a_ruled_table_keeps_wrapped_cells_together() -> None:
    sheet = Sheet()
    rows = [
        (["Role"], ["Duty"], ["Limit"]),
        (["Director"], ["Approves business class", "and hotels above the cap"], ["no limit"]),
        (["Team lead"], ["Approves travel by train", "within the country"], ["500 EUR"]),
    ]
    y, edges = 100.0, (60, 160, 360, 460)
    sheet.line(edges[0], y, edges[-1], y)
    for row in rows:
        height = 14 * max(len(cell) for cell in row) + 6
        for x, cell in zip(edges, row, strict=False):
            sheet.paragraph(x + 5, y + 13, cell, step=13)
        y += height
        sheet.line(edges[0], y, edges[-1], y)
    for x in edges:
        sheet.line(x, 100, x, y)
    document = parse_pdf(sheet.file())
    header, first, second = table_rows(document)
    assert header.is_header
    assert cells(document, header) == ["Role", "Duty", "Limit"]
    assert cells(document, first) == ["Director", "Approves business class and hotels above the cap", "no limit"]
    assert first.columns == second.columns == ("Role", "Duty", "Limit")
    check_offsets(document)


def test_boxes_cover_the_words_of_their_segments() -> None:
    sheet = Sheet()
    sheet.text(72, 80, "Figures and words", size=20)
    sheet.paragraph(72, 120, SENTENCES)
    financial_table(sheet, top=250)
    raw = sheet.file()
    document = parse_pdf(raw)
    assert len(document.segments) > 10
    for segment in document.segments:
        assert segment.box is not None
        expected = document.text[segment.start : segment.end].replace(" | ", " ").split()
        assert Counter(words_within(raw, segment.box)) == Counter(expected)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_boxes_of_a_rotated_page_lie_where_the_page_shows_its_words(rotation: int) -> None:
    sheet = Sheet()
    sheet.canvas.setPageRotation(rotation)
    sheet.text(100, 200, "Rotated words on a page")
    sheet.text(100, 214, "and a second line of them")
    raw = sheet.file()
    document = parse_pdf(raw)
    assert document.text == "Rotated words on a page and a second line of them"
    with pdfium.PdfDocument(raw.data) as opened:
        page = opened[0]
        picture = page.render(scale=2).to_pil().convert("L")
        page.close()
    for segment in document.segments:
        box = segment.box
        assert box is not None
        inside = picture.crop((int(box.x0 * 2), int(box.y0 * 2), int(box.x1 * 2) + 1, int(box.y1 * 2) + 1))
        assert inside.getextrema()[0] < 100
        picture.paste(255, (int(box.x0 * 2) - 1, int(box.y0 * 2) - 1, int(box.x1 * 2) + 2, int(box.y1 * 2) + 2))
    assert picture.getextrema()[0] > 200


def test_text_that_runs_upwards_is_read_and_comes_last() -> None:
    sheet = Sheet()
    sheet.paragraph(72, 100, SENTENCES)
    sheet.canvas.saveState()
    sheet.canvas.rotate(90)
    sheet.canvas.setFont("Helvetica", 18)
    sheet.canvas.drawString(200, -30, "Stamped in the margin")
    sheet.canvas.restoreState()
    document = parse_pdf(sheet.file())
    assert texts(document)[-1] == "Stamped in the margin"
    box = document.segments[-1].box
    assert box is not None
    assert box.y1 - box.y0 > 4 * (box.x1 - box.x0)


def test_headings_and_list_items_are_told_from_paragraphs() -> None:
    sheet = Sheet()
    sheet.text(72, 80, "Travel policy", size=22, font="Helvetica-Bold")
    sheet.text(72, 120, "Flights", size=14, font="Helvetica-Bold")
    sheet.paragraph(72, 140, SENTENCES)
    for number, item in enumerate(("Book early and compare", "Ask the director first", "Keep the receipts")):
        sheet.text(90, 220 + 14 * number, "\u2022")
        sheet.text(104, 220 + 14 * number, item)
    sheet.text(72, 280, "(a) the first of the conditions")
    sheet.text(72, 294, "(b) the second of the conditions")
    document = parse_pdf(sheet.file())
    headings = [(e.level, document.text[e.start : e.end]) for e in document.elements if e.kind is ElementKind.HEADING]
    assert headings == [(1, "Travel policy"), (2, "Flights")]
    items = texts(document, ElementKind.LIST_ITEM)
    assert len(items) == 5
    assert items[0].endswith("Book early and compare")
    assert texts(document, ElementKind.PARAGRAPH) == [" ".join(SENTENCES)]


def test_the_title_comes_from_the_properties_when_they_are_sensible() -> None:
    def titled(title: str) -> str:
        sheet = Sheet()
        sheet.canvas.setTitle(title)
        sheet.paragraph(72, 100, SENTENCES)
        return parse_pdf(sheet.file("travel_rules.pdf")).title

    assert titled("Rules for travel") == "Rules for travel"
    assert titled("untitled") == "travel rules"
    assert titled("Microsoft Word - draft7.doc") == "travel rules"
    assert titled("0000320193-22-000070") == "travel rules"


def picture_page(sheet: Sheet) -> None:
    picture = Image.new("L", (400, 300), 255)
    sheet.canvas.drawImage(ImageReader(picture), 100, 300, 300, 200)


def test_a_scanned_page_without_tesseract_is_a_gap_and_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "find_tesseract", lambda: None)
    sheet = Sheet()
    sheet.paragraph(72, 100, SENTENCES)
    sheet.next_page()
    picture_page(sheet)
    document = parse_pdf(sheet.file())
    assert document.text.startswith("The committee met")
    assert [(gap.code, gap.part) for gap in document.gaps] == [("needs_tesseract", "page 2")]
    assert "apt-get install tesseract-ocr" in document.gaps[0].mend


def test_a_wholly_scanned_file_without_tesseract_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "find_tesseract", lambda: None)
    sheet = Sheet()
    picture_page(sheet)
    with pytest.raises(ParseError) as caught:
        parse_pdf(sheet.file())
    assert caught.value.problem.code == "needs_tesseract"


def test_a_blank_page_is_no_problem() -> None:
    sheet = Sheet()
    sheet.paragraph(72, 100, SENTENCES)
    sheet.next_page()
    sheet.next_page()
    sheet.paragraph(72, 100, ["The end."])
    document = parse_pdf(sheet.file())
    assert document.gaps == ()
    assert document.segments[-1].page == 3


def test_a_file_of_blank_pages_is_empty() -> None:
    with pytest.raises(ParseError) as caught:
        parse_pdf(Sheet().file())
    assert caught.value.problem.code == "empty"


def test_an_encrypted_file_is_refused_with_what_to_do() -> None:
    sheet = Sheet(encrypt=pdfencrypt.StandardEncryption("secret", canPrint=0))
    sheet.paragraph(72, 100, SENTENCES)
    with pytest.raises(ParseError) as caught:
        parse_pdf(sheet.file())
    assert caught.value.problem.code == "password_protected"
    assert caught.value.problem.mend


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"no PDF at all", b"%PDF-1.4\n" + bytes(range(256)) * 40])
def test_a_broken_file_is_refused_as_damaged(data: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        parse_pdf(RawFile(name="broken.pdf", data=data))
    assert caught.value.problem.code == "damaged"


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
def test_a_truncated_file_gives_text_or_a_problem(share: float) -> None:
    whole = numbered_report()
    cut = RawFile(name="cut.pdf", data=whole.data[: int(len(whole.data) * share)])
    with contextlib.suppress(ParseError):
        check_offsets(parse_pdf(cut))


def test_text_outside_of_the_crop_box_is_not_on_the_page() -> None:
    sheet = Sheet()
    sheet.canvas.setCropBox((0, 0, WIDTH / 2, HEIGHT))
    sheet.text(72, 100, "On the left half")
    sheet.text(72 + WIDTH / 2, 100, "On the right half")
    document = parse_pdf(sheet.file())
    assert document.text == "On the left half"


def test_no_character_of_a_page_is_lost() -> None:
    sheet = Sheet()
    sheet.paragraph(60, 60, SENTENCES)
    financial_table(sheet, top=150)
    sheet.paragraph(60, 320, [" ".join(s.split()[:7]) for s in SENTENCES])
    sheet.paragraph(330, 320, [" ".join(s.split()[7:]) for s in SENTENCES])
    sheet.text(250, 700, "x 1   2      three", size=7)
    raw = sheet.file()
    document = parse_pdf(raw)
    ours = Counter(re.sub(r"[\s|]", "", document.text))
    whole = Box(page=1, x0=0, y0=0, x1=WIDTH, y1=HEIGHT)
    assert ours == Counter("".join(words_within(raw, whole)))
