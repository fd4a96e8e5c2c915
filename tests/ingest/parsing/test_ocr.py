"""Pictures of text: read through tesseract where it is installed, refused with the mend where it is not."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.errors import ParseError
from ingest.model import RawFile
from ingest.parsing import ocr
from ingest.parsing.ocr import find_tesseract, parse_image
from ingest.parsing.pdf import parse_pdf

LINES = ("The travel budget is 4500 euros", "Approved by the finance director")
needs_tool = pytest.mark.skipif(find_tesseract() is None, reason="tesseract is not installed")


def scan(lines: tuple[str, ...] = LINES) -> Image.Image:
    """A letter page at 100 dots per inch, as a scanner would see it."""
    picture = Image.new("L", (850, 1100), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(28)
    for number, line in enumerate(lines):
        draw.text((100, 150 + 60 * number), line, fill=0, font=font)
    return picture


def encoded(kind: str, *pictures: Image.Image, name: str = "scan") -> RawFile:
    buffer = io.BytesIO()
    first, *rest = pictures
    options = {"save_all": True, "append_images": rest} if rest else {}
    first.save(buffer, format=kind, dpi=(100, 100), **options)
    return RawFile(name=f"{name}.{kind.lower()}", data=buffer.getvalue())


@needs_tool
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_a_scanned_page_is_read_with_the_place_of_each_line(kind: str) -> None:
    document = parse_image(encoded(kind, scan()))
    assert document.text.replace("\n", " ") == " ".join(LINES)
    assert document.format == kind.lower()
    first, second = document.segments
    assert first.page == second.page == 1
    assert first.box is not None
    assert second.box is not None
    # 100 pixels from the left and 150 from the top at 100 dots per inch.
    assert first.box.x0 == pytest.approx(72, abs=4)
    assert first.box.y0 == pytest.approx(108, abs=10)
    assert second.box.y0 > first.box.y1


@needs_tool
def test_each_page_of_a_tiff_is_read() -> None:
    document = parse_image(encoded("TIFF", scan(), scan(("The second page is here",))))
    assert document.text.endswith("\n\nThe second page is here")
    assert document.segments[-1].page == 2


@needs_tool
def test_a_scanned_page_of_a_pdf_is_read_with_boxes_of_the_page() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(612, 792))
    canvas.drawImage(ImageReader(scan()), 0, 0, 612, 792)
    canvas.showPage()
    canvas.save()
    document = parse_pdf(RawFile(name="scan.pdf", data=buffer.getvalue()))
    assert document.text.replace("\n", " ") == " ".join(LINES)
    assert document.gaps == ()
    box = document.segments[0].box
    assert box is not None
    assert box.x0 == pytest.approx(72, abs=4)
    assert box.y0 == pytest.approx(108, abs=10)


@needs_tool
def test_a_picture_without_text_is_empty() -> None:
    with pytest.raises(ParseError) as caught:
        parse_image(encoded("PNG", scan(())))
    assert caught.value.problem.code == "empty"


def test_without_tesseract_the_problem_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ParseError) as caught:
        parse_image(encoded("PNG", scan()))
    assert caught.value.problem.code == "needs_tesseract"
    assert "apt-get install tesseract-ocr" in caught.value.problem.mend


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6])
def test_a_broken_picture_gives_a_problem_or_what_is_left(share: float) -> None:
    whole = encoded("PNG", scan())
    with pytest.raises(ParseError) as caught:
        parse_image(RawFile(name="cut.png", data=whole.data[: int(len(whole.data) * share)]))
    assert caught.value.problem.code in {"damaged", "needs_tesseract", "empty"}


def test_a_gigantic_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_MOST_PIXELS", 1000)
    monkeypatch.setattr(ocr, "find_tesseract", lambda: "tesseract")
    with pytest.raises(ParseError) as caught:
        parse_image(encoded("PNG", scan()))
    assert caught.value.problem.code == "too_large"


def test_a_heic_picture_that_cannot_be_opened_says_what_to_export() -> None:
    with pytest.raises(ParseError) as caught:
        parse_image(RawFile(name="photo.heic", data=b"\x00\x00\x00\x18ftypheic" + bytes(100)))
    assert caught.value.problem.code == "unsupported_format"
