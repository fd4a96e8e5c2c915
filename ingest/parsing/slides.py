"""Slides (PPTX): read by `unstructured`, completed with notes, charts and diagrams from the file's XML."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lxml import etree

from ..model import ElementKind, ParsedDocument, RawFile
from .building import Place, TextBuilder, title_from_name
from .containers import open_container
from .tables import add_table
from .unstructured import Piece, slide_pieces

if TYPE_CHECKING:
    from pptx.opc.package import Part
    from pptx.slide import Slide

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DRAWN = re.compile(r"/(?:chart|chartEx|diagramData)$")
_NOTE_LEVEL = 2
# Slides are at times written whole into their title box.
_MAX_TITLE_WORDS = 25


def parse_slides(raw: RawFile, *, file_format: str = "pptx") -> ParsedDocument:
    """Structure a PPTX file; every segment carries the 1-based number of its slide.

    Raises `ParseError` (`damaged`, `empty`, `unsafe_archive`).
    """
    from pptx import Presentation

    open_container(raw.data, "PowerPoint").close()
    pieces: dict[int, list[Piece]] = defaultdict(list)
    for piece in slide_pieces(raw.data):
        pieces[piece.number or 1].append(piece)
    builder = TextBuilder()
    title: str | None = None
    for number, slide in enumerate(Presentation(io.BytesIO(raw.data)).slides, start=1):
        place = Place(slide=number)
        ordered = _title_first(pieces[number])
        for piece in ordered:
            _add_piece(builder, piece, place)
        if title is None and ordered and ordered[0].kind is ElementKind.HEADING:
            title = ordered[0].text
        for text in _left_out(slide, pieces[number]):
            builder.add(ElementKind.PARAGRAPH, text, place=place)
        _add_notes(builder, slide, place)
    return builder.build(title=title or title_from_name(raw.name), file_format=file_format)


def _title_first(pieces: list[Piece]) -> list[Piece]:
    """The pieces of a slide with its title before all else, wherever the title is drawn."""
    return sorted(pieces, key=lambda piece: piece.kind is not ElementKind.HEADING)


def _add_piece(builder: TextBuilder, piece: Piece, place: Place) -> None:
    if piece.kind is ElementKind.TABLE_ROW and piece.table is not None:
        add_table(builder, piece.table, place)
        return
    kind = piece.kind
    if kind is ElementKind.TABLE_ROW or (kind is ElementKind.HEADING and len(piece.text.split()) > _MAX_TITLE_WORDS):
        kind = ElementKind.PARAGRAPH
    builder.add(kind, _one_line(piece.text), level=1 if kind is ElementKind.HEADING else None, place=place)


def _add_notes(builder: TextBuilder, slide: Slide, place: Place) -> None:
    if not slide.has_notes_slide or (frame := slide.notes_slide.notes_text_frame) is None:
        return
    paragraphs = [_one_line(paragraph.text) for paragraph in frame.paragraphs if paragraph.text.strip()]
    if not paragraphs:
        return
    builder.add(ElementKind.HEADING, "Notes", level=_NOTE_LEVEL, place=place)
    for text in paragraphs:
        builder.add(ElementKind.PARAGRAPH, text, place=place)


def _left_out(slide: Slide, pieces: list[Piece]) -> Iterator[str]:
    """Texts of the slide that are in none of `pieces`: charts, diagrams, shapes off the slide."""
    seen = _squeezed("".join(piece.text for piece in pieces))
    for part in (slide.part, *_drawn_parts(slide.part)):
        for text in _texts(part):
            squeezed = _squeezed(text)
            if squeezed and squeezed not in seen:
                seen += squeezed
                yield _one_line(text)


def _drawn_parts(part: Part) -> Iterator[Part]:
    for relation in part.rels.values():
        if not relation.is_external and _DRAWN.search(relation.reltype):
            yield relation.target_part


def _texts(part: Part) -> Iterator[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    root = etree.fromstring(part.blob, parser)
    if root is None:
        return
    for paragraph in root.iter(_A + "p"):
        # Slide numbers and dates are fields that the program fills in.
        runs = [run for run in paragraph.iter(_A + "t") if run.getparent().tag != _A + "fld"]
        yield "".join(run.text or "" for run in runs)
    for series in root.iter(_C + "ser"):
        yield from _series(series)


def _series(series: etree._Element) -> Iterator[str]:
    """The name of a chart's series, and each of its categories with its value."""
    name = " ".join(value.text or "" for value in series.iterfind(f"{_C}tx//{_C}v"))
    yield name
    labels = _points(series.find(_C + "cat"))
    for index, value in _points(series.find(_C + "val")).items():
        yield f"{labels.get(index, '')} {value}".strip()


def _points(node: etree._Element | None) -> dict[str, str]:
    if node is None:
        return {}
    return {p.get("idx") or "": (p.findtext(_C + "v") or "").strip() for p in node.iter(_C + "pt")}


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _one_line(text: str) -> str:
    return " ".join(text.replace("\x0b", " ").split())
