"""A file that hangs, crashes or bloats its parser costs that file alone, and leaves nothing running.

The parsers below are sent to real processes by their names in this module.
"""

from __future__ import annotations

import ctypes
import gzip
import io
import os
import re
import signal
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ingest.catalog import Catalog
from ingest.errors import ParseError, Problem
from ingest.isolating import ParseLimits, ProcessPool
from ingest.model import Chunk, Parsed, ParsedDocument, ParseTask, QuarantineEntry, RawFile
from ingest.parsing import parse
from ingest.ports import Parser
from ingest.syncing import Synchronizer
from retrieval.embedding import ModelTokenizer, bundled_model
from tests.fakes import FakeConnector, FakeSink, parse_lines

TOKENIZER = ModelTokenizer(bundled_model())
SECONDS = 4.0
LIMITS = ParseLimits(seconds=SECONDS, seconds_per_mb=0.0, memory_mb=512, patience=1.0)


# --- parsers that misbehave: the first word of a file says how ---------------------------------------------------


def misbehave(raw: RawFile) -> ParsedDocument:
    """Does what the file's first word says; then, where it still can, parses its lines."""
    word = raw.data.split(maxsplit=1)[0].decode()
    if word in MISDEEDS:
        MISDEEDS[word]()
    return parse_lines(raw)


def hang() -> None:
    """Never comes back, in Python."""
    while True:
        time.sleep(1)


def hang_in_c() -> None:
    """Never comes back, in C and without letting go of the interpreter's lock."""
    re.match(r"(a+)+$", "a" * 64 + "b")


def ignore_signals() -> None:
    """Hangs, and takes no hint."""
    for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    hang()


def segfault() -> None:
    """Reads where nothing is."""
    ctypes.string_at(8)


def leave() -> None:
    """Ends the process in good order."""
    sys.exit(0)


def leave_at_once() -> None:
    """Ends the process without a word."""
    os._exit(7)


def bloat() -> None:
    """Takes memory as Python objects, little by little."""
    held = []
    while True:
        held.append(bytearray(1 << 20))


def bloat_at_once() -> None:
    """Takes more memory than there is in one piece."""
    bytearray(1 << 40)


def bloat_in_c() -> None:
    """Takes memory past Python, where nobody looks at what malloc says."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        place = libc.malloc(ctypes.c_size_t(1 << 24))
        ctypes.memset(place, 1, 1)


def chatter() -> None:
    """Writes to standard output, as libraries do."""
    print("warning: " * 5000)
    os.write(1, b"x" * 100_000)
    sys.stdout.flush()


def start_child() -> None:
    """Waits for a program that never ends."""
    subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], check=False)


def raise_oddly() -> None:
    """Raises what no parser should."""
    raise KeyError("unexpected")


def recurse() -> None:
    """Nests without end."""
    recurse()


MISDEEDS: dict[str, Callable[[], None]] = {
    one.__name__: one
    for one in (
        hang,
        hang_in_c,
        ignore_signals,
        os.abort,
        segfault,
        leave,
        leave_at_once,
        bloat,
        bloat_at_once,
        bloat_in_c,
        chatter,
        start_child,
        raise_oddly,
        recurse,
    )
}


# --- how they are asked ------------------------------------------------------------------------------------------


def make_pool(parse: Parser = misbehave, size: int = 1, limits: ParseLimits = LIMITS) -> ProcessPool:
    return ProcessPool(parse, TOKENIZER, size=size, limits=limits)


@pytest.fixture
def pool() -> Iterator[ProcessPool]:
    # Another test's platform may keep its parsers for all of the run.
    before = set(descendants(os.getpid()))
    made = make_pool()
    yield made
    made.close()
    wait_until(lambda: not set(descendants(os.getpid())) - before)


def ask(pool: ProcessPool, text: str | bytes, name: str = "file.txt") -> list[Parsed | Sequence[Chunk]]:
    data = text.encode() if isinstance(text, str) else text
    task = ParseTask(raw=RawFile(name=name, data=data), document_id="d", version="v", pipeline="1")
    return list(pool.parse(task))


def problem_of(pool: ProcessPool, text: str | bytes, name: str = "file.txt") -> Problem:
    with pytest.raises(ParseError) as raised:
        ask(pool, text, name)
    problem = raised.value.problem
    assert problem.reason
    assert problem.mend
    return problem


def descendants(pid: int) -> list[int]:
    """All processes below one, those that have ended and were not waited for included."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(is_so: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


