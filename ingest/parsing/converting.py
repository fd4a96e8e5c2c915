"""Formats that another program turns into a known one: pandoc (bundled) and LibreOffice (where installed)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from ..model import ParsedDocument, RawFile
from .aligning import LineFinder
from .containers import open_container
from .decoding import decode
from .refusing import refuse, refuse_damaged
from .slides import parse_slides
from .webpages import parse_converted
from .word import parse_word

_TIME_LIMIT = 55
_NAMES = {"odt": "OpenDocument text", "epub": "EPUB", "rtf": "RTF", "org": "Org", "rst": "reStructuredText"}
_PACKED = frozenset(("odt", "epub"))
_VERBATIM_SOURCE = frozenset(("org", "rst"))
_OFFICE = {"doc": ("docx", "Word"), "ppt": ("pptx", "PowerPoint")}


def parse_by_pandoc(raw: RawFile, file_format: str) -> ParsedDocument:
    """Structure an ODT, EPUB, RTF, Org or reStructuredText file.

    Raises `ParseError` (`damaged`, `empty`, `unsafe_archive`, `too_slow`).
    """
    import pypandoc

    data, source = raw.data, None
    if file_format in _PACKED:
        open_container(data, _NAMES[file_format]).close()
    elif file_format in _VERBATIM_SOURCE:
        source = decode(data)
        data = source.encode("utf-8")
    with tempfile.TemporaryDirectory(prefix="groundcrew-") as folder:
        path = Path(folder, f"source.{file_format}")
        path.write_bytes(data)
        # The sandbox keeps a document from including other files of this machine.
        command = [
            pypandoc.get_pandoc_path(), "+RTS", "-M1G", "-RTS", "--sandbox", f"--from={file_format}", "--to=html",
            "--wrap=none", "--mathml", str(path),
        ]  # fmt: skip
        page = _run(command, folder, _NAMES[file_format]).decode("utf-8", "replace")
    finder = None if source is None else LineFinder(source)
    return parse_converted(raw.name, page, file_format=file_format, finder=finder)


def parse_by_libreoffice(raw: RawFile, file_format: str) -> ParsedDocument:
    """Structure a DOC or PPT file with LibreOffice.

    Raises `ParseError` (`needs_libreoffice` when it is not installed, `damaged`, `empty`, `too_slow`).
    """
    target, program = _OFFICE[file_format]
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        refuse(
            "needs_libreoffice",
            f"Old {program} files (.{file_format}) are read with LibreOffice, which is not installed here.",
            f"Install LibreOffice, or save the file as .{target}.",
        )
    with tempfile.TemporaryDirectory(prefix="groundcrew-") as folder:
        path = Path(folder, f"source.{file_format}")
        path.write_bytes(raw.data)
        command = [
            office, "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/profile",
            "--convert-to", target, "--outdir", folder, str(path),
        ]  # fmt: skip
        _run(command, folder, program)
        converted = path.with_suffix(f".{target}")
        if not converted.exists():
            refuse_damaged(program, ValueError("LibreOffice could not convert it"))
        new = RawFile(name=raw.name, data=converted.read_bytes())
    return (
        parse_word(new, file_format=file_format) if file_format == "doc" else parse_slides(new, file_format=file_format)
    )


def _run(command: list[str], folder: str, format_name: str) -> bytes:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            timeout=_TIME_LIMIT,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        refuse(
            "too_slow",
            f"Reading the {format_name} file took longer than {_TIME_LIMIT} seconds.",
            "Split the file, or save it as PDF or text.",
            cause=error,
        )
    except subprocess.CalledProcessError as error:
        refuse_damaged(format_name, ValueError(error.stderr.decode("utf-8", "replace")))
    return done.stdout
