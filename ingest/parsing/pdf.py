"""PDF files: pages read one by one through pdfium, scanned ones through tesseract where it is installed.

Above: the parser registry calls `parse_pdf`. Below: `pdf_words` and `pdf_rules` read a page, `pdf_pages`
makes the document.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ..errors import ParseError, Problem
from ..model import ParsedDocument, RawFile
from .ocr import find_tesseract, needs_tesseract, read_picture
from .pdf_pages import PageContent, compose
from .pdf_rules import read_objects
from .pdf_words import Word, frame_of, read_words
from .refusing import refuse, refuse_damaged, refuse_empty, refuse_protected

_MOST_PAGES = 20_000
_OCR_DPI = 250.0
_LARGEST_PICTURE = 6000.0  # pixels along the longer side
_MOSTLY_UNMAPPED = 0.5
_FEWEST_LETTERS = 4
_LONGEST_TITLE = 200
_FILE_NAME = re.compile(r"\.[A-Za-z]{2,5}\d?$")
_UNTITLED = re.compile(r"^(?:untitled|unknown|title|document\d*|slide \d+|presentation\d*|null|none)\b", re.IGNORECASE)
_PROGRAM_PREFIX = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - ", re.IGNORECASE)


def parse_pdf(raw: RawFile) -> ParsedDocument:
    """Canonical text with one segment for each printed line. Pages that cannot be read become `gaps`.

    Raises ParseError with code `password_protected`, `damaged`, `too_large`, `needs_tesseract` or `empty`.
    """
    document = _open(raw)
    try:
        if len(document) > _MOST_PAGES:
            refuse(
                "too_large",
                f"The PDF has {len(document):,} pages, more than {_MOST_PAGES:,}.",
                "Split it into several files, or exclude it with `exclude`.",
            )
        pages: list[PageContent] = []
        gaps: list[Problem] = []
        for index in range(len(document)):
            try:
                pages.append(_read_page(document, index))
            except ParseError as error:
                gaps.append(error.problem)
        title = _metadata_title(document)
    finally:
        document.close()
    if not any(page.texts for page in pages):
        if gaps:
            raise ParseError(replace(gaps[0], part=None))
        refuse_empty()
    return compose(pages, title=title, name=raw.name, file_format="pdf", gaps=gaps)


def _open(raw: RawFile) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(raw.data)
        if not len(document):
            document.close()
            refuse("damaged", "The PDF has no pages.", "Export it again from its program, and sync once more.")
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
            refuse_protected("PDF")
        refuse_damaged("PDF", error)
    return document


def _read_page(document: pdfium.PdfDocument, index: int) -> PageContent:
    part = f"page {index + 1}"
    try:
        page = document[index]
    except pdfium.PdfiumError as error:
        raise ParseError(
            Problem(
                code="damaged",
                reason="This page cannot be loaded.",
                mend="Open the file in a PDF reader, print it to a new PDF, and sync once more.",
                part=part,
            )
        ) from error
    try:
        frame = frame_of(page)
        words, unmapped = read_words(page, frame)
        rules, has_picture = read_objects(page, frame)
        letters = sum(len(word.text) for word in words)
        if unmapped > _MOSTLY_UNMAPPED * max(letters, 1):
            words = _read_by_eye(page, part, unreadable_font=True)
        elif not words and has_picture:
            words = _read_by_eye(page, part, unreadable_font=False)
        return PageContent.pack(index + 1, frame.size, words, rules)
    finally:
        page.close()


def _read_by_eye(page: pdfium.PdfPage, part: str, *, unreadable_font: bool) -> list[Word]:
    """Words of a page as tesseract sees them. Raises ParseError about this part when it is not installed."""
    if find_tesseract() is None:
        problem = needs_tesseract(part)
        if unreadable_font:
            problem = replace(
                problem, reason="The fonts do not say which letters they show; only a picture of the page can be read."
            )
        raise ParseError(problem)
    width, height = page.get_size()
    scale = min(_OCR_DPI / 72.0, _LARGEST_PICTURE / max(width, height, 1.0))
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        return read_picture(bitmap.to_pil(), dpi=72.0 * scale)
    except ParseError as error:
        raise ParseError(replace(error.problem, part=part)) from error
    finally:
        bitmap.close()


def _metadata_title(document: pdfium.PdfDocument) -> str:
    """The title in the file's properties, empty when it is a program's placeholder or a file name."""
    try:
        title = " ".join(document.get_metadata_value("Title").split())
    except (pdfium.PdfiumError, UnicodeError):
        return ""
    title = _PROGRAM_PREFIX.sub("", title)
    letters = sum(letter.isalpha() for letter in title)
    sensible = letters >= _FEWEST_LETTERS and letters * 2 >= len(title.replace(" ", ""))
    if not sensible or _UNTITLED.match(title) or _FILE_NAME.search(title):
        return ""
    return title[:_LONGEST_TITLE]
