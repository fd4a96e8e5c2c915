"""Tables and short values for a terminal: aligned by what a terminal shows, not by how many characters there are."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

from .console import WIDTH, put

PIPED_WIDTH = 120
"""Columns of a table that no terminal shows."""


def width() -> int:
    """How many columns there are to fill."""
    return max(WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PIPED_WIDTH


def put_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), indent: int = 0
) -> None:
    """Rows under their headers. `right` names the columns that are aligned to the right; the last column takes the room
    that is left and is cut there. A column that is empty in every row is left out."""
    from rich.cells import cell_len, set_cell_size

    kept = [place for place in range(len(headers)) if any(row[place] for row in rows)]
    lines = [[one_line(row[place]) for place in kept] for row in [headers, *rows]]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(kept))]
    used = indent + sum(widths[:-1]) + 2 * (len(kept) - 1)
    widths[-1] = min(widths[-1], max(20, width() - used))
    for line in lines:
        cells = []
        for place, text in enumerate(line):
            room = widths[place]
            shown = text if cell_len(text) <= room else set_cell_size(text, room - 2) + " …"
            filling = " " * (room - cell_len(shown))
            cells.append(filling + shown if headers[kept[place]] in right else shown + filling)
        put((" " * indent + "  ".join(cells)).rstrip())


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def moment(at: str) -> str:
    """ "2026-03-02T09:00:00.000Z" as "2026-03-02 09:00"; all of one time zone, UTC."""
    return at[:16].replace("T", " ")


def money(usd: float) -> str:
    """USD with as many digits as tell something; nothing for none."""
    if not usd:
        return ""
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.4f}" if usd >= 0.0001 else f"${usd:.6f}"


def duration(ms: float | None) -> str:
    """Milliseconds, seconds or minutes; nothing for none."""
    if ms is None:
        return ""
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 120_000 else f"{ms / 60_000:.1f} min"


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 claim", "2 claims"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
