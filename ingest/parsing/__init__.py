"""Turns the bytes of one file into canonical text with structure: `parse` is the door.

    detecting      the format, by first bytes and name          refusing     errors in a person's words
    decoding       bytes to text                                containers   guards for zipped formats
    building       writes canonical text, elements, segments    aligning     lines of the source file
    text, markdown, delimited, structured, xmltree              text formats, most of them verbatim
    unstructured   the one home of that library                 webpages, word, slides   its callers
    sheets         spreadsheets (workbooks, cellvalues, headers)   converting   pandoc and LibreOffice
    mail, outlook  EML and MSG with their attachments           pdf, ocr     PDF files and pictures

Heavy libraries are imported when a file needs them.
"""

from __future__ import annotations

from typing import NoReturn

from ..errors import ParseError
from ..model import ParsedDocument, RawFile
from .decoding import declared_charset, decode
from .detecting import detect, is_code, suffix_of
from .refusing import refuse, refuse_damaged, refuse_empty, refuse_protected, refuse_unsupported

__all__ = ["parse"]


def parse(raw: RawFile) -> ParsedDocument:
    """The canonical text and structure of one file.

    Raises `ParseError` with a code, a reason and a mend for every file that cannot be read; no other
    exception leaves this function.
    """
    return parse_nested(raw, depth=0)


def parse_nested(raw: RawFile, *, depth: int) -> ParsedDocument:
    """As `parse`, for a file that is attached at `depth` to another. Raises `ParseError`."""
    if not raw.data.strip(b" \t\r\n\x00"):
        refuse_empty()
    file_format = detect(raw.name, raw.data)
    try:
        document = _parse_format(raw, file_format, depth)
    except ParseError:
        raise
    except MemoryError as error:
        refuse("too_large", "The file needs more memory than there is.", "Split the file.", cause=error)
    except Exception as error:
        # Libraries raise anything on damaged files; a fault of one file must not end a sync.
        refuse_damaged(file_format, error)
    if not document.text.strip() or not document.elements:
        refuse_empty()
    return document


def _parse_format(raw: RawFile, file_format: str, depth: int) -> ParsedDocument:  # noqa: PLR0911 - one a format
    """Hand the file to the parser of its format. Imports happen here, since several are heavy."""
    match file_format:
        case "text" | "markdown" | "csv" | "json" | "ndjson" | "html" | "xml":
            return _parse_decoded(raw, file_format)
        case "pdf":
            from .pdf import parse_pdf

            return parse_pdf(raw)
        case "image":
            from .ocr import parse_image

            return parse_image(raw)
        case "docx":
            from .word import parse_word

            return parse_word(raw)
        case "pptx":
            from .slides import parse_slides

            return parse_slides(raw)
        case "xlsx":
            from .sheets import parse_sheets

            return parse_sheets(raw)
        case "xls":
            from .sheets import parse_legacy_sheets

            return parse_legacy_sheets(raw)
        case "odt" | "epub" | "rtf" | "org" | "rst":
            from .converting import parse_by_pandoc

            return parse_by_pandoc(raw, file_format)
        case "doc" | "ppt":
            from .converting import parse_by_libreoffice

            return parse_by_libreoffice(raw, file_format)
        case "eml":
            from .mail import parse_eml

            return parse_eml(raw, depth=depth)
        case "msg":
            from .outlook import parse_msg

            return parse_msg(raw, depth=depth)
        case _:
            _refuse_format(file_format)


def _parse_decoded(raw: RawFile, file_format: str) -> ParsedDocument:
    declared = declared_charset(raw.data) if file_format in ("html", "xml") else None
    text = decode(raw.data, declared)
    if not text.strip():
        refuse_empty()
    match file_format:
        case "markdown":
            from .markdown import parse_markdown

            return parse_markdown(raw.name, text)
        case "csv":
            from .delimited import parse_delimited

            return parse_delimited(raw.name, text)
        case "json" | "ndjson":
            from .structured import parse_json, parse_json_lines

            return parse_json(raw.name, text) if file_format == "json" else parse_json_lines(raw.name, text)
        case "html":
            from .webpages import parse_web

            return parse_web(raw.name, text)
        case "xml":
            from .xmltree import parse_xml

            return parse_xml(raw.name, text)
        case _:
            from .text import parse_text

            return parse_text(raw.name, text, code=is_code(raw.name) or suffix_of(raw.name) in _BLOCKWISE)


# Settings files: their blocks are read like code, not like prose with lists.
_BLOCKWISE = frozenset(("yaml", "yml", "toml", "ini", "cfg", "conf", "properties"))
_EXPORT = "Open it in its own program and save it as {target}, or exclude it with `exclude`."


def _refuse_format(file_format: str) -> NoReturn:
    match file_format:
        case "encrypted":
            refuse_protected("office")
        case "p7m" | "p7s":
            refuse_unsupported("an S/MIME signature or envelope", "Export the mail that it belongs to as .eml.")
        case "zip":
            refuse_unsupported("a ZIP archive", "Unpack it into the source's folder, or exclude it with `exclude`.")
        case "ods":
            refuse_unsupported("an OpenDocument spreadsheet", _EXPORT.format(target=".xlsx or .csv"))
        case "odp":
            refuse_unsupported("an OpenDocument presentation", _EXPORT.format(target=".pptx or PDF"))
        case "xlsb":
            refuse_unsupported("a binary Excel workbook (.xlsb)", _EXPORT.format(target=".xlsx"))
        case _:
            refuse_unsupported(file_format.removeprefix("unreadable: "))
