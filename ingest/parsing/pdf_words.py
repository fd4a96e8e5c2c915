"""From a page of characters to words with boxes; the only module that calls pdfium's text functions.

A word is a run of characters without white space or a wide gap between them. Boxes are in points with the
origin at the top left corner of the page as it is displayed, so a page's /Rotate entry and its crop box are
already applied. `pdf_lines` builds lines from words.
"""

from __future__ import annotations

import ctypes
import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

# Space characters separate words; a wide gap between two neighbouring characters does so, too.
_SPACES = frozenset([0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x2028, 0x2029, 0x202F, 0x3000, *range(0x2000, 0x200B)])
# pdfium's own marks for a hyphen that it took for a line break.
_LINE_END_HYPHENS = frozenset([0x02, 0xFFFE])
_INVISIBLE = frozenset([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFFFF])
# Ligatures are written out, and the bullets of symbol fonts (private use area) get their Unicode form.
_REPLACEMENTS = {
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st",
    0xF0B7: "\u2022", 0xF0A7: "\u25aa", 0xF06E: "\u25a0", 0xF0D8: "\u25b6", 0xF0FC: "\u2713", 0xF02D: "-",
}  # fmt: skip
_WORD_GAP = 0.25  # of the character's larger side
_FORCE_BOLD_FLAG = 1 << 18
_BOLD_WEIGHT = 600
_BOLD_NAMES = ("bold", "black", "heavy", "semibd", "demi")
_SKEWED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word: its text, box (points, displayed page, top left origin), font size in points and weight.

    `turn` is the reading direction in quarter turns clockwise (0 left to right, 1 downwards, 2 upside down,
    3 upwards); 4 stands for any other angle.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool = False
    turn: int = 0

    @property
    def middle(self) -> float:
        """Height of the word's middle on the page, in points from the top."""
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFrame:
    """How a page's own coordinates map to the displayed page: its visible box and its quarter turns."""

    left: float
    bottom: float
    right: float
    top: float
    quarter_turns: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the displayed page, in points."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def display(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Maps boxes, shape (n, 4) as left, bottom, right, top, to displayed x0, y0, x1, y1."""
        x0, y0 = boxes[:, 0] - self.left, boxes[:, 1] - self.bottom
        x1, y1 = boxes[:, 2] - self.left, boxes[:, 3] - self.bottom
        width, height = self.right - self.left, self.top - self.bottom
        match self.quarter_turns % 4:
            case 1:
                columns = (y0, x0, y1, x1)
            case 2:
                columns = (width - x1, y0, width - x0, y1)
            case 3:
                columns = (height - y1, width - x1, height - y0, width - x0)
            case _:
                columns = (x0, height - y1, x1, height - y0)
        return np.stack(columns, axis=1)

    def turn(self, across: float, up: float) -> int:
        """Reading direction on the displayed page of text that runs along (across, up), as in `Word.turn`."""
        degrees = (-math.degrees(math.atan2(up, across)) + 90 * self.quarter_turns) % 360
        quarter = round(degrees / 90)
        return quarter % 4 if abs(degrees - 90 * quarter) < 20 else _SKEWED


def frame_of(page: pdfium.PdfPage) -> PageFrame:
    """The frame of an open page."""
    left, bottom, right, top = page.get_bbox()
    turns = int(page.get_rotation()) // 90
    return PageFrame(left=left, bottom=bottom, right=right, top=top, quarter_turns=turns)


def read_words(page: pdfium.PdfPage, frame: PageFrame) -> tuple[list[Word], int]:
    """All words of an open page in the file's own order, and the number of characters without a meaning.

    Such characters are glyphs for which the file does not say which letter they show.
    """
    textpage = page.get_textpage()
    try:
        codes, boxes, unmapped = _read_characters(textpage)
        if not len(codes):
            return [], unmapped
        return _assemble_words(textpage, codes, frame.display(boxes), frame), unmapped
    finally:
        textpage.close()


def _read_characters(textpage: pdfium.PdfTextPage) -> tuple[list[int], NDArray[np.float64], int]:
    """Code points, boxes of shape (n, 4) as left, bottom, right, top, and the count of unmapped glyphs."""
    handle = textpage.raw
    count = max(textpage.count_chars(), 0)
    rectangles = (pdfium_c.FS_RECTF * count)()
    get_unicode, get_box = pdfium_c.FPDFText_GetUnicode, pdfium_c.FPDFText_GetLooseCharBox
    map_error = pdfium_c.FPDFText_HasUnicodeMapError
    codes = [get_unicode(handle, index) for index in range(count)]
    unmapped = 0
    for index, rectangle in enumerate(rectangles):
        get_box(handle, index, rectangle)
        if codes[index] in (0, 0xFFFD) or (0xE000 <= codes[index] < 0xF8FF and map_error(handle, index) == 1):
            unmapped += 1
    raw = np.frombuffer(rectangles, dtype=np.float32).reshape(count, 4).astype(np.float64)
    # FS_RECTF holds left, top, right, bottom.
    boxes = np.stack(
        [
            np.minimum(raw[:, 0], raw[:, 2]),
            np.minimum(raw[:, 1], raw[:, 3]),
            np.maximum(raw[:, 0], raw[:, 2]),
            np.maximum(raw[:, 1], raw[:, 3]),
        ],
        axis=1,
    )
    return codes, np.nan_to_num(boxes, nan=0.0, posinf=0.0, neginf=0.0), unmapped


