"""Guards for office files, which are ZIP archives of XML: what is inside, and is it safe to unpack."""

from __future__ import annotations

import io
import re
import zipfile

from .refusing import refuse, refuse_damaged

_MAX_UNPACKED = 1 << 30
_MAX_RATIO = 300
_RATIO_MATTERS_FROM = 16 << 20
_MAX_PARTS = 50_000
_DOCTYPE = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def open_container(data: bytes, format_name: str) -> zipfile.ZipFile:
    """The archive in `data`, checked.

    Raises `ParseError`: `damaged` when it is no readable archive, `unsafe_archive` when it would unpack to
    more than 1 GiB, or to more than 300 times its size, or declares XML entities.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError) as error:
        refuse_damaged(format_name, error)
    unpacked = sum(part.file_size for part in parts)
    suspicious = unpacked > _RATIO_MATTERS_FROM and unpacked > _MAX_RATIO * len(data)
    if unpacked > _MAX_UNPACKED or suspicious or len(parts) > _MAX_PARTS:
        refuse(
            "unsafe_archive",
            f"The {format_name} file would unpack to {unpacked >> 20} MiB in {len(parts)} parts,"
            " which is more than is safe.",
            "Check where the file comes from; split it, or exclude it with `exclude`.",
        )
    _refuse_entities(archive, parts, format_name)
    return archive


def _refuse_entities(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], format_name: str) -> None:
    # Office formats never declare a document type; an entity bomb does so at the head of a part.
    if format_name == "EPUB":
        return
    for part in parts:
        if not part.filename.lower().endswith((".xml", ".rels")):
            continue
        try:
            with archive.open(part) as stream:
                head = stream.read(2048)
        except (zipfile.BadZipFile, RuntimeError, OSError, NotImplementedError, ValueError) as error:
            refuse_damaged(format_name, error)
        if _DOCTYPE.search(head):
            refuse(
                "unsafe_archive",
                f"The {format_name} file declares XML entities in {part.filename}, which office programs never do.",
                "Check where the file comes from, or exclude it with `exclude`.",
            )


def container_format(data: bytes) -> str:
    """The format of a ZIP container by its parts: docx, pptx, xlsx, odt, ods, odp, epub or zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                kind = archive.read("mimetype")[:100].decode("ascii", "replace").strip()
                return _BY_MIME.get(kind, "zip")
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError, IndexError):
        return "zip"
    for folder, name in (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx")):
        if any(part.startswith(folder) for part in names) and "[Content_Types].xml" in names:
            return "xlsb" if name == "xlsx" and "xl/workbook.bin" in names else name
    return "zip"


_BY_MIME = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.text-template": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
}
