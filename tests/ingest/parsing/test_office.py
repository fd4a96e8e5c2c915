"""Word files, slides and spreadsheets: what their readers promise beyond the invariants."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable

import pytest

from ingest.errors import ParseError
from ingest.model import ElementKind, ParsedDocument, RawFile
from ingest.parsing import parse
from ingest.parsing.cellvalues import shown
from tests.ingest.parsing.parsing_samples import FIRST, SECOND, docx, pptx

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pieces(document: ParsedDocument, kind: ElementKind | None = None) -> list[str]:
    return [document.text[e.start : e.end] for e in document.elements if kind in (None, e.kind)]


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def with_parts(data: bytes, edit: Callable[[str, str], str], extra: dict[str, str] | None = None) -> bytes:
    """The archive with the text of each XML part edited, and parts added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.endswith(".xml"):
                content = edit(part, content.decode()).encode()
            new.writestr(part, content)
        for part, text in (extra or {}).items():
            new.writestr(part, text)
    return out.getvalue()


def body_edited(change: Callable[[str], str]) -> bytes:
    return with_parts(docx(), lambda part, text: change(text) if part == "word/document.xml" else text)


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_word_headings_have_levels_and_the_first_is_the_title() -> None:
    document = parse(RawFile(name="a.docx", data=docx()))
    levels = [e.level for e in document.elements if e.kind is ElementKind.HEADING]
    assert levels == [1, 2]
    assert document.title == "Travel policy"


@pytest.mark.parametrize(
    "wrapped",
    [
        f"<w:sdt {W}><w:sdtPr/><w:sdtContent>{paragraph('Hidden words here.')}</w:sdtContent></w:sdt>",
        f'<w:p {W}><w:ins w:id="1" w:author="a"><w:r><w:t>Hidden words here.</w:t></w:r></w:ins></w:p>',
        f"<w:p {W}><w:smartTag><w:r><w:t>Hidden words here.</w:t></w:r></w:smartTag></w:p>",
        f'<w:p {W}><w:fldSimple w:instr="X"><w:r><w:t>Hidden words here.</w:t></w:r></w:fldSimple></w:p>',
        f"<w:p {W}><w:r><w:pict><w:txbxContent>{paragraph('Hidden words here.')}</w:txbxContent></w:pict></w:r></w:p>",
    ],
)
def test_word_text_in_wrappers_is_not_lost(wrapped: str) -> None:
    data = body_edited(lambda body: body.replace("<w:sectPr", wrapped + "<w:sectPr", 1))
    assert "Hidden words here." in pieces(parse(RawFile(name="a.docx", data=data)))


def test_deleted_words_are_not_in_the_text() -> None:
    gone = f'<w:p {W}><w:r><w:t>kept</w:t></w:r><w:del w:id="1"><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>'
    data = body_edited(lambda body: body.replace("<w:sectPr", gone + "<w:sectPr", 1))
    text = parse(RawFile(name="a.docx", data=data)).text
    assert "kept" in text
    assert "gone" not in text


def test_a_footnote_follows_the_paragraph_that_refers_to_it() -> None:
    reference = f'<w:p {W}><w:r><w:t>Claim.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    notes = f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("Source of the claim.")}</w:footnote></w:footnotes>'
    data = with_parts(
        docx(),
        lambda part, text: text.replace("<w:sectPr", reference + "<w:sectPr", 1) if "document.xml" in part else text,
        {"word/footnotes.xml": notes},
    )
    found = pieces(parse(RawFile(name="a.docx", data=data)))
    assert found[found.index("Claim.") + 1] == "Source of the claim."


def test_page_headers_and_footers_are_not_body_text() -> None:
    from docx import Document

    document = Document()
    document.add_paragraph("Body words.")
    document.sections[0].header.paragraphs[0].text = "Confidential header"
    document.sections[0].footer.paragraphs[0].text = "Page footer"
    assert parse(RawFile(name="a.docx", data=saved(document.save))).text == "Body words."


def test_a_style_with_an_outline_level_is_a_heading() -> None:
    from docx import Document

    document = Document()
    style = document.styles.add_style("Clause title", 1)
    document.add_paragraph("Scope of the agreement", style=style)
    document.add_paragraph("The agreement covers repairs.")
    outline = '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>'
    data = with_parts(
        saved(document.save),
        lambda part, text: (
            re.sub(r'(<w:name w:val="Clause title"/>)', rf"\1{outline}", text) if "styles" in part else text
        ),
    )
    first = parse(RawFile(name="a.docx", data=data)).elements[0]
    assert (first.kind, first.level) == (ElementKind.HEADING, 2)


def test_a_bold_line_above_text_is_a_heading() -> None:
    from docx import Document

    document = Document()
    document.add_paragraph().add_run("Payment terms").bold = True
    document.add_paragraph("Invoices are due in 14 days.")
    first = parse(RawFile(name="a.docx", data=saved(document.save))).elements[0]
    assert first.kind is ElementKind.HEADING


