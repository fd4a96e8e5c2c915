"""What holds for every parsed file, whatever its format."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from ingest.markup import plain
from ingest.model import ElementKind, ParsedDocument, RawFile
from ingest.parsing import parse
from ingest.parsing.decoding import decode
from tests.ingest.parsing.parsing_samples import COLUMNS, FIRST, ITEMS, ROWS, SAMPLES, write_sample

EVERY = sorted(SAMPLES)
WITH_LINES = ("policy.html", "policy.xml", "policy.eml", "policy.rst", "policy.org")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every sample. Tests change nothing in it."""
    folder = tmp_path_factory.mktemp("samples")
    for name in EVERY:
        write_sample(folder, name)
    return folder


def parse_again(folder: Path, name: str) -> ParsedDocument:
    path = folder / name
    return parse(RawFile(name=path.name, data=path.read_bytes()))


parsed = cache(parse_again)
"""Each sample is parsed once for all tests."""


@pytest.mark.parametrize("name", EVERY)
def test_elements_are_in_range_ordered_and_apart(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    position = 0
    for element in document.elements:
        assert position <= element.start < element.end <= len(document.text)
        position = element.end


@pytest.mark.parametrize("name", EVERY)
def test_segments_are_in_range_and_ordered(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    position = 0
    for segment in document.segments:
        assert position <= segment.start < segment.end <= len(document.text)
        position = segment.start


@pytest.mark.parametrize("name", EVERY)
def test_cells_lie_in_their_row_and_run_parallel_to_the_columns(samples: Path, name: str) -> None:
    for element in parsed(samples, name).elements:
        position = element.start
        for start, end in element.cells:
            assert position <= start <= end <= element.end
            position = end
        assert not element.columns or len(element.columns) == len(element.cells)
        assert element.kind is ElementKind.TABLE_ROW or not (element.cells or element.columns)


@pytest.mark.parametrize("name", EVERY)
def test_every_word_of_the_file_is_in_the_text(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    text = " ".join(document.text.split())
    for expected in SAMPLES[name][1]:
        assert expected in text


@pytest.mark.parametrize("name", EVERY)
def test_every_word_of_the_file_is_in_an_element(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    text = " ".join(" ".join(document.text[e.start : e.end].split()) for e in document.elements)
    for expected in SAMPLES[name][1]:
        assert expected in text


@pytest.mark.parametrize("name", EVERY)
def test_a_verbatim_text_is_the_decoded_file(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    if document.verbatim:
        assert document.text == decode((samples / name).read_bytes())
        assert document.segments == ()


@pytest.mark.parametrize("name", EVERY)
def test_parsing_twice_gives_the_same(samples: Path, name: str) -> None:
    assert parse_again(samples, name) == parsed(samples, name)


@pytest.mark.parametrize("name", [name for name in EVERY if "json" not in name and not name.endswith((".txt", ".xml"))])
def test_table_rows_know_the_names_of_their_columns(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    for row in ROWS:
        [found] = [e for e in document.elements if tuple(plain(document.text[a:b]) for a, b in e.cells) == row]
        assert found.columns == COLUMNS
        assert not found.is_header
    assert any(e.is_header and e.columns == COLUMNS for e in document.elements)


@pytest.mark.parametrize("name", [n for n in EVERY if n.startswith("policy") and "json" not in n])
def test_prose_is_cut_into_its_paragraphs_and_items(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    pieces = {plain(document.text[e.start : e.end]): e.kind for e in document.elements}
    assert FIRST in pieces
    for item in ITEMS:
        assert item in pieces


@pytest.mark.parametrize("name", WITH_LINES)
def test_lines_of_segments_hold_their_words(samples: Path, name: str) -> None:
    document = parsed(samples, name)
    lines = (samples / name).read_text().split("\n")
    placed = [segment for segment in document.segments if segment.line_start is not None]
    assert placed
    for segment in placed:
        assert segment.line_start is not None
        assert segment.line_end is not None
        source = "".join(lines[segment.line_start - 1 : segment.line_end])
        words = document.text[segment.start : segment.end].replace(" | ", " ").split()
        assert words[0].strip(":") in source
        assert words[-1] in source
