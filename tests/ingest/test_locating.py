"""From a span of canonical text to the place in the file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingest.locating import cell_range, locate
from ingest.model import Box, Chunk, Segment
from tests.fakes import make_chunk, make_document

DOCUMENT = make_document("report")


def chunk_of(text: str, *segments: Segment, start: int = 0, first_line: int | None = None) -> Chunk:
    return make_chunk(DOCUMENT, text, start=start, first_line=first_line, segments=segments)


def test_lines_of_a_verbatim_file_are_counted_from_the_chunks_first() -> None:
    chunk = chunk_of("one\ntwo\nthree", start=40, first_line=7)
    assert [
        (found.line_start, found.line_end)
        for found in (locate(chunk, 40, 43), locate(chunk, 44, 47), locate(chunk, 41, 53), locate(chunk, 48, 53))
    ] == [(7, 7), (8, 8), (7, 9), (9, 9)]


def test_a_line_break_belongs_to_the_line_that_it_ends() -> None:
    found = locate(chunk_of("one\ntwo\n", first_line=1), 0, 4)
    assert (found.line_start, found.line_end) == (1, 1)


def test_a_span_in_a_pdf_has_its_page_and_one_box_a_printed_line() -> None:
    boxes = [Box(page=page, x0=50, y0=y, x1=500, y1=y + 12) for page, y in ((3, 700), (3, 714), (4, 60))]
    segments = [Segment(start=n * 10, end=n * 10 + 9, page=box.page, box=box) for n, box in enumerate(boxes)]
    chunk = chunk_of("first line\nnext lines\nthird", *segments)
    both = locate(chunk, 5, 15)
    assert (both.page, both.boxes) == (3, tuple(boxes[:2]))
    assert locate(chunk, 12, 25).page == 3
    assert locate(chunk, 20, 25).boxes == (boxes[2],)
    assert both.line_start is None


def test_a_span_in_a_spreadsheet_has_its_sheet_and_cells() -> None:
    segments = [
        Segment(start=0, end=4, sheet="Rates", cell="A9"),
        Segment(start=7, end=10, sheet="Rates", cell="AA9"),
        Segment(start=11, end=15, sheet="Rates", cell="B10"),
    ]
    chunk = chunk_of("Rome | 120\nOslo", *segments)
    assert locate(chunk, 0, 10).cells == "A9:AA9"
    assert locate(chunk, 0, 15).cells == "A9:AA10"
    assert (locate(chunk, 8, 9).sheet, locate(chunk, 8, 9).cells) == ("Rates", "AA9")


def test_a_span_on_a_slide_has_its_number() -> None:
    assert locate(chunk_of("Our plan", Segment(start=0, end=8, slide=4)), 0, 3).slide == 4


def test_lines_of_a_converted_file_come_from_its_segments() -> None:
    segments = (Segment(start=0, end=3, line_start=5, line_end=6), Segment(start=4, end=8, line_start=7, line_end=9))
    found = locate(chunk_of("one two.", *segments), 1, 6)
    assert (found.line_start, found.line_end) == (5, 9)


def test_the_headings_above_come_with_every_place() -> None:
    chunk = replace(chunk_of("Fly economy.", first_line=3), headings=("Travel", "Flights"))
    assert locate(chunk, 0, 3).headings == ("Travel", "Flights")


def test_touching_segments_are_not_part_of_a_span() -> None:
    segments = (Segment(start=0, end=4, page=1), Segment(start=4, end=8, page=2))
    assert locate(chunk_of("page two", *segments), 4, 8).page == 2


@pytest.mark.parametrize(("start", "end"), [(9, 12), (10, 15), (12, 12), (13, 12), (0, 3), (20, 30)])
def test_a_span_outside_the_chunk_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not inside"):
        locate(chunk_of("text", start=10, first_line=1), start, end)


def test_cell_ranges() -> None:
    assert cell_range([]) is None
    assert cell_range(["C3"]) == "C3"
    assert cell_range(["C3", "A10", "B2"]) == "A2:C10"
    assert cell_range(["Z1", "AA1"]) == "Z1:AA1"
