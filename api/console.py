"""What the command line shows: answers, hits and tables for people; progress on standard error."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from ingest.connectors.files import path_of
from ingest.progress import Progress

Json = Mapping[str, Any]
"""A result in the shape that programs get it in; commands show it without knowing where it came from."""

WIDTH = 100
_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\n")}
"""Unicode's category Cc, less the end of a line."""


def print_json(value: Any) -> None:
    """One JSON value on standard output; letters that it cannot take are escaped."""
    json.dump(value, sys.stdout, ensure_ascii=not sys.stdout.encoding.lower().startswith("utf"), indent=2)
    sys.stdout.write("\n")
    sys.stdout.flush()


def put(text: str, file: TextIO | None = None) -> None:
    """A line for people, without control characters: the words of a document must not steer the terminal."""
    print(text.translate(_CONTROL), file=file, flush=True)


def say(text: str) -> None:
    """A line for people that is no part of the result: standard error."""
    put(text, file=sys.stderr)


def show_answer(answer: Json) -> None:
    """The answer, then each citation with its place and its words; last what was not found."""
    if answer["resolved_question"]:
        put(wrap(f"Understood as: {answer['resolved_question']}") + "\n")
    put(wrap(answer["answer"]))
    for notice in answer["notices"]:
        put("\n" + wrap(f"Note: {notice}"))
    if answer["review"] is not None and answer["review"]["state"] == "waiting":
        reasons = "; ".join(answer["review"]["reasons"])
        put(wrap(f"Why: {reasons}. Run {answer['run_id'][:12]}; groundcrew runs show tells what became of it."))
    for citation in answer["citations"]:
        _show_citation(citation)
    if answer["unanswered"] is not None:
        put("\n" + wrap(f"Not answered: {answer['unanswered']['looked_for']}"))
    missing = answer["abstention"] or answer["unanswered"]
    if missing is not None and not missing["nearest"]:
        put(wrap(f"Why: {missing['reason']}"))
    if missing is None or not missing["nearest"]:
        return
    put("\nNearest passages, which do not answer it:")
    for citation in missing["nearest"]:
        _show_citation(citation)


def _show_citation(citation: Json) -> None:
    where = f"{citation['document']['title']} · {place(citation['document'], citation['locator'])}"
    put(f"\n[{citation['id']}] {_one_line(where)}")
    put(wrap(f"“{_one_line(citation['quote'])}”", indent="    "))
    if any(citation["header"]):
        put(wrap("columns: " + " | ".join(citation["header"]), indent="    "))


def show_hits(found: Json) -> None:
    """Ranked passages."""
    if not found["hits"]:
        put("Nothing found.")
    for hit in found["hits"]:
        why = ", ".join(f"{name} {value:.2f}" for name, value in hit["why"].items())
        where = _one_line(f"{hit['document']['title']} · {place(hit['document'], hit['locator'])}")
        put(f"{hit['rank']:>2}. {where}  ({hit['score']:.2f}: {why})")
        put(wrap(textwrap.shorten(_one_line(hit["text"]), 300, placeholder=" …"), indent="    "))
    for passage in found.get("passages", ()):
        where = f"{passage['document']['title']} · {place(passage['document'], passage['locator'])}"
        put(f"\n{_one_line(where)}  ({passage['tokens']} tokens)")
        put(wrap(_one_line(passage["text"]), indent="    "))


def show_report(report: Json) -> None:
    """What a sync did, in one line; and what it did not do."""
    put(
        f"{report['added']} added, {report['updated']} updated, {report['removed']} removed, "
        f"{report['unchanged']} unchanged, {report['quarantined']} quarantined; "
        f"{report['chunks']} chunks, {report['embedded']} of them embedded, in {report['seconds']:.1f} s"
    )
    if report["quarantined"]:
        say("What could not be read, and why: groundcrew sources quarantine")
    if report["held"]:
        say(
            f"{report['held']} documents are gone from their source, more than may go unasked: they still answer. If "
            "they are meant to go, run the same command with --confirm-removals; if not, see what became of the source"
        )


def show_sources(found: Json) -> None:
    """Sources and their freshness."""
    if not found["sources"]:
        put("No sources yet: groundcrew ingest PATH, or [sources.NAME] in groundcrew.toml")
    for s in found["sources"]:
        put(
            f"{s['name']:<16} {s['kind']:<12} {s['documents']:>6} documents {s['chunks']:>8} chunks "
            f"{s['quarantined']:>4} quarantined  synced {s['last_sync'] or 'never'}  {s['location']}"
        )
        if s["held"]:
            put(
                f"    {s['held']} documents are gone from it and still answer: groundcrew sources sync {s['name']} "
                "(or ingest, of its path) with --confirm-removals takes them out"
            )
        if s["problem"]:
            put(f"    failed {s['problem_at']}: {_one_line(s['problem'])}")


def show_quarantine(found: Json) -> None:
    """What could not be read, why, and what to do."""
    if not found["quarantine"]:
        put("Nothing is in quarantine.")
    for entry in found["quarantine"]:
        part = f", {entry['part']}" if entry["part"] else ""
        put(
            f"{_one_line(_short(entry['uri']) + part)}\n    {entry['code']}: {entry['reason']}\n"
            f"    to mend: {entry['mend']}"
        )


def place(document: Json, locator: Json) -> str:
    """Where to open the file: "travel.md, lines 18-19", "report.pdf, page 4", "budget.xlsx, Costs!A4:C4"."""
    parts = [_short(document["uri"])]
    if locator["page"] is not None:
        parts.append(f"page {locator['page']}")
    if locator["slide"] is not None:
        parts.append(f"slide {locator['slide']}")
    if locator["sheet"] is not None:
        parts.append(f"{locator['sheet']}!{locator['cells']}" if locator["cells"] else locator["sheet"])
    first, last = locator["line_start"], locator["line_end"]
    if first is not None and locator["page"] is None:
        parts.append(f"lines {first}-{last}" if last != first else f"line {first}")
    if len(parts) == 1 and locator["headings"]:
        # Word and mail files have neither pages nor lines that a reader could count.
        parts.append(f"under “{locator['headings'][-1]}”")
    return ", ".join(parts)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[Progress], None]]:
    """A bar with rate and time left on a terminal; a line every few seconds elsewhere. Standard error."""
    if not sys.stderr.isatty():
        yield _progress_lines(title)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}", style="dim", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, rate="", name="")
        started = time.monotonic()

        def update(progress: Progress) -> None:
            rate = progress.done / max(time.monotonic() - started, 1e-3)
            bar.update(
                task,
                completed=progress.done,
                total=progress.total,
                name=_one_line(progress.name).translate(_CONTROL)[:40],
                rate=f"{rate:.1f} files/s, {progress.chunks} chunks",
            )

        yield update


def _progress_lines(title: str) -> Callable[[Progress], None]:
    started = shown = time.monotonic()

    def update(progress: Progress) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < 5 or not progress.done:
            return
        shown = now
        rate = progress.done / (now - started)
        left = (progress.total - progress.done) / rate
        say(
            f"{title}: {progress.done}/{progress.total} files, {rate:.1f} files/s, {progress.chunks} chunks, "
            f"about {left:.0f} s left"
        )

    return update


def _short(uri: str) -> str:
    """A path relative to the working folder where it lies below it."""
    if not uri.startswith("file:"):
        return uri
    path = path_of(uri)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def wrap(text: str, indent: str = "", first: str | None = None) -> str:
    """A text in lines of `WIDTH`, each after `indent`, the first one after `first` where that is given."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
