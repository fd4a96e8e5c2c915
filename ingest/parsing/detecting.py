"""What format a file has: by its first bytes where they tell, by its name otherwise."""

from __future__ import annotations

import re

from .containers import container_format
from .decoding import try_decode

_NAMED_BY = {
    "markdown": "md markdown mdown mkd mdx",
    "text": "txt text log yaml yml toml ini cfg conf properties srt vtt ics vcf tex adoc asciidoc textile wiki",
    "html": "html htm xhtml",
    "eml": "mhtml mht eml",
    "xml": "xml xsl xslt xsd svg rss atom",
    "csv": "csv tsv tab",
    "json": "json geojson ipynb",
    "ndjson": "jsonl ndjson",
    "docx": "docx docm dotx dotm",
    "pptx": "pptx pptm potx ppsx ppsm",
    "xlsx": "xlsx xlsm xltx xltm",
    "xls": "xls xlt",
    "xlsb": "xlsb",
    "doc": "doc dot",
    "ppt": "ppt pps pot",
    "odt": "odt ott",
    "ods": "ods",
    "odp": "odp",
    "epub": "epub",
    "rtf": "rtf",
    "org": "org",
    "rst": "rst rest",
    "msg": "msg",
    "p7m": "p7m",
    "p7s": "p7s",
    "pdf": "pdf",
    "image": "png jpg jpeg tif tiff bmp gif webp heic heif",
}
SUFFIXES = {suffix: file_format for file_format, suffixes in _NAMED_BY.items() for suffix in suffixes.split()}

_CODE_SUFFIXES = (
    "py pyi js mjs cjs jsx ts tsx java kt kts scala go rs c h cc cpp cxx hpp hh cs rb php pl pm sh "
    "bash zsh ps1 bat sql r lua swift m mm dart ex exs erl hs clj groovy gradle vb vbs asm css scss "
    "sass less vue svelte tf hcl proto graphql cmake dockerfile makefile"
)
_CODE = frozenset(_CODE_SUFFIXES.split())

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"II*\x00", "image"),
    (b"MM\x00*", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
)

_UNREADABLE: tuple[tuple[bytes, str], ...] = (
    (b"ID3", "an MP3 sound recording"),
    (b"\xff\xfb", "an MP3 sound recording"),
    (b"fLaC", "a FLAC sound recording"),
    (b"OggS", "an Ogg recording"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PAR1", "a Parquet table"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_XML = re.compile(r"\s*<\?xml\s", re.IGNORECASE)
_MAIL = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*:[ \t]?[^\n]*\n(?:[ \t][^\n]*\n)*){3,}")
_MAIL_FIELDS = re.compile(
    r"^(?:from|received|message-id|mime-version|return-path|content-type):", re.IGNORECASE | re.MULTILINE
)
_HEAD = 8192


def suffix_of(name: str) -> str:
    """The lower-case suffix of a file name without its dot, "" when there is none."""
    return name.rsplit(".", 1)[1].lower() if "." in name.strip(".") else ""


def is_code(name: str) -> bool:
    """True for the name of a source code file."""
    return suffix_of(name) in _CODE or name.lower() in ("dockerfile", "makefile", "jenkinsfile")


def detect(name: str, data: bytes) -> str:  # noqa: PLR0911 - one a kind of evidence
    """The format of a file: a name that `parse` knows, or "unreadable: " and what the file is.

    Binary formats are told by their first bytes, whatever the name says. Text formats are told by the name,
    except for web pages, which are often saved under the name of an office format.
    """
    named = SUFFIXES.get(suffix_of(name))
    if binary := _binary_format(named, data):
        return binary
    if named is not None and named not in _BINARY:
        return _text_format(named, data)
    head = try_decode(data[: _HEAD * 8])
    if head is None:
        # What claims to be an office file and is neither that nor text is a damaged one.
        return named or "unreadable: " + _described(name)
    if _HTML.match(head):
        return "html"
    if _XML.match(head):
        return "xml"
    if named in (None, "p7m", "p7s") and not is_code(name) and _looks_like_mail(head):
        return "eml"
    return "text"


_BINARY = frozenset(
    (
        "docx",
        "pptx",
        "xlsx",
        "xls",
        "xlsb",
        "doc",
        "ppt",
        "odt",
        "ods",
        "odp",
        "epub",
        "msg",
        "pdf",
        "image",
        "p7m",
        "p7s",
    )
)


def _text_format(named: str, data: bytes) -> str:
    if named in ("text", "markdown", "html", "xml"):
        head = data[:_HEAD].decode("latin-1").replace("\x00", "").removeprefix("\xef\xbb\xbf").lstrip("\xff\xfe")
        if named != "html" and _HTML.match(head) and named != "markdown":
            return "html"
        if named == "html" and _looks_like_mail(head):
            return "eml"
    return named


def _looks_like_mail(head: str) -> bool:
    found = _MAIL.match(head)
    return found is not None and len(set(map(str.lower, _MAIL_FIELDS.findall(found.group())))) > 1


def _binary_format(named: str | None, data: bytes) -> str | None:  # noqa: PLR0911 - one a kind of mark
    if b"%PDF-" in data[:1024] and named not in (
        "eml",
        "msg",
        "text",
        "markdown",
        "html",
        "json",
        "xml",
        "csv",
    ):
        return "pdf"
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
        found = container_format(data)
        # A damaged archive keeps the format of its name, so that the refusal names the right one.
        return named if found == "zip" and named in ("docx", "pptx", "xlsx", "odt", "epub") else found
    if data.startswith(_OLE):
        return _ole_format(data)
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheim", b"ftyphevc"):
        return "image"
    if data[4:8] == b"ftyp":
        return "unreadable: a video or sound recording"
    if data.startswith(b"RIFF"):
        return "image" if data[8:12] == b"WEBP" else "unreadable: a sound recording or video"
    if data.startswith(b"BM") and named in (None, "image") and b"\x00" in data[:64]:
        return "image"
    for magic, file_format in _MAGIC:
        if data.startswith(magic):
            return file_format
    for magic, what in _UNREADABLE:
        if data.startswith(magic) and (b"\x00" in data[:_HEAD] or len(magic) > 3):
            return f"unreadable: {what}"
    return None


def _ole_format(data: bytes) -> str:
    """The format of an OLE compound file by its streams: doc, xls, ppt, msg or encrypted."""
    import io

    import olefile  # type: ignore[import-untyped]

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            streams = {"/".join(path).lower() for path in ole.listdir()}
    except Exception:  # the library raises many kinds on damaged files
        return "unreadable: a damaged OLE file"
    if "encryptedpackage" in streams:
        return "encrypted"
    for stream, file_format in (
        ("worddocument", "doc"),
        ("workbook", "xls"),
        ("book", "xls"),
        ("powerpoint document", "ppt"),
        ("__properties_version1.0", "msg"),
    ):
        if stream in streams:
            return file_format
    return "unreadable: an OLE file of an unknown program"


def _described(name: str) -> str:
    suffix = suffix_of(name)
    return f"a binary file of type .{suffix}" if suffix else "a binary file without a suffix"
