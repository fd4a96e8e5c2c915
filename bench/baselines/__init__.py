"""What Groundcrew is measured against. Each module builds one system over the same pieces and imports nothing of it.

A system is built from (id, text) pieces and the folder of the embedding model, and answers a query with the ids of
its k best pieces. Each is put together as its own documentation has it, with nothing tuned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

Piece = tuple[str, str]
"""(id, text)."""
Search = Callable[[str, int], list[str]]
"""(query, k) to the ids of the k best pieces, best first."""
Build = Callable[[Sequence[Piece], Path, Path], Search]
"""(pieces, folder of the model, empty folder for its files) to a search."""
