"""Writes small but real files in every format, all with the same content, for the tests beside this module."""

from __future__ import annotations

import io
import json
import subprocess
import textwrap
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

TITLE = "Travel policy"
HEADING = "Cabin class"
FIRST = "Business class requires the approval of a director."
SECOND = "Meals are capped at 60 EUR a day, drinks included."
ITEMS = ("Keep every receipt.", "File claims within 30 days.")
COLUMNS = ("City", "Hotel limit", "Currency")
ROWS = (("Zürich", "240", "CHF"), ("Porto", "130", "EUR"))
PROSE = (HEADING, FIRST, SECOND, *ITEMS)
TABLE = (*COLUMNS, *(cell for row in ROWS for cell in row))


def markdown() -> bytes:
    head = "| " + " | ".join(COLUMNS) + " |\n|---|---:|---|\n"
    rows = "".join("| " + " | ".join(row) + " |\n" for row in ROWS)
    items = "".join(f"- {item}\n" for item in ITEMS)
    return f"# {TITLE}\n\n## {HEADING}\n\n{FIRST}\n\n{SECOND}\n\n{items}\n{head}{rows}".encode()


def text() -> bytes:
    items = "".join(f"- {item}\n" for item in ITEMS)
    rows = "".join(" ".join(row) + "\n" for row in (COLUMNS, *ROWS))
    return f"{TITLE}\n=============\n\n{HEADING}\n\n{FIRST}\n\n{SECOND}\n\n{items}\n{rows}".encode()


def html() -> bytes:
    items = "".join(f"<li>{item}</li>\n" for item in ITEMS)
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in ROWS)
    return (
        textwrap.dedent(
            """\
        <!doctype html><html><head><meta charset="utf-8"><title>{title}</title>
        <style>p {{ color: red }}</style><script>var hidden = 1;</script></head>
        <body>
        <h1>{title}</h1>
        <h2>{heading}</h2>
        <p>Business <b>class</b> requires the
        approval of a director.</p>
        <p>{second}</p>
        <ul>
        {items}</ul>
        <table><thead><tr>{head}</tr></thead><tbody>
        {rows}</tbody></table>
        </body></html>
        """
        )
        .format(title=TITLE, heading=HEADING, second=SECOND, items=items, head=head, rows=rows)
        .encode()
    )


def csv() -> bytes:
    return "".join(",".join(row) + "\n" for row in (COLUMNS, *ROWS)).encode()


def tsv() -> bytes:
    return "".join("\t".join(row) + "\n" for row in (COLUMNS, *ROWS)).encode()


def semicolons() -> bytes:
    return "".join(";".join(row) + "\r\n" for row in (COLUMNS, *ROWS)).encode("utf-8-sig")


def _records() -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def json_file() -> bytes:
    return json.dumps(
        {"title": TITLE, "rules": [FIRST, SECOND, *ITEMS, HEADING], "rows": _records()}, indent=1, ensure_ascii=False
    ).encode()


def json_lines() -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in _records()).encode()


def xml() -> bytes:
    rows = "".join(
        "<limit>" + "".join(f"<c{n}>{cell}</c{n}>" for n, cell in enumerate(row)) + "</limit>\n"
        for row in (COLUMNS, *ROWS)
    )
    rules = "".join(f"<rule>{rule}</rule>\n" for rule in PROSE)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<policy><name>{TITLE}</name>\n{rules}{rows}</policy>'.encode()


def docx() -> bytes:
    from docx import Document

    document = Document()
    document.add_heading(TITLE, 1)
    document.add_heading(HEADING, 2)
    document.add_paragraph(FIRST)
    document.add_paragraph(SECOND)
    for item in ITEMS:
        document.add_paragraph(item, style="List Bullet")
    table = document.add_table(rows=0, cols=len(COLUMNS))
    for row in (COLUMNS, *ROWS):
        cells = table.add_row().cells
        for cell, value in zip(cells, row, strict=True):
            cell.text = value
    return _saved(document.save)


def pptx() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = TITLE
    slide.placeholders[1].text = "\n".join((HEADING, FIRST, *ITEMS))
    slide.notes_slide.notes_text_frame.text = SECOND
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "Limits"
    area = (Inches(1), Inches(2), Inches(6), Inches(2))
    table = slide.shapes.add_table(len(ROWS) + 1, len(COLUMNS), *area).table
    for row_number, row in enumerate((COLUMNS, *ROWS)):
        for column, value in enumerate(row):
            table.cell(row_number, column).text = value
    return _saved(deck.save)


def xlsx() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Limits"
    sheet.append(COLUMNS)
    for city, limit, currency in ROWS:
        sheet.append((city, int(limit), currency))
    rules = book.create_sheet("Rules")
    for rule in PROSE:
        rules.append((rule,))
    return _saved(book.save)


def eml() -> bytes:
    message = EmailMessage()
    message["From"] = "Ana Silva <ana@example.com>"
    message["To"] = "all@example.com"
    message["Subject"] = TITLE
    message["Date"] = "Mon, 05 Jan 2026 09:00:00 +0000"
    message.set_content("\n\n".join(PROSE) + "\n")
    message.add_attachment(csv(), maintype="text", subtype="csv", filename="limits.csv")
    return message.as_bytes()


def by_pandoc(target: str) -> Callable[[], bytes]:
    """A maker of the format `target` that converts the Markdown sample."""

    def make() -> bytes:
        import pypandoc

        command = [pypandoc.get_pandoc_path(), "--from=markdown", f"--to={target}", "--standalone", "-o", "-"]
        return subprocess.run(command, input=markdown(), capture_output=True, check=True).stdout

    return make


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


# Name of the file, its maker, and what must be found in its text.
SAMPLES: dict[str, tuple[Callable[[], bytes], tuple[str, ...]]] = {
    "policy.md": (markdown, (TITLE, *PROSE, *TABLE)),
    "policy.txt": (text, (TITLE, *PROSE, *TABLE)),
    "policy.html": (html, (TITLE, *PROSE, *TABLE)),
    "limits.csv": (csv, TABLE),
    "limits.tsv": (tsv, TABLE),
    "limits-semicolons.csv": (semicolons, TABLE),
    "policy.json": (json_file, (TITLE, *PROSE, *TABLE)),
    "limits.jsonl": (json_lines, TABLE),
    "policy.xml": (xml, (TITLE, *PROSE, *TABLE)),
    "policy.docx": (docx, (TITLE, *PROSE, *TABLE)),
    "policy.pptx": (pptx, (TITLE, *PROSE, *TABLE)),
    "policy.xlsx": (xlsx, (*PROSE, *TABLE)),
    "policy.eml": (eml, (TITLE, *PROSE, *TABLE)),
    "policy.rst": (by_pandoc("rst"), (TITLE, *PROSE, *TABLE)),
    "policy.org": (by_pandoc("org"), (TITLE, *PROSE, *TABLE)),
    "policy.rtf": (by_pandoc("rtf"), (TITLE, *PROSE, *TABLE)),
    "policy.odt": (by_pandoc("odt"), (TITLE, *PROSE, *TABLE)),
    "policy.epub": (by_pandoc("epub"), (TITLE, *PROSE, *TABLE)),
}


def write_sample(folder: Path, name: str) -> Path:
    """Write the sample `name` into `folder` and return its path."""
    path = folder / name
    path.write_bytes(SAMPLES[name][0]())
    return path
