"""Ruling lines of a page: thin strokes and rectangles that frame tables and underline their headers."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from .pdf_words import PageFrame

_THICKEST = 2.5  # points
_SHORTEST = 6.0  # points
_MOST_OBJECTS = 20_000
_MOST_SEGMENTS = 400
_MOST_RULES = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A straight line, horizontal or vertical, as the box it covers on the displayed page."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The ruling lines of one page."""

    horizontal: tuple[Rule, ...] = ()
    vertical: tuple[Rule, ...] = ()


def read_objects(page: pdfium.PdfPage, frame: PageFrame) -> tuple[Rules, bool]:
    """Ruling lines of an open page, and whether the page shows any picture or drawing at all."""
    handle = page.raw
    boxes: list[tuple[float, float, float, float]] = []
    drawn = False
    for index in range(min(int(pdfium_c.FPDFPage_CountObjects(handle)), _MOST_OBJECTS)):
        item = pdfium_c.FPDFPage_GetObject(handle, index)
        if not item:
            continue
        kind = pdfium_c.FPDFPageObj_GetType(item)
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH and len(boxes) < _MOST_RULES:
            boxes.extend(_straight_parts(item))
        drawn = drawn or kind in (
            pdfium_c.FPDF_PAGEOBJ_IMAGE,
            pdfium_c.FPDF_PAGEOBJ_FORM,
            pdfium_c.FPDF_PAGEOBJ_SHADING,
        )
    return _sorted_rules(boxes, frame), drawn


def _straight_parts(item: ctypes.c_void_p) -> list[tuple[float, float, float, float]]:
    """Boxes of the path's straight lines in page coordinates, as left, bottom, right, top."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not pdfium_c.FPDFPageObj_GetBounds(item, left, bottom, right, top):
        return []
    box = (left.value, bottom.value, right.value, top.value)
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) <= _THICKEST:
        return [box] if max(width, height) >= _SHORTEST else []
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not pdfium_c.FPDFPath_GetDrawMode(item, fill, stroke) or not stroke.value:
        return []
    return _stroked_segments(item)


def _stroked_segments(item: ctypes.c_void_p) -> list[tuple[float, float, float, float]]:
    matrix = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(item, matrix):
        return []
    x, y = ctypes.c_float(), ctypes.c_float()
    start = here = (0.0, 0.0)
    parts = []
    for index in range(min(int(pdfium_c.FPDFPath_CountSegments(item)), _MOST_SEGMENTS)):
        segment = pdfium_c.FPDFPath_GetPathSegment(item, index)
        if not pdfium_c.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
            parts.append((here, point))
        here = point
        if pdfium_c.FPDFPathSegment_GetClose(segment):
            parts.append((point, start))
            here = start
    return [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in parts]


def _sorted_rules(boxes: list[tuple[float, float, float, float]], frame: PageFrame) -> Rules:
    if not boxes:
        return Rules()
    horizontal, vertical = set(), set()
    for x0, y0, x1, y1 in frame.display(np.array(boxes, dtype=np.float64)).round(1).tolist():
        if y1 - y0 <= _THICKEST and x1 - x0 >= _SHORTEST:
            horizontal.add((y0, x0, x1, y1))
        elif x1 - x0 <= _THICKEST and y1 - y0 >= _SHORTEST:
            vertical.add((x0, y0, x1, y1))
    return Rules(
        horizontal=tuple(Rule(x0=x0, y0=y0, x1=x1, y1=y1) for y0, x0, x1, y1 in sorted(horizontal)),
        vertical=tuple(Rule(x0=x0, y0=y0, x1=x1, y1=y1) for x0, y0, x1, y1 in sorted(vertical)),
    )
