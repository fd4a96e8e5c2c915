"""Scanned pages and pictures, read by the `tesseract` command where it is installed.

Words come back with their boxes, so that a scanned page gets the same treatment as a printed one.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import struct
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NoReturn

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from ..errors import ParseError, Problem
from ..model import ParsedDocument, RawFile
from .building import title_from_name
from .pdf_pages import PageContent, compose
from .pdf_rules import Rules
from .pdf_words import Word
from .refusing import refuse_damaged, refuse_unsupported

_SECONDS_PER_PAGE = 120
_MOST_PIXELS = 80_000_000
_LEAST_CONFIDENCE = 10.0
_ASSUMED_DPI = 200.0
_PLAUSIBLE_DPI = (60.0, 1200.0)
_SHARP_WIDTH = 1800.0  # pixels
_MOST_ENLARGED = 3.0
_HEIGHT_JITTER = 0.35
_WORD_LEVEL = "5"
_PAGED_FORMATS = ("TIFF", "GIF", "WEBP")
_LANGUAGES = ("eng", "deu", "fra", "spa", "ita", "por", "nld")


_TOO_LARGE = Problem(
    code="too_large",
    reason=f"The picture has more than {_MOST_PIXELS // 1_000_000} million pixels.",
    mend="Scan it again at 300 dots per inch, and sync once more.",
)


def parse_image(raw: RawFile) -> ParsedDocument:
    """Canonical text of a scanned picture with one segment for each line; a TIFF may have several pages.

    Raises ParseError with code `needs_tesseract`, `damaged`, `too_large`, `ocr_timeout`, `ocr_failed` or
    `empty`.
    """
    _learn_heic()
    try:
        with Image.open(io.BytesIO(raw.data)) as picture:
            kind = (picture.format or "image").lower()
            if find_tesseract() is None:
                raise ParseError(needs_tesseract())
            pages, gaps = _read_frames(picture)
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        _refuse_picture(raw, error)
    if gaps and not any(page.texts for page in pages):
        raise ParseError(gaps[0])
    return compose(pages, title=title_from_name(raw.name), name=raw.name, file_format=kind, gaps=gaps)


def _learn_heic() -> None:
    """Lets Pillow open HEIC pictures where the optional package for it is installed."""
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _read_frames(picture: Image.Image) -> tuple[list[PageContent], list[Problem]]:
    pages: list[PageContent] = []
    gaps: list[Problem] = []
    dpi = _resolution(picture)
    for number, frame in enumerate(ImageSequence.Iterator(picture), start=1):
        width, height = frame.size
        try:
            _check_size(width, height)
            upright = ImageOps.exif_transpose(frame)
            width, height = upright.size
            words = read_picture(upright, dpi=dpi)
        except ParseError as error:
            gaps.append(replace(error.problem, part=f"page {number}"))
            words = []
        size = (width * 72.0 / dpi, height * 72.0 / dpi)
        pages.append(PageContent.pack(number, size, words, Rules()))
        if picture.format not in _PAGED_FORMATS:
            break
    return pages, gaps


def _check_size(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise ParseError(_TOO_LARGE)


def _resolution(picture: Image.Image) -> float:
    """Dots per inch as the file states them, or a usual value when it states none that can be true."""
    stated = picture.info.get("dpi", (0, 0))
    try:
        dpi = float(stated[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return _ASSUMED_DPI
    low, high = _PLAUSIBLE_DPI
    return dpi if low <= dpi <= high else _ASSUMED_DPI


def _refuse_picture(raw: RawFile, error: Exception) -> NoReturn:
    if raw.name.lower().endswith((".heic", ".heif")) and isinstance(error, UnidentifiedImageError):
        refuse_unsupported("a HEIC picture", "Export it as JPEG or PNG, and sync once more.")
    if isinstance(error, Image.DecompressionBombError):
        raise ParseError(_TOO_LARGE) from error
    refuse_damaged("a picture", error)


def needs_tesseract(part: str | None = None) -> Problem:
    """The problem of a picture that holds text while the tool that reads it is missing."""
    return Problem(
        code="needs_tesseract",
        reason="The text is a picture, and tesseract, which reads pictures, is not installed.",
        mend="install tesseract (Debian: apt-get install tesseract-ocr), then run the sync again",
        part=part,
    )


def find_tesseract() -> str | None:
    """Path of the `tesseract` command, None when it is not installed."""
    return shutil.which("tesseract")


def read_picture(picture: Image.Image, *, dpi: float) -> list[Word]:
    """Words of one page as a picture, boxes in points. Raises ParseError when tesseract is missing or fails."""
    command = find_tesseract()
    if command is None:
        raise ParseError(needs_tesseract())
    # Small print is lost on tesseract; a picture of few pixels reads better when it is enlarged.
    factor = min(max(_SHARP_WIDTH / max(picture.width, 1), 1.0), _MOST_ENLARGED)
    dpi *= factor
    with tempfile.TemporaryDirectory(prefix="ocr-") as folder:
        path = Path(folder) / "page.png"
        grey = picture.convert("L")
        if factor > 1.0:
            grey = grey.resize(
                (round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS
            )
        grey.save(path, compress_level=1)
        try:
            done = subprocess.run(
                [command, str(path), "stdout", "-l", _languages(command), "--dpi", str(round(dpi)), "tsv"],
                capture_output=True,
                timeout=_SECONDS_PER_PAGE,
                check=True,
                env=_environment(),
            )
        except subprocess.TimeoutExpired as error:
            raise ParseError(
                Problem(
                    code="ocr_timeout",
                    reason=f"Reading the picture took longer than {_SECONDS_PER_PAGE} seconds.",
                    mend="Scan it again at 300 dots per inch, or exclude the file with `exclude`.",
                )
            ) from error
        except (subprocess.CalledProcessError, OSError) as error:
            raise ParseError(
                Problem(
                    code="ocr_failed",
                    reason="tesseract is installed, but ended with an error on this picture.",
                    mend="Check that `tesseract --list-langs` works, then run the sync again.",
                )
            ) from error
    return _words_from_tsv(done.stdout.decode("utf-8", "replace"), 72.0 / dpi)


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_THREAD_LIMIT": "1"}


def _languages(command: str) -> str:
    listed = subprocess.run([command, "--list-langs"], capture_output=True, timeout=20, check=False)
    installed = set(listed.stdout.decode("utf-8", "replace").split())
    return "+".join(name for name in _LANGUAGES if name in installed) or "eng"


def _words_from_tsv(table: str, scale: float) -> list[Word]:
    """Words of tesseract's table, boxes times `scale`. All words of usual height get one font size, since
    the measured height of a word depends on its letters."""
    boxes: list[tuple[str, float, float, float, float]] = []
    lines: dict[tuple[str, ...], list[float]] = {}
    keys: list[tuple[str, ...]] = []
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if row.get("level") != _WORD_LEVEL or not text or float(row["conf"]) < _LEAST_CONFIDENCE:
            continue
        x0, y0 = float(row["left"]) * scale, float(row["top"]) * scale
        x1, y1 = x0 + float(row["width"]) * scale, y0 + float(row["height"]) * scale
        keys.append((row["block_num"], row["par_num"], row["line_num"]))
        lines.setdefault(keys[-1], []).append(y1 - y0)
        boxes.append(("".join(text.split()), x0, y0, x1, y1))
    if not boxes:
        return []
    usual = median(height for heights in lines.values() for height in heights)
    words = []
    for key, (text, x0, y0, x1, y1) in zip(keys, boxes, strict=True):
        size = median(lines[key])
        size = usual if abs(size - usual) < _HEIGHT_JITTER * usual else size
        words.append(Word(text=text, x0=x0, y0=y0, x1=x1, y1=y1, size=round(size, 1)))
    return words