# --- one file at a time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misdeed", "code"),
    [
        ("hang", "timeout"),
        ("hang_in_c", "timeout"),
        ("ignore_signals", "timeout"),
        ("start_child", "timeout"),
        ("abort", "crashed"),
        ("segfault", "crashed"),
        ("leave", "crashed"),
        ("leave_at_once", "crashed"),
        ("bloat", "too_large"),
        ("bloat_at_once", "too_large"),
        ("bloat_in_c", "crashed"),
        ("raise_oddly", "crashed"),
        ("recurse", "crashed"),
    ],
)
def test_a_misdeed_ends_as_a_problem_and_the_next_file_is_parsed(pool: ProcessPool, misdeed: str, code: str) -> None:
    problem = problem_of(pool, misdeed)
    assert problem.code == code
    [parsed, chunks, *_] = ask(pool, "A file that means well.")
    assert isinstance(parsed, Parsed)
    assert not isinstance(chunks, Parsed)
    assert [chunk.text for chunk in chunks] == ["A file that means well."]


def test_what_a_parser_prints_does_not_get_among_its_answers(pool: ProcessPool) -> None:
    [parsed, *_] = ask(pool, "chatter and then\nsome text")
    assert isinstance(parsed, Parsed)
    assert parsed.text == "chatter and then\nsome text"


def test_what_a_parser_started_ends_with_it(pool: ProcessPool) -> None:
    before = set(descendants(os.getpid()))
    assert problem_of(pool, "start_child").code == "timeout"
    wait_until(lambda: not any(is_running(pid) for pid in set(descendants(os.getpid())) - before))


def test_closing_a_pool_leaves_no_process_and_no_zombie() -> None:
    before = descendants(os.getpid())
    pool = make_pool(size=2)
    ask(pool, "A file.")
    for misdeed in ("leave", "segfault"):
        problem_of(pool, misdeed)
    ask(pool, "A file.")
    assert descendants(os.getpid()) != before
    pool.close()
    assert descendants(os.getpid()) == before


# --- files made to do harm, through the real parsers ---------------------------------------------------------------

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
)
TYPES = "[Content_Types].xml"