def _assemble_words(
    textpage: pdfium.PdfTextPage, codes: list[int], boxes: NDArray[np.float64], frame: PageFrame
) -> list[Word]:
    """Cuts the characters at white space and gaps."""
    # Text outside of the crop box, such as the other half of a spread, is not on this page.
    width, height = frame.size
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = np.logical_and(middles > 0, middles < np.array([width, height]))
    on_page: list[bool] = np.all(inside, axis=1).tolist()
    visible = [i for i, code in enumerate(codes) if on_page[i] and code not in _SPACES and _is_visible(code)]
    if not visible:
        return []
    index = np.array(visible)
    inner = boxes[index]
    side = np.maximum(inner[:, 2] - inner[:, 0], inner[:, 3] - inner[:, 1])
    before, after = inner[:-1], inner[1:]
    across = np.maximum(after[:, 0] - before[:, 2], before[:, 0] - after[:, 2])
    down = np.maximum(after[:, 1] - before[:, 3], before[:, 1] - after[:, 3])
    gap = np.maximum(across, down) > _WORD_GAP * np.maximum(np.minimum(side[:-1], side[1:]), 1.0)
    spaced = np.array([codes[i + 1] in _SPACES for i in visible[:-1]], dtype=bool)
    starts = [0, *(np.flatnonzero(gap | spaced) + 1).tolist(), len(visible)]
    lows: list[list[float]] = np.minimum.reduceat(inner[:, :2], starts[:-1]).tolist()
    highs: list[list[float]] = np.maximum.reduceat(inner[:, 2:], starts[:-1]).tolist()
    styles = _Styles(textpage=textpage, frame=frame)
    words = []
    for number, (begin, end) in enumerate(itertools.pairwise(starts)):
        text = _decode([codes[i] for i in visible[begin:end]])
        if not text:
            continue
        (x0, y0), (x1, y1) = lows[number], highs[number]
        size, bold, turn = styles.of(visible[begin])
        height = (x1 - x0) if turn in (1, 3) else (y1 - y0)
        words.append(Word(text=text, x0=x0, y0=y0, x1=x1, y1=y1, size=size or height or 1.0, bold=bold, turn=turn))
    return words


def _is_visible(code: int) -> bool:
    return code in _LINE_END_HYPHENS or (code > 0x20 and code not in _INVISIBLE)


def _decode(codes: list[int]) -> str:
    parts = []
    for code in codes:
        if code in _LINE_END_HYPHENS:
            parts.append("-")
        elif code in _REPLACEMENTS:
            parts.append(_REPLACEMENTS[code])
        elif code <= 0x10FFFF:
            parts.append(chr(code))
    # A character beyond the first plane may come as two surrogates; a lone one could not be stored.
    return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Styles:
    """Font size, weight and reading direction of characters; asked once for each text object of the page."""

    textpage: pdfium.PdfTextPage
    frame: PageFrame
    known: dict[int, tuple[float, bool, int]] = field(default_factory=dict)
    bold_fonts: dict[int, bool] = field(default_factory=dict)

    def of(self, index: int) -> tuple[float, bool, int]:
        handle = self.textpage.raw
        text_object = pdfium_c.FPDFText_GetTextObject(handle, index)
        if not text_object:
            return 0.0, False, 0
        address = ctypes.addressof(text_object.contents)
        if address not in self.known:
            self.known[address] = self._look_up(handle, index, text_object)
        return self.known[address]

    def _look_up(self, handle: ctypes.c_void_p, index: int, text_object: ctypes.c_void_p) -> tuple[float, bool, int]:
        matrix = pdfium_c.FS_MATRIX()
        size = float(pdfium_c.FPDFText_GetFontSize(handle, index))
        turn = 0
        if pdfium_c.FPDFText_GetMatrix(handle, index, ctypes.byref(matrix)):
            size *= math.hypot(matrix.c, matrix.d)
            turn = self.frame.turn(matrix.a, matrix.b)
        stroked = pdfium_c.FPDFTextObj_GetTextRenderMode(text_object) == pdfium_c.FPDF_TEXTRENDERMODE_FILL_STROKE
        font = pdfium_c.FPDFTextObj_GetFont(text_object)
        return abs(size), stroked or (bool(font) and self._is_bold(font)), turn

    def _is_bold(self, font: ctypes.c_void_p) -> bool:
        address = ctypes.addressof(font.contents)  # type: ignore[attr-defined]
        if address not in self.bold_fonts:
            buffer = ctypes.create_string_buffer(256)
            length = pdfium_c.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
            name = buffer.value.decode("latin-1").lower() if 0 < length <= len(buffer) else ""
            flags = int(pdfium_c.FPDFFont_GetFlags(font))
            weight = int(pdfium_c.FPDFFont_GetWeight(font))
            self.bold_fonts[address] = (
                any(mark in name for mark in _BOLD_NAMES)
                or (flags != -1 and bool(flags & _FORCE_BOLD_FLAG))
                or weight >= _BOLD_WEIGHT
            )
        return self.bold_fonts[address]
