"""Turns the bytes of one file into canonical text with structure: `parse` is the door.

    detecting      the format, by first bytes and name          refusing     errors in a person's words
    decoding       bytes to text                                containers   guards for zipped formats
    building       writes canonical text, elements, segments    aligning     lines of the source file
    text, markdown, delimited, structured, xmltree              text formats, most of them verbatim
    unstructured   the one home of that library                 webpages, word, slides   its callers
    sheets         spreadsheets (cellvalues, headers, tables)   converting   pandoc and LibreOffice
    mail           EML and MSG with their attachments           pdf, ocr     PDF files and pictures

Heavy libraries are imported when a file needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from ..errors import ParseError
from ..model import ParsedDocument, RawFile
from .decoding import declared_charset, decode
from .detecting import detect, is_code, suffix_of
from .refusing import refuse, refuse_damaged, refuse_empty, refuse_protected, refuse_unsupported

__all__ = ["parse"]

_MAX_ATTACHMENT_DEPTH = 3


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
    format = detect(raw.name, raw.data)
    try:
        document = _parse_format(raw, format, depth)
    except ParseError:
        raise
    except MemoryError as error:
        refuse("too_large", "The file needs more memory than there is.", "Split the file.", cause=error)
    except Exception as error:
        # Libraries raise anything on damaged files; a fault of one file must not end a sync.
        refuse_damaged(format, error)
    if not document.text.strip() or not document.elements:
        refuse_empty()
    return document