def zipped(*parts: tuple[str, str | bytes]) -> bytes:
    """A ZIP archive of (name, content)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return out.getvalue()


def bomb(*parts: tuple[str, str | bytes], mebibytes: int = 64) -> bytes:
    """A ZIP archive with a part of nothing but zeros."""
    return zipped(*parts, ("media/zeros.bin", b"\0" * (mebibytes << 20)))


def liar() -> bytes:
    """An archive that says that its large part is small."""
    size = 64 << 20
    return bomb((TYPES, ""), ("word/document.xml", "<x/>")).replace(struct.pack("<I", size), struct.pack("<I", 99))


def png(width: int, height: int) -> bytes:
    """A picture that says how large it is, and holds one row."""

    def block(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = block(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + block(b"IDAT", zlib.compress(b"\0" * 100)) + block(b"IEND", b"")


def pdf(*, pages: int = 1, box: str = "0 0 600 800", content: bytes = b"", depth: int = 0) -> bytes:
    """A PDF with the same page many times; with `depth`, of drawings that each hold the next ten times."""
    content = content or b"BT /F 12 Tf 50 700 Td (Some words.) Tj ET"
    packed = zlib.compress(content, 9)
    fonts = "/Resources<</Font<</F 4 0 R>>/XObject<</X 6 0 R>>>>"
    filter_ = f"<</Length {len(packed)}/Filter/FlateDecode>>stream\n".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{'3 0 R ' * pages}]>>".encode(),
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 5 0 R{fonts}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        filter_ + packed + b"\nendstream",
    ]
    for number in range(depth):
        inner = f"/Resources<</Font<</F 4 0 R>>/XObject<</X {7 + number} 0 R>>>>"
        drawn = content if number == depth - 1 else b"/X Do " * 10
        head = f"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]{inner}/Length {len(drawn)}>>stream\n"
        parts.append(head.encode() + drawn + b"\nendstream")
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(parts) + 1
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    )
    return bytes(out) + end.encode()


def nested_mail(depth: int) -> bytes:
    """A mail in a mail in a mail."""
    mail = "From: a@example.org\r\nSubject: innermost\r\n\r\nThe innermost words.\r\n"
    for n in range(depth):
        mail = (
            f"From: a@example.org\r\nSubject: level {n}\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\nContent-Type: text/plain\r\n\r\nBody {n}."
            f"\r\n--b{n}\r\nContent-Type: message/rfc822\r\n"
            f"Content-Disposition: attachment; filename=m{n}.eml\r\n\r\n{mail}\r\n--b{n}--\r\n"
        )
    return mail.encode()


def workbook(sheet: str) -> bytes:
    """An Excel file with one sheet of these rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return zipped(
        (
            TYPES,
            f'<Types xmlns="{packages}/content-types"><Default Extension="rels" ContentType="application/'
            'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/s.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        ),
        ("_rels/.rels", _link(packages, f"{links}/officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", _link(packages, f"{links}/worksheet", "worksheets/s.xml")),
        (
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
        ),
        ("xl/worksheets/s.xml", f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>'),
    )


def _link(packages: str, kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="r1" Type="{kind}" Target="{target}"/></Relationships>'
    )


def opf(kind: str) -> tuple[str, str]:
    return "mimetype", f"application/{kind}"


ODT = "vnd.oasis.opendocument.text"
REFUSED: list[tuple[str, Callable[[], bytes], set[str]]] = [
    ("zeros.docx", lambda: bomb((TYPES, ""), ("word/document.xml", "<x/>")), {"unsafe_archive"}),
    ("zeros.xlsx", lambda: bomb((TYPES, ""), ("xl/workbook.xml", "<x/>")), {"unsafe_archive"}),
    ("zeros.pptx", lambda: bomb((TYPES, ""), ("ppt/presentation.xml", "<x/>")), {"unsafe_archive"}),
    ("zeros.odt", lambda: bomb(opf(ODT), ("content.xml", "<x/>")), {"unsafe_archive"}),
    ("zeros.epub", lambda: bomb(opf("epub+zip"), ("c.opf", "<x/>")), {"unsafe_archive"}),
    ("small-zeros.docx", lambda: bomb((TYPES, ""), ("word/d.xml", "<x/>"), mebibytes=20), {"unsafe_archive"}),
    ("zip-in-zip.docx", lambda: zipped((TYPES, ""), ("word/d.xml", "<x/>"), ("a.zip", bomb())), {"damaged"}),
    ("zip-in-zip.zip", lambda: zipped(("a.zip", bomb())), {"unsupported_format"}),
    ("liar.docx", liar, {"damaged", "unsafe_archive"}),
    ("zeros.txt.gz", lambda: gzip.compress(b" " * (64 << 20)), {"unsupported_format"}),
    ("laughs.xml", f"{LAUGHS}<x>&l9;</x>".encode, {"unsafe_xml"}),
    (
        "laughs.svg",
        f'{LAUGHS}<svg xmlns="http://www.w3.org/2000/svg"><text>&l9;</text></svg>'.encode,
        {"unsafe_xml"},
    ),
    ("laughs.docx", lambda: zipped((TYPES, ""), ("word/document.xml", f"{LAUGHS}<x>&l9;</x>")), {"unsafe_archive"}),
    ("laughs.odt", lambda: zipped(opf(ODT), ("content.xml", f"{LAUGHS}<x>&l9;</x>")), {"unsafe_archive"}),
    ("wide.png", lambda: png(50_000, 50_000), {"too_large", "needs_tesseract"}),
    ("long.png", lambda: png(2_000_000_000, 2), {"too_large", "needs_tesseract"}),
    ("pages.pdf", lambda: pdf(pages=40_000), {"too_large"}),
    ("inflated.pdf", lambda: pdf(content=b" " * (700 << 20)), {"crashed", "too_large", "empty"}),
    ("drawings.pdf", lambda: pdf(content=b"/X Do", depth=24), {"crashed", "too_large", "timeout"}),
    ("deep-mails.eml", lambda: nested_mail(400), {"damaged"}),
    ("long-string.json", lambda: b'{"a":"' + b"word " * 12_000_000 + b'"}', {"too_large", "crashed"}),
]
BORNE: list[tuple[str, Callable[[], bytes], str]] = [
    ("laughs.html", f"{LAUGHS}<html><body><p>Words. &l9;</p></body></html>".encode, "Words."),
    ("late-laughs.xml", f"<!--{' ' * 70_000}-->{LAUGHS}<x>&l9; words</x>".encode, "words"),
    ("deep.json", lambda: b'{"a":' * 20_000 + b'"words"' + b"}" * 20_000, "words"),
    ("deep.html", lambda: b"<html><body>" + b"<div>" * 50_000 + b"words", "words"),
    ("deep.xml", lambda: b"<a>" * 50_000 + b"words" + b"</a>" * 50_000, "words"),
    ("deep.md", lambda: b">" * 20_000 + b" words", "words"),
    ("deep-list.md", lambda: b"".join(b" " * (2 * n) + b"- words\n" for n in range(400)), "words"),
    ("brackets.md", lambda: b"[" * 20_000 + b"words" + b"]" * 20_000, "words"),
    ("page-size.pdf", lambda: pdf(box="0 0 1e9 1e9"), "Some words."),
    ("stray-cell.xlsx", lambda: workbook(STRAY), "Words"),
    ("mails.eml", lambda: nested_mail(50), "Body 49."),
]
STRAY = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>Words</t></is></c></row>'
    '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far off</t></is></c></row>'
)


@pytest.fixture(scope="module")
def real_pool() -> Iterator[ProcessPool]:
    made = make_pool(parse, limits=ParseLimits(seconds=60, memory_mb=1024))
    yield made
    made.close()


@pytest.mark.parametrize(("name", "make", "codes"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_a_file_made_to_do_harm_is_refused(
    real_pool: ProcessPool, name: str, make: Callable[[], bytes], codes: set[str]
) -> None:
    assert problem_of(real_pool, make(), name).code in codes


@pytest.mark.parametrize(("name", "make", "words"), BORNE, ids=[name for name, _, _ in BORNE])
def test_a_file_nested_or_spread_beyond_reason_is_read(
    real_pool: ProcessPool, name: str, make: Callable[[], bytes], words: str
) -> None:
    [parsed, *_] = ask(real_pool, make(), name)
    assert isinstance(parsed, Parsed)
    assert words in parsed.text
    assert len(parsed.text) <= 2 * len(make()) + 1000


def test_mails_within_mails_are_read_to_a_depth_and_the_rest_is_told(real_pool: ProcessPool) -> None:
    [parsed, *_] = ask(real_pool, nested_mail(50), "mail.eml")
    assert isinstance(parsed, Parsed)
    assert [gap.code for gap in parsed.gaps] == ["nested_too_deep"]


# --- within a sync -----------------------------------------------------------------------------------------------


def test_the_other_files_of_a_sync_are_indexed_and_a_file_is_retried_when_it_changes(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    source, sink = FakeConnector(), FakeSink()
    before = descendants(os.getpid())
    pool = make_pool(size=2)
    sync = Synchronizer(catalog, sink, pool)
    misdeeds = ["segfault", "leave_at_once", "bloat_at_once", "hang_in_c"]
    for number, name in enumerate(misdeeds):
        source.put(f"bad{number}", name)
        source.put(f"good{number}", f"text {number}")
    try:
        report = sync.sync("s", source)
        assert (report.added, report.quarantined) == (4, 4)
        assert sorted(d.title for d in catalog.documents()) == ["good0", "good1", "good2", "good3"]
        assert [entry.code for entry in _quarantined(catalog)] == ["crashed", "crashed", "too_large", "timeout"]
        source.reads.clear()
        again = sync.sync("s", source)
        assert (again.unchanged, again.quarantined, source.reads) == (4, 4, [])
        source.put("bad0", "mended")
        assert sync.sync("s", source).added == 1
        assert source.reads == ["bad0"]
        assert [entry.code for entry in _quarantined(catalog)] == ["crashed", "too_large", "timeout"]
    finally:
        pool.close()
        catalog.close()
    assert descendants(os.getpid()) == before


def _quarantined(catalog: Catalog) -> list[QuarantineEntry]:
    return sorted(catalog.quarantined(), key=lambda entry: entry.uri)


# --- when the process that asked is killed -----------------------------------------------------------------------

PARENT = """
import sys
from tests.ingest.test_isolating import ask, make_pool
pool = make_pool()
ask(pool, "A file.")
print("warm", flush=True)
try:
    ask(pool, sys.argv[1])
except Exception:
    pass
sys.stdin.read()
"""


@pytest.mark.parametrize("misdeed", ["well-meaning", "hang", "hang_in_c"])
def test_a_worker_outlives_its_parent_by_no_more_than_its_alarm(misdeed: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, misdeed],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"warm\n"
        time.sleep(0.5)
        workers = descendants(parent.pid)
        assert workers
        parent.kill()
    wait_until(lambda: not any(is_running(pid) for pid in workers), SECONDS + 20)
