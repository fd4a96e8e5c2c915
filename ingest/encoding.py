"""Chunks as JSON for the catalog: short arrays, since a large document has very many elements and segments."""

from __future__ import annotations

import json
from typing import Any, cast

from .model import Box, Chunk, Element, ElementKind, Markup, Segment


def chunk_to_row(chunk: Chunk) -> str:
    """The JSON text of a chunk, less its id, document, version and ordinal."""
    return json.dumps(
        {
            "span": [chunk.start, chunk.end],
            "text": chunk.text,
            "indexed": chunk.indexed_text,
            "headings": chunk.headings,
            "lead_in": chunk.lead_in,
            "line": chunk.first_line,
            "markup": chunk.markup,
            "tokens": chunk.tokens,
            "elements": [_element_to_list(e) for e in chunk.elements],
            "segments": [_segment_to_list(s) for s in chunk.segments],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def chunk_from_row(chunk_id: str, document_id: str, version: str, ordinal: int | str, body: str) -> Chunk:
    """The chunk that `chunk_to_row` wrote."""
    row: dict[str, Any] = json.loads(body)
    return Chunk(
        id=chunk_id,
        document_id=document_id,
        version=version,
        ordinal=int(ordinal),
        start=row["span"][0],
        end=row["span"][1],
        text=row["text"],
        indexed_text=row["indexed"],
        headings=tuple(row["headings"]),
        lead_in=row["lead_in"],
        first_line=row["line"],
        markup=cast(Markup, row["markup"]),
        tokens=row["tokens"],
        elements=tuple(_element_from_list(e) for e in row["elements"]),
        segments=tuple(_segment_from_list(s) for s in row["segments"]),
    )


def _element_to_list(e: Element) -> list[Any]:
    head = [e.kind.value, e.start, e.end]
    if e.kind is ElementKind.TABLE_ROW:
        return [*head, e.columns, e.cells, e.is_header]
    return [*head, e.level] if e.level is not None else head


def _element_from_list(row: list[Any]) -> Element:
    kind = ElementKind(row[0])
    if kind is ElementKind.TABLE_ROW:
        return Element(
            kind=kind,
            start=row[1],
            end=row[2],
            columns=tuple(row[3]),
            cells=tuple((a, b) for a, b in row[4]),
            is_header=row[5],
        )
    return Element(kind=kind, start=row[1], end=row[2], level=row[3] if len(row) > 3 else None)


def _segment_to_list(s: Segment) -> list[Any]:
    box = None if s.box is None else [s.box.page, *(round(v, 2) for v in (s.box.x0, s.box.y0, s.box.x1, s.box.y1))]
    return [s.start, s.end, s.line_start, s.line_end, s.page, box, s.sheet, s.cell, s.slide]


def _segment_from_list(row: list[Any]) -> Segment:
    box = None if row[5] is None else Box(page=row[5][0], x0=row[5][1], y0=row[5][2], x1=row[5][3], y1=row[5][4])
    return Segment(
        start=row[0],
        end=row[1],
        line_start=row[2],
        line_end=row[3],
        page=row[4],
        box=box,
        sheet=row[6],
        cell=row[7],
        slide=row[8],
    )