def test_cells_merged_downwards_stand_in_each_of_their_rows() -> None:
    from docx import Document

    document = Document()
    table = document.add_table(rows=3, cols=3)
    values = (("Region", "Month", "Sales"), ("North", "May", "10"), ("", "June", "20"))
    for row, line in zip(table.rows, values, strict=True):
        for cell, value in zip(row.cells, line, strict=True):
            cell.text = value
    table.cell(1, 0).merge(table.cell(2, 0)).text = "North"
    parsed = parse(RawFile(name="a.docx", data=saved(document.save)))
    assert pieces(parsed)[1:] == ["North | May | 10", "North | June | 20"]
    assert parsed.elements[2].columns == ("Region", "Month", "Sales")


def test_notes_stand_under_a_heading_on_their_slide() -> None:
    document = parse(RawFile(name="a.pptx", data=pptx()))
    found = pieces(document)
    assert found[found.index(SECOND) - 1] == "Notes"
    slide_of = {document.text[s.start : s.end]: s.slide for s in document.segments}
    assert slide_of[FIRST] == 1
    assert slide_of[SECOND] == 1
    assert slide_of["Limits"] == 2


def test_the_words_of_a_chart_are_not_lost() -> None:
    from pptx import Presentation
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Revenue"
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("Income 2025", (12.5, 30))
    area = (Inches(1), Inches(1), Inches(4), Inches(3))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *area, data)
    found = pieces(parse(RawFile(name="a.pptx", data=saved(deck.save))))
    assert found == ["Revenue", "Income 2025", "North 12.5", "South 30"]


@pytest.mark.parametrize(
    ("value", "number_format", "expected"),
    [
        (0.125, "0%", "12%"),
        (0.125, "0.0%", "12.5%"),
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-1234, "#,##0;(#,##0)", "(1,234)"),
        (1200, '"EUR" #,##0', "EUR 1,200"),
        (99.5, "[$€-407] 0.00", "€ 99.50"),
        (0.1 + 0.2, "General", "0.3"),
        (3.0, "General", "3"),
        (1.5, "0.0##", "1.5"),
        (2026, "0", "2026"),
        (12, '0" days"', "12 days"),
        (True, None, "TRUE"),
        (dt.datetime.fromisoformat("2026-01-05"), "d mmm yyyy", "2026-01-05"),
        (dt.datetime.fromisoformat("2026-01-05T09:30"), "d mmm yyyy h:mm", "2026-01-05 09:30"),
        (dt.timedelta(hours=30, minutes=5), "[h]:mm", "30:05:00"),
        (None, None, ""),
        ("text", "0.00", "text"),
    ],
)
def test_cell_values_read_as_the_program_shows_them(value: object, number_format: str | None, expected: str) -> None:
    assert shown(value, number_format) == expected


def workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Plan"
    sheet["A1"] = "Budget by region"
    sheet["B3"], sheet["D3"] = "2025", "2026"
    sheet.merge_cells("B3:C3")
    sheet.merge_cells("D3:E3")
    for column, name in enumerate(("Region", "Plan", "Actual", "Plan", "Actual"), start=1):
        sheet.cell(4, column, name)
    for row, line in enumerate((("North", 10, 11, 12, 13), ("South", 20, 21, 22, 23)), start=5):
        for column, value in enumerate(line, start=1):
            sheet.cell(row, column, value)
    sheet["A8"], sheet["A9"] = "Note", "Figures in thousands."
    sheet["G5"] = "=B5+C5"
    return saved(book.save)


def test_sheet_rows_carry_cells_and_joined_headers() -> None:
    document = parse(RawFile(name="a.xlsx", data=workbook()))
    [south] = [e for e in document.elements if document.text[e.start : e.end].startswith("South")]
    assert south.columns == ("Region", "2025 Plan", "2025 Actual", "2026 Plan", "2026 Actual")
    cells = [s.cell for s in document.segments if south.start <= s.start < south.end]
    assert cells == ["A6", "B6", "C6", "D6", "E6"]
    assert {s.sheet for s in document.segments} == {"Plan"}


def test_a_title_above_a_table_is_a_paragraph() -> None:
    document = parse(RawFile(name="a.xlsx", data=workbook()))
    assert "Budget by region" in pieces(document, ElementKind.PARAGRAPH)


def test_formulas_without_a_result_are_a_gap() -> None:
    [gap] = parse(RawFile(name="a.xlsx", data=workbook())).gaps
    assert gap.code == "uncomputed_formula"
    assert gap.part == "sheet Plan"


def test_a_large_sheet_is_read_row_by_row() -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Log")
    sheet.append(("Number", "Event", "Seconds"))
    for number in range(3000):
        sheet.append((number, f"event {number}", number / 7))
    document = parse(RawFile(name="a.xlsx", data=saved(book.save)))
    assert len(document.elements) == 3002
    assert document.elements[-1].columns == ("Number", "Event", "Seconds")


@pytest.mark.parametrize("name", ["a.docx", "a.pptx", "a.xlsx"])
def test_an_archive_without_the_expected_parts_is_refused(name: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.txt", "words")
    with pytest.raises(ParseError) as caught:
        parse(RawFile(name=name, data=packed.getvalue()))
    assert caught.value.problem.code in ("damaged", "unsupported_format")
